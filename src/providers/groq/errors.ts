import type {
  ExecutionCertainty,
  ProviderFailure,
  ProviderFailureCode,
} from '../../domain/failure.ts';
import { failureOfExchange } from '../failures.ts';
import type { AnswerHead, OutwardFailure } from '../http.ts';
import { memberOf, objectOf, parseJson } from '../json.ts';
import { redacted } from '../redaction.ts';
import { boundedWaitMs, retryAfterOf } from '../retry-after.ts';
import { goDurationMs, goDurationSource } from './duration.ts';
import { requestIdOf } from './request-id.ts';

/** An answer of Groq whose status says that it did not do what was asked. */
export interface GroqRefusal extends AnswerHead {
  /** Undefined when the body never came whole. */
  readonly text: string | undefined;
  /** The key that the call was made with, so that no answer can echo it. */
  readonly key?: string;
  /** Milliseconds since the epoch at which the answer came. */
  readonly nowMs: number;
}

/**
 * What a refusal means: by status first, then by `code`, then by `type`, then by words, because Groq often
 * leaves `code` out. The table is in `docs/providers.md`.
 */
export function failureOfRefusal(refusal: GroqRefusal): ProviderFailure {
  const { status, headers, text, key, nowMs } = refusal;
  const error = text === undefined ? undefined : errorOf(text);
  const verdict = verdictOf(status, error);
  const waitMs = verdict.retryable ? waitMsOf(headers, error, nowMs) : undefined;
  const secrets = key === undefined ? [] : [key];
  const said = error?.message === undefined ? '' : redacted(error.message, { secrets });
  const requestId = requestIdOf(headers, secrets);
  return {
    code: verdict.code,
    message: `${sentences[verdict.code]} (HTTP ${status})${said === '' ? '' : `: ${said}`}`,
    execution: verdict.execution,
    retryable: verdict.retryable,
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    httpStatus: status,
    ...(requestId === undefined ? {} : { providerRequestId: requestId }),
  };
}

/** What an exchange with Groq without a whole answer means: by the status, where one had come. */
export function failureOfBrokenExchange(
  failure: OutwardFailure,
  call: { readonly key: string; readonly nowMs: number },
): ProviderFailure {
  const { head, kind } = failure;
  if (head === undefined || head.status < 300 || kind === 'CANCELLED') {
    return failureOfExchange(failure);
  }
  return failureOfRefusal({ ...head, ...call, text: undefined });
}

interface GroqError {
  readonly code: string | undefined;
  readonly type: string | undefined;
  readonly message: string | undefined;
  /** The model had begun to answer: what it made is in `failed_generation`, be it empty. */
  readonly generated: boolean;
}

interface Verdict {
  readonly code: ProviderFailureCode;
  readonly execution: ExecutionCertainty;
  readonly retryable: boolean;
}

function verdictOf(status: number, error: GroqError | undefined): Verdict {
  switch (status) {
    case 401:
      return refused('UNAUTHORIZED');
    case 402:
      return refused('SPEND_LIMIT_REACHED');
    case 403:
      return refused(codeOf403(error));
    case 404:
      return refused(codeOf404(error));
    case 405:
    case 410:
      return refused('UNSUPPORTED');
    case 408:
      return { code: 'TIMEOUT', execution: 'UNKNOWN', retryable: true };
    case 413:
      return refused('REQUEST_TOO_LARGE');
    case 424:
      return { code: 'DEPENDENCY_FAILED', execution: 'UNKNOWN', retryable: false };
    case 429:
      return error?.code === 'blocked_api_access'
        ? refused('SPEND_LIMIT_REACHED')
        : { code: 'RATE_LIMITED', execution: 'NOT_EXECUTED', retryable: true };
    case 498:
      return { code: 'OVER_CAPACITY', execution: 'NOT_EXECUTED', retryable: true };
    case 499:
      return { code: 'CANCELLED', execution: 'UNKNOWN', retryable: false };
    case 503:
      return error?.message !== undefined && /over capacity/i.test(error.message)
        ? { code: 'OVER_CAPACITY', execution: 'NOT_EXECUTED', retryable: true }
        : { code: 'SERVER_ERROR', execution: 'UNKNOWN', retryable: true };
    default:
      if (status >= 500) return { code: 'SERVER_ERROR', execution: 'UNKNOWN', retryable: true };
      if (status >= 400) return verdictOfBadRequest(error);
      return { code: 'MALFORMED_ANSWER', execution: 'UNKNOWN', retryable: false };
  }
}

/** 400 and 422: the one family in which the same status covers work not begun and work done in vain. */
function verdictOfBadRequest(error: GroqError | undefined): Verdict {
  if (error === undefined) {
    return { code: 'INVALID_REQUEST', execution: 'UNKNOWN', retryable: false };
  }
  const code = codesOf400.get(error.code ?? '') ?? codeOfWords(error);
  if (code !== undefined) {
    const execution = codesAfterGeneration.has(code) ? 'EXECUTED' : 'NOT_EXECUTED';
    return { code, execution, retryable: false };
  }
  if (error.generated) return { code: 'INVALID_REQUEST', execution: 'EXECUTED', retryable: false };
  // Validation errors come without a code. A code that nobody has described says nothing for certain.
  const execution = error.code === undefined ? 'NOT_EXECUTED' : 'UNKNOWN';
  return { code: 'INVALID_REQUEST', execution, retryable: false };
}

const codesOf400: ReadonlyMap<string, ProviderFailureCode> = new Map([
  ['model_decommissioned', 'MODEL_DECOMMISSIONED'],
  ['model_not_found', 'MODEL_NOT_FOUND'],
  ['model_terms_required', 'MODEL_TERMS_REQUIRED'],
  ['organization_restricted', 'ORGANIZATION_RESTRICTED'],
  ['blocked_api_access', 'SPEND_LIMIT_REACHED'],
  ['context_length_exceeded', 'CONTEXT_LENGTH_EXCEEDED'],
  ['tool_use_failed', 'TOOL_USE_FAILED'],
  ['json_validate_failed', 'JSON_VALIDATE_FAILED'],
  ['output_parse_failed', 'OUTPUT_PARSE_FAILED'],
  ['unsupported_audio_format', 'INVALID_REQUEST'],
]);

const codesAfterGeneration: ReadonlySet<ProviderFailureCode> = new Set([
  'TOOL_USE_FAILED',
  'JSON_VALIDATE_FAILED',
  'OUTPUT_PARSE_FAILED',
]);

/** For bodies without a code: the words of the same errors where they had one. */
function codeOfWords(error: GroqError): ProviderFailureCode | undefined {
  if (error.code !== undefined || error.message === undefined) return undefined;
  if (/has been decommissioned/i.test(error.message)) return 'MODEL_DECOMMISSIONED';
  if (/reduce the length of the messages/i.test(error.message)) return 'CONTEXT_LENGTH_EXCEEDED';
  if (/tool call validation failed/i.test(error.message)) return 'TOOL_USE_FAILED';
  if (/failed to (?:generate|validate) JSON/i.test(error.message)) return 'JSON_VALIDATE_FAILED';
  return undefined;
}

function codeOf403(error: GroqError | undefined): ProviderFailureCode {
  // A page instead of JSON comes from the edge, before Groq has looked at the key.
  if (error === undefined) return 'NETWORK_BLOCKED';
  if (error.code === 'organization_restricted') return 'ORGANIZATION_RESTRICTED';
  if (error.code === 'blocked_api_access') return 'SPEND_LIMIT_REACHED';
  if (error.code !== undefined || error.type !== undefined) return 'FORBIDDEN';
  return /network/i.test(error.message ?? '') ? 'NETWORK_BLOCKED' : 'FORBIDDEN';
}

function codeOf404(error: GroqError | undefined): ProviderFailureCode {
  if (error?.code === 'model_not_found') return 'MODEL_NOT_FOUND';
  if (error?.code !== undefined) return 'UNSUPPORTED';
  return /\bmodel\b.*\bdoes not exist\b/i.test(error?.message ?? '')
    ? 'MODEL_NOT_FOUND'
    : 'UNSUPPORTED';
}

function refused(code: ProviderFailureCode): Verdict {
  return { code, execution: 'NOT_EXECUTED', retryable: false };
}

/**
 * How long Groq asks us to wait. The reset headers come last: they know the requests of a day and the tokens
 * of a minute only, while the message names the window that is really exhausted.
 */
function waitMsOf(
  headers: ReadonlyMap<string, string>,
  error: GroqError | undefined,
  nowMs: number,
): number | undefined {
  const asked = retryAfterOf(headers, nowMs);
  if (asked !== undefined) return asked;
  const [, words] = tryAgainPattern.exec(error?.message?.slice(0, 2_000) ?? '') ?? [];
  const reset = headers.get(
    `x-ratelimit-reset-${error?.type === 'requests' ? 'requests' : 'tokens'}`,
  );
  for (const text of [words, reset]) {
    const ms = text === undefined ? undefined : goDurationMs(text);
    if (ms !== undefined) return boundedWaitMs(ms);
  }
  return undefined;
}

const tryAgainPattern = new RegExp(`try again in (${goDurationSource})`, 'i');

function errorOf(text: string): GroqError | undefined {
  const parsed = parseJson(text);
  const body = parsed.ok ? objectOf(parsed.value) : undefined;
  const error = body === undefined ? undefined : objectOf(memberOf(body, 'error'));
  if (error === undefined) return undefined;
  return {
    code: textOf(memberOf(error, 'code')),
    type: textOf(memberOf(error, 'type')),
    message: textOf(memberOf(error, 'message')),
    generated: memberOf(error, 'failed_generation') !== undefined,
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Our own words for each failure that a status of Groq can mean. */
const sentences: Readonly<Record<ProviderFailureCode, string>> = {
  UNCONFIGURED: 'No key is configured for Groq',
  UNAUTHORIZED: 'Groq does not accept the key',
  FORBIDDEN: 'Groq does not permit this with the present key',
  NETWORK_BLOCKED: 'Groq refuses calls from this network',
  UNSUPPORTED: 'Groq has nothing at this address',
  MODEL_NOT_FOUND: 'Groq does not know the model, or does not permit it with the present key',
  MODEL_DECOMMISSIONED: 'Groq has shut the model down',
  MODEL_TERMS_REQUIRED: "The model's terms are not accepted for the present key",
  ORGANIZATION_RESTRICTED: 'Groq has restricted the account behind the key',
  SPEND_LIMIT_REACHED: 'The spend limit at Groq is reached',
  INVALID_REQUEST: 'Groq does not accept the request',
  CONTEXT_LENGTH_EXCEEDED: 'The request is longer than the model can take',
  TOOL_USE_FAILED: 'The model made a tool call that does not fit the tools given',
  JSON_VALIDATE_FAILED: 'The model did not produce the JSON that was asked for',
  OUTPUT_PARSE_FAILED: "The model's output could not be read",
  REQUEST_TOO_LARGE: 'The request is larger than the limits at Groq allow',
  RATE_LIMITED: 'A rate limit at Groq is reached',
  OVER_CAPACITY: 'Groq is over capacity',
  SERVER_ERROR: 'Groq failed',
  DEPENDENCY_FAILED: 'Something that Groq depends on for this request failed',
  UNREACHABLE: 'Groq cannot be reached',
  TIMEOUT: 'Groq gave up waiting',
  CUT_ANSWER: 'The answer of Groq was cut',
  ANSWER_TOO_LARGE: 'The answer of Groq is too large',
  MALFORMED_ANSWER: 'Groq answered with a redirect or a status that is not followed',
  CANCELLED: 'Groq took the call for cancelled',
};
