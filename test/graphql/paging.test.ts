import * as fc from 'fast-check';
import { GraphQLError } from 'graphql';
import { describe, expect, it } from 'vitest';

import { OrderedRows } from '../../src/catalogue/ordered-rows.ts';
import type { SortDirection, SortedList } from '../../src/catalogue/ordered-rows.ts';
import type { SortKey } from '../../src/catalogue/row-order.ts';
import { Decimal } from '../../src/domain/decimal.ts';
import { defaultPageSize, maximumPageSize, pageOf } from '../../src/graphql/paging.ts';
import type { PageArguments } from '../../src/graphql/paging.ts';

interface Row {
  readonly id: string;
  readonly key: SortKey;
}

function listOf(rows: readonly Row[], direction: SortDirection = 'ASC'): SortedList<Row> {
  const building = OrderedRows.build(rows, { KEY: ({ key }: Row) => key });
  for (;;) {
    const step = building.next();
    if (step.done === true) return step.value.sorted(undefined, 'KEY', direction);
  }
}

const order = (direction: SortDirection = 'ASC') => ({ field: 'KEY', direction });
const idsOf = (rows: readonly Row[]): string[] => rows.map(({ id }) => id);
const all = (list: SortedList<Row>): Row[] => list.slice(0, list.length);

/** Every page, forwards with `first` or backwards with `last`; the list may be another one for each page. */
function walk(
  listFor: (page: number) => SortedList<Row>,
  direction: SortDirection,
  size: number,
  backwards: boolean,
): Row[] {
  const rows: Row[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < 100; page += 1) {
    const arguments_: PageArguments = backwards
      ? { last: size, before: cursor }
      : { first: size, after: cursor };
    const { nodes, pageInfo } = pageOf(listFor(page), order(direction), arguments_);
    if (backwards) rows.unshift(...nodes);
    else rows.push(...nodes);
    cursor = backwards ? pageInfo.startCursor : pageInfo.endCursor;
    const goesOn = backwards ? pageInfo.hasPreviousPage : pageInfo.hasNextPage;
    if (!goesOn || cursor === null) return rows;
  }
  throw new Error('The pages do not end');
}

const anyKey: fc.Arbitrary<SortKey> = fc.constantFrom(
  undefined,
  Decimal.of('0'),
  Decimal.of('0.1'),
  Decimal.of('0.10000000000000000000001'),
  Decimal.of(`0.${'3'.repeat(70)}`),
);
const anyRows = fc.uniqueArray(
  fc.record({ id: fc.stringMatching(/^[a-e/ü]{1,2}$/), key: anyKey }),
  { selector: ({ id }) => id, maxLength: 15 },
);
const anyDirection = fc.constantFrom('ASC' as const, 'DESC' as const);
const anySize = fc.integer({ min: 1, max: 6 });

describe('walking pages', () => {
  it('gives every row once and in order, forwards and backwards', () => {
    fc.assert(
      fc.property(
        anyRows,
        anyDirection,
        anySize,
        fc.boolean(),
        (rows, direction, size, backwards) => {
          const list = listOf(rows, direction);
          expect(idsOf(walk(() => list, direction, size, backwards))).toEqual(idsOf(all(list)));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('gives every row that stays once and in order, while others come and go between the pages', () => {
    fc.assert(
      fc.property(
        anyRows,
        fc.array(fc.nat(), { minLength: 20, maxLength: 20 }),
        anyDirection,
        anySize,
        fc.boolean(),
        (rows, seeds, direction, size, backwards) => {
          const [staying, passing] = [
            rows.filter((_, index) => index % 2 === 0),
            rows.filter((_, index) => index % 2 === 1),
          ];
          const listFor = (page: number) => {
            const seed = seeds[page % seeds.length] ?? 0;
            const present = passing.filter((_, index) => ((seed >> (index % 20)) & 1) === 1);
            return listOf([...staying, ...present], direction);
          };
          const seen = idsOf(walk(listFor, direction, size, backwards));
          const stayingIds = idsOf(all(listOf(staying, direction)));
          expect(seen.filter((id) => stayingIds.includes(id))).toEqual(stayingIds);
          expect(new Set(seen).size).toBe(seen.length);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('a page', () => {
  const list = listOf(
    Array.from({ length: 250 }, (_, number) => ({
      id: String(number).padStart(3, '0'),
      key: number,
    })),
  );

  it('has twenty rows unless asked otherwise, and says how many there are in all', () => {
    const page = pageOf(list, order(), {});
    expect(page.nodes).toHaveLength(defaultPageSize);
    expect(page.totalCount).toBe(250);
    expect(page.edges.map(({ node }) => node)).toEqual(page.nodes);
    expect(page.pageInfo).toEqual({
      hasNextPage: true,
      hasPreviousPage: false,
      startCursor: page.edges[0]?.cursor,
      endCursor: page.edges.at(-1)?.cursor,
    });
  });

  it.each([1, maximumPageSize])('may have %d rows', (size) => {
    expect(pageOf(list, order(), { first: size }).nodes).toHaveLength(size);
    expect(pageOf(list, order(), { last: size }).nodes).toHaveLength(size);
  });

  it('at the end comes with `last` alone, and knows that nothing follows', () => {
    const page = pageOf(list, order(), { last: 2 });
    expect(idsOf(page.nodes)).toEqual(['248', '249']);
    expect(page.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  });

  it('between two cursors is the part between them, from the side that is asked for', () => {
    const [after, before] = [cursorAt(2), cursorAt(8)];
    expect(idsOf(pageOf(list, order(), { after, before }).nodes)).toEqual([
      '003',
      '004',
      '005',
      '006',
      '007',
    ]);
    expect(idsOf(pageOf(list, order(), { after, before, first: 2 }).nodes)).toEqual(['003', '004']);
    expect(idsOf(pageOf(list, order(), { after, before, last: 2 }).nodes)).toEqual(['006', '007']);
    expect(pageOf(list, order(), { after: before, before: after }).nodes).toEqual([]);
  });

  it('of nothing is empty and has no cursors', () => {
    const { edges, nodes, totalCount, pageInfo } = pageOf(listOf([]), order(), { first: 5 });
    expect({ edges, nodes, totalCount, pageInfo }).toEqual({
      edges: [],
      nodes: [],
      totalCount: 0,
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    });
  });

  it('takes null for absent', () => {
    const page = pageOf(list, order(), { first: null, after: null, last: null, before: null });
    expect(page.nodes).toHaveLength(defaultPageSize);
  });

  it('behind the longest possible name can be asked for', () => {
    const long = listOf(
      ['a', 'b'].map((id) => ({ id: id + '🤖'.repeat(200), key: '🤖'.repeat(1000) })),
    );
    const first = pageOf(long, order(), { first: 1 });
    const next = pageOf(long, order(), { first: 1, after: first.pageInfo.endCursor });
    expect(next.nodes[0]?.id.startsWith('b')).toBe(true);
  });

  function cursorAt(position: number): string {
    return pageOf(list, order(), { first: 100 }).edges[position]?.cursor ?? '';
  }
});

describe('a page that cannot be', () => {
  const decimals = listOf([
    { id: 'a', key: Decimal.of('0.1') },
    { id: 'b', key: undefined },
  ]);
  const written = (content: unknown) => Buffer.from(JSON.stringify(content)).toString('base64url');
  const good = ['KEY', 'ASC', ['d', '0.1'], 'a'];

  it.each([
    ['of no rows', { first: 0 }, '`first` takes 1 to 100.'],
    ['of fewer than none', { first: -1 }, '`first` takes 1 to 100.'],
    ['larger than the maximum', { first: maximumPageSize + 1 }, '`first` takes 1 to 100.'],
    ['larger than any', { first: 2_147_483_647 }, '`first` takes 1 to 100.'],
    ['of no rows from the end', { last: 0 }, '`last` takes 1 to 100.'],
    [
      'larger than the maximum from the end',
      { last: maximumPageSize + 1 },
      '`last` takes 1 to 100.',
    ],
    ['from both ends', { first: 1, last: 1 }, 'Give `first` or `last`, not both.'],
    ['after nothing', { after: '' }, '`after` is not a cursor of this list.'],
    ['before nothing', { before: '' }, '`before` is not a cursor of this list.'],
    ['after words', { after: 'the third row' }, '`after` is not a cursor of this list.'],
    ['after other JSON', { after: written({ id: 'a' }) }, '`after` is not a cursor of this list.'],
    ['after null', { after: written(null) }, '`after` is not a cursor of this list.'],
    [
      'after too little',
      { after: written(good.slice(0, 3)) },
      '`after` is not a cursor of this list.',
    ],
    ['after too much', { after: written([...good, 1]) }, '`after` is not a cursor of this list.'],
    [
      'after an id that is none',
      { after: written(['KEY', 'ASC', ['d', '0.1'], 7]) },
      '`after` is not a cursor of this list.',
    ],
    [
      'after no number',
      { after: written(['KEY', 'ASC', ['d', 'free'], 'a']) },
      '`after` is not a cursor of this list.',
    ],
    [
      'after a number as text',
      { after: written(['KEY', 'ASC', ['n', '1'], 'a']) },
      '`after` is not a cursor of this list.',
    ],
    [
      'after a value of another kind',
      { after: written(['KEY', 'ASC', ['n', 1], 'a']) },
      '`after` is not a cursor of this list.',
    ],
    [
      'after a text among numbers',
      { after: written(['KEY', 'ASC', ['s', 'z'], 'a']) },
      '`after` is not a cursor of this list.',
    ],
    [
      'after a value without a kind',
      { after: written(['KEY', 'ASC', '0.1', 'a']) },
      '`after` is not a cursor of this list.',
    ],
    [
      'after an endless cursor',
      { after: 'A'.repeat(100_000) },
      '`after` is not a cursor of this list.',
    ],
    [
      'after a row of another order',
      { after: written(['NAME', 'ASC', ['d', '0.1'], 'a']) },
      '`after` is a cursor of another order; start again without it.',
    ],
    [
      'before a row of the other direction',
      { before: written(['KEY', 'DESC', ['d', '0.1'], 'a']) },
      '`before` is a cursor of another order; start again without it.',
    ],
  ] as [string, PageArguments, string][])('%s is refused as bad input', (_, page, message) => {
    const refused = refusal(() => pageOf(decimals, order(), page));
    expect(refused?.extensions['code']).toBe('BAD_USER_INPUT');
    expect(refused?.message).toBe(message);
  });

  it('is never answered with everything, nor with a fault, whatever the cursor is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.json().map(written)), (after) => {
        const refused = refusal(() => pageOf(decimals, order(), { after }));
        expect(refused?.extensions['code']).toBe('BAD_USER_INPUT');
      }),
      { numRuns: 500 },
    );
  });
});

/** The client's error that a page is refused with; undefined where it is none. */
function refusal(ask: () => unknown): GraphQLError | undefined {
  try {
    ask();
  } catch (error) {
    return error instanceof GraphQLError ? error : undefined;
  }
  return undefined;
}
