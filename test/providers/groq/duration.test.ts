import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { goDurationMs } from '../../../src/providers/groq/duration.ts';

describe('a duration as Go prints it', () => {
  it.each([
    ['6s', 6_000],
    ['100ms', 100],
    ['7.44ms', 7.44],
    ['782.333333ms', 782.333333],
    ['10.332999999s', 10_332.999999],
    ['2m11.152s', 131_152],
    ['20m9.6s', 1_209_600],
    ['2m59.56s', 179_560],
    ['1h2m', 3_720_000],
    ['1m0.363142857s', 60_363.142857],
    ['1h15m30.918s', 4_530_918],
    ['5µs', 0.005],
    ['5μs', 0.005],
    ['5us', 0.005],
    ['3ns', 0.000003],
    ['0s', 0],
    ['0', 0],
    ['.5s', 500],
  ])('%s is %d ms', (text, expected) => {
    expect(goDurationMs(text)).toBeCloseTo(expected, 6);
  });

  it.each(['', '5', 's', '-1s', '1 s', '1d', '1s2', '1e3s', '1,5s', '1h'.repeat(40)])(
    '%j is none',
    (text) => {
      expect(goDurationMs(text)).toBeUndefined();
    },
  );

  it('is read back as it was printed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 7 * 24 * 3_600_000 }), (ms) => {
        expect(goDurationMs(printed(ms))).toBeCloseTo(ms, 6);
      }),
    );
  });

  it('is the sum of its parts', () => {
    const part = fc.tuple(
      fc.integer({ min: 0, max: 10_000 }),
      fc.constantFrom('h', 'm', 's', 'ms'),
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
        const texts = parts.map(([amount, unit]) => `${amount}${unit}`);
        const sum = texts.reduce((total, text) => total + (goDurationMs(text) ?? Number.NaN), 0);
        expect(goDurationMs(texts.join(''))).toBeCloseTo(sum, 3);
      }),
    );
  });
});

/** As `time.Duration.String` of Go prints whole milliseconds. */
function printed(ms: number): string {
  if (ms < 1_000) return ms === 0 ? '0s' : `${ms}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = (ms % 60_000) / 1_000;
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}
