import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { json } from '../support/groq-responders.ts';
import {
  chatPath,
  listedModel,
  registryWith,
  startLaunching,
  usualPricing,
} from '../support/launching.ts';
import type { LaunchAnswer, LaunchingService } from '../support/launching.ts';
import { recordedExchange, recordedNames } from '../support/recorded-exchanges.ts';

type Meaning = readonly [code: string, retryAfterSeconds?: number | null];

/** Certainly not executed, no use in trying again: a refusal. */
const refused: Readonly<Record<string, Meaning>> = {
  'error-400-context-length-gemma-7b': ['CONTEXT_LENGTH_EXCEEDED'],
  'error-400-decommissioned-llama3-8b-8192': ['MODEL_DECOMMISSIONED'],
  'error-400-decommissioned-mistral-saba-24b': ['MODEL_DECOMMISSIONED'],
  'error-400-decommissioned-qwq-stream-request': ['MODEL_DECOMMISSIONED'],
  'error-400-max-completion-tokens-qwen3.6': ['PROVIDER_REJECTED'],
  'error-400-message-validation': ['PROVIDER_REJECTED'],
  'error-400-model-terms-required': ['PROVIDER_UNAUTHORIZED'],
  'error-400-not-a-chat-model': ['PROVIDER_REJECTED'],
  'error-400-organization-restricted': ['PROVIDER_UNAUTHORIZED'],
  'error-400-tools-unsupported-llama-guard-4': ['PROVIDER_REJECTED'],
  'error-401-invalid-api-key': ['PROVIDER_UNAUTHORIZED'],
  'error-403-model-permission-project': ['PROVIDER_UNAUTHORIZED'],
  'error-403-network': ['PROVIDER_UNAUTHORIZED'],
  'error-404-model-not-found-typo': ['MODEL_NOT_FOUND'],
  'error-404-unknown-url-legacy-completions': ['PROVIDER_REJECTED'],
  'error-404-unknown-url-v1-rate-limits': ['PROVIDER_REJECTED'],
  'error-413-request-too-large-llama-3.1-8b': ['REQUEST_TOO_LARGE'],
};

/** Certainly not executed, worth another try later: a refusal that says when, where Groq does. */
const retryable: Readonly<Record<string, Meaning>> = {
  'error-429-retry-after-gpt-oss-20b-2026': ['PROVIDER_RATE_LIMITED', 35],
  'error-429-tpd-llama-3.3-70b-2026': ['PROVIDER_RATE_LIMITED', 579],
  'error-429-tpm-gemma2-9b': ['PROVIDER_RATE_LIMITED', 6],
  'error-429-tpm-gpt-oss-120b-2026': ['PROVIDER_RATE_LIMITED', 12],
  'error-429-tpm-llama-3.2-90b-2024': ['PROVIDER_RATE_LIMITED', 61],
  'error-503-over-capacity-llama-3.3-70b': ['PROVIDER_OVER_CAPACITY', null],
};

/** The model had begun, or nobody knows: a run that ended, with what is certain about its cost. */
const runs: Readonly<Record<string, readonly [state: string, code: string, certainty: string]>> = {
  'error-400-json-validate-failed-empty': ['FAILED', 'JSON_VALIDATE_FAILED', 'BOUNDED'],
  'error-400-json-validate-failed-llama3-8b': ['FAILED', 'JSON_VALIDATE_FAILED', 'BOUNDED'],
  'error-400-tool-use-failed-gpt-oss-120b': ['FAILED', 'TOOL_USE_FAILED', 'BOUNDED'],
  'error-400-tool-use-failed-schema-scout': ['FAILED', 'TOOL_USE_FAILED', 'BOUNDED'],
  'error-502-cloudflare-html': ['UNKNOWN', 'SERVER_ERROR', 'UNKNOWN'],
};

let service: LaunchingService;

/** A model of its own for each recording, so that no refusal holds another launch back. */
function modelOf(recording: string): string {
  return `recorded/${recording}`;
}

beforeAll(async () => {
  service = await startLaunching({
    models: [
      ...recordedNames('error-').map((name) => listedModel(modelOf(name), usualPricing)),
      ...['llama3-8b-8192', 'test/flex', 'test/resets', 'test/requests', 'test/words'].map((id) =>
        listedModel(id, usualPricing),
      ),
    ],
    registry: registryWith({ nominalThroughputs: [] }),
  });
});

afterAll(async () => {
  await service.close();
});

/** The next chat at Groq is this recorded refusal, wherever it was recorded. */
async function launchOn(recording: string, mode = 'SYNC'): Promise<LaunchAnswer> {
  service.groq.replyOnce(chatPath, recordedExchange(recording));
  return await service.launch({ model: modelOf(recording), mode });
}

function expectNothingPrivate(answer: unknown): void {
  expect(JSON.stringify(answer)).not.toMatch(/org_|proj_|gsk_|<html|failed_generation"/i);
}

describe('a recorded error of Groq', () => {
  test('has its meaning in one of these tables', () => {
    const named = [refused, retryable, runs].flatMap((table) => Object.keys(table));
    expect(named.sort()).toEqual(recordedNames('error-'));
  });

  test.each(Object.entries({ ...refused, ...retryable }))(
    '%s is a refusal: %s',
    async (name, [code, retryAfterSeconds = null]) => {
      const before = service.sent();
      const answer = await launchOn(name);
      expect(answer).toMatchObject({ code, retryable: name in retryable, retryAfterSeconds });
      expect(answer.message).toMatch(/^[A-Z].{10,}/);
      expect(service.sent() - before).toBe(1);
      expectNothingPrivate(answer);
      const spent = await service.ask('{ inferenceUsage { charge costMaximum } }', {});
      expect(JSON.stringify(spent.data)).not.toMatch(/[1-9]\d*"/);
    },
  );

  test.each(Object.entries(runs))(
    '%s is a run that ended: %s',
    async (name, [state, code, certainty]) => {
      const { run } = await launchOn(name);
      expect(run).toMatchObject({
        state,
        charge: '0',
        cost: { total: null, minimum: '0', maximum: run?.reserved, certainty },
        failure: { code },
        attempts: [{ number: 1 }],
      });
      expect(run?.failure?.message).toMatch(/^[A-Z].{10,}/);
      expectNothingPrivate(run);
    },
  );

  test('is a run without a cost where the answer was to be read later', async () => {
    const name = 'error-413-request-too-large-llama-3.1-8b';
    const { run } = await launchOn(name, 'STREAM');
    const ended = await service.ended(run?.id ?? '');
    expect(ended).toMatchObject({
      state: 'FAILED',
      charge: '0',
      cost: { total: '0', certainty: 'EXACT' },
      failure: { code: 'REQUEST_TOO_LARGE', retryable: false },
      attempts: [{ number: 1, outcome: 'NOT_EXECUTED' }],
    });
    expectNothingPrivate(ended);
  });
});

test('a decommissioned model names its replacement and is decommissioned in the catalogue', async () => {
  const document = `{ model(id: "llama3-8b-8192") { lifecycle replacement { id }
    offerings { nodes { available launchable launchBlocker } } } }`;
  const before = await service.ask(document);
  expect(before.data?.['model']).toMatchObject({ lifecycle: 'ACTIVE' });

  service.groq.replayOnce('error-400-decommissioned-llama3-8b-8192');
  const refusedLaunch = await service.launch({ model: 'llama3-8b-8192' });
  expect(refusedLaunch).toMatchObject({
    __typename: 'ModelUnavailable',
    code: 'MODEL_DECOMMISSIONED',
    retryable: false,
    replacement: { id: 'llama-3.1-8b-instant' },
  });

  const sent = service.sent();
  await expect
    .poll(async () => (await service.ask(`${document} # ${Math.random()}`)).data?.['model'])
    .toEqual({
      lifecycle: 'DECOMMISSIONED',
      replacement: { id: 'llama-3.1-8b-instant' },
      offerings: {
        nodes: [{ available: false, launchable: false, launchBlocker: 'MODEL_DECOMMISSIONED' }],
      },
    });
  expect(await service.launch({ model: 'llama3-8b-8192' })).toMatchObject({
    code: 'MODEL_DECOMMISSIONED',
    replacement: { id: 'llama-3.1-8b-instant' },
  });
  expect(service.sent()).toBe(sent);
});

describe('what Groq documents and no recording shows', () => {
  test('a full flex tier, 498, may be tried again', async () => {
    service.groq.replyOnce(
      chatPath,
      json({ error: { code: 'capacity_exceeded' } }, { status: 498 }),
    );
    expect(await service.launch({ model: 'test/flex' })).toMatchObject({
      code: 'PROVIDER_OVER_CAPACITY',
      retryable: true,
    });
  });

  const limited = (type: string) => ({ error: { type, code: 'rate_limit_exceeded' } });

  test.each([
    ['tokens', 'test/resets', '2m11.152s', 132],
    ['requests', 'test/requests', '20m9.6s', 1210],
  ])(
    'a 429 that says when in the reset header of its %s alone is read in Go’s notation',
    async (type, model, duration, seconds) => {
      const headers = { [`x-ratelimit-reset-${type}`]: duration };
      service.groq.replyOnce(chatPath, json(limited(type), { status: 429, headers }));
      const answer = await service.launch({ model });
      expect(answer).toMatchObject({
        code: 'PROVIDER_RATE_LIMITED',
        retryable: true,
        retryAfterSeconds: seconds,
      });
      const before = service.sent();
      const held = await service.launch({ model });
      expect(held).toMatchObject({ code: 'PROVIDER_RATE_LIMITED', retryable: true });
      expect(held.retryAfterSeconds).toBeLessThanOrEqual(seconds);
      expect(held.retryAfterSeconds).toBeGreaterThan(0);
      expect(service.sent()).toBe(before);
    },
  );
});

test('a refusal does not bind its key: the same key is tried again, in the way it is asked for then', async () => {
  const input = { idempotencyKey: 'tried-again', model: 'test/words', metadata: { try: 'first' } };
  service.groq.replyOnce(chatPath, json({ error: { message: 'full' } }, { status: 498 }));
  expect((await service.launch(input)).code).toBe('PROVIDER_OVER_CAPACITY');

  const again = await service.launch({ ...input, mode: 'STREAM', metadata: { try: 'second' } });
  expect(again.replayed).toBe(false);
  const id = again.run?.id ?? '';
  expect(await service.ended(id)).toMatchObject({
    state: 'SUCCEEDED',
    attempts: [
      { number: 1, outcome: 'NOT_EXECUTED' },
      { number: 2, outcome: 'COMPLETED' },
    ],
  });
  const answer = await service.ask(
    'query ($id: ID!) { inferenceRun(id: $id) { mode metadata events { kind } } }',
    { id },
  );
  const run = answer.data?.['inferenceRun'] as { readonly events: { readonly kind: string }[] };
  expect(run).toMatchObject({ mode: 'STREAM', metadata: { try: 'second' } });
  expect(run.events.at(-1)?.kind).toBe('FINISHED');
  expect(run.events.length).toBeGreaterThan(1);
});
