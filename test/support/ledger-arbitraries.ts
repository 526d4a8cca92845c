import * as fc from 'fast-check';

import { Decimal } from '../../src/domain/decimal.ts';
import type { InferenceUsage } from '../../src/domain/inference.ts';
import type { ComponentPrices } from '../../src/domain/price.ts';
import type { Cost } from '../../src/inference/cost.ts';
import type { Ending, Fact } from '../../src/inference/facts.ts';
import type { Attempt, Resolution, Run, RunFailure, RunTiming } from '../../src/inference/run.ts';

/** Text as callers and providers write it; columns take no NUL. */
const anyText = fc.string({ unit: 'binary', maxLength: 20 });
const anyColumnText = fc
  .string({ unit: 'binary', maxLength: 20 })
  .filter((text) => !text.includes('\u0000'));
const anyMoment = fc.integer({ min: 0, max: 4_000_000_000_000 });
const anyCount = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const anyDuration = fc
  .double({ min: 0, max: 1e9, noNaN: true })
  .map((value) => (Object.is(value, -0) ? 0 : value));

const anyDecimal = fc
  .tuple(fc.bigInt({ min: 0n, max: 10n ** 45n }), fc.integer({ min: 0, max: 45 }))
  .map(([coefficient, scale]) => Decimal.of(`${coefficient}e-${scale}`));

/** A plain object; members that may be missing are named apart from the required ones. */
function record<Model extends object>(model: {
  readonly [Name in keyof Model]: fc.Arbitrary<Model[Name]>;
}): fc.Arbitrary<Model>;
function record<Model extends object, Required extends keyof Model>(
  model: { readonly [Name in keyof Model]: fc.Arbitrary<Model[Name]> },
  requiredKeys: readonly Required[],
): fc.Arbitrary<Pick<Model, Required> & Partial<Model>>;
function record(model: object, requiredKeys?: readonly string[]): fc.Arbitrary<unknown> {
  return fc.record(model as Record<string, fc.Arbitrary<unknown>>, {
    noNullPrototype: true,
    ...(requiredKeys === undefined ? {} : { requiredKeys: [...requiredKeys] }),
  });
}

function maybe<Value>(values: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> {
  return fc.option(values, { nil: undefined });
}

const anyPrices: fc.Arbitrary<ComponentPrices> = record(
  {
    unit: fc.constantFrom('TOKEN', 'CHARACTER', 'AUDIO_SECOND'),
    input: anyDecimal,
    output: anyDecimal,
    cachedInput: anyDecimal,
  },
  ['unit'],
);

const anyUsage: fc.Arbitrary<InferenceUsage> = record(
  {
    inputTokens: anyCount,
    cachedInputTokens: anyCount,
    outputTokens: anyCount,
    reasoningTokens: anyCount,
    characters: anyCount,
    audioSeconds: anyDecimal,
  },
  [],
);

const anyTiming: fc.Arbitrary<RunTiming> = record(
  {
    queueMs: anyDuration,
    promptMs: anyDuration,
    completionMs: anyDuration,
    timeToFirstTokenMs: anyDuration,
    totalMs: anyDuration,
    overheadMs: anyDuration,
  },
  [],
);

const anyFailure: fc.Arbitrary<RunFailure> = record(
  {
    code: fc.constantFrom('OVER_CAPACITY', 'PROCESS_ENDED', 'CANCELLED_BY_CALLER'),
    message: anyText,
    retryable: fc.boolean(),
    retryAfterMs: anyCount,
  },
  ['code', 'message', 'retryable'],
);

const anyResolution: fc.Arbitrary<Resolution> = record({
  outcome: fc.constantFrom('EXECUTED', 'NOT_EXECUTED'),
  evidence: anyText,
  by: anyText,
  atMs: anyMoment,
  requestId: anyText,
});

const anyCost: fc.Arbitrary<Cost> = record({
  certainty: fc.constantFrom('EXACT', 'BOUNDED', 'UNKNOWN'),
  total: maybe(anyDecimal),
  minimum: anyDecimal,
  maximum: anyDecimal,
  lines: fc.array(
    record({
      kind: fc.constantFrom('INPUT', 'CACHED_INPUT', 'OUTPUT', 'RESOLVED'),
      quantity: anyDecimal,
      unitPrice: anyDecimal,
      amount: anyDecimal,
    }),
    { maxLength: 3 },
  ),
});

const anyOutcome = fc.constantFrom(
  'COMPLETED',
  'NOT_SENT',
  'NOT_EXECUTED',
  'EXECUTED',
  'UNKNOWN',
) satisfies fc.Arbitrary<Ending['outcome']>;

const anyAttempt: fc.Arbitrary<Attempt> = record({
  number: anyCount,
  sentAtMs: anyMoment,
  outcome: maybe(anyOutcome),
});

const anyEnding: fc.Arbitrary<Ending> = record({
  state: fc.constantFrom('SUCCEEDED', 'FAILED', 'CANCELLED', 'UNKNOWN'),
  outcome: maybe(anyOutcome),
  failure: maybe(anyFailure),
  usage: maybe(anyUsage),
  timing: anyTiming,
  servedCode: maybe(anyText),
  providerRequestId: maybe(anyText),
});

/** One arbitrary for each kind, so that none is forgotten. */
const factsByKind: {
  readonly [Kind in Fact['kind']]: fc.Arbitrary<Extract<Fact, { kind: Kind }>>;
} = {
  RESERVED: record({
    kind: fc.constant('RESERVED'),
    atMs: anyMoment,
    owner: anyColumnText,
    requestId: anyText,
    priceVersion: anyColumnText,
    prices: anyPrices,
    reserved: anyDecimal,
    deadlineAtMs: anyMoment,
  }),
  QUEUED: record({ kind: fc.constant('QUEUED'), atMs: anyMoment }),
  SENDING: record({ kind: fc.constant('SENDING'), atMs: anyMoment }),
  ATTEMPT_VOIDED: record({
    kind: fc.constant('ATTEMPT_VOIDED'),
    atMs: anyMoment,
    outcome: fc.constantFrom('NOT_SENT', 'NOT_EXECUTED'),
  }),
  CANCEL_REQUESTED: record({
    kind: fc.constant('CANCEL_REQUESTED'),
    atMs: anyMoment,
    by: anyText,
    requestId: anyText,
  }),
  ENDED: record({ kind: fc.constant('ENDED'), atMs: anyMoment, ending: anyEnding }),
  LOST: record({ kind: fc.constant('LOST'), atMs: anyMoment, reason: anyText }),
  ADOPTED: record({ kind: fc.constant('ADOPTED'), atMs: anyMoment, owner: anyColumnText }),
  RESOLVED: record({
    kind: fc.constant('RESOLVED'),
    resolution: anyResolution,
    cost: anyDecimal,
  }),
};

/** Every kind as often as every other. */
export const anyFact: fc.Arbitrary<Fact> = fc.oneof(...Object.values(factsByKind));

export const anyRun: fc.Arbitrary<Run> = record({
  id: anyColumnText,
  caller: anyColumnText,
  idempotencyKey: anyColumnText,
  requestHash: anyText,
  mode: fc.constantFrom('SYNC', 'ASYNC', 'STREAM'),
  providerId: anyColumnText,
  modelId: anyColumnText,
  offeringId: anyColumnText,
  task: fc.constantFrom('TEXT_GENERATION', 'TRANSCRIPTION', 'SPEECH'),
  declaredRegion: maybe(anyText),
  state: fc.constantFrom(
    'RESERVED',
    'QUEUED',
    'RUNNING',
    'SUCCEEDED',
    'FAILED',
    'CANCELLED',
    'UNKNOWN',
  ),
  createdAtMs: anyMoment,
  reservedAtMs: anyMoment,
  startedAtMs: maybe(anyMoment),
  finishedAtMs: maybe(anyMoment),
  settledAtMs: maybe(anyMoment),
  deadlineAtMs: anyMoment,
  cancelRequestedAtMs: maybe(anyMoment),
  priceVersion: anyColumnText,
  prices: anyPrices,
  reserved: anyDecimal,
  cost: anyCost,
  charge: anyDecimal,
  usage: maybe(anyUsage),
  timing: anyTiming,
  servedCode: maybe(anyText),
  providerRequestId: maybe(anyText),
  failure: maybe(anyFailure),
  attempts: fc.array(anyAttempt, { maxLength: 3 }),
  supersedes: maybe(anyText),
  metadata: maybe(fc.dictionary(anyText, anyText, { maxKeys: 4, noNullPrototype: true })),
  resolution: maybe(anyResolution),
  retriable: fc.boolean(),
  owner: anyColumnText,
  fence: anyCount,
  facts: anyCount,
});
