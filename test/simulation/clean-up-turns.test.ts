import { expect, it } from 'vitest';

import type { LedgerStore } from '../../src/inference/ledger-store.ts';
import { Random } from './random.ts';
import { simulatedCatalogue } from './simulated-catalogue.ts';
import { SimulatedDatabase } from './simulated-database.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { SimulatedProvider } from './simulated-provider.ts';
import { SimulatedTime } from './simulated-time.ts';

/** Counts how often each process, in the order of their connections, cleans up. */
class CountingDatabase extends SimulatedDatabase {
  readonly cleanUps: number[] = [];

  override connect(goOn: () => Promise<void>, isAlive: () => boolean): LedgerStore {
    const store = super.connect(goOn, isAlive);
    const place = this.cleanUps.push(0) - 1;
    const expireContent = store.expireContent.bind(store);
    store.expireContent = async (...given) => {
      this.cleanUps[place] = (this.cleanUps[place] ?? 0) + 1;
      return await expireContent(...given);
    };
    return store;
  }
}

it('replicas clean up by turns: together about as often as one does alone, and each of them', async () => {
  const catalogue = await simulatedCatalogue();
  const cleanUpsOf = async (processes: number) => {
    const random = new Random(1);
    const time = new SimulatedTime();
    const database = new CountingDatabase(random, time);
    const provider = new SimulatedProvider(random, time);
    const world = { random, time, database, provider, catalogue, concurrency: 4 };
    for (let number = 0; number < processes; number += 1) {
      void new SimulatedProcess(world, `p${number}`).start();
    }
    await time.run(600_000, () => false);
    return database.cleanUps;
  };
  const [alone = 0] = await cleanUpsOf(1);
  const together = await cleanUpsOf(5);
  expect(alone).toBeGreaterThan(100);
  expect(together.reduce((sum, count) => sum + count)).toBeLessThan(1.5 * alone);
  for (const count of together) expect(count).toBeGreaterThan(alone / 10);
});
