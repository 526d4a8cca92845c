import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, Observable, gql } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import {
  cacheExchange,
  createClient as createUrqlClient,
  fetchExchange,
  subscriptionExchange,
} from '@urql/core';
import { print } from 'graphql';
import { createClient as createEventStreamClient } from 'graphql-sse';
import { createClient as createWebSocketClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';

import { startLiveService } from '../support/live-service.ts';
import type { LiveService } from '../support/live-service.ts';
import { collect, until } from './collected.ts';

const model = 'openai/gpt-oss-20b';
const changed = `subscription Changes($filter: OfferingFilter) {
  offeringChanged(filter: $filter) {
    kind
    offeringId
    before { price { input } }
    after { price { input basis } }
    offering { id model { id } }
  }
}`;
const events = `subscription Events($id: ID!) {
  inferenceEvents(id: $id) { kind text run { state charge } }
}`;
const filter = { model: [model] };

let service: LiveService;
let price = 0;
beforeAll(async () => {
  service = await startLiveService();
});
afterAll(async () => {
  await service.stop();
});

/** The same two subscriptions, as every client makes them. */
interface Ways {
  subscribe(
    query: string,
    variables: Record<string, unknown>,
    sink: ReturnType<typeof collect<unknown>>['sink'],
  ): () => void;
  close(): void | Promise<void>;
}

const clients: Readonly<Record<string, () => Ways>> = {
  'graphql-ws': () => {
    const client = createWebSocketClient({ url: service.webSocketUrl, webSocketImpl: WebSocket });
    return {
      subscribe: (query, variables, sink) => client.subscribe({ query, variables }, sink),
      close: () => client.dispose(),
    };
  },
  'graphql-sse': () => {
    const client = createEventStreamClient({ url: service.url, retryAttempts: 0 });
    return {
      subscribe: (query, variables, sink) => client.subscribe({ query, variables }, sink),
      close: () => client.dispose(),
    };
  },
  '@apollo/client over WebSocket': () => {
    const socket = createWebSocketClient({ url: service.webSocketUrl, webSocketImpl: WebSocket });
    const client = new ApolloClient({
      link: new GraphQLWsLink(socket),
      cache: new InMemoryCache(),
    });
    return {
      subscribe: (query, variables, sink) => {
        const subscription = client.subscribe({ query: gql(query), variables }).subscribe(sink);
        return () => subscription.unsubscribe();
      },
      close: async () => {
        client.stop();
        await socket.dispose();
      },
    };
  },
  '@apollo/client over event streams': () => {
    const streams = createEventStreamClient({ url: service.url, retryAttempts: 0 });
    const link = new ApolloLink(
      ({ query, variables }) =>
        new Observable((sink) =>
          streams.subscribe({ query: print(query), variables }, sink as never),
        ),
    );
    const client = new ApolloClient({ link, cache: new InMemoryCache() });
    return {
      subscribe: (query, variables, sink) => {
        const subscription = client.subscribe({ query: gql(query), variables }).subscribe(sink);
        return () => subscription.unsubscribe();
      },
      close: () => {
        client.stop();
        streams.dispose();
      },
    };
  },
  '@urql/core over WebSocket': () => {
    const socket = createWebSocketClient({ url: service.webSocketUrl, webSocketImpl: WebSocket });
    const client = createUrqlClient({
      url: service.url,
      preferGetMethod: false,
      exchanges: [
        cacheExchange,
        subscriptionExchange({
          forwardSubscription: ({ query = '', variables }) => ({
            subscribe: (sink) => ({
              unsubscribe: socket.subscribe(
                { query, variables: variables as never },
                sink as never,
              ),
            }),
          }),
        }),
      ],
    });
    return { ...urqlWays(client), close: () => socket.dispose() };
  },
  '@urql/core by its own event streams': () => {
    const client = createUrqlClient({
      url: service.url,
      preferGetMethod: false,
      fetchSubscriptions: true,
      exchanges: [fetchExchange],
    });
    return { ...urqlWays(client), close: () => undefined };
  },
};

function urqlWays(client: ReturnType<typeof createUrqlClient>): Pick<Ways, 'subscribe'> {
  return {
    subscribe: (query, variables, sink) => {
      const subscription = client.subscription(query, variables).subscribe(({ data, error }) => {
        if (error === undefined) sink.next({ data });
        else sink.error(error);
      });
      return () => subscription.unsubscribe();
    },
  };
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, part: unknown) =>
    key === '__typename' ? undefined : part,
  );
}

describe.each(Object.keys(clients))('%s', (name) => {
  const waysOf = (): Ways => {
    const make = clients[name];
    if (make === undefined) throw new Error(name);
    return make();
  };

  test('is told of a changed price, old and new', async () => {
    const ways = waysOf();
    const collected = collect<{ readonly data?: unknown }>();
    const before = service.catalogue.snapshot.offerings
      .get(`groq:us-east:on_demand:${model}`)
      ?.price?.components?.input?.toString();
    const begunBefore = await service.begun();
    const stop = ways.subscribe(changed, { filter }, collected.sink);
    await until(async () => (await service.begun()) > begunBefore);
    price += 1;
    const after = `0.00000007${price}`;
    await service.setInputPrice(model, after);
    const [first] = await collected.count(1);
    expect(plain(first?.data)).toEqual({
      offeringChanged: {
        kind: 'CHANGED',
        offeringId: `groq:us-east:on_demand:${model}`,
        before: { price: { input: before } },
        after: { price: { input: after, basis: 'LIVE' } },
        offering: { id: `groq:us-east:on_demand:${model}`, model: { id: model } },
      },
    });
    stop();
    await until(async () => (await openSubscriptions()) === 0);
    await ways.close();
  });

  test('reads a run to its end', async () => {
    const ways = waysOf();
    const collected = collect<{ readonly data?: { readonly inferenceEvents: unknown } }>();
    const run = await service.startRun();
    await run.deltas('one ', 'two ');
    ways.subscribe(events, { id: run.id }, collected.sink);
    await collected.count(2);
    await run.deltas('three');
    await run.finish();
    await collected.count(4);
    expect(collected.values.map(({ data }) => plain(data?.inferenceEvents))).toEqual([
      { kind: 'TEXT', text: 'one ', run: null },
      { kind: 'TEXT', text: 'two ', run: null },
      { kind: 'TEXT', text: 'three', run: null },
      { kind: 'FINISHED', text: null, run: { state: 'SUCCEEDED', charge: '0.000013' } },
    ]);
    await until(async () => (await openSubscriptions()) === 0);
    await ways.close();
  });
});

test('@apollo/client by its own HTTP link, which wants parts that nobody sends, is told which ways there are', async () => {
  const client = new ApolloClient({
    link: new HttpLink({ uri: service.url }),
    cache: new InMemoryCache(),
  });
  const collected = collect<{ readonly error?: unknown }>();
  client
    .subscribe({ query: gql('subscription { offeringChanged { kind } }') })
    .subscribe(collected.sink);
  await collected.ended;
  const [{ error } = {}] = collected.values;
  expect(String(error)).toContain('Subscriptions need a transport that can carry them');
  client.stop();
});

async function openSubscriptions(): Promise<number> {
  const transports = ['websocket', 'event_stream'];
  const counts = await Promise.all(
    transports.map((transport) =>
      service.metric(`gpubroker_subscriptions_open{transport="${transport}"}`),
    ),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
