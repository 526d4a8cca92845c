import { elapsedMs } from '../domain/clock.ts';
import type { AttemptOutcome, AttemptReport } from '../domain/inference.ts';
import type { Ending } from './facts.ts';
import type { StopReason } from './live-runs.ts';
import type { AttemptResult, RunFailure } from './run.ts';

/** How a run ends with the outcome of its last attempt; the reason of an aborted signal is a {@link StopReason}. */
export function endingOf(
  outcome: AttemptOutcome,
  signal: AbortSignal,
  sinceArrivalMs: number,
): Ending {
  const report = reportOf(outcome, sinceArrivalMs);
  if (outcome.ok) {
    return { ...report, state: 'SUCCEEDED', outcome: 'COMPLETED', failure: undefined };
  }
  const { code, execution } = outcome.failure;
  if (signal.reason === 'CANCEL') {
    const failure = execution === 'NOT_SENT' ? cancelledUnsent : stoppedFailure(signal);
    return { ...report, state: 'CANCELLED', outcome: execution, failure };
  }
  const isStopped = signal.aborted && code === 'CANCELLED';
  const failure = isStopped ? stoppedFailure(signal) : failureOf(outcome);
  return {
    ...report,
    state: execution === 'UNKNOWN' ? 'UNKNOWN' : 'FAILED',
    outcome: execution,
    // What was never sent may be sent later.
    failure: isStopped && execution === 'NOT_SENT' ? { ...failure, retryable: true } : failure,
  };
}

/** The end of a run that was stopped while it waited: nothing went out. */
export function unsentEnding(signal: AbortSignal): Ending {
  if (signal.reason === 'CANCEL') return endingWithout('CANCELLED', undefined, cancelledUnsent);
  const failure = stoppedFailure(signal);
  const message = 'The deadline passed while the run waited for a place; nothing was sent.';
  return endingWithout('FAILED', undefined, { ...failure, message, retryable: true });
}

/** An ending without an answer that could say more of it. */
export function endingWithout(
  state: 'FAILED' | 'CANCELLED',
  outcome: AttemptResult | undefined,
  failure: RunFailure,
): Ending {
  return {
    state,
    outcome,
    failure,
    usage: undefined,
    timing: {},
    servedCode: undefined,
    providerRequestId: undefined,
  };
}

function failureOf(outcome: AttemptOutcome & { readonly ok: false }): RunFailure {
  const { code, message, retryable, retryAfterMs } = outcome.failure;
  return { code, message, retryable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

const cancelledUnsent: RunFailure = {
  code: 'CANCELLED_BY_CALLER',
  message: 'The caller stopped the run before it was sent.',
  retryable: false,
};

function stoppedFailure(signal: AbortSignal): RunFailure {
  const reason = signal.reason as StopReason;
  return reason === 'CANCEL'
    ? {
        code: 'CANCELLED_BY_CALLER',
        message:
          'The caller stopped the run. Whether the provider bills what it had done by then is not documented.',
        retryable: false,
      }
    : {
        code: 'DEADLINE_EXCEEDED',
        message: 'The run took longer than its deadline allows.',
        retryable: false,
      };
}

function reportOf(
  report: AttemptReport,
  sinceArrivalMs: number,
): Pick<Ending, 'usage' | 'timing' | 'servedCode' | 'providerRequestId'> {
  const { timeToFirstTokenMs, totalMs } = report;
  return {
    usage: report.usage,
    timing: {
      ...report.timing,
      ...(timeToFirstTokenMs === undefined ? {} : { timeToFirstTokenMs }),
      totalMs,
      overheadMs: Math.max(0, elapsedMs(totalMs, sinceArrivalMs)),
    },
    servedCode: report.servedCode,
    providerRequestId: report.providerRequestId,
  };
}
