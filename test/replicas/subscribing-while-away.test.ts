import { randomUUID } from 'node:crypto';

import { expect, onTestFinished, test } from 'vitest';

import { startCallbackRouter } from '../support/callback-router.ts';
import type { CallbackRouter } from '../support/callback-router.ts';
import { postgresSkippedBecause } from '../support/postgres.ts';
import { withReplicas } from '../support/replica-set.ts';
import { headersOf } from '../support/replicas.ts';
import type { Replica } from '../support/replicas.ts';
import { RawSubscriber } from '../subscriptions/raw-subscriber.ts';

const caller = headersOf('orchestrator');
const query = 'subscription ($id: ID!) { inferenceEvents(id: $id) { kind } }';

/** How a subscription to the events of a run began: refused with errors, or with kinds of events. */
interface Beginning {
  /** Of the HTTP answer; undefined over WebSocket. */
  readonly status?: number;
  readonly errors?: unknown;
  readonly kinds?: readonly string[];
}

interface Result {
  readonly data: { readonly inferenceEvents: { readonly kind: string } };
}

const kindOf = (result: unknown) => (result as Result).data.inferenceEvents.kind;

async function byEventStream({ url }: Replica, id: string): Promise<Beginning> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...caller },
    body: JSON.stringify({ query, variables: { id } }),
  });
  const { status } = response;
  const text = await response.text();
  if (status !== 200) return { status, ...(JSON.parse(text) as { readonly errors: unknown }) };
  const results = [...text.matchAll(/^data: ?(\{.*)$/gm)].map(([, json = '']) => json);
  return { status, kinds: results.map((json) => kindOf(JSON.parse(json))) };
}

async function byWebSocket({ url }: Replica, id: string): Promise<Beginning> {
  const subscriber = await RawSubscriber.ready(url.replace('http:', 'ws:'), undefined, {
    headers: caller,
  });
  try {
    subscriber.subscribe('1', query, { id });
    for (let count = 2; ; count += 1) {
      const { type, payload } = (await subscriber.received(count))[count - 1]!;
      if (type === 'error') return { errors: payload };
      if (type !== 'complete') continue;
      const results = subscriber.messages.filter((message) => message.type === 'next');
      return { kinds: results.map((message) => kindOf(message.payload)) };
    }
  } finally {
    subscriber.leave();
  }
}

async function byCallback(
  { url }: Replica,
  id: string,
  router: CallbackRouter,
): Promise<Beginning> {
  const subscriptionId = randomUUID();
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json;callbackSpec=1.0',
      ...caller,
    },
    body: JSON.stringify({
      query,
      variables: { id },
      extensions: {
        subscription: {
          callbackUrl: `${router.url}/${subscriptionId}`,
          subscriptionId,
          verifier: 'v',
          heartbeatIntervalMs: 0,
        },
      },
    }),
  });
  const { status } = response;
  const { errors } = (await response.json()) as { readonly errors?: unknown };
  if (errors !== undefined) return { status, errors };
  await router.received('complete', 1);
  const results = router.messages.filter(({ action }) => action === 'next');
  return { status, kinds: results.map(({ payload }) => kindOf(payload)) };
}

/** What every transport says while storage is away. */
const unavailable = [
  expect.objectContaining({
    message: 'What is stored can not be read or changed now.',
    extensions: expect.objectContaining({
      code: 'SERVICE_UNAVAILABLE',
      reason: 'STORAGE_UNAVAILABLE',
      retryable: true,
      retryAfterSeconds: 1,
    }) as object,
  }) as object,
];

test.skipIf(postgresSkippedBecause !== undefined)(
  'while the database is away a subscription to a run is SERVICE_UNAVAILABLE by event stream, WebSocket and callback alike, and begins once it is back',
  { timeout: 120_000 },
  async () => {
    const router = await startCallbackRouter();
    onTestFinished(async () => await router.close());
    const settings = { CALLBACK_HOSTS: router.host };
    await withReplicas({ count: 1, canBeCut: true, settings }, async ({ proxy, first }) => {
      const { run } = await first.launch({ idempotencyKey: 'before', prompt: 'before' });
      const { id } = run!;
      proxy.goAway();
      const [eventStream, webSocket, callback] = await Promise.all([
        byEventStream(first, id),
        byWebSocket(first, id),
        byCallback(first, id, router),
      ]);
      expect(eventStream).toEqual({ status: 503, errors: unavailable });
      expect(webSocket).toEqual({ errors: unavailable });
      expect(callback).toEqual({ status: 503, errors: unavailable });
      expect(router.messages).toEqual([]);

      proxy.comeBack();
      await first.hasPrices();
      const kinds = ['FINISHED'];
      expect(await byEventStream(first, id)).toEqual({ status: 200, kinds });
      expect(await byWebSocket(first, id)).toEqual({ kinds });
      expect(await byCallback(first, id, router)).toEqual({ status: 200, kinds });
    });
  },
);
