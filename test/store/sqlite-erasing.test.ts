import { randomBytes, randomUUID } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/open-store.ts';
import { ledgerOver, reservation } from '../support/ledger-samples.ts';
import { silentLog } from '../support/store-opening.ts';

const mark = 'PROMPT-MARKED-';
const farMs = 4_000_000_000_000;

let folder: string;
let store: Store;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'erasing-'));
  store = await openStore({ dataDir: folder, log: silentLog });
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

/** How often the mark stands in the files of the data folder, the log of the database among them. */
async function marks(): Promise<number> {
  let count = 0;
  for (const name of await readdir(folder)) {
    const bytes = await readFile(join(folder, name));
    for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1)) count += 1;
  }
  return count;
}

/** Runs with marked content from a few bytes to some pages, whose times are over in no order. */
async function keepContent(runs: number): Promise<void> {
  const ledger = ledgerOver(store.ledger);
  for (let number = 0; number < runs; number += 1) {
    const text = `${mark}${randomBytes(1 + ((number * 7919) % 9_000)).toString('base64')}${mark}`;
    const expiresAtMs = farMs + ((number * 31) % runs);
    const result = await ledger.reserve(
      reservation({
        idempotencyKey: randomUUID(),
        content: { request: text, output: undefined, expiresAtMs },
      }),
    );
    if (result.kind !== 'RESERVED') throw new Error(result.kind);
    await ledger.appendEvents(
      result.run.id,
      [{ position: 1, atMs: farMs, body: text }],
      expiresAtMs,
    );
  }
}

test('content whose time is over is in no byte of the data folder, the log of the database included', async () => {
  await keepContent(300);
  expect(await marks()).toBeGreaterThan(600);
  await store.ledger.expireContent(farMs + 300, 1_000);
  await vi.waitFor(async () => expect(await marks()).toBe(0), { timeout: 15_000 });
});

test('nor is what lives touched by that', async () => {
  await keepContent(20);
  await store.ledger.expireContent(farMs + 9, 1_000);
  const rows = await store.database.selectFrom('run_content').select('body').execute();
  expect(rows).toHaveLength(10);
  for (const { body } of rows) expect(body).toMatch(new RegExp(`^${mark}.*${mark}$`));
});

test('what a process had deleted before it died is not left in the log either', async () => {
  await keepContent(5);
  // Who reads an earlier state keeps the log from being emptied.
  const reader = new DatabaseSync(join(folder, 'gpubroker.db'), { readOnly: true });
  reader.exec('begin');
  reader.prepare('select count(*) from run_content').get();
  await store.ledger.expireContent(farMs + 5, 1_000);
  // As a crash leaves it: the files are taken as they are.
  const died = await mkdtemp(join(tmpdir(), 'died-'));
  await cp(folder, died, { recursive: true });
  reader.close();
  await store.close();
  await rm(folder, { recursive: true, force: true });
  folder = died;
  expect(await marks()).toBeGreaterThan(0);
  store = await openStore({ dataDir: folder, log: silentLog });
  await vi.waitFor(async () => expect(await marks()).toBe(0), { timeout: 15_000 });
});
