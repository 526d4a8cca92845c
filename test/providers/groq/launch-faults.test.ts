import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { AttemptOutcome, ChatPayload, SpeechPayload } from '../../../src/domain/inference.ts';
import { createOutwardHttp } from '../../../src/providers/http.ts';
import {
  bigBody,
  cutBody,
  empty,
  eventStream,
  gzipBomb,
  gzipped,
  hang,
  hangMidBody,
  hangUp,
  html,
  json,
  jsonText,
  notHttp,
  redirectTo,
  type Responder,
  streamed,
  watched,
} from '../../support/groq-responders.ts';
import { startGroqServer } from '../../support/groq-server.ts';
import {
  chatPath,
  chunks,
  delta,
  joined,
  type LaunchBench,
  openChunks,
  question,
  startLaunchBench,
  wideLimits,
} from '../../support/launches.ts';
import { recordedExchange } from '../../support/recorded-exchanges.ts';

let bench: LaunchBench;

beforeEach(async () => {
  bench = await startLaunchBench();
});

afterEach(async () => {
  await bench.stop();
});

const answer = recordedExchange('chat-plain-llama-3.1-8b-2025-11');
const answerBody = answer.response.body;
const recordedStream = recordedExchange('chat-stream-llama-3.3-70b');
const usage = { prompt_tokens: 5, completion_tokens: 2 };
const hello = delta({ content: 'Hello' });
const finish = delta({}, 'stop');

/** Limits short enough to run out in a test, one at a time. */
const shortFirst = { firstTokenMs: 400 };
const shortIdle = { idleMs: 400 };
const shortTotal = { totalMs: 500 };

function failed(outcome: AttemptOutcome) {
  if (outcome.ok) throw new Error('A failure is due');
  return outcome.failure;
}

type Row = readonly [string, Responder, object, string, string, ...unknown[]];

/** Rows with what their titles show in front. */
function titled<T extends Row>(rows: readonly T[]): [string, string, string, T][] {
  return rows.map((row) => [row[0], row[3], row[4], row]);
}

/** A connection is free for the next call one turn after its answer. */
function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('an answer that cannot be had', () => {
  it.each(
    titled<[string, Responder, object, string, string]>([
      ['hangs before its head', hang, shortFirst, 'TIMEOUT', 'UNKNOWN'],
      ['hangs in its middle', hangMidBody(answerBody), shortIdle, 'TIMEOUT', 'UNKNOWN'],
      ['hangs up', hangUp, {}, 'CUT_ANSWER', 'UNKNOWN'],
      ['is cut in its middle', cutBody(answerBody), {}, 'CUT_ANSWER', 'UNKNOWN'],
      ['is a page', html(), {}, 'MALFORMED_ANSWER', 'UNKNOWN'],
      ['is a page of an edge', html(502), {}, 'SERVER_ERROR', 'UNKNOWN'],
      ['is empty', empty(), {}, 'MALFORMED_ANSWER', 'UNKNOWN'],
      ['is torn JSON', jsonText('{"choices":[{"mess'), {}, 'MALFORMED_ANSWER', 'UNKNOWN'],
      ['is other JSON', json({ status: 'ok' }), {}, 'MALFORMED_ANSWER', 'UNKNOWN'],
      ['is null', json(null), {}, 'MALFORMED_ANSWER', 'UNKNOWN'],
      ['has no choice', json({ choices: [], usage }), {}, 'MALFORMED_ANSWER', 'UNKNOWN'],
      ['has no message', json({ choices: [{}] }), {}, 'MALFORMED_ANSWER', 'UNKNOWN'],
      ['is an error under 200', json({ error: { message: 'no' } }), {}, 'SERVER_ERROR', 'UNKNOWN'],
      ['is not HTTP', notHttp, {}, 'MALFORMED_ANSWER', 'UNKNOWN'],
      ['leads elsewhere', redirectTo('http://127.0.0.1:1/'), {}, 'MALFORMED_ANSWER', 'UNKNOWN'],
      [
        'is too large and says so',
        bigBody(50_000_000, { declared: true }),
        {},
        'ANSWER_TOO_LARGE',
        'UNKNOWN',
      ],
      [
        'is too large and does not say so',
        bigBody(50_000_000, { declared: false }),
        {},
        'ANSWER_TOO_LARGE',
        'UNKNOWN',
      ],
      ['inflates to too much', gzipBomb(50_000_000), {}, 'ANSWER_TOO_LARGE', 'UNKNOWN'],
    ]),
  )('because it %s is %s and %s, after one request', async (_words, code, execution, row) => {
    const [, responder, limits] = row;
    bench.groq.reply(chatPath, responder);
    const outcome = await bench.launch(question, { limits });
    expect(failed(outcome)).toMatchObject({ code, execution });
    expect(outcome).toMatchObject({ output: undefined, usage: undefined });
    expect(bench.groq.requests).toHaveLength(1);
  });

  it('does not spoil the next call', async () => {
    bench.groq.replyOnce(chatPath, hangUp);
    bench.groq.reply(chatPath, answer);
    expect(failed(await bench.launch()).code).toBe('CUT_ANSWER');
    expect((await bench.launch()).ok).toBe(true);
  });

  it('may come under gzip when it can be had', async () => {
    bench.groq.reply(chatPath, gzipped(answerBody));
    expect((await bench.launch()).usage).toEqual({ inputTokens: 38, outputTokens: 26 });
  });

  it('that drips past the total limit is UNKNOWN, however lively it is', async () => {
    const text = JSON.stringify(answerBody);
    const drip = eventStream(text, { pieceBytes: 1, delayMs: 10 });
    bench.groq.reply(chatPath, drip);
    const outcome = await bench.launch(question, { limits: shortTotal });
    expect(failed(outcome)).toMatchObject({ code: 'TIMEOUT', execution: 'UNKNOWN' });
  });

  it('keeps what the head of a cut answer said', async () => {
    const headers = { 'x-groq-region': 'fra', 'x-request-id': 'req_01ka6c5fgseaksg4wxp79d43hm' };
    bench.groq.reply(chatPath, cutBody(answerBody, { headers }));
    const outcome = await bench.launch();
    expect(outcome).toMatchObject({
      servedCode: 'fra',
      providerRequestId: headers['x-request-id'],
      failure: { httpStatus: 200, providerRequestId: headers['x-request-id'] },
    });
  });
});

describe('a request that never went out', () => {
  it('because nobody is there is NOT_SENT', async () => {
    const gone = await startGroqServer({ key: bench.key });
    await gone.close();
    const outcome = await bench.adapter({ baseUrl: gone.url }).launchInference(question, {
      stream: true,
      signal: new AbortController().signal,
      limits: wideLimits,
    });
    expect(failed(outcome)).toMatchObject({
      code: 'UNREACHABLE',
      execution: 'NOT_SENT',
      retryable: true,
    });
  });

  it('because no connection was free in time is NOT_SENT', async () => {
    const clock = { now: () => Date.now(), monotonic: () => performance.now() };
    const http = createOutwardHttp({ clock, maxConnections: 1 });
    bench.groq.reply(chatPath, hang);
    const adapter = bench.adapter({ http });
    const options = { stream: false, signal: new AbortController().signal, limits: wideLimits };
    const first = adapter.launchInference(question, options);
    await bench.groq.waitForRequests(1);
    const limits = { ...wideLimits, connectMs: 80 };
    const second = await adapter.launchInference(question, { ...options, limits });
    expect(failed(second)).toMatchObject({ code: 'TIMEOUT', execution: 'NOT_SENT' });
    await http.close();
    expect(failed(await first)).toMatchObject({ code: 'CANCELLED', execution: 'UNKNOWN' });
    expect(bench.groq.requests).toHaveLength(1);
  });

  it('because it was cancelled before is NOT_SENT', async () => {
    const outcome = await bench.launch(question, { signal: AbortSignal.abort() });
    expect(failed(outcome)).toMatchObject({ code: 'CANCELLED', execution: 'NOT_SENT' });
    expect(bench.groq.requests).toEqual([]);
  });

  it.each(['api', 'http://127.0.0.1:1/x', '/a?b=c', '/a#b', '/a b', '/\\evil', ''])(
    'because its endpoint %j is no path is NOT_SENT',
    async (endpoint) => {
      const outcome = await bench.launch({ ...question, endpoint });
      expect(failed(outcome)).toMatchObject({ code: 'UNSUPPORTED', execution: 'NOT_SENT' });
      expect(bench.groq.requests).toEqual([]);
    },
  );

  it('because no endpoint serves its task is NOT_SENT', async () => {
    const endpoints = new Map([['TEXT_GENERATION', chatPath] as const]);
    const speech: SpeechPayload = {
      task: 'SPEECH',
      model: 'm',
      serviceTier: 'on_demand',
      text: 'a',
      voice: 'v',
    };
    const outcome = await bench.adapter({ endpoints }).launchInference(speech, {
      stream: false,
      signal: new AbortController().signal,
      limits: wideLimits,
    });
    expect(failed(outcome)).toMatchObject({ code: 'UNSUPPORTED', execution: 'NOT_SENT' });
  });
});

describe('where a request goes', () => {
  it("is the payload's own endpoint first, else the registered one, else Groq's", async () => {
    for (const path of [chatPath, '/custom/chat', '//own/chat']) bench.groq.reply(path, answer);
    const endpoints = new Map([['TEXT_GENERATION', '/custom/chat'] as const]);
    const options = {
      stream: false,
      signal: new AbortController().signal,
      limits: wideLimits,
    };
    const own: ChatPayload = { ...question, endpoint: '//own/chat' };
    await bench.launch();
    await bench.adapter({ endpoints }).launchInference(question, options);
    await bench.adapter({ endpoints }).launchInference(own, options);
    const paths = bench.groq.requests.map(({ path }) => path);
    expect(paths).toEqual([chatPath, '/custom/chat', '//own/chat']);
  });
});

describe('a stream that breaks', () => {
  const text = openChunks(hello, delta({ content: ' you' }));

  it.each(
    titled<[string, Responder, object, string, string, string | undefined]>([
      ['hangs before its head', hang, shortFirst, 'TIMEOUT', 'UNKNOWN', undefined],
      [
        'hangs before its first byte',
        eventStream('', { ending: 'HANG' }),
        shortFirst,
        'TIMEOUT',
        'UNKNOWN',
        undefined,
      ],
      [
        'hangs before its first piece',
        eventStream(openChunks(delta({ role: 'assistant', content: '' })), { ending: 'HANG' }),
        shortIdle,
        'TIMEOUT',
        'UNKNOWN',
        undefined,
      ],
      [
        'hangs in its middle',
        eventStream(text, { ending: 'HANG' }),
        shortIdle,
        'TIMEOUT',
        'EXECUTED',
        'Hello you',
      ],
      [
        'is cut in its middle',
        eventStream(text, { ending: 'CUT' }),
        {},
        'CUT_ANSWER',
        'EXECUTED',
        'Hello you',
      ],
      [
        'is cut inside a chunk',
        eventStream(`${text}data: {"choices":[{"del`, { ending: 'CUT' }),
        {},
        'CUT_ANSWER',
        'EXECUTED',
        'Hello you',
      ],
      [
        'is cut before any piece',
        eventStream(': hello\n\n', { ending: 'CUT' }),
        {},
        'CUT_ANSWER',
        'UNKNOWN',
        undefined,
      ],
      ['ends in its middle', eventStream(text), {}, 'CUT_ANSWER', 'EXECUTED', 'Hello you'],
      [
        'ends after an empty piece',
        eventStream(openChunks(delta({ role: 'assistant', content: '' }))),
        {},
        'CUT_ANSWER',
        'UNKNOWN',
        undefined,
      ],
      [
        'ends inside a chunk',
        eventStream(`${text}data: {"choices":[{"del`),
        {},
        'CUT_ANSWER',
        'EXECUTED',
        'Hello you',
      ],
      ['is empty', eventStream(''), {}, 'MALFORMED_ANSWER', 'UNKNOWN', undefined],
      ['is [DONE] alone', eventStream(chunks()), {}, 'MALFORMED_ANSWER', 'UNKNOWN', undefined],
      ['is a page', html(), {}, 'MALFORMED_ANSWER', 'UNKNOWN', undefined],
      ['is a page of an edge', html(502), {}, 'SERVER_ERROR', 'UNKNOWN', undefined],
      [
        'turns into a page',
        eventStream(`${text}<!DOCTYPE html>\n<html></html>\n\n${chunks(finish)}`),
        {},
        'MALFORMED_ANSWER',
        'EXECUTED',
        'Hello you',
      ],
      [
        'has an event that is not JSON',
        eventStream(`data: {"choices":[{]}\n\n${chunks(hello, finish)}`),
        {},
        'MALFORMED_ANSWER',
        'UNKNOWN',
        undefined,
      ],
      [
        'has an event that is no chunk',
        eventStream(chunks(hello, { ping: 1 }, finish)),
        {},
        'MALFORMED_ANSWER',
        'EXECUTED',
        'Hello',
      ],
      [
        'says that it was stopped early',
        eventStream(chunks(hello, { choices: [], x_groq: { error: 'over capacity' } })),
        {},
        'SERVER_ERROR',
        'EXECUTED',
        'Hello',
      ],
    ]),
  )('because it %s is %s and %s', async (_words, code, execution, row) => {
    const [, responder, limits, , , delivered] = row;
    bench.groq.reply(chatPath, responder);
    const { outcome, deltas } = await bench.stream(question, { limits });
    expect(failed(outcome)).toMatchObject({ code, execution });
    expect(outcome.output?.text).toBe(delivered);
    expect(joined(deltas, 'TEXT')).toBe(delivered ?? '');
    expect(bench.groq.requests).toHaveLength(1);
  });

  it.each([
    ['a recorded 400', 'error-400-decommissioned-qwq-stream-request', 'MODEL_DECOMMISSIONED'],
    ['a recorded 429', 'error-429-retry-after-gpt-oss-20b-2026', 'RATE_LIMITED'],
  ])('before it begins, by %s in plain JSON, is what that refusal is', async (_, name, code) => {
    bench.groq.replay(name);
    const { outcome } = await bench.stream();
    expect(failed(outcome)).toMatchObject({ code, execution: 'NOT_EXECUTED' });
  });

  it('drips past the total limit is EXECUTED, however lively it is', async () => {
    const chatter = Array.from({ length: 1000 }, () => hello);
    bench.groq.reply(chatPath, eventStream(chunks(...chatter), { pieceBytes: 60, delayMs: 10 }));
    const { outcome, deltas } = await bench.stream(question, { limits: { totalMs: 1000 } });
    expect(failed(outcome)).toMatchObject({ code: 'TIMEOUT', execution: 'EXECUTED' });
    expect(outcome.output?.text).toBe(joined(deltas, 'TEXT'));
  });

  it('is not bounded by the first-token limit once it has begun', async () => {
    const slow = eventStream(chunks(hello, finish), { pieceBytes: 40, delayMs: 300 });
    bench.groq.reply(chatPath, slow);
    const { outcome } = await bench.stream(question, { limits: { firstTokenMs: 1000 } });
    expect(outcome).toMatchObject({ ok: true, output: { text: 'Hello' } });
  });

  it('is not bounded by the idle limit before it has begun', async () => {
    const text = chunks(hello, finish);
    bench.groq.reply(chatPath, eventStream(text, { delayMs: 600 }));
    const { outcome } = await bench.stream(question, { limits: { idleMs: 200 } });
    expect(outcome).toMatchObject({ ok: true, output: { text: 'Hello' } });
  });

  it('is bounded in its output, and the connection is closed then', async () => {
    const flood = chunks(...Array.from({ length: 200 }, () => delta({ content: 'x'.repeat(99) })));
    const { responder, clientGone } = watched(eventStream(flood, { ending: 'HANG' }));
    bench.groq.reply(chatPath, responder);
    const { outcome, deltas } = await bench.stream(question, {
      limits: { maximumBodyBytes: 10_000 },
    });
    expect(failed(outcome)).toMatchObject({
      code: 'ANSWER_TOO_LARGE',
      execution: 'EXECUTED',
      retryable: false,
    });
    expect(joined(deltas, 'TEXT').length).toBeLessThanOrEqual(10_000);
    await clientGone;
  });

  it.each([
    ['comments', ': keep waiting\n\n'.repeat(50_000)],
    ['empty pieces', openChunks(delta({ content: '' })).repeat(5000)],
    ['a line without an end', `data: ${'x'.repeat(400_000)}`],
  ])('is bounded in its bytes, be they %s', async (_words, flood) => {
    bench.groq.reply(chatPath, eventStream(flood, { ending: 'HANG' }));
    const { outcome } = await bench.stream(question, { limits: { maximumBodyBytes: 10_000 } });
    expect(failed(outcome)).toMatchObject({ code: 'ANSWER_TOO_LARGE', execution: 'UNKNOWN' });
  });

  it('is bounded in its tool calls', async () => {
    const calls = Array.from({ length: 500 }, (_, index) =>
      delta({ tool_calls: [{ index, id: `c${index}`, function: {} }] }),
    );
    bench.groq.reply(chatPath, eventStream(chunks(...calls)));
    const { outcome } = await bench.stream(question, { limits: { maximumBodyBytes: 10_000 } });
    expect(failed(outcome).code).toBe('ANSWER_TOO_LARGE');
  });
});

describe('an abort', () => {
  it('while the answer is awaited is UNKNOWN and reaches the socket', async () => {
    const { responder, clientGone } = watched(hang);
    bench.groq.reply(chatPath, responder);
    const abort = new AbortController();
    const launched = bench.launch(question, { signal: abort.signal });
    await bench.groq.waitForRequests(1);
    abort.abort();
    expect(failed(await launched)).toMatchObject({ code: 'CANCELLED', execution: 'UNKNOWN' });
    await clientGone;
  });

  it('in the middle of a stream is EXECUTED, keeps what came, and reaches the socket', async () => {
    const { responder, clientGone } = watched(
      streamed(recordedStream, { events: 5, ending: 'HANG' }),
    );
    bench.groq.reply(chatPath, responder);
    const abort = new AbortController();
    let text = '';
    const outcome = await bench.launch(question, {
      stream: true,
      signal: abort.signal,
      onDelta: (piece) => {
        if (piece.kind === 'TEXT') text += piece.text;
        if (text === 'As the stars aligned') abort.abort();
      },
    });
    expect(failed(outcome)).toMatchObject({
      code: 'CANCELLED',
      execution: 'EXECUTED',
      retryable: false,
    });
    expect(outcome.output?.text).toBe('As the stars aligned');
    expect(outcome.usage).toBeUndefined();
    await clientGone;
  });

  it('after the model has finished cannot take the answer away', async () => {
    bench.groq.reply(chatPath, eventStream(openChunks(hello, finish), { ending: 'HANG' }));
    const abort = new AbortController();
    const outcome = await bench.launch(question, {
      stream: true,
      signal: abort.signal,
      onDelta: () => void setTimeout(() => abort.abort(), 500),
    });
    expect(outcome).toMatchObject({ ok: true, output: { text: 'Hello', finishReason: 'stop' } });
  });

  it('leaves no listener behind on the signal of many calls', async () => {
    bench.groq.reply(chatPath, recordedStream);
    const abort = new AbortController();
    for (let call = 0; call < 3; call += 1) await bench.stream(question, { signal: abort.signal });
    abort.abort();
    expect((await bench.stream()).outcome.ok).toBe(true);
  });
});

describe('a connection', () => {
  it('serves the next call after a whole answer and after a whole stream', async () => {
    bench.groq.reply(chatPath, answer);
    await bench.launch();
    await turnOfEventLoop();
    bench.groq.reply(chatPath, recordedStream);
    await bench.stream();
    await turnOfEventLoop();
    await bench.stream();
    expect(bench.groq.requests.map(({ connection }) => connection)).toEqual([1, 1, 1]);
  });

  it('that died in the pool costs no second request', async () => {
    bench.groq.reply(chatPath, answer);
    await bench.launch();
    await turnOfEventLoop();
    bench.groq.dropConnections();
    expect((await bench.launch()).ok).toBe(true);
    expect(bench.groq.requests).toHaveLength(2);
  });

  it('that dies under a request leaves it UNKNOWN and unrepeated', async () => {
    bench.groq.replyOnce(chatPath, answer);
    bench.groq.reply(chatPath, hangUp);
    await bench.launch();
    await turnOfEventLoop();
    expect(failed(await bench.launch())).toMatchObject({
      code: 'CUT_ANSWER',
      execution: 'UNKNOWN',
    });
    expect(bench.groq.requests.map(({ connection }) => connection)).toEqual([1, 1]);
  });

  it('that stays open after [DONE] does not keep the answer waiting for its idle limit', async () => {
    const { responder, clientGone } = watched(
      eventStream(chunks(hello, finish), { ending: 'HANG' }),
    );
    bench.groq.reply(chatPath, responder);
    const { outcome } = await bench.stream();
    expect(outcome.ok).toBe(true);
    await clientGone;
  });
});
