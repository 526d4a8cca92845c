import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { InferenceDelta, InferenceOutput } from '../../../src/domain/inference.ts';
import { failureOfRefusal } from '../../../src/providers/groq/errors.ts';
import { eventStream, jsonText, streamed } from '../../support/groq-responders.ts';
import {
  chatPath,
  joined,
  type LaunchBench,
  question,
  startLaunchBench,
} from '../../support/launches.ts';
import { recordedExchange, recordedNames } from '../../support/recorded-exchanges.ts';

const none = undefined;

/** What each recorded answer counts: `[input, cached, output, reasoning]`, `[queue, prompt, completion]` in ms. */
const recorded: Readonly<Record<string, readonly [Counts, Times, string]>> = {
  'chat-cached-tokens-gpt-oss-120b': [
    [336, 256, 96, 59],
    ['5.052002', '565.85145', '574.329735'],
    'stop',
  ],
  'chat-length-llama-3.1-8b': [[38, none, 10], ['187.514032', '2.45312', '14.950533'], 'length'],
  'chat-plain-kimi-k2-paid-limits-2025-11': [
    [30, none, 10],
    ['190.203705', '10.721307', '12.596456'],
    'stop',
  ],
  'chat-plain-llama-3.1-8b-2025-11': [[38, none, 26], ['75.38376', '1.89137', '26.855259'], 'stop'],
  'chat-plain-llama-3.3-70b-2026-01': [
    [38, none, 4],
    ['89.910694', '1.689387', '30.590271'],
    'stop',
  ],
  'chat-plain-llama3-8b-2024-07-high-limits': [
    [17, none, 9],
    [none, '3.853674', '6.538968'],
    'stop',
  ],
  'chat-plain-mixtral-8x7b-2024-04': [[21, none, 4], [none, '5', '6'], 'stop'],
  'chat-reasoning-deepseek-r1-parsed': [
    [21, none, 1414],
    ['86.872184', '4.48192', '5141.818182'],
    'stop',
  ],
  'chat-reasoning-gpt-oss-120b-2026-10': [
    [352, none, 531, 138],
    ['219.537692', '67.397183', '1097.150022'],
    'stop',
  ],
  'chat-reasoning-gpt-oss-120b-effort-high': [
    [84, none, 105, 95],
    ['85.578701', '6.428182', '220.768495'],
    'stop',
  ],
  'chat-reasoning-qwen3-32b-effort-none': [
    [25, none, 2],
    ['560.257657', '1.168801', '6.467518'],
    'stop',
  ],
  'chat-service-tier-on-demand': [
    [84, none, 67, 57],
    ['171.971088', '13.028211', '139.900713'],
    'stop',
  ],
  'chat-stop-sequence-llama3-8b': [[35, none, 25], ['22.124504', '4.837532', '20.833333'], 'stop'],
  'chat-stream-compound-beta-web-search': [
    [5003, none, 359],
    ['235.881', '330.548', '876.77'],
    'stop',
  ],
  'chat-stream-gpt-oss-120b': [[91, none, 63, 35], ['79.43171', '3.665194', '134.880894'], 'stop'],
  'chat-stream-llama-3.3-70b': [[52, none, 20], ['8.583192', '2.652893', '78.664907'], 'stop'],
  'chat-stream-llama3-8b-2024-04': [[18, none, 8], ['173.082861', '8', '8'], 'stop'],
  'chat-stream-reasoning-gpt-oss-20b': [
    [102, none, 96, 46],
    ['3.102623', '6.584167', '95.370652'],
    'stop',
  ],
  'chat-stream-tool-gpt-oss-120b-top-level-usage': [
    [304, none, 49, 23],
    ['4.91786', '14.60151', '112.16431'],
    'tool_calls',
  ],
  'chat-stream-tool-gpt-oss-120b': [
    [151, none, 117, 72],
    ['72.544749', '5.802284', '257.421833'],
    'tool_calls',
  ],
  'chat-structured-json-object-llama3-8b': [[41, none, 6], [none, '57', '9'], 'stop'],
  'chat-structured-json-schema-gpt-oss-120b': [
    [178, none, 94],
    ['1095.749809', '8.149307', '186.978247'],
    'stop',
  ],
  'chat-tool-call-gpt-oss-120b': [
    [145, none, 56],
    ['79.422355', '6.394167', '117.905015'],
    'tool_calls',
  ],
  'chat-tool-call-mixtral-8x7b-2024-04': [[1106, none, 118], [none, '207', '210'], 'tool_calls'],
  'chat-tool-choice-required-scout': [
    [723, none, 29],
    ['301.661274', '20.127343', '74.478047'],
    'tool_calls',
  ],
  'chat-tool-result-gpt-oss-120b': [[124, none, 7], ['33.365089', '4.809501', '14.987246'], 'stop'],
  'chat-vision-llama-4-scout': [
    [749, none, 107],
    ['452.863345', '24.721406', '231.505751'],
    'stop',
  ],
};

type Counts = readonly [
  input: number,
  cached: number | undefined,
  output: number,
  reasoning?: number,
];
type Times = readonly [queue: string | undefined, prompt: string, completion: string];

/** Ends in an error and counts nothing; it has a test of its own. */
const brokenStream = 'chat-stream-error-tool-use-failed';

let bench: LaunchBench;

beforeAll(async () => {
  bench = await startLaunchBench();
});

afterAll(async () => {
  await bench.stop();
});

function expectedUsage([inputTokens, cachedInputTokens, outputTokens, reasoningTokens]: Counts) {
  return present({ inputTokens, cachedInputTokens, outputTokens, reasoningTokens });
}

function expectedTiming([queueMs, promptMs, completionMs]: Times) {
  return present({ queueMs, promptMs, completionMs });
}

function present(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function printed(fields: object): object {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
}

interface WireMessage {
  readonly content?: string;
  readonly reasoning?: string;
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly function: { readonly name: string; readonly arguments: string };
  }[];
}

/** What a recorded message says, read without the code under test. */
function outputOf(message: WireMessage, finishReason: string): InferenceOutput {
  return {
    ...present({ text: message.content, reasoning: message.reasoning }),
    toolCalls: (message.tool_calls ?? []).map((call) => ({ id: call.id, ...call.function })),
    finishReason,
  };
}

interface WireChunk {
  /** Absent in an error. */
  readonly choices?: readonly { readonly delta: WireMessage }[];
}

/** The message that a recorded stream amounts to, read without the code under test. */
function messageOf(sse: string): WireMessage {
  const lines = sse.split('\n').filter((line) => line.startsWith('data: {'));
  const deltas = lines
    .map((line) => JSON.parse(line.slice('data: '.length)) as WireChunk)
    .flatMap(({ choices = [] }) => choices.map(({ delta }) => delta));
  const content = deltas.map((delta) => delta.content ?? '').join('');
  const reasoning = deltas.map((delta) => delta.reasoning ?? '').join('');
  const calls = deltas.flatMap((delta) => delta.tool_calls ?? []);
  return {
    ...(content === '' ? {} : { content }),
    ...(reasoning === '' ? {} : { reasoning }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

function toolCallsOf(deltas: readonly InferenceDelta[]) {
  return deltas.flatMap((delta) => (delta.kind === 'TOOL_CALL' ? [delta.toolCall] : []));
}

describe('every recorded chat', () => {
  const plain = recordedNames('chat-').filter((name) => !name.startsWith('chat-stream'));
  const streams = recordedNames('chat-stream').filter((name) => name !== brokenStream);

  it('has its figures in the table of these tests', () => {
    expect(Object.keys(recorded).sort()).toEqual([...plain, ...streams].sort());
  });

  it.each(plain)('%s gives its output, counts, times and reason', async (name) => {
    const [counts, times, finishReason] = recorded[name] ?? [];
    if (counts === undefined || times === undefined) throw new Error('Not in the table');
    const { body, headers } = recordedExchange(name).response;
    const { choices, x_groq: groq } = body as {
      choices: [{ message: WireMessage }];
      x_groq: { id: string };
    };
    bench.groq.replayOnce(name);
    const outcome = await bench.launch();
    expect(outcome).toMatchObject({ ok: true, timeToFirstTokenMs: undefined });
    expect(outcome.output).toEqual(outputOf(choices[0].message, finishReason ?? ''));
    expect(outcome.usage).toEqual(expectedUsage(counts));
    expect(printed(outcome.timing)).toEqual(expectedTiming(times));
    expect(outcome.providerRequestId).toBe(groq.id);
    expect(outcome.servedCode).toBe(headers['x-groq-region']);
  });

  it.each(streams)('%s gives the same as a stream, piece by piece', async (name) => {
    const [counts, times, finishReason] = recorded[name] ?? [];
    if (counts === undefined || times === undefined) throw new Error('Not in the table');
    const { sse = '', headers } = recordedExchange(name).response;
    bench.groq.replyOnce(chatPath, streamed(recordedExchange(name)));
    const { outcome, deltas } = await bench.stream();
    expect(outcome.ok).toBe(true);
    expect(outcome.output).toEqual(outputOf(messageOf(sse), finishReason ?? ''));
    expect(outcome.usage).toEqual(expectedUsage(counts));
    expect(printed(outcome.timing)).toEqual(expectedTiming(times));
    expect(outcome.servedCode).toBe(headers['x-groq-region']);
    expect(joined(deltas, 'TEXT')).toBe(outcome.output?.text ?? '');
    expect(joined(deltas, 'REASONING')).toBe(outcome.output?.reasoning ?? '');
    expect(toolCallsOf(deltas)).toEqual(outcome.output?.toolCalls);
    const { timeToFirstTokenMs = -1, totalMs } = outcome;
    expect(timeToFirstTokenMs).toBeGreaterThan(0);
    expect(totalMs).toBeGreaterThanOrEqual(timeToFirstTokenMs);
  });

  it.each(streams)('%s would give the same as a whole answer', async (name) => {
    const { sse = '' } = recordedExchange(name).response;
    const [, , finishReason] = recorded[name] ?? [];
    const message = messageOf(sse);
    const usage = (JSON.parse(sse.split('data: ').at(-2) ?? '') as { usage?: object }).usage;
    bench.groq.replyOnce(chatPath, streamed(recordedExchange(name)));
    const { outcome } = await bench.stream();
    const whole = { choices: [{ message, finish_reason: finishReason }], usage };
    bench.groq.replyOnce(chatPath, jsonText(JSON.stringify(whole)));
    expect((await bench.launch()).output).toEqual(outcome.output);
  });

  it('that breaks off with an error after HTTP 200 keeps what came and was certainly executed', async () => {
    const { sse = '' } = recordedExchange(brokenStream).response;
    bench.groq.replayOnce(brokenStream);
    const { outcome, deltas } = await bench.stream();
    expect(outcome).toMatchObject({
      ok: false,
      failure: {
        code: 'TOOL_USE_FAILED',
        execution: 'EXECUTED',
        retryable: false,
        httpStatus: 400,
        providerRequestId: 'req_01khrvt2r6e9rb7e8qsg86ywkw',
      },
      usage: undefined,
      output: { reasoning: messageOf(sse).reasoning, toolCalls: [] },
    });
    expect(outcome.output).not.toHaveProperty('text');
    expect(joined(deltas, 'REASONING')).toBe(messageOf(sse).reasoning);
    expect(JSON.stringify(outcome)).not.toContain('invalid_param": "value');
  });
});

describe('a recorded stream, cut anywhere', () => {
  it('gives the same outcome when every byte comes alone', async () => {
    const { sse = '' } = recordedExchange('chat-stream-llama3-8b-2024-04').response;
    // A multi-byte text in it, so that characters are cut too.
    const text = sse.replace('Thursday', 'Dönnerstag 🗓').replaceAll('\n', '\r\n');
    bench.groq.replyOnce(chatPath, eventStream(text));
    const whole = await bench.stream();
    expect(whole.outcome.output?.text).toBe('The next day after Wednesday is Dönnerstag 🗓!');
    bench.groq.replyOnce(chatPath, eventStream(text, { pieceBytes: 1 }));
    const torn = await bench.stream();
    expect(torn.deltas).toEqual(whole.deltas);
    expect(torn.outcome.output).toEqual(whole.outcome.output);
    expect(torn.outcome.usage).toEqual(whole.outcome.usage);
  });
});

describe('the recorded rate-limit headers', () => {
  it.each([
    ['chat-plain-kimi-k2-paid-limits-2025-11', [499_999, 173, 249_969, 8]],
    ['chat-length-llama-3.1-8b', [14_395, 29_715, 5876, 1239]],
    ['chat-plain-mixtral-8x7b-2024-04', [14_399, 6000, 8984, 107]],
  ] as const)('of %s are counts and whole milliseconds, rounded up', async (name, figures) => {
    const [requestsRemaining, requestsResetMs, tokensRemaining, tokensResetMs] = figures;
    bench.groq.replayOnce(name);
    const { rateLimit } = await bench.launch();
    expect(rateLimit).toEqual({
      requestsRemaining,
      requestsResetMs,
      tokensRemaining,
      tokensResetMs,
    });
  });

  it('come with a refusal too, and are unknown where there are none', async () => {
    bench.groq.replayOnce('error-400-tool-use-failed-schema-scout');
    expect((await bench.launch()).rateLimit).toMatchObject({ requestsResetMs: 1_209_600 });
    bench.groq.replayOnce('chat-vision-llama-4-scout');
    expect((await bench.launch()).rateLimit).toBeUndefined();
  });
});

describe('every recorded refusal', () => {
  const executed = recordedNames('error-').filter((name) =>
    /tool-use-failed|json-validate-failed/.test(name),
  );

  it.each(
    recordedNames('error-').flatMap((name) => [[name, false] as const, [name, true] as const]),
  )('%s means the same for a launch, stream or not (%s)', async (name, stream) => {
    const { request, response } = recordedExchange(name);
    bench.groq.replayOnce(name);
    const endpoint = new URL(request.url).pathname;
    const outcome = await bench.launch({ ...question, endpoint }, { stream });
    if (outcome.ok) throw new Error('A refusal is due');
    const { body, status, headers } = response;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    expect(outcome.failure).toEqual(
      failureOfRefusal({
        status,
        headers: new Map(Object.entries(headers)),
        text,
        key: bench.key,
        nowMs: Date.now(),
      }),
    );
    expect(outcome.failure.execution === 'EXECUTED').toBe(executed.includes(name));
    expect(outcome).toMatchObject({ output: undefined, usage: undefined, timing: {} });
    expect(outcome.servedCode).toBe(headers['x-groq-region']);
    expect(outcome.providerRequestId).toBe(headers['x-request-id']);
    expect(JSON.stringify(outcome)).not.toMatch(/org_01|gsk_/);
  });
});
