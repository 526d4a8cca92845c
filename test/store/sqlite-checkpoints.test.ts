import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, expect, test, vi } from 'vitest';

import { Checkpoints } from '../../src/store/sqlite/checkpoints.ts';
import { insertSlot } from '../support/slot-rows.ts';
import { createSqliteBench, type SqliteBench } from '../support/sqlite-bench.ts';
import { silentLog } from '../support/store-opening.ts';

let bench: SqliteBench;
afterEach(() => bench.dispose());

const insert = (slot: number, feed = 'test') =>
  bench.transactions.run((transaction) => transaction.execute(insertSlot, { feed, slot }));

async function startedCheckpoints(): Promise<Checkpoints> {
  bench = await createSqliteBench();
  const { path: databasePath, file, queue } = bench;
  const checkpoints = new Checkpoints({ databasePath, file, log: silentLog });
  checkpoints.start(queue);
  return checkpoints;
}

/** More than half of what is a small log. */
const manyPages = 'x'.repeat(2_500_000);

test('the pages of a log that is no longer small reach the database file while the store is open', async () => {
  const checkpoints = await startedCheckpoints();
  const sizeBefore = (await stat(bench.path)).size;
  await insert(1, manyPages);
  await insert(2, manyPages);
  checkpoints.afterUse();

  await vi.waitFor(async () => expect((await stat(bench.path)).size).toBeGreaterThan(sizeBefore), {
    timeout: 15_000,
  });
  await checkpoints.stop();
});

test('a use that changes nothing leaves the log to be copied and emptied as ever', async () => {
  const checkpoints = await startedCheckpoints();
  await insert(1);
  checkpoints.afterUse();
  // The first of them notes the change, the second finds nothing to do.
  await delay(1_200);
  checkpoints.afterUse();
  await delay(1_200);

  await insert(2, manyPages);
  await insert(3, manyPages);
  const sizeBefore = (await stat(bench.path)).size;
  checkpoints.afterUse();
  await vi.waitFor(async () => expect((await stat(bench.path)).size).toBeGreaterThan(sizeBefore), {
    timeout: 15_000,
  });
  checkpoints.afterErasing();
  await vi.waitFor(async () => expect((await stat(`${bench.path}-wal`)).size).toBe(0), {
    timeout: 15_000,
  });
  await checkpoints.stop();
});

test('where the worker cannot run, commits do its work and the operator is told', async () => {
  bench = await createSqliteBench();
  const warnings: string[] = [];
  const checkpoints = new Checkpoints({
    databasePath: '/nonexistent/store.db',
    file: bench.file,
    log: { ...silentLog, warn: (_fields, message) => warnings.push(message) },
  });
  checkpoints.start(bench.queue);
  await insert(1, manyPages);
  await insert(2, manyPages);
  checkpoints.afterUse();

  await vi.waitUntil(() => warnings.length > 0, { timeout: 15_000 });
  expect(warnings[0]).toContain('checkpoint worker failed');
  expect({ ...bench.file.prepare('pragma wal_autocheckpoint').get() }).toEqual({
    wal_autocheckpoint: 1_000,
  });
  await insert(3);
  await checkpoints.stop();
});
