import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { TestKeys } from '../../support/api-keys.ts';
import { eventStream, json, jsonText, watched } from '../../support/groq-responders.ts';
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

let bench: LaunchBench;

beforeAll(async () => {
  bench = await startLaunchBench();
});

afterAll(async () => {
  await bench.stop();
});

const counted = { prompt_tokens: 7, completion_tokens: 3, queue_time: 0.5 };
const hello = delta({ content: 'Hello' });
const finish = delta({}, 'stop');

async function streamOf(text: string) {
  bench.groq.replyOnce(chatPath, eventStream(text));
  return bench.stream();
}

function call(index: number | undefined, fields: { id?: string; name?: string; args?: string }) {
  const { id, name, args } = fields;
  const called = { ...(name && { name }), ...(args && { arguments: args }) };
  return {
    ...(index === undefined ? {} : { index }),
    ...(id && { id }),
    type: 'function',
    function: called,
  };
}

describe('the counts of a stream', () => {
  const usage = { inputTokens: 7, outputTokens: 3 };

  it.each([
    ['in `x_groq` alone', [{ choices: [], x_groq: { usage: counted } }]],
    ['at the top alone', [{ choices: [], usage: counted }]],
    ['in both places of one chunk', [{ choices: [], usage: counted, x_groq: { usage: counted } }]],
    [
      'in two chunks',
      [
        { choices: [], x_groq: { usage: counted } },
        { choices: [], usage: counted },
      ],
    ],
    [
      'in every chunk, rising',
      [
        { choices: [], usage: { ...counted, completion_tokens: 1 } },
        { choices: [], usage: counted },
      ],
    ],
    ['beside an empty one', [{ choices: [], usage: {}, x_groq: { usage: counted } }]],
    [
      'before an empty one',
      [
        { choices: [], usage: counted },
        { choices: [], usage: null, x_groq: { usage: {} } },
      ],
    ],
    ['in a chunk without choices', [{ usage: counted }]],
  ])('count once when they come %s', async (_words, values) => {
    const { outcome } = await streamOf(chunks(hello, finish, ...values));
    expect(outcome).toMatchObject({ ok: true, usage, timing: { queueMs: 500 } });
    expect(outcome.usage).toEqual(usage);
  });

  it('are unknown, not zero, when they do not come, and the output is whole', async () => {
    const { outcome } = await streamOf(chunks(hello, finish));
    expect(outcome).toMatchObject({ ok: true, output: { text: 'Hello', finishReason: 'stop' } });
    expect(outcome).toMatchObject({ usage: undefined, timing: {} });
  });

  it('are zero when they are said to be zero', async () => {
    const zero = { prompt_tokens: 0, completion_tokens: 0, prompt_tokens_details: {} };
    const { outcome } = await streamOf(chunks(hello, finish, { choices: [], usage: zero }));
    expect(outcome.usage).toEqual({ inputTokens: 0, outputTokens: 0 });
  });

  it('are kept when the stream fails after them', async () => {
    const error = { error: { message: 'no', type: 'internal_server_error', status_code: 500 } };
    const { outcome } = await streamOf(chunks(hello, { choices: [], usage: counted }, error));
    expect(outcome).toMatchObject({ ok: false, usage, failure: { execution: 'EXECUTED' } });
  });
});

describe('the end of a stream', () => {
  it.each([
    ['finish and counts', openChunks(hello, delta({}, 'stop'), { choices: [], usage: counted })],
    ['finish alone', openChunks(hello, finish)],
    ['finish with the last piece', openChunks(delta({ content: 'Hello' }, 'stop'))],
    ['[DONE] alone', chunks(hello)],
    ['finish, then something torn', `${openChunks(hello, finish)}data: {"choi`],
    ['finish, then a page', `${openChunks(hello, finish)}<html>\n\n`],
    ['finish without a blank line', `${openChunks(hello)}data: ${JSON.stringify(finish)}`],
    ['[DONE] without a blank line', `${openChunks(hello, finish)}data: [DONE]`],
    ['[DONE], then more', `${chunks(hello, finish)}${openChunks(hello)}garbage`],
  ])('with %s leaves a complete answer', async (_words, text) => {
    const { outcome } = await streamOf(text);
    expect(outcome).toMatchObject({ ok: true, output: { text: 'Hello' } });
  });

  it.each(['HANG', 'CUT'] as const)(
    'that does not come after the finish (%s) cannot take the answer away',
    async (ending) => {
      const text = openChunks(hello, finish, { choices: [], usage: counted });
      bench.groq.replyOnce(chatPath, eventStream(text, { ending }));
      const { outcome } = await bench.stream(question, { limits: { idleMs: 400 } });
      expect(outcome).toMatchObject({ ok: true, usage: { outputTokens: 3 } });
    },
  );

  it('names its reason in the words of Groq', async () => {
    const { outcome } = await streamOf(chunks(hello, delta({}, 'length')));
    expect(outcome.output?.finishReason).toBe('length');
  });
});

describe('an error in a stream', () => {
  const error = (fields: object) => `event: error\ndata: ${JSON.stringify({ error: fields })}\n\n`;

  it.each([
    [{ status_code: 429, code: 'rate_limit_exceeded' }, 'RATE_LIMITED', 'NOT_EXECUTED'],
    [{ status_code: 503, message: 'm is over capacity' }, 'OVER_CAPACITY', 'NOT_EXECUTED'],
    [{ status_code: 400, message: "'messages.0'" }, 'INVALID_REQUEST', 'NOT_EXECUTED'],
    [{ status_code: 400, code: 'json_validate_failed' }, 'JSON_VALIDATE_FAILED', 'EXECUTED'],
    [{ status_code: 500 }, 'SERVER_ERROR', 'UNKNOWN'],
    [{ message: 'no status at all' }, 'SERVER_ERROR', 'UNKNOWN'],
    [{ status_code: 200, message: 'an odd status' }, 'SERVER_ERROR', 'UNKNOWN'],
    [{ type: 'invalid_request_error', message: 'no status' }, 'INVALID_REQUEST', 'UNKNOWN'],
    [{ code: 'rate_limit_exceeded', type: 'tokens' }, 'RATE_LIMITED', 'UNKNOWN'],
  ])('%j is %s: %s before any output, EXECUTED after it', async (fields, code, execution) => {
    const before = await streamOf(error(fields));
    expect(before.outcome).toMatchObject({ ok: false, failure: { code, execution } });
    const after = await streamOf(openChunks(hello) + error(fields));
    expect(after.outcome).toMatchObject({
      ok: false,
      failure: { code, execution: 'EXECUTED' },
      output: { text: 'Hello' },
    });
  });

  it.each([
    ['without its name', openChunks({ error: { message: 'no', status_code: 500 } })],
    ['as a sentence', openChunks({ error: 'no' })],
    ['without a word', 'event: error\ndata: {}\n\n'],
    ['in `x_groq`, as a sentence', openChunks({ choices: [], x_groq: { error: 'no' } })],
    ['in `x_groq`, as an object', openChunks({ x_groq: { error: { message: 'no' } } })],
  ])('is one %s too', async (_words, text) => {
    const { outcome } = await streamOf(openChunks(hello) + text);
    expect(outcome).toMatchObject({
      ok: false,
      failure: { code: 'SERVER_ERROR', execution: 'EXECUTED', retryable: true },
    });
  });

  it('that is null is none, and events under other names are left aside', async () => {
    const text = `event: ping\ndata: {"now":1}\n\n${chunks({ ...hello, error: null }, finish)}`;
    const { outcome } = await streamOf(text);
    expect(outcome).toMatchObject({ ok: true, output: { text: 'Hello' } });
  });

  it('does not show a key of any form', async () => {
    const key = 'a-key-that-looks-like-words';
    bench.groq.acceptKeys(key, bench.key);
    const adapter = bench.adapter({ keys: new TestKeys(key) });
    for (const text of [error({ message: `no ${key}!` }), openChunks({ x_groq: { error: key } })]) {
      bench.groq.replyOnce(chatPath, eventStream(text));
      const outcome = await adapter.launchInference(question, {
        stream: true,
        signal: new AbortController().signal,
        limits: wideLimits,
      });
      expect(outcome).toMatchObject({ ok: false, failure: { code: 'SERVER_ERROR' } });
      expect(JSON.stringify(outcome)).not.toContain(key);
    }
  });

  it('shows neither the key nor the organisation, nor what the model made', async () => {
    const words = `no ${bench.key} in organization \`org_01abcdefghijk\``;
    const said = { message: words, status_code: 400, failed_generation: 'the model said this' };
    for (const text of [error(said), openChunks({ x_groq: { error: words } })]) {
      const { outcome } = await streamOf(text);
      expect(outcome).toMatchObject({ ok: false });
      expect(JSON.stringify(outcome)).not.toMatch(/gsk_|org_01|the model said/);
    }
  });
});

describe('tool calls in a stream', () => {
  it('are put together by their index and given once each, when complete', async () => {
    const { outcome, deltas } = await streamOf(
      chunks(
        delta({ content: '' }),
        delta({ tool_calls: [call(0, { id: 'a', name: 'add', args: '{"x"' })] }),
        delta({ tool_calls: [call(0, { args: ':1}' })] }),
        delta({ tool_calls: [call(1, { id: 'b', name: 'sub', args: '' })] }),
        delta({ tool_calls: [call(1, { args: '{}' }), call(2, { id: 'c', name: 'mul' })] }),
        delta({}, 'tool_calls'),
      ),
    );
    const toolCalls = [
      { id: 'a', name: 'add', arguments: '{"x":1}' },
      { id: 'b', name: 'sub', arguments: '{}' },
      { id: 'c', name: 'mul', arguments: '' },
    ];
    expect(deltas).toEqual(toolCalls.map((toolCall) => ({ kind: 'TOOL_CALL', toolCall })));
    expect(outcome.output).toEqual({ toolCalls, finishReason: 'tool_calls' });
  });

  it('are told apart by their ids where they have no index', async () => {
    const { outcome } = await streamOf(
      chunks(
        delta({ tool_calls: [call(undefined, { id: 'a', name: 'add', args: '1' })] }),
        delta({ tool_calls: [call(undefined, { args: '2' })] }),
        delta({ tool_calls: [call(undefined, { id: 'b', name: 'sub' })] }),
      ),
    );
    expect(outcome.output?.toolCalls).toEqual([
      { id: 'a', name: 'add', arguments: '12' },
      { id: 'b', name: 'sub', arguments: '' },
    ]);
  });

  it('that are torn by a cut are not given, but prove that the model worked', async () => {
    const { outcome, deltas } = await streamOf(
      openChunks(
        delta({ tool_calls: [call(0, { id: 'a', name: 'add', args: '{}' })] }),
        delta({ tool_calls: [call(1, { id: 'b', name: 'delete', args: '{"all":tr' })] }),
      ),
    );
    expect(outcome).toMatchObject({
      ok: false,
      failure: { code: 'CUT_ANSWER', execution: 'EXECUTED' },
      output: { toolCalls: [{ id: 'a' }] },
    });
    expect(JSON.stringify([outcome, deltas])).not.toContain('delete');
  });

  it('whose pieces come after their end are an answer that cannot be read', async () => {
    const { outcome } = await streamOf(
      chunks(
        delta({ tool_calls: [call(0, { id: 'a', name: 'add' })] }),
        delta({ tool_calls: [call(1, { id: 'b', name: 'sub' })] }),
        delta({ tool_calls: [call(0, { args: '{}' })] }),
      ),
    );
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'MALFORMED_ANSWER' } });
  });
});

describe('the pieces of a stream', () => {
  it('are those of the one choice that was asked for', async () => {
    const other = { index: 1, delta: { content: 'other' }, finish_reason: 'stop' };
    const mine = { index: 0, delta: { content: 'mine' } };
    const { outcome } = await streamOf(
      chunks({ choices: [other, mine] }, { choices: [other] }, { choices: [mine] }),
    );
    expect(outcome.output).toEqual({ text: 'minemine', toolCalls: [] });
  });

  it('keep their order and kind', async () => {
    const { outcome, deltas } = await streamOf(
      chunks(
        delta({ role: 'assistant', content: '' }),
        delta({ reasoning: 'Hm', channel: 'analysis' }),
        delta({ reasoning: '…', content: 'A' }),
        delta({ content: 'B' }),
        delta({ tool_calls: [call(0, { id: 'a', name: 'add' })] }, 'tool_calls'),
      ),
    );
    const kinds = deltas.map(({ kind }) => kind);
    expect(kinds).toEqual(['REASONING', 'REASONING', 'TEXT', 'TEXT', 'TOOL_CALL']);
    expect(outcome.output).toMatchObject({ reasoning: 'Hm…', text: 'AB' });
  });

  it('are handed out one by one: the stream is read no further until each is taken', async () => {
    const one = delta({ content: 'x'.repeat(10_000) });
    const text = chunks(...Array.from({ length: 3000 }, () => one), finish);
    const { responder, clientGone } = watched(eventStream(text, { pieceBytes: 65_536 }));
    let sentAll = false;
    void clientGone.then(() => (sentAll = true));
    bench.groq.replyOnce(chatPath, responder);
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    let taken = 0;
    let inHand = 0;
    let mostInHand = 0;
    let first = () => {};
    const firstPiece = new Promise<void>((resolve) => (first = resolve));
    const launched = bench.launch(question, {
      stream: true,
      limits: { maximumBodyBytes: 40_000_000 },
      onDelta: async () => {
        inHand += 1;
        mostInHand = Math.max(mostInHand, inHand);
        first();
        await gate;
        inHand -= 1;
        taken += 1;
      },
    });
    await firstPiece;
    await new Promise((resolve) => setTimeout(resolve, 150));
    // Thirty megabytes fit neither into the read-ahead nor into the buffers of two sockets.
    expect({ taken, sentAll }).toEqual({ taken: 0, sentAll: false });
    release();
    const outcome = await launched;
    expect({ taken, mostInHand }).toEqual({ taken: 3000, mostInHand: 1 });
    expect({ ok: outcome.ok, length: outcome.output?.text?.length }).toEqual({
      ok: true,
      length: 30_000_000,
    });
  });

  it('that cannot be taken end the call with that fault, and the connection with it', async () => {
    const { responder, clientGone } = watched(eventStream(openChunks(hello), { ending: 'HANG' }));
    bench.groq.replyOnce(chatPath, responder);
    const launched = bench.launch(question, {
      stream: true,
      onDelta: () => Promise.reject(new Error('the store is gone')),
    });
    await expect(launched).rejects.toThrow('the store is gone');
    await clientGone;
  });

  it('need nobody to take them', async () => {
    bench.groq.replyOnce(chatPath, eventStream(chunks(hello, finish)));
    const outcome = await bench.launch(question, { stream: true });
    expect(outcome).toMatchObject({ ok: true, output: { text: 'Hello' } });
    expect(outcome.timeToFirstTokenMs).toBeGreaterThan(0);
  });

  it('count for the first token only when they hold something', async () => {
    const { outcome } = await streamOf(chunks(delta({ role: 'assistant', content: '' }), finish));
    expect(outcome).toMatchObject({ ok: true, output: { text: '', toolCalls: [] } });
    expect(outcome.timeToFirstTokenMs).toBeUndefined();
  });

  it('are those of a stream when the whole answer comes at once instead', async () => {
    const message = {
      reasoning: 'Hm',
      content: 'Hello',
      tool_calls: [{ id: 'a', type: 'function', function: { name: 'add', arguments: '{}' } }],
    };
    const whole = { choices: [{ message, finish_reason: 'tool_calls' }], usage: counted };
    bench.groq.replyOnce(chatPath, json(whole));
    const { outcome, deltas } = await bench.stream();
    expect(outcome).toMatchObject({ ok: true, usage: { inputTokens: 7 } });
    expect(deltas.map(({ kind }) => kind)).toEqual(['REASONING', 'TEXT', 'TOOL_CALL']);
    bench.groq.replyOnce(chatPath, json(whole));
    expect((await bench.launch()).output).toEqual(outcome.output);
  });

  it.each([
    ['torn JSON', jsonText('{"choices":'), 'MALFORMED_ANSWER'],
    ['JSON that is too large', jsonText(`"${'x'.repeat(60_000)}"`), 'ANSWER_TOO_LARGE'],
  ])('are none when %s comes instead of a stream', async (_words, responder, code) => {
    bench.groq.replyOnce(chatPath, responder);
    const { outcome, deltas } = await bench.stream(question, {
      limits: { maximumBodyBytes: 50_000 },
    });
    expect(outcome).toMatchObject({ ok: false, failure: { code, execution: 'UNKNOWN' } });
    expect(deltas).toEqual([]);
  });

  it('may hold any number that JSON can have', async () => {
    const exact = '{"prompt_tokens":1,"completion_tokens":2,"queue_time":0.50000000000000000}';
    const text = `data: {"choices":[],"usage":${exact}}\n\n`;
    const { outcome, deltas } = await streamOf(openChunks(hello, finish) + text);
    expect(outcome.usage).toEqual({ inputTokens: 1, outputTokens: 2 });
    expect(outcome.timing.queueMs).toBe(500);
    expect(joined(deltas, 'TEXT')).toBe('Hello');
  });
});
