import { describe, expect, test } from 'vitest';

import { Decimal } from '../../src/domain/decimal.ts';
import { holdsReservation } from '../../src/inference/run.ts';
import type { LedgerStore } from '../../src/inference/ledger-store.ts';
import { dayMs, foldOf, noonMs, today } from '../support/ledger-samples.ts';
import { createTestDatabase, postgresSkippedBecause } from '../support/postgres.ts';
import { PrintingProcess } from '../support/printing-process.ts';
import { spelled } from '../support/spelled.ts';
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
  let [held, spent, seen] = [Decimal.zero, Decimal.zero, 0];
  const criteria = { caller: 'orchestrator', fromMs: noonMs, toMs: noonMs + dayMs };
  let behind: { createdAtMs: number; id: string } | undefined;
  for (;;) {
    const page = await ledger.listRuns({ ...criteria, behind, limit: 500 });
    for (const run of page) {
      expect(spelled(foldOf(run, await ledger.facts(run.id)))).toStrictEqual(spelled(run));
      if (holdsReservation(run)) held = held.plus(run.reserved);
      spent = spent.plus(run.charge);
      seen += 1;
    }
    behind = page.at(-1);
    if (behind === undefined) break;
  }
  expect(seen).toBe(await ledger.countRuns(criteria));
  const budget = await ledger.budgetOrSum('orchestrator', today);
  expect([`${budget.reserved}`, `${budget.spent}`]).toEqual([`${held}`, `${spent}`]);
}
