import { Decimal } from '../domain/decimal.ts';
import type { Selection } from './row-selection.ts';

/** A value that rows are sorted by; undefined is unknown and comes last whichever way. */
export type SortKey = Decimal | number | string | undefined;

export type SortDirection = 'ASC' | 'DESC';

/** Rows in every order that can be asked for, made once for each snapshot. */
export class OrderedRows<Row extends { readonly id: string }, Field extends string> {
  readonly rows: readonly Row[];
  readonly #keyOf: Readonly<Record<Field, (row: Row) => SortKey>>;
  readonly #orders: ReadonlyMap<Field, Order>;

  private constructor(
    rows: readonly Row[],
    keyOf: Readonly<Record<Field, (row: Row) => SortKey>>,
    orders: ReadonlyMap<Field, Order>,
  ) {
    this.rows = rows;
    this.#keyOf = keyOf;
    this.#orders = orders;
  }

  /** Sorts the rows by each field, offering to pause between slices of work. */
  static *build<Row extends { readonly id: string }, Field extends string>(
    rows: readonly Row[],
    keyOf: Readonly<Record<Field, (row: Row) => SortKey>>,
  ): Generator<void, OrderedRows<Row, Field>> {
    const orders = new Map<Field, Order>();
    for (const field of Object.keys(keyOf) as Field[]) {
      orders.set(field, yield* orderBy(rows, keyOf[field]));
    }
    return new OrderedRows(rows, keyOf, orders);
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
  ): SortedList<Row> {
    const order = this.#orderBy(field);
    let ranks: Uint32Array | undefined;
    if (selection !== undefined) ranks = ranksOf(order, selection);
    return new SortedList(this.rows, this.#keyOf[field], order, ranks, direction);
  }

  #orderBy(field: Field): Order {
    const order = this.#orders.get(field);
    if (order === undefined) throw new RangeError(`No order by ${field}`);
    return order;
  }
}

/** Rows in one order, read by position or found by the value and id that a cursor names. */
export class SortedList<Row extends { readonly id: string }> {
  readonly length: number;
  readonly #rows: readonly Row[];
  readonly #keyOf: (row: Row) => SortKey;
  readonly #order: Order;
  readonly #ranks: Uint32Array | undefined;
  readonly #direction: SortDirection;
  /** How many entries have a known value; they precede the others. */
  readonly #knownLength: number;

  constructor(
    rows: readonly Row[],
    keyOf: (row: Row) => SortKey,
    order: Order,
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

  at(position: number): Row {
    const forward =
      this.#direction === 'DESC' && position < this.#knownLength
        ? this.#knownLength - 1 - position
        : position;
    const rank = this.#ranks?.[forward] ?? forward;
    return this.#rows[this.#order.positionAt[rank]!]!;
  }

  keyOf(row: Row): SortKey {
    return this.#keyOf(row);
  }

  slice(start: number, end: number): Row[] {
    const rows: Row[] = [];
    for (let position = start; position < end; position += 1) rows.push(this.at(position));
    return rows;
  }

  /** The position of the first row that does not come before the given one, which need not exist. */
  positionOf(key: SortKey, id: string): number {
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

/** One order of the rows. */
interface Order {
  /** Row positions in ascending order, unknown values last, ties by id. */
  readonly positionAt: Uint32Array;
  /** The inverse: the place of each row in the order. */
  readonly rankOf: Uint32Array;
  readonly knownCount: number;
}

/** A selection above this share of all rows is walked in the order instead of being sorted. */
const denseShare = 1 / 16;

/** The places of the selected rows in an order, ascending. */
function ranksOf({ positionAt, rankOf }: Order, selection: Uint32Array): Uint32Array {
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

/** Rows sorted in one go; larger lists are merged from runs of this size. */
const runLength = 2048;

function* orderBy<Row extends { readonly id: string }>(
  rows: readonly Row[],
  keyOf: (row: Row) => SortKey,
): Generator<void, Order> {
  const keys: SortKey[] = [];
  // Decimals are compared by their approximation first, which decides all but near ties.
  const approximations: (number | string | undefined)[] = [];
  let knownCount = 0;
  for (const row of rows) {
    const key = keyOf(row);
    keys.push(key);
    approximations.push(key instanceof Decimal ? key.toApproximateNumber() : key);
    if (key !== undefined) knownCount += 1;
    if (keys.length % runLength === 0) yield;
  }
  const compare = (left: number, right: number): number => {
    const leftKey = approximations[left];
    const rightKey = approximations[right];
    if (leftKey === undefined || rightKey === undefined) {
      return (
        Number(leftKey === undefined) - Number(rightKey === undefined) || byId(rows, left, right)
      );
    }
    if (leftKey < rightKey) return -1;
    if (leftKey > rightKey) return 1;
    return compareKeys(keys[left], keys[right]) || byId(rows, left, right);
  };
  yield;
  const positionAt = yield* mergeSorted(rows.length, compare);
  const rankOf = new Uint32Array(rows.length);
  positionAt.forEach((position, rank) => {
    rankOf[position] = rank;
  });
  return { positionAt, rankOf, knownCount };
}

function* mergeSorted(
  length: number,
  compare: (left: number, right: number) => number,
): Generator<void, Uint32Array> {
  let source = Uint32Array.from({ length }, (_, position) => position);
  for (let start = 0; start < length; start += runLength) {
    source.subarray(start, start + runLength).sort(compare);
    yield;
  }
  let target = new Uint32Array(length);
  for (let width = runLength; width < length; width *= 2) {
    for (let start = 0; start < length; start += 2 * width) {
      const middle = Math.min(start + width, length);
      const end = Math.min(start + 2 * width, length);
      let left = start;
      let right = middle;
      for (let position = start; position < end; position += 1) {
        const takeLeft =
          left < middle && (right >= end || compare(source[left]!, source[right]!) <= 0);
        target[position] = takeLeft ? source[left++]! : source[right++]!;
        if (position % runLength === 0) yield;
      }
    }
    [source, target] = [target, source];
  }
  return source;
}

function byId(rows: readonly { readonly id: string }[], left: number, right: number): number {
  const leftId = rows[left]!.id;
  const rightId = rows[right]!.id;
  return leftId < rightId ? -1 : leftId > rightId ? 1 : 0;
}

function compareKeys(left: SortKey, right: SortKey): number {
  if (left instanceof Decimal && right instanceof Decimal) return left.compare(right);
  if (left === undefined || right === undefined || left === right) return 0;
  return left < right ? -1 : 1;
}

function lowerBound(sorted: Uint32Array, limit: number): number {
  return firstRank(sorted.length, (rank) => sorted[rank]! >= limit);
}

/** The first rank below `count` from which on a condition holds, or `count`. */
function firstRank(count: number, holds: (rank: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
