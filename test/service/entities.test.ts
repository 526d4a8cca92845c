import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { recordedExchange } from '../support/recorded-exchanges.ts';
import { startService, withKey } from '../support/service.ts';
import type { TestService } from '../support/service.ts';

let service: TestService;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  service = await startService(withKey, {
    groq: (server) =>
      server.reply('/openai/v1/models', recordedExchange('models-list-2026-10-02-with-pricing')),
    atEnd: (stop) => ends.push(stop),
  });
  await service.until<{ provider: { status: { state: string } } }>(
    '{ provider(id: "groq") { status { state } } }',
    ({ provider }) => provider.status.state === 'READY',
  );
});

afterAll(async () => {
  for (const end of ends) await end();
});

interface Entities {
  readonly _entities: readonly (Readonly<Record<string, unknown>> | null)[];
}

const entitiesQuery = `query ($representations: [_Any!]!) {
  _entities(representations: $representations) {
    __typename
    ... on Provider { id name kind }
    ... on Model { id name }
    ... on Offering { id region model { id } }
    ... on InferenceRun { id }
  }
}`;

const entities = (...representations: readonly unknown[]) =>
  service.query<Entities>(entitiesQuery, { representations });

const modelId = 'openai/gpt-oss-120b';
const offeringId = `groq:us-east:on_demand:${modelId}`;
const provider = { __typename: 'Provider', id: 'groq' };
const model = { __typename: 'Model', id: modelId };
const offering = { __typename: 'Offering', id: offeringId };

describe('entities', () => {
  it('of every type are found by their keys, in the order asked, in any mix, again and again', async () => {
    const answer = await entities(offering, provider, model, offering, model);
    expect(answer.errors).toBeUndefined();
    expect(answer.data?._entities).toEqual([
      { __typename: 'Offering', id: offeringId, region: 'us-east', model: { id: modelId } },
      { __typename: 'Provider', id: 'groq', name: 'Groq', kind: 'MODEL_HOSTING' },
      { __typename: 'Model', id: modelId, name: 'GPT OSS 120B' },
      { __typename: 'Offering', id: offeringId, region: 'us-east', model: { id: modelId } },
      { __typename: 'Model', id: modelId, name: 'GPT OSS 120B' },
    ]);
  });

  it('that do not exist are null, not made up, and no error', async () => {
    const answer = await entities(
      { __typename: 'Offering', id: 'groq:us-east:on_demand:none' },
      model,
      { __typename: 'Provider', id: 'nobody' },
      { __typename: 'Model', id: '__proto__' },
      { __typename: 'InferenceRun', id: 'run_none' },
    );
    expect(answer.errors).toBeUndefined();
    expect(answer.data?._entities).toEqual([
      null,
      { __typename: 'Model', id: modelId, name: 'GPT OSS 120B' },
      null,
      null,
      null,
    ]);
  });

  it.each([
    ['without an id', { __typename: 'Offering' }, 'The representation needs a string `id`.'],
    [
      'with a null id',
      { __typename: 'Model', id: null },
      'The representation needs a string `id`.',
    ],
    [
      'with an empty id',
      { __typename: 'Model', id: '' },
      'The representation needs a string `id`.',
    ],
    [
      'with a number for an id',
      { __typename: 'Provider', id: 7 },
      'The representation needs a string `id`.',
    ],
    [
      'with an object for an id',
      { __typename: 'Model', id: { eq: 'x' } },
      'The representation needs a string `id`.',
    ],
    ['without a type', { id: 'groq' }, 'The representation needs a string `__typename`.'],
    ['that is no object', 'groq', 'The representation needs a string `__typename`.'],
    [
      'of an unknown type',
      { __typename: 'Product', id: '1' },
      'No entity type of this name in this subgraph.',
    ],
    [
      'of a type that is no entity',
      { __typename: 'Query', id: '1' },
      'No entity type of this name in this subgraph.',
    ],
    [
      'of a type with a strange name',
      { __typename: 'constructor', id: '1' },
      'No entity type of this name in this subgraph.',
    ],
  ])(
    'a representation %s is an error at its own place and leaves the others alone',
    async (_, bad, message) => {
      const answer = await entities(model, bad, provider);
      expect(answer.status).toBe(200);
      expect(answer.data?._entities.map((entity) => entity?.['id'])).toEqual([
        modelId,
        undefined,
        'groq',
      ]);
      expect(answer.errors).toEqual([
        expect.objectContaining({
          message,
          path: ['_entities', 1],
          extensions: { code: 'BAD_USER_INPUT' },
        }),
      ]);
    },
  );

  it('are a thousand at once, in order; more are refused', async () => {
    const mix = [offering, model, provider, { __typename: 'Model', id: 'none' }];
    const thousand = Array.from({ length: 1_000 }, (_, index) => mix[index % 4] ?? provider);
    const answer = await entities(...thousand);
    expect(answer.errors).toBeUndefined();
    expect(answer.data?._entities.map((entity) => entity?.['id'])).toEqual(
      thousand.map(({ id }) => (id === 'none' ? undefined : id)),
    );
    const refused = await entities(...thousand, provider);
    expect(refused.data ?? null).toBeNull();
    expect(refused.errors?.[0]?.extensions['code']).toBe('DOCUMENT_TOO_MANY_REPRESENTATIONS');
  });

  it('may be none', async () => {
    expect((await entities()).data?._entities).toEqual([]);
  });

  it('may carry more than their key', async () => {
    const answer = await entities({ ...model, name: 'Another name', extra: { deep: [1] } });
    expect(answer.data?._entities[0]?.['name']).toBe('GPT OSS 120B');
  });
});

describe('a root field and `_entities` give equal objects', () => {
  const pricing = `input output cachedInput unit currency method basis version source observedAt freshness conflict { feed } pending { reason }`;
  const offeringFields = `
    id region serviceTier complianceFlags available launchable launchBlocker costPerToken throughput
    provider { id } model { id } pricing { ${pricing} }
    performance { basis nominal { tokensPerSecond source observedAt } throughput { p50 } }
    priceHistory { points { at costPerToken basis } truncated }
  `;
  const modelFields = `
    id name ownedBy task contextWindow maxOutputTokens inputModalities outputModalities features
    lifecycle lifecycleNote lifecycleSince replacement { id } source observedAt costPerToken
    throughput region regions offerings { totalCount nodes { id } }
  `;
  const providerFields = `
    id name kind region complianceFlags costPerToken throughput
    residency { declaredRegion basis observed { code region count } }
    status { state reason since } feeds { name state source lastSuccessAt error }
    limitations { feature reason source } cheapestOffering { id } fastestOffering { id }
    offerings(first: 100) { totalCount nodes { id } }
  `;

  it.each([
    ['Provider', 'provider', 'groq', providerFields],
    ['Model', 'model', modelId, modelFields],
    ['Model', 'model', 'llama3-8b-8192', modelFields],
    ['Offering', 'offering', offeringId, offeringFields],
    ['Offering', 'offering', 'groq:us-east:on_demand:allam-2-7b', offeringFields],
  ])('%s by %s(id: %s)', async (type, field, id, fields) => {
    const answer = await service.data<{ root: unknown } & Entities>(
      `query ($id: ID!, $representations: [_Any!]!) {
        root: ${field}(id: $id) { __typename ${fields} }
        _entities(representations: $representations) { __typename ... on ${type} { ${fields} } }
      }`,
      { id, representations: [{ __typename: type, id }] },
    );
    expect(answer.root).toMatchObject({ __typename: type, id });
    expect(answer._entities).toEqual([answer.root]);
  });

  it('and so do nodes of a list, its edges and the neighbours of an entity', async () => {
    const answer = await service.data<{
      offerings: { nodes: { id: string }[]; edges: { node: unknown }[] };
      model: { offerings: { nodes: unknown[] } };
    }>(`{
      offerings(filter: { model: "${modelId}" }) { nodes { ${offeringFields} } edges { node { ${offeringFields} } } }
      model(id: "${modelId}") { offerings { nodes { ${offeringFields} } } }
    }`);
    expect(answer.offerings.nodes.map(({ id }) => id)).toEqual([offeringId]);
    expect(answer.offerings.edges.map(({ node }) => node)).toEqual(answer.offerings.nodes);
    expect(answer.model.offerings.nodes).toEqual(answer.offerings.nodes);
  });
});

describe('what a router reads of the service', () => {
  it('is the schema with its keys and its version of federation', async () => {
    const { _service } = await service.data<{ _service: { sdl: string } }>('{ _service { sdl } }');
    expect(_service.sdl).toContain('type Offering @key(fields: "id")');
    expect(_service.sdl).toContain('https://specs.apollo.dev/federation/v2.9');
  });
});
