import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import { Catalogue } from '../../src/catalogue/catalogue.ts';
import type { CatalogueOptions, PollOutcome } from '../../src/catalogue/catalogue.ts';
import type { CatalogueStore } from '../../src/catalogue/catalogue-store.ts';
import type { OfferingEntry } from '../../src/catalogue/snapshot.ts';
import type { ListedModel } from '../../src/domain/model.ts';
import type { FeedReading, PriceReading, ProviderInterface } from '../../src/providers/provider.ts';
import type { Registry } from '../../src/registry.ts';
import { openStore } from '../../src/store/open-store.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { aProvider, parseEntries } from '../support/registry-entries.ts';
import { failed, failure, modelList, priceList } from './readings.ts';
import type { ProviderFailure } from '../../src/domain/failure.ts';
import type { PriceRow } from '../../src/domain/price.ts';

/** A catalogue over a real store in a folder of its own, with time and a provider that the test owns. */
export interface CatalogueBench {
  readonly clock: ManualClock;
  /** The one of the newest start. */
  readonly catalogue: Catalogue;
  readonly store: CatalogueStore;
  /** What was logged, event by event. */
  readonly events: readonly string[];
  /** Makes the store fail, at once or after so many commits, or work again. */
  failStorage(fails: boolean, afterCommits?: number): void;
  /** A poll of a list with these models and prices. */
  poll(models: readonly ListedModel[], prices?: readonly PriceRow[]): Promise<PollOutcome>;
  /** A poll in which both answers fail. */
  pollFailing(code: ProviderFailure['code'], retryAfterMs?: number): Promise<PollOutcome>;
  /** A poll that gives these readings. */
  pollReadings(
    models: FeedReading<ListedModel>,
    prices: readonly PriceReading[],
  ): Promise<PollOutcome>;
  /** A reading of the public price list. */
  readPublicList(reading: PriceReading): Promise<PollOutcome>;
  /** Stops the catalogue and opens another over what was stored, with another registry if one is given. */
  restart(entries?: Readonly<Record<string, unknown>>): Promise<void>;
  offering(id: string): OfferingEntry;
  /** The price history as `[ISO time, basis, cost per token]`. */
  history(id: string): Promise<readonly (readonly unknown[])[]>;
}

/** Starts one for the test that calls it; it has the provider `groq` unless entries are given. */
export async function startCatalogue(
  entries: Readonly<Record<string, unknown>> = { groq: aProvider({ modelsDevId: 'groq' }) },
  startMs?: number,
): Promise<CatalogueBench> {
  const dataDir = mkdtempSync(join(tmpdir(), 'catalogue-'));
  const clock = new ManualClock(startMs);
  const events: string[] = [];
  const next: { models?: FeedReading<ListedModel>; prices: readonly PriceReading[] } = {
    prices: [],
  };
  let publicReading: PriceReading | undefined;
  /** How often storage can still be written to. */
  let commitsLeft = Number.POSITIVE_INFINITY;
  const store = await openStore({ dataDir, log: silentLog });

  const provider = {
    id: 'groq',
    listModels: () => Promise.resolve(next.models ?? neverAsked()),
    getPricing: () => Promise.resolve(next.prices),
  } as unknown as ProviderInterface;
  const breakable: CatalogueStore = {
    loadCatalogue: (read) => store.catalogue.loadCatalogue(read),
    catalogueChangesSince: (version) => store.catalogue.catalogueChangesSince(version),
    priceHistory: (query) => store.catalogue.priceHistory(query),
    priceHistories: (queries) => store.catalogue.priceHistories(queries),
    pricesAt: (questions) => store.catalogue.pricesAt(questions),
    commitCatalogue: (change) => {
      if (commitsLeft <= 0) return Promise.reject(new Error('the disk is full'));
      commitsLeft -= 1;
      return store.catalogue.commitCatalogue(change);
    },
  };
  const open = async (registry: Registry): Promise<Catalogue> => {
    const options: CatalogueOptions = {
      registry,
      providers: new Map([...registry.keys()].map((id) => [id, provider])),
      publicPriceList: {
        read: () =>
          Promise.resolve(new Map(publicReading === undefined ? [] : [['groq', publicReading]])),
      },
      store: breakable,
      clock,
      defaultPollIntervalMs: 300_000,
      log: (event) => events.push(event),
    };
    const catalogue = new Catalogue(options);
    await catalogue.open();
    return catalogue;
  };
  let present = entries;
  let catalogue = await open(parseEntries(present));
  onTestFinished(async () => {
    catalogue.close();
    await store.close();
    rmSync(dataDir, { recursive: true });
  });

  const never = new AbortController().signal;
  const bench: CatalogueBench = {
    clock,
    get catalogue() {
      return catalogue;
    },
    store: breakable,
    events,
    failStorage: (fails, afterCommits = 0) => {
      commitsLeft = fails ? afterCommits : Number.POSITIVE_INFINITY;
    },
    poll: (models, prices = []) =>
      bench.pollReadings(modelList(models, clock.now()), [
        priceList('models', prices, clock.now()),
      ]),
    pollFailing: (code, retryAfterMs) =>
      bench.pollReadings(
        {
          ok: false,
          feed: 'models',
          source: 'models source',
          failure: { ...failure(code), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
        },
        [failed('models', code)],
      ),
    pollReadings: async (models, prices) => {
      next.models = models;
      next.prices = prices;
      return await catalogue.poll('groq', never);
    },
    readPublicList: async (reading) => {
      publicReading = reading;
      return await catalogue.pollPublicPriceList(never);
    },
    restart: async (changed = present) => {
      present = changed;
      catalogue.close();
      catalogue = await open(parseEntries(present));
    },
    offering: (id) => {
      const found = catalogue.snapshot.offerings.get(id);
      if (found === undefined) throw new Error(`No offering ${id}`);
      return found;
    },
    history: async (offeringId) => {
      const points = await store.catalogue.priceHistory({
        offeringId,
        fromMs: 0,
        toMs: Number.MAX_SAFE_INTEGER,
        limit: 100,
      });
      return points.map(({ atMs, basis, costPerToken }) => [
        new Date(atMs).toISOString(),
        basis,
        costPerToken?.toString() ?? null,
      ]);
    },
  };
  return bench;
}

function neverAsked(): never {
  throw new Error('The test gave no reading');
}

const silent = (): void => {};
const silentLog = { info: silent, warn: silent };
