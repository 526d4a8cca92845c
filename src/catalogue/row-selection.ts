/** Some of the rows of a snapshot: which they are, in any order, and what keeps them out of others. */
export interface Selection {
  readonly positions: Uint32Array;
  readonly keep: Sieve;
}

/**
 * Of the first `count` positions it moves those that it lets through to the front, in their order, and
 * returns how many they are. Each sieve is one loop over numbers, which the engine compiles well, instead of
 * a call for each row.
 */
export type Sieve = (positions: Uint32Array, count: number) => number;

/** A sieve that asks for each position. */
export function sieveOf(passes: (position: number) => boolean): Sieve {
  return (positions, count) => {
    let kept = 0;
    for (let index = 0; index < count; index += 1) {
      const position = positions[index]!;
      if (passes(position)) positions[kept++] = position;
    }
    return kept;
  };
}
