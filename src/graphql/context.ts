import DataLoader from 'dataloader';

import type { Caller } from '../callers/caller.ts';
import { HistoriesTooLarge } from '../catalogue/catalogue-store.ts';
import type { CatalogueStore, PricePoint, PriceQuestion } from '../catalogue/catalogue-store.ts';
import type { Snapshot } from '../catalogue/snapshot.ts';
import type { Decimal } from '../domain/decimal.ts';
import type { Launcher } from '../inference/launcher.ts';
import { EventsTooMany } from '../inference/ledger-store.ts';
import type {
  EventPageQuestion,
  LedgerStore,
  StoredContent,
  StoredEvent,
} from '../inference/ledger-store.ts';
import type { Run } from '../inference/run.ts';
import { clientError } from './errors.ts';

/** What the transport knows of a request. */
export interface RequestOrigin {
  readonly requestId: string;
  readonly traceId: string | undefined;
  /** Aborts when the client has gone. Made when first asked for. */
  readonly signal: AbortSignal;
}

/** What a request's context is made from. */
export interface RequestContextParts {
  readonly snapshot: Snapshot;
  readonly nowMs: number;
  readonly request: RequestOrigin;
  readonly caller: Caller;
  /** USD for one UTC day, for callers whose token sets none. */
  readonly defaultDailyBudget: Decimal | undefined;
  readonly launcher: Launcher;
  readonly catalogueStore: CatalogueStore;
}

/** Which offering's changes in which span, at most `limit`. */
export interface PriceHistoryQuestion {
  readonly offeringId: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
}

/** The first `limit` events of which run behind which position. */
export interface EventsQuestion extends EventPageQuestion {
  readonly limit: number;
}

const maximumBatchSize = 1000;

/**
 * What the resolvers of one request share: one snapshot, one present, and loaders that batch. Loaders are
 * made when first used, because most requests need none.
 */
export class RequestContext {
  /** The catalogue as it was when the request began; every field of the answer reads this one. */
  readonly snapshot: Snapshot;
  /** The request's present in milliseconds since the epoch; ages and freshness count to it. */
  readonly nowMs: number;
  readonly request: RequestOrigin;
  readonly caller: Caller;
  /** USD for one UTC day; undefined for none. */
  readonly dailyBudget: Decimal | undefined;
  readonly launcher: Launcher;
  readonly #catalogueStore: CatalogueStore;
  #priceAt: DataLoader<PriceQuestion, PricePoint | undefined, string> | undefined;
  #priceHistory: DataLoader<PriceHistoryQuestion, readonly PricePoint[], string> | undefined;
  #runs: DataLoader<string, Run | undefined> | undefined;
  #endedRuns: DataLoader<string, Run | undefined> | undefined;
  #contents: DataLoader<string, StoredContent | undefined> | undefined;
  #events: DataLoader<EventsQuestion, readonly StoredEvent[], string> | undefined;

  constructor(parts: RequestContextParts) {
    this.snapshot = parts.snapshot;
    this.nowMs = parts.nowMs;
    this.request = parts.request;
    this.caller = parts.caller;
    this.dailyBudget = parts.caller.dailyBudgetUsd ?? parts.defaultDailyBudget;
    this.launcher = parts.launcher;
    this.#catalogueStore = parts.catalogueStore;
  }

  get ledger(): LedgerStore {
    return this.launcher.options.ledger.store;
  }

  get priceAt(): DataLoader<PriceQuestion, PricePoint | undefined, string> {
    const store = this.#catalogueStore;
    return (this.#priceAt ??= new DataLoader(async (questions) => await store.pricesAt(questions), {
      cacheKeyFn: ({ offeringId, atMs, version = '' }) => `${atMs} ${version} ${offeringId}`,
      maxBatchSize: maximumBatchSize,
    }));
  }

  get priceHistory(): DataLoader<PriceHistoryQuestion, readonly PricePoint[], string> {
    const store = this.#catalogueStore;
    return (this.#priceHistory ??= new DataLoader(
      async (questions) => await readHistories(store, questions),
      {
        cacheKeyFn: ({ offeringId, fromMs, toMs, limit }) =>
          `${fromMs} ${toMs} ${limit} ${offeringId}`,
        maxBatchSize: maximumBatchSize,
      },
    ));
  }

  /** Runs of any caller by id; who may see one is asked where it is shown. */
  get runs(): DataLoader<string, Run | undefined> {
    return (this.#runs ??= new DataLoader(async (ids) => await this.ledger.runs(ids), {
      maxBatchSize: maximumBatchSize,
    }));
  }

  /** Runs whose end was just read: {@link runs} may hold what they were before it. */
  get endedRuns(): DataLoader<string, Run | undefined> {
    return (this.#endedRuns ??= new DataLoader(async (ids) => await this.ledger.runs(ids), {
      maxBatchSize: maximumBatchSize,
    }));
  }

  /** Stored events of runs whose caller may read them. */
  get events(): DataLoader<EventsQuestion, readonly StoredEvent[], string> {
    return (this.#events ??= new DataLoader(
      async (questions) => await readEvents(this.ledger, questions),
      {
        cacheKeyFn: ({ runId, afterPosition, limit }) => `${afterPosition} ${limit} ${runId}`,
        maxBatchSize: maximumBatchSize,
      },
    ));
  }

  get contents(): DataLoader<string, StoredContent | undefined> {
    return (this.#contents ??= new DataLoader(async (ids) => await this.ledger.contents(ids), {
      maxBatchSize: maximumBatchSize,
    }));
  }
}

async function readHistories(
  store: CatalogueStore,
  questions: readonly PriceHistoryQuestion[],
): Promise<readonly (readonly PricePoint[])[]> {
  try {
    return await store.priceHistories(questions);
  } catch (error) {
    if (!(error instanceof HistoriesTooLarge)) throw error;
    throw clientError(
      'BAD_USER_INPUT',
      `The price histories of this request have more than ${error.maximumPoints} changes together; ` +
        'ask for fewer offerings or a shorter span.',
    );
  }
}

/** One query for each size of page, of which a document has few. */
async function readEvents(
  store: LedgerStore,
  questions: readonly EventsQuestion[],
): Promise<readonly (readonly StoredEvent[])[]> {
  const events = new Map<EventsQuestion, readonly StoredEvent[]>();
  for (const limit of new Set(questions.map((question) => question.limit))) {
    const alike = questions.filter((question) => question.limit === limit);
    const pages = await eventPagesOf(store, alike, limit);
    for (const [index, question] of alike.entries()) events.set(question, pages[index] ?? []);
  }
  return questions.map((question) => events.get(question) ?? []);
}

async function eventPagesOf(
  store: LedgerStore,
  questions: readonly EventsQuestion[],
  limit: number,
): Promise<readonly (readonly StoredEvent[])[]> {
  try {
    return await store.eventPages(questions, limit);
  } catch (error) {
    if (!(error instanceof EventsTooMany)) throw error;
    throw clientError(
      'BAD_USER_INPUT',
      `The runs of this request have more than ${error.maximumEvents} events together; ` +
        'ask for fewer runs or smaller pages.',
    );
  }
}
