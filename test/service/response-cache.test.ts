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
    for (let attempt = 0; attempt < 3_000; attempt += 1) {
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

  test('do not cross bodies that are of one length and come again and again', async () => {
    const { ask } = await startedService();
    const models = ['openai/gpt-oss-120b', 'qwen/qwen3.6-27b-x1', 'openai/gpt-oss-120c'];
    const bodies = models.map((id) => ({ query: `{ model(id: "${id}") { id } }` }));
    for (let turn = 0; turn < 4; turn += 1) {
      for (const [index, body] of bodies.entries()) {
        const { text } = await ask(body);
        expect(text).toBe(
          index === 0 ? `{"data":{"model":{"id":"${models[0]}"}}}` : '{"data":{"model":null}}',
        );
      }
    }
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

  test('of entities are those of the very batch that was asked for', async () => {
    const { ask } = await startedService();
    const query =
      'query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Model { id } ... on Provider { id name } } }';
    const provider = { __typename: 'Provider', id: 'groq' };
    const model = { __typename: 'Model', id: 'openai/gpt-oss-20b' };
    const run = { __typename: 'InferenceRun', id: 'run' };
    const providerText = '{"__typename":"Provider","id":"groq","name":"Groq"}';
    const modelText = '{"__typename":"Model","id":"openai/gpt-oss-20b"}';
    for (let round = 0; round < 3; round += 1) {
      const forward = await ask({ query, variables: { r: [provider, model] } });
      expect(forward.text).toBe(`{"data":{"_entities":[${providerText},${modelText}]}}`);
      expect(forward.cacheControl).toMatch(/^public, max-age=\d+$/);
      const backward = await ask({ query, variables: { r: [model, provider] } });
      expect(backward.text).toBe(`{"data":{"_entities":[${modelText},${providerText}]}}`);
      const mixed = await ask({ query, variables: { r: [provider, run] } });
      expect(mixed.cacheControl).toBe('no-store');
    }
  });

  test('differ by no header that a caller makes up', async () => {
    const { ask } = await startedService();
    const plain = await ask({ query: listing });
    const poisons = [
      { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'javascript' },
      { 'x-original-url': '/metrics', 'x-rewrite-url': '/metrics' },
      { 'x-http-method-override': 'DELETE' },
      { cookie: 'session=1', origin: 'https://evil.example', referer: 'https://evil.example' },
      { 'apollo-federation-include-trace': 'ftv1' },
      { 'x-caller-scopes': 'inference:operate' },
      { 'cache-control': 'no-cache', pragma: 'no-cache' },
    ];
    for (const headers of poisons) {
      const poisoned = await ask({ query: listing, extensions: {} }, headers);
      expect({ headers, text: poisoned.text }).toEqual({ headers, text: plain.text });
    }
    for (let round = 0; round < 3; round += 1) {
      expect((await ask({ query: listing, extensions: {} })).text).toBe(plain.text);
    }
  });

  test('are not kept where a part of the data failed', async () => {
    const { ask } = await startedService();
    const query =
      '{ providers { id } _entities(representations: [{ __typename: "Model" }]) { __typename } }';
    for (let round = 0; round < 3; round += 1) {
      const answer = await ask({ query });
      expect(answer.text).toContain('"providers":[{"id":"groq"}]');
      expect(answer.text).toContain('"errors"');
      expect(answer.cacheControl).toBe('no-store');
    }
  });

  test('say to the second how long they stay true, and are another answer after it', async () => {
    const { ask, groq, clock } = await startedService();
    await groq.close();
    const askThrice = async () => {
      const answers = [];
      for (let round = 0; round < 3; round += 1) answers.push(await ask({ query: listing }));
      return answers;
    };
    let freshUntilMs = 0;
    // Until the answer turns, no answer may promise to stay true beyond the moment at which it turned.
    const promises: { readonly atMs: number; readonly seconds: number }[] = [];
    for (let atMs = 0; atMs <= 660_000; atMs += 20_000) {
      for (const { text, cacheControl, age } of await askThrice()) {
        if (!text.includes('"STALE"')) {
          freshUntilMs = atMs;
          const maxAge = Number(/max-age=(\d+)/.exec(cacheControl ?? '')?.[1]);
          promises.push({ atMs, seconds: maxAge - Number(age) });
        }
      }
      await clock.advance(20_000);
    }
    expect(freshUntilMs).toBeGreaterThan(300_000);
    expect(freshUntilMs).toBeLessThan(660_000);
    for (const { atMs, seconds } of promises) {
      expect(atMs + seconds * 1000).toBeLessThanOrEqual(freshUntilMs + 20_000);
    }
  });

  test('are spared a client that has them already', async () => {
    const { url } = await startedService();
    const target = `${url}?query=${encodeURIComponent('{ providers { id } }')}`;
    const get = async (headers: Readonly<Record<string, string>>) =>
      await fetch(target, {
        headers: { 'x-router-token': token, 'apollo-require-preflight': '1', ...headers },
      });
    const first = await get({});
    const etag = first.headers.get('etag') ?? '';
    expect(await first.text()).toBe('{"data":{"providers":[{"id":"groq"}]}}');
    const again = await get({ 'if-none-match': etag });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
    const stranger = await get({ 'if-none-match': etag, 'x-router-token': 'wrong' });
    expect(stranger.status).toBe(401);
  });

  test('are those of the snapshot that is there, from the first request after a poll', async () => {
    const { ask, clock, until } = await startedService();
    const query = '{ offerings(first: 1) { snapshotVersion totalCount } }';
    let before = '';
    for (let round = 0; round < 3; round += 1) before = (await ask({ query })).text;
    await clock.advance(330_000);
    const version = Number(/"snapshotVersion":(\d+)/.exec(before)?.[1]);
    await until('{ offerings(first: 1) { snapshotVersion } }', `"snapshotVersion":${version + 1}`);
    for (let round = 0; round < 3; round += 1) {
      expect((await ask({ query })).text).toContain(`"snapshotVersion":${version + 1}`);
    }
  });
});
