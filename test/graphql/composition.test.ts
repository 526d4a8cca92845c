import { composeServices as composeWithApollo } from '@apollo/composition';
import { composeServices as composeWithGuild } from '@theguild/federation-composition';
import { federateSubgraphs, ROUTER_COMPATIBILITY_VERSION_ONE } from '@wundergraph/composition';
import { graphqlSync, parse } from 'graphql';
import type { DocumentNode } from 'graphql';
import { describe, expect, it } from 'vitest';

import { createSchema } from '../../src/graphql/schema.ts';

interface Subgraph {
  readonly name: string;
  readonly url: string;
  readonly typeDefs: DocumentNode;
}

interface Composition {
  readonly errors: readonly string[];
  readonly remarks: readonly string[];
  readonly supergraph: string | undefined;
}

/** What a router reads of this service. */
function servedSdl(): string {
  const schema = createSchema(new URL('../../schema.graphql', import.meta.url));
  const { data } = graphqlSync({ schema, source: '{ _service { sdl } }' });
  return (data as { readonly _service: { readonly sdl: string } })._service.sdl;
}

const subgraph = (name: string, sdl: string): Subgraph => ({
  name,
  url: `http://${name}.example/graphql`,
  typeDefs: parse(sdl),
});

const link = (imports: string) =>
  `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [${imports}])`;

const providers = subgraph('providers', servedSdl());

/** Refers to offerings by their key and adds to them. */
const listings = subgraph(
  'listings',
  `${link('"@key"')}
   type Query { listing(id: ID!): Listing }
   type Listing @key(fields: "id") { id: ID! title: String! offering: Offering! }
   type Offering @key(fields: "id") { id: ID! listings: [Listing!]! }`,
);

/** Refers to offerings by their key and can resolve nothing of them. */
const carts = subgraph(
  'carts',
  `${link('"@key"')}
   type Query { cart(id: ID!): Cart }
   type Cart @key(fields: "id") { id: ID! offerings: [Offering!]! }
   type Offering @key(fields: "id", resolvable: false) { id: ID! }`,
);

/** Rents out GPUs: has providers and pages of its own. */
const gpus = subgraph(
  'gpus',
  `${link('"@key", "@shareable"')}
   type Query { gpus(first: Int): GpuConnection! }
   type GpuConnection { nodes: [Gpu!]! pageInfo: PageInfo! }
   type Gpu @key(fields: "id") { id: ID! provider: Provider! }
   type Provider @key(fields: "id") {
     id: ID! @shareable
     name: String! @shareable
     kind: String! @shareable
     gpuCount: Int!
   }
   type PageInfo @shareable {
     hasNextPage: Boolean!
     hasPreviousPage: Boolean!
     startCursor: String
     endCursor: String
   }`,
);

const composers: Readonly<Record<string, (subgraphs: readonly Subgraph[]) => Composition>> = {
  '@apollo/composition': (subgraphs) => {
    const { errors, hints, supergraphSdl } = composeWithApollo([...subgraphs]);
    return {
      errors: (errors ?? []).map(({ message }) => message),
      remarks: (hints ?? []).map(({ definition, message }) => `${definition.code}: ${message}`),
      supergraph: supergraphSdl,
    };
  },
  '@theguild/federation-composition': (subgraphs) => {
    const result = composeWithGuild([...subgraphs]);
    return {
      errors: (result.errors ?? []).map(({ message }) => message),
      remarks: [],
      supergraph: result.supergraphSdl,
    };
  },
  '@wundergraph/composition': (subgraphs) => {
    const result = federateSubgraphs({
      subgraphs: subgraphs.map(({ name, url, typeDefs }) => ({ name, url, definitions: typeDefs })),
      version: ROUTER_COMPATIBILITY_VERSION_ONE,
    });
    return {
      errors: result.success ? [] : result.errors.map(({ message }) => message),
      remarks: result.warnings.map(({ message }) => message),
      supergraph: result.success ? JSON.stringify(result.federatedGraphAST) : undefined,
    };
  },
};

const companies: readonly (readonly [string, readonly Subgraph[]])[] = [
  ['alone', [providers]],
  ['with one that adds to offerings', [providers, listings]],
  ['with one that only refers to offerings', [providers, carts]],
  ['with one that has providers and pages too', [providers, gpus]],
  ['with all of them', [providers, listings, carts, gpus]],
];

/** Remarks that composers make and that are known to be harmless. */
const acceptedRemarks: readonly RegExp[] = [];

describe.each(Object.entries(composers))('composed by %s', (_, compose) => {
  it.each(companies)(
    '%s, the schema gives a supergraph without errors or remarks',
    (_name, subgraphs) => {
      const { errors, remarks, supergraph } = compose(subgraphs);
      expect(errors).toEqual([]);
      expect(
        remarks.filter((remark) => !acceptedRemarks.some((known) => known.test(remark))),
      ).toEqual([]);
      expect(supergraph).toContain('OfferingConnection');
    },
  );

  it('beside one that takes a field of ours for its own, is refused: the test sees real errors', () => {
    const thief = subgraph(
      'thief',
      `${link('"@key"')} type Query { x: Int } type Offering @key(fields: "id") { id: ID! serviceTier: String! }`,
    );
    const { errors } = compose([providers, thief]);
    expect(errors.join('\n')).toMatch(/serviceTier/);
  });
});
