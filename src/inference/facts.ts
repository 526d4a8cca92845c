import { Decimal } from '../domain/decimal.ts';
import type { InferenceUsage } from '../domain/inference.ts';
import type { ComponentPrices } from '../domain/price.ts';
import { boundedCost, exactCost, noCost, resolvedCost, unknownCost } from './cost.ts';
import type { Cost } from './cost.ts';
import { isFinal } from './run.ts';
import type {
  Attempt,
  AttemptResult,
  Order,
  Resolution,
  Run,
  RunFailure,
  RunTiming,
} from './run.ts';

/**
 * What happened to a run. Facts are only ever added; the run is what they add up to. A correction is a new
 * fact, never a change of an old one.
 */
export type Fact =
  /** The worst case was reserved: at first, or anew after an attempt that certainly was not executed. */
  | {
      readonly kind: 'RESERVED';
      readonly atMs: number;
      readonly owner: string;
      /** The request that brought it, as the log names it. */
      readonly requestId: string;
      /** The trace of that request, where it belongs to one. */
      readonly traceId?: string;
      readonly priceVersion: string;
      readonly prices: ComponentPrices;
      readonly reserved: Decimal;
      readonly deadlineAtMs: number;
      /** Absent in facts of a time when a new reservation could not change it. */
      readonly order?: Order;
    }
  /** It waits for a free place. */
  | { readonly kind: 'QUEUED'; readonly atMs: number }
  /** From here on bytes may go out. */
  | { readonly kind: 'SENDING'; readonly atMs: number }
  /** The present attempt certainly was not executed, and another one follows. */
  | {
      readonly kind: 'ATTEMPT_VOIDED';
      readonly atMs: number;
      readonly outcome: 'NOT_SENT' | 'NOT_EXECUTED';
    }
  /** Somebody with the right to it asked for it to be stopped. */
  | {
      readonly kind: 'CANCEL_REQUESTED';
      readonly atMs: number;
      readonly by: string;
      readonly requestId: string;
      readonly traceId?: string;
    }
  /** It ended, as its owner saw it. */
  | {
      readonly kind: 'ENDED';
      readonly atMs: number;
      readonly ending: Ending;
    }
  /** Its owner is gone, and what was in flight with it. */
  | { readonly kind: 'LOST'; readonly atMs: number; readonly reason: string }
  /** Another process carries on with it: it had certainly not been sent. */
  | { readonly kind: 'ADOPTED'; readonly atMs: number; readonly owner: string }
  /** A person found out how it ended. */
  | { readonly kind: 'RESOLVED'; readonly resolution: Resolution; readonly cost: Decimal };

/** How an attempt, and the run with it, ended. */
export interface Ending {
  readonly state: 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | 'UNKNOWN';
  /** What is certain about the attempt; undefined when none was under way. */
  readonly outcome: AttemptResult | undefined;
  readonly failure: RunFailure | undefined;
  readonly usage: InferenceUsage | undefined;
  readonly timing: RunTiming;
  readonly servedCode: string | undefined;
  readonly providerRequestId: string | undefined;
}

/** A fact that does not follow from where the run stands: a fault of ours, or an owner that came too late. */
export class FactRefused extends Error {
  override readonly name = 'FactRefused';
}

/**
 * The run after one more fact.
 *
 * @throws FactRefused when the fact can't follow, which leaves ledger and run as they were.
 */
export function afterFact(run: Run, fact: Fact): Run {
  return { ...changed(run, fact), facts: run.facts + 1 };
}

function changed(run: Run, fact: Fact): Run {
  switch (fact.kind) {
    case 'RESERVED':
      if (!run.retriable) throw refused(run, fact);
      return {
        ...run,
        ...fact.order,
        state: 'RESERVED',
        reservedAtMs: fact.atMs,
        finishedAtMs: undefined,
        settledAtMs: undefined,
        deadlineAtMs: fact.deadlineAtMs,
        cancelRequestedAtMs: undefined,
        priceVersion: fact.priceVersion,
        prices: fact.prices,
        reserved: fact.reserved,
        cost: unknownCost(fact.reserved),
        charge: Decimal.zero,
        // What the refused try left says nothing of the next one.
        usage: undefined,
        timing: {},
        servedCode: undefined,
        providerRequestId: undefined,
        failure: undefined,
        retriable: false,
        owner: fact.owner,
        fence: run.fence + 1,
      };
    case 'QUEUED':
      if (run.state !== 'RESERVED') throw refused(run, fact);
      return { ...run, state: 'QUEUED' };
    case 'ADOPTED':
      if (run.state !== 'RESERVED' && run.state !== 'QUEUED') throw refused(run, fact);
      return { ...run, owner: fact.owner, fence: run.fence + 1 };
    case 'SENDING':
      if (run.state === 'RUNNING' ? openAttempt(run) !== undefined : isFinal(run.state)) {
        throw refused(run, fact);
      }
      return {
        ...run,
        state: 'RUNNING',
        startedAtMs: run.startedAtMs ?? fact.atMs,
        attempts: [
          ...run.attempts,
          { number: run.attempts.length + 1, sentAtMs: fact.atMs, outcome: undefined },
        ],
      };
    case 'ATTEMPT_VOIDED':
      if (openAttempt(run) === undefined) throw refused(run, fact);
      return { ...run, attempts: closedAttempts(run, fact.outcome) };
    case 'CANCEL_REQUESTED':
      if (isFinal(run.state)) throw refused(run, fact);
      return { ...run, cancelRequestedAtMs: fact.atMs };
    case 'ENDED':
      return ended(run, fact.ending, fact.atMs, fact);
    case 'LOST':
      if (run.state !== 'RUNNING') throw refused(run, fact);
      return {
        ...run,
        state: 'UNKNOWN',
        finishedAtMs: fact.atMs,
        failure: { code: 'PROCESS_ENDED', message: fact.reason, retryable: false },
        attempts: closedAttempts(run, 'UNKNOWN'),
      };
    case 'RESOLVED':
      if (run.state !== 'UNKNOWN') throw refused(run, fact);
      return resolved(run, fact.resolution, fact.cost);
  }
}

/** An ending closes a run that goes on, or one that was given up as unknown: the late answer is the better one. */
function ended(run: Run, ending: Ending, atMs: number, fact: Fact): Run {
  const isLate = run.state === 'UNKNOWN' && run.resolution === undefined;
  if (isFinal(run.state) && !isLate) throw refused(run, fact);
  if (isLate && ending.state === 'UNKNOWN') throw refused(run, fact);
  const cost = costOf(run, ending);
  return {
    ...run,
    state: ending.state,
    finishedAtMs: atMs,
    settledAtMs: ending.state === 'UNKNOWN' ? undefined : atMs,
    cost,
    charge: chargeOf(cost, run.reserved),
    usage: ending.usage,
    timing: ending.timing,
    servedCode: ending.servedCode ?? run.servedCode,
    providerRequestId: ending.providerRequestId ?? run.providerRequestId,
    failure: ending.failure,
    attempts:
      ending.outcome === undefined ? run.attempts : closedAttempts(run, ending.outcome, isLate),
    retriable: ending.state === 'FAILED' && wasCertainlyNotExecuted(ending.outcome),
  };
}

function resolved(run: Run, resolution: Resolution, amount: Decimal): Run {
  const executed = resolution.outcome === 'EXECUTED';
  const cost = executed ? resolvedCost(amount) : noCost;
  return {
    ...run,
    state: 'FAILED',
    settledAtMs: resolution.atMs,
    resolution,
    cost,
    charge: chargeOf(cost, run.reserved),
    retriable: !executed,
  };
}

/** The cost that an ending leaves: exact from the provider's count, else bounds, never an invented 0. */
function costOf(run: Run, ending: Ending): Cost {
  if (wasCertainlyNotExecuted(ending.outcome)) return noCost;
  const counted = ending.usage === undefined ? undefined : exactCost(ending.usage, run.prices);
  if (counted !== undefined) return counted;
  return ending.state === 'UNKNOWN' ? unknownCost(run.reserved) : boundedCost(run.reserved);
}

/** The caller pays what is certain, and never more than was reserved. */
function chargeOf(cost: Cost, reserved: Decimal): Decimal {
  return cost.minimum.compare(reserved) > 0 ? reserved : cost.minimum;
}

/** Whether a settled run costs more than was reserved; the difference is ours. */
export function isOverrun(run: Run): boolean {
  return run.cost.total !== undefined && run.cost.total.compare(run.reserved) > 0;
}

function wasCertainlyNotExecuted(outcome: AttemptResult | undefined): boolean {
  return outcome === undefined || outcome === 'NOT_SENT' || outcome === 'NOT_EXECUTED';
}

function openAttempt(run: Run): Attempt | undefined {
  const last = run.attempts.at(-1);
  return last !== undefined && last.outcome === undefined ? last : undefined;
}

function closedAttempts(run: Run, outcome: AttemptResult, isLate = false): readonly Attempt[] {
  const last = run.attempts.at(-1);
  if (last === undefined || (last.outcome !== undefined && !isLate)) return run.attempts;
  return [...run.attempts.slice(0, -1), { ...last, outcome }];
}

function refused(run: Run, fact: Fact): FactRefused {
  return new FactRefused(`A run that is ${run.state} can't take ${fact.kind}`);
}
