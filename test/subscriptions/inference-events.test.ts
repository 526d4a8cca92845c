import { createClient as createEventStreamClient } from 'graphql-sse';
import { createClient as createWebSocketClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';

import { codeOf, callerNamed, startLiveService } from '../support/live-service.ts';
import type { LiveService, TestRun } from '../support/live-service.ts';
import { collect, collectFrom, until } from './collected.ts';

const query = `subscription Events($id: ID!, $after: String) {
  inferenceEvents(id: $id, after: $after) { cursor kind text run { id state } }
}`;

interface Event {
  readonly cursor: string;
  readonly kind: string;
  readonly text: string | null;
  readonly run: { readonly id: string; readonly state: string } | null;
}

interface EventAnswer {
  readonly data?: { readonly inferenceEvents: Event };
}

let service: LiveService;
beforeAll(async () => {
  service = await startLiveService();
});
afterAll(async () => {
  await service.stop();
});

function webSocketClient(url = service.webSocketUrl, connectionParams?: Record<string, unknown>) {
  return createWebSocketClient({
    url,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    ...(connectionParams === undefined ? {} : { connectionParams }),
  });
}

/** Everything that a subscription gives until it completes. */
async function readToEnd(
  variables: Record<string, unknown>,
  url = service.webSocketUrl,
): Promise<readonly Event[]> {
  const client = webSocketClient(url);
  const collected = collectFrom(client, query, variables);
  expect(await collected.ended).toBeUndefined();
  await client.dispose();
  return collected.values.map((value) => (value as unknown as EventAnswer).data!.inferenceEvents);
}

/** Numbers from 0 to below 1, the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const deltaCount = 2_000;
const cutCount = 100;

/** Streams deltas `0;` to `1999;`, no further ahead than the cuts that there were. */
async function stream(run: TestRun, random: () => number, cuts: () => number): Promise<void> {
  let written = 0;
  while (written < deltaCount) {
    const ahead = (cuts() + 2) * (deltaCount / cutCount);
    if (written >= ahead) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      continue;
    }
    const size = Math.min(1 + Math.floor(random() * 20), deltaCount - written);
    const first = written;
    await run.deltas(...Array.from({ length: size }, (_, index) => `${first + index};`));
    written += size;
  }
  await run.finish();
}

const everyDelta = Array.from({ length: deltaCount }, (_, index) => `${index};`);

describe('a subscriber who is cut a hundred times while a run streams 2,000 deltas', () => {
  /** Subscribes and is cut after some events; gives what came, and whether it had ended by itself. */
  type ReadSome = (
    url: string,
    variables: Record<string, unknown>,
    wanted: number,
  ) => Promise<{ readonly events: readonly Event[]; readonly isEnd: boolean }>;

  const byWebSocket: ReadSome = async (url, variables, wanted) => {
    let socket: WebSocket | undefined;
    const client = createWebSocketClient({
      url: url.replace('http:', 'ws:'),
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      on: {
        connected: (connected) => {
          socket = connected as WebSocket;
        },
      },
    });
    const collected = collectFrom(client, query, variables);
    const isEnd = await Promise.race([
      collected.ended.then(() => true),
      collected.count(wanted).then(
        () => false,
        () => true,
      ),
    ]);
    const events = collected.values.map(
      (value) => (value as unknown as EventAnswer).data!.inferenceEvents,
    );
    socket?.terminate();
    // What came beside the wanted ones is lost with the connection.
    return { events: isEnd ? events : events.slice(0, wanted), isEnd };
  };

  const byEventStream: ReadSome = async (url, variables, wanted) => {
    const client = createEventStreamClient({ url, retryAttempts: 0 });
    const collected = collect<EventAnswer>();
    client.subscribe({ query, variables }, collected.sink);
    const isEnd = await Promise.race([
      collected.ended.then(() => true),
      collected.count(wanted).then(
        () => false,
        () => true,
      ),
    ]);
    const events = collected.values.map(({ data }) => data!.inferenceEvents);
    client.dispose();
    return { events: isEnd ? events : events.slice(0, wanted), isEnd };
  };

  async function readThroughCuts(
    readSome: ReadSome,
    urlOf: (cut: number) => string | Promise<string>,
    seed: number,
    run: TestRun,
  ) {
    const random = randomFrom(seed);
    let cuts = 0;
    const streaming = stream(run, randomFrom(seed + 1), () => cuts);
    const events: Event[] = [];
    let isEnd = false;
    while (!isEnd) {
      const url = await urlOf(cuts);
      const wanted = cuts < cutCount ? 1 + Math.floor(random() * 19) : Number.POSITIVE_INFINITY;
      const some = await readSome(
        url,
        { id: run.id, after: events.at(-1)?.cursor ?? null },
        wanted,
      );
      events.push(...some.events);
      isEnd = some.events.at(-1)?.kind === 'FINISHED';
      cuts += 1;
    }
    await streaming;
    return { events, cuts };
  }

  test('ends with exactly those, in order, none twice: by WebSocket', async () => {
    const run = await service.startRun();
    const { events, cuts } = await readThroughCuts(byWebSocket, () => service.url, 7, run);
    expect(events.slice(0, -1).map(({ text }) => text)).toEqual(everyDelta);
    expect(events.at(-1)).toMatchObject({ kind: 'FINISHED', run: { state: 'SUCCEEDED' } });
    expect(cuts).toBeGreaterThan(cutCount);
  });

  test('ends with exactly those, in order, none twice: by event stream', async () => {
    const run = await service.startRun();
    const { events, cuts } = await readThroughCuts(byEventStream, () => service.url, 11, run);
    expect(events.slice(0, -1).map(({ text }) => text)).toEqual(everyDelta);
    expect(events.at(-1)?.kind).toBe('FINISHED');
    expect(cuts).toBeGreaterThan(cutCount);
  });

  test('also from replicas that do not carry the run, one of which is restarted now and then', async () => {
    let replica = await startLiveService({ store: service.store });
    const run = await service.startRun();
    const { events, cuts } = await readThroughCuts(
      byWebSocket,
      async (cut) => {
        if (cut % 25 === 24) {
          await replica.stop();
          replica = await startLiveService({ store: service.store });
        }
        return cut % 3 === 0 ? service.url : replica.url;
      },
      13,
      run,
    );
    expect(events.slice(0, -1).map(({ text }) => text)).toEqual(everyDelta);
    expect(events.at(-1)?.kind).toBe('FINISHED');
    expect(cuts).toBeGreaterThan(cutCount);
    await replica.stop();
  }, 60_000);
});

describe('the end of a run', () => {
  test('is told for a run that stored no events, and closes the subscription', async () => {
    const run = await service.startRun({ mode: 'ASYNC' });
    const reading = readToEnd({ id: run.id });
    await until(async () => (await openSubscriptions()) === 1);
    await run.finish();
    expect(await reading).toMatchObject([
      { kind: 'FINISHED', run: { id: run.id, state: 'SUCCEEDED' } },
    ]);
  });

  test('is told for a run whose process is gone, behind what had been stored', async () => {
    const run = await service.startRun();
    await run.deltas('half');
    await run.lose();
    expect(await readToEnd({ id: run.id })).toMatchObject([
      { kind: 'TEXT', text: 'half' },
      { kind: 'FINISHED', run: { state: 'UNKNOWN' } },
    ]);
  });

  test('is not told again to who comes back with its cursor', async () => {
    for (const mode of ['STREAM', 'ASYNC'] as const) {
      const run = await service.startRun({ mode });
      if (mode === 'STREAM') await run.deltas('a', 'b');
      await run.finish();
      const events = await readToEnd({ id: run.id });
      expect(events.at(-1)?.kind).toBe('FINISHED');
      expect(await readToEnd({ id: run.id, after: events.at(-1)?.cursor })).toEqual([]);
      const beforeEnd = events.at(-2)?.cursor ?? null;
      expect(await readToEnd({ id: run.id, after: beforeEnd })).toEqual(events.slice(-1));
    }
  });

  test('has the same cursor in the list of events as in the subscription', async () => {
    const run = await service.startRun();
    await run.deltas('a');
    await run.finish();
    const events = await readToEnd({ id: run.id });
    const response = await fetch(service.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        query: `{ inferenceRun(id: "${run.id}") { events { cursor kind text run { id state } } } }`,
      }),
    });
    const { data } = (await response.json()) as { data: { inferenceRun: { events: Event[] } } };
    expect(data.inferenceRun.events).toEqual(events);
  });
});

describe('a run belongs to its caller', () => {
  const scopesOf = {
    reader: ['inference:read'],
    operator: ['inference:operate'],
    other: [],
  } as const;
  let guarded: LiveService;
  beforeAll(async () => {
    guarded = await startLiveService({
      store: service.store,
      authenticate: ({ authorization }) => {
        const [name, role = 'reader'] = (authorization ?? '').split(' ');
        if (name === '') return callerNamed(undefined, new Set());
        return callerNamed(name, new Set(scopesOf[role as keyof typeof scopesOf]));
      },
    });
  });
  afterAll(async () => {
    await guarded.stop();
  });

  async function tried(authorization: string | undefined, id: string, after?: string) {
    const client = webSocketClient(
      guarded.webSocketUrl,
      authorization === undefined ? {} : { authorization },
    );
    const collected = collectFrom(client, query, { id, ...(after === undefined ? {} : { after }) });
    const ended = await collected.ended;
    await client.dispose();
    return ended === undefined ? collected.values.length : codeOf({ errors: ended });
  }

  test('a stranger and an unknown id get the same answer', async () => {
    const run = await guarded.startRun({ caller: 'anna' });
    await run.finish();
    expect(await tried('anna reader', run.id)).toBe(1);
    expect(await tried('bert operator', run.id)).toBe('NOT_FOUND');
    expect(await tried('bert reader', run.id)).toBe('NOT_FOUND');
    expect(await tried('bert reader', 'run_that_never_was')).toBe('NOT_FOUND');
    expect(await tried('anna other', run.id)).toBe('NOT_FOUND');
    expect(await tried(undefined, run.id)).toBe('NOT_FOUND');
  });

  test('a cursor of another run, or none at all, is refused', async () => {
    const [one, two] = [
      await guarded.startRun({ caller: 'anna' }),
      await guarded.startRun({ caller: 'anna' }),
    ];
    await one.deltas('a');
    await one.finish();
    await two.finish();
    const [event] = await readToEnd({ id: two.id }, service.webSocketUrl).catch(() => []);
    expect(await tried('anna reader', one.id, event?.cursor ?? 'x')).toBe('BAD_USER_INPUT');
    expect(await tried('anna reader', one.id, 'nonsense')).toBe('BAD_USER_INPUT');
  });
});

test('a reader who takes little at a time makes nobody keep his events for him', async () => {
  const slow = await startLiveService({
    store: service.store,
    limits: { maxBufferedBytes: 2_000 },
  });
  const run = await slow.startRun();
  const socket = new WebSocket(slow.webSocketUrl, 'graphql-transport-ws');
  const texts: string[] = [];
  socket.on('open', () => socket.send('{"type":"connection_init"}'));
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as {
      readonly type: string;
      readonly payload?: EventAnswer;
    };
    if (message.type === 'connection_ack') {
      socket.send(
        JSON.stringify({
          id: '1',
          type: 'subscribe',
          payload: { query, variables: { id: run.id } },
        }),
      );
    }
    if (message.type !== 'next') return;
    texts.push(message.payload?.data?.inferenceEvents.text ?? 'end');
    if (texts.length % 50 === 0) {
      socket.pause();
      setTimeout(() => socket.resume(), 5);
    }
  });
  await until(
    async () => (await slow.metric('gpubroker_subscriptions_open{transport="websocket"}')) === 1,
  );
  const written: string[] = [];
  for (let batch = 0; batch < 40; batch += 1) {
    const batchTexts = Array.from({ length: 25 }, (_, index) =>
      `${batch * 25 + index}`.padEnd(400, '.'),
    );
    written.push(...batchTexts);
    await run.deltas(...batchTexts);
  }
  await run.finish();
  await until(() => texts.at(-1) === 'end');
  expect(texts.slice(0, -1)).toEqual(written);
  socket.terminate();
  await slow.stop();
});

async function openSubscriptions(): Promise<number> {
  return await service.metric('gpubroker_subscriptions_open{transport="websocket"}');
}
