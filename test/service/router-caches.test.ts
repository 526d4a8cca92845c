import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { json } from '../support/groq-responders.ts';
import type { GroqServer } from '../support/groq-server.ts';
import { startInvalidationEndpoint } from '../support/invalidation-endpoint.ts';
import type { InvalidationEndpoint } from '../support/invalidation-endpoint.ts';
import { recordedExchange } from '../support/recorded-exchanges.ts';
import { startService, withKey } from '../support/service.ts';
import type { TestService } from '../support/service.ts';

const recording = 'models-list-2026-10-02-with-pricing';
const modelId = 'openai/gpt-oss-120b';
const offeringId = `groq:us-east:on_demand:${modelId}`;
const otherModelId = 'openai/gpt-oss-20b';
const otherOfferingId = `groq:us-east:on_demand:${otherModelId}`;
const sharedKey = 'shared-key-of-the-router-cache-tests';

interface Entry {
  readonly id: string;
  readonly pricing?: Record<string, string>;
}

/** Serves the recorded list with another price per input token for one model. */
function servePrice(groq: GroqServer, id: string, usd: string): void {
  const { data } = structuredClone(recordedExchange(recording)).response.body as {
    readonly data: readonly Entry[];
  };
  const pricing = data.find((entry) => entry.id === id)?.pricing;
  if (pricing === undefined) throw new Error(`No price of ${id}`);
  pricing['prompt'] = usd;
  groq.reply('/openai/v1/models', json({ object: 'list', data }));
}

const priceOf = (id: string) => `{ offering(id: "${id}") { pricing { input } } }`;

async function startedService(
  environment: Readonly<Record<string, string>>,
  atEnd?: (stop: () => Promise<void>) => void,
): Promise<TestService> {
  const service = await startService(
    { ...withKey, ...environment },
    { groq: (server) => server.replay(recording), ...(atEnd === undefined ? {} : { atEnd }) },
  );
  await service.until<{ provider: { status: { state: string } } }>(
    '{ provider(id: "groq") { status { state } } }',
    ({ provider }) => provider.status.state === 'READY',
  );
  return service;
}

/** The other settings beside the address of a router that is told. */
function toldAt({ url }: InvalidationEndpoint): Readonly<Record<string, string>> {
  return {
    ROUTER_INVALIDATION_URL: url,
    ROUTER_INVALIDATION_KEY: sharedKey,
    ROUTER_SUBGRAPH_NAME: 'inference',
  };
}

async function endpointForThisTest(): Promise<InvalidationEndpoint> {
  const endpoint = await startInvalidationEndpoint(sharedKey);
  onTestFinished(async () => await endpoint.close());
  return endpoint;
}

let asked = 0;

/** Asks in a way that no kept answer fits, so that the engine or the compiled query makes it. */
async function askAnew(service: TestService, query: string, variables?: unknown) {
  asked += 1;
  return await ask(service, { query, variables, extensions: { asked } });
}

async function ask(service: TestService, body: object) {
  const response = await fetch(service.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return {
    text,
    cacheControl: response.headers.get('cache-control') ?? '',
    ...(JSON.parse(text) as { readonly data?: unknown; readonly extensions?: Tags }),
  };
}

interface Tags {
  readonly apolloCacheTags?: readonly string[];
  readonly apolloEntityCacheTags?: readonly (readonly string[])[];
}

const entities = (selection: string) =>
  `query ($representations: [_Any!]!) { _entities(representations: $representations) { ${selection} } }`;

const representation = (__typename: string, id: unknown) => ({ __typename, id });

describe('Cache-Control', () => {
  let service: TestService;
  const ends: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    service = await startedService({}, (stop) => ends.push(stop));
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });

  const untilTheSnapshotSaysOtherwise = 300;
  const offering = [representation('Offering', offeringId)];

  test.each([
    ['{ __typename }', untilTheSnapshotSaysOtherwise],
    ['{ models(first: 1) { nodes { id name } } }', untilTheSnapshotSaysOtherwise],
    [
      '{ offerings(first: 1) { nodes { pricing { input freshness } } } }',
      untilTheSnapshotSaysOtherwise,
    ],
    ['{ offerings(first: 1) { nodes { pricing { input ageSeconds } } } }', 1],
    ['{ providers { name feeds { name } } }', 1],
    [`{ offering(id: "${offeringId}") { priceHistory { points { at } } } }`, 1],
    [
      `{ offering(id: "${offeringId}") { name: id priceAt(time: "2026-10-02T04:00:00Z") { at } } }`,
      1,
    ],
    [entities('... on Offering { costPerToken model { name } }'), untilTheSnapshotSaysOtherwise],
    [entities('... on Offering { pricing { ageSeconds } }'), 1],
  ])('of %s names the smallest life of what it shows', async (query, maxAge) => {
    const variables = query.includes('_entities') ? { representations: offering } : undefined;
    const { cacheControl, data } = await askAnew(service, query, variables);
    expect(data).toBeDefined();
    expect(cacheControl).toBe(`public, max-age=${maxAge}`);
  });

  test.each([
    ['{ viewer { id } }', undefined],
    ['{ inferenceRuns { totalCount } }', undefined],
    ['{ offerings(first: 1) { totalCount } viewer { id } }', undefined],
    [entities('... on InferenceRun { id }'), [representation('InferenceRun', 'run_1')]],
    [entities('__typename'), [...offering, representation('InferenceRun', 'run_1')]],
    ['{ offerings(first: 1000) { totalCount } }', undefined],
    ['{ nothing }', undefined],
    [entities('__typename'), [...offering, representation('Offering', '')]],
  ])(
    'of %s, which is a caller’s own or an error, keeps it out of every cache',
    async (query, of) => {
      const { cacheControl } = await askAnew(service, query, { representations: of });
      expect(cacheControl).toBe('no-store');
    },
  );

  test('no answer carries tags unless the operator wants them', async () => {
    for (const query of ['{ offerings(first: 1) { totalCount } }', priceOf(offeringId)]) {
      expect((await askAnew(service, query)).extensions).toBeUndefined();
    }
  });
});

describe('tags', () => {
  let service: TestService;
  const ends: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    service = await startedService({ CACHE_TAGS: '1' }, (stop) => ends.push(stop));
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });

  test.each([
    ['{ offerings(first: 1) { totalCount } }', ['catalogue']],
    ['{ models(first: 1) { totalCount } __typename }', ['catalogue']],
    [priceOf(offeringId), [`offering-${offeringId}`]],
    [
      `{ offering(id: "${offeringId}") { costPerToken model { name } provider { id name } } }`,
      [`offering-${offeringId}`],
    ],
    [
      `{ offering(id: "${offeringId}") { model { costPerToken } provider { throughput } } }`,
      [`offering-${offeringId}`, `model-${modelId}`, 'provider-groq'],
    ],
    [
      `{ offering(id: "${offeringId}") { ...On } } fragment On on Offering { model { offerings { nodes { provider { costPerToken } } } } }`,
      [`offering-${offeringId}`, `model-${modelId}`, 'catalogue'],
    ],
    [
      `{ model(id: "${modelId}") { offerings(first: 5) { nodes { costPerToken } } } }`,
      [`model-${modelId}`],
    ],
    ['{ model(id: "Mixtral-8x7B") { lifecycle } }', ['model-mixtral-8x7b-32768']],
    ['{ provider(id: "groq") { cheapestOffering { id costPerToken } } }', ['provider-groq']],
    [
      '{ provider(id: "groq") { cheapestOffering { model { costPerToken } } } }',
      ['provider-groq', 'catalogue'],
    ],
    ['{ provider(id: "nobody") { name } }', ['provider-nobody']],
    [
      `query ($id: ID! = "${modelId}") { a: model(id: $id) { costPerToken } b: provider(id: "groq") { name } }`,
      [`model-${modelId}`, 'provider-groq'],
    ],
  ])('of %s are one list for its root fields', async (query, tags) => {
    const { data, extensions } = await askAnew(service, query);
    expect(data).toBeDefined();
    expect(extensions).toEqual({ apolloCacheTags: tags });
  });

  test('of entities are a list for each representation, by position', async () => {
    const { data, extensions } = await askAnew(
      service,
      entities(`
        ... on Offering { costPerToken model { costPerToken } }
        ... on Model { name offerings(first: 1) { nodes { provider { throughput } } } }
        ... on Provider { ...Named }
      `) + ' fragment Named on Provider { name costPerToken }',
      {
        representations: [
          representation('Model', modelId),
          representation('Offering', offeringId),
          representation('Offering', 'unknown'),
          representation('Provider', 'groq'),
          representation('Offering', 'x'.repeat(400)),
        ],
      },
    );
    expect((data as { readonly _entities: readonly unknown[] })._entities).toHaveLength(5);
    expect(extensions).toEqual({
      apolloEntityCacheTags: [
        [`model-${modelId}`, 'catalogue'],
        [`offering-${offeringId}`, `model-${modelId}`],
        ['offering-unknown'],
        ['provider-groq'],
        [],
      ],
    });
  });

  test('of a document whose fragments lead to one another again and again are found at once', async () => {
    const fragments = Array.from(
      { length: 60 },
      (_, level) => `fragment F${level} on Offering { ...F${level + 1} ...F${level + 1} }`,
    );
    const last = 'fragment F60 on Offering { costPerToken }';
    const query = `{ offering(id: "${offeringId}") { ...F0 } } ${fragments.join(' ')} ${last}`;
    const { data, extensions } = await askAnew(service, query);
    expect(data).toEqual({ offering: { costPerToken: expect.any(String) as string } });
    expect(extensions).toEqual({ apolloCacheTags: [`offering-${offeringId}`] });
  });

  test('are the same whether an answer is made by the engine, compiled, or sent again', async () => {
    const representations = [representation('Offering', offeringId)];
    for (const [query, variables] of [
      ['query Same { offerings(first: 3) { nodes { id costPerToken } } }', {}],
      [entities('... on Offering { id costPerToken }'), { representations }],
    ] as const) {
      const byEngine = await askAnew(service, query, variables);
      const compiled = await askAnew(service, query, variables);
      const made = await ask(service, { query, variables });
      const sentAgain = await ask(service, { query, variables });
      expect(byEngine.extensions).toBeDefined();
      expect(
        new Set([byEngine, compiled, made, sentAgain].map(({ text }) => text.trim())).size,
      ).toBe(1);
    }
  });

  test('are on no answer that is an error or a caller’s own', async () => {
    for (const query of [
      '{ viewer { id } }',
      '{ nothing }',
      '{ offerings(first: 1000) { totalCount } }',
      '{ __typename }',
    ]) {
      expect((await askAnew(service, query)).extensions).toBeUndefined();
    }
  });
});

describe('a router that is to be told', () => {
  const tagsIn = ({ calls }: InvalidationEndpoint): ReadonlySet<string | undefined> =>
    new Set(calls.flat().map(({ cache_tag: tag }) => tag));

  test('hears of a changed price in one call, with the key and the tags in its own format', async () => {
    const endpoint = await endpointForThisTest();
    const service = await startedService(toldAt(endpoint));
    // The first poll made the shipped prices live, which is a change as well.
    await expect.poll(() => endpoint.calls.length).toBeGreaterThan(0);
    const before = endpoint.calls.length;
    servePrice(service.groq, modelId, '0.0000002');
    await service.advanceToNextPoll();
    await expect.poll(() => endpoint.calls.length).toBe(before + 1);
    const asTag = (tag: string) => ({
      kind: 'cache_tag',
      subgraphs: ['inference'],
      cache_tag: tag,
    });
    expect(endpoint.calls.at(-1)).toEqual(
      [`offering-${offeringId}`, `model-${modelId}`, 'provider-groq', 'catalogue'].map(asTag),
    );
    expect(new Set(endpoint.statuses)).toEqual(new Set([202]));
    expect(JSON.stringify(service.log)).not.toContain(sharedKey);
  });

  test('is told a tag of every answer that changed, and of none that can not have', async () => {
    const endpoint = await endpointForThisTest();
    const service = await startedService(toldAt(endpoint));
    const offering = [
      representation('Offering', offeringId),
      representation('Offering', otherOfferingId),
    ];
    const questions: readonly (readonly [string, unknown?])[] = [
      ['{ offerings(first: 100) { nodes { id costPerToken } } }'],
      ['{ models(first: 100) { nodes { id costPerToken } } }'],
      ['{ providers { id cheapestOffering { id pricing { input } } } }'],
      [priceOf(offeringId)],
      [priceOf(otherOfferingId)],
      [
        `{ offering(id: "${otherOfferingId}") { provider { offerings(first: 100) { nodes { costPerToken } } } } }`,
      ],
      [
        `{ offering(id: "${otherOfferingId}") { provider { offerings(first: 100) { nodes { model { costPerToken } } } } } }`,
      ],
      [`{ model(id: "${modelId}") { costPerToken } }`],
      [`{ model(id: "${otherModelId}") { name costPerToken } }`],
      [
        `{ model(id: "${otherModelId}") { offerings { nodes { provider { offerings(first: 100) { nodes { costPerToken } } } } } } }`,
      ],
      [
        '{ model(id: "Mixtral-8x7B") { replacement { id costPerToken replacement { costPerToken } } } }',
      ],
      [`{ provider(id: "groq") { offerings(first: 100) { nodes { costPerToken } } } }`],
      [entities('... on Offering { costPerToken }'), { representations: offering }],
    ];
    await expect.poll(() => endpoint.calls.length).toBeGreaterThan(0);
    const askAll = async () =>
      await Promise.all(
        questions.map(async ([query, variables]) => await askAnew(service, query, variables)),
      );
    const before = await askAll();
    const calls = endpoint.calls.length;
    servePrice(service.groq, modelId, '0.0000002');
    await service.advanceToNextPoll();
    await expect.poll(() => endpoint.calls.length).toBe(calls + 1);
    const stale = new Set(
      endpoint.calls
        .slice(calls)
        .flat()
        .map(({ cache_tag: tag }) => tag),
    );
    const after = await askAll();
    let changed = 0;
    for (const [index, { data, extensions }] of before.entries()) {
      const shown = partsOf(data, extensions);
      for (const [position, { part, tags }] of shown.entries()) {
        const now = partsOf(after[index]?.data, after[index]?.extensions)[position]?.part;
        const isStale = tags.some((tag) => stale.has(tag));
        const isChanged = JSON.stringify(part) !== JSON.stringify(now);
        if (isChanged) changed += 1;
        expect([questions[index]?.[0], position, isStale || !isChanged]).toEqual([
          questions[index]?.[0],
          position,
          true,
        ]);
      }
    }
    expect(changed).toBeGreaterThan(5);
    const untouched = [4, 8].map((index) => before[index]?.extensions?.apolloCacheTags ?? []);
    expect(untouched.flat().filter((tag) => stale.has(tag))).toEqual([]);
    expect(untouched.flat()).toHaveLength(2);
  });

  test('and is away holds no poll up, and hears of it once it is back', async () => {
    const endpoint = await endpointForThisTest();
    const service = await startedService(toldAt(endpoint));
    await expect.poll(() => endpoint.calls.length).toBeGreaterThan(0);
    const before = endpoint.calls.length;
    endpoint.answerNext(0, 503);
    const release = endpoint.hold();
    servePrice(service.groq, modelId, '0.0000002');
    await service.advanceToNextPoll();
    // The new price is served while nobody has taken the call.
    await service.until<{ offering: { pricing: { input: string } } }>(
      priceOf(offeringId),
      ({ offering }) => offering.pricing.input === '0.0000002',
    );
    expect(endpoint.calls.length).toBe(before);
    release();
    await expect.poll(() => endpoint.calls.length, { timeout: 20_000 }).toBe(before + 1);
    expect(tagsIn(endpoint)).toContain(`offering-${offeringId}`);
    expect(endpoint.statuses.slice(-3)).toEqual([0, 503, 202]);
  });

  test('and does not know the key is not asked again, and the log says why without it', async () => {
    const endpoint = await endpointForThisTest();
    const wrong = 'wrong-key-of-the-router-cache-tests';
    const service = await startedService({ ...toldAt(endpoint), ROUTER_INVALIDATION_KEY: wrong });
    await expect
      .poll(() => service.log.some(({ msg }) => msg === 'router_cache.not_invalidated'))
      .toBe(true);
    expect(service.log.find(({ msg }) => msg === 'router_cache.not_invalidated')).toMatchObject({
      reason: 'status 401',
    });
    expect(JSON.stringify(service.log)).not.toContain(wrong);
    expect(endpoint.calls).toEqual([]);
  });
});

/** What a router keeps apart: each entity, else the whole, with the tags that it keeps it by. */
function partsOf(data: unknown, extensions: Tags | undefined) {
  if (extensions?.apolloEntityCacheTags === undefined) {
    return [{ part: data, tags: extensions?.apolloCacheTags ?? [] }];
  }
  const { _entities: list } = data as { readonly _entities: readonly unknown[] };
  return extensions.apolloEntityCacheTags.map((tags, index) => ({ part: list[index], tags }));
}
