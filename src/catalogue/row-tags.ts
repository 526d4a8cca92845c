/** Rows after which {@link RowTags.build} offers to pause. */
const rowsPerSlice = 1_000;

/** A property of which a row may have several values, such as the features of a model. */
export class RowTags {
  readonly #rowCount: number;
  /** Positions by value, ascending. */
  readonly #positions: ReadonlyMap<string, Uint32Array>;

  private constructor(rowCount: number, positions: ReadonlyMap<string, Uint32Array>) {
    this.#rowCount = rowCount;
    this.#positions = positions;
  }

  static *build<Row>(
    rows: readonly Row[],
    valuesOf: (row: Row) => readonly string[] | undefined,
  ): Generator<void, RowTags> {
    const positions = new Map<string, number[]>();
    for (const [position, row] of rows.entries()) {
      if (position % rowsPerSlice === 0) yield;
      for (const value of valuesOf(row) ?? []) {
        const known = positions.get(value);
        if (known === undefined) positions.set(value, [position]);
        else if (known.at(-1) !== position) known.push(position);
      }
    }
    const packed = new Map<string, Uint32Array>();
    for (const [value, list] of positions) packed.set(value, Uint32Array.from(list));
    return new RowTags(rows.length, packed);
  }

  /** By position, 1 for the rows that have one of the values. */
  flagsOf(wanted: readonly string[]): Uint8Array {
    const flags = new Uint8Array(this.#rowCount);
    for (const value of wanted) {
      for (const position of this.#positions.get(value) ?? []) flags[position] = 1;
    }
    return flags;
  }

  /** By position, 1 for the rows that have all of the values. */
  flagsOfAll(wanted: readonly string[]): Uint8Array {
    const flags = new Uint8Array(this.#rowCount).fill(1);
    for (const value of wanted) {
      const having = this.flagsOf([value]);
      for (let position = 0; position < flags.length; position += 1) {
        flags[position]! &= having[position]!;
      }
    }
    return flags;
  }
}
