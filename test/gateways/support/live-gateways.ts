import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { MemPubSub } from '@graphql-hive/pubsub';
import { unifiedGraphHandler } from '@graphql-hive/router-runtime';

import type { Gateway, HeadersForService } from './gateways.ts';
import { SERVICE_NAME } from './service-name.ts';

/** By what a gateway lets a subgraph tell it, with the name that the service's metrics have for it. */
export const subgraphTransports = {
  'server-sent events': 'event_stream',
  WebSocket: 'websocket',
  'HTTP callbacks': 'callback',
} as const;

export type SubgraphTransport = keyof typeof subgraphTransports;

/** An address that listens before the gateway behind it runs, because subgraphs have to know it first. */
export interface GatewayAddress {
  /** `127.0.0.1:<port>` */
  readonly host: string;
  /** Serves the gateway from now on. */
  serve(handle: (request: IncomingMessage, response: ServerResponse) => unknown): void;
  close(): Promise<void>;
}

export async function openGatewayAddress(): Promise<GatewayAddress> {
  let handle = (_request: IncomingMessage, response: ServerResponse): unknown =>
    response.writeHead(503).end();
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    serve(next) {
      handle = next;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

export const planners = {
  'Hive Gateway': {},
  'Hive Gateway with the Rust planner': { unifiedGraphHandler },
} as const;

/** A gateway whose clients subscribe by server-sent events, and which is told by `transport`. */
export async function startLiveGateway(
  supergraph: string,
  headersForService: HeadersForService,
  planner: keyof typeof planners,
  transport: SubgraphTransport,
  address: GatewayAddress,
): Promise<Gateway> {
  const gateway = createGatewayRuntime({
    supergraph,
    ...planners[planner],
    logging: false,
    propagateHeaders: {
      fromClientToSubgraphs: ({ request, subgraphName }) =>
        subgraphName.toLowerCase() === SERVICE_NAME ? headersForService(request.headers) : {},
    },
    pubsub: new MemPubSub(),
    webhooks: true,
    transportEntries: { '*.http': { options: optionsOf(transport, address) } },
    plugins: () => [
      {
        // For WebSockets, which Hive Gateway opens with what its context has.
        onContextBuilding({ context, extendContext }: ContextBuilding) {
          const headers = headersForService(context.request?.headers ?? new Headers());
          extendContext({
            identity: { token: headers['x-router-token'], caller: headers['x-caller-id'] },
          });
        },
      },
    ],
  });
  address.serve(gateway);
  return {
    url: `http://${address.host}/graphql`,
    stop: async () => await gateway[Symbol.asyncDispose](),
  };
}

/** What Hive Gateway gives a plugin while it makes a context. */
interface ContextBuilding {
  readonly context: { readonly request?: Request };
  extendContext(extension: object): void;
}

function optionsOf(transport: SubgraphTransport, { host }: GatewayAddress) {
  switch (transport) {
    case 'server-sent events':
      return {};
    case 'WebSocket':
      return {
        subscriptions: {
          kind: 'ws',
          location: '/graphql',
          options: {
            connectionParams: {
              'x-router-token': '{context.identity.token}',
              'x-caller-id': '{context.identity.caller}',
            },
          },
        },
      };
    case 'HTTP callbacks':
      return {
        subscriptions: {
          kind: 'http-callback',
          options: {
            path: '/callback',
            public_url: `http://${host}/callback`,
            heartbeat_interval: 1_000,
          },
        },
      };
  }
}
