import type { Decimal } from '../domain/decimal.ts';
import type { ProviderFailureCode } from '../domain/failure.ts';
import type { InferenceUsage, ProviderTiming } from '../domain/inference.ts';
import type { Task } from '../domain/model.ts';
import type { ComponentPrices } from '../domain/price.ts';
import type { Cost } from './cost.ts';

/** How the answer of a launch is wanted. */
export type RunMode = 'SYNC' | 'ASYNC' | 'STREAM';

/**
 * Where a run stands.
 *
 * `RESERVED` and `QUEUED` were not sent; `RUNNING` may have been; the others are final, but for `UNKNOWN`,
 * which late answers and resolutions still close.
 */
export type RunState =
  'RESERVED' | 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | 'UNKNOWN';

/** One inference as the ledger knows it: the sum of its facts. Never changed, only replaced by the next. */
export interface Run {
  readonly id: string;
  readonly caller: string;
  readonly idempotencyKey: string;
  /** Of the offering selector and the provider payload. */
  readonly requestHash: string;
  readonly mode: RunMode;
  readonly providerId: string;
  readonly modelId: string;
  readonly offeringId: string;
  readonly task: Task;
  readonly declaredRegion: string | undefined;
  readonly state: RunState;
  readonly createdAtMs: number;
  /** When the newest reservation was made; its UTC day is the day of the budget. */
  readonly reservedAtMs: number;
  readonly startedAtMs: number | undefined;
  readonly finishedAtMs: number | undefined;
  /** When it was settled or resolved: the date that finance counts by. */
  readonly settledAtMs: number | undefined;
  readonly deadlineAtMs: number;
  /** When its caller asked for it to be stopped. */
  readonly cancelRequestedAtMs: number | undefined;
  readonly priceVersion: string;
  readonly prices: ComponentPrices;
  /** The worst case in USD, held until the run ends. */
  readonly reserved: Decimal;
  readonly cost: Cost;
  /** What the caller pays. */
  readonly charge: Decimal;
  readonly usage: InferenceUsage | undefined;
  readonly timing: RunTiming;
  readonly servedCode: string | undefined;
  readonly providerRequestId: string | undefined;
  readonly failure: RunFailure | undefined;
  readonly attempts: readonly Attempt[];
  readonly supersedes: string | undefined;
  readonly metadata: Readonly<Record<string, string>> | undefined;
  readonly resolution: Resolution | undefined;
  /** True when it certainly was not executed, so that its key may be used to try again. */
  readonly retriable: boolean;
  /** Which process carries it out. */
  readonly owner: string;
  /** Grows with each owner; facts of an earlier one are refused. */
  readonly fence: number;
  /** Number of its facts. */
  readonly facts: number;
}

/** What a reservation buys and how its answer is wanted; a new try under the same key may differ in it. */
export type Order = Pick<
  Run,
  | 'mode'
  | 'providerId'
  | 'modelId'
  | 'offeringId'
  | 'task'
  | 'declaredRegion'
  | 'supersedes'
  | 'metadata'
>;

/** Where the time went, in milliseconds. */
export interface RunTiming extends ProviderTiming {
  readonly timeToFirstTokenMs?: number;
  readonly totalMs?: number;
  readonly overheadMs?: number;
}

/** Why a run did not succeed. */
export interface RunFailure {
  readonly code:
    ProviderFailureCode | 'PROCESS_ENDED' | 'DEADLINE_EXCEEDED' | 'CANCELLED_BY_CALLER';
  readonly message: string;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
}

/** One time that a run was sent. */
export interface Attempt {
  readonly number: number;
  readonly sentAtMs: number;
  readonly outcome: AttemptResult | undefined;
}

/** What is certain about an attempt. */
export type AttemptResult = 'COMPLETED' | 'NOT_SENT' | 'NOT_EXECUTED' | 'EXECUTED' | 'UNKNOWN';

/** How a run of unknown outcome was closed. */
export interface Resolution {
  readonly outcome: 'EXECUTED' | 'NOT_EXECUTED';
  readonly evidence: string;
  readonly by: string;
  readonly atMs: number;
  /** The request that brought it, as the log names it. */
  readonly requestId: string;
  /** The trace of that request, where it belongs to one. */
  readonly traceId?: string;
}

/** Whether a run will never be sent or changed again by its owner. */
export function isFinal(state: RunState): boolean {
  switch (state) {
    case 'RESERVED':
    case 'QUEUED':
    case 'RUNNING':
      return false;
    case 'SUCCEEDED':
    case 'FAILED':
    case 'CANCELLED':
    case 'UNKNOWN':
      return true;
  }
}

/** Whether money is held for a run: until it ends, and while nobody knows how it did. */
export function holdsReservation(run: Pick<Run, 'state'>): boolean {
  return !isFinal(run.state) || run.state === 'UNKNOWN';
}

/** The UTC day of a moment, `2026-10-02`. */
export function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
