import { randomUUID } from 'node:crypto';

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
import type { GraphQLObjectType, OperationDefinitionNode } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { CompiledLaunches } from '../../src/graphql/compiled/compiled-launches.ts';
import { RequestContext } from '../../src/graphql/context.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { hangUp } from '../support/groq-responders.ts';
import { headersOf, newKey, startLaunching } from '../support/launching.ts';
import { callerNamed, startLiveService } from '../support/live-service.ts';
import type { LiveService } from '../support/live-service.ts';

const schema = createSchema(new URL('../../schema.graphql', import.meta.url));
const chatPath = '/openai/v1/chat/completions';
const model = 'openai/gpt-oss-120b';

let live: LiveService;
/** Keys whose runs have ended in different ways. */
const keys = { succeeded: newKey(), unknown: newKey() };

beforeAll(async () => {
  live = await startLiveService();
  live.groq.replay('chat-cached-tokens-gpt-oss-120b');
  await launch(keys.succeeded);
  live.groq.replyOnce(chatPath, hangUp);
  await launch(keys.unknown);
});

afterAll(async () => {
  await live.stop();
});

async function launch(idempotencyKey: string): Promise<void> {
  const text =
    'mutation ($input: LaunchInferenceInput!) { launchInference(input: $input) { __typename } }';
  await engineAnswer(text, { input: input(idempotencyKey) }, contextOf());
}

function input(idempotencyKey: string, more: object = {}): object {
  return { idempotencyKey, model, prompt: 'Say hello.', ...more };
}

function contextOf(
  caller = callerNamed('local'),
  catalogueStore = live.store.catalogue,
): RequestContext {
  return new RequestContext({
    snapshot: live.catalogue.snapshot,
    nowMs: live.catalogue.snapshot.builtAtMs,
    request: { requestId: 'r', traceId: undefined, signal: new AbortController().signal },
    caller,
    defaultDailyBudget: undefined,
    launcher: live.launcher,
    catalogueStore,
  });
}

type Variables = Readonly<Record<string, unknown>>;

/** What the engine answers, as text. */
async function engineAnswer(
  text: string,
  variableValues: Variables,
  contextValue: RequestContext,
): Promise<string> {
  const document = parse(text);
  return JSON.stringify(await execute({ schema, document, variableValues, contextValue }));
}

/** A compiler with one document that has come before, in the way the service asks it. */
function compiled(text: string) {
  const launches = new CompiledLaunches(schema);
  const document = parse(text);
  const operation = document.definitions[0] as OperationDefinitionNode;
  const run = (variables: Variables, context: RequestContext) =>
    launches.execute(document, operation, variables, context);
  expect(run({}, contextOf())).toBeUndefined();
  return run;
}

/**
 * Expects that an operation that replays a run or is refused gets the engine's bytes.
 *
 * @returns who wrote them.
 */
async function expectEqual(
  text: string,
  variables: Variables,
  caller = callerNamed('local'),
): Promise<'COMPILED' | 'ENGINE'> {
  const expected = await engineAnswer(text, variables, contextOf(caller));
  const context = contextOf(caller);
  const body = await compiled(text)(variables, context);
  const answer = body?.toString() ?? (await engineAnswer(text, variables, context));
  expect(answer).toBe(expected);
  return body === undefined ? 'ENGINE' : 'COMPILED';
}

const allOfRefusals = `
  ... on LaunchRefusal { code message retryable retryAfterSeconds }
  ... on PriceChanged { offering { id pricing { version } } previous { version } }
  ... on CostLimitExceeded { limit required largestMaxOutputTokens }
  ... on ModelUnavailable { model { id } replacement { id } }
  ... on IdempotencyConflict { run { id state charge } }`;
const usual = `mutation Launch($input: LaunchInferenceInput!) {
  launchInference(input: $input) {
    __typename
    ... on InferenceLaunched { replayed run {
      id state mode createdAt usage { inputTokens outputTokens } cost { total certainty priceVersion lines { kind amount } }
      charge timing { totalMs overheadMs } offering { id region } model { name } failure { code message }
    } }
    ${allOfRefusals}
  }
}`;

describe('what is written instead of the engine', () => {
  test('a run that succeeded, and one of which nobody knows how it ended', async () => {
    expect(await expectEqual(usual, { input: input(keys.succeeded) })).toBe('COMPILED');
    expect(await expectEqual(usual, { input: input(keys.unknown) })).toBe('COMPILED');
  });

  test.each<[string, object]>([
    ['a request that breaks a rule', { prompt: undefined }],
    ['a key of another request', { idempotencyKey: 'KNOWN', prompt: 'Something else.' }],
    ['a limit on the cost', { maxCost: '0.00000001' }],
    ['a model that nobody has', { model: 'nobody/nothing' }],
    ['a price that has changed', { priceVersion: 'pv_other' }],
    ['a region that is not allowed', { allowedRegions: ['eu-west'] }],
  ])('a refusal: %s', async (_, more) => {
    const key = 'idempotencyKey' in more ? keys.succeeded : newKey();
    const variables = { input: { ...input(key, more), idempotencyKey: key } };
    expect(await expectEqual(usual, variables)).toBe('COMPILED');
  });

  test('a refusal to somebody who may not launch', async () => {
    const nobody = callerNamed(undefined, new Set());
    expect(await expectEqual(usual, { input: input(newKey()) }, nobody)).toBe('COMPILED');
  });

  test('a launch and what it answered, made once', async () => {
    const text = `mutation ($input: LaunchInferenceInput!) {
      launched: launchInference(input: $input) { ... on InferenceLaunched { replayed run { id output { text finishReason } } } }
    }`;
    const before = live.groq.requestsTo(chatPath).length;
    const variables = { input: input(newKey()) };
    const body = await compiled(text)(variables, contextOf());
    expect(live.groq.requestsTo(chatPath)).toHaveLength(before + 1);
    const replayed = await engineAnswer(text, variables, contextOf());
    expect(replayed).toContain('"finishReason":"stop"');
    expect(body?.toString()).toBe(replayed.replace('"replayed":true', '"replayed":false'));
  });

  test('input that the document itself holds, in parts or whole', async () => {
    const key = keys.succeeded;
    const whole = `mutation { launchInference(input: { idempotencyKey: "${key}", model: "${model}", prompt: "Say hello." }) { __typename ... on InferenceLaunched { run { id } } } }`;
    const parts = `mutation ($key: String!, $wait: Int! = 10) { launchInference(input: { idempotencyKey: $key, model: "${model}", prompt: "Say hello.", waitMs: $wait }) { __typename ... on InferenceLaunched { run { id } } } }`;
    expect(await expectEqual(whole, {})).toBe('COMPILED');
    expect(await expectEqual(parts, { key })).toBe('COMPILED');
  });
});

describe('what the engine writes, from the one launch that was made', () => {
  test.each([
    ['what has to be read from the store', 'output { text }'],
    ['events', 'events(first: 10) { kind text }'],
    ['an error in a field', 'id events(first: 0) { kind }'],
    ['the price that it was made at', 'cost { price { version } }'],
  ])('%s', async (_, fields) => {
    const text = `mutation ($input: LaunchInferenceInput!) { launchInference(input: $input) { ... on InferenceLaunched { replayed run { ${fields} } } } }`;
    expect(await expectEqual(text, { input: input(keys.succeeded) })).toBe('ENGINE');
  });

  test('a fresh launch with such a field is sent once and told as fresh', async () => {
    const text =
      'mutation ($input: LaunchInferenceInput!) { launchInference(input: $input) { ... on InferenceLaunched { replayed run { id events { kind } } } } }';
    const before = live.groq.requestsTo(chatPath).length;
    const variables = { input: input(newKey()) };
    const context = contextOf();
    expect(await compiled(text)(variables, context)).toBeUndefined();
    const answer = await engineAnswer(text, variables, context);
    expect(answer).toContain('"replayed":false');
    expect(live.groq.requestsTo(chatPath)).toHaveLength(before + 1);
    const replayed = await engineAnswer(text, variables, contextOf());
    expect(answer).toBe(replayed.replace('"replayed":true', '"replayed":false'));
  });

  test('an error that the launch itself ends with', async () => {
    const gone = await startLiveService();
    await gone.stop();
    const context = () => contextOf(callerNamed('local'), gone.store.catalogue);
    // The refusal names the price that was asked for, which has to be looked up.
    const variables = { input: input(newKey(), { priceVersion: 'pv_other' }) };
    const present = context();
    expect(await compiled(usual)(variables, present)).toBeUndefined();
    const answer = await engineAnswer(usual, variables, present);
    expect(JSON.parse(answer)).toMatchObject({
      data: null,
      errors: [{ path: ['launchInference'] }],
    });
    expect(answer).toBe(await engineAnswer(usual, variables, context()));
  });
});

describe('what is left to the engine from the beginning, before anything is launched', () => {
  test.each<[string, string, Variables]>([
    [
      'two launches',
      'mutation ($input: LaunchInferenceInput!) { a: launchInference(input: $input) { __typename } b: launchInference(input: $input) { __typename } }',
      { input: input('never') },
    ],
    [
      'another field beside it',
      'mutation ($input: LaunchInferenceInput!) { __typename launchInference(input: $input) { __typename } }',
      { input: input('never') },
    ],
    [
      'another mutation',
      'mutation { cancelInference(input: { id: "run_none" }) { __typename } }',
      {},
    ],
    [
      'a launch that is left out',
      'mutation ($input: LaunchInferenceInput!) { launchInference(input: $input) @skip(if: true) { __typename } }',
      { input: input('never') },
    ],
    ['a variable of the wrong type', usual, { input: 'never' }],
    ['a missing variable', usual, {}],
    ['a missing key', usual, { input: { model } }],
    [
      'a null where there must be none',
      'mutation ($key: String) { launchInference(input: { idempotencyKey: $key }) { __typename } }',
      { key: null },
    ],
  ])('%s', async (_, text, variables) => {
    const before = live.groq.requestsTo(chatPath).length;
    expect(compiled(text)(variables, contextOf())).toBeUndefined();
    expect(live.groq.requestsTo(chatPath)).toHaveLength(before);
    expect(await live.store.ledger.runByKey('local', 'never')).toBeUndefined();
  });
});

/** Fields of which no two answers are alike, or that a launch would wait for. */
const excluded = new Set(['ageSeconds', 'priceHistory', 'priceAt']);

/** Selections of a type, with aliases, directives and repeated fields. */
function selections(type: GraphQLObjectType, depth: number): fc.Arbitrary<string> {
  const fields = Object.values(type.getFields()).filter(
    ({ name, type: of, args }) =>
      !excluded.has(name) &&
      args.every(({ defaultValue }) => defaultValue !== undefined) &&
      (depth > 0 || isLeafType(getNamedType(of))),
  );
  const field = fc.constantFrom(...fields).chain((chosen) => {
    const of = getNamedType(chosen.type);
    return fc
      .record({
        alias: fc.constantFrom('', '', '', 'a: ', 'b: '),
        directive: fc.constantFrom('', '', '', '@include(if: $yes)', '@skip(if: $yes)'),
        below: isObjectType(of) ? selections(of, depth - 1) : fc.constant(''),
      })
      .map(({ alias, directive, below }) => `${alias}${chosen.name} ${directive} ${below}`);
  });
  const item = fc.oneof(
    { weight: 8, arbitrary: field },
    { weight: 1, arbitrary: fc.constant('__typename') },
    {
      weight: 1,
      arbitrary: field.map((inner) => `... on ${type.name} @include(if: $yes) { ${inner} }`),
    },
  );
  return fc.array(item, { minLength: 1, maxLength: 5 }).map((items) => `{ ${items.join(' ')} }`);
}

test('generated launches get the bytes that the engine would send, and are made once', async () => {
  const runFields = selections(schema.getType('InferenceRun') as GraphQLObjectType, 3);
  const writers = { COMPILED: 0, ENGINE: 0 };
  await fc.assert(
    fc.asyncProperty(
      runFields,
      fc.boolean(),
      fc.constantFrom(...Object.values(keys)),
      async (fields, yes, key) => {
        const text = `mutation ($yes: Boolean!, $input: LaunchInferenceInput!) {
          launchInference(input: $input) { ... on InferenceLaunched { replayed run ${fields} } ... on LaunchRefusal { code } }
        }`;
        const rules = specifiedRules.filter(({ name }) => name !== 'NoUnusedVariablesRule');
        fc.pre(validate(schema, parse(text), rules).length === 0);
        const before = live.groq.requests.length;
        writers[await expectEqual(text, { yes, input: input(key) })] += 1;
        expect(live.groq.requests).toHaveLength(before);
      },
    ),
    { numRuns: 300 },
  );
  // Otherwise the property would hold for a compiler that writes nothing.
  expect(writers.COMPILED).toBeGreaterThan(writers.ENGINE);
});

test('over HTTP nobody can tell the two apart', async () => {
  const service = await startLaunching();
  try {
    const ask = async (query: string, idempotencyKey: string) => {
      const response = await fetch(service.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headersOf() },
        body: JSON.stringify({ query, variables: { input: input(idempotencyKey) } }),
      });
      const headers = Object.fromEntries(response.headers);
      delete headers['x-request-id'];
      delete headers['date'];
      return { status: response.status, headers, body: await response.text() };
    };
    const key = randomUUID();
    const first = await ask(usual, key);
    expect(first.body).toContain('"replayed":false');
    // A document that comes for the first time is left to the engine.
    const byEngine = await ask(`${usual} `, key);
    expect(await ask(usual, key)).toEqual(byEngine);
    expect(service.sent()).toBe(1);
  } finally {
    await service.close();
  }
});
