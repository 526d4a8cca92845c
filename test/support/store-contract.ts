import { afterAll, beforeAll, describe } from 'vitest';

import type { Store } from '../../src/store/open-store.ts';
import { describeCatalogueStore } from './store-contract-catalogue.ts';
import type { ContractStore } from './store-opening.ts';
import { describePollSlots } from './store-contract-poll-slots.ts';
import { describePrices } from './store-contract-prices.ts';
import { describeTransactions } from './store-contract-transactions.ts';

/** One storage that can be opened again and again, as a service does when it restarts. */
export interface StoreHarness {
  readonly open: () => Promise<Store>;
  readonly dispose: () => Promise<void>;
}

/** What every engine promises; run for each of them. */
export function describeStore(engine: string, createHarness: () => Promise<StoreHarness>): void {
  const inOwnStorage = (title: string, part: (context: ContractStore) => void) => {
    describe(`${title} on ${engine}`, () => {
      let harness: StoreHarness;
      let store: Store;

      beforeAll(async () => {
        harness = await createHarness();
        store = await harness.open();
      });

      afterAll(async () => {
        await store.close();
        await harness.dispose();
      });

      part({
        store: () => store,
        restart: async () => {
          await store.close();
          store = await harness.open();
        },
      });
    });
  };

  inOwnStorage('the catalogue store', describeCatalogueStore);
  inOwnStorage('price history', describePrices);
  inOwnStorage('transactions', describeTransactions);
  inOwnStorage('poll slots', describePollSlots);
}
