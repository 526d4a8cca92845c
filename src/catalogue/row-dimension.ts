import type { Selection, Sieve } from './row-selection.ts';

/** Rows after which {@link RowDimension.build} offers to pause. */
const rowsPerSlice = 2_000;

/** The number of rows that have no value. */
const noValue = 0;

/**
 * One property of rows that many of them have alike, such as their region: each value has a number, and
 * each row the number of its value (4 bytes), so that a filter compares numbers and looks at no row.
 */
export class RowDimension {
  /** By number; the first is of rows that have none. */
  readonly values: readonly (string | undefined)[];
  /** By position, the number of the row's value. */
  readonly numberOf: Uint32Array;
  readonly #numbers: ReadonlyMap<string, number>;
  /** All positions, those with the same value together. */
  readonly #grouped: Uint32Array;
  /** By number, where its group begins, and last where the one after the last would. */
  readonly #groupStarts: Uint32Array;

  private constructor(numberOf: Uint32Array, numbers: ReadonlyMap<string, number>) {
    this.numberOf = numberOf;
    this.#numbers = numbers;
    this.values = [undefined, ...numbers.keys()];
    this.#groupStarts = groupStarts(numberOf, numbers.size + 1);
    this.#grouped = new Uint32Array(numberOf.length);
    const next = this.#groupStarts.slice();
    for (let position = 0; position < numberOf.length; position += 1) {
      this.#grouped[next[numberOf[position]!]!++] = position;
    }
  }

  /** @param before - as it was the last time, which serves again where all values are the same. */
  static *build<Row>(
    rows: readonly Row[],
    valueOf: (row: Row) => string | undefined,
    before?: RowDimension,
  ): Generator<void, RowDimension> {
    if (before !== undefined && (yield* before.#describes(rows, valueOf))) return before;
    const numberOf = new Uint32Array(rows.length);
    const numbers = new Map<string, number>();
    for (const [position, row] of rows.entries()) {
      if (position % rowsPerSlice === 0) yield;
      const value = valueOf(row);
      if (value === undefined) continue;
      let number = numbers.get(value);
      if (number === undefined) {
        number = numbers.size + 1;
        numbers.set(value, number);
      }
      numberOf[position] = number;
    }
    return new RowDimension(numberOf, numbers);
  }

  /** The rows that have one of the values. */
  of(wanted: readonly string[]): Selection {
    const flags = new Uint8Array(this.#numbers.size + 1);
    const groups: Uint32Array[] = [];
    for (const value of wanted) {
      const number = this.#numbers.get(value) ?? noValue;
      if (number === noValue || flags[number] === 1) continue;
      flags[number] = 1;
      groups.push(this.#group(number));
    }
    return { positions: joined(groups), keep: this.sieve(flags) };
  }

  /** @param flags - by number of value, 1 for those that are let through. */
  sieve(flags: Uint8Array): Sieve {
    const { numberOf } = this;
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

  *#describes<Row>(
    rows: readonly Row[],
    valueOf: (row: Row) => string | undefined,
  ): Generator<void, boolean> {
    if (rows.length !== this.numberOf.length) return false;
    for (let position = 0; position < rows.length; position += 1) {
      if (position % rowsPerSlice === 0) yield;
      if (valueOf(rows[position]!) !== this.values[this.numberOf[position]!]) return false;
    }
    return true;
  }

  #group(number: number): Uint32Array {
    return this.#grouped.subarray(this.#groupStarts[number], this.#groupStarts[number + 1]);
  }
}

function groupStarts(numberOf: Uint32Array, groups: number): Uint32Array {
  const starts = new Uint32Array(groups + 1);
  for (const number of numberOf) starts[number + 1]! += 1;
  for (let group = 0; group < groups; group += 1) starts[group + 1]! += starts[group]!;
  return starts;
}

function joined(groups: readonly Uint32Array[]): Uint32Array {
  const [only] = groups;
  if (only !== undefined && groups.length === 1) return only;
  const all = new Uint32Array(groups.reduce((length, group) => length + group.length, 0));
  let length = 0;
  for (const group of groups) {
    all.set(group, length);
    length += group.length;
  }
  return all;
}
