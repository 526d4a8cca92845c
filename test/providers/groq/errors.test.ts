import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { ProviderFailure } from '../../../src/domain/failure.ts';
import { failureOfBrokenExchange, failureOfRefusal } from '../../../src/providers/groq/errors.ts';
import { GroqApi } from '../../../src/providers/groq/groq-api.ts';
import { createOutwardHttp, type OutwardHttp } from '../../../src/providers/http.ts';
import { TestKeys } from '../../support/api-keys.ts';
import { type GroqServer, startGroqServer } from '../../support/groq-server.ts';
import { recordedExchange, recordedNames } from '../../support/recorded-exchanges.ts';

const key = 'gsk_testKeyOfTheErrorTests';
const nowMs = Date.UTC(2026, 10, 23, 12, 0, 0);

type Row = Pick<ProviderFailure, 'code' | 'execution' | 'retryable'> & {
  readonly retryAfterMs?: number;
};

const refused = { execution: 'NOT_EXECUTED', retryable: false } as const;
const executed = { execution: 'EXECUTED', retryable: false } as const;
const limited = { code: 'RATE_LIMITED', execution: 'NOT_EXECUTED', retryable: true } as const;

/** What each recording means. */
const recorded: Readonly<Record<string, Row>> = {
  'error-400-context-length-gemma-7b': { code: 'CONTEXT_LENGTH_EXCEEDED', ...refused },
  'error-400-decommissioned-llama3-8b-8192': { code: 'MODEL_DECOMMISSIONED', ...refused },
  'error-400-decommissioned-mistral-saba-24b': { code: 'MODEL_DECOMMISSIONED', ...refused },
  'error-400-decommissioned-qwq-stream-request': { code: 'MODEL_DECOMMISSIONED', ...refused },
  'error-400-json-validate-failed-empty': { code: 'JSON_VALIDATE_FAILED', ...executed },
  'error-400-json-validate-failed-llama3-8b': { code: 'JSON_VALIDATE_FAILED', ...executed },
  'error-400-max-completion-tokens-qwen3.6': { code: 'INVALID_REQUEST', ...refused },
  'error-400-message-validation': { code: 'INVALID_REQUEST', ...refused },
  'error-400-model-terms-required': { code: 'MODEL_TERMS_REQUIRED', ...refused },
  'error-400-not-a-chat-model': { code: 'INVALID_REQUEST', ...refused },
  'error-400-organization-restricted': { code: 'ORGANIZATION_RESTRICTED', ...refused },
  'error-400-tool-use-failed-gpt-oss-120b': { code: 'TOOL_USE_FAILED', ...executed },
  'error-400-tool-use-failed-schema-scout': { code: 'TOOL_USE_FAILED', ...executed },
  'error-400-tools-unsupported-llama-guard-4': { code: 'INVALID_REQUEST', ...refused },
  'error-401-invalid-api-key': { code: 'UNAUTHORIZED', ...refused },
  'error-403-model-permission-project': { code: 'FORBIDDEN', ...refused },
  'error-403-network': { code: 'NETWORK_BLOCKED', ...refused },
  'error-404-model-not-found-typo': { code: 'MODEL_NOT_FOUND', ...refused },
  'error-404-unknown-url-legacy-completions': { code: 'UNSUPPORTED', ...refused },
  'error-404-unknown-url-v1-rate-limits': { code: 'UNSUPPORTED', ...refused },
  'error-413-request-too-large-llama-3.1-8b': { code: 'REQUEST_TOO_LARGE', ...refused },
  'error-429-retry-after-gpt-oss-20b-2026': { ...limited, retryAfterMs: 35_000 },
  'error-429-tpd-llama-3.3-70b-2026': { ...limited, retryAfterMs: 578_016 },
  'error-429-tpm-gemma2-9b': { ...limited, retryAfterMs: 5_289 },
  'error-429-tpm-gpt-oss-120b-2026': { ...limited, retryAfterMs: 11_813 },
  'error-429-tpm-llama-3.2-90b-2024': { ...limited, retryAfterMs: 60_364 },
  'error-502-cloudflare-html': { code: 'SERVER_ERROR', execution: 'UNKNOWN', retryable: true },
  'error-503-over-capacity-llama-3.3-70b': {
    code: 'OVER_CAPACITY',
    execution: 'NOT_EXECUTED',
    retryable: true,
  },
};

describe('a recorded refusal of Groq, over the wire', () => {
  let server: GroqServer;
  let http: OutwardHttp;

  beforeAll(async () => {
    server = await startGroqServer({ key });
    http = createOutwardHttp({ clock: { now: () => nowMs } });
  });

  afterAll(async () => {
    await http.close();
    await server.close();
  });

  it('is in the table of these tests, every one', () => {
    expect(Object.keys(recorded)).toEqual(recordedNames('error-'));
  });

  it.each(recordedNames('error-'))('%s means what the table says', async (name) => {
    const { request, response } = recordedExchange(name);
    const { pathname } = new URL(request.url);
    server.replay(name);
    const api = new GroqApi({
      baseUrl: server.url,
      http,
      keys: new TestKeys(key),
      clock: { now: () => nowMs },
    });
    const result = await api.get(new URL(pathname, server.url), limits, never);
    if (result.ok) throw new Error('The refusal was taken for an answer');
    const { code, execution, retryable, retryAfterMs, httpStatus, providerRequestId } =
      result.failure;
    expect({
      code,
      execution,
      retryable,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    }).toEqual(recorded[name]);
    expect(httpStatus).toBe(response.status);
    expect(providerRequestId).toBe(response.headers['x-request-id']);
    expect(JSON.stringify(result.failure)).not.toMatch(/org_01|gsk_|<html|resultados/i);
  });
});

const never = new AbortController().signal;
const limits = {
  connectTimeoutMs: 5_000,
  firstByteTimeoutMs: 5_000,
  idleTimeoutMs: 5_000,
  totalTimeoutMs: 5_000,
  maxBodyBytes: 1_000_000,
};

/** A failure from a status, the members of `error` (or raw text), and headers. */
function failure(
  status: number,
  error: Readonly<Record<string, unknown>> | string | undefined = {},
  headers: Readonly<Record<string, string>> = {},
): ProviderFailure {
  return failureOfRefusal({
    status,
    headers: new Map(Object.entries(headers)),
    text: typeof error === 'object' ? JSON.stringify({ error }) : error,
    key,
    nowMs,
  });
}

describe('a refusal that nobody has recorded', () => {
  const html = '<!DOCTYPE html><title>Error</title>';
  const cut = '{"error":{"message":"Rate limit reac';

  it.each([
    [
      400,
      { code: 'output_parse_failed', failed_generation: '' },
      'OUTPUT_PARSE_FAILED',
      'EXECUTED',
    ],
    [400, { code: 'unsupported_audio_format' }, 'INVALID_REQUEST', 'NOT_EXECUTED'],
    [400, { code: 'blocked_api_access' }, 'SPEND_LIMIT_REACHED', 'NOT_EXECUTED'],
    [400, { code: 'model_not_found' }, 'MODEL_NOT_FOUND', 'NOT_EXECUTED'],
    [
      400,
      { message: 'The model `x` has been decommissioned' },
      'MODEL_DECOMMISSIONED',
      'NOT_EXECUTED',
    ],
    [
      400,
      { message: 'Please reduce the length of the messages' },
      'CONTEXT_LENGTH_EXCEEDED',
      'NOT_EXECUTED',
    ],
    [400, { message: 'Tool call validation failed: …' }, 'TOOL_USE_FAILED', 'EXECUTED'],
    [400, { message: 'Failed to generate JSON.' }, 'JSON_VALIDATE_FAILED', 'EXECUTED'],
    [400, { message: 'other', failed_generation: 'x' }, 'INVALID_REQUEST', 'EXECUTED'],
    [400, { code: 'a_code_of_tomorrow' }, 'INVALID_REQUEST', 'UNKNOWN'],
    [400, html, 'INVALID_REQUEST', 'UNKNOWN'],
    [400, '', 'INVALID_REQUEST', 'UNKNOWN'],
    [400, '{"error":"text"}', 'INVALID_REQUEST', 'UNKNOWN'],
    [401, html, 'UNAUTHORIZED', 'NOT_EXECUTED'],
    [401, '', 'UNAUTHORIZED', 'NOT_EXECUTED'],
    [402, {}, 'SPEND_LIMIT_REACHED', 'NOT_EXECUTED'],
    [
      403,
      { type: 'permissions_error', code: 'model_permission_blocked_org' },
      'FORBIDDEN',
      'NOT_EXECUTED',
    ],
    [403, { type: 'permissions_error' }, 'FORBIDDEN', 'NOT_EXECUTED'],
    [403, html, 'NETWORK_BLOCKED', 'NOT_EXECUTED'],
    [
      404,
      { message: 'The model `x` does not exist or you do not have access to it.' },
      'MODEL_NOT_FOUND',
      'NOT_EXECUTED',
    ],
    [404, html, 'UNSUPPORTED', 'NOT_EXECUTED'],
    [405, {}, 'UNSUPPORTED', 'NOT_EXECUTED'],
    [413, html, 'REQUEST_TOO_LARGE', 'NOT_EXECUTED'],
    [422, { message: 'semantic' }, 'INVALID_REQUEST', 'NOT_EXECUTED'],
    [424, { message: 'mcp' }, 'DEPENDENCY_FAILED', 'UNKNOWN'],
    [499, {}, 'CANCELLED', 'UNKNOWN'],
    [302, '', 'MALFORMED_ANSWER', 'UNKNOWN'],
  ] as const)(
    '%d with %j is not to be repeated as it is: %s, %s',
    (status, error, code, execution) => {
      expect(failure(status, error)).toMatchObject({ code, execution, retryable: false });
    },
  );

  it.each([
    [408, {}, 'TIMEOUT', 'UNKNOWN'],
    [429, cut, 'RATE_LIMITED', 'NOT_EXECUTED'],
    [429, html, 'RATE_LIMITED', 'NOT_EXECUTED'],
    [498, { code: 'capacity_exceeded' }, 'OVER_CAPACITY', 'NOT_EXECUTED'],
    [498, '', 'OVER_CAPACITY', 'NOT_EXECUTED'],
    [500, { type: 'internal_server_error' }, 'SERVER_ERROR', 'UNKNOWN'],
    [500, '', 'SERVER_ERROR', 'UNKNOWN'],
    [502, cut, 'SERVER_ERROR', 'UNKNOWN'],
    [503, html, 'SERVER_ERROR', 'UNKNOWN'],
    [
      503,
      { type: 'internal_server_error', message: 'Service Unavailable' },
      'SERVER_ERROR',
      'UNKNOWN',
    ],
    [503, { message: 'm is currently over capacity.' }, 'OVER_CAPACITY', 'NOT_EXECUTED'],
    [504, '', 'SERVER_ERROR', 'UNKNOWN'],
    [524, html, 'SERVER_ERROR', 'UNKNOWN'],
  ] as const)('%d with %j may be tried again: %s, %s', (status, error, code, execution) => {
    expect(failure(status, error)).toMatchObject({ code, execution, retryable: true });
  });

  it('is decided by its status before its code', () => {
    expect(failure(413, { type: 'tokens', code: 'rate_limit_exceeded' }).code).toBe(
      'REQUEST_TOO_LARGE',
    );
    expect(failure(500, { code: 'model_decommissioned' }).code).toBe('SERVER_ERROR');
  });

  it('is decided by its status when its body never came', () => {
    const head = { status: 429, headers: new Map([['retry-after', '7']]) };
    const broken = { kind: 'TIMEOUT', message: 'no further byte', requestWritten: true } as const;
    expect(failureOfBrokenExchange({ ...broken, head }, { key, nowMs })).toMatchObject({
      code: 'RATE_LIMITED',
      execution: 'NOT_EXECUTED',
      retryAfterMs: 7_000,
    });
    expect(failureOfBrokenExchange(broken, { key, nowMs })).toMatchObject({
      code: 'TIMEOUT',
      execution: 'UNKNOWN',
      retryable: true,
    });
  });

  it('is certain not to have been sent when nothing was written', () => {
    const broken = { kind: 'UNREACHABLE', message: 'refused', requestWritten: false } as const;
    expect(failureOfBrokenExchange(broken, { key, nowMs })).toMatchObject({
      code: 'UNREACHABLE',
      execution: 'NOT_SENT',
      retryable: true,
    });
  });
});

describe('an error in the middle of a stream', () => {
  it('is read by the status that stands in it: the model had begun', () => {
    const { sse = '' } = recordedExchange('chat-stream-error-tool-use-failed').response;
    const text = /event: error\ndata: (.+)/.exec(sse)?.[1] ?? '';
    expect(failureOfRefusal({ status: 400, headers: new Map(), text, key, nowMs })).toMatchObject({
      code: 'TOOL_USE_FAILED',
      execution: 'EXECUTED',
      retryable: false,
    });
  });
});

describe('the wait that Groq asks for', () => {
  const words = { type: 'tokens', message: 'Please try again in 34.1475s. Need more?' };
  const resets = {
    'x-ratelimit-reset-tokens': '7.44ms',
    'x-ratelimit-reset-requests': '2m11.152s',
  };

  it.each([
    ['retry-after before everything', words, { ...resets, 'retry-after': '35' }, 35_000],
    ['the words, which know the exhausted window', words, resets, 34_148],
    ['the reset of tokens', { type: 'tokens' }, resets, 8],
    ['the reset of requests', { type: 'requests' }, resets, 131_152],
    ['nothing', { type: 'tokens' }, { 'x-ratelimit-reset-tokens': 'soon' }, undefined],
  ])('is taken from %s', (_words, error, headers, expected) => {
    expect(failure(429, error, headers).retryAfterMs).toBe(expected);
  });

  it('is not taken where a repeat cannot help', () => {
    const tooLarge = failure(413, words, { 'retry-after': '35' });
    expect(tooLarge.retryable).toBe(false);
    expect(tooLarge.retryAfterMs).toBeUndefined();
  });
});

describe('the message of a failure', () => {
  it('says in our words what is wrong, then what Groq says', () => {
    const { message } = failure(400, {
      code: 'model_terms_required',
      message: 'Accept them at https://console.groq.com/playground?model=playai-tts',
    });
    expect(message).toBe(
      "The model's terms are not accepted for the present key (HTTP 400): Accept them at https://console.groq.com/playground?model=playai-tts",
    );
  });

  it('never holds organisation ids, keys, pages or generated content', () => {
    const secret = {
      message: `bad ${key} for org_canary in project_canary`,
      failed_generation: 'CONTENT',
    };
    const told = JSON.stringify([
      failure(400, secret),
      failure(403, '<html>CONTENT</html>'),
      failure(429, secret, { 'x-request-id': 'org_canary' }),
    ]);
    expect(told).not.toMatch(/canary|CONTENT|html/);
    expect(told).not.toContain(key);
  });

  it('is bounded and one line', () => {
    const { message } = failure(500, { message: 'x \n\u0000'.repeat(5_000) });
    expect(message.length).toBeLessThan(600);
    expect(message).not.toMatch(/\p{Cc}/u);
  });
});
