import { describe, expect, it } from 'vitest';

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

  it('answer the histories that can be read beside one that can not', async () => {
    const asked: string[] = [];
    const { priceHistory } = contextOver({
      priceHistory: ({ offeringId }: PriceHistoryQuery) => {
        asked.push(offeringId);
        // As storage does with a question that it does not take: at once, not as a promise.
        if (offeringId === 'broken') throw new RangeError('A price history has 1 to 10000 points');
        return Promise.resolve([]);
      },
    });
    const answers = await Promise.allSettled(
      ['one', 'broken', 'two', 'one'].map((id) => priceHistory.load(question(id))),
    );
    expect(answers.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(asked).toEqual(['one', 'broken', 'two']);
  });
});
