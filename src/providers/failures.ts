import type { ProviderFailure, ProviderFailureCode } from '../domain/failure.ts';
import type { OutwardFailure } from './http.ts';
import { retryAfterOf } from './retry-after.ts';

/** What an exchange without a whole answer means, whoever the peer is. */
export function failureOfExchange(failure: OutwardFailure): ProviderFailure {
  const { kind, message, requestWritten, head } = failure;
  return {
    code: kind,
    message,
    execution: requestWritten ? 'UNKNOWN' : 'NOT_SENT',
    retryable: kind !== 'CANCELLED' && kind !== 'ANSWER_TOO_LARGE',
    ...(head === undefined ? {} : { httpStatus: head.status }),
  };
}

/** An answer that came whole and is not what was asked for. */
export function malformedAnswer(message: string, httpStatus?: number): ProviderFailure {
  return {
    code: 'MALFORMED_ANSWER',
    message,
    execution: 'UNKNOWN',
    retryable: true,
    ...(httpStatus === undefined ? {} : { httpStatus }),
  };
}

/**
 * What a status other than success means for the reading of a public list, by the status alone: such lists
 * have no errors of their own.
 */
export function failureOfListStatus(
  status: number,
  headers: ReadonlyMap<string, string>,
  nowMs: number,
): ProviderFailure {
  const code = codeOfListStatus(status);
  const retryable = code === 'RATE_LIMITED' || code === 'SERVER_ERROR';
  const waitMs = retryable ? retryAfterOf(headers, nowMs) : undefined;
  return {
    code,
    message:
      code === 'MALFORMED_ANSWER' && status < 400
        ? `The list answered with HTTP ${status}, which is not followed`
        : `The list answered with HTTP ${status}`,
    execution: status >= 500 || status < 400 ? 'UNKNOWN' : 'NOT_EXECUTED',
    retryable,
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    httpStatus: status,
  };
}

function codeOfListStatus(status: number): ProviderFailureCode {
  if (status === 401) return 'UNAUTHORIZED';
  if (status === 403) return 'FORBIDDEN';
  if (status === 404 || status === 410) return 'UNSUPPORTED';
  if (status === 429) return 'RATE_LIMITED';
  if (status >= 500) return 'SERVER_ERROR';
  return status >= 400 ? 'INVALID_REQUEST' : 'MALFORMED_ANSWER';
}
