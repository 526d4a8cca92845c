import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { startCallbackRouter } from '../support/callback-router.ts';
import type { CallbackRouter } from '../support/callback-router.ts';
import { callerNamed, codeOf, startLiveService } from '../support/live-service.ts';
import type { LiveService } from '../support/live-service.ts';
import { until } from './collected.ts';

const changes = 'subscription { offeringChanged { kind offeringId } }';
const model = 'openai/gpt-oss-20b';
const open = 'gpubroker_subscriptions_open{transport="callback"}';

let router: CallbackRouter;
let service: LiveService;
let expiresAtMs: number | undefined;
beforeEach(async () => {
  expiresAtMs = undefined;
  router = await startCallbackRouter();
  service = await startLiveService({
    callbackHosts: [router.host],
    authenticate: () => ({
      ...callerNamed('local'),
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    }),
  });
});
afterEach(async () => {
  await service.stop();
  await router.close();
});

/** Subscribes as a router does; gives status and body of the first answer. */
async function subscribe(
  extension: Readonly<Record<string, unknown>> = {},
  query = changes,
  headers: Readonly<Record<string, string>> = {},
  at = service,
) {
  const id = randomUUID();
  const response = await fetch(at.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json;callbackSpec=1.0',
      ...headers,
    },
    body: JSON.stringify({
      query,
      extensions: {
        subscription: {
          callbackUrl: `${router.url}/${id}`,
          subscriptionId: id,
          verifier: `verifier of ${id}`,
          heartbeatIntervalMs: 0,
          ...extension,
        },
      },
    }),
  });
  return { id, status: response.status, body: await response.json(), response };
}

async function ends(reason: string): Promise<number> {
  return await service.metric(
    `gpubroker_subscription_ends_total{transport="callback",reason="${reason}"}`,
  );
}

describe('the callback protocol, step by step', () => {
  test('the router is asked first, and answered only when it has confirmed', async () => {
    let isConfirmed = false;
    router.answer(async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      isConfirmed = true;
      return 204;
    });
    const { id, status, body, response } = await subscribe();
    expect(isConfirmed).toBe(true);
    expect([status, body]).toEqual([200, { data: null }]);
    expect(response.headers.get('subscription-protocol')).toBe('callback/1.0');
    expect(router.messages).toEqual([
      { kind: 'subscription', action: 'check', id, verifier: `verifier of ${id}` },
    ]);
    expect(router.protocols).toEqual(['callback/1.0']);
  });

  test('each result is a `next`, one after the other, and the end a `complete` without errors', async () => {
    const run = await service.startRun();
    await run.deltas('a', 'b');
    const query = `subscription { inferenceEvents(id: "${run.id}") { kind text } }`;
    const { id } = await subscribe({}, query);
    await router.received('next', 2);
    await run.deltas('c');
    await run.finish();
    const [complete] = await router.received('complete', 1);
    expect(complete).toEqual({
      kind: 'subscription',
      action: 'complete',
      id,
      verifier: `verifier of ${id}`,
    });
    const results = router.messages.filter(({ action }) => action === 'next');
    expect(results.map(({ payload }) => payload)).toEqual(
      [
        { kind: 'TEXT', text: 'a' },
        { kind: 'TEXT', text: 'b' },
        { kind: 'TEXT', text: 'c' },
        { kind: 'FINISHED', text: null },
      ].map((inferenceEvents) => ({ data: { inferenceEvents } })),
    );
    expect(new Set(router.protocols)).toEqual(new Set(['callback/1.0']));
    await until(async () => (await service.metric(open)) === 0);
    expect(await ends('completed')).toBe(1);
  });

  test('the next result is made only when the one before it was taken', async () => {
    let underWay = 0;
    let most = 0;
    router.answer(async ({ action }) => {
      if (action === 'check') return 204;
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setTimeout(resolve, 10));
      underWay -= 1;
      return 200;
    });
    const run = await service.startRun();
    await run.deltas(...Array.from({ length: 20 }, (_, index) => `${index}`));
    await run.finish();
    await subscribe({}, `subscription { inferenceEvents(id: "${run.id}") { text } }`);
    await router.received('complete', 1);
    expect(most).toBe(1);
    expect(router.messages.filter(({ action }) => action === 'next')).toHaveLength(21);
  });

  test('heartbeats are `check`s, as often as the router names, and none where it wants none', async () => {
    const often = await subscribe({ heartbeatIntervalMs: 100 });
    const seldom = await subscribe({ heartbeatIntervalMs: 2_000 });
    const never = await subscribe({ heartbeatIntervalMs: 0 });
    const checksOf = ({ id }: { readonly id: string }) =>
      router.messages.filter((message) => message.id === id);
    await until(() => checksOf(seldom).length > 1);
    await until(() => checksOf(often).length > 5);
    expect(checksOf(often).length).toBeGreaterThan(checksOf(seldom).length);
    expect(checksOf(never)).toHaveLength(1);
    for (const { kind, action, verifier } of checksOf(often)) {
      expect([kind, action, verifier]).toEqual([
        'subscription',
        'check',
        `verifier of ${often.id}`,
      ]);
    }
  });

  test('a 404 to a result ends it without a further word', async () => {
    await subscribe();
    router.answer(() => 404);
    await service.setInputPrice(model, '0.000000076');
    await until(async () => (await service.metric(open)) === 0);
    expect(await ends('left')).toBe(1);
    await service.setInputPrice(model, '0.000000077');
    expect(router.messages.map(({ action }) => action)).toEqual(['check', 'next']);
  });

  test('a 404 to a heartbeat ends it without a further word', async () => {
    await subscribe({ heartbeatIntervalMs: 100 });
    const unknown: string[] = [];
    router.answer(({ action }) => {
      unknown.push(action);
      return 404;
    });
    await until(async () => (await service.metric(open)) === 0);
    expect(unknown).toEqual(['check']);
    expect(await ends('left')).toBe(1);
  });

  test('any other refusal ends it too', async () => {
    await subscribe();
    router.answer(() => 500);
    await service.setInputPrice(model, '0.000000076');
    await until(async () => (await service.metric(open)) === 0);
    expect(await ends('failed')).toBe(1);
  });
});

describe('a router that does not confirm', () => {
  test('gets a 400, and no subscription begins', async () => {
    router.answer(() => 400);
    const { status, body } = await subscribe();
    expect([status, codeOf(body)]).toEqual([400, 'CALLBACK_REFUSED']);
    expect(await service.metric(open)).toBe(0);
  });

  test('in time is waited for no longer than that', async () => {
    const impatient = await startLiveService({
      callbackHosts: [router.host],
      limits: { callbackTimeoutMs: 100 },
    });
    const answered = Promise.withResolvers<number>();
    router.answer(() => answered.promise);
    const { status, body } = await subscribe({}, changes, {}, impatient);
    expect([status, codeOf(body)]).toEqual([400, 'CALLBACK_REFUSED']);
    expect(await impatient.metric(open)).toBe(0);
    answered.resolve(204);
    await impatient.stop();
  });

  test('any more, because it is gone, is given up after three heartbeats', async () => {
    await subscribe({ heartbeatIntervalMs: 100 });
    await router.close();
    await until(async () => (await service.metric(open)) === 0);
    expect(await ends('failed')).toBe(1);
  });

  test('and redirects instead is not followed', async () => {
    router.answer(() => 302);
    const { status } = await subscribe();
    expect(status).toBe(400);
    expect(router.messages).toHaveLength(1);
  });
});

describe('the callback address', () => {
  async function refused(callbackUrl: unknown): Promise<unknown> {
    const { status, body } = await subscribe({ callbackUrl });
    return [status, codeOf(body)];
  }

  test('is called only at hosts that the operator named, port included', async () => {
    const stranger = await startCallbackRouter();
    for (const url of [
      stranger.url,
      'http://127.0.0.1/callback',
      router.url.replace('127.0.0.1', 'localhost'),
      router.url.replace('127.0.0.1', '127.0.0.1.evil.example'),
      `http://evil.example/?${router.url}`,
      'http://169.254.169.254/latest/meta-data',
    ]) {
      expect(await refused(url)).toEqual([400, 'CALLBACK_REFUSED']);
    }
    expect([stranger.messages, router.messages]).toEqual([[], []]);
    await stranger.close();
  });

  test('may have any port of a host that was named without one', async () => {
    const trusting = await startLiveService({ callbackHosts: ['127.0.0.1'] });
    try {
      const elsewhere = router.url.replace('127.0.0.1', 'localhost');
      const { status } = await subscribe({ callbackUrl: elsewhere }, changes, {}, trusting);
      expect(status).toBe(400);
      expect(router.messages).toEqual([]);
      expect((await subscribe({}, changes, {}, trusting)).status).toBe(200);
      expect(router.messages).toMatchObject([{ action: 'check' }]);
    } finally {
      await trusting.stop();
    }
  });

  test('has to be http or https and free of credentials', async () => {
    for (const url of [
      router.url.replace('http:', 'ftp:'),
      router.url.replace('http:', 'file:'),
      router.url.replace('http://', 'http://user:secret@'),
      'not a url',
    ]) {
      expect(await refused(url)).toEqual([400, 'CALLBACK_REFUSED']);
    }
    expect(await refused(undefined)).toEqual([400, 'BAD_REQUEST']);
    expect(await refused(['x'])).toEqual([400, 'BAD_REQUEST']);
    expect(router.messages).toEqual([]);
  });

  test('is not called for an operation that is refused', async () => {
    const { status, body } = await subscribe(
      {},
      'subscription { inferenceEvents(id: "x") { kind } }',
    );
    expect([status, codeOf(body)]).toEqual([404, 'NOT_FOUND']);
    expect((await subscribe({}, 'subscription {')).status).toBe(400);
    expect(router.messages).toEqual([]);
  });

  test('is not called at all where the operator named no host', async () => {
    const closed = await startLiveService();
    const response = await fetch(closed.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json; callbackSpec="1.0"',
      },
      body: JSON.stringify({
        query: changes,
        extensions: {
          subscription: { callbackUrl: router.url, subscriptionId: 'x', verifier: 'y' },
        },
      }),
    });
    expect([response.status, codeOf(await response.json())]).toEqual([400, 'CALLBACK_REFUSED']);
    expect(router.messages).toEqual([]);
    await closed.stop();
  });
});

test('a query beside the callback header is answered as ever', async () => {
  const { status, body } = await subscribe({}, '{ __typename }');
  expect([status, body]).toEqual([200, { data: { __typename: 'Query' } }]);
});

test('a token that runs out ends it with a `complete` that says so', async () => {
  expiresAtMs = Date.now() + 1_000;
  await subscribe();
  const [complete] = await router.received('complete', 1);
  expect(codeOf(complete)).toBe('UNAUTHENTICATED');
});

test('a drain ends each with a `complete` that says so, in time', async () => {
  await Promise.all(Array.from({ length: 10 }, () => subscribe({ heartbeatIntervalMs: 1_000 })));
  await service.drain();
  const completes = await router.received('complete', 10);
  expect(completes.map(codeOf)).toEqual(Array.from({ length: 10 }, () => 'SERVICE_UNAVAILABLE'));
  expect(await ends('drained')).toBe(10);
});
