import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { callerNamed, codeOf, routerOnly, startLiveService } from '../support/live-service.ts';
import type { LiveService } from '../support/live-service.ts';
import { until } from './collected.ts';
import { startForThisTest } from './own-service.ts';

const changes = 'subscription { offeringChanged { kind offeringId } }';
const model = 'openai/gpt-oss-20b';
const streamHeaders = { 'content-type': 'application/json', accept: 'text/event-stream' };
const open = 'gpubroker_subscriptions_open{transport="event_stream"}';

let service: LiveService;
beforeAll(async () => {
  service = await startLiveService();
});
afterAll(async () => {
  await service.stop();
});

/** An event as it stood in the stream. */
interface StreamEvent {
  readonly event: string;
  readonly data: unknown;
}

class Reader {
  readonly response: Response;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #left = new AbortController();
  #text = '';

  private constructor(response: Response, left: AbortController) {
    if (response.body === null) throw new Error('No body');
    this.response = response;
    this.#left = left;
    this.#reader = response.body.getReader();
  }

  static async post(
    url: string,
    query: string,
    headers: Readonly<Record<string, string>> = {},
    variables?: unknown,
  ): Promise<Reader> {
    const left = new AbortController();
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...streamHeaders, ...headers },
      body: JSON.stringify({ query, variables }),
      signal: left.signal,
    });
    return new Reader(response, left);
  }

  static async get(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Reader> {
    const left = new AbortController();
    return new Reader(await fetch(url, { headers, signal: left.signal }), left);
  }

  /** The next event; undefined at the end. Comments are passed over. */
  async next(): Promise<StreamEvent | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end !== -1) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        if (block.startsWith(':')) continue;
        const [event = '', data = ''] = block.split('\n');
        const text = data.slice('data:'.length).trim();
        return {
          event: event.slice('event: '.length),
          data: text === '' ? undefined : (JSON.parse(text) as unknown),
        };
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#text += new TextDecoder().decode(value);
    }
  }

  leave(): void {
    this.#left.abort();
  }
}

describe('a subscription as an event stream', () => {
  test('may be asked by POST and by GET, without any header that a browser can not set', async () => {
    const url = `${service.url}?query=${encodeURIComponent(changes)}`;
    const readers = [
      await Reader.post(service.url, changes),
      await Reader.get(url, { accept: 'text/event-stream' }),
    ];
    await until(async () => (await service.metric(open)) === 2);
    await service.setInputPrice(model, '0.000000076');
    for (const reader of readers) {
      expect(reader.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
      expect(reader.response.headers.get('cache-control')).toBe('no-store');
      expect(await reader.next()).toEqual({
        event: 'next',
        data: {
          data: {
            offeringChanged: { kind: 'CHANGED', offeringId: `groq:us-east:on_demand:${model}` },
          },
        },
      });
      reader.leave();
    }
    await until(async () => (await service.metric(open)) === 0);
  });

  test('is chosen for a subscription by who accepts JSON as well', async () => {
    const reader = await Reader.post(service.url, changes, {
      accept:
        'application/graphql-response+json, application/json, multipart/mixed, text/event-stream',
    });
    expect(reader.response.headers.get('content-type')).toMatch('text/event-stream');
    reader.leave();
    const query = await fetch(service.url, {
      method: 'POST',
      headers: { ...streamHeaders, accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ query: '{ __typename }' }),
    });
    expect(await query.json()).toEqual({ data: { __typename: 'Query' } });
  });

  test('ends with `complete` behind the last event of a run', async () => {
    const run = await service.startRun();
    await run.deltas('a');
    await run.finish();
    const reader = await Reader.post(
      service.url,
      `subscription { inferenceEvents(id: "${run.id}") { kind } }`,
    );
    expect(await reader.next()).toMatchObject({
      data: { data: { inferenceEvents: { kind: 'TEXT' } } },
    });
    expect(await reader.next()).toMatchObject({
      data: { data: { inferenceEvents: { kind: 'FINISHED' } } },
    });
    expect(await reader.next()).toEqual({ event: 'complete', data: undefined });
    expect(await reader.next()).toBeUndefined();
  });

  test('shows that it is alive', async () => {
    const lively = await startForThisTest({ limits: { keepAliveMs: 20 } });
    const response = await fetch(lively.url, {
      method: 'POST',
      headers: streamHeaders,
      body: JSON.stringify({ query: changes }),
    });
    const reader = response.body!.getReader();
    let text = '';
    while (text.length < 9) text += new TextDecoder().decode((await reader.read()).value);
    expect(text.slice(0, 9)).toBe(':\n\n:\n\n:\n\n');
    await reader.cancel();
  });
});

describe('what is wrong is told', () => {
  async function toldInStream(query: string, variables?: unknown): Promise<unknown> {
    const reader = await Reader.post(service.url, query, {}, variables);
    expect(reader.response.status).toBe(200);
    const first = await reader.next();
    expect(await reader.next()).toEqual({ event: 'complete', data: undefined });
    expect(await reader.next()).toBeUndefined();
    return codeOf(first?.data);
  }

  test('in the stream, where it lies in the operation', async () => {
    expect(await toldInStream('subscription {')).toBe('GRAPHQL_PARSE_FAILED');
    expect(await toldInStream('subscription { nothing }')).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(await toldInStream('{ __typename }')).toBe('SUBSCRIPTIONS_ONLY');
    expect(await toldInStream('mutation { nothing }')).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(await toldInStream('subscription { inferenceEvents(id: "x") { kind } }')).toBe(
      'NOT_FOUND',
    );
    const query = 'subscription($a: Boolean!) { offeringChanged @include(if: $a) { kind } }';
    expect(await toldInStream(query, { a: true })).toBe('BAD_USER_INPUT');
    expect(await service.metric(open)).toBe(0);
  });

  test('by status, where it lies in the request or the caller', async () => {
    const guarded = await startForThisTest({ authenticate: routerOnly('token-1') });
    const post = async (headers: Readonly<Record<string, string>>, body = '{"query":"{"}') => {
      const response = await fetch(guarded.url, { method: 'POST', headers, body });
      return [response.status, codeOf(await response.json())];
    };
    const router = { ...streamHeaders, 'x-router-token': 'token-1' };
    expect(await post(streamHeaders)).toEqual([401, 'UNAUTHENTICATED']);
    expect(await post({ ...router, 'content-type': 'text/plain' })).toEqual([
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ]);
    expect(await post({ ...router, accept: 'text/html' })).toEqual([406, 'NOT_ACCEPTABLE']);
  });

  test('to a page from elsewhere, whichever way it asks', async () => {
    const url = `${service.url}?query=${encodeURIComponent(changes)}`;
    const asked = async (headers: Readonly<Record<string, string>>) => {
      // A browser's fetch sets these headers itself, which Node's lets nobody do.
      const response = await new Promise<IncomingMessage>((resolve) => {
        request(url, { headers: { accept: 'text/event-stream', ...headers } }, resolve).end();
      });
      response.destroy();
      return response.statusCode;
    };
    expect(await asked({ origin: 'https://evil.example' })).toBe(403);
    expect(await asked({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(
      await asked({ origin: new URL(service.url).origin, 'sec-fetch-site': 'same-origin' }),
    ).toBe(200);
    await until(async () => (await service.metric(open)) === 0);
  });

  test('beyond what the process carries, by 429', async () => {
    const small = await startForThisTest({ limits: { maxSubscriptions: 1 } });
    const first = await Reader.post(small.url, changes);
    const second = await Reader.post(small.url, changes);
    expect(second.response.status).toBe(429);
    first.leave();
    await until(async () => (await small.metric(open)) === 0);
  });
});

test('a reader that takes nothing is bounded, then cut', async () => {
  const strict = await startForThisTest({
    limits: { maxBufferedBytes: 16_000, slowReaderMs: 100, closeGraceMs: 100 },
  });
  const run = await strict.startRun();
  const stuck = request(strict.url, { method: 'POST', headers: streamHeaders }, (response) =>
    response.pause(),
  );
  stuck.on('error', () => undefined);
  stuck.end(
    JSON.stringify({ query: `subscription { inferenceEvents(id: "${run.id}") { text } }` }),
  );
  await until(async () => (await strict.metric(open)) === 1);
  const text = 'x'.repeat(100_000);
  for (let count = 0; count < 10; count += 1) {
    await run.deltas(...Array.from({ length: 20 }, () => text));
  }
  await until(async () => (await strict.metric(open)) === 0);
  expect(
    await strict.metric(
      'gpubroker_subscription_ends_total{transport="event_stream",reason="too_slow"}',
    ),
  ).toBe(1);
  await until(async () => (await strict.metric('gpubroker_http_requests_in_flight')) === 0);
  stuck.destroy();
  await run.finish();
});

test('a token that runs out ends the stream with the reason', async () => {
  const guarded = await startForThisTest({
    authenticate: () => ({ ...callerNamed('anna'), expiresAtMs: Date.now() + 1_000 }),
  });
  const reader = await Reader.post(guarded.url, changes);
  const first = await reader.next();
  expect(codeOf(first?.data)).toBe('UNAUTHENTICATED');
  expect(await reader.next()).toEqual({ event: 'complete', data: undefined });
});

test('a drain ends every stream with the reason, and is over at once', async () => {
  const draining = await startForThisTest();
  const readers = await Promise.all(
    Array.from({ length: 10 }, () => Reader.post(draining.url, changes)),
  );
  await until(async () => (await draining.metric(open)) === 10);
  const drained = draining.drain();
  for (const reader of readers) {
    expect(codeOf((await reader.next())?.data)).toBe('SERVICE_UNAVAILABLE');
    expect(await reader.next()).toEqual({ event: 'complete', data: undefined });
  }
  await drained;
  expect(draining.lines.some(({ msg }) => msg === 'drain exceeded its grace period')).toBe(false);
});
