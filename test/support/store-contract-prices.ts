import * as fc from 'fast-check';
import type { KyselyPlugin } from 'kysely';
import { describe, expect, test } from 'vitest';

import { HistoriesTooLarge } from '../../src/catalogue/catalogue-store.ts';
import type { PricePoint } from '../../src/catalogue/catalogue-store.ts';
import { Decimal } from '../../src/domain/decimal.ts';
import { SqlCatalogueStore } from '../../src/store/catalogue-store.ts';
import { maximumHistoryPoints } from '../../src/store/price-points.ts';
import { PriceHistoryModel } from './price-history-model.ts';
import type { ContractStore } from './store-opening.ts';

/** A price point of which a test states only what it is about. */
export function pricePoint(
  stated: Partial<PricePoint> & Pick<PricePoint, 'offeringId' | 'atMs'>,
): PricePoint {
  return {
    priceVersion: 'pv_1',
    unit: 'TOKEN',
    input: Decimal.of('0.00000015'),
    output: Decimal.of('0.0000006'),
    cachedInput: Decimal.of('0.0000000375'),
    costPerToken: Decimal.of('0.0000002625'),
    method: 'BLEND_3_1',
    basis: 'LIVE',
    source: 'https://api.example/openai/v1/models',
    ...stated,
  };
}

let offerings = 0;
/** Ids that no other test uses, one of them not plain ASCII. */
function newOffering(): string {
  offerings += 1;
  return `groq/modèle-${offerings}/us-east`;
}

export function describePrices({ store, restart }: ContractStore): void {
  const append = (...pricePoints: PricePoint[]) =>
    store().catalogue.commitCatalogue({ atMs: 1, rows: [], pricePoints });
  const wholeHistory = (offeringId: string) =>
    store().catalogue.priceHistory({ offeringId, fromMs: 0, toMs: 1e15, limit: 1_000 });

  test('a price point comes back as it was written, also after a restart', async () => {
    const offeringId = newOffering();
    const points = [
      pricePoint({ offeringId, atMs: 1_000 }),
      pricePoint({ offeringId, atMs: 2_000, ...unknownPrice }),
      pricePoint({
        offeringId,
        atMs: 3_000,
        unit: 'AUDIO_SECOND',
        method: 'SINGLE',
        basis: 'DECLARED',
        input: Decimal.zero,
        source: 'liste ✓',
      }),
    ];
    await append(...points);
    expect(await wholeHistory(offeringId)).toEqual(points);
    await restart();
    expect(await wholeHistory(offeringId)).toEqual(points);
  });

  test('decimals come back digit for digit', async () => {
    const digits = fc
      .stringMatching(/^-?(0|[1-9]\d{0,24})(\.\d{0,33}[1-9])?$/)
      .filter((text) => text !== '-0');
    await fc.assert(
      fc.asyncProperty(digits, digits, digits, digits, async (...texts) => {
        const offeringId = newOffering();
        const [input, output, cachedInput, costPerToken] = texts.map((text) => Decimal.of(text));
        await append(
          pricePoint({
            offeringId,
            atMs: 5,
            input: input ?? null,
            output: output ?? null,
            cachedInput: cachedInput ?? null,
            costPerToken: costPerToken ?? null,
          }),
        );
        const [stored] = await wholeHistory(offeringId);
        expect(
          [stored?.input, stored?.output, stored?.cachedInput, stored?.costPerToken].map(String),
        ).toEqual(texts);
      }),
      { numRuns: 60 },
    );
  });

  test('a point that says what is in force already is not stored again', async () => {
    const offeringId = newOffering();
    await append(pricePoint({ offeringId, atMs: 1_000 }));
    await append(pricePoint({ offeringId, atMs: 2_000 }), pricePoint({ offeringId, atMs: 3_000 }));
    await append(pricePoint({ offeringId, atMs: 4_000, input: Decimal.of('0.0000002') }));
    await append(pricePoint({ offeringId, atMs: 5_000 }));

    expect((await wholeHistory(offeringId)).map(({ atMs }) => atMs)).toEqual([1_000, 4_000, 5_000]);
  });

  test.each(Object.keys(unknownPrice) as (keyof typeof unknownPrice)[])(
    'a point that differs in %s alone is stored',
    async (column) => {
      const offeringId = newOffering();
      const other = pricePoint({ offeringId, atMs: 2_000, [column]: null });
      await append(pricePoint({ offeringId, atMs: 1_000 }), other);
      expect((await wholeHistory(offeringId))[1]).toEqual(other);
    },
  );

  test('history is the changes in a half-open range, after the point in force at its start', async () => {
    const offeringId = newOffering();
    const [first, second, third] = [1_000, 2_000, 3_000].map((atMs) =>
      pricePoint({ offeringId, atMs, priceVersion: `pv_${atMs}` }),
    ) as [PricePoint, PricePoint, PricePoint];
    await append(first, second, third);
    const history = (fromMs: number, toMs: number, limit = 10) =>
      store().catalogue.priceHistory({ offeringId, fromMs, toMs, limit });

    expect(await history(1_500, 3_000)).toEqual([first, second]);
    expect(await history(1_000, 3_001)).toEqual([first, second, third]);
    expect(await history(0, 1_000)).toEqual([]);
    expect(await history(500, 9_000, 1)).toEqual([first]);
    expect(await history(1_500, 9_000, 1)).toEqual([first, second]);
    expect(await history(2_500, 2_500)).toEqual([second]);
  });

  test.each([0, -1, 0.5, Number.NaN, maximumHistoryPoints + 1])(
    'a history of %d points is refused',
    async (limit) => {
      const query = { offeringId: 'any', fromMs: 0, toMs: 1, limit };
      await expect(store().catalogue.priceHistory(query)).rejects.toThrow(RangeError);
    },
  );

  test('prices at a time are answered in the order asked, undefined where unknown', async () => {
    const [one, two] = [newOffering(), newOffering()];
    const early = pricePoint({ offeringId: one, atMs: 1_000 });
    const late = pricePoint({ offeringId: one, atMs: 2_000, basis: 'LISTED' });
    const other = pricePoint({ offeringId: two, atMs: 1_500 });
    await append(early, late, other);

    expect(
      await store().catalogue.pricesAt([
        { offeringId: two, atMs: 9_000 },
        { offeringId: one, atMs: 1_999 },
        { offeringId: one, atMs: 999 },
        { offeringId: 'never seen', atMs: 9_000 },
        { offeringId: one, atMs: 2_000 },
        { offeringId: one, atMs: 1_999 },
      ]),
    ).toEqual([other, early, undefined, undefined, late, early]);
    expect(await store().catalogue.pricesAt([])).toEqual([]);
  });

  test('the price of a version is the newest one with it up to a time, in force or not', async () => {
    const offeringId = newOffering();
    const point = (atMs: number, priceVersion: string | null, more: Partial<PricePoint> = {}) =>
      pricePoint({ offeringId, atMs, priceVersion, ...more });
    const first = point(1_000, 'pv_a');
    const relisted = point(2_000, 'pv_a', { basis: 'LISTED' });
    const second = point(3_000, 'pv_b');
    await append(first, relisted, second, point(4_000, null));
    const versionAt = (atMs: number, version: string) => ({ offeringId, atMs, version });
    expect(
      await store().catalogue.pricesAt([
        versionAt(9_000, 'pv_a'),
        versionAt(1_999, 'pv_a'),
        versionAt(999, 'pv_a'),
        versionAt(9_000, 'pv_b'),
        versionAt(2_999, 'pv_b'),
        versionAt(9_000, 'pv_of_nobody'),
        { offeringId, atMs: 3_500 },
      ]),
    ).toEqual([relisted, first, undefined, second, undefined, undefined, second]);
  });

  test('histories are answered in the order asked, each within its own span and limit', async () => {
    const [one, two] = [newOffering(), newOffering()];
    const [early, late] = [1_000, 2_000].map((atMs) =>
      pricePoint({ offeringId: one, atMs, priceVersion: `pv_${atMs}` }),
    ) as [PricePoint, PricePoint];
    const other = pricePoint({ offeringId: two, atMs: 1_500 });
    await append(early, late, other);
    const question = (offeringId: string, fromMs: number, limit = 10) => ({
      offeringId,
      fromMs,
      toMs: 9_000,
      limit,
    });

    expect(
      await store().catalogue.priceHistories([
        question(two, 0),
        question(one, 1_500),
        question('never seen', 0),
        question(one, 0, 1),
        question(one, 1_500),
      ]),
    ).toEqual([[other], [early, late], [], [early], [early, late]]);
    expect(await store().catalogue.priceHistories([])).toEqual([]);
  });

  test('histories with too many points together are refused', async () => {
    const offeringId = newOffering();
    const points = Array.from({ length: 2_000 }, (_, index) =>
      pricePoint({ offeringId, atMs: index, input: Decimal.of(`0.${index + 1}`) }),
    );
    await append(...points);
    const query = { offeringId, fromMs: 0, toMs: 1e12, limit: 10_000 };
    const histories = await store().catalogue.priceHistories(
      Array.from({ length: 40 }, () => query),
    );
    expect(histories.map(({ length }) => length)).toEqual(Array.from({ length: 40 }, () => 2_000));
    await expect(
      store().catalogue.priceHistories(Array.from({ length: 600 }, () => query)),
    ).rejects.toThrow(HistoriesTooLarge);
  });

  function countedStore() {
    let queries = 0;
    const counting: KyselyPlugin = {
      transformQuery: ({ node }) => {
        queries += 1;
        return node;
      },
      transformResult: async ({ result }) => result,
    };
    const { engine, transactions, database } = store();
    const counted = new SqlCatalogueStore({
      engine,
      transactions,
      database: database.withPlugin(counting),
    });
    return { counted, queries: () => queries };
  }

  test('histories of 1,200 offerings take three queries', async () => {
    const { counted, queries } = countedStore();
    const questions = Array.from({ length: 1_200 }, (_, index) => ({
      offeringId: `unknown-${index}`,
      fromMs: 0,
      toMs: 1,
      limit: 10,
    }));

    expect(await counted.priceHistories(questions)).toHaveLength(1_200);
    expect(queries()).toBe(3);
  });

  test('prices of 1,200 offerings take three queries', async () => {
    const { counted, queries } = countedStore();
    const questions = Array.from({ length: 1_200 }, (_, index) => ({
      offeringId: `unknown-${index}`,
      atMs: 1,
    }));

    expect(await counted.pricesAt(questions)).toHaveLength(1_200);
    expect(queries()).toBe(3);
  });

  describe('against a naive model', () => {
    test('history and prices agree for any points in any order', async () => {
      await fc.assert(
        fc.asyncProperty(anyCommits, anyQuestions, async (commits, questions) => {
          const offeringIds = [newOffering(), newOffering()] as const;
          const model = new PriceHistoryModel();
          for (const commit of commits) {
            const points = commit.map(({ offering, ...point }) =>
              pricePoint({ offeringId: offeringIds[offering], ...point }),
            );
            for (const point of points) model.append(point);
            await append(...points);
          }
          const queries = questions.map(({ offering, ...range }) => ({
            offeringId: offeringIds[offering],
            ...range,
          }));
          for (const query of queries) {
            expect(await store().catalogue.priceHistory(query)).toEqual(model.history(query));
          }
          expect(await store().catalogue.priceHistories(queries)).toEqual(
            queries.map((query) => model.history(query)),
          );
          const asked = questions.map(({ offering, fromMs }) => ({
            offeringId: offeringIds[offering],
            atMs: fromMs,
          }));
          expect(await store().catalogue.pricesAt(asked)).toEqual(
            asked.map(({ offeringId, atMs }) => model.priceAt(offeringId, atMs)),
          );
        }),
        { numRuns: 60 },
      );
    });
  });
}

const unknownPrice = {
  priceVersion: null,
  unit: null,
  input: null,
  output: null,
  cachedInput: null,
  costPerToken: null,
  method: null,
  basis: null,
  source: null,
};

// Few offerings, moments and prices, so that points meet in every way.
const anyOffering = fc.constantFrom(0 as const, 1 as const);
const anyMoment = fc.integer({ min: 0, max: 12 });
const anyCommits = fc.array(
  fc.array(
    fc.record({
      offering: anyOffering,
      atMs: anyMoment,
      input: fc.constantFrom(null, Decimal.of('0.1'), Decimal.of('0.2')),
    }),
    { maxLength: 6 },
  ),
  { maxLength: 5 },
);
const anyQuestions = fc.array(
  fc.record({
    offering: anyOffering,
    fromMs: anyMoment,
    toMs: anyMoment,
    limit: fc.integer({ min: 1, max: 4 }),
  }),
  { minLength: 1, maxLength: 6 },
);
