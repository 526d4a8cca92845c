import { Decimal } from '../domain/decimal.ts';

/** A value that rows are sorted by; undefined is unknown and comes last whichever way. */
export type SortKey = Decimal | number | string | undefined;

/** One order of rows. */
export interface RowOrder {
  /** Row positions in ascending order, unknown values last, ties by id. */
  readonly positionAt: Uint32Array;
  /** The inverse: the place of each row in the order. */
  readonly rankOf: Uint32Array;
  readonly knownCount: number;
}

interface Identified {
  readonly id: string;
}

/** Rows sorted in one go; larger lists are merged from runs of this size. */
const runLength = 2048;

/** Above this share of other values everything is sorted again, because that is cheaper then. */
const fewShare = 1 / 8;

/** The order of ids. With it, ties of other orders are decided without looking at texts. */
export interface IdOrder {
  readonly positionAt: Uint32Array;
  readonly rankOf: Uint32Array;
}

export function* orderById(rows: readonly Identified[]): Generator<void, IdOrder> {
  const positionAt = yield* mergeSorted(rows.length, (left, right) => {
    const leftId = rows[left]!.id;
    const rightId = rows[right]!.id;
    return leftId < rightId ? -1 : leftId > rightId ? 1 : 0;
  });
  return { positionAt, rankOf: inverseOf(positionAt) };
}

/**
 * Sorts rows, offering to pause between slices of work: only the different values among them, of which there are
 * far fewer, then the rows are counted into their places.
 */
export function* orderBy<Row>(
  rows: readonly Row[],
  keyOf: (row: Row) => SortKey,
  byId: IdOrder,
): Generator<void, RowOrder> {
  const numbers = new Map<SortKey, number>();
  const numberOf = new Uint32Array(rows.length);
  for (let position = 0; position < rows.length; position += 1) {
    if (position % runLength === 0) yield;
    const key = keyOf(rows[position]!);
    let number = numbers.get(key);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(key, number);
    }
    numberOf[position] = number;
  }
  const places = yield* placesOf([...numbers.keys()]);
  const nextRanks = new Uint32Array(numbers.size + 1);
  for (const number of numberOf) nextRanks[places[number]! + 1]! += 1;
  for (let place = 0; place < numbers.size; place += 1) nextRanks[place + 1]! += nextRanks[place]!;
  yield;
  const positionAt = new Uint32Array(rows.length);
  for (const position of byId.positionAt) {
    positionAt[nextRanks[places[numberOf[position]!]!]!++] = position;
  }
  yield;
  return orderOf(rows, keyOf, positionAt);
}

/** Rows and the values by which they are sorted. */
export interface KeyedRows<Row> {
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => SortKey;
}

/**
 * The order of rows of which another order is known, from when some of their values were others.
 *
 * @param before - the same rows at the same positions, as they were then.
 */
export function* orderAfter<Row>(
  before: KeyedRows<Row>,
  order: RowOrder,
  rows: readonly Row[],
  keyOf: (row: Row) => SortKey,
  byId: IdOrder,
): Generator<void, RowOrder> {
  const isOther = new Uint8Array(rows.length);
  let otherCount = 0;
  for (let position = 0; position < rows.length; position += 1) {
    if (position % runLength === 0) yield;
    if (isSame(before.keyOf(before.rows[position]!), keyOf(rows[position]!))) continue;
    isOther[position] = 1;
    otherCount += 1;
  }
  if (otherCount === 0) return order;
  if (otherCount > rows.length * fewShare) return yield* orderBy(rows, keyOf, byId);
  const compare = comparisonBy(rows, keyOf, byId);
  const kept = order.positionAt.filter((position) => isOther[position] === 0);
  yield;
  const others = order.positionAt.filter((position) => isOther[position] === 1).sort(compare);
  yield;
  const positionAt = new Uint32Array(rows.length);
  let keptCount = 0;
  for (const [index, other] of others.entries()) {
    const place = firstRank(kept.length, (rank) => compare(kept[rank]!, other) > 0);
    positionAt.set(kept.subarray(keptCount, place), keptCount + index);
    positionAt[place + index] = other;
    keptCount = place;
    if (index % runLength === 0) yield;
  }
  positionAt.set(kept.subarray(keptCount), keptCount + others.length);
  return orderOf(rows, keyOf, positionAt);
}

export function compareKeys(left: SortKey, right: SortKey): number {
  if (left instanceof Decimal && right instanceof Decimal) return left.compare(right);
  if (left === undefined || right === undefined || left === right) return 0;
  return left < right ? -1 : 1;
}

/** The first rank below `count` from which on a condition holds, or `count`. */
export function firstRank(count: number, holds: (rank: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

export function isSame(left: SortKey, right: SortKey): boolean {
  if (left === right) return true;
  return left instanceof Decimal && right instanceof Decimal && left.equals(right);
}

function orderOf<Row>(
  rows: readonly Row[],
  keyOf: (row: Row) => SortKey,
  positionAt: Uint32Array,
): RowOrder {
  const rankOf = inverseOf(positionAt);
  const knownCount = firstRank(
    positionAt.length,
    (rank) => keyOf(rows[positionAt[rank]!]!) === undefined,
  );
  return { positionAt, rankOf, knownCount };
}

function inverseOf(positionAt: Uint32Array): Uint32Array {
  const rankOf = new Uint32Array(positionAt.length);
  for (let rank = 0; rank < positionAt.length; rank += 1) rankOf[positionAt[rank]!] = rank;
  return rankOf;
}

/** The place of each of some values in their order; values that are equal have the same. */
function* placesOf(keys: readonly SortKey[]): Generator<void, Uint32Array> {
  const approximations = new Float64Array(keys.length).fill(NaN);
  for (const [number, key] of keys.entries()) {
    if (number % runLength === 0) yield;
    if (key instanceof Decimal) approximations[number] = key.toApproximateNumber();
    else if (typeof key === 'number') approximations[number] = key;
  }
  const compare = (left: number, right: number): number => {
    // Decides all but near ties, texts and the unknown value, of which no comparison is true.
    if (approximations[left]! < approximations[right]!) return -1;
    if (approximations[left]! > approximations[right]!) return 1;
    return compareUnknownLast(keys[left], keys[right]);
  };
  const order = yield* mergeSorted(keys.length, compare);
  const places = new Uint32Array(keys.length);
  let place = 0;
  for (let rank = 1; rank < order.length; rank += 1) {
    if (rank % runLength === 0) yield;
    if (compare(order[rank - 1]!, order[rank]!) !== 0) place += 1;
    places[order[rank]!] = place;
  }
  return places;
}

function comparisonBy<Row>(
  rows: readonly Row[],
  keyOf: (row: Row) => SortKey,
  { rankOf }: IdOrder,
): (left: number, right: number) => number {
  return (left, right) =>
    compareUnknownLast(keyOf(rows[left]!), keyOf(rows[right]!)) || rankOf[left]! - rankOf[right]!;
}

function compareUnknownLast(left: SortKey, right: SortKey): number {
  const unknownLast = Number(left === undefined) - Number(right === undefined);
  return unknownLast || compareKeys(left, right);
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
