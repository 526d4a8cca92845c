import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import {
  cutBody,
  empty,
  eventStream,
  hang,
  hangMidBody,
  hangUp,
  html,
  json,
  notHttp,
  streamed,
} from '../support/groq-responders.ts';
import type { Responder } from '../support/groq-responders.ts';
import { chunks, delta, openChunks } from '../support/launches.ts';
import { chatPath, newKey, startLaunching } from '../support/launching.ts';
import type { LaunchInput, LaunchingService, ReceiptAnswer } from '../support/launching.ts';
import { recordedExchange } from '../support/recorded-exchanges.ts';
import { RingingClock } from '../support/ringing-clock.ts';

const clock = new RingingClock();
let service: LaunchingService;
beforeAll(async () => {
  service = await startLaunching({ clock });
});
afterAll(async () => {
  await service.close();
});

let sentBefore = 0;
beforeEach(() => {
  sentBefore = service.sent();
});

/** Launches on this answer of Groq and gives the receipt, once it was sent exactly once. */
async function ended(responder: Responder, input: LaunchInput): Promise<ReceiptAnswer> {
  service.groq.replyOnce(chatPath, responder);
  const key = { idempotencyKey: newKey() };
  const answer = await service.launch({ ...key, ...input });
  expect(answer.__typename).toBe('InferenceLaunched');
  const run = await service.ended(answer.run?.id ?? '');
  // Whatever the end, the key replays it and nothing more goes out.
  const again = await service.launch({ ...key, ...input });
  expect(again).toMatchObject({ replayed: true, run: { id: run.id, state: run.state } });
  expect(service.sent() - sentBefore).toBe(1);
  return run;
}

/** Answers so, and then the deadline of the launch is over, which was certainly sent by then. */
function untilDeadline(responder: Responder): Responder {
  return async (request, response) => {
    await responder(request, response);
    clock.ringAll();
  };
}

/** As {@link untilDeadline} with an event stream, once every piece of text in it is an event of the run. */
function heardUntilDeadline(text: string): Responder {
  return untilDeadline(async (request, response) => {
    await eventStream(text, { ending: 'HANG' })(request, response);
    await expect.poll(async () => await textOfNewestRun()).toBe('Half an answer');
  });
}

async function textOfNewestRun(): Promise<string> {
  const { inferenceRuns } = await service.data<{
    inferenceRuns: { nodes: readonly { events: readonly { text: string | null }[] }[] };
  }>('{ inferenceRuns(first: 1) { nodes { events { text } } } }');
  return (inferenceRuns.nodes[0]?.events ?? []).map(({ text }) => text ?? '').join('');
}

const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
const whole = recordedExchange('chat-cached-tokens-gpt-oss-120b').response.body;
const stopped = delta({}, 'stop');
/** 10 tokens at $0.15 and 5 at $0.60 for a million. */
const costOfUsage = '0.0000045';

const unknown = {
  state: 'UNKNOWN',
  charge: '0',
  usage: null,
  cost: { total: null, minimum: '0', certainty: 'UNKNOWN' },
  attempts: [{ number: 1, outcome: 'UNKNOWN' }],
};

describe('a whole answer of Groq that goes wrong leaves the outcome unknown', () => {
  test.each<[string, Responder, string, RegExp]>([
    ['hangs', untilDeadline(hang), 'DEADLINE_EXCEEDED', /longer than its deadline/],
    [
      'hangs in its middle',
      untilDeadline(hangMidBody(whole)),
      'DEADLINE_EXCEEDED',
      /longer than its deadline/,
    ],
    ['is cut in its middle', cutBody(whole), 'CUT_ANSWER', /before the whole answer/],
    ['never begins, the connection is cut', hangUp, 'CUT_ANSWER', /before the whole answer/],
    ['is a page of HTML', html(), 'MALFORMED_ANSWER', /JSON/],
    ['is empty', empty(), 'MALFORMED_ANSWER', /JSON|empty/i],
    ['is not HTTP', notHttp, 'MALFORMED_ANSWER', /not valid HTTP/],
    ['is JSON without an answer in it', json({ id: 'x', choices: [] }), 'MALFORMED_ANSWER', /./],
    ['is a page of HTML with 502', html(502), 'SERVER_ERROR', /HTTP 502/],
  ])('%s', async (_, responder, code, words) => {
    const run = await ended(responder, {});
    expect(run).toMatchObject({ ...unknown, failure: { code } });
    expect(run.cost.maximum).toBe(run.reserved);
    expect(run.failure?.message).toMatch(words);
    expect(run.failure?.message).not.toMatch(/<|html/i);
  });
});

describe('a stream of Groq that goes wrong before its first piece leaves the outcome unknown', () => {
  test.each<[string, Responder, string]>([
    ['hangs', untilDeadline(hang), 'DEADLINE_EXCEEDED'],
    ['is cut', eventStream('', { ending: 'CUT' }), 'CUT_ANSWER'],
    ['is a page of HTML', html(), 'MALFORMED_ANSWER'],
    ['is [DONE] and nothing else', eventStream(chunks()), 'MALFORMED_ANSWER'],
  ])('%s', async (_, responder, code) => {
    const run = await ended(responder, { mode: 'STREAM' });
    expect(run).toMatchObject({ ...unknown, failure: { code } });
  });
});

describe('a stream of Groq that goes wrong in its middle has worked, for a cost within bounds', () => {
  const some = openChunks(delta({ content: 'Half an ' }), delta({ content: 'answer' }));
  const errorEvent = `event: error\ndata: ${JSON.stringify({ error: { message: 'Overloaded', type: 'internal_server_error', status_code: 500 } })}\n\n`;

  test.each<[string, Responder, string]>([
    ['is cut', eventStream(some, { ending: 'CUT' }), 'CUT_ANSWER'],
    ['falls silent', heardUntilDeadline(some), 'DEADLINE_EXCEEDED'],
    ['ends without an end', eventStream(some), 'CUT_ANSWER'],
    ['gives an error after HTTP 200', eventStream(some + errorEvent), 'SERVER_ERROR'],
    [
      'gives an error inside a chunk',
      eventStream(some + openChunks({ ...delta({}), x_groq: { error: 'over capacity' } })),
      'SERVER_ERROR',
    ],
    ['turns into something else', eventStream(`${some}data: <html>\n\n`), 'MALFORMED_ANSWER'],
  ])('%s', async (_, responder, code) => {
    const run = await ended(responder, { mode: 'STREAM' });
    expect(run).toMatchObject({
      state: 'FAILED',
      charge: '0',
      usage: null,
      cost: { total: null, minimum: '0', maximum: run.reserved, certainty: 'BOUNDED' },
      failure: { code },
      attempts: [{ number: 1, outcome: 'EXECUTED' }],
      output: { text: 'Half an answer', finishReason: null },
    });
    expect(run.failure?.message).toMatch(/\w+ .{10,}/);
  });

  test('chat-stream-error-tool-use-failed, as it was recorded', async () => {
    const exchange = recordedExchange('chat-stream-error-tool-use-failed');
    const run = await ended(streamed(exchange), { mode: 'STREAM' });
    expect(run).toMatchObject({
      state: 'FAILED',
      cost: { total: null, certainty: 'BOUNDED' },
      failure: { code: 'TOOL_USE_FAILED' },
      attempts: [{ number: 1, outcome: 'EXECUTED' }],
    });
  });
});

describe('a stream of Groq', () => {
  test('without [DONE] has succeeded when the model had come to its end', async () => {
    const text = openChunks(delta({ content: 'Done.' }), { ...stopped, x_groq: { usage } });
    expect(await ended(eventStream(text), { mode: 'STREAM' })).toMatchObject({
      state: 'SUCCEEDED',
      charge: costOfUsage,
      cost: { total: costOfUsage, certainty: 'EXACT' },
      output: { text: 'Done.', finishReason: 'stop' },
    });
  });

  test('that says its usage in both places is charged once', async () => {
    const text = chunks(delta({ content: 'Twice.' }), {
      ...stopped,
      usage,
      x_groq: { id: 'req_1', usage },
    });
    expect(await ended(eventStream(text), { mode: 'STREAM' })).toMatchObject({
      state: 'SUCCEEDED',
      charge: costOfUsage,
      usage: { inputTokens: 10, outputTokens: 5 },
    });
  });

  test('that says its usage in two chunks is charged by the last', async () => {
    const text = chunks(
      { ...delta({ content: 'Twice.' }), usage: { prompt_tokens: 10, completion_tokens: 1 } },
      { ...stopped, usage },
    );
    expect(await ended(eventStream(text), { mode: 'STREAM' })).toMatchObject({
      charge: costOfUsage,
      usage: { inputTokens: 10, outputTokens: 5 },
    });
  });

  test('that never says its usage has succeeded for a cost within bounds, not for nothing', async () => {
    const run = await ended(eventStream(chunks(delta({ content: 'Unpaid.' }), stopped)), {
      mode: 'STREAM',
    });
    expect(run).toMatchObject({
      state: 'SUCCEEDED',
      charge: '0',
      usage: null,
      cost: { total: null, minimum: '0', maximum: run.reserved, certainty: 'BOUNDED' },
      output: { text: 'Unpaid.' },
    });
  });

  test('that is cut after the last word of the model has succeeded', async () => {
    const text = openChunks(delta({ content: 'Just so.' }), { ...stopped, usage });
    const run = await ended(eventStream(text, { ending: 'CUT' }), { mode: 'STREAM' });
    expect(run).toMatchObject({ state: 'SUCCEEDED', charge: costOfUsage });
  });

  test('that was cut keeps what had come as events, with its end', async () => {
    const { sse = '' } = recordedExchange('chat-stream-gpt-oss-120b').response;
    const firstEvents = sse.split(/(?<=\n\n)/).slice(0, 6);
    const run = await ended(eventStream(firstEvents.join(''), { ending: 'CUT' }), {
      mode: 'STREAM',
    });
    const { inferenceRun } = await service.data<{
      inferenceRun: { events: readonly { kind: string; text: string | null }[] };
    }>('query ($id: ID!) { inferenceRun(id: $id) { events { kind text run { state } } } }', {
      id: run.id,
    });
    const { events } = inferenceRun;
    expect(events.at(-1)).toMatchObject({ kind: 'FINISHED', run: { state: run.state } });
    const said = events.map(({ text }) => text ?? '').join('');
    expect(said).toBe(`${run.output?.reasoning ?? ''}${run.output?.text ?? ''}`);
    expect(said).not.toBe('');
  });
});

describe('a whole answer of Groq', () => {
  const answer = (more: object) => ({
    id: 'chatcmpl-1',
    choices: [{ index: 0, message: { content: 'Hello.' }, finish_reason: 'stop' }],
    ...more,
  });

  test('that says its usage in both places is charged once', async () => {
    expect(await ended(json(answer({ usage, x_groq: { usage } })), {})).toMatchObject({
      state: 'SUCCEEDED',
      charge: costOfUsage,
    });
  });

  test('that never says its usage costs what is within bounds', async () => {
    expect(await ended(json(answer({})), {})).toMatchObject({
      state: 'SUCCEEDED',
      charge: '0',
      cost: { total: null, certainty: 'BOUNDED' },
      output: { text: 'Hello.' },
    });
  });

  test('that counts zero costs zero, exactly', async () => {
    const none = { prompt_tokens: 0, completion_tokens: 0 };
    expect(await ended(json(answer({ usage: none })), {})).toMatchObject({
      state: 'SUCCEEDED',
      charge: '0',
      usage: { inputTokens: 0, outputTokens: 0 },
      cost: { total: '0', certainty: 'EXACT' },
    });
  });

  test('that counts more than was reserved is charged what was reserved, and the rest is ours', async () => {
    const much = { prompt_tokens: 1_000_000_000, completion_tokens: 5 };
    const run = await ended(json(answer({ usage: much })), {});
    expect(run).toMatchObject({
      state: 'SUCCEEDED',
      charge: run.reserved,
      cost: { total: '150.000003', certainty: 'EXACT' },
    });
  });
});

test('a provider that can not be reached was sent nothing, is tried once more visibly, and refuses', async () => {
  const gone = await startLaunching();
  try {
    await gone.groq.close();
    const answer = await gone.launch({ idempotencyKey: 'unreachable' });
    expect(answer).toMatchObject({ code: 'PROVIDER_UNREACHABLE', retryable: true });
    const runs = await gone.ask(
      '{ inferenceRuns { nodes { state charge attempts { outcome } } } }',
    );
    expect(runs.data?.['inferenceRuns']).toEqual({
      nodes: [
        {
          state: 'FAILED',
          charge: '0',
          attempts: [{ outcome: 'NOT_SENT' }, { outcome: 'NOT_SENT' }],
        },
      ],
    });
  } finally {
    await gone.close();
  }
});
