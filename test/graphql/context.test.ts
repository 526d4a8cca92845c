import { describe, expect, it } from 'vitest';

import { HistoriesTooLarge } from '../../src/catalogue/catalogue-store.ts';
import type { CatalogueStore, PriceHistoryQuery } from '../../src/catalogue/catalogue-store.ts';
import { RequestContext } from '../../src/graphql/context.ts';
import type { RequestContextParts } from '../../src/graphql/context.ts';

/** A context over a history that this function gives. */
function contextOver(store: Partial<CatalogueStore>): RequestContext {
  return new RequestContext({
    nowMs: 0,
    caller: { id: 'local' },
    catalogueStore: store,
  } as unknown as RequestContextParts);
}

const question = (offeringId: string) => ({ offeringId, fromMs: 0, toMs: 1, limit: 10 });

describe('the loaders of one request', () => {
  it('ask storage for all prices at a time at once, and for equal ones once', async () => {
    const asked: unknown[] = [];
    const { priceAt } = contextOver({
      pricesAt: async (questions) => {
        asked.push(questions);
        return questions.map(() => undefined);
      },
    });
    const [one, two] = [
      { offeringId: 'one', atMs: 1 },
      { offeringId: 'two', atMs: 1 },
    ];
    await Promise.all([priceAt.load(one), priceAt.load(two), priceAt.load({ ...one })]);
    expect(asked).toEqual([[one, two]]);
  });

  it('ask storage for all histories at once, and for equal ones once', async () => {
    const asked: string[][] = [];
    const { priceHistory } = contextOver({
      priceHistories: async (queries: readonly PriceHistoryQuery[]) => {
        asked.push(queries.map(({ offeringId }) => offeringId));
        return queries.map(() => []);
      },
    });
    await Promise.all(['one', 'two', 'one'].map((id) => priceHistory.load(question(id))));
    expect(asked).toEqual([['one', 'two']]);
  });

  it('tell a client that asks for more history than is read at once', async () => {
    const { priceHistory } = contextOver({
      priceHistories: () => Promise.reject(new HistoriesTooLarge(100_000)),
    });
    await expect(priceHistory.load(question('one'))).rejects.toMatchObject({
      extensions: { code: 'BAD_USER_INPUT' },
    });
  });
});
