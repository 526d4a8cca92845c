/** Why an outward call gave no usable answer. One list for every provider; see the table in `docs/providers.md`. */
export type ProviderFailureCode =
  | 'UNCONFIGURED'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NETWORK_BLOCKED'
  | 'UNSUPPORTED'
  | 'MODEL_NOT_FOUND'
  | 'MODEL_DECOMMISSIONED'
  | 'MODEL_TERMS_REQUIRED'
  | 'ORGANIZATION_RESTRICTED'
  | 'SPEND_LIMIT_REACHED'
  | 'INVALID_REQUEST'
  | 'CONTEXT_LENGTH_EXCEEDED'
  | 'TOOL_USE_FAILED'
  | 'JSON_VALIDATE_FAILED'
  | 'OUTPUT_PARSE_FAILED'
  | 'REQUEST_TOO_LARGE'
  | 'RATE_LIMITED'
  | 'OVER_CAPACITY'
  | 'SERVER_ERROR'
  | 'DEPENDENCY_FAILED'
  | 'UNREACHABLE'
  | 'TIMEOUT'
  | 'CUT_ANSWER'
  | 'ANSWER_TOO_LARGE'
  | 'MALFORMED_ANSWER'
  | 'CANCELLED';

/**
 * What is certain about the work behind a failed call.
 *
 * - `NOT_SENT`: no byte of the request was written.
 * - `NOT_EXECUTED`: the provider answered that it did not do the work.
 * - `EXECUTED`: the provider did work before it failed.
 * - `UNKNOWN`: the request went out and nothing says what became of it.
 */
export type ExecutionCertainty = 'NOT_SENT' | 'NOT_EXECUTED' | 'EXECUTED' | 'UNKNOWN';

/** A failed outward call, in words that may be shown: no key, no organisation id, no raw body. */
export interface ProviderFailure {
  readonly code: ProviderFailureCode;
  readonly message: string;
  readonly execution: ExecutionCertainty;
  /** Whether the same request may succeed later without a change. */
  readonly retryable: boolean;
  /** Milliseconds that the provider asked us to wait. */
  readonly retryAfterMs?: number;
  readonly httpStatus?: number;
  /** The provider's id of the request, for its support desk. */
  readonly providerRequestId?: string;
}
