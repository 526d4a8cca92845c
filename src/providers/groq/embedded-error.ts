import type { ProviderFailure } from '../../domain/failure.ts';
import { ExactNumber, memberOf, objectOf } from '../json.ts';
import { redacted } from '../redaction.ts';
import type { AnswerContext } from './answer-reading.ts';
import { failureOfRefusal } from './errors.ts';

/**
 * The failure that stands inside an answer with a status of success: `{"error":{…,"status_code":400}}`, as
 * an event of a stream or as the whole body.
 *
 * @param text the JSON text that `value` was read from.
 * @returns undefined when `value` reports no error.
 */
export function embeddedFailure(
  value: unknown,
  text: string,
  answer: AnswerContext,
): ProviderFailure | undefined {
  const error = memberOf(objectOf(value) ?? {}, 'error');
  if (typeof error === 'string') return stoppedEarly(error, answer.key);
  const fields = objectOf(error);
  if (fields === undefined) return undefined;
  const stated = statedStatus(memberOf(fields, 'status_code'));
  const { headers, key, nowMs } = answer;
  const status = stated ?? guessedStatus(fields);
  const failure = failureOfRefusal({ status, headers, text, key, nowMs });
  // Only a status that Groq named itself is proof that nothing was done.
  return stated === undefined && failure.execution === 'NOT_EXECUTED'
    ? { ...failure, execution: 'UNKNOWN' }
    : failure;
}

/** The failure behind a bare sentence, such as `x_groq.error` in a chunk. */
export function stoppedEarly(words: string, key: string): ProviderFailure {
  const said = redacted(words, { secrets: [key] });
  return {
    code: 'SERVER_ERROR',
    message: `Groq stopped the answer early${said === '' ? '' : `: ${said}`}`,
    execution: 'UNKNOWN',
    retryable: true,
  };
}

function statedStatus(value: unknown): number | undefined {
  const status = value instanceof ExactNumber ? Number(value.text) : value;
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status < 600
    ? status
    : undefined;
}

function guessedStatus(error: Readonly<Record<string, unknown>>): number {
  const words = [memberOf(error, 'code'), memberOf(error, 'type')];
  for (const word of words) {
    const status = typeof word === 'string' ? statusOfWord.get(word) : undefined;
    if (status !== undefined) return status;
  }
  return 500;
}

/** The status that each word of Groq's errors comes with where the status is the answer's own. */
const statusOfWord: ReadonlyMap<string, number> = new Map([
  ['invalid_api_key', 401],
  ['model_not_found', 404],
  ['rate_limit_exceeded', 429],
  ['capacity_exceeded', 498],
  ['invalid_request_error', 400],
  ['permissions_error', 403],
  ['internal_server_error', 500],
]);
