import type { OfferingEntry } from '../catalogue/snapshot.ts';
import type { LaunchBlocker } from '../catalogue/launch-blocker.ts';
import type { Decimal } from '../domain/decimal.ts';
import type { ProviderFailure, ProviderFailureCode } from '../domain/failure.ts';
import type { Run, RunFailure } from './run.ts';

/** Why a launch is not taken; the schema describes each. */
export type RefusalCode =
  | LaunchBlocker
  | 'FORBIDDEN'
  | 'INVALID_REQUEST'
  | 'OFFERING_NOT_FOUND'
  | 'MODEL_NOT_FOUND'
  | 'NO_OFFERING_FITS'
  | 'UNBOUNDED_COST'
  | 'PRICE_CHANGED'
  | 'COST_LIMIT'
  | 'BUDGET_EXCEEDED'
  | 'RATE_LIMITED'
  | 'QUEUE_FULL'
  | 'IDEMPOTENCY_CONFLICT'
  | 'IDEMPOTENCY_KEY_EXPIRED'
  | 'REGION_NOT_ALLOWED'
  | 'REGION_MISMATCH'
  | 'CONTENT_NOT_KEPT'
  | 'CONTENT_KEY_UNAVAILABLE'
  | 'SUPERSEDES_INVALID'
  | 'PROVIDER_RATE_LIMITED'
  | 'PROVIDER_OVER_CAPACITY'
  | 'PROVIDER_UNREACHABLE'
  | 'PROVIDER_REJECTED'
  | 'REQUEST_TOO_LARGE'
  | 'CONTEXT_LENGTH_EXCEEDED'
  | 'DEADLINE_EXCEEDED'
  | 'LEDGER_UNAVAILABLE'
  | 'SHUTTING_DOWN'
  | 'RUN_NOT_FOUND'
  | 'RUN_STATE';

/** A launch that was not taken: nothing was executed and nothing is charged. */
export interface Refusal {
  readonly kind: 'REFUSED';
  readonly code: RefusalCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
  readonly detail?: RefusalDetail;
}

/** Data that some refusals carry. */
export type RefusalDetail =
  | { readonly kind: 'PRICE'; readonly offering: OfferingEntry; readonly requestedVersion: string }
  | {
      readonly kind: 'LIMIT';
      readonly limit: Decimal;
      readonly required: Decimal;
      readonly largestMaxOutputTokens: number | undefined;
    }
  | { readonly kind: 'CONFLICT'; readonly run: Run }
  | {
      readonly kind: 'MODEL';
      readonly modelId: string;
      readonly replacementId: string | undefined;
    };

/** Whether trying the same again later makes sense, for each code. */
const retryableCodes: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'PRICE_STALE',
  'PRICE_EXPIRED',
  'PRICE_UNCONFIRMED',
  'RATE_LIMITED',
  'BUDGET_EXCEEDED',
  'QUEUE_FULL',
  'PROVIDER_UNCONFIGURED',
  'PROVIDER_RATE_LIMITED',
  'PROVIDER_OVER_CAPACITY',
  'PROVIDER_UNREACHABLE',
  'CONTENT_KEY_UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'LEDGER_UNAVAILABLE',
  'SHUTTING_DOWN',
]);

/** A refusal of ours. */
export function refusal(
  code: RefusalCode,
  message: string,
  more: { readonly retryAfterMs?: number; readonly detail?: RefusalDetail } = {},
): Refusal {
  return { kind: 'REFUSED', code, message, retryable: retryableCodes.has(code), ...more };
}

/** The refusal that a provider's failure means for a caller whose request was certainly not executed. */
export function refusalOfFailure(
  failure: RunFailure | ProviderFailure,
  modelId: string,
  replacementId: string | undefined,
): Refusal {
  const code = refusalCodeOf(failure.code);
  return {
    kind: 'REFUSED',
    code,
    message: failure.message,
    retryable: failure.retryable,
    ...(failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs }),
    ...(code === 'MODEL_DECOMMISSIONED' || code === 'MODEL_NOT_FOUND'
      ? { detail: { kind: 'MODEL', modelId, replacementId } }
      : {}),
  };
}

function refusalCodeOf(code: ProviderFailureCode | RunFailure['code']): RefusalCode {
  switch (code) {
    case 'UNCONFIGURED':
      return 'PROVIDER_UNCONFIGURED';
    case 'UNAUTHORIZED':
    case 'FORBIDDEN':
    case 'NETWORK_BLOCKED':
    case 'MODEL_TERMS_REQUIRED':
    case 'ORGANIZATION_RESTRICTED':
    case 'SPEND_LIMIT_REACHED':
      return 'PROVIDER_UNAUTHORIZED';
    case 'MODEL_NOT_FOUND':
      return 'MODEL_NOT_FOUND';
    case 'MODEL_DECOMMISSIONED':
      return 'MODEL_DECOMMISSIONED';
    case 'CONTEXT_LENGTH_EXCEEDED':
      return 'CONTEXT_LENGTH_EXCEEDED';
    case 'REQUEST_TOO_LARGE':
      return 'REQUEST_TOO_LARGE';
    case 'RATE_LIMITED':
      return 'PROVIDER_RATE_LIMITED';
    case 'OVER_CAPACITY':
      return 'PROVIDER_OVER_CAPACITY';
    case 'UNREACHABLE':
    case 'TIMEOUT':
    case 'CUT_ANSWER':
    case 'SERVER_ERROR':
      return 'PROVIDER_UNREACHABLE';
    case 'DEADLINE_EXCEEDED':
      return 'DEADLINE_EXCEEDED';
    case 'PROCESS_ENDED':
    case 'CANCELLED':
    case 'CANCELLED_BY_CALLER':
      return 'SHUTTING_DOWN';
    case 'UNSUPPORTED':
    case 'INVALID_REQUEST':
    case 'TOOL_USE_FAILED':
    case 'JSON_VALIDATE_FAILED':
    case 'OUTPUT_PARSE_FAILED':
    case 'DEPENDENCY_FAILED':
    case 'ANSWER_TOO_LARGE':
    case 'MALFORMED_ANSWER':
      return 'PROVIDER_REJECTED';
  }
}
