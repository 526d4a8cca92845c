import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { after, hangUp, json } from '../support/groq-responders.ts';
import { ManualClock } from '../support/manual-clock.ts';
import {
  chatPath,
  listedModel,
  newKey,
  registryWith,
  startLaunching,
} from '../support/launching.ts';
import type { LaunchingService, ReceiptAnswer, Who } from '../support/launching.ts';

const model = 'test/contract';
const operator: Who = { caller: 'operations', scopes: 'inference:operate' };
const parameters = { maxOutputTokens: 100 };
const answered = json({
  id: 'chatcmpl-1',
  choices: [{ index: 0, message: { content: 'Yes.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 2 },
});

let service: LaunchingService;
let clock: ManualClock;

beforeAll(async () => {
  clock = new ManualClock(Date.parse('2026-11-23T12:00:00Z'));
  service = await startLaunching({
    clock,
    environment: { BUDGET_USD_PER_DAY: '0.01' },
    models: [listedModel(model, undefined, { context_window: 4000 })],
    registry: registryWith({
      nominalThroughputs: [],
      declaredPrices: [
        {
          model,
          price: { unit: 'TOKEN', input: '0.000001', output: '0.00001' },
          source: 'a contract of this test',
          validFrom: '2026-01-01',
        },
      ],
    }),
  });
  service.groq.reply(chatPath, answered);
});
afterAll(async () => {
  await service.close();
});

/** A run of unknown outcome: its answer was lost on the way. */
async function lost(caller: string, idempotencyKey = newKey()): Promise<ReceiptAnswer> {
  service.groq.replyOnce(chatPath, hangUp);
  const { run } = await service.launch({ idempotencyKey, model, parameters }, { caller });
  if (run?.state !== 'UNKNOWN') throw new Error(`The run is ${run?.state}`);
  return run;
}

async function budgetOf(caller: string): Promise<Readonly<Record<string, string>>> {
  const { viewer } = await service.data<{ viewer: { budget: Readonly<Record<string, string>> } }>(
    '{ viewer { budget { limit reserved spent resetsAt } } }',
    {},
    { caller },
  );
  return viewer.budget;
}

async function usageByDay(caller: string): Promise<readonly object[]> {
  const { inferenceUsage } = await service.data<{ inferenceUsage: object[] }>(
    `{ inferenceUsage(groupBy: [DAY]) { day runs unresolvedRuns charge costMinimum costMaximum } }`,
    {},
    { caller },
  );
  return inferenceUsage;
}

async function resolve(
  id: string,
  input: { outcome: string; cost?: string; evidence?: string },
  who: Who = operator,
) {
  const { resolveInference } = await service.data<{
    resolveInference: { code?: string; message?: string; run?: ReceiptAnswer };
  }>(
    `mutation ($input: ResolveInferenceInput!) { resolveInference(input: $input) {
      ... on InferenceResolved { run { state charge reserved cost { total certainty lines { kind amount } }
        resolution { outcome evidence by } } }
      ... on LaunchRefusal { code message } } }`,
    { input: { id, evidence: 'Row 17 of the provider’s invoice of November.', ...input } },
    who,
  );
  return resolveInference;
}

test('runs of unknown outcome are listed, hold their money, and cost the caller nothing', async () => {
  const caller = 'listed';
  const run = await lost(caller);
  await service.launch({ model, parameters }, { caller });
  const { inferenceRuns } = await service.data<{ inferenceRuns: object }>(
    `{ inferenceRuns(filter: { state: UNKNOWN }) { totalCount nodes { id charge failure { code message }
      cost { total minimum maximum certainty } } } }`,
    {},
    { caller },
  );
  expect(inferenceRuns).toMatchObject({
    totalCount: 1,
    nodes: [
      {
        id: run.id,
        charge: '0',
        failure: { code: 'CUT_ANSWER' },
        cost: { total: null, minimum: '0', maximum: run.reserved, certainty: 'UNKNOWN' },
      },
    ],
  });
  expect(await budgetOf(caller)).toMatchObject({ reserved: run.reserved, spent: '0.00003' });
});

test('an unknown outcome blocks the budget of its own day, and none after it', async () => {
  const caller = 'blocked';
  const run = await lost(caller);
  const before = service.sent();
  service.groq.reply(chatPath, hangUp);
  let refused;
  while (refused === undefined) {
    const answer = await service.launch({ model, parameters }, { caller });
    if (answer.run?.state !== 'UNKNOWN') refused = answer;
  }
  service.groq.reply(chatPath, answered);
  expect(service.sent()).toBeGreaterThan(before);
  expect(refused).toMatchObject({
    code: 'BUDGET_EXCEEDED',
    required: run.reserved,
    retryable: true,
    retryAfterSeconds: 43_200,
  });

  await clock.advance(12 * 3_600_000);
  expect(await budgetOf(caller)).toMatchObject({ reserved: '0', spent: '0' });
  const next = await service.launch({ model, parameters }, { caller });
  expect(next.run?.state).toBe('SUCCEEDED');
});

test('a late resolution is counted on its own date, and settles the budget of the day it was reserved on', async () => {
  const caller = 'resolved-late';
  const run = await lost(caller);
  const day = (offset: number) =>
    new Date(clock.now() + offset * 86_400_000).toISOString().slice(0, 10);
  expect(await usageByDay(caller)).toEqual([
    {
      day: day(0),
      runs: 0,
      unresolvedRuns: 1,
      charge: '0',
      costMinimum: '0',
      costMaximum: run.reserved,
    },
  ]);
  await clock.advance(2 * 86_400_000);
  const resolved = await resolve(run.id, { outcome: 'EXECUTED', cost: '0.0005' });
  expect(resolved.run).toMatchObject({
    state: 'FAILED',
    charge: '0.0005',
    cost: { total: '0.0005', certainty: 'EXACT', lines: [{ kind: 'RESOLVED', amount: '0.0005' }] },
    resolution: { outcome: 'EXECUTED', by: 'operations' },
  });
  expect(await usageByDay(caller)).toEqual([
    {
      day: day(0),
      runs: 1,
      unresolvedRuns: 0,
      charge: '0.0005',
      costMinimum: '0.0005',
      costMaximum: '0.0005',
    },
  ]);
  expect(await budgetOf(caller)).toMatchObject({ reserved: '0', spent: '0' });
});

describe('resolving', () => {
  test('takes the scope, evidence and, for what was executed, its cost', async () => {
    const run = await lost('guarded');
    const executed = { outcome: 'EXECUTED', cost: '0.0001' };
    expect(await resolve(run.id, executed, { caller: 'guarded' })).toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(await resolve(run.id, { ...executed, evidence: 'yes' })).toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringMatching(/evidence/),
    });
    expect(await resolve(run.id, { outcome: 'EXECUTED' })).toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringMatching(/cost/),
    });
    expect(await resolve('run_none', executed)).toMatchObject({ code: 'RUN_STATE' });
    expect((await resolve(run.id, executed)).run?.charge).toBe('0.0001');
    expect(await resolve(run.id, executed)).toMatchObject({ code: 'RUN_STATE' });
  });

  test('never charges more than was reserved, and shows what the provider took beside it', async () => {
    const caller = 'capped';
    const run = await lost(caller);
    const resolved = await resolve(run.id, { outcome: 'EXECUTED', cost: '7.5' });
    expect(resolved.run).toMatchObject({ charge: run.reserved, cost: { total: '7.5' } });
    expect(await usageByDay(caller)).toMatchObject([
      { charge: run.reserved, costMinimum: '7.5', costMaximum: '7.5' },
    ]);
  });

  test('as not executed frees the money, and the key may buy again', async () => {
    const caller = 'freed';
    const idempotencyKey = newKey();
    const run = await lost(caller, idempotencyKey);
    const before = service.sent();
    const replay = await service.launch({ idempotencyKey, model, parameters }, { caller });
    expect(replay).toMatchObject({ replayed: true, run: { state: 'UNKNOWN' } });
    expect(service.sent()).toBe(before);

    const resolved = await resolve(run.id, { outcome: 'NOT_EXECUTED' });
    expect(resolved.run).toMatchObject({ charge: '0', cost: { total: '0', certainty: 'EXACT' } });
    expect(await budgetOf(caller)).toMatchObject({ reserved: '0', spent: '0' });
    const again = await service.launch({ idempotencyKey, model, parameters }, { caller });
    expect(again).toMatchObject({ replayed: false, run: { id: run.id, state: 'SUCCEEDED' } });
  });
});

test('a new launch may stand in for an unknown one of the same caller, and says so', async () => {
  const caller = 'supersedes';
  const run = await lost(caller);
  const input = { model, parameters, supersedes: run.id };
  expect(await service.launch(input, { caller: 'somebody-else' })).toMatchObject({
    code: 'SUPERSEDES_INVALID',
    retryable: false,
  });
  const next = await service.launch(input, { caller });
  expect(next.run).toMatchObject({ state: 'SUCCEEDED', supersedes: run.id });
  await resolve(run.id, { outcome: 'NOT_EXECUTED' });
  expect(await service.launch(input, { caller })).toMatchObject({ code: 'SUPERSEDES_INVALID' });
});

test('a run over midnight is paid from the budget of the day it was reserved on', async () => {
  const caller = 'over-midnight';
  const untilMidnightMs = 86_400_000 - (clock.now() % 86_400_000);
  await clock.advance(untilMidnightMs - 30_000);
  const eve = new Date(clock.now()).toISOString().slice(0, 10);
  const morning = Promise.withResolvers<void>();
  service.groq.replyOnce(chatPath, after(morning.promise, answered));
  const { run } = await service.launch({ model, parameters, mode: 'ASYNC' }, { caller });
  expect(await budgetOf(caller)).toMatchObject({ reserved: run?.reserved, spent: '0' });
  await clock.advance(60_000);
  expect(await budgetOf(caller)).toMatchObject({ reserved: '0', spent: '0' });
  morning.resolve();
  expect(await service.ended(run?.id ?? '', { caller })).toMatchObject({ charge: '0.00003' });
  expect(await budgetOf(caller)).toMatchObject({ reserved: '0', spent: '0' });
  const [row, ...more] = (await usageByDay(caller)) as readonly { readonly day: string }[];
  expect(more).toEqual([]);
  expect(row).toMatchObject({ runs: 1, charge: '0.00003' });
  expect((row?.day ?? '') > eve).toBe(true);
});
