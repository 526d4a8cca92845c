import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { PricePoint } from '../../src/catalogue/catalogue-store.ts';
import { bucketsOf } from '../../src/catalogue/price-buckets.ts';
import { Decimal } from '../../src/domain/decimal.ts';

function point(atMs: number, costPerToken: string | null): PricePoint {
  return {
    offeringId: 'o',
    atMs,
    costPerToken: costPerToken === null ? null : Decimal.of(costPerToken),
    priceVersion: null,
    unit: null,
    input: null,
    output: null,
    cachedInput: null,
    method: null,
    basis: null,
    source: null,
  };
}

const plain = (buckets: ReturnType<typeof bucketsOf>) =>
  buckets.map(({ startMs, first, last, lowest, highest, changes }) => [
    startMs,
    ...[first, last, lowest, highest].map((value) => value?.toString()),
    changes,
  ]);

describe('buckets of a price history', () => {
  it('carry a price on until it changes', () => {
    const points = [point(5, '1'), point(32, '3'), point(38, '2')];
    expect(plain(bucketsOf(points, 10, 60, 10))).toEqual([
      [10, '1', '1', '1', '1', 0],
      [20, '1', '1', '1', '1', 0],
      [30, '1', '2', '1', '3', 2],
      [40, '2', '2', '2', '2', 0],
      [50, '2', '2', '2', '2', 0],
    ]);
  });

  it('are aligned to their width, not to the question, and leave out the time before the first price', () => {
    expect(plain(bucketsOf([point(25, '1')], 3, 41, 10)).map(([startMs]) => startMs)).toEqual([
      20, 30, 40,
    ]);
  });

  it('say unknown where the price became unknown, never zero', () => {
    const points = [point(5, '1'), point(15, null)];
    expect(plain(bucketsOf(points, 0, 30, 10))).toEqual([
      [0, '1', '1', '1', '1', 1],
      [10, '1', undefined, '1', '1', 1],
      [20, undefined, undefined, undefined, undefined, 0],
    ]);
  });

  it('compare prices that no binary float can tell apart', () => {
    const points = [point(0, '0.10000000000000000001'), point(1, '0.1')];
    expect(plain(bucketsOf(points, 0, 10, 10))).toEqual([
      [0, '0.10000000000000000001', '0.1', '0.1', '0.10000000000000000001', 1],
    ]);
  });

  it('agree with a model that looks at every moment', () => {
    const anyPoints = fc
      .uniqueArray(
        fc.tuple(fc.integer({ min: 0, max: 60 }), fc.constantFrom(null, '1', '2', '3')),
        { selector: ([atMs]) => atMs, maxLength: 12 },
      )
      .map((points) => points.sort(([a], [b]) => a - b).map(([atMs, cost]) => point(atMs, cost)));
    fc.assert(
      fc.property(
        anyPoints,
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 15 }),
        (points, fromMs, spanMs, widthMs) => {
          const toMs = fromMs + spanMs;
          // As storage answers: the point in force at the start, then those before the end.
          const inForce = points.findLast(({ atMs }) => atMs <= fromMs);
          const asked = points.filter(
            (each) => each === inForce || (each.atMs > fromMs && each.atMs < toMs),
          );
          expect(plain(bucketsOf(asked, fromMs, toMs, widthMs))).toEqual(
            naiveBuckets(asked, fromMs, toMs, widthMs),
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});

/** Moment by moment: what held, what it was at least, at most and at the end. */
function naiveBuckets(
  points: readonly PricePoint[],
  fromMs: number,
  toMs: number,
  widthMs: number,
) {
  const buckets: unknown[] = [];
  for (let startMs = fromMs - (fromMs % widthMs); startMs < toMs; startMs += widthMs) {
    const held: PricePoint[] = [];
    for (let moment = Math.max(startMs, fromMs); moment < startMs + widthMs; moment += 1) {
      const now = points.findLast(({ atMs }) => atMs <= moment);
      if (now !== undefined && held.at(-1) !== now) held.push(now);
    }
    const before = points.findLast(({ atMs }) => atMs < Math.max(startMs, fromMs + 1));
    if (before !== undefined && held[0] !== before) held.unshift(before);
    if (held.length === 0) continue;
    const costs = held.flatMap(({ costPerToken }) => costPerToken?.toString() ?? []);
    const sorted = costs.toSorted();
    buckets.push([
      startMs,
      costs[0],
      held.at(-1)?.costPerToken?.toString(),
      sorted[0],
      sorted.at(-1),
      held.filter((each) => each !== before).length,
    ]);
  }
  return buckets;
}
