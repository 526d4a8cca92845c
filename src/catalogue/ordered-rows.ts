import { compareKeys, firstRank, orderAfter, orderBy, orderById } from './row-order.ts';
import type { IdOrder, KeyedRows, RowOrder, SortKey } from './row-order.ts';
import type { Selection } from './row-selection.ts';

export type SortDirection = 'ASC' | 'DESC';

/** Rows in every order that can be asked for, made once for each snapshot. */
export class OrderedRows<Row extends { readonly id: string }, Field extends string> {
  readonly rows: readonly Row[];
  readonly #keyOf: Readonly<Record<Field, (row: Row) => SortKey>>;
  readonly #orders: ReadonlyMap<Field, RowOrder>;
  /** For the next that are built. */
  readonly #byId: IdOrder;

  private constructor(
    rows: readonly Row[],
    keyOf: Readonly<Record<Field, (row: Row) => SortKey>>,
    orders: ReadonlyMap<Field, RowOrder>,
    byId: IdOrder,
  ) {
    this.rows = rows;
    this.#byId = byId;
    this.#keyOf = keyOf;
    this.#orders = orders;
  }

  /**
   * Sorts the rows by each field, offering to pause between slices of work.
   *
   * @param before - as they were the last time: where they are the same rows, only those are sorted again
   * whose values are others.
   */
  static *build<Row extends { readonly id: string }, Field extends string>(
    rows: readonly Row[],
    keyOf: Readonly<Record<Field, (row: Row) => SortKey>>,
    before?: OrderedRows<Row, Field>,
  ): Generator<void, OrderedRows<Row, Field>> {
    const known = before !== undefined && haveSameIds(before.rows, rows) ? before : undefined;
    const byId = known === undefined ? yield* orderById(rows) : known.#byId;
    const orders = new Map<Field, RowOrder>();
    for (const field of Object.keys(keyOf) as Field[]) {
      const order =
        known === undefined
          ? yield* orderBy(rows, keyOf[field], byId)
          : yield* orderAfter(known.#keyed(field), known.#orderBy(field), rows, keyOf[field], byId);
      orders.set(field, order);
    }
    return new OrderedRows(rows, keyOf, orders, byId);
  }

  /**
   * The rows that have a value from `least` to `most`, both included; rows with none are not among them.
   * It compares places in the order instead of values.
   */
  within(field: Field, least: SortKey, most: SortKey): Selection {
    const { positionAt, rankOf, knownCount } = this.#orderBy(field);
    const keyAt = (rank: number) => this.#keyOf[field](this.rows[positionAt[rank]!]!);
    const from =
      least === undefined
        ? 0
        : firstRank(knownCount, (rank) => compareKeys(keyAt(rank), least) >= 0);
    const to =
      most === undefined
        ? knownCount
        : firstRank(knownCount, (rank) => compareKeys(keyAt(rank), most) > 0);
    return {
      positions: positionAt.subarray(from, Math.max(from, to)),
      keep: (positions, count) => {
        let kept = 0;
        for (let index = 0; index < count; index += 1) {
          const position = positions[index]!;
          const rank = rankOf[position]!;
          if (rank >= from && rank < to) positions[kept++] = position;
        }
        return kept;
      },
    };
  }

  /** The rows whose positions are given, or all of them, as a list in the order asked for. */
  sorted(
    selection: Uint32Array | undefined,
    field: Field,
    direction: SortDirection,
  ): SortedRows<Row> {
    const order = this.#orderBy(field);
    let ranks: Uint32Array | undefined;
    if (selection !== undefined) ranks = ranksOf(order, selection);
    return new SortedRows(this.rows, this.#keyOf[field], order, ranks, direction);
  }

  #keyed(field: Field): KeyedRows<Row> {
    return { rows: this.rows, keyOf: this.#keyOf[field] };
  }

  #orderBy(field: Field): RowOrder {
    const order = this.#orders.get(field);
    if (order === undefined) throw new RangeError(`No order by ${field}`);
    return order;
  }
}

/** Rows in one order, read by their place in it or found by the value and id that a cursor names. */
export interface SortedList<Row extends { readonly id: string }> {
  readonly length: number;
  at(place: number): Row;
  /** The rows from one place to before another. */
  slice(start: number, end: number): Row[];
  /** The value by which the row at a place is sorted. */
  keyAt(place: number): SortKey;
  /** The place of the first row that does not come before the given one, which need not exist. */
  placeOf(key: SortKey, id: string): number;
}

/** A sorted list over the rows of {@link OrderedRows}. */
export class SortedRows<Row extends { readonly id: string }> implements SortedList<Row> {
  readonly length: number;
  readonly #rows: readonly Row[];
  readonly #keyOf: (row: Row) => SortKey;
  readonly #order: RowOrder;
  readonly #ranks: Uint32Array | undefined;
  readonly #direction: SortDirection;
  /** How many entries have a known value; they precede the others. */
  readonly #knownLength: number;

  constructor(
    rows: readonly Row[],
    keyOf: (row: Row) => SortKey,
    order: RowOrder,
    ranks: Uint32Array | undefined,
    direction: SortDirection,
  ) {
    this.#rows = rows;
    this.#keyOf = keyOf;
    this.#order = order;
    this.#ranks = ranks;
    this.#direction = direction;
    this.length = ranks?.length ?? rows.length;
    this.#knownLength =
      ranks === undefined ? order.knownCount : lowerBound(ranks, order.knownCount);
  }

  at(place: number): Row {
    return this.#rows[this.positionAt(place)]!;
  }

  /** Where among all rows the one at a place of this list is. */
  positionAt(place: number): number {
    const forward =
      this.#direction === 'DESC' && place < this.#knownLength
        ? this.#knownLength - 1 - place
        : place;
    const rank = this.#ranks?.[forward] ?? forward;
    return this.#order.positionAt[rank]!;
  }

  slice(start: number, end: number): Row[] {
    const rows: Row[] = [];
    for (let place = start; place < end; place += 1) rows.push(this.at(place));
    return rows;
  }

  keyAt(place: number): SortKey {
    return this.#keyOf(this.at(place));
  }

  placeOf(key: SortKey, id: string): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const row = this.at(middle);
      if (this.#compare(this.#keyOf(row), row.id, key, id) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compare(leftKey: SortKey, leftId: string, rightKey: SortKey, rightId: string): number {
    const unknownLast = Number(leftKey === undefined) - Number(rightKey === undefined);
    if (unknownLast !== 0) return unknownLast;
    const ascending =
      compareKeys(leftKey, rightKey) || (leftId < rightId ? -1 : leftId > rightId ? 1 : 0);
    return this.#direction === 'DESC' && leftKey !== undefined ? -ascending : ascending;
  }
}

/** A selection above this share of all rows is walked in the order instead of being sorted. */
const denseShare = 1 / 16;

/** The places of the selected rows in an order, ascending. */
function ranksOf({ positionAt, rankOf }: RowOrder, selection: Uint32Array): Uint32Array {
  if (selection.length < rankOf.length * denseShare) {
    return selection.map((position) => rankOf[position]!).sort();
  }
  const isSelected = new Uint8Array(rankOf.length);
  for (const position of selection) isSelected[position] = 1;
  const ranks = new Uint32Array(selection.length);
  let count = 0;
  for (let rank = 0; rank < positionAt.length; rank += 1) {
    if (isSelected[positionAt[rank]!] === 1) ranks[count++] = rank;
  }
  return ranks;
}

/**
 * Whether rows stand for the same things in the same order. Ids that are taken over are the same text in memory,
 * which makes this cheap.
 */
export function haveSameIds(
  left: readonly { readonly id: string }[],
  right: readonly { readonly id: string }[],
): boolean {
  return (
    left.length === right.length && left.every(({ id }, position) => id === right[position]!.id)
  );
}

function lowerBound(sorted: Uint32Array, limit: number): number {
  return firstRank(sorted.length, (rank) => sorted[rank]! >= limit);
}
