import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Decimal } from '../../src/domain/decimal.ts';
import type { InferenceUsage } from '../../src/domain/inference.ts';
import { priceVersion } from '../../src/domain/price.ts';
import type { ComponentPrices } from '../../src/domain/price.ts';
import {
  boundedCost,
  exactCost,
  sum,
  unknownCost,
  worstCaseLines,
} from '../../src/inference/cost.ts';

const decimal = (text: string) => Decimal.of(text);
const tokens: ComponentPrices = {
  unit: 'TOKEN',
  input: decimal('0.00000015'),
  output: decimal('0.0000006'),
  cachedInput: decimal('0.000000075'),
};
const { cachedInput: _cached, ...withoutCached } = tokens;

const total = (usage: InferenceUsage, prices: ComponentPrices = tokens) =>
  exactCost(usage, prices)?.total?.toString();

describe('the exact cost', () => {
  it('is input, cached input and output at their own prices, to the last digit', () => {
    expect(total({ inputTokens: 336, cachedInputTokens: 256, outputTokens: 96 })).toBe('0.0000888');
  });

  it('takes cached tokens as input where no cached price is known', () => {
    const usage = { inputTokens: 336, cachedInputTokens: 256, outputTokens: 0 };
    expect(total(usage, withoutCached)).toBe(total({ inputTokens: 336, outputTokens: 0 }));
  });

  it('does not count reasoning a second time: it is part of the output', () => {
    const usage = { inputTokens: 1, outputTokens: 50 };
    expect(total({ ...usage, reasoningTokens: 40 })).toBe(total(usage));
  });

  it('of zero is zero; of what was not counted there is none', () => {
    expect(total({ inputTokens: 0, outputTokens: 0 })).toBe('0');
    expect(exactCost({ inputTokens: 5 }, tokens)).toBeUndefined();
    expect(exactCost({ outputTokens: 5 }, tokens)).toBeUndefined();
    expect(exactCost({}, tokens)).toBeUndefined();
  });

  it('is none where more is said to be cached than came in, or a needed price is missing', () => {
    expect(
      exactCost({ inputTokens: 1, cachedInputTokens: 2, outputTokens: 0 }, tokens),
    ).toBeUndefined();
    const inputOnly: ComponentPrices = { unit: 'TOKEN', input: decimal('1') };
    expect(exactCost({ inputTokens: 1, outputTokens: 1 }, inputOnly)).toBeUndefined();
    expect(total({ inputTokens: 1, outputTokens: 0 }, inputOnly)).toBe('1');
  });

  it('of audio and speech is their seconds and characters, and the least that is billed for a call', () => {
    const second: ComponentPrices = { unit: 'AUDIO_SECOND', input: decimal('0.00001') };
    const atLeast: ComponentPrices = { ...second, minimumQuantity: decimal('10') };
    const seconds = (text: string) => ({ audioSeconds: decimal(text) });
    expect(total(seconds('3.2'), second)).toBe('0.000032');
    expect(total(seconds('3.2'), atLeast)).toBe('0.0001');
    expect(total(seconds('10'), atLeast)).toBe('0.0001');
    expect(total(seconds('10.1'), atLeast)).toBe('0.000101');
    expect(exactCost({}, atLeast)).toBeUndefined();
    const character: ComponentPrices = { unit: 'CHARACTER', input: decimal('0.000022') };
    expect(total({ characters: 12 }, character)).toBe('0.000264');
    expect(sum(worstCaseLines({ input: 3n, output: 0n }, atLeast)).toString()).toBe('0.0001');
  });

  it('never exceeds a worst case that bounds its quantities, and is the sum of its lines', () => {
    const count = fc.integer({ min: 0, max: 2_000_000 });
    const price = fc
      .bigInt(0n, 10n ** 9n)
      .map((units) => decimal(`0.${`${units}`.padStart(15, '0')}`));
    fc.assert(
      fc.property(
        fc.record({ input: count, cached: count, output: count }),
        fc.record({ input: price, output: price, cachedInput: price }),
        fc.boolean(),
        (counts, components, knowsCached) => {
          const { cachedInput, ...others } = components;
          const prices: ComponentPrices = {
            unit: 'TOKEN',
            ...others,
            ...(knowsCached ? { cachedInput } : {}),
          };
          const usage = {
            inputTokens: counts.input,
            cachedInputTokens: Math.min(counts.cached, counts.input),
            outputTokens: counts.output,
          };
          const cost = exactCost(usage, prices);
          expect(cost?.total?.equals(sum(cost.lines))).toBe(true);
          const bounds = { input: BigInt(counts.input), output: BigInt(counts.output) };
          const worst = sum(worstCaseLines(bounds, prices));
          expect(cost?.maximum.compare(worst)).toBeLessThanOrEqual(0);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a cost that is not known', () => {
  it('has no total and lies between nothing and what is reserved', () => {
    const reserved = decimal('0.5');
    for (const cost of [boundedCost(reserved), unknownCost(reserved)]) {
      expect(cost).toMatchObject({ total: undefined, lines: [] });
      expect([cost.minimum.toString(), cost.maximum.toString()]).toEqual(['0', '0.5']);
    }
    expect(boundedCost(reserved).certainty).toBe('BOUNDED');
    expect(unknownCost(reserved).certainty).toBe('UNKNOWN');
  });
});

it('a price version names what one call is billed for at least, and is as before without it', () => {
  const second: ComponentPrices = { unit: 'AUDIO_SECOND', input: decimal('0.00001') };
  const atLeast = (text: string): ComponentPrices => ({
    ...second,
    minimumQuantity: decimal(text),
  });
  expect(priceVersion(atLeast('10'))).toBe(priceVersion(atLeast('10.0')));
  expect(new Set([second, atLeast('10'), atLeast('11')].map(priceVersion)).size).toBe(3);
});
