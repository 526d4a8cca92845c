import { startSubgraph } from './subgraph-server.ts';
import type { SubgraphServer } from './subgraph-server.ts';

/** A marketplace card that points at an offering of the provider subgraph. */
export interface Listing {
  readonly id: string;
  readonly title: string;
  readonly offeringId: string;
}

/** The marketplace's own subgraph: it knows nothing of an offering or a run but its id. */
export interface ListingsSubgraph extends SubgraphServer {
  /** What is listed from now on. */
  show(listings: readonly Listing[]): void;
  /** The runs that orders point at from now on, whosever they are. */
  showOrders(runIds: readonly string[]): void;
}

export async function startListingsSubgraph(): Promise<ListingsSubgraph> {
  let rows: readonly Listing[] = [];
  let orders: readonly string[] = [];
  const offeringOf = ({ offeringId }: Listing) => ({ __typename: 'Offering', id: offeringId });
  const server = await startSubgraph(sdl, {
    Query: {
      listings: (_root: unknown, { first }: { readonly first: number }) => rows.slice(0, first),
      cart: () => ({
        items: rows.map((listing) => ({ quantity: 1, offering: offeringOf(listing) })),
      }),
      orders: () => orders.map((id) => ({ run: { __typename: 'InferenceRun', id } })),
    },
    Listing: { offering: offeringOf },
    Offering: {
      __resolveReference: async ({ id }: { readonly id: string }) => ({
        __typename: 'Offering',
        id,
      }),
      listings: ({ id }: { readonly id: string }) =>
        rows.filter(({ offeringId }) => offeringId === id),
    },
  });
  return {
    ...server,
    show(listings) {
      rows = listings;
    },
    showOrders(runIds) {
      orders = runIds;
    },
  };
}

const sdl = /* GraphQL */ `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])

  type Query {
    listings(first: Int!): [Listing!]!
    cart: Cart!
    orders: [Order!]!
  }

  type Listing @key(fields: "id", resolvable: false) {
    id: ID!
    title: String!
    "Null when it is no longer offered."
    offering: Offering
  }

  type Cart {
    items: [CartItem!]!
  }

  type CartItem {
    quantity: Int!
    offering: Offering
  }

  type Order {
    run: InferenceRun
  }

  type InferenceRun @key(fields: "id", resolvable: false) {
    id: ID!
  }

  type Offering @key(fields: "id") {
    id: ID!
    listings: [Listing!]!
  }
`;
