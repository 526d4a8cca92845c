import { setTimeout as delay } from 'node:timers/promises';

import { describe, expect, test } from 'vitest';

import { allRuns, faultsInBooks, unendedRuns } from '../support/ledger-books.ts';
import { makeNextRelease } from '../support/next-release.ts';
import { postgresSkippedBecause } from '../support/postgres.ts';
import { withReplicas } from '../support/replica-set.ts';
import { chatPath, eventually, promptOf } from '../support/replicas.ts';
import type { Replica } from '../support/replicas.ts';

describe.skipIf(postgresSkippedBecause !== undefined)('a rolling upgrade', () => {
  test(
    'lets the old and the new schema version serve side by side without an error',
    { timeout: 120_000 },
    async () => {
      const release = await makeNextRelease();
      try {
        await withReplicas({ count: 1 }, async ({ groq, store, first: older, start }) => {
          const load = keepLaunching();
          load.add(older);
          await load.launched(10);
          const newer = await start({}, release.folder);
          await newer.hasPrices();
          load.add(newer);
          await load.launched(30);
          const { rows } = await store.database.executeQuery<{ readonly next_note: null }>(
            store.database.selectFrom('run').selectAll().limit(1).compile(),
          );
          expect(rows[0]).toHaveProperty('next_note', null);

          // The older program also starts anew on the newer schema, as after a crash in mid-upgrade.
          const another = await start();
          load.add(another);
          await load.launched(50);
          const keys = await load.stop();

          await eventually(
            async () => await unendedRuns(store.ledger),
            (unended) => unended.length === 0,
          );
          const states = (await allRuns(store.ledger)).map(({ state }) => state);
          expect(states).toEqual(keys.map(() => 'SUCCEEDED'));
          expect(groq.requestsTo(chatPath).map(promptOf).sort()).toEqual([...keys].sort());
          expect(await faultsInBooks(store.ledger)).toEqual([]);
          await eventually(
            async () =>
              await Promise.all([older, newer, another].map((each) => each.snapshotVersion())),
            (versions) => new Set(versions).size === 1,
          );
          for (const { process } of [older, newer, another]) expect(process.faults).toEqual([]);
        });
      } finally {
        await release.remove();
      }
    },
  );
});

/** Launches one key after the other at every replica, and reads the run at another one. */
function keepLaunching() {
  const replicas: Replica[] = [];
  const keys: string[] = [];
  const stopped = new AbortController();
  const launch = async () => {
    while (!stopped.signal.aborted) {
      const key = `upgrade-${keys.length}`;
      const [replica, other] = [0, 1].map(
        (offset) => replicas[(keys.length + offset) % replicas.length],
      );
      if (replica === undefined || other === undefined) throw new Error('Nobody to launch at');
      keys.push(key);
      const input = { idempotencyKey: key, prompt: key };
      const { run } = await replica.launch(input);
      expect(run).toMatchObject({ state: 'SUCCEEDED' });
      expect(await other.run(run!.id)).toEqual(run);
      expect(await other.launch(input)).toMatchObject({ replayed: true, run: { id: run!.id } });
    }
  };
  let launching: Promise<void> | undefined;
  return {
    add(replica: Replica) {
      replicas.push(replica);
      launching ??= launch();
    },
    /** Resolves once so many launches were answered, all told; rejects when one was not. */
    async launched(count: number) {
      while (keys.length <= count) await Promise.race([launching, delay(20)]);
    },
    async stop() {
      stopped.abort();
      await launching;
      return keys;
    },
  };
}
