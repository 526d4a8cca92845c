import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { ComponentPrices } from '../../../src/domain/price.ts';
import { GroqAdapter, type GroqAdapterOptions } from '../../../src/providers/groq/groq-adapter.ts';
import { createOutwardHttp, type OutwardHttp } from '../../../src/providers/http.ts';
import type { FeedReading } from '../../../src/providers/provider.ts';
import { TestKeys } from '../../support/api-keys.ts';
import {
  after,
  bigBody,
  cutBody,
  empty,
  gzipBomb,
  gzipped,
  hang,
  hangMidBody,
  hangUp,
  html,
  json,
  jsonText,
  redirectTo,
} from '../../support/groq-responders.ts';
import { type GroqServer, startGroqServer } from '../../support/groq-server.ts';
import { describeProviderContract } from '../../support/provider-contract.ts';
import { recordedExchange, recordedNames } from '../../support/recorded-exchanges.ts';

const key = 'gsk_testKeyOfTheAdapterTests';
const nowMs = Date.UTC(2026, 10, 23, 12, 0, 0);
const clock = { now: () => nowMs, monotonic: () => 0 };
const never = new AbortController().signal;
const modelsPath = '/openai/v1/models';
const pricingPath = '/v1/pricing';
const newestList = 'models-list-2026-10-02-with-pricing';

let groq: GroqServer;
let http: OutwardHttp;
let keys: TestKeys;

beforeEach(async () => {
  groq = await startGroqServer({ key });
  http = createOutwardHttp({ clock });
  keys = new TestKeys(key);
});

afterEach(async () => {
  await http.close();
  await groq.close();
});

function adapter(overrides: Partial<GroqAdapterOptions> = {}): GroqAdapter {
  const pricingUrl = `${groq.url}${pricingPath}`;
  return new GroqAdapter({ baseUrl: groq.url, pricingUrl, keys, http, clock, ...overrides });
}

function good<Row>(reading: FeedReading<Row> | undefined) {
  if (reading === undefined) throw new Error('No reading');
  if (!reading.ok) throw new Error(`${reading.failure.code}: ${reading.failure.message}`);
  return reading;
}

async function pricesOf(provider: GroqAdapter) {
  const [pricing, models] = await provider.getPricing(never);
  if (pricing === undefined || models === undefined) throw new Error('Two readings are due');
  return { pricing, models };
}

function printed(components: ComponentPrices | undefined) {
  return components && JSON.parse(JSON.stringify(components));
}

describeProviderContract('GroqAdapter', async () => {
  const server = await startGroqServer({ key });
  const contractHttp = createOutwardHttp({ clock });
  const contractKeys = new TestKeys(key);
  const provider = new GroqAdapter({
    baseUrl: server.url,
    pricingUrl: `${server.url}${pricingPath}`,
    keys: contractKeys,
    http: contractHttp,
    clock,
  });
  return {
    provider,
    nowMs,
    secret: key,
    answerWell() {
      server.replay(newestList);
      server.reply(pricingPath, json({ 'openai/gpt-oss-20b': '0.0000001' }));
    },
    answerGarbage() {
      for (const path of [modelsPath, pricingPath]) server.reply(path, html());
    },
    hang() {
      for (const path of [modelsPath, pricingPath]) server.reply(path, hang);
    },
    refuseKey: () => server.acceptKeys('gsk_another'),
    takeKeyAway: (reason) => contractKeys.takeAway(reason),
    requestCount: () => server.requests.length,
    waitForRequests: (count) => server.waitForRequests(count),
    async stop() {
      await contractHttp.close();
      await server.close();
    },
  };
});

describe('every recorded model list', () => {
  it.each(recordedNames('models-list'))('%s is read whole, row for row', async (name) => {
    groq.replay(name);
    const { body, headers } = recordedExchange(name).response;
    const rows = (body as { data: Record<string, unknown>[] }).data;
    const reading = good(await adapter().listModels(never));
    expect(reading.rejected).toEqual([]);
    expect(reading.rows.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    expect(reading.rows.map(({ contextWindow }) => contextWindow)).toEqual(
      rows.map((row) => row['context_window']),
    );
    expect(reading.rows.map(({ ownedBy }) => ownedBy)).toEqual(rows.map((row) => row['owned_by']));
    expect(reading.servedCode).toBe(headers['x-groq-region']);
    expect(reading.observedAt).toBe(nowMs);
    expect(reading.source).toBe(`${groq.url}${modelsPath}`);
  });

  it('gives the prices of October 2026, digit for digit', async () => {
    groq.replay(newestList);
    const { models } = await pricesOf(adapter());
    const { rows, rejected, basis } = { ...good(models), basis: models.basis };
    expect(basis).toBe('LIVE');
    expect(rejected).toEqual([]);
    const prices = Object.fromEntries(rows.map((row) => [row.modelId, printed(row.components)]));
    const tokens = (input: string, output: string, cachedInput: string) => ({
      unit: 'TOKEN',
      input,
      output,
      cachedInput,
    });
    expect(prices).toEqual({
      'openai/gpt-oss-120b': tokens('0.00000015', '0.0000006', '0.000000075'),
      'openai/gpt-oss-20b': tokens('0.000000075', '0.0000003', '0.0000000375'),
      'openai/gpt-oss-safeguard-20b': tokens('0.000000075', '0.0000003', '0.0000000375'),
      'qwen/qwen3.8-27b': tokens('0.0000008', '0.000004', '0.0000004'),
      'meta-llama/llama-prompt-guard-2-22m': tokens('0.00000003', '0.00000003', '0.000000015'),
      'meta-llama/llama-prompt-guard-2-86m': tokens('0.00000004', '0.00000004', '0.00000002'),
      'canopylabs/orpheus-v1-english': { unit: 'CHARACTER', input: '0.000022' },
      'canopylabs/orpheus-arabic-saudi': { unit: 'CHARACTER', input: '0.00004' },
    });
  });

  it('gives no price at all where the list has none, as in April 2024', async () => {
    groq.replay('models-list-2024-04');
    const { models } = await pricesOf(adapter());
    expect(good(models)).toMatchObject({ rows: [], rejected: [] });
  });
});

describe('where Groq is', () => {
  it.each(['', '/', '/openai/v1', '/openai/v1/', '//'])(
    'is the same for a base URL that ends in %j',
    async (end) => {
      groq.replay(newestList);
      good(await adapter({ baseUrl: `${groq.url}${end}` }).listModels(never));
      expect(groq.requests.map(({ path }) => path)).toEqual([modelsPath]);
    },
  );

  it('may be behind a path of a proxy', async () => {
    groq.reply('/groq/openai/v1/models', recordedExchange(newestList));
    good(await adapter({ baseUrl: `${groq.url}/groq/openai/v1` }).listModels(never));
    expect(groq.requests.map(({ path }) => path)).toEqual(['/groq/openai/v1/models']);
  });

  it.each(['', 'api.groq.com', 'ftp://api.groq.com', '/openai/v1'])('is not %j', (baseUrl) => {
    expect(() => adapter({ baseUrl })).toThrow(TypeError);
  });

  it('has the price list elsewhere if the operator says so, with the key', async () => {
    const elsewhere = await startGroqServer({ key });
    elsewhere.reply('/prices', json({ m: '0.1' }));
    groq.replay(newestList);
    const { pricing } = await pricesOf(adapter({ pricingUrl: `${elsewhere.url}/prices?v=1` }));
    expect(good(pricing).source).toBe(`${elsewhere.url}/prices`);
    expect(elsewhere.requests).toMatchObject([{ path: '/prices?v=1', authorized: true }]);
    await elsewhere.close();
  });

  it('has no price list where none is configured', async () => {
    groq.replay(newestList);
    const readings = await adapter({ pricingUrl: undefined }).getPricing(never);
    expect(readings.map(({ feed }) => feed)).toEqual(['models']);
  });
});

describe('the two price feeds', () => {
  it('come most trusted first, each with its own source', async () => {
    groq.replay(newestList);
    groq.reply(
      pricingPath,
      jsonText('[{"model":"openai/gpt-oss-20b","costPerToken":0.0000000123456}]'),
    );
    const { pricing, models } = await pricesOf(adapter());
    expect(pricing).toMatchObject({
      feed: 'pricing',
      basis: 'LIVE',
      source: `${groq.url}/v1/pricing`,
    });
    expect(models).toMatchObject({ feed: 'models', basis: 'LIVE' });
    expect(good(pricing).rows[0]?.costPerToken?.toString()).toBe('0.0000000123456');
  });

  it('fail each for itself', async () => {
    groq.replay(newestList);
    groq.reply(pricingPath, html(502));
    const { pricing, models } = await pricesOf(adapter());
    expect(pricing).toMatchObject({ ok: false, failure: { code: 'SERVER_ERROR' } });
    expect(good(models).rows.length).toBeGreaterThan(0);
  });

  it.each([
    ["Groq's own 404", undefined],
    ['a 404 page', html(404)],
    ['an empty 404', empty(404)],
  ])('say UNSUPPORTED for the price list on %s', async (_words, responder) => {
    groq.replay(newestList);
    if (responder !== undefined) groq.reply(pricingPath, responder);
    const { pricing } = await pricesOf(adapter());
    expect(pricing).toMatchObject({
      ok: false,
      failure: { code: 'UNSUPPORTED', retryable: false },
    });
  });

  it('ask for a price list that is not there once an hour, and take it once it is', async () => {
    groq.replay(newestList);
    let presentMs = nowMs;
    const asking = adapter({ clock: { now: () => presentMs, monotonic: () => 0 } });
    const asked = () => groq.requestsTo(pricingPath).length;
    expect(await pricesOf(asking)).toMatchObject({
      pricing: { failure: { code: 'UNSUPPORTED' } },
    });
    presentMs += 3_599_999;
    expect(await pricesOf(asking)).toMatchObject({
      pricing: { failure: { code: 'UNSUPPORTED' } },
    });
    expect(asked()).toBe(1);
    presentMs += 1;
    groq.reply(pricingPath, json([{ model: 'm', costPerToken: '0.0000002625' }]));
    const { pricing } = await pricesOf(asking);
    expect(asked()).toBe(2);
    expect(good(pricing).rows).toHaveLength(1);
  });
});

describe('the model list', () => {
  it('is fetched once for models and prices that are asked for at the same time', async () => {
    groq.replay(newestList);
    const provider = adapter();
    await Promise.all([provider.listModels(never), provider.getPricing(never)]);
    expect(groq.requestsTo(modelsPath)).toHaveLength(1);
    await provider.listModels(never);
    expect(groq.requestsTo(modelsPath)).toHaveLength(2);
  });

  it('comes for those who stay when another caller leaves', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    groq.reply(modelsPath, after(gate, recordedExchange(newestList)));
    const provider = adapter();
    const abort = new AbortController();
    const left = provider.listModels(abort.signal);
    const stayed = provider.listModels(never);
    await groq.waitForRequests(1);
    abort.abort();
    expect(await left).toMatchObject({ ok: false, failure: { code: 'CANCELLED' } });
    release();
    expect(good(await stayed).rows).toHaveLength(11);
  });

  it('may come under gzip', async () => {
    groq.reply(modelsPath, gzipped(recordedExchange(newestList).response.body));
    expect(good(await adapter().listModels(never)).rows).toHaveLength(11);
  });

  it('is taken by what it is, not by its content type', async () => {
    const text = JSON.stringify(recordedExchange(newestList).response.body);
    groq.reply(modelsPath, jsonText(text, { headers: { 'content-type': 'text/html' } }));
    expect(good(await adapter().listModels(never)).rows).toHaveLength(11);
  });

  it('may be empty: what that means is not for the adapter to say', async () => {
    groq.reply(modelsPath, json({ object: 'list', data: [] }));
    expect(good(await adapter().listModels(never))).toMatchObject({ rows: [], rejected: [] });
  });

  it('keeps good rows and the reasons of bad ones', async () => {
    groq.reply(
      modelsPath,
      json({
        data: [
          { id: 'a', pricing: { prompt: '0.1', completion: '0.2' } },
          { id: 'b', pricing: { prompt: '-0.1' } },
          { pricing: { prompt: '0.1' } },
          { id: 'a' },
          { id: 'c', pricing: null },
        ],
      }),
    );
    const provider = adapter();
    const list = good(await provider.listModels(never));
    expect(list.rows.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect(list.rejected.map(({ id }) => id)).toEqual(['#3', 'a']);
    const prices = good((await pricesOf(provider)).models);
    expect(prices.rows.map(({ modelId }) => modelId)).toEqual(['a']);
    expect(prices.rejected).toEqual([{ id: 'b', reason: 'prompt is negative: "-0.1"' }]);
  });

  it.each([
    ['dls', 'dls'],
    ['us-west-1', 'us-west-1'],
    ['', undefined],
    ['a b', undefined],
    ['<script>', undefined],
    ['x'.repeat(41), undefined],
  ])('takes the region code %j as %j', async (code, expected) => {
    groq.reply(modelsPath, json({ data: [] }, { headers: { 'x-groq-region': code } }));
    expect(good(await adapter().listModels(never)).servedCode).toBe(expected);
  });
});

describe('the key', () => {
  it('goes with every call, as a bearer', async () => {
    groq.replay(newestList);
    const provider = adapter();
    await Promise.all([provider.listModels(never), provider.getPricing(never)]);
    expect(groq.requests).toHaveLength(2);
    for (const { headers } of groq.requests) expect(headers.authorization).toBe(`Bearer ${key}`);
  });

  it('is replaced once when it is refused and a newer one exists', async () => {
    groq.replay(newestList);
    groq.acceptKeys('gsk_newer');
    keys.rotateOnRefusal('gsk_newer');
    expect(good(await adapter().listModels(never)).rows).toHaveLength(11);
    expect(groq.requests.map(({ authorized }) => authorized)).toEqual([false, true]);
  });

  it('is replaced no second time', async () => {
    groq.replay(newestList);
    groq.acceptKeys('gsk_other');
    keys.rotateOnRefusal('gsk_newer');
    const reading = await adapter().listModels(never);
    expect(reading).toMatchObject({ ok: false, failure: { code: 'UNAUTHORIZED' } });
    expect(groq.requests).toHaveLength(2);
    expect(keys.refusals).toBe(1);
  });

  it('is not repeated when there is no newer one', async () => {
    groq.acceptKeys('gsk_other');
    const reading = await adapter().listModels(never);
    expect(reading).toMatchObject({
      ok: false,
      failure: { code: 'UNAUTHORIZED', retryable: false },
    });
    expect(groq.requests).toHaveLength(1);
  });

  it('that no header can carry is as good as none', async () => {
    const reading = await adapter({ keys: new TestKeys('gsk_a\nb') }).listModels(never);
    expect(reading).toMatchObject({ ok: false, failure: { code: 'UNCONFIGURED' } });
    expect(JSON.stringify(reading)).not.toContain('gsk_a');
    expect(groq.requests).toEqual([]);
  });

  it('goes nowhere through a redirect', async () => {
    const elsewhere = await startGroqServer({ key });
    groq.reply(modelsPath, redirectTo(`${elsewhere.url}${modelsPath}`, 307));
    const reading = await adapter().listModels(never);
    expect(reading).toMatchObject({
      ok: false,
      failure: { code: 'MALFORMED_ANSWER', httpStatus: 307 },
    });
    expect(elsewhere.requests).toEqual([]);
    await elsewhere.close();
  });
});

describe('a list that cannot be had', () => {
  const list = recordedExchange(newestList).response.body;

  it.each([
    ['HTML', html(), 'MALFORMED_ANSWER'],
    ['an empty body', empty(), 'MALFORMED_ANSWER'],
    ['cut JSON', jsonText('{"object":"list","data":[{"id":"a"'), 'MALFORMED_ANSWER'],
    ['another JSON', json({ status: 'ok' }), 'MALFORMED_ANSWER'],
    ['nested brackets', jsonText('['.repeat(200_000)), 'MALFORMED_ANSWER'],
    ['an error under 200', json({ error: { message: 'no' } }), 'MALFORMED_ANSWER'],
    ['200 MB that say so', bigBody(200_000_000, { declared: true }), 'ANSWER_TOO_LARGE'],
    ['200 MB that do not', bigBody(200_000_000, { declared: false }), 'ANSWER_TOO_LARGE'],
    ['200 MB under gzip', gzipBomb(200_000_000), 'ANSWER_TOO_LARGE'],
    ['a cut body', cutBody(list), 'CUT_ANSWER'],
    ['a connection that breaks off', hangUp, 'CUT_ANSWER'],
    ['silence', hang, 'TIMEOUT'],
    ['silence in the middle', hangMidBody(list), 'TIMEOUT'],
    ['an edge page', html(502), 'SERVER_ERROR'],
    ['a rate limit', recordedExchange('error-429-retry-after-gpt-oss-20b-2026'), 'RATE_LIMITED'],
  ])(
    'because of %s is a typed failure, and the next reading is unharmed',
    async (_words, responder, code) => {
      groq.replyOnce(modelsPath, responder);
      groq.replay(newestList);
      const impatient = { limits: { firstByteTimeoutMs: 60, idleTimeoutMs: 60 } };
      const provider = adapter(code === 'TIMEOUT' ? impatient : {});
      expect(await provider.listModels(never)).toMatchObject({
        ok: false,
        feed: 'models',
        failure: { code },
      });
      const patient = code === 'TIMEOUT' ? adapter() : provider;
      expect(good(await patient.listModels(never)).rows).toHaveLength(11);
    },
  );

  it('because nobody is there was never sent', async () => {
    const gone = await startGroqServer({ key });
    await gone.close();
    const reading = await adapter({ baseUrl: gone.url }).listModels(never);
    expect(reading).toMatchObject({
      ok: false,
      failure: { code: 'UNREACHABLE', execution: 'NOT_SENT', retryable: true },
    });
  });

  it('because the signal had aborted was never sent', async () => {
    expect(await adapter().listModels(AbortSignal.abort())).toMatchObject({
      ok: false,
      failure: { code: 'CANCELLED', execution: 'NOT_SENT' },
    });
    expect(groq.requests).toEqual([]);
  });
});
