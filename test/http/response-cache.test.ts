import { gunzipSync, brotliDecompressSync } from 'node:zlib';

import { describe, expect, test } from 'vitest';

import { ByteText, bytesOf } from '../../src/graphql/byte-text.ts';
import type { CachePolicy } from '../../src/graphql/cache-policy.ts';
import type { HttpAnswer } from '../../src/http/answers.ts';
import type { GraphQLExchange } from '../../src/http/graphql-exchange.ts';
import { RequestRecord } from '../../src/http/request-record.ts';
import { ResponseCache } from '../../src/http/response-cache.ts';

interface Moment {
  readonly state: object;
  readonly nowMs: number;
  readonly validUntilMs: number | undefined;
}

interface Asked {
  readonly method?: 'GET' | 'POST';
  readonly raw?: string;
  readonly mediaType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const longBody = JSON.stringify({ data: 'x'.repeat(3000) });

/** A cache with an engine behind it whose answers a test decides. */
function cacheWith(options: { readonly maximumBytes?: number } = {}) {
  const lookups: string[] = [];
  const cache = new ResponseCache<Moment>({
    momentOf: (context) => context,
    maximumBytes: options.maximumBytes ?? 1_000_000,
    onLookup: (outcome) => lookups.push(outcome),
  });
  let runs = 0;
  const ask = async (
    moment: Moment,
    asked: Asked = {},
    engine: {
      readonly policy?: CachePolicy | undefined;
      readonly code?: string;
      readonly answer?: () => HttpAnswer | Promise<HttpAnswer>;
      /** Answers without waiting, as what is assembled from prepared parts does. */
      readonly atOnce?: boolean;
    } = { policy: 'SNAPSHOT' },
  ) => {
    const record = new RequestRecord({ method: 'POST', url: '/graphql', headers: {} });
    const exchange: GraphQLExchange<Moment> = {
      method: asked.method ?? 'POST',
      raw: asked.raw ?? '{"query":"{ providers { id } }"}',
      mediaType: asked.mediaType ?? 'application/json',
      headers: asked.headers ?? {},
      context: moment,
      record,
    };
    const answer = await cache.intercept(exchange, () => {
      runs += 1;
      record.cachePolicy = engine.policy;
      record.kind = 'query';
      if (engine.code !== undefined) record.errorCodes.push(engine.code);
      const made = engine.answer?.() ?? okay(`answer ${runs}`);
      return engine.atOnce === true ? made : Promise.resolve(made);
    });
    return { ...answer, text: String(answer.body), isRepeated: record.isRepeated };
  };
  return { ask, lookups, runs: () => runs };
}

const okay = (body: string): HttpAnswer => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body,
});

const at = (nowMs: number, state: object, validUntilMs?: number): Moment => ({
  state,
  nowMs,
  validUntilMs,
});

describe('what is sent again', () => {
  test('the same request in the same state gets the same bytes without a second run', async () => {
    const { ask, lookups, runs } = cacheWith();
    const state = {};
    expect((await ask(at(0, state))).text).toBe('answer 1');
    expect(await ask(at(500, state))).toMatchObject({ text: 'answer 1', isRepeated: true });
    expect(runs()).toBe(1);
    expect(lookups).toEqual(['miss', 'hit']);
  });

  test('nothing of the request but its method, media type and raw text makes a difference', async () => {
    const { ask, runs } = cacheWith();
    const state = {};
    await ask(at(0, state), { headers: { 'x-caller-id': 'a', cookie: 'a=1' } });
    await ask(at(0, state), { headers: { 'x-caller-id': 'b', 'x-forwarded-host': 'evil' } });
    expect(runs()).toBe(1);
    await ask(at(0, state), { mediaType: 'application/graphql-response+json' });
    await ask(at(0, state), { method: 'GET' });
    await ask(at(0, state), { raw: '{"query":"{ providers { id } }","variables":{}}' });
    expect(runs()).toBe(4);
  });

  test('a POST whose body spells a GET does not meet the answer of that GET', async () => {
    const { ask, runs } = cacheWith();
    const state = {};
    await ask(at(0, state), { method: 'GET', raw: '?query={a}' });
    await ask(at(0, state), { method: 'POST', raw: 'GET application/json ?query={a}' });
    await ask(at(0, state), { method: 'POST', raw: '?query={a}' });
    expect(runs()).toBe(3);
  });
});

describe('what came at once', () => {
  const atOnce = { policy: 'SNAPSHOT', atOnce: true } as const;

  test('is kept when it is asked for again, and is as fresh the first time', async () => {
    const { ask, lookups, runs } = cacheWith();
    const state = {};
    const first = await ask(at(0, state, 90_500), {}, atOnce);
    expect(first.headers).toMatchObject({
      'cache-control': 'public, max-age=90',
      age: '0',
      vary: 'accept, accept-encoding, authorization, x-router-token',
    });
    expect((await ask(at(2000, state, 90_500), {}, atOnce)).headers).toMatchObject({
      'cache-control': 'public, max-age=88',
      age: '0',
    });
    const third = await ask(at(3000, state, 90_500), {}, atOnce);
    expect(third).toMatchObject({ text: 'answer 2', isRepeated: true });
    expect(third.headers).toMatchObject({ 'cache-control': 'public, max-age=88', age: '1' });
    expect(runs()).toBe(2);
    expect(lookups).toEqual(['miss', 'miss', 'hit']);
  });

  test('drives out nothing while no two requests are alike', async () => {
    const { ask, runs } = cacheWith({ maximumBytes: 3 * 2200 });
    const state = {};
    await ask(at(0, state), { raw: 'kept' });
    for (let round = 0; round < 100; round += 1) {
      await ask(at(0, state), { raw: `other ${round}` }, atOnce);
    }
    expect(await ask(at(0, state), { raw: 'kept' })).toMatchObject({ isRepeated: true });
    expect(runs()).toBe(101);
  });

  test('is compressed once that it is kept', async () => {
    const { ask } = cacheWith();
    const state = {};
    const asked = { headers: { 'accept-encoding': 'gzip' } };
    const long = { ...atOnce, answer: () => okay(longBody) };
    const first = await ask(at(0, state), asked, long);
    expect(first.headers['content-encoding']).toBeUndefined();
    expect(first.text).toBe(longBody);
    const second = await ask(at(0, state), asked, long);
    expect(second.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(second.body as Uint8Array).toString()).toBe(longBody);
  });

  test('has its tag from the first GET on', async () => {
    const { ask } = cacheWith();
    const state = {};
    const first = await ask(at(0, state), { method: 'GET' }, atOnce);
    const headers = { 'if-none-match': first.headers['etag'] ?? '' };
    expect(await ask(at(0, state), { method: 'GET', headers }, atOnce)).toMatchObject({
      status: 304,
    });
  });

  test('is neither kept nor called fresh with an error in it or without a policy', async () => {
    const { ask, runs } = cacheWith();
    const state = {};
    for (const engine of [
      { ...atOnce, code: 'INTERNAL_SERVER_ERROR' },
      { ...atOnce, policy: undefined },
    ]) {
      for (let round = 0; round < 3; round += 1) {
        const answer = await ask(at(0, state), {}, engine);
        expect(answer.headers['cache-control']).toBeUndefined();
        expect(answer.isRepeated).toBe(false);
      }
    }
    expect(runs()).toBe(6);
  });

  test('is the same bytes whether it is kept or not, in whatever script', async () => {
    const { ask } = cacheWith();
    const state = {};
    const text = '{"name":"Ωmega 🤖 é"}';
    const answer = () => ({
      ...okay(''),
      body: new ByteText([bytesOf(text.slice(0, 9)), bytesOf(text.slice(9))]),
    });
    for (let round = 0; round < 3; round += 1) {
      expect((await ask(at(0, state), {}, { ...atOnce, answer })).text).toBe(text);
    }
  });
});

describe('what ends an answer', () => {
  test('another state ends it, also one that comes while it is made', async () => {
    const { ask, runs } = cacheWith();
    const [before, after] = [{}, {}];
    const { promise, resolve: release } = Promise.withResolvers<HttpAnswer>();
    const slow = ask(
      at(0, before),
      {},
      {
        policy: 'SNAPSHOT',
        answer: () => promise,
      },
    );
    expect((await ask(at(1, after))).text).toBe('answer 2');
    release(okay('of the old state'));
    expect((await slow).text).toBe('of the old state');
    expect(await ask(at(2, after))).toMatchObject({ text: 'answer 2', isRepeated: true });
    expect(runs()).toBe(2);
  });

  test('the next moment that changes the state ends it, and max-age says so', async () => {
    const { ask, runs } = cacheWith();
    const state = {};
    const first = await ask(at(0, state, 90_000));
    expect(first.headers['cache-control']).toBe('public, max-age=90');
    const later = await ask(at(89_999, state, 90_000));
    expect(later.headers).toMatchObject({ 'cache-control': 'public, max-age=90', age: '89' });
    await ask(at(90_000, state, 90_000));
    expect(runs()).toBe(2);
  });

  test('once that moment has passed nothing is kept until there is a new state', async () => {
    const { ask, runs } = cacheWith();
    const state = {};
    const answer = await ask(at(10, state, 5));
    expect(answer.headers['cache-control']).toBe('public, max-age=0');
    await ask(at(10, state, 5));
    expect(runs()).toBe(2);
  });

  test('an answer that shows ages lives for a second, any other for five minutes', async () => {
    const { ask, runs } = cacheWith();
    const state = {};
    await ask(at(0, state), { raw: 'brief' }, { policy: 'BRIEF' });
    await ask(at(999, state), { raw: 'brief' }, { policy: 'BRIEF' });
    expect(runs()).toBe(1);
    await ask(at(1000, state), { raw: 'brief' }, { policy: 'BRIEF' });
    expect(runs()).toBe(2);
    await ask(at(0, state), { raw: 'long' });
    await ask(at(299_999, state), { raw: 'long' });
    expect(runs()).toBe(3);
    await ask(at(300_000, state), { raw: 'long' });
    expect(runs()).toBe(4);
  });

  test('a clock that went back makes answers of the future anew', async () => {
    const { ask, runs } = cacheWith();
    const state = {};
    await ask(at(5000, state));
    await ask(at(4000, state));
    expect(runs()).toBe(2);
  });
});

describe('what is never kept', () => {
  test.each([
    ['an answer without a policy', { policy: undefined }],
    ['data beside an error', { policy: 'SNAPSHOT', code: 'INTERNAL_SERVER_ERROR' }],
    ['a refusal', { policy: 'SNAPSHOT', answer: () => ({ ...okay('no'), status: 400 }) }],
  ] as const)('%s', async (_, engine) => {
    const { ask, runs } = cacheWith();
    const state = {};
    const first = await ask(at(0, state), {}, engine);
    const second = await ask(at(0, state), {}, engine);
    expect(runs()).toBe(2);
    expect(first.headers['cache-control']).toBeUndefined();
    expect(second.isRepeated).toBe(false);
  });

  test('what does not fit the bound, and the oldest when the newest needs the room', async () => {
    const state = {};
    const none = cacheWith({ maximumBytes: 0 });
    await none.ask(at(0, state));
    await none.ask(at(0, state));
    expect(none.runs()).toBe(2);
    const few = cacheWith({ maximumBytes: 3 * 2200 });
    for (const raw of ['a', 'b', 'c', 'd']) await few.ask(at(0, state), { raw });
    await few.ask(at(0, state), { raw: 'd' });
    expect(few.runs()).toBe(4);
    await few.ask(at(0, state), { raw: 'a' });
    expect(few.runs()).toBe(5);
  });
});

describe('requests at the same time', () => {
  test('many that ask for one public answer run once', async () => {
    const { ask, runs } = cacheWith();
    const state = {};
    const engine = {
      policy: 'SNAPSHOT',
      answer: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return okay('shared');
      },
    } as const;
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => ask(at(0, state), {}, engine)),
    );
    expect(runs()).toBe(1);
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['shared']));
  });

  test('nobody waits for, or sees, an answer that belongs to another caller', async () => {
    const { ask } = cacheWith();
    const state = {};
    const { promise, resolve: release } = Promise.withResolvers<HttpAnswer>();
    const first = ask(
      at(0, state),
      {},
      {
        policy: undefined,
        answer: () => promise,
      },
    );
    const second = await ask(
      at(0, state),
      {},
      { policy: undefined, answer: () => okay('of the second') },
    );
    expect(second.text).toBe('of the second');
    release(okay('of the first'));
    expect((await first).text).toBe('of the first');
  });

  test('when the one that others wait for fails, they make their own answers', async () => {
    const { ask, runs } = cacheWith();
    const state = {};
    const failing = ask(
      at(0, state),
      {},
      {
        policy: 'SNAPSHOT',
        answer: async () => {
          await new Promise((resolve) => setImmediate(resolve));
          throw new Error('the client left');
        },
      },
    );
    const other = ask(at(0, state));
    await expect(failing).rejects.toThrow('the client left');
    expect((await other).text).toBe('answer 2');
    expect(runs()).toBe(2);
  });
});

describe('forms of one answer', () => {
  const state = {};
  const long = { policy: 'SNAPSHOT', answer: () => okay(longBody) } as const;
  const form = async (acceptEncoding: string) => {
    const { ask } = cacheWith();
    await ask(at(0, state), {}, long);
    return await ask(at(0, state), { headers: { 'accept-encoding': acceptEncoding } }, long);
  };

  test('br and gzip are the same bytes, compressed', async () => {
    const br = await form('gzip, deflate, br');
    expect(br.headers['content-encoding']).toBe('br');
    expect(brotliDecompressSync(br.body as Uint8Array).toString()).toBe(longBody);
    const gzip = await form('gzip');
    expect(gzip.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(gzip.body as Uint8Array).toString()).toBe(longBody);
  });

  test('a coding that the client refuses or does not name is not used', async () => {
    for (const accepted of ['identity', 'br;q=0, gzip; q=0.0', 'deflate', '']) {
      const answer = await form(accepted);
      expect(answer.headers['content-encoding']).toBeUndefined();
      expect(answer.text).toBe(longBody);
    }
  });

  test('a GET with the tag that it was given gets 304 without a body, whatever the encoding', async () => {
    const { ask } = cacheWith();
    const first = await ask(at(0, state), { method: 'GET' }, long);
    const etag = first.headers['etag'] ?? '';
    expect(etag).toMatch(/^W\/"[\w-]+"$/);
    for (const given of [etag, `"other", ${etag}`, etag.slice(2), '*']) {
      const headers = { 'if-none-match': given, 'accept-encoding': 'gzip' };
      const again = await ask(at(1000, state), { method: 'GET', headers }, long);
      expect(again).toMatchObject({ status: 304, text: '' });
      expect(again.headers).toMatchObject({ etag, age: '1' });
      expect(again.headers['content-encoding']).toBeUndefined();
    }
    const headers = { 'if-none-match': '"other"' };
    const changed = await ask(at(1000, state), { method: 'GET', headers }, long);
    expect(changed).toMatchObject({ status: 200, text: longBody });
  });

  test('shared caches are told what an answer may differ by', async () => {
    const { ask } = cacheWith();
    const answer = await ask(at(0, state));
    expect(answer.headers['vary']).toBe('accept, accept-encoding, authorization, x-router-token');
  });
});
