import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Decimal } from '../../src/domain/decimal.ts';
import {
  blendedCostPerToken,
  freshnessAt,
  nextFreshnessChange,
  priceVersion,
} from '../../src/domain/price.ts';
import type { ComponentPrices } from '../../src/domain/price.ts';

const threeToOne = { input: 3n, output: 1n };

describe('the blended cost per token', () => {
  it.each([
    ['0.15 and 0.60 USD per million', '0.00000015', '0.0000006', '0.0000002625'],
    ['gpt-oss-20b', '0.000000075', '0.0000003', '0.00000013125'],
    ['digits far behind the point', '0.0000000123456', '0.0000000375', '0.0000000186342'],
    ['free input', '0', '0.0000004', '0.0000001'],
    ['both free', '0', '0', '0'],
  ])('of %s is exact', (_, input, output, blended) => {
    const prices = { unit: 'TOKEN', ...components({ input, output }) } as const;
    expect(blendedCostPerToken(prices, threeToOne)?.toString()).toBe(blended);
  });

  it.each([
    ['speech', { unit: 'CHARACTER', ...components({ input: '0.000022', output: '0' }) }],
    ['transcription', { unit: 'AUDIO_SECOND', ...components({ input: '0.00003', output: '0' }) }],
    ['a price without output', { unit: 'TOKEN', ...components({ input: '0.1' }) }],
    ['a price without input', { unit: 'TOKEN', ...components({ output: '0.1' }) }],
  ] satisfies [string, ComponentPrices][])('of %s is unknown, not zero', (_, prices) => {
    expect(blendedCostPerToken(prices, threeToOne)).toBeUndefined();
  });

  it('lies between its components, and leaves cached input aside', () => {
    fc.assert(
      fc.property(anyPrice, anyPrice, anyPrice, (input, output, cachedInput) => {
        const blended = blendedCostPerToken({ unit: 'TOKEN', input, output }, threeToOne);
        const [low, high] = input.compare(output) < 0 ? [input, output] : [output, input];
        expect(blended?.compare(low)).toBeGreaterThanOrEqual(0);
        expect(blended?.compare(high)).toBeLessThanOrEqual(0);
        expect(
          blendedCostPerToken({ unit: 'TOKEN', input, output, cachedInput }, threeToOne),
        ).toEqual(blended);
      }),
    );
  });
});

describe('a price version', () => {
  const prices: ComponentPrices = {
    unit: 'TOKEN',
    ...components({ input: '0.00000015', output: '0.0000006', cachedInput: '0.000000075' }),
  };

  it('is the same for equal components, however they were written', () => {
    const sameValues = components({ output: '6e-7', cachedInput: '0.0000000750', input: '1.5E-7' });
    expect(priceVersion({ ...sameValues, unit: 'TOKEN' })).toBe(priceVersion(prices));
    expect(priceVersion(prices)).toMatch(/^pv_[0-9a-f]{20}$/);
  });

  it('is not moved by anything else that travels with a price', () => {
    const withMore = {
      ...prices,
      source: 'https://elsewhere.example',
      observedAt: 5,
      modelId: 'm',
    };
    expect(priceVersion(withMore)).toBe(priceVersion(prices));
  });

  it('differs whenever a component or the unit differs, an unknown one from a free one included', () => {
    const others: ComponentPrices[] = [
      { ...prices, unit: 'CHARACTER' },
      { ...prices, ...components({ input: '0.00000016' }) },
      { ...prices, ...components({ output: '0.00000061' }) },
      { ...prices, ...components({ cachedInput: '0' }) },
      { unit: 'TOKEN', ...components({ input: '0.00000015', output: '0.0000006' }) },
      // The same numbers in other places.
      { unit: 'TOKEN', ...components({ input: '0.0000006', output: '0.00000015' }) },
      { unit: 'TOKEN', ...components({ input: '0.00000015', cachedInput: '0.0000006' }) },
    ];
    const versions = [prices, ...others].map(priceVersion);
    expect(new Set(versions).size).toBe(versions.length);
  });
});

describe('freshness', () => {
  const observedAt = Date.parse('2026-10-02T03:58:23Z');
  const pollIntervalMs = 300_000;

  it.each([
    [-60_000, 'FRESH'],
    [0, 'FRESH'],
    [599_999, 'FRESH'],
    [600_000, 'STALE'],
    [3_599_999, 'STALE'],
    [3_600_000, 'EXPIRED'],
    [10 * 3_600_000, 'EXPIRED'],
  ] as const)('at an age of %d ms is %s', (ageMs, freshness) => {
    expect(freshnessAt(observedAt + ageMs, observedAt, pollIntervalMs)).toBe(freshness);
  });

  it('ends after an hour however rarely is polled', () => {
    const daily = 86_400_000;
    expect(freshnessAt(observedAt + 3_599_999, observedAt, daily)).toBe('FRESH');
    expect(freshnessAt(observedAt + 3_600_000, observedAt, daily)).toBe('EXPIRED');
  });

  it('changes next exactly when it is foretold to', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -10_000, max: 4_000_000 }),
        fc.integer({ min: 1, max: 86_400_000 }),
        (ageMs, intervalMs) => {
          const nowMs = observedAt + ageMs;
          const at = (momentMs: number) => freshnessAt(momentMs, observedAt, intervalMs);
          const change = nextFreshnessChange(nowMs, observedAt, intervalMs);
          expect(change === undefined).toBe(at(nowMs) === 'EXPIRED');
          const changeMs = change ?? Number.POSITIVE_INFINITY;
          expect(changeMs).toBeGreaterThan(nowMs);
          expect(at(Math.min(changeMs - 1, observedAt + 1e12))).toBe(at(nowMs));
          expect(change === undefined || at(changeMs) !== at(nowMs)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

const anyPrice = fc
  .bigInt(0n, 10n ** 12n)
  .map((units) => Decimal.of(units).dividedExactlyBy(10n ** 15n));

function components(
  texts: Partial<Record<'input' | 'output' | 'cachedInput', string>>,
): Omit<ComponentPrices, 'unit'> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Decimal.of(text)]));
}
