import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createOutwardHttp, type OutwardHttp } from '../../../src/providers/http.ts';
import {
  ModelsDevFeed,
  type ModelsDevOptions,
} from '../../../src/providers/models-dev/models-dev-feed.ts';
import {
  bigBody,
  cutBody,
  empty,
  hang,
  html,
  json,
  jsonText,
  redirectTo,
  type Responder,
} from '../../support/groq-responders.ts';
import { type PublicListServer, startPublicListServer } from '../../support/public-list-server.ts';

const never = new AbortController().signal;
let nowMs: number;
let server: PublicListServer;
let http: OutwardHttp;

beforeEach(async () => {
  nowMs = Date.UTC(2026, 10, 23, 12, 0, 0);
  server = await startPublicListServer();
  http = createOutwardHttp({ clock: { now: () => nowMs } });
});

afterEach(async () => {
  await http.close();
  await server.close();
});

function feed(overrides: Partial<ModelsDevOptions> = {}): ModelsDevFeed {
  return new ModelsDevFeed({
    url: `${server.url}/api.json`,
    providers: ['groq'],
    http,
    clock: { now: () => nowMs },
    ...overrides,
  });
}

async function readGroq(models: string, etag?: string) {
  const headers = etag === undefined ? {} : { etag };
  server.reply(jsonText(`{"groq":{"id":"groq","models":${models}}}`, { headers }));
  const reading = (await feed().read(never)).get('groq');
  if (reading?.ok !== true) throw new Error(JSON.stringify(reading));
  return {
    rows: JSON.parse(JSON.stringify(reading.rows)) as unknown,
    rejected: reading.rejected,
  };
}

describe('a price of models.dev', () => {
  it.each([
    ['0.15', '0.6', '0.075', '0.00000015', '0.0000006', '0.000000075'],
    ['0.075', '0.3', '0.0375', '0.000000075', '0.0000003', '0.0000000375'],
    [
      '0.0123456',
      '12345678901234567e-20',
      '0.1',
      '0.0000000123456',
      '0.00000000012345678901234567',
      '0.0000001',
    ],
    ['0', '0', '0', '0', '0', '0'],
  ])(
    'of %s, %s and %s USD per million is exact per token',
    async (a, b, c, input, output, cachedInput) => {
      const { rows } = await readGroq(
        `{"m":{"cost":{"input":${a},"output":${b},"cache_read":${c}}}}`,
      );
      expect(rows).toEqual([
        { modelId: 'm', components: { unit: 'TOKEN', input, output, cachedInput } },
      ]);
    },
  );

  it('keeps what there is when it is given in part', async () => {
    const { rows } = await readGroq('{"a":{"cost":{"input":1}},"b":{"cost":{"output":2}}}');
    expect(rows).toEqual([
      { modelId: 'a', components: { unit: 'TOKEN', input: '0.000001' } },
      { modelId: 'b', components: { unit: 'TOKEN', output: '0.000002' } },
    ]);
  });

  it.each(['{}', '{"cost":null}', '{"cost":{}}', '{"cost":{"input":null}}'])(
    'is unknown in %s, not zero',
    async (model) => {
      expect(await readGroq(`{"m":${model}}`)).toEqual({ rows: [], rejected: [] });
    },
  );

  it.each([
    ['{"cost":{"input":-1}}', 'input is negative: -1'],
    ['{"cost":{"input":"free"}}', 'input is not a decimal number: "free"'],
    ['{"cost":{"input":1,"output":2000000}}', 'output is more than 1 USD per unit: 2000000'],
    ['{"cost":7}', 'the cost is not an object'],
    ['7', 'the row is not an object'],
    [
      '{"modalities":{"input":["text"],"output":["audio"]},"cost":{"input":50}}',
      'the list does not say what this cost is for',
    ],
    [
      '{"modalities":{"input":["audio"],"output":["text"]},"cost":{"input":50}}',
      'the list does not say what this cost is for',
    ],
  ])('is rejected alone in %s', async (model, reason) => {
    const { rows, rejected } = await readGroq(`{"m":${model},"ok":{"cost":{"input":1}}}`);
    expect(rows).toEqual([{ modelId: 'ok', components: { unit: 'TOKEN', input: '0.000001' } }]);
    expect(rejected).toEqual([{ id: 'm', reason }]);
  });
});

describe('the list of models.dev', () => {
  const list = {
    groq: { models: { m: { cost: { input: 1 } } } },
    other: { models: { n: { cost: { output: 2 } } } },
  };

  it('is read once for all providers, as LISTED, at the time of its answer', async () => {
    server.reply(json(list));
    const readings = await feed({ providers: ['groq', 'other'] }).read(never);
    expect([...readings.keys()]).toEqual(['groq', 'other']);
    for (const reading of readings.values()) {
      expect(reading).toMatchObject({
        ok: true,
        feed: 'models.dev',
        basis: 'LISTED',
        source: `${server.url}/api.json`,
        observedAt: nowMs,
      });
    }
    expect(server.requests).toHaveLength(1);
  });

  it('is asked for without any credential', async () => {
    server.reply(json(list));
    await feed().read(never);
    const [headers = {}] = server.requests;
    expect(Object.keys(headers).sort()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ]);
  });

  it('says so when it does not list a provider', async () => {
    server.reply(json(list));
    const readings = await feed({ providers: ['groq', 'unheard-of'] }).read(never);
    expect(readings.get('groq')?.ok).toBe(true);
    expect(readings.get('unheard-of')).toMatchObject({
      ok: false,
      failure: { code: 'UNSUPPORTED' },
    });
  });

  it('is confirmed by a 304: the same rows, answered now', async () => {
    server.reply(json(list, { headers: { etag: 'W/"abc"' } }));
    const models = feed();
    const first = (await models.read(never)).get('groq');
    nowMs += 300_000;
    server.reply(empty(304));
    const second = (await models.read(never)).get('groq');
    expect(server.requests[1]?.['if-none-match']).toBe('W/"abc"');
    expect(second).toEqual({ ...first, observedAt: nowMs });
  });

  it('replaces its rows and its tag when it changes', async () => {
    server.reply(json(list, { headers: { etag: '"1"' } }));
    const models = feed();
    await models.read(never);
    server.reply(json({ groq: { models: {} } }, { headers: { etag: '"2"' } }));
    expect((await models.read(never)).get('groq')).toMatchObject({ ok: true, rows: [] });
    server.reply(empty(304));
    expect((await models.read(never)).get('groq')).toMatchObject({ ok: true, rows: [] });
    expect(server.requests[2]?.['if-none-match']).toBe('"2"');
  });

  it.each(['', 'abc', '"a\u00e4"', `"${'x'.repeat(300)}"`])(
    'sends no tag back like %j',
    async (etag) => {
      server.reply(json(list, { headers: { etag } }));
      const models = feed();
      await models.read(never);
      await models.read(never);
      expect(server.requests[1]?.['if-none-match']).toBeUndefined();
    },
  );

  it.each<[string, Responder, string]>([
    ['a 304 that nobody asked for', empty(304), 'MALFORMED_ANSWER'],
    ['HTML', html(), 'MALFORMED_ANSWER'],
    ['an empty body', empty(), 'MALFORMED_ANSWER'],
    ['another JSON', json({ error: 'no' }), 'MALFORMED_ANSWER'],
    ['a list', json([]), 'MALFORMED_ANSWER'],
    ['a redirect', redirectTo('http://127.0.0.1:1/'), 'MALFORMED_ANSWER'],
    ['a 404', empty(404), 'UNSUPPORTED'],
    ['a 403', html(403), 'FORBIDDEN'],
    ['a 500', html(500), 'SERVER_ERROR'],
    ['a body that is too large', bigBody(200_000_000, { declared: false }), 'ANSWER_TOO_LARGE'],
    ['a cut body', cutBody(list), 'CUT_ANSWER'],
    ['silence', hang, 'TIMEOUT'],
  ])(
    'that cannot be had because of %s fails for every provider alike',
    async (_words, responder, code) => {
      server.reply(responder);
      const models = feed({
        providers: ['groq', 'other'],
        limits: code === 'TIMEOUT' ? { firstByteTimeoutMs: 60 } : {},
      });
      for (const reading of (await models.read(never)).values()) {
        expect(reading).toMatchObject({ ok: false, basis: 'LISTED', failure: { code } });
      }
    },
  );

  it('says how long to wait when it limits its callers', async () => {
    server.reply(empty(429, { 'retry-after': '60' }));
    expect((await feed().read(never)).get('groq')).toMatchObject({
      ok: false,
      failure: { code: 'RATE_LIMITED', retryable: true, retryAfterMs: 60_000 },
    });
  });

  it('is kept through a failure: the next 304 still means the last rows', async () => {
    server.reply(json(list, { headers: { etag: '"1"' } }));
    const models = feed();
    await models.read(never);
    server.reply(html(500));
    expect((await models.read(never)).get('groq')?.ok).toBe(false);
    server.reply(empty(304));
    expect((await models.read(never)).get('groq')).toMatchObject({ ok: true });
  });

  it.each(['', 'models.dev', 'file:///etc/passwd'])('is not at %j', (url) => {
    expect(() => feed({ url })).toThrow(TypeError);
  });
});
