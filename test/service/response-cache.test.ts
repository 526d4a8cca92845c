import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';

import { readConfig } from '../../src/config.ts';
import { createService } from '../../src/service.ts';
import { startGroqServer } from '../support/groq-server.ts';
import { ManualClock } from '../support/manual-clock.ts';

const token = 'router-token-of-these-tests-0123456789';

/** The service as it ships behind a router, with Groq on loopback and time that the test owns. */
async function startedService() {
  const dataDir = await mkdtemp(join(tmpdir(), 'response-cache-'));
  const groq = await startGroqServer({ key: 'gsk_test' });
  groq.replay('models-list-2026-10-02-with-pricing');
  const clock = new ManualClock();
  const config = readConfig({
    PORT: '0',
    DATA_DIR: dataDir,
    GROQ_API_KEY: 'gsk_test',
    GROQ_BASE_URL: groq.url,
    GROQ_PRICING_URL: `${groq.url}/v1/pricing`,
    MODELS_DEV_URL: '',
    AUTH_MODE: 'router',
    ROUTER_TOKENS: token,
  });
  const service = createService(config, { clock, log: pino({ level: 'silent' }) });
  const { url } = await service.start();
  onTestFinished(async () => {
    await service.stop();
    await groq.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const ask = async (body: unknown, headers: Readonly<Record<string, string>> = {}) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-router-token': token,
        'x-caller-id': 'caller-a',
        ...headers,
      },
      body: JSON.stringify(body),
    });
    return {
      status: response.status,
      cacheControl: response.headers.get('cache-control'),
      age: response.headers.get('age'),
      text: await response.text(),
    };
  };
  const until = async (query: string, wanted: string): Promise<void> => {
    for (let attempt = 0; attempt < 500; attempt += 1) {
      if ((await ask({ query, extensions: { attempt } })).text.includes(wanted)) return;
      await delay(10);
    }
    throw new Error(`Never answered: ${wanted}`);
  };
  await until('{ provider(id: "groq") { status { state } } }', 'READY');
  return { ask, groq, clock, url, until };
}

const listing =
  'query List($first: Int) { offerings(first: $first) { nodes { id pricing { freshness } } } }';

describe('finished bytes of the running service', () => {
  test('are sent again to every caller who may read, and to nobody who may not', async () => {
    const { ask } = await startedService();
    const first = await ask({ query: listing });
    expect(first.cacheControl).toMatch(/^public, max-age=\d+$/);
    expect(await ask({ query: listing }, { 'x-caller-id': 'caller-b' })).toMatchObject({
      text: first.text,
      age: '0',
    });
    const stranger = await ask({ query: listing }, { 'x-router-token': 'wrong' });
    expect(stranger.status).toBe(401);
    expect(stranger.cacheControl).toBe('no-store');
    expect(stranger.text).not.toContain('nodes');
  });

  test('do not cross variables, their order, or operation names', async () => {
    const { ask } = await startedService();
    const query =
      'query One($a: ID!, $b: ID!) { provider(id: $a) { id } model(id: $b) { id } } ' +
      'query Two($a: ID!, $b: ID!) { model(id: $b) { name } provider(id: $a) { name } }';
    const model = 'openai/gpt-oss-20b';
    const one = await ask({ query, operationName: 'One', variables: { a: 'groq', b: model } });
    const swapped = await ask({ query, operationName: 'One', variables: { b: model, a: 'groq' } });
    expect(swapped.text).toBe(one.text);
    const crossed = await ask({ query, operationName: 'One', variables: { a: model, b: 'groq' } });
    expect(crossed.text).toBe('{"data":{"provider":null,"model":null}}');
    const two = await ask({ query, operationName: 'Two', variables: { a: 'groq', b: model } });
    expect(two.text).toContain('"name":"Groq"');
    const neither = await ask({ query, variables: { a: 'groq', b: model } });
    expect(neither.text).toContain('errors');
    expect(neither.cacheControl).toBe('no-store');
  });

  test('are never those of what belongs to a caller, of errors or of the schema', async () => {
    const { ask } = await startedService();
    const bodies = [
      { query: '{ viewer { id } }' },
      { query: '{ providers { id } viewer { id } }' },
      { query: 'fragment R on Query { viewer { id } } { ...R }' },
      { query: '{ __schema { queryType { name } } }' },
      { query: '{ _service { sdl } }' },
      { query: '{ offerings(first: 0) { totalCount } }' },
      {
        query: '{ _entities(representations: [{ __typename: "Nobody", id: "1" }]) { __typename } }',
      },
      {
        query:
          '{ _entities(representations: [{ __typename: InferenceRun, id: "1" }]) { __typename } }',
      },
      {
        query: 'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }',
        variables: { r: [{ __typename: 'InferenceRun', id: '1' }] },
      },
      {
        query:
          '{ _entities(representations: [{ __typename: "Inference\\u0052un", id: "1" }]) { __typename } }',
      },
    ];
    for (const body of bodies) {
      expect({ body, ...(await ask(body)) }).toMatchObject({ body, cacheControl: 'no-store' });
    }
    const a = await ask({ query: '{ viewer { id } }' }, { 'x-caller-id': 'caller-a' });
    const b = await ask({ query: '{ viewer { id } }' }, { 'x-caller-id': 'caller-b' });
    expect([a.text, b.text]).toEqual([
      '{"data":{"viewer":{"id":"caller-a"}}}',
      '{"data":{"viewer":{"id":"caller-b"}}}',
    ]);
  });

  test('turn STALE on time when Groq is gone, although the answer was kept', async () => {
    const { ask, groq, clock, until } = await startedService();
    const before = await ask({ query: listing });
    expect(before.text).toContain('"FRESH"');
    await groq.close();
    const maxAge = Number(/max-age=(\d+)/.exec(before.cacheControl ?? '')?.[1]);
    expect(maxAge).toBeLessThanOrEqual(300);
    await clock.advance(600_000);
    const after = await ask({ query: listing });
    expect(after.text).toContain('"STALE"');
    expect(after.text).not.toContain('"FRESH"');
    await clock.advance(3_000_000);
    await until(listing, '"EXPIRED"');
    expect((await ask({ query: listing })).text).not.toContain('"STALE"');
  });

  test('show ages that are a second old at most', async () => {
    const { ask, clock } = await startedService();
    const query = '{ provider(id: "groq") { feeds { name ageSeconds } } }';
    const before = await ask({ query });
    expect(before.cacheControl).toBe('public, max-age=1');
    await clock.advance(5000);
    const after = await ask({ query });
    expect(after.text).not.toBe(before.text);
  });
});
