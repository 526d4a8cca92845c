import type { Refusal } from './refusal.ts';
import { refusal } from './refusal.ts';
import type { ReservationResult } from './reservation.ts';
import type { Run } from './run.ts';
import { costLimit } from './terms.ts';
import type { Terms } from './terms.ts';

/** What a caller is told when the ledger neither reserved his launch nor knew it. */
export function refusalOfReservation(
  result: Exclude<ReservationResult, { readonly kind: 'RESERVED' | 'KNOWN' }>,
  terms: Terms,
  nowMs: number,
): Refusal {
  switch (result.kind) {
    case 'CONFLICT':
      return conflict(result.run);
    case 'KEY_EXPIRED':
      return keyExpired();
    case 'SUPERSEDES_INVALID':
      return refusal(
        'SUPERSEDES_INVALID',
        "`supersedes` must name a run of the caller's with an unknown outcome.",
      );
    case 'RATE_LIMITED':
      return refusal('RATE_LIMITED', 'The caller launches too often.', {
        retryAfterMs: result.retryAfterMs,
      });
    case 'PROVIDER_FULL':
      return refusal('QUEUE_FULL', 'Every place at the provider is taken.', {
        retryAfterMs: 1000,
      });
    case 'BUDGET_EXCEEDED':
      return {
        ...costLimit('BUDGET_EXCEEDED', result.available, terms.worstCase, terms.lines),
        retryAfterMs: untilNextDayMs(nowMs),
      };
  }
}

/** The key was used for another request. */
export function conflict(run: Run): Refusal {
  return refusal('IDEMPOTENCY_CONFLICT', 'The key belongs to another request; take a new one.', {
    detail: { kind: 'CONFLICT', run },
  });
}

/** The key was used so long ago that nobody knows what for. */
export function keyExpired(): Refusal {
  return refusal(
    'IDEMPOTENCY_KEY_EXPIRED',
    'The key was used longer ago than keys are kept; take a new one.',
  );
}

function untilNextDayMs(nowMs: number): number {
  const dayMs = 86_400_000;
  return dayMs - (nowMs % dayMs);
}
