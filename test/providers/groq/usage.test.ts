import { describe, expect, it } from 'vitest';

import { timingOf, usageOf } from '../../../src/providers/groq/usage.ts';
import { parseJson } from '../../../src/providers/json.ts';

function parsed(text: string): unknown {
  const json = parseJson(text);
  if (!json.ok) throw new Error(json.reason);
  return json.value;
}

describe('usage', () => {
  it('has cached tokens within the input and reasoning tokens within the output', () => {
    const usage = parsed(`{"prompt_tokens":336,"completion_tokens":96,
      "prompt_tokens_details":{"cached_tokens":256},"completion_tokens_details":{"reasoning_tokens":59}}`);
    expect(usageOf(usage)).toEqual({
      inputTokens: 336,
      cachedInputTokens: 256,
      outputTokens: 96,
      reasoningTokens: 59,
    });
  });

  it('keeps a zero that was said, and leaves out what was not', () => {
    const usage = parsed('{"completion_tokens":0,"prompt_tokens_details":{"cached_tokens":0}}');
    expect(usageOf(usage)).toEqual({ outputTokens: 0, cachedInputTokens: 0 });
  });

  it.each(['null', '[]', '{}', '"7"', '7', '{"prompt_tokens":null}', '{"total_tokens":9}'])(
    'is unknown in %s',
    (text) => {
      expect(usageOf(parsed(text))).toBeUndefined();
    },
  );

  it.each([
    '-1',
    '1.5',
    '"7"',
    '1e30',
    '2147483648',
    'true',
    '[1]',
    '{"a":1}',
    '7.0000000000000001',
  ])('does not take %s for a count', (text) => {
    expect(usageOf(parsed(`{"prompt_tokens":${text},"completion_tokens":1}`))).toEqual({
      outputTokens: 1,
    });
  });

  it.each(['7.0', '7e0', '0.7e1', '7.000000000000000000'])('takes %s for 7', (text) => {
    expect(usageOf(parsed(`{"prompt_tokens":${text}}`))).toEqual({ inputTokens: 7 });
  });
});

describe('the timing', () => {
  it('is in milliseconds, without a digit of binary rounding', () => {
    const usage = parsed(
      '{"queue_time":0.07538376,"prompt_time":0.00189137,"completion_time":1.1}',
    );
    // 0.07538376 * 1000 is 75.38376000000001 in binary floats.
    expect(timingOf(usage)).toEqual({ queueMs: 75.38376, promptMs: 1.89137, completionMs: 1100 });
  });

  it('leaves out what is no time', () => {
    const usage = parsed('{"queue_time":-1,"prompt_time":"1","completion_time":1e9}');
    expect(timingOf(usage)).toEqual({});
    expect(timingOf(undefined)).toEqual({});
  });

  it('keeps a zero that was said', () => {
    expect(timingOf(parsed('{"queue_time":0}'))).toEqual({ queueMs: 0 });
  });
});
