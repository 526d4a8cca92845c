import { describe, expect, test } from 'vitest';

import type { LedgerStore } from '../../src/inference/ledger-store.ts';
import { faultsInBooks } from '../support/ledger-books.ts';
import { createTestDatabase, postgresSkippedBecause } from '../support/postgres.ts';
import { PrintingProcess } from '../support/printing-process.ts';
import { openQuietly, temporaryFolder } from '../support/store-opening.ts';

const timeoutMs = 120_000;
const linesBeforeKill = 60;

describe('processes that reserve and settle, killed at any moment', () => {
  test(
    'lose no acknowledged fact and leave books that add up, one after the other on SQLite',
    { timeout: timeoutMs },
    async () => {
      const folder = await temporaryFolder();
      const acknowledged: string[] = [];
      for (let kill = 0; kill < 5; kill += 1) {
        const child = launch(folder.path, `owner-${kill}`);
        await child.printed(linesBeforeKill + Math.random() * 200);
        await child.kill();
        acknowledged.push(...linesOf(child));
      }
      const store = await openQuietly({ dataDir: folder.path });
      await expectKept(store.ledger, acknowledged);
      await store.close();
      await folder.remove();
    },
  );

  test.skipIf(postgresSkippedBecause !== undefined)(
    'lose no acknowledged fact and leave books that add up, side by side on PostgreSQL',
    { timeout: timeoutMs },
    async () => {
      const given = await createTestDatabase();
      const store = await openQuietly({ databaseUrl: given.url });
      const acknowledged: string[] = [];
      const replica = async (name: string) => {
        for (let kill = 0; kill < 3; kill += 1) {
          const child = launch(given.url, `${name}-${kill}`);
          await child.printed(linesBeforeKill + Math.random() * 100);
          await child.kill();
          acknowledged.push(...linesOf(child));
        }
      };
      await Promise.all([replica('one'), replica('two')]);
      await expectKept(store.ledger, acknowledged);
      await store.close();
      await given.drop();
    },
  );
});

function launch(place: string, owner: string): PrintingProcess {
  return new PrintingProcess('./ledger-child.ts', place, owner, 'orchestrator');
}

/** What was printed, which starts with `open`; a line that the kill cut is no promise. */
function linesOf(child: PrintingProcess): string[] {
  expect(child.lines[0]).toBe('open');
  return child.lines.slice(1).filter((line) => /^run_[-\da-f]{36} \d$/.test(line));
}

async function expectKept(ledger: LedgerStore, acknowledged: readonly string[]): Promise<void> {
  expect(acknowledged.length).toBeGreaterThan(linesBeforeKill);
  for (const line of acknowledged) {
    const [id = '', facts] = line.split(' ');
    const run = await ledger.run(id);
    expect(run?.facts, `facts of ${id}`).toBeGreaterThanOrEqual(Number(facts));
    if (run !== undefined && run.facts > 2) {
      expect(await ledger.events(id, 0, 10)).toHaveLength(1);
    }
    expect((await ledger.contents([id]))[0]?.request).toBe('p:{}');
  }
  expect(await faultsInBooks(ledger)).toEqual([]);
}
