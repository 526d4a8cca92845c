/**
 * A process of its own over a data folder, for tests that kill it:
 * `node store-child.ts hold|write <folder> <first slot>`. It prints `open`, then a line for each slot
 * (`s1`) or catalogue version (`v1`) once the store has acknowledged it; or the code of its failure.
 */
import { writeSync } from 'node:fs';

import { StoreError } from '../../src/store/store-error.ts';
import { openQuietly } from './store-opening.ts';
import { insertSlot } from './slot-rows.ts';

const [mode, dataDir = '', firstSlot] = process.argv.slice(2);
const writers = 8;

try {
  const store = await openQuietly({ dataDir });
  say('open');
  if (mode === 'write') {
    let slot = Number(firstSlot);
    const write = async (): Promise<never> => {
      for (;;) {
        const own = slot;
        slot += 1;
        await store.transactions.run((transaction) =>
          transaction.execute(insertSlot, { feed: 'written', slot: own }),
        );
        say(`s${own}`);
        if (own % 50 !== 0) continue;
        const rows = [{ provider: 'groq', kind: 'MODEL' as const, key: `${own}`, body: '{}' }];
        say(`v${await store.catalogue.commitCatalogue({ atMs: own, rows, pricePoints: [] })}`);
      }
    };
    await Promise.all(Array.from({ length: writers }, write));
  }
  setInterval(() => undefined, 60_000);
} catch (error) {
  say(error instanceof StoreError ? `${error.code} ${error.message}` : String(error));
}

/** Written before the next statement, so that a line that was read is a promise that was given. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}
