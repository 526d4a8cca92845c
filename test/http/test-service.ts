import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import type { ContextRequest } from '../../src/http/graphql-exchange.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { defaultHttpOptions } from '../../src/http/options.ts';
import type { HttpOptions } from '../../src/http/options.ts';
import { createHttpService } from '../../src/http/server.ts';
import type { HttpService, HttpServiceArguments } from '../../src/http/server.ts';
import { clientError } from '../../src/graphql/errors.ts';
import { StoreError } from '../../src/store/store-error.ts';

/** A subgraph of its own, small enough to know by heart, with a field for each way to go wrong. */
const typeDefs = parse(/* GraphQL */ `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])

  type Query {
    hello: String!
    echo(text: String!): String!
    item(id: ID!): Item
    items(filter: ItemFilter, first: Int, last: Int): ItemConnection!
    plain: [Item!]!
    page(size: Int! = 5): Int!
    slow(id: ID!): String!
    fault: String
    stored: String
    fatal: String!
    refusal: String
    requestId: String!
  }

  type Mutation {
    bump(id: ID!): Int!
  }

  type Subscription {
    ticks: Int!
  }

  input ItemFilter {
    colour: Colour
    nested: ItemFilter
  }

  enum Colour {
    RED
    BLUE
  }

  type Item @key(fields: "id") {
    id: ID!
    name: String!
    parent: Item
    siblings: [Item!]!
    items(first: Int, last: Int): ItemConnection!
  }

  type ItemConnection {
    edges: [ItemEdge!]!
    nodes: [Item!]!
    pageInfo: PageInfo!
    totalCount: Int!
  }

  type ItemEdge {
    cursor: String!
    node: Item!
  }

  type PageInfo @shareable {
    hasNextPage: Boolean!
  }
`);

/** What the fault of the test schema carries: everything that must not reach a client or a log. */
export const MARKED_SECRET = 'gsk_markedSecret1234567890';

interface Item {
  readonly __typename: 'Item';
  readonly id: string;
  readonly name: string;
}

const item = (id: string): Item => ({ __typename: 'Item', id, name: `item ${id}` });

const connection = (first: number | null | undefined): unknown => {
  const nodes = Array.from({ length: Math.min(first ?? 2, 100) }, (_, index) => item(`${index}`));
  return {
    nodes,
    edges: nodes.map((node) => ({ cursor: node.id, node })),
    pageInfo: { hasNextPage: false },
    totalCount: nodes.length,
  };
};

/** With a private field, which an engine that copies contexts would lose. */
export class TestContext {
  readonly request: ContextRequest;
  readonly #gate: Gate;

  constructor(request: ContextRequest, gate: Gate) {
    this.request = request;
    this.#gate = gate;
  }

  get gate(): Gate {
    return this.#gate;
  }
}

/** Lets a test hold requests inside their resolver. */
class Gate {
  readonly #waiting: (() => void)[] = [];
  readonly #arrivals: { readonly count: number; readonly resolve: () => void }[] = [];
  arrived = 0;
  aborted = 0;

  async pass(signal: AbortSignal): Promise<void> {
    this.arrived += 1;
    for (const { count, resolve } of this.#arrivals) if (this.arrived >= count) resolve();
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      signal.addEventListener('abort', () => {
        this.aborted += 1;
        resolve();
      });
    });
  }

  async waitFor(count: number): Promise<void> {
    if (this.arrived >= count) return;
    await new Promise<void>((resolve) => this.#arrivals.push({ count, resolve }));
  }

  open(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

const resolvers = {
  Query: {
    hello: () => 'world',
    echo: (_: unknown, { text }: { readonly text: string }) => text,
    item: (_: unknown, { id }: { readonly id: string }) => item(id),
    items: (_: unknown, { first }: { readonly first?: number | null }) => connection(first),
    plain: () => [item('1'), item('2')],
    page: (_: unknown, { size }: { readonly size: number }) => size,
    slow: async (
      _: unknown,
      { id }: { readonly id: string },
      { request, gate }: TestContext,
    ): Promise<string> => {
      await gate.pass(request.signal);
      return id;
    },
    fault: () => {
      throw new Error(`upstream said no to ${MARKED_SECRET}`);
    },
    fatal: () => {
      throw new Error('the database is at postgres://user:hunter2@db/prod');
    },
    stored: () => {
      throw new StoreError('DISK_FAILED', 'The disk of /srv/data failed');
    },
    refusal: () => {
      throw clientError('BAD_USER_INPUT', 'That cursor is from another list.', { hint: 'after' });
    },
    requestId: (_: unknown, _args: unknown, { request }: TestContext) => request.requestId,
  },
  Mutation: {
    bump: async (_: unknown, _args: unknown, { request, gate }: TestContext): Promise<number> => {
      await gate.pass(request.signal);
      return gate.aborted;
    },
  },
  Item: {
    __resolveReference: async ({ id }: { readonly id: string }) => item(id),
    parent: ({ id }: Item) => item(`${id}p`),
    siblings: ({ id }: Item) => [item(`${id}s`)],
    items: (_: Item, { first }: { readonly first?: number | null }) => connection(first),
  },
};

export const testSchema = buildSubgraphSchema([{ typeDefs, resolvers }]);

/** A running service with what a test wants to look at. */
export interface TestService {
  readonly service: HttpService;
  readonly url: string;
  readonly port: number;
  readonly gate: Gate;
  /** The log so far, one parsed line each. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** Whether there is a catalogue yet, as the health callback tells it. */
  readonly health: { ready: boolean; degraded: string[] };
}

/** The real server on a free port of loopback, with introspection on unless asked otherwise. */
export async function startTestService(
  options: Partial<HttpOptions> = {},
  overrides: Partial<HttpServiceArguments<TestContext>> = {},
): Promise<TestService> {
  const gate = new Gate();
  const lines: Record<string, unknown>[] = [];
  const health = { ready: true, degraded: [] as string[] };
  const service = createHttpService<TestContext>({
    schema: testSchema,
    contextFor: (request) => new TestContext(request, gate),
    options: { ...defaultHttpOptions, port: 0, introspection: true, ...options },
    health: () => health,
    metrics: createMetrics({ version: 'test' }),
    log: pino(
      { level: 'debug' },
      { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) },
    ),
    ...overrides,
  });
  const { url, port } = await service.listen();
  return { service, url, port, gate, lines, health };
}

/** {@link startTestService} for the test that calls it, with whose end it ends. */
export const startForThisTest: typeof startTestService = async (...args) => {
  const test = await startTestService(...args);
  onTestFinished(async () => await test.service.close());
  return test;
};

/** Sends one operation as an ordinary client does. */
export async function ask(
  url: string,
  query: string,
  variables?: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly headers: Headers; readonly body: AnswerBody }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as AnswerBody,
  };
}

export interface AnswerBody {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions: Readonly<Record<string, unknown>>;
  }[];
}
