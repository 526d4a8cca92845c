import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { RankSet } from '../../src/catalogue/rank-set.ts';

/** Rows in an order that has nothing to do with their positions, and some of them. */
const selections = fc.integer({ min: 1, max: 3_000 }).chain((rowCount) => {
  const positions = Array.from({ length: rowCount }, (_, position) => position);
  return fc.record({
    rankOf: fc.shuffledSubarray(positions, { minLength: rowCount }),
    selected: fc.oneof(
      fc.shuffledSubarray(positions),
      fc.shuffledSubarray(positions, { maxLength: Math.min(rowCount, 40) }),
      fc.constant(positions),
    ),
  });
});

describe('ranks of selected rows', () => {
  it('are read by their place and counted as in a sorted list of them', () => {
    fc.assert(
      fc.property(selections, fc.nat(3_100), ({ rankOf, selected }, limit) => {
        const ranks = RankSet.of(Uint32Array.from(selected), Uint32Array.from(rankOf));
        const sorted = selected.map((position) => rankOf[position]!).sort((a, b) => a - b);
        expect(ranks.length).toBe(sorted.length);
        expect(sorted.map((_, place) => ranks.at(place))).toEqual(sorted);
        expect(ranks.countBelow(limit)).toBe(sorted.filter((rank) => rank < limit).length);
        expect(ranks.countBelow(rankOf.length)).toBe(sorted.length);
        expect(ranks.countBelow(0)).toBe(0);
      }),
    );
  });

  it('are none where no row is selected, or there is none', () => {
    for (const rankOf of [[], [1, 0]]) {
      const ranks = RankSet.of(new Uint32Array(0), Uint32Array.from(rankOf));
      expect(ranks.length).toBe(0);
      expect(ranks.countBelow(rankOf.length)).toBe(0);
    }
  });
});
