import { Decimal } from '../domain/decimal.ts';
import type { Task } from '../domain/model.ts';
import type { ComponentPrices } from '../domain/price.ts';
import { unknownCost } from './cost.ts';
import type { StoredContent } from './ledger-store.ts';
import type { Order, Run, RunMode } from './run.ts';

/** The request that somebody acted by, as the logs name it. */
export interface ActOrigin {
  readonly requestId: string;
  /** The trace of that request, where it belongs to one. */
  readonly traceId?: string;
}

/** What is reserved in one step, before anything is sent. */
export interface Reservation extends ActOrigin {
  readonly id: string;
  readonly caller: string;
  readonly idempotencyKey: string;
  readonly requestHash: string;
  readonly mode: RunMode;
  readonly providerId: string;
  readonly modelId: string;
  readonly offeringId: string;
  readonly task: Task;
  readonly declaredRegion: string | undefined;
  readonly priceVersion: string;
  readonly prices: ComponentPrices;
  /** USD. */
  readonly worstCase: Decimal;
  readonly deadlineAtMs: number;
  readonly supersedes: string | undefined;
  readonly metadata: Readonly<Record<string, string>> | undefined;
  /** USD for one UTC day; undefined for no budget. */
  readonly dailyBudget: Decimal | undefined;
  /**
   * The most runs that may be in flight at the provider, over all processes; undefined where this one is alone
   * and has counted its own.
   */
  readonly concurrency: number | undefined;
  /** Whether the run waits for a place, or is sent at once. */
  readonly start: 'SENDING' | 'QUEUED';
  readonly content: Omit<StoredContent, 'runId'> | undefined;
}

/** What came of a reservation. */
export type ReservationResult =
  /** Reserved now; the caller of this method must carry the run out. */
  | { readonly kind: 'RESERVED'; readonly run: Run }
  /** The key was known for the same request. */
  | { readonly kind: 'KNOWN'; readonly run: Run }
  | { readonly kind: 'CONFLICT'; readonly run: Run }
  | { readonly kind: 'KEY_EXPIRED' }
  | { readonly kind: 'BUDGET_EXCEEDED'; readonly limit: Decimal; readonly available: Decimal }
  | { readonly kind: 'PROVIDER_FULL' }
  | { readonly kind: 'RATE_LIMITED'; readonly retryAfterMs: number }
  | { readonly kind: 'SUPERSEDES_INVALID' };

/** What the caller ordered, as the run and its fact keep it. */
export function orderOf(reservation: Reservation): Order {
  const { mode, providerId, modelId, offeringId, task, declaredRegion, supersedes, metadata } =
    reservation;
  return { mode, providerId, modelId, offeringId, task, declaredRegion, supersedes, metadata };
}

/** The names of the request alone. */
export function originOf({
  requestId,
  traceId,
}: {
  readonly requestId: string;
  readonly traceId?: string | undefined;
}): ActOrigin {
  return { requestId, ...(traceId === undefined ? {} : { traceId }) };
}

/** A run before its first fact, which must be RESERVED. */
export function blankRun(reservation: Reservation, nowMs: number): Run {
  return {
    id: reservation.id,
    caller: reservation.caller,
    idempotencyKey: reservation.idempotencyKey,
    requestHash: reservation.requestHash,
    ...orderOf(reservation),
    state: 'RESERVED',
    createdAtMs: nowMs,
    reservedAtMs: nowMs,
    startedAtMs: undefined,
    finishedAtMs: undefined,
    settledAtMs: undefined,
    deadlineAtMs: reservation.deadlineAtMs,
    cancelRequestedAtMs: undefined,
    priceVersion: reservation.priceVersion,
    prices: reservation.prices,
    reserved: reservation.worstCase,
    cost: unknownCost(reservation.worstCase),
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
