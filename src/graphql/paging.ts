import type { SortDirection, SortedList } from '../catalogue/ordered-rows.ts';
import type { SortKey } from '../catalogue/row-order.ts';
import { Decimal } from '../domain/decimal.ts';
import { clientError } from './errors.ts';

/** The paging arguments of every connection. */
export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/** A page in the shape of the schema's connections. */
export interface Page<Row> {
  readonly edges: readonly { readonly cursor: string; readonly node: Row }[];
  readonly nodes: readonly Row[];
  readonly totalCount: number;
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

/** The order that a cursor belongs to. */
export interface PageOrder {
  readonly field: string;
  readonly direction: SortDirection;
}

export const defaultPageSize = 20;
export const maximumPageSize = 100;

/**
 * Cuts a page out of a sorted list. Cursors name a sort value and an id, not a position, so they hold
 * when the catalogue changes underneath.
 *
 * @throws a BAD_USER_INPUT error for sizes outside 1 to {@link maximumPageSize}, for `first` with `last`
 * and for cursors that are not of this order.
 */
export function pageOf<Row extends { readonly id: string }>(
  list: SortedList<Row>,
  order: PageOrder,
  page: PageArguments,
): Page<Row> {
  const { first, last } = checkedSizes(page);
  let start = positionAfter(list, order, page.after);
  let end = positionOf(list, order, page.before, 'before') ?? list.length;
  end = Math.max(start, end);
  if (last === undefined) end = Math.min(end, start + (first ?? defaultPageSize));
  else start = Math.max(start, end - last);
  return new ListPage(list, order, start, end);
}

/** A page whose cursors are written when they are asked for: most readers want one of them at most. */
class ListPage<Row extends { readonly id: string }> implements Page<Row> {
  readonly nodes: readonly Row[];
  readonly totalCount: number;
  readonly #list: SortedList<Row>;
  readonly #order: PageOrder;
  readonly #start: number;
  readonly #end: number;

  constructor(list: SortedList<Row>, order: PageOrder, start: number, end: number) {
    this.nodes = list.slice(start, end);
    this.totalCount = list.length;
    this.#list = list;
    this.#order = order;
    this.#start = start;
    this.#end = end;
  }

  get edges(): Page<Row>['edges'] {
    return this.nodes.map((node, index) => ({ cursor: this.#cursorAt(this.#start + index), node }));
  }

  get pageInfo(): Page<Row>['pageInfo'] {
    const isEmpty = this.#start === this.#end;
    return {
      hasNextPage: this.#end < this.#list.length,
      hasPreviousPage: this.#start > 0,
      startCursor: isEmpty ? null : this.#cursorAt(this.#start),
      endCursor: isEmpty ? null : this.#cursorAt(this.#end - 1),
    };
  }

  #cursorAt(place: number): string {
    return cursorOf(this.#list.keyAt(place), this.#list.at(place).id, this.#order);
  }
}

/** @throws a BAD_USER_INPUT error for sizes out of bounds and for both at once. */
export function checkedSizes(page: PageArguments): {
  readonly first: number | undefined;
  readonly last: number | undefined;
} {
  const first = sizeOf(page.first, 'first');
  const last = sizeOf(page.last, 'last');
  if (first !== undefined && last !== undefined) {
    throw clientError('BAD_USER_INPUT', 'Give `first` or `last`, not both.');
  }
  return { first, last };
}

function sizeOf(size: number | null | undefined, name: string): number | undefined {
  if (size === undefined || size === null) return undefined;
  if (size < 1 || size > maximumPageSize) {
    throw clientError('BAD_USER_INPUT', `\`${name}\` takes 1 to ${maximumPageSize}.`);
  }
  return size;
}

function positionAfter<Row extends { readonly id: string }>(
  list: SortedList<Row>,
  order: PageOrder,
  cursor: string | null | undefined,
): number {
  const position = positionOf(list, order, cursor, 'after');
  if (position === undefined) return 0;
  const { id } = readCursor(cursor ?? '', order, 'after');
  return position < list.length && list.at(position).id === id ? position + 1 : position;
}

function positionOf<Row extends { readonly id: string }>(
  list: SortedList<Row>,
  order: PageOrder,
  cursor: string | null | undefined,
  name: string,
): number | undefined {
  if (cursor === undefined || cursor === null) return undefined;
  const { key, id } = readCursor(cursor, order, name);
  const present = list.length === 0 ? undefined : list.keyAt(0);
  if (key !== undefined && present !== undefined && kindOf(key) !== kindOf(present)) {
    throw notACursor(name);
  }
  return list.placeOf(key, id);
}

/** Longer cursors are never made. */
const maximumCursorLength = 8000;

type CursorKey = ['d', string] | ['n', number] | ['s', string] | null;

function kindOf(key: NonNullable<SortKey>): 'd' | 'n' | 's' {
  if (key instanceof Decimal) return 'd';
  return typeof key === 'number' ? 'n' : 's';
}

function notACursor(name: string): Error {
  return clientError('BAD_USER_INPUT', `\`${name}\` is not a cursor of this list.`);
}

function cursorOf(key: SortKey, id: string, order: PageOrder): string {
  const written: CursorKey =
    key === undefined
      ? null
      : key instanceof Decimal
        ? ['d', key.toString()]
        : typeof key === 'number'
          ? ['n', key]
          : ['s', key];
  const text = JSON.stringify([order.field, order.direction, written, id]);
  return Buffer.from(text).toString('base64url');
}

function readCursor(
  cursor: string,
  order: PageOrder,
  name: string,
): { readonly key: SortKey; readonly id: string } {
  const refused = notACursor(name);
  if (cursor.length > maximumCursorLength) throw refused;
  let content: unknown;
  try {
    content = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw refused;
  }
  if (!Array.isArray(content) || content.length !== 4) throw refused;
  const [field, direction, key, id] = content as unknown[];
  if (field !== order.field || direction !== order.direction) {
    throw clientError(
      'BAD_USER_INPUT',
      `\`${name}\` is a cursor of another order; start again without it.`,
    );
  }
  if (typeof id !== 'string') throw refused;
  if (key === null) return { key: undefined, id };
  if (!Array.isArray(key) || key.length !== 2) throw refused;
  const [kind, value] = key as unknown[];
  if (kind === 'n' && typeof value === 'number') return { key: value, id };
  if (kind === 's' && typeof value === 'string') return { key: value, id };
  if (kind === 'd' && typeof value === 'string') {
    const decimal = Decimal.parse(value, maximumCursorLength);
    if (decimal !== undefined) return { key: decimal, id };
  }
  throw refused;
}
