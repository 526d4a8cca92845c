/**
 * A process of its own that reserves and settles runs until it is killed:
 * `node ledger-child.ts <folder or postgres URL> <owner> <caller>`. It prints `open`, then a line with a
 * run's id and number of facts each time the ledger has acknowledged them.
 */
import { writeSync } from 'node:fs';

import { Decimal } from '../../src/domain/decimal.ts';
import { dayMs, ending, ledgerOver, reservation, unknownOutcome } from './ledger-samples.ts';
import { openQuietly } from './store-opening.ts';

const [place = '', owner = '', caller = ''] = process.argv.slice(2);
const writers = 8;

const store = await openQuietly(
  place.startsWith('postgres:') ? { databaseUrl: place } : { dataDir: place },
);
const ledger = ledgerOver(store.ledger, { owner });
say('open');

async function launchOnAndOn(): Promise<never> {
  for (let count = 0; ; count += 1) {
    const result = await ledger.reserve(
      reservation({
        caller,
        dailyBudget: Decimal.of('1000000'),
        content: { request: 'p:{}', output: undefined, expiresAtMs: Date.now() + dayMs },
      }),
    );
    if (result.kind !== 'RESERVED') throw new Error(result.kind);
    const { run } = result;
    say(`${run.id} ${run.facts}`);
    if (count % 5 === 4) continue;
    const events = [{ position: 1, atMs: Date.now(), body: 'p:{}' }];
    const ended = await ledger.end(run, count % 5 === 3 ? unknownOutcome : ending(), { events });
    say(`${run.id} ${ended.facts}`);
  }
}

await Promise.all(Array.from({ length: writers }, launchOnAndOn));

/** Written before the next statement, so that a line that was read is a promise that was given. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}
