import { createConnection } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { clientError } from '../../src/graphql/errors.ts';
import { callerNamed, codeOf, routerOnly, startLiveService } from '../support/live-service.ts';
import type { LiveService } from '../support/live-service.ts';
import { until } from './collected.ts';
import { startForThisTest } from './own-service.ts';
import { RawSubscriber, RefusedHandshake } from './raw-subscriber.ts';

const changes = 'subscription { offeringChanged { kind cursor } }';
const model = 'openai/gpt-oss-20b';

let service: LiveService;
beforeAll(async () => {
  service = await startLiveService();
});
afterAll(async () => {
  await service.stop();
});

const open = 'gpubroker_subscriptions_open{transport="websocket"}';

async function refusedHandshake(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<unknown> {
  const error = await RawSubscriber.connect(url, { headers }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof RefusedHandshake)) return 'was accepted';
  return [error.status, codeOf(error.body)];
}

describe('a handshake', () => {
  test('of a page from elsewhere is refused, of one of our own and of a program it is not', async () => {
    const host = new URL(service.url).host;
    expect(
      await refusedHandshake(service.webSocketUrl, { origin: 'https://evil.example' }),
    ).toEqual([403, 'FORBIDDEN']);
    expect(await refusedHandshake(service.webSocketUrl, { origin: 'null' })).toEqual([
      403,
      'FORBIDDEN',
    ]);
    expect(
      await refusedHandshake(service.webSocketUrl, { 'sec-fetch-site': 'cross-site' }),
    ).toEqual([403, 'FORBIDDEN']);
    expect(await refusedHandshake(service.webSocketUrl, { origin: `http://${host}` })).toBe(
      'was accepted',
    );
    expect(await refusedHandshake(service.webSocketUrl, {})).toBe('was accepted');
  });

  test('of a page that is allowed by name is accepted', async () => {
    const allowing = await startForThisTest({
      http: { allowedOrigins: ['https://market.example'] },
    });
    const from = (origin: string) => refusedHandshake(allowing.webSocketUrl, { origin });
    expect(await from('https://market.example')).toBe('was accepted');
    expect(await from('https://market.example.evil.example')).toEqual([403, 'FORBIDDEN']);
  });

  test('under a host name that is not ours is refused', async () => {
    const named = await startForThisTest({ http: { allowedHosts: ['127.0.0.1'] } });
    expect(await refusedHandshake(named.webSocketUrl, { host: 'rebound.example' })).toEqual([
      421,
      'HOST_NOT_ALLOWED',
    ]);
  });

  test('elsewhere than at /graphql is refused', async () => {
    const url = service.webSocketUrl.replace('/graphql', '/other');
    expect(await refusedHandshake(url, {})).toEqual([404, 'NOT_FOUND']);
  });

  test('beyond the number of connections is refused until one leaves', async () => {
    const small = await startForThisTest({ limits: { maxWebSockets: 2 } });
    const [first] = await Promise.all([
      RawSubscriber.ready(small.webSocketUrl),
      RawSubscriber.ready(small.webSocketUrl),
    ]);
    expect(await refusedHandshake(small.webSocketUrl, {})).toEqual([503, 'SERVICE_UNAVAILABLE']);
    first.leave();
    await until(async () => (await refusedHandshake(small.webSocketUrl, {})) === 'was accepted');
  });

  test('of an HTTP client that merely offers HTTP/2 is answered as a request', async () => {
    const socket = createConnection(service.port, '127.0.0.1');
    socket.write(
      'GET /livez HTTP/1.1\r\nhost: a\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n',
    );
    const answer = await new Promise<string>((resolve) =>
      socket.once('data', (data) => resolve(data.toString())),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK/);
    socket.destroy();
  });
});

describe('a client that breaks the protocol is closed', () => {
  async function closedAfter(say: (subscriber: RawSubscriber) => void, isReady = true) {
    const subscriber = isReady
      ? await RawSubscriber.ready(service.webSocketUrl)
      : await RawSubscriber.connect(service.webSocketUrl);
    say(subscriber);
    return (await subscriber.closed).code;
  }

  test('with 4406 when it speaks another subprotocol', async () => {
    const subscriber = await RawSubscriber.connect(service.webSocketUrl, {}, null);
    expect((await subscriber.closed).code).toBe(4406);
  });

  test('with 4401 when it subscribes before it says who it is', async () => {
    expect(await closedAfter((subscriber) => subscriber.subscribe('1', changes), false)).toBe(4401);
  });

  test('with 4429 when it says so twice', async () => {
    expect(await closedAfter((subscriber) => subscriber.send({ type: 'connection_init' }))).toBe(
      4429,
    );
  });

  test('with 4400 for what is not a message', async () => {
    for (const text of ['{', 'null', '[]', '{"type":"nonsense"}', '{"type":"subscribe"}', '']) {
      expect(await closedAfter((subscriber) => subscriber.send(text))).toBe(4400);
    }
  });

  test('with 4400 for bytes', async () => {
    expect(await closedAfter(({ socket }) => socket.send(Buffer.from('{"type":"ping"}')))).toBe(
      4400,
    );
  });

  test('with 4400 for a subscription with an endless id', async () => {
    expect(await closedAfter((subscriber) => subscriber.subscribe('x'.repeat(201), changes))).toBe(
      4400,
    );
  });

  test('with 4409 for two subscriptions of one id', async () => {
    expect(
      await closedAfter((subscriber) => {
        subscriber.subscribe('1', changes);
        subscriber.subscribe('1', changes);
      }),
    ).toBe(4409);
  });

  test('with 1009 for a message that is too large, of which nothing is kept', async () => {
    expect(
      await closedAfter((subscriber) =>
        subscriber.send({ type: 'ping', payload: { text: 'x'.repeat(200_000) } }),
      ),
    ).toBe(1009);
  });

  test('with 1008 when it says too much', async () => {
    const code = await closedAfter((subscriber) => {
      for (let count = 0; count < 600; count += 1) subscriber.send({ type: 'ping' });
    });
    expect(code).toBe(1008);
  });

  test('with 4408 when it never says who it is', async () => {
    const impatient = await startForThisTest({ limits: { initTimeoutMs: 50 } });
    const silent = await RawSubscriber.connect(impatient.webSocketUrl);
    expect((await silent.closed).code).toBe(4408);
  });

  test('without a word when it answers no ping', async () => {
    const strict = await startForThisTest({ limits: { keepAliveMs: 2_500 } });
    const dead = await RawSubscriber.connect(strict.webSocketUrl, { autoPong: false });
    const alive = await RawSubscriber.ready(strict.webSocketUrl);
    let pings = 0;
    alive.socket.on('ping', () => (pings += 1));
    expect((await dead.closed).code).toBe(1006);
    await until(() => pings > 1);
    await alive.settled();
    alive.leave();
  });
});

describe('an operation over WebSocket', () => {
  async function errorsOf(query: string, variables?: Readonly<Record<string, unknown>>) {
    const subscriber = await RawSubscriber.ready(service.webSocketUrl);
    subscriber.subscribe('1', query, variables);
    const [, answer] = await subscriber.received(2);
    subscriber.leave();
    expect(answer).toMatchObject({ id: '1', type: 'error' });
    return codeOf({ errors: answer?.payload });
  }

  test('is parsed, limited and validated like any other', async () => {
    expect(await errorsOf('subscription {')).toBe('GRAPHQL_PARSE_FAILED');
    expect(await errorsOf('subscription { nothing }')).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(await errorsOf('')).toBe('BAD_REQUEST');
    const offering = '{ offering { '.repeat(1) + 'model { offerings { nodes { '.repeat(4) + 'id';
    const deep = `subscription { offeringChanged ${offering}${' } } }'.repeat(4)} } } }`;
    expect(await errorsOf(deep)).toBe('DOCUMENT_TOO_DEEP');
    const aliases = Array.from({ length: 40 }, (_, index) => `a${index}: kind`).join(' ');
    expect(await errorsOf(`subscription { offeringChanged { ${aliases} } }`)).toBe(
      'DOCUMENT_TOO_MANY_ALIASES',
    );
    expect(await errorsOf(`subscription { offeringChanged { ${'kind '.repeat(3_000)} } }`)).toBe(
      'DOCUMENT_TOO_MANY_TOKENS',
    );
    expect(
      await errorsOf(
        'subscription { offeringChanged { offering { model { offerings(first: 100) { nodes { model { offerings(first: 100) { nodes { model { offerings(first: 100) { nodes { id } } } } } } } } } } } }',
      ),
    ).toMatch(/^DOCUMENT_TOO_(COSTLY|DEEP)$/);
    expect(
      await errorsOf(
        'subscription A { offeringChanged { kind } } subscription B { offeringChanged { kind } }',
      ),
    ).toBe('OPERATION_RESOLUTION_FAILURE');
  });

  test('has its variables checked before it begins', async () => {
    const query = 'subscription($id: ID!) { inferenceEvents(id: $id) { kind } }';
    expect(await errorsOf(query, {})).toBe('BAD_USER_INPUT');
    expect(await errorsOf(query, { id: { nested: true } })).toBe('BAD_USER_INPUT');
    const filtered =
      'subscription($filter: OfferingFilter) { offeringChanged(filter: $filter) { kind } }';
    expect(await errorsOf(filtered, { filter: { search: 'x'.repeat(101) } })).toBe(
      'BAD_USER_INPUT',
    );
    expect(await errorsOf('subscription { offeringChanged(after: "no") { kind } }')).toBe(
      'BAD_USER_INPUT',
    );
    expect(
      await errorsOf('subscription($a: Boolean!) { offeringChanged @include(if: $a) { kind } }', {
        a: false,
      }),
    ).toBe('BAD_USER_INPUT');
  });

  test('that is a query or a mutation is refused in words', async () => {
    expect(await errorsOf('{ __typename }')).toBe('SUBSCRIPTIONS_ONLY');
    expect(await errorsOf('mutation { cancelInference(input: {id: "x"}) { __typename } }')).toBe(
      'SUBSCRIPTIONS_ONLY',
    );
  });

  test('beyond what one connection carries is refused, and the others go on', async () => {
    const small = await startForThisTest({ limits: { maxPerWebSocket: 3 } });
    const subscriber = await RawSubscriber.ready(small.webSocketUrl);
    for (let id = 1; id <= 5; id += 1) subscriber.subscribe(`${id}`, changes);
    const refused = (await subscriber.received(3)).slice(1);
    expect(refused.map(({ id, type, payload }) => [id, type, codeOf({ errors: payload })])).toEqual(
      [
        ['4', 'error', 'TOO_MANY_SUBSCRIPTIONS'],
        ['5', 'error', 'TOO_MANY_SUBSCRIPTIONS'],
      ],
    );
    subscriber.send({ id: '2', type: 'complete' });
    subscriber.subscribe('6', changes);
    await subscriber.settled();
    await small.setInputPrice(model, '0.000000076');
    const told = (await subscriber.received(6)).slice(3);
    expect(told.map(({ id, type }) => [id, type])).toEqual([
      ['1', 'next'],
      ['3', 'next'],
      ['6', 'next'],
    ]);
    expect(await small.metric(open)).toBe(3);
    subscriber.leave();
    await until(async () => (await small.metric(open)) === 0);
  });

  test('beyond what the process carries is refused', async () => {
    const small = await startForThisTest({ limits: { maxSubscriptions: 1 } });
    const subscriber = await RawSubscriber.ready(small.webSocketUrl);
    subscriber.subscribe('1', changes);
    subscriber.subscribe('2', changes);
    const [, answer] = await subscriber.received(2);
    expect([answer?.id, codeOf({ errors: answer?.payload })]).toEqual([
      '2',
      'TOO_MANY_SUBSCRIPTIONS',
    ]);
    subscriber.leave();
  });

  test('may use an id again at once after it was completed', async () => {
    const subscriber = await RawSubscriber.ready(service.webSocketUrl);
    for (let times = 0; times < 20; times += 1) {
      subscriber.subscribe('same', changes);
      await subscriber.settled();
      subscriber.send({ id: 'same', type: 'complete' });
    }
    subscriber.subscribe('same', changes);
    await subscriber.settled();
    await service.setInputPrice(model, '0.000000081');
    const messages = await subscriber.received(2);
    expect(messages.slice(1).map(({ id, type }) => [id, type])).toEqual([['same', 'next']]);
    await subscriber.settled();
    expect(subscriber.messages).toHaveLength(2);
    subscriber.leave();
  });

  test('may not use an id again while its first use is being opened', async () => {
    const run = await service.startRun();
    const subscriber = await RawSubscriber.ready(service.webSocketUrl);
    const query = `subscription { inferenceEvents(id: "${run.id}") { kind } }`;
    subscriber.subscribe('same', query);
    subscriber.send({ id: 'same', type: 'complete' });
    subscriber.subscribe('same', query);
    expect((await subscriber.closed).code).toBe(4409);
    await until(async () => (await service.metric(open)) === 0);
  });

  test('shows a client nothing of a fault of ours, and the log everything', async () => {
    const broken = await startForThisTest({
      wrapStore: (store) => ({
        ...store,
        ledger: Object.create(store.ledger, {
          runs: {
            value: () => Promise.reject(new Error('database at postgres://user:hunter2@db')),
          },
        }) as typeof store.ledger,
      }),
    });
    const subscriber = await RawSubscriber.ready(broken.webSocketUrl, undefined, {
      headers: { 'x-request-id': 'asked-for' },
    });
    subscriber.subscribe('1', 'subscription { inferenceEvents(id: "run_x") { kind } }');
    const [, answer] = await subscriber.received(2);
    expect(answer?.payload).toEqual([
      {
        message: 'Internal server error',
        extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'asked-for' },
      },
    ]);
    const fault = broken.lines.find(({ msg }) => msg === 'a request met a fault');
    expect(fault).toMatchObject({ requestId: 'asked-for' });
    expect(JSON.stringify(broken.lines)).not.toContain('hunter2');
    subscriber.leave();
  });
});

describe('the caller of a WebSocket', () => {
  const eventsOf = (runId: string) => `subscription { inferenceEvents(id: "${runId}") { kind } }`;

  test('is known by the handshake or by what it says first', async () => {
    const guarded = await startForThisTest({ authenticate: routerOnly('token-1') });
    const byHandshake = await RawSubscriber.ready(guarded.webSocketUrl, undefined, {
      headers: { 'x-router-token': 'token-1' },
    });
    const byPayload = await RawSubscriber.ready(guarded.webSocketUrl, {
      'x-router-token': 'token-1',
    });
    const nested = await RawSubscriber.ready(guarded.webSocketUrl, {
      headers: { 'X-Router-Token': 'token-1' },
    });
    for (const subscriber of [byHandshake, byPayload, nested]) {
      expect(subscriber.messages[0]?.type).toBe('connection_ack');
      subscriber.leave();
    }
  });

  test('who can not prove himself is closed with 4401 and why', async () => {
    const guarded = await startForThisTest({ authenticate: routerOnly('token-1') });
    for (const payload of [
      undefined,
      {},
      { 'x-router-token': 'wrong' },
      { 'x-router-token': ['token-1'] },
    ]) {
      const subscriber = await RawSubscriber.connect(guarded.webSocketUrl);
      subscriber.send({ type: 'connection_init', payload });
      expect(await subscriber.closed).toEqual({
        code: 4401,
        reason: 'UNAUTHENTICATED: The router has to prove itself.',
      });
    }
  });

  test('who may not come in is closed with 4403, and with 1013 while nobody can tell', async () => {
    let error = clientError('FORBIDDEN', 'No.');
    const guarded = await startForThisTest({
      authenticate: async () => {
        throw error;
      },
    });
    const closing = async () => {
      const subscriber = await RawSubscriber.connect(guarded.webSocketUrl);
      subscriber.send({ type: 'connection_init' });
      return (await subscriber.closed).code;
    };
    expect(await closing()).toBe(4403);
    error = clientError('SERVICE_UNAVAILABLE', 'The keys cannot be had.');
    expect(await closing()).toBe(1013);
  });

  test('is never the one that a payload names while a router proves itself in the handshake', async () => {
    const guarded = await startForThisTest({
      authenticate: (headers) => {
        const { id } = routerOnly('token-1')(headers);
        return callerNamed(id, new Set(['inference:read'] as const));
      },
    });
    const run = await guarded.startRun({ caller: 'victim' });
    await run.finish();
    const asked = async (headers: Readonly<Record<string, string>>, payload: unknown) => {
      const subscriber = await RawSubscriber.ready(guarded.webSocketUrl, payload, { headers });
      subscriber.subscribe('1', eventsOf(run.id));
      const [, answer] = await subscriber.received(2);
      subscriber.leave();
      return answer?.type;
    };
    const router = { 'x-router-token': 'token-1', 'x-caller-id': 'attacker' };
    expect(await asked({ ...router, 'x-caller-id': 'victim' }, undefined)).toBe('next');
    expect(await asked(router, { 'x-caller-id': 'victim' })).toBe('error');
    expect(await asked(router, { 'x-router-token': 'token-1', 'x-caller-id': 'victim' })).toBe(
      'error',
    );
    expect(await asked({}, { 'x-router-token': 'token-1', 'x-caller-id': 'victim' })).toBe('next');
    expect(await asked({ 'x-caller-id': 'victim' }, { 'x-router-token': 'token-1' })).toBe('error');
  });

  test('whose token runs out is closed with 4403, all his subscriptions with him', async () => {
    const guarded = await startForThisTest({
      authenticate: () => ({ ...callerNamed('anna'), expiresAtMs: Date.now() + 1_000 }),
    });
    const subscriber = await RawSubscriber.ready(guarded.webSocketUrl);
    subscriber.subscribe('1', changes);
    expect(await subscriber.closed).toEqual({ code: 4403, reason: 'The token has expired' });
    await until(async () => (await guarded.metric(open)) === 0);
    expect(
      await guarded.metric(
        'gpubroker_subscription_ends_total{transport="websocket",reason="expired"}',
      ),
    ).toBe(1);
  });
});

describe('a reader that takes nothing', () => {
  test('is bounded, told to come back and dropped', async () => {
    const strict = await startForThisTest({
      limits: { maxBufferedBytes: 16_000, slowReaderMs: 100, closeGraceMs: 200 },
    });
    const run = await strict.startRun();
    const stuck = await RawSubscriber.ready(strict.webSocketUrl);
    stuck.subscribe('1', `subscription { inferenceEvents(id: "${run.id}") { text } }`);
    await until(async () => (await strict.metric(open)) === 1);
    stuck.socket.pause();
    const text = 'x'.repeat(100_000);
    for (let count = 0; count < 10; count += 1) {
      await run.deltas(...Array.from({ length: 20 }, () => text));
    }
    await until(async () => (await strict.metric(open)) === 0);
    expect(
      await strict.metric(
        'gpubroker_subscription_ends_total{transport="websocket",reason="too_slow"}',
      ),
    ).toBe(1);
    const line = () => strict.lines.find(({ kind }) => kind === 'websocket');
    await until(() => line() !== undefined);
    expect(line()).toMatchObject({ code: 1013, closedBy: 'service' });
    // It never read, so it holds what the kernel took and nothing more.
    expect(stuck.messages.length).toBeLessThan(2);
    stuck.leave();
    await run.finish();
  });

  test('of the answers to its own pings is dropped too', async () => {
    const strict = await startForThisTest({
      limits: { maxBufferedBytes: 4_000, closeGraceMs: 200, maxMessagesPerTenSeconds: 1_000_000 },
    });
    const stuck = await RawSubscriber.ready(strict.webSocketUrl);
    stuck.socket.pause();
    const ping = JSON.stringify({ type: 'ping', payload: { text: 'x'.repeat(60_000) } });
    for (let count = 0; count < 300; count += 1) stuck.socket.send(ping);
    await until(() => strict.lines.some(({ kind }) => kind === 'websocket'));
    expect(strict.lines.find(({ kind }) => kind === 'websocket')).toMatchObject({ code: 1013 });
    stuck.leave();
  });
});

test('a drain closes every connection with 1001, on which clients connect again', async () => {
  const draining = await startForThisTest();
  const subscribers = await Promise.all(
    Array.from({ length: 20 }, () => RawSubscriber.ready(draining.webSocketUrl)),
  );
  for (const subscriber of subscribers) subscriber.subscribe('1', changes);
  await until(async () => (await draining.metric(open)) === 20);
  const drained = draining.drain();
  for (const { closed } of subscribers) expect((await closed).code).toBe(1001);
  await drained;
  expect(
    await draining.metric(
      'gpubroker_subscription_ends_total{transport="websocket",reason="drained"}',
    ),
  ).toBe(20);
});
