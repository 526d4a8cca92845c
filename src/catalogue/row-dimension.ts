import { RowGroups } from './row-groups.ts';
import type { Selection } from './row-selection.ts';

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
  readonly #groups: RowGroups;

  private constructor(numberOf: Uint32Array, numbers: ReadonlyMap<string, number>) {
    this.numberOf = numberOf;
    this.#numbers = numbers;
    this.values = [undefined, ...numbers.keys()];
    this.#groups = new RowGroups(numberOf, this.values.length);
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
    const flags = new Uint8Array(this.values.length);
    for (const value of wanted) {
      const number = this.#numbers.get(value) ?? noValue;
      if (number !== noValue) flags[number] = 1;
    }
    return this.#groups.select(flags);
  }

  /** The positions of the rows that have the value of a number, ascending. */
  withNumber(number: number): Uint32Array {
    return this.#groups.of(number);
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
}
