import { RankSet } from './rank-set.ts';
import { compareKeys, firstRank, isSame, orderAfter, orderBy, orderById } from './row-order.ts';
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
    const found = positionAt.subarray(from, Math.max(from, to));
    return {
      count: found.length,
      positions: () => found,
      keep: (positions, count) => {
        let kept = 0;
        for (let index = 0; index < count; index += 1) {
          const position = positions[index]!;
          const rank = rankOf[position]!;
          positions[kept] = position;
          // Added instead of branched on: which way half of them would go cannot be foreseen.
          kept += Number(rank >= from) & Number(rank < to);
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
    const ranks = selection === undefined ? undefined : RankSet.of(selection, order.rankOf);
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

/** Places of rows that have the same value: from one to before another. */
interface Tie {
  readonly from: number;
  readonly to: number;
}

/** A sorted list over the rows of {@link OrderedRows}. */
export class SortedRows<Row extends { readonly id: string }> implements SortedList<Row> {
  readonly length: number;
  readonly #rows: readonly Row[];
  readonly #keyOf: (row: Row) => SortKey;
  readonly #order: RowOrder;
  readonly #ranks: RankSet | undefined;
  readonly #direction: SortDirection;
  /** How many entries have a known value; they precede the others. */
  readonly #knownLength: number;
  /** The tie that was looked for last: a page asks for its rows one after the other. */
  #lastTie: Tie = { from: 0, to: 0 };

  constructor(
    rows: readonly Row[],
    keyOf: (row: Row) => SortKey,
    order: RowOrder,
    ranks: RankSet | undefined,
    direction: SortDirection,
  ) {
    this.#rows = rows;
    this.#keyOf = keyOf;
    this.#order = order;
    this.#ranks = ranks;
    this.#direction = direction;
    this.length = ranks?.length ?? rows.length;
    this.#knownLength = ranks === undefined ? order.knownCount : ranks.countBelow(order.knownCount);
  }

  at(place: number): Row {
    return this.#rows[this.positionAt(place)]!;
  }

  /** Where among all rows the one at a place of this list is. */
  positionAt(place: number): number {
    if (this.#direction === 'ASC' || place >= this.#knownLength) return this.#ascending(place);
    // From the other end, but ties stay in the order of their ids.
    const mirrored = this.#knownLength - 1 - place;
    const { from, to } = this.#tieAt(mirrored);
    return this.#ascending(from + to - 1 - mirrored);
  }

  /** Where among all rows the one at a place of the ascending list is. */
  #ascending(place: number): number {
    return this.#order.positionAt[this.#ranks === undefined ? place : this.#ranks.at(place)]!;
  }

  /** The places of the ascending list whose rows have the same value as the one at a place. */
  #tieAt(place: number): Tie {
    const last = this.#lastTie;
    if (place >= last.from && place < last.to) return last;
    const key = this.#ascendingKeyAt(place);
    const isTied = (other: number) => isSame(this.#ascendingKeyAt(other), key);
    // A page goes down from tie to tie, each of which ends where the one before it began.
    const isLast = place + 1 === last.from || place + 1 === this.#knownLength || !isTied(place + 1);
    const isFirst = place === 0 || !isTied(place - 1);
    this.#lastTie = {
      from: isFirst ? place : this.#firstFrom(key, place),
      to: isLast ? place + 1 : this.#firstBehind(key),
    };
    return this.#lastTie;
  }

  #ascendingKeyAt(place: number): SortKey {
    return this.#keyOf(this.#rows[this.#ascending(place)]!);
  }

  /** The first place of the ascending list that has at least this value, or `end`. */
  #firstFrom(key: SortKey, end = this.#knownLength): number {
    return firstRank(end, (place) => compareKeys(this.#ascendingKeyAt(place), key) >= 0);
  }

  /** The first place of the ascending list that has more than this value. */
  #firstBehind(key: SortKey): number {
    return firstRank(
      this.#knownLength,
      (place) => compareKeys(this.#ascendingKeyAt(place), key) > 0,
    );
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
    const from = key === undefined ? this.#knownLength : this.#firstFrom(key);
    const to = key === undefined ? this.length : this.#firstBehind(key);
    const behind = firstRank(
      to - from,
      (place) => this.#rows[this.#ascending(from + place)]!.id >= id,
    );
    const start = this.#direction === 'DESC' && key !== undefined ? this.#knownLength - to : from;
    return start + behind;
  }
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
