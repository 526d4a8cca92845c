import { holdInBudget, presentBudget, refusalBy, releaseFromBudget } from './budgets.ts';
import { afterFact, FactRefused } from './facts.ts';
import type { Fact } from './facts.ts';
import type { LedgerTransaction, NewEvent, SpeedSample, StoredContent } from './ledger-store.ts';
import { blankRun, orderOf, originOf } from './reservation.ts';
import type { Reservation, ReservationResult } from './reservation.ts';
import type { Run } from './run.ts';

/** What a ledger goes by in every step. */
export interface LedgerRules {
  /** This process, unique in time and space. */
  readonly owner: string;
  /** Launches of one caller within a minute; undefined for no limit. */
  readonly launchesPerMinute: number | undefined;
  /** How long a key is remembered. */
  readonly keyLifeMs: number;
}

/** What is written beside an ending, in the same step. */
export interface EndingExtras {
  readonly content?: Omit<StoredContent, 'runId'> | undefined;
  readonly events?: readonly NewEvent[] | undefined;
  readonly eventsExpireAtMs?: number | undefined;
  readonly speed?: SpeedSample | undefined;
}

/** Checks key and budget and reserves the worst case. */
export async function reserveIn(
  ledger: LedgerTransaction,
  rules: LedgerRules,
  reservation: Reservation,
  nowMs: number,
): Promise<ReservationResult> {
  const known = await ledger.runByKey(reservation.caller, reservation.idempotencyKey);
  const answer = answerOf(known, rules, reservation, nowMs);
  if (answer !== undefined) return answer;
  if (reservation.supersedes !== undefined) {
    const superseded = await ledger.run(reservation.supersedes);
    if (superseded?.caller !== reservation.caller || superseded.state !== 'UNKNOWN') {
      return { kind: 'SUPERSEDES_INVALID' };
    }
  }
  if (await launchesTooOften(ledger, rules, reservation.caller, nowMs)) {
    return { kind: 'RATE_LIMITED', retryAfterMs: minuteMs };
  }
  const budget = await presentBudget(ledger, reservation, nowMs);
  const refusal = refusalBy(budget, reservation);
  if (refusal !== undefined) return refusal;
  const { providerId, concurrency } = reservation;
  const id = known?.id ?? reservation.id;
  if (
    reservation.start === 'SENDING' &&
    concurrency !== undefined &&
    !(await ledger.takePlace(providerId, id, concurrency))
  ) {
    return { kind: 'PROVIDER_FULL' };
  }
  if (budget !== undefined) await holdInBudget(ledger, budget, reservation, nowMs);
  const run = await writeReservation(ledger, rules, known, reservation, nowMs);
  if (reservation.content !== undefined) {
    await ledger.putContent({ ...reservation.content, runId: run.id });
  }
  return { kind: 'RESERVED', run };
}

/**
 * Settles a run: its facts, its money, what it answered and how fast it was.
 *
 * @throws FactRefused when another owner carries the run, or somebody resolved it.
 */
export async function endIn(
  ledger: LedgerTransaction,
  run: Run,
  fact: Extract<Fact, { readonly kind: 'ENDED' }>,
  extras: EndingExtras,
): Promise<Run> {
  const { before, after } = await ended(ledger, run, fact);
  await releaseFromBudget(ledger, before, after);
  if (extras.content !== undefined) {
    await ledger.putContent({ ...extras.content, runId: run.id });
  }
  if (extras.events !== undefined && extras.events.length > 0) {
    await ledger.appendEvents(run.id, extras.events, extras.eventsExpireAtMs ?? fact.atMs);
  }
  if (extras.speed !== undefined) await ledger.addSpeedSample(extras.speed);
  return after;
}

/** Whether a run's key was used longer ago than keys are kept. */
export function isKeyExpired(run: Run, { keyLifeMs }: LedgerRules, nowMs: number): boolean {
  return nowMs - run.createdAtMs >= keyLifeMs;
}

/** The run as it stands, provided that nobody else carries it by now. */
export async function presentRun(ledger: LedgerTransaction, run: Run): Promise<Run> {
  const present = await ledger.run(run.id);
  if (present === undefined) throw new FactRefused('No such run');
  if (present.fence !== run.fence) throw new FactRefused('Another owner carries the run');
  return present;
}

export async function appended(ledger: LedgerTransaction, run: Run, fact: Fact): Promise<Run> {
  const after = afterFact(run, fact);
  await updated(ledger, after, [fact]);
  return after;
}

function answerOf(
  known: Run | undefined,
  rules: LedgerRules,
  reservation: Reservation,
  nowMs: number,
): ReservationResult | undefined {
  if (known === undefined) return undefined;
  if (isKeyExpired(known, rules, nowMs)) return { kind: 'KEY_EXPIRED' };
  if (known.requestHash !== reservation.requestHash) return { kind: 'CONFLICT', run: known };
  return known.retriable ? undefined : { kind: 'KNOWN', run: known };
}

async function launchesTooOften(
  ledger: LedgerTransaction,
  { launchesPerMinute }: LedgerRules,
  caller: string,
  nowMs: number,
): Promise<boolean> {
  if (launchesPerMinute === undefined) return false;
  // Who waits a minute, as he is told, finds room again.
  return (await ledger.launchedSince(caller, nowMs - minuteMs + 1)) >= launchesPerMinute;
}

async function writeReservation(
  ledger: LedgerTransaction,
  { owner }: LedgerRules,
  known: Run | undefined,
  reservation: Reservation,
  nowMs: number,
): Promise<Run> {
  const fact: Fact = {
    kind: 'RESERVED',
    atMs: nowMs,
    owner,
    ...originOf(reservation),
    priceVersion: reservation.priceVersion,
    prices: reservation.prices,
    reserved: reservation.worstCase,
    deadlineAtMs: reservation.deadlineAtMs,
    order: orderOf(reservation),
  };
  const facts: readonly Fact[] = [fact, { kind: reservation.start, atMs: nowMs }];
  const run = facts.reduce(afterFact, known ?? blankRun(reservation, nowMs));
  if (known === undefined) {
    await ledger.insertRun(run, facts);
  } else {
    await ledger.removeEvents(run.id);
    await updated(ledger, run, facts);
  }
  return run;
}

/**
 * Ends a run that its owner knows: it is not read again where no fact came in since, which storage checks
 * as it writes.
 */
async function ended(
  ledger: LedgerTransaction,
  known: Run,
  fact: Fact,
): Promise<{ readonly before: Run; readonly after: Run }> {
  const after = afterFact(known, fact);
  if (await ledger.updateRun(after, [fact])) return { before: known, after };
  const before = await presentRun(ledger, known);
  return { before, after: await appended(ledger, before, fact) };
}

const minuteMs = 60_000;

/** Writes a run that was read in the same step, so that nobody can have changed it since. */
async function updated(ledger: LedgerTransaction, run: Run, facts: readonly Fact[]): Promise<void> {
  if (!(await ledger.updateRun(run, facts))) throw new Error('A run changed within one step');
}
