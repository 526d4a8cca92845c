import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { unifiedGraphHandler } from '@graphql-hive/router-runtime';

import { SERVICE_NAME } from './service-name.ts';

/** A gateway that serves a supergraph. */
export interface Gateway {
  readonly url: string;
  stop(): Promise<void>;
}

/** What a gateway sends to the service beside the operation, made from its client's headers. */
export type HeadersForService = (client: Headers) => Readonly<Record<string, string>>;

/** One product to test with. */
export interface GatewayKind {
  readonly name: string;
  start(supergraphSdl: string, headersForService: HeadersForService): Promise<Gateway>;
}

/** Every gateway that can be had from the package registry and runs offline. */
export const gatewayKinds: readonly GatewayKind[] = [
  { name: 'Apollo Gateway', start: startApolloGateway },
  { name: 'Hive Gateway', start: async (...given) => await startHiveGateway(...given, {}) },
  {
    name: 'Hive Gateway with the Rust planner',
    start: async (...given) => await startHiveGateway(...given, { unifiedGraphHandler }),
  },
];

interface ApolloContext {
  readonly client?: Headers;
}

async function startApolloGateway(
  supergraphSdl: string,
  headersForService: HeadersForService,
): Promise<Gateway> {
  const gateway = new ApolloGateway({
    supergraphSdl,
    buildService: ({ name, url }) =>
      new RemoteGraphQLDataSource<ApolloContext>({
        ...(url === undefined ? {} : { url }),
        willSendRequest({ request, context }) {
          if (name !== SERVICE_NAME) return;
          const headers = headersForService(context.client ?? new Headers());
          for (const [header, value] of Object.entries(headers)) {
            request.http?.headers.set(header, value);
          }
        },
      }),
  });
  const server = new ApolloServer<ApolloContext>({ gateway });
  const { url } = await startStandaloneServer(server, {
    listen: { port: 0, host: '127.0.0.1' },
    context: async ({ req }) => ({ client: new Headers(req.headers as Record<string, string>) }),
  });
  return { url, stop: async () => await server.stop() };
}

async function startHiveGateway(
  supergraph: string,
  headersForService: HeadersForService,
  planner: Pick<
    Extract<Parameters<typeof createGatewayRuntime>[0], { supergraph: unknown }>,
    'unifiedGraphHandler'
  >,
): Promise<Gateway> {
  const gateway = createGatewayRuntime({
    supergraph,
    ...planner,
    logging: false,
    propagateHeaders: {
      fromClientToSubgraphs: ({ request, subgraphName }) =>
        subgraphName.toLowerCase() === SERVICE_NAME ? headersForService(request.headers) : {},
    },
  });
  const server = createServer((request, response) => {
    void gateway(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      await gateway[Symbol.asyncDispose]();
    },
  };
}
