import { describe, expect, it } from 'vitest';

import { maximumWaitMs, retryAfterOf } from '../../src/providers/retry-after.ts';

const nowMs = Date.UTC(2026, 10, 23, 12, 0, 0);

function waitOf(headers: Record<string, string>): number | undefined {
  return retryAfterOf(new Map(Object.entries(headers)), nowMs);
}

describe('the wait that an answer asks for', () => {
  it.each([
    ['seconds', { 'retry-after': '35' }, 35_000],
    ['no seconds', { 'retry-after': '0' }, 0],
    ['fractions of seconds', { 'retry-after': '0.5' }, 500],
    [
      'milliseconds, which are more exact',
      { 'retry-after-ms': '1234.5', 'retry-after': '2' },
      1_235,
    ],
    ['a date to come', { 'retry-after': 'Mon, 23 Nov 2026 12:00:30 GMT' }, 30_000],
    ['a date gone by', { 'retry-after': 'Mon, 23 Nov 2026 11:00:00 GMT' }, 0],
    ['more than a day', { 'retry-after': '999999999' }, maximumWaitMs],
  ])('is read from %s', (_words, headers, expected) => {
    expect(waitOf(headers)).toBe(expected);
  });

  it.each(['', '-1', 'soon', '1e9', 'NaN', '2026-11-23', 'Mon, 99 Nov 2026 12:00:30 GMT'])(
    'is unknown when the header is %j',
    (value) => {
      expect(waitOf({ 'retry-after': value })).toBeUndefined();
    },
  );

  it('is unknown without a header', () => {
    expect(waitOf({})).toBeUndefined();
  });
});
