/**
 * Of the first `count` positions it moves those that it lets through to the front, in their order, and
 * returns how many they are. Each sieve is one loop over numbers, which the engine compiles well, instead of
 * a call for each row.
 */
export type Sieve = (positions: Uint32Array, count: number) => number;

/** Some of the rows of a snapshot: which they are, in any order, and what keeps the others out. */
export interface Selection {
  /** How many rows. */
  readonly count: number;
  /** Their positions, each once. Whoever gets them must not change them. */
  readonly positions: () => Uint32Array;
  readonly keep: Sieve;
}

/** A sieve for rows that have numbers: lets through those whose number is flagged with 1. */
export function sieveOf(numberOf: Uint32Array | Uint8Array, flags: Uint8Array): Sieve {
  return (positions, count) => {
    let kept = 0;
    for (let index = 0; index < count; index += 1) {
      const position = positions[index]!;
      positions[kept] = position;
      kept += flags[numberOf[position]!]!;
    }
    return kept;
  };
}

/**
 * Positions of the rows that all conditions let through, or undefined when that is every row: the smallest
 * selection, put through one sieve after the other. What selects every row costs nothing.
 *
 * @param scratch - room for the positions of all rows. The result may lie in it, and is good until the next one.
 */
export function intersectionOf(
  scratch: Uint32Array,
  selections: readonly Selection[],
  sieves: readonly Sieve[],
): Uint32Array | undefined {
  const rowCount = scratch.length;
  const [smallest, ...others] = selections
    .filter(({ count }) => count < rowCount)
    .sort((left, right) => left.count - right.count);
  if (others.length + sieves.length === 0) return smallest?.positions();
  if (smallest === undefined) {
    for (let position = 0; position < rowCount; position += 1) scratch[position] = position;
  } else {
    scratch.set(smallest.positions());
  }
  let count = smallest?.count ?? rowCount;
  for (const { keep } of others) count = keep(scratch, count);
  for (const keep of sieves) count = keep(scratch, count);
  return scratch.subarray(0, count);
}
