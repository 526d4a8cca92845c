import { startSubgraph } from './subgraph-server.ts';
import type { SubgraphServer } from './subgraph-server.ts';

/** What the sibling knows of providers; `groq` is known to both subgraphs, `cumulus` to this one alone. */
const providers = [
  { __typename: 'Provider', id: 'groq', name: 'Groq', kind: 'MODEL_HOSTING' },
  { __typename: 'Provider', id: 'cumulus', name: 'Cumulus Racks', kind: 'GPU_RENTAL' },
] as const;

const gpus = [
  { id: 'gpu-1', name: 'H100 SXM', hourlyPrice: '2.490000001', provider: providers[1] },
  { id: 'gpu-2', name: 'LPU rack', hourlyPrice: '19', provider: providers[0] },
] as const;

/** A sibling that rents out GPUs: it defines `Provider` and `PageInfo` as well. */
export async function startGpuSubgraph(): Promise<SubgraphServer> {
  return await startSubgraph(sdl, {
    Query: {
      gpus: () => ({
        nodes: gpus,
        edges: gpus.map((node) => ({ cursor: node.id, node })),
        pageInfo: {
          hasNextPage: false,
          hasPreviousPage: false,
          startCursor: gpus[0].id,
          endCursor: gpus[1].id,
        },
      }),
    },
    Provider: {
      __resolveReference: async ({ id }: { readonly id: string }) =>
        providers.find((provider) => provider.id === id) ?? null,
      gpus: ({ id }: { readonly id: string }) => gpus.filter(({ provider }) => provider.id === id),
    },
  });
}

const sdl = /* GraphQL */ `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])

  scalar Decimal @specifiedBy(url: "https://www.w3.org/TR/xmlschema11-2/#decimal")

  type Query {
    gpus: GpuConnection!
  }

  type Provider @key(fields: "id") {
    id: ID! @shareable
    name: String! @shareable
    kind: String! @shareable
    gpus: [Gpu!]!
  }

  type Gpu @key(fields: "id", resolvable: false) {
    id: ID!
    name: String!
    "In USD."
    hourlyPrice: Decimal!
    provider: Provider!
  }

  type GpuConnection {
    edges: [GpuEdge!]!
    nodes: [Gpu!]!
    pageInfo: PageInfo!
  }

  type GpuEdge {
    cursor: String!
    node: Gpu!
  }

  type PageInfo @shareable {
    hasNextPage: Boolean!
    hasPreviousPage: Boolean!
    startCursor: String
    endCursor: String
  }
`;
