import * as fc from 'fast-check';
import {
  execute,
  getNamedType,
  isLeafType,
  isObjectType,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import type { ExecutionResult, GraphQLObjectType, OperationDefinitionNode } from 'graphql';
import { describe, expect, test } from 'vitest';

import { buildSnapshot } from '../../src/catalogue/build-snapshot.ts';
import { emptyMemory } from '../../src/catalogue/memory.ts';
import type { ProviderMemory } from '../../src/catalogue/memory.ts';
import type { Snapshot } from '../../src/catalogue/snapshot.ts';
import { Decimal } from '../../src/domain/decimal.ts';
import { CompiledQueries } from '../../src/graphql/compiled/compiled-queries.ts';
import { RequestContext } from '../../src/graphql/context.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { aProvider, parseEntries, tier } from '../support/registry-entries.ts';

const schema = createSchema(new URL('../../schema.graphql', import.meta.url));
const nowMs = Date.parse('2026-11-23T12:00:00Z');

/** A catalogue with every kind of gap: unknown prices, ages of all kinds, a model that is gone. */
function catalogue(version: number): Snapshot {
  const registry = parseEntries({
    groq: aProvider({
      name: 'Groq "quoted" \u2028 name',
      endpoints: { TEXT_GENERATION: '/chat' },
      region: { declared: 'us-east', basis: 'said', complianceFlags: ['region=us-east'] },
      serviceTiers: [tier('on_demand'), tier('flex')],
    }),
    other: aProvider({ name: 'Other', secretPath: 'b/key' }),
  });
  const memories = new Map<string, ProviderMemory>([
    ['groq', emptyMemory()],
    ['other', emptyMemory()],
  ]);
  for (const [providerId, memory] of memories) {
    memory.feeds.set('models', {
      source: 'https://provider.example/models',
      basis: 'LIVE',
      lastSuccessAtMs: nowMs - 1000 * version,
      failure: undefined,
      failingSinceMs: undefined,
      rejected: [{ id: 'bad', reason: 'no "id"' }],
    });
    memory.regions.set('us-east-1', { count: 3, lastSeenAtMs: nowMs - 5 });
    const prices = new Map();
    memory.prices.set('models', prices);
    for (let index = 0; index < 12; index += 1) {
      const id = `${providerId}/model-${index}`;
      memory.models.set(id, {
        model: {
          id,
          active: index % 4 !== 3,
          ...(index % 3 === 0 ? {} : { name: `Model "${index}" é`, ownedBy: 'Owner' }),
          ...(index % 2 === 0
            ? { contextWindow: 8192 * index, features: ['tools'], outputModalities: ['text'] }
            : {}),
        },
        source: 'https://provider.example/models',
        seenAtMs: index % 5 === 0 ? nowMs - 4_000_000 : undefined,
        missedReadings: index === 7 ? 2 : 0,
      });
      if (index % 4 === 2) continue;
      const price = (text: string) => Decimal.parse(text) ?? Decimal.zero;
      prices.set(id, {
        row: {
          modelId: id,
          components: {
            unit: 'TOKEN',
            input: price(`0.00000${index + version}`),
            output: price('0.000004'),
            cachedInput: index % 2 === 0 ? undefined : price('0'),
          },
        },
        seenAtMs: index % 5 === 1 ? nowMs - 700_000 : undefined,
      });
    }
  }
  const work = buildSnapshot({
    registry,
    memories,
    measurements: new Map(),
    previous: undefined,
    version,
    nowMs,
    defaultPollIntervalMs: 300_000,
  });
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

const snapshots = [catalogue(1), catalogue(2)];

function contextOf(snapshot: Snapshot, atMs: number): RequestContext {
  return new RequestContext({
    snapshot,
    nowMs: atMs,
    request: { requestId: 'r', traceId: undefined, signal: new AbortController().signal },
    caller: { id: 'c', scopes: new Set(), mayIntrospect: true },
    defaultDailyBudget: undefined,
    launcher: undefined as never,
    catalogueStore: undefined as never,
  });
}

interface Query {
  readonly text: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** What the engine answers, as text. */
async function engineAnswer(query: Query, context: RequestContext): Promise<ExecutionResult> {
  return await execute({
    schema,
    document: parse(query.text),
    variableValues: query.variables ?? {},
    contextValue: context,
  });
}

/** A compiler with one document that has come before. */
function compiled(query: Query) {
  const queries = new CompiledQueries(schema);
  const document = parse(query.text);
  const operation = document.definitions[0] as OperationDefinitionNode;
  const run = (context: RequestContext, variables = query.variables ?? {}) =>
    queries.execute(document, operation, variables, context)?.toString();
  run(contextOf(snapshots[0]!, nowMs));
  return run;
}

/** Both answers at several moments and over two snapshots; what is left to the engine is undefined. */
async function expectEqual(query: Query): Promise<number> {
  const run = compiled(query);
  let answered = 0;
  for (const [snapshot, atMs] of [
    [snapshots[0], nowMs],
    [snapshots[0], nowMs + 900_000],
    [snapshots[1], nowMs],
    [snapshots[0], nowMs + 5_000_000],
  ] as const) {
    const context = contextOf(snapshot!, atMs);
    const text = run(context);
    const engine = await engineAnswer(query, context);
    if (text === undefined) continue;
    answered += 1;
    expect(text).toBe(JSON.stringify(engine));
  }
  return answered;
}

describe('what is written instead of the engine', () => {
  test.each([
    [
      'rows with model and provider',
      '{ offerings { totalCount nodes { id model { name } provider { name } } } }',
    ],
    [
      'what depends on the present',
      '{ offerings { nodes { id launchable launchBlocker pricing { ageSeconds freshness } region } } }',
    ],
    [
      'feeds',
      '{ providers { feeds { name ageSeconds rejected { reason } } status { state since } } }',
    ],
    [
      'aliases and merged fields',
      '{ a: provider(id: "groq") { id n: name } a: provider(id: "groq") { n: name kind } b: provider(id: "none") { id } }',
    ],
    [
      'fragments',
      'query { offerings(first: 3) { ...P nodes { ... on Offering { id ...O } } } __typename } fragment P on OfferingConnection { pageInfo { hasNextPage endCursor __typename } edges { cursor node { ...O } } } fragment O on Offering { serviceTier model { id replacement { id } } }',
    ],
    [
      'connections within rows',
      '{ models(first: 2) { nodes { id offerings(first: 1, orderBy: { field: THROUGHPUT }) { nodes { id } totalCount } } } }',
    ],
    [
      'entities of several types',
      '{ _entities(representations: [{ __typename: "Offering", id: "groq:us-east:flex:groq/model-1" }, { __typename: "Model", id: "other/model-2" }, { __typename: "Provider", id: "nobody" }]) { __typename ... on Offering { id costPerToken } ... on Model { name } ... on Provider { id } } }',
    ],
  ])('%s', async (_, text) => {
    expect(await expectEqual({ text })).toBe(4);
  });

  test('variables, their defaults, and directives that depend on them', async () => {
    const text = `query ($first: Int = 2, $filter: OfferingFilter, $with: Boolean!, $without: Boolean = true) {
      offerings(first: $first, filter: $filter) {
        nodes { id model @include(if: $with) { name } region @skip(if: $without) ... @include(if: $with) { serviceTier } }
      }
    }`;
    for (const variables of [
      { with: true },
      { with: false, without: false, first: 5 },
      { with: true, first: null, filter: { provider: 'groq', maxCostPerToken: 0.5 } },
      { with: true, filter: { search: 'model', available: true, freshness: ['STALE'] } },
    ]) {
      expect(await expectEqual({ text, variables })).toBe(4);
    }
  });

  test('one document with other variables each time', async () => {
    const text =
      'query ($m: Decimal) { offerings(filter: { maxCostPerToken: $m }) { totalCount nodes { id costPerToken } } }';
    const run = compiled({ text });
    const context = contextOf(snapshots[0]!, nowMs);
    for (const m of ['0.000001', '0.000003', '0', '1e-6', 1]) {
      const variables = { m };
      expect(run(context, variables)).toBe(
        JSON.stringify(await engineAnswer({ text, variables }, context)),
      );
    }
  });
});

describe('what is left to the engine', () => {
  test.each([
    ['an argument out of bounds', '{ offerings(first: 0) { totalCount } }', {}],
    ['a cursor that is none', '{ offerings(after: "x") { totalCount } }', {}],
    [
      'a variable of the wrong type',
      'query ($f: Int) { offerings(first: $f) { totalCount } }',
      { f: 'x' },
    ],
    ['a missing variable', 'query ($f: Int!) { offerings(first: $f) { totalCount } }', {}],
    ['a null where none is allowed', 'query ($f: ID!) { provider(id: $f) { id } }', { f: null }],
    [
      'what the store has to be asked for',
      '{ offerings { nodes { priceHistory { truncated } } } }',
      {},
    ],
    ['what belongs to callers', '{ viewer { id } }', {}],
    [
      'runs',
      '{ _entities(representations: [{ __typename: "InferenceRun", id: "1" }]) { __typename } }',
      {},
    ],
    ['introspection', '{ __schema { queryType { name } } }', {}],
    [
      'a representation that can not be read',
      '{ _entities(representations: [{ __typename: "Model" }]) { __typename } }',
      {},
    ],
  ])('%s', (_, text, variables) => {
    const run = compiled({ text, variables });
    expect(run(contextOf(snapshots[0]!, nowMs))).toBeUndefined();
  });

  test('a document that comes for the first time', () => {
    const document = parse('{ providers { id } }');
    const operation = document.definitions[0] as OperationDefinitionNode;
    const queries = new CompiledQueries(schema);
    const context = contextOf(snapshots[0]!, nowMs);
    expect(queries.execute(document, operation, {}, context)).toBeUndefined();
    expect(String(queries.execute(document, operation, {}, context))).toContain('"groq"');
  });
});

/** Fields that a generated query may ask for, with arguments to choose from. */
const argumentChoices: Readonly<Record<string, readonly string[]>> = {
  'Query.provider': ['(id: "groq")', '(id: "none")'],
  'Query.model': ['(id: "groq/model-1")', '(id: "other/model-7")'],
  'Query.offering': ['(id: "groq:us-east:flex:groq/model-1")', '(id: "")'],
  'Query.offerings': [
    '',
    '(first: 3)',
    '(last: 2)',
    '(filter: { provider: "groq" }, orderBy: { field: THROUGHPUT, direction: DESC })',
    '(first: 0)',
    '(filter: { freshness: [STALE, EXPIRED] })',
  ],
  'Query.models': ['', '(first: 1)', '(filter: { features: "tools" })'],
  'Provider.offerings': ['', '(first: 2)'],
  'Model.offerings': ['(first: 1)', '(last: 1)'],
};
const excluded = new Set([
  'priceHistory',
  'priceAt',
  '_service',
  '_entities',
  'viewer',
  'inferenceRun',
  'inferenceRuns',
  'inferenceUsage',
  'estimateInference',
]);

/** Selections of a type, with aliases, directives, fragments and repeated fields. */
function selections(type: GraphQLObjectType, depth: number): fc.Arbitrary<string> {
  const fields = Object.values(type.getFields()).filter(
    ({ name, type: of }) => !excluded.has(name) && (depth > 0 || isLeafType(getNamedType(of))),
  );
  const field = fc.constantFrom(...fields).chain((chosen) => {
    const of = getNamedType(chosen.type);
    const choices = argumentChoices[`${type.name}.${chosen.name}`] ?? [''];
    return fc
      .record({
        alias: fc.constantFrom('', '', '', 'a: ', 'b: '),
        args: fc.constantFrom(...choices),
        directive: fc.constantFrom(
          '',
          '',
          '',
          '',
          '@include(if: $yes)',
          '@skip(if: $yes)',
          '@skip(if: false)',
        ),
        below: isObjectType(of) ? selections(of, depth - 1) : fc.constant(''),
      })
      .map(
        ({ alias, args, directive, below }) =>
          `${alias}${chosen.name}${args} ${directive} ${below}`,
      );
  });
  const item = fc.oneof(
    { weight: 8, arbitrary: field },
    { weight: 1, arbitrary: fc.constant('__typename') },
    {
      weight: 1,
      arbitrary: field.map((inner) => `... on ${type.name} @include(if: $yes) { ${inner} }`),
    },
    { weight: 1, arbitrary: field.map((inner) => `... { ${inner} }`) },
  );
  return fc.array(item, { minLength: 1, maxLength: 5 }).map((items) => `{ ${items.join(' ')} }`);
}

test('generated queries get the bytes that the engine would send, or are left to it', async () => {
  const query = schema.getQueryType()!;
  let answered = 0;
  let asked = 0;
  await fc.assert(
    fc.asyncProperty(selections(query, 4), fc.boolean(), async (text, yes) => {
      const whole = `query ($yes: Boolean!) ${text}`;
      const errors = validate(
        schema,
        parse(whole),
        specifiedRules.filter(({ name }) => name !== 'NoUnusedVariablesRule'),
      );
      fc.pre(errors.length === 0);
      asked += 4;
      answered += await expectEqual({ text: whole, variables: { yes } });
    }),
    { numRuns: 400 },
  );
  // Otherwise the property would hold for a compiler that answers nothing.
  expect(answered / asked).toBeGreaterThan(0.7);
});

/** Representations as routers send them, some of them of nothing and some that can not be read. */
const representations = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        __typename: fc.constantFrom('Provider', 'Model', 'Offering'),
        id: fc.constantFrom(
          'groq',
          'groq/model-1',
          'other/model-6',
          'groq:us-east:flex:groq/model-1',
          'groq:us-east:on_demand:groq/model-4',
          'nobody',
        ),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom<object>(
        { __typename: 'Model' },
        { __typename: 'Nobody', id: '1' },
        { __typename: 'Model', id: '' },
        { __typename: 'Offering', id: 7 },
      ),
    },
  ),
  { maxLength: 6 },
);

/** Variables of a listing, right and wrong. */
const listingVariables = fc.record(
  {
    first: fc.constantFrom<unknown>(1, 5, 100, 0, 101, null, '3'),
    filter: fc.constantFrom<unknown>(
      null,
      { provider: 'groq' },
      { provider: ['groq', 'other'], maxCostPerToken: '0.000004' },
      { maxCostPerToken: 0.000_003, minContextWindow: 20_000, available: true },
      { minThroughput: 1 },
      { freshness: ['STALE'] },
      { search: 'model é' },
      { provider: Array.from({ length: 101 }, () => 'groq') },
      { unheardOf: 1 },
    ),
    order: fc.constantFrom<unknown>(
      { field: 'NAME' },
      { field: 'CONTEXT_WINDOW', direction: 'DESC' },
      { field: 'OBSERVED_AT' },
      { field: 'NOTHING' },
    ),
    id: fc.constantFrom<unknown>('groq', 'nobody', 3, null),
  },
  { requiredKeys: [] },
);

test('generated operations with named fragments, variables and entities get the same bytes too', async () => {
  const typed = (name: string) => selections(schema.getType(name) as GraphQLObjectType, 2);
  let answered = 0;
  let asked = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        provider: typed('Provider'),
        model: typed('Model'),
        offering: typed('Offering'),
        yes: fc.boolean(),
        representations,
        listing: listingVariables,
      }),
      async ({ provider, model, offering, yes, ...given }) => {
        const text = `query (
          $yes: Boolean!, $representations: [_Any!]!, $id: ID = "groq"
          $first: Int = 2, $filter: OfferingFilter, $order: OfferingOrder
        ) {
          again: provider(id: $id) { ...P }
          offerings(first: $first, filter: $filter, orderBy: $order) { totalCount nodes { ...O ...O } }
          _entities(representations: $representations) { __typename ...P ...M ... on Offering { ...O } }
        }
        fragment P on Provider ${provider}
        fragment M on Model ${model}
        fragment O on Offering ${offering}`;
        const errors = validate(
          schema,
          parse(text),
          specifiedRules.filter(({ name }) => name !== 'NoUnusedVariablesRule'),
        );
        fc.pre(errors.length === 0);
        const variables = { ...given.listing, yes, representations: given.representations };
        asked += 4;
        answered += await expectEqual({ text, variables });
      },
    ),
    { numRuns: 200 },
  );
  // Operations that meet an error are left to the engine, and many of these do.
  expect(answered / asked).toBeGreaterThan(0.1);
});

test('every field of the catalogue is either written or left to the engine, none by accident', async () => {
  const leaves = (type: GraphQLObjectType, depth: number): string =>
    Object.values(type.getFields())
      .filter(({ name }) => !excluded.has(name))
      .map(({ name, type: of }): string => {
        const named = getNamedType(of);
        if (isLeafType(named)) return name;
        return isObjectType(named) && depth > 0
          ? `${name} { __typename ${leaves(named, depth - 1)} }`
          : '';
      })
      .join(' ');
  for (const root of ['providers', 'offerings', 'models']) {
    const of = getNamedType(schema.getQueryType()!.getFields()[root]!.type) as GraphQLObjectType;
    expect(await expectEqual({ text: `{ ${root} { ${leaves(of, 3)} } }` })).toBe(4);
  }
});
