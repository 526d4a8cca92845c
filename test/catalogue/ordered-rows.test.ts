import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { OrderedRows } from '../../src/catalogue/ordered-rows.ts';
import type { SortDirection } from '../../src/catalogue/ordered-rows.ts';
import type { SortKey } from '../../src/catalogue/row-order.ts';
import { Decimal } from '../../src/domain/decimal.ts';

interface Row {
  readonly id: string;
  readonly key: SortKey;
}

function ordered(rows: readonly Row[], before?: OrderedRows<Row, 'KEY'>) {
  const building = OrderedRows.build(rows, { KEY: ({ key }: Row) => key }, before);
  for (;;) {
    const step = building.next();
    if (step.done === true) return step.value;
  }
}

function idsIn(rows: readonly Row[], direction: SortDirection): string[] {
  const list = ordered(rows).sorted(undefined, 'KEY', direction);
  return list.slice(0, list.length).map(({ id }) => id);
}

describe('rows in order', () => {
  it('have unknown values last and ties by id, both ways', () => {
    const rows = [
      { id: 'd', key: undefined },
      { id: 'b', key: 2 },
      { id: 'c', key: undefined },
      { id: 'a', key: 2 },
      { id: 'e', key: 1 },
    ];
    expect(idsIn(rows, 'ASC')).toEqual(['e', 'a', 'b', 'c', 'd']);
    expect(idsIn(rows, 'DESC')).toEqual(['a', 'b', 'e', 'c', 'd']);
  });

  it('tell apart decimals that binary floats cannot', () => {
    const near = ['0.1', '0.10000000000000000000002', '0.10000000000000000000001'];
    const rows = near.map((text) => ({ id: text, key: Decimal.of(text) }));
    expect(idsIn(rows, 'ASC')).toEqual([near[0], near[2], near[1]]);
  });

  it('are the same for many more rows than are sorted in one go', () => {
    const rows = Array.from({ length: 10_000 }, (_, number) => ({
      id: `row-${String((number * 7919) % 10_000).padStart(5, '0')}`,
      key: number % 97 === 0 ? undefined : (number * 104_729) % 1009,
    }));
    for (const [direction, sign] of [
      ['ASC', 1],
      ['DESC', -1],
    ] as const) {
      const naive = rows.toSorted(
        (left, right) =>
          (left.key === undefined ? 1 : 0) - (right.key === undefined ? 1 : 0) ||
          sign * ((left.key ?? 0) - (right.key ?? 0)) ||
          (left.id < right.id ? -1 : 1),
      );
      expect(idsIn(rows, direction)).toEqual(naive.map(({ id }) => id));
    }
  });

  it('are the same whether few of them are selected or most', () => {
    const rows = Array.from({ length: 1_000 }, (_, number) => ({
      id: `row-${String(number).padStart(4, '0')}`,
      key: number % 13 === 0 ? undefined : (number * 7919) % 101,
    }));
    const all = ordered(rows);
    const steps = [1, 2, 15, 17, 300];
    for (const [step, direction] of steps.flatMap((step) => [
      [step, 'ASC'] as const,
      [step, 'DESC'] as const,
    ])) {
      const inOrder = idsIn(rows, direction);
      const selected = new Set(rows.filter((_, number) => number % step === 0).map(({ id }) => id));
      const positions = Uint32Array.from(rows.keys()).filter((number) => number % step === 0);
      const list = all.sorted(positions.toReversed(), 'KEY', direction);
      const ids = list.slice(0, list.length).map(({ id }) => id);
      expect(ids).toEqual(inOrder.filter((id) => selected.has(id)));
    }
  });

  it('are found at the place where a value and an id belong, there or not', () => {
    const anyRow = fc.record({
      id: fc.stringMatching(/^[a-e]{1,2}$/),
      key: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(anyRow, { selector: ({ id }) => id, maxLength: 12 }),
        anyRow,
        fc.constantFrom('ASC' as const, 'DESC' as const),
        (rows, wanted, direction) => {
          const others = rows.filter(({ id }) => id !== wanted.id);
          const expected = idsIn([...others, wanted], direction).indexOf(wanted.id);
          const without = ordered(others).sorted(undefined, 'KEY', direction);
          const within = ordered([...others, wanted]).sorted(undefined, 'KEY', direction);
          expect(without.placeOf(wanted.key, wanted.id)).toBe(expected);
          expect(within.placeOf(wanted.key, wanted.id)).toBe(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('are the same when an order from before is taken over, however many values are others', () => {
    const anyKey = fc.oneof(
      fc.constant(undefined),
      fc.integer({ min: 0, max: 5 }),
      fc.constantFrom('0.1', '0.10', '0.10000000000000000001', '2').map((text) => Decimal.of(text)),
    );
    const allOfOneKind = (row: Row) => ({
      ...row,
      key: typeof row.key === 'number' ? Decimal.of(String(row.key)) : row.key,
    });
    const anyRow = fc.record({ id: fc.stringMatching(/^[a-e]{1,3}$/), key: anyKey });
    const anyChanges = fc.dictionary(fc.nat(39).map(String), anyKey, { maxKeys: 40 });
    fc.assert(
      fc.property(
        fc.uniqueArray(anyRow, { selector: ({ id }) => id, maxLength: 40, size: 'max' }),
        fc.oneof(anyChanges, fc.dictionary(fc.nat(39).map(String), anyKey, { maxKeys: 3 })),
        fc.boolean(),
        (first, changes, isOneMissing) => {
          const before = first.map(allOfOneKind);
          const after = before
            .map((row, position) =>
              String(position) in changes ? { ...row, key: changes[String(position)] } : row,
            )
            .map(allOfOneKind)
            .slice(isOneMissing ? 1 : 0);
          const list = ordered(after, ordered(before)).sorted(undefined, 'KEY', 'ASC');
          expect(list.slice(0, list.length).map(({ id }) => id)).toEqual(idsIn(after, 'ASC'));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('do not come in an order that nobody made', () => {
    const rows = ordered([]) as OrderedRows<Row, string>;
    expect(() => rows.sorted(undefined, 'COLOUR', 'ASC')).toThrow(RangeError);
  });
});
