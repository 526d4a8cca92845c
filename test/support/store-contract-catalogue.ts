import { describe, expect, test } from 'vitest';

import type {
  CatalogueChange,
  CatalogueRow,
  StoredCatalogue,
} from '../../src/catalogue/catalogue-store.ts';
import { turnsDuring } from './event-loop-turns.ts';
import { pricePoint } from './store-contract-prices.ts';
import { asStored, type ContractStore } from './store-opening.ts';

export function describeCatalogueStore({ store, restart }: ContractStore): void {
  test('an empty store has version 0 and no rows', async () => {
    expect(await store().catalogue.loadCatalogue(asStored)).toEqual({ version: 0, rows: [] });
    expect(await store().catalogue.catalogueChangesSince(0)).toEqual({ version: 0, rows: [] });
  });

  test('rows come back as they were written, also after a restart', async () => {
    const rows = [
      row('plain', '{"a":1}'),
      row('ünïcode ✓ 🚀', '{"text":"\\u0000 zero, \\"quotes\\", 価格"}'),
      row('quo\'te"s; drop table catalogue_row; --', '[]'),
      row('long', JSON.stringify('x'.repeat(300_000))),
    ];
    const version = await store().catalogue.commitCatalogue(change(rows));

    expect(sorted(await store().catalogue.loadCatalogue(asStored))).toEqual({
      version,
      rows: byKey(rows),
    });
    await restart();
    expect(sorted(await store().catalogue.loadCatalogue(asStored))).toEqual({
      version,
      rows: byKey(rows),
    });
  });

  test('rows are written as they come, and loading keeps what is made of each', async () => {
    const keys = ['streamed-1', 'streamed-2'];
    const rows = {
      *[Symbol.iterator]() {
        for (const key of keys) yield row(key, '1');
      },
    };
    await store().catalogue.commitCatalogue(change(rows));

    const loaded = await store().catalogue.loadCatalogue(({ key, body }) => `${key} is ${body}`);
    expect(loaded.rows).toEqual(expect.arrayContaining(keys.map((key) => `${key} is 1`)));
  });

  test('each commit has a greater version, an empty one too', async () => {
    const first = await store().catalogue.commitCatalogue(change([row('greater', '1')]));
    const second = await store().catalogue.commitCatalogue(change([]));

    expect(second).toBeGreaterThan(first);
    expect((await store().catalogue.loadCatalogue(asStored)).version).toBe(second);
  });

  test('followers get the rows written after their version, removals as null', async () => {
    const before = await store().catalogue.commitCatalogue(
      change([row('kept', '1'), row('changed', '1'), row('removed', '1')]),
    );
    await store().catalogue.commitCatalogue(change([row('changed', '2')]));
    const after = await store().catalogue.commitCatalogue(change([row('removed', null)]));

    expect(sorted(await store().catalogue.catalogueChangesSince(before))).toEqual({
      version: after,
      rows: [row('changed', '2'), row('removed', null)],
    });
    expect(await store().catalogue.catalogueChangesSince(after)).toEqual({
      version: after,
      rows: [],
    });
    const { rows } = await store().catalogue.loadCatalogue(asStored);
    expect(rows.map(({ key }) => key)).not.toContain('removed');
  });

  test('a removed row can come back', async () => {
    await store().catalogue.commitCatalogue(change([row('returning', '1')]));
    await store().catalogue.commitCatalogue(change([row('returning', null)]));
    await store().catalogue.commitCatalogue(change([row('returning', '2')]));

    expect((await store().catalogue.loadCatalogue(asStored)).rows).toContainEqual(
      row('returning', '2'),
    );
  });

  test('a row that is written unchanged is no change to followers', async () => {
    const before = await store().catalogue.commitCatalogue(change([row('same', '{"a":1}')]));
    await store().catalogue.commitCatalogue(change([row('same', '{"a":1}')]));

    expect((await store().catalogue.catalogueChangesSince(before)).rows).toEqual([]);
  });

  test('the last of several words about a row counts, near or far apart in the change', async () => {
    const between = Array.from({ length: 500 }, (_, index) => row(`between-${index}`, '0'));
    await store().catalogue.commitCatalogue(
      change([
        row('near', '1'),
        row('near', '2'),
        row('far', '1'),
        ...between,
        row('far', '2'),
        row('far', null),
      ]),
    );

    const { rows } = await store().catalogue.loadCatalogue(asStored);
    expect(rows.filter(({ key }) => key === 'near')).toEqual([row('near', '2')]);
    expect(rows.filter(({ key }) => key === 'far')).toEqual([]);
  });

  test('providers and kinds keep equal keys apart', async () => {
    const rows: CatalogueRow[] = [
      { provider: 'groq', kind: 'MODEL', key: 'equal', body: '1' },
      { provider: 'groq', kind: 'PRICE', key: 'equal', body: '2' },
      { provider: 'other', kind: 'MODEL', key: 'equal', body: '3' },
    ];
    await store().catalogue.commitCatalogue(change(rows));

    const stored = (await store().catalogue.loadCatalogue(asStored)).rows;
    expect(stored.filter(({ key }) => key === 'equal')).toEqual(rows);
  });

  test('commits of many callers at once are all stored, each under its own version', async () => {
    const keys = Array.from({ length: 20 }, (_, index) => `concurrent-${index}`);
    const before = (await store().catalogue.loadCatalogue(asStored)).version;
    const versions = await Promise.all(
      keys.map((key) => store().catalogue.commitCatalogue(change([row(key, '1')]))),
    );

    expect(new Set(versions).size).toBe(keys.length);
    const { version, rows } = await store().catalogue.catalogueChangesSince(before);
    expect(version).toBe(Math.max(...versions));
    expect(rows.map(({ key }) => key).sort()).toEqual(keys.sort());
  });

  describe('a change that cannot be stored', () => {
    const unstorable: readonly [string, CatalogueChange][] = [
      ['a NUL character in a key', change([row('nul\u0000', '1')])],
      ['half a surrogate pair in a key', change([row('half\ud800', '1')])],
      ['a NUL character in a body', change([row('body', '"\u0000"')])],
      ['a time that is no integer', { ...change([]), atMs: 0.5 }],
      ['an offering that holds NUL', change([], [pricePoint({ offeringId: 'a\u0000', atMs: 1 })])],
      ['a price at no exact time', change([], [pricePoint({ offeringId: 'a', atMs: 2 ** 53 })])],
    ];

    test.each(unstorable)('is refused with its reason: %s', async (_what, refused) => {
      await expect(store().catalogue.commitCatalogue(refused)).rejects.toMatchObject({
        code: 'UNSTORABLE_VALUE',
      });
    });

    test('leaves nothing behind, whatever came before the fault', async () => {
      const before = await store().catalogue.loadCatalogue(asStored);
      const many = Array.from({ length: 300 }, (_, index) => row(`undone-${index}`, '1'));
      const refused = change(many, [
        pricePoint({ offeringId: 'undone', atMs: 1 }),
        pricePoint({ offeringId: 'undone', atMs: Number.NaN }),
      ]);
      await expect(store().catalogue.commitCatalogue(refused)).rejects.toMatchObject({
        code: 'UNSTORABLE_VALUE',
      });

      expect(await store().catalogue.loadCatalogue(asStored)).toEqual(before);
      expect(await store().catalogue.pricesAt([{ offeringId: 'undone', atMs: 10 }])).toEqual([
        undefined,
      ]);
    });
  });

  describe('with thousands of rows', () => {
    const many = Array.from({ length: 3_000 }, (_, index) =>
      row(`many-${index}`, `{"i":${index}}`),
    );
    const points = many.map(({ key }) => pricePoint({ offeringId: key, atMs: 1_000 }));

    test('a commit gives the rest of the process a turn after every 128 rows', async () => {
      const turns = await turnsDuring(() =>
        store().catalogue.commitCatalogue(change(many, points)),
      );
      expect(turns).toBeGreaterThanOrEqual((2 * 3_000) / 128);
    });

    test('large rows make smaller slices', async () => {
      const large = Array.from({ length: 16 }, (_, index) =>
        row(`large-${index}`, JSON.stringify('x'.repeat(256 * 1024))),
      );
      const turns = await turnsDuring(() => store().catalogue.commitCatalogue(change(large)));
      expect(turns).toBeGreaterThanOrEqual(16);
    });

    test('loading gives a turn after every 500 rows, and loads them all', async () => {
      let loaded: StoredCatalogue | undefined;
      const turns = await turnsDuring(async () => {
        loaded = await store().catalogue.loadCatalogue(asStored);
      });
      expect(turns).toBeGreaterThanOrEqual(3_000 / 500);
      const keys = new Set(loaded?.rows.map(({ key }) => key));
      expect(many.every(({ key }) => keys.has(key))).toBe(true);
    });
  });
}

function row(key: string, body: string | null): CatalogueRow {
  return { provider: 'groq', kind: 'MODEL', key, body };
}

function change(
  rows: Iterable<CatalogueRow>,
  pricePoints: CatalogueChange['pricePoints'] = [],
): CatalogueChange {
  return { atMs: 1_790_000_000_000, rows, pricePoints };
}

function sorted({ version, rows }: StoredCatalogue): StoredCatalogue {
  return { version, rows: byKey(rows) };
}

function byKey(rows: readonly CatalogueRow[]): CatalogueRow[] {
  return rows.toSorted((left, right) => (left.key < right.key ? -1 : 1));
}
