import { randomUUID } from 'node:crypto';

import { Decimal } from '../../src/domain/decimal.ts';
import { unknownCost } from '../../src/inference/cost.ts';
import { afterFact, type Ending, type Fact } from '../../src/inference/facts.ts';
import { Ledger, type LedgerOptions } from '../../src/inference/ledger.ts';
import type { Reservation } from '../../src/inference/reservation.ts';
import type { LedgerStore } from '../../src/inference/ledger-store.ts';
import type { Run } from '../../src/inference/run.ts';

/** Noon of a day on which all samples begin. */
export const noonMs = Date.parse('2026-11-23T12:00:00Z');
export const today = '2026-11-23';
export const dayMs = 86_400_000;

/** Prices whose amounts have many digits. */
export const awkwardPrices = {
  unit: 'TOKEN',
  input: Decimal.of('0.0000000731'),
  output: Decimal.of('0.00000033333333333333333333333'),
  cachedInput: Decimal.of('0.000000000000000000000000000007'),
} as const;

/** A clock that a test sets. */
export class SetClock {
  #nowMs = noonMs;

  now(): number {
    return this.#nowMs;
  }

  set(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  pass(ms: number): void {
    this.#nowMs += ms;
  }
}

/** The book of one process over a store. */
export function ledgerOver(
  store: LedgerStore,
  { owner = randomUUID(), clock = new SetClock(), ...rest }: Partial<LedgerOptions> = {},
): Ledger {
  return new Ledger({
    store,
    clock,
    owner,
    launchesPerMinute: undefined,
    keyLifeMs: 90 * dayMs,
    onOverrun: () => undefined,
    ...rest,
  });
}

/** A reservation of its own caller and key, but for what is given. */
export function reservation(given: Partial<Reservation> = {}): Reservation {
  return {
    id: `run_${randomUUID()}`,
    caller: `caller-${randomUUID()}`,
    requestId: 'request-1',
    traceId: 'trace-1',
    idempotencyKey: randomUUID(),
    requestHash: 'hash',
    mode: 'SYNC',
    providerId: `provider-${randomUUID()}`,
    modelId: 'openai/gpt-oss-120b',
    offeringId: 'groq:openai/gpt-oss-120b:us-east:on_demand',
    task: 'TEXT_GENERATION',
    declaredRegion: 'us-east',
    priceVersion: 'pv_1',
    prices: awkwardPrices,
    worstCase: Decimal.of('0.1'),
    deadlineAtMs: noonMs + 120_000,
    supersedes: undefined,
    metadata: undefined,
    dailyBudget: undefined,
    concurrency: 100,
    start: 'SENDING',
    content: undefined,
    ...given,
  };
}

/** Reserves, and expects that to succeed. */
export async function reserved(ledger: Ledger, given: Partial<Reservation> = {}): Promise<Run> {
  const result = await ledger.reserve(reservation(given));
  if (result.kind !== 'RESERVED') throw new Error(`The reservation was ${result.kind}`);
  return result.run;
}

export function ending(given: Partial<Ending> = {}): Ending {
  return {
    state: 'SUCCEEDED',
    outcome: 'COMPLETED',
    failure: undefined,
    usage: { inputTokens: 1_000, outputTokens: 700 },
    timing: { queueMs: 1.25, totalMs: 410.5 },
    servedCode: 'us-east-1',
    providerRequestId: 'req_1',
    ...given,
  };
}

/** Nothing was done and the key may be used again. */
export const notExecuted = ending({
  state: 'FAILED',
  outcome: 'NOT_EXECUTED',
  usage: undefined,
  failure: { code: 'OVER_CAPACITY', message: 'full', retryable: true, retryAfterMs: 100 },
});

/** Nobody knows. */
export const unknownOutcome = ending({
  state: 'UNKNOWN',
  outcome: 'UNKNOWN',
  usage: undefined,
  failure: { code: 'UNREACHABLE', message: 'cut', retryable: false },
});

/** The run of a reservation before its first fact. */
export function runOfReservation(given: Partial<Reservation> = {}): Run {
  const { worstCase, ...rest } = reservation(given);
  return runBeforeFacts({
    id: rest.id,
    caller: rest.caller,
    idempotencyKey: rest.idempotencyKey,
    requestHash: rest.requestHash,
    mode: rest.mode,
    providerId: rest.providerId,
    modelId: rest.modelId,
    offeringId: rest.offeringId,
    task: rest.task,
    declaredRegion: rest.declaredRegion,
    createdAtMs: noonMs,
    reservedAtMs: noonMs,
    deadlineAtMs: rest.deadlineAtMs,
    priceVersion: rest.priceVersion,
    prices: rest.prices,
    reserved: worstCase,
    supersedes: rest.supersedes,
    metadata: rest.metadata,
  });
}

/** What no fact of a run says. */
type RunOrigin = Pick<
  Run,
  | 'id'
  | 'caller'
  | 'idempotencyKey'
  | 'requestHash'
  | 'mode'
  | 'providerId'
  | 'modelId'
  | 'offeringId'
  | 'task'
  | 'declaredRegion'
  | 'createdAtMs'
  | 'reservedAtMs'
  | 'deadlineAtMs'
  | 'priceVersion'
  | 'prices'
  | 'reserved'
  | 'supersedes'
  | 'metadata'
>;

/** The run before its first fact, with nothing that a fact says. */
function runBeforeFacts(origin: RunOrigin): Run {
  return {
    id: origin.id,
    caller: origin.caller,
    idempotencyKey: origin.idempotencyKey,
    requestHash: origin.requestHash,
    mode: origin.mode,
    providerId: origin.providerId,
    modelId: origin.modelId,
    offeringId: origin.offeringId,
    task: origin.task,
    declaredRegion: origin.declaredRegion,
    createdAtMs: origin.createdAtMs,
    reservedAtMs: origin.reservedAtMs,
    deadlineAtMs: origin.deadlineAtMs,
    priceVersion: origin.priceVersion,
    prices: origin.prices,
    reserved: origin.reserved,
    supersedes: origin.supersedes,
    metadata: origin.metadata,
    state: 'RESERVED',
    startedAtMs: undefined,
    finishedAtMs: undefined,
    settledAtMs: undefined,
    cancelRequestedAtMs: undefined,
    cost: unknownCost(origin.reserved),
    charge: Decimal.zero,
    usage: undefined,
    timing: {},
    servedCode: undefined,
    providerRequestId: undefined,
    failure: undefined,
    attempts: [],
    resolution: undefined,
    retriable: true,
    owner: '',
    fence: 0,
    facts: 0,
  };
}

/** What the facts of a stored run add up to, from nothing. */
export function foldOf(run: Run, facts: readonly Fact[]): Run {
  return facts.reduce(afterFact, runBeforeFacts(run));
}

/** The fact that begins a run. */
export function reservedFact(run: Run, atMs = noonMs): Fact {
  return {
    kind: 'RESERVED',
    atMs,
    owner: 'owner-1',
    requestId: 'request-1',
    priceVersion: run.priceVersion,
    prices: run.prices,
    reserved: run.reserved,
    deadlineAtMs: run.deadlineAtMs,
  };
}
