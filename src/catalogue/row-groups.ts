import { sieveOf } from './row-selection.ts';
import type { Selection } from './row-selection.ts';

/** The positions of rows that have numbers, those with the same number together (4 bytes a row). */
export class RowGroups {
  readonly #numberOf: Uint32Array | Uint8Array;
  readonly #grouped: Uint32Array;
  /** By number, where its group begins, and last where the one after the last would. */
  readonly #starts: Uint32Array;

  /** @param numberOf - by position; below `numberCount`. */
  constructor(numberOf: Uint32Array | Uint8Array, numberCount: number) {
    this.#numberOf = numberOf;
    const starts = new Uint32Array(numberCount + 1);
    for (const number of numberOf) starts[number + 1]! += 1;
    for (let number = 0; number < numberCount; number += 1) starts[number + 1]! += starts[number]!;
    this.#starts = starts;
    this.#grouped = new Uint32Array(numberOf.length);
    const next = starts.slice();
    for (let position = 0; position < numberOf.length; position += 1) {
      this.#grouped[next[numberOf[position]!]!++] = position;
    }
  }

  /** The positions of the rows that have a number, ascending. */
  of(number: number): Uint32Array {
    return this.#grouped.subarray(this.#starts[number], this.#starts[number + 1]);
  }

  /** @param flags - by number, 1 for those whose rows are selected. */
  select(flags: Uint8Array): Selection {
    const groups: Uint32Array[] = [];
    let count = 0;
    for (let number = 0; number < flags.length; number += 1) {
      const group = flags[number] === 1 ? this.of(number) : none;
      if (group.length === 0) continue;
      groups.push(group);
      count += group.length;
    }
    return {
      count,
      positions: () => joined(groups, count),
      keep: sieveOf(this.#numberOf, flags),
    };
  }
}

const none = new Uint32Array();

function joined(groups: readonly Uint32Array[], count: number): Uint32Array {
  const [only] = groups;
  if (only !== undefined && groups.length === 1) return only;
  const all = new Uint32Array(count);
  let length = 0;
  for (const group of groups) {
    all.set(group, length);
    length += group.length;
  }
  return all;
}
