import DataLoader from 'dataloader';

import type { CatalogueStore, PricePoint } from '../catalogue/catalogue-store.ts';
import type { Snapshot } from '../catalogue/snapshot.ts';
import type { Decimal } from '../domain/decimal.ts';
import type { Launcher } from '../inference/launcher.ts';
import type { LedgerStore, StoredContent } from '../inference/ledger-store.ts';
import type { Run } from '../inference/run.ts';

/** What the resolvers of one request share: one snapshot, one present, and loaders that batch. */
export interface RequestContext {
  /** The catalogue as it was when the request began; every field of the answer reads this one. */
  readonly snapshot: Snapshot;
  /** The request's present in milliseconds since the epoch; ages and freshness count to it. */
  readonly nowMs: number;
  readonly requestId: string;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal | undefined;
  readonly caller: RequestCaller;
  readonly launcher: Launcher;
  readonly ledger: LedgerStore;
  /** Runs of any caller by id; who may see one is asked where it is shown. */
  readonly runs: DataLoader<string, Run | undefined>;
  readonly contents: DataLoader<string, StoredContent | undefined>;
  readonly priceAt: DataLoader<PriceAtQuestion, PricePoint | undefined, string>;
  readonly priceHistory: DataLoader<PriceHistoryQuestion, readonly PricePoint[], string>;
}

/** Who asks, and what he may do. */
export interface RequestCaller {
  /** Undefined for anonymous readers. */
  readonly id: string | undefined;
  readonly scopes: ReadonlySet<string>;
  /** USD for one UTC day; undefined for none. */
  readonly dailyBudget: Decimal | undefined;
}

/** Which offering's price at which moment. */
export interface PriceAtQuestion {
  readonly offeringId: string;
  readonly atMs: number;
}

/** Which offering's changes in which span, at most `limit`. */
export interface PriceHistoryQuestion {
  readonly offeringId: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
}

/** The loaders of one request over the price history. */
export function priceLoaders(
  store: CatalogueStore,
): Pick<RequestContext, 'priceAt' | 'priceHistory'> {
  return {
    priceAt: new DataLoader(async (questions) => await store.pricesAt(questions), {
      cacheKeyFn: ({ offeringId, atMs }) => `${atMs} ${offeringId}`,
      maxBatchSize: maximumBatchSize,
    }),
    priceHistory: new DataLoader(
      async (questions) =>
        await Promise.all(questions.map(async (question) => await store.priceHistory(question))),
      {
        cacheKeyFn: ({ offeringId, fromMs, toMs, limit }) =>
          `${fromMs} ${toMs} ${limit} ${offeringId}`,
        maxBatchSize: maximumBatchSize,
      },
    ),
  };
}

/** The loaders of one request over the ledger. */
export function ledgerLoaders(ledger: LedgerStore): Pick<RequestContext, 'runs' | 'contents'> {
  return {
    runs: new DataLoader(async (ids) => await ledger.runs(ids), { maxBatchSize: maximumBatchSize }),
    contents: new DataLoader(async (ids) => await ledger.contents(ids), {
      maxBatchSize: maximumBatchSize,
    }),
  };
}

const maximumBatchSize = 1000;
