import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { LiveRuns } from '../../src/inference/live-runs.ts';
import type { RunView } from '../../src/inference/live-runs.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/open-store.ts';
import { ending, ledgerOver, reserved } from '../support/ledger-samples.ts';
import { ManualClock } from '../support/manual-clock.ts';

let folder: string;
let store: Store;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'live-runs-'));
  store = await openStore({ dataDir: folder, log: pino({ level: 'silent' }) });
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

/** A run whose end is committed, and whose own process has not said so yet. */
async function justCommitted(clock: ManualClock) {
  const ledger = ledgerOver(store.ledger);
  const live = new LiveRuns(store.ledger, clock);
  const run = await reserved(ledger);
  const said = Promise.withResolvers<RunView>();
  live.add({ runId: run.id, stop: new AbortController(), ended: said.promise });
  return { live, run, said, settled: await ledger.end(run, ending()) };
}

const output = { text: 'Just in time.', toolCalls: [] };

test('a wait that is over in the instant in which its run ends gives the answer with the receipt', async () => {
  const { live, run, said, settled } = await justCommitted(new ManualClock());
  const waiting = live.waitFor(settled, 0);
  said.resolve({ run: settled, output });
  expect(await waiting).toEqual({ run: settled, output });
  expect(settled.id).toBe(run.id);
});

test('a run that ended elsewhere is not waited for because its old process is stuck with it', async () => {
  const clock = new ManualClock();
  const { live, settled } = await justCommitted(clock);
  const waiting = live.waitFor(settled, 0);
  await clock.advance(100);
  expect(await waiting).toEqual({ run: settled, output: undefined });
});
