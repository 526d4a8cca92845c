import { describe, expect, test } from 'vitest';

import { after } from '../support/groq-responders.ts';
import { faultsInBooks } from '../support/ledger-books.ts';
import { postgresSkippedBecause } from '../support/postgres.ts';
import { withReplicas } from '../support/replica-set.ts';
import { answerInKind, chatPath, eventually, promptOf } from '../support/replicas.ts';
import type { Replica } from '../support/replicas.ts';

const timeout = 120_000;

/** What a marketplace asks; an alias of its own keeps a finished answer from being given again. */
async function servesCatalogue(replica: Replica, alias: string): Promise<void> {
  const answer = await replica.ask(
    `{ ${alias}: offerings(filter: { model: ["openai/gpt-oss-120b"] }) { nodes { costPerToken pricing { basis } } } }`,
  );
  expect(answer).toEqual({
    data: {
      [alias]: { nodes: [{ costPerToken: expect.any(String), pricing: expect.anything() }] },
    },
  });
}

const untilDegraded = async (replica: Replica) =>
  await eventually(
    async () => await replica.readiness(),
    ({ degraded }) => degraded.includes('The catalogue could not be stored.'),
  );

describe.skipIf(postgresSkippedBecause !== undefined)('while the database is away', () => {
  test.concurrent(
    'the catalogue is served, launches are refused, all recovers by itself, and an answer that arrived meanwhile settles its run',
    { timeout },
    async () => {
      await withReplicas(
        { count: 1, canBeCut: true },
        async ({ groq, store, proxy, database, first, start }) => {
          const answer = Promise.withResolvers<void>();
          groq.replyOnce(chatPath, after(answer.promise, answerInKind));
          const input = { idempotencyKey: 'meanwhile', prompt: 'meanwhile', mode: 'ASYNC' };
          const { run } = await first.launch(input);
          await eventually(
            async () => groq.requestsTo(chatPath).length,
            (sent) => sent === 1,
          );

          proxy.goAway();
          expect((await untilDegraded(first)).status).toBe(200);
          await servesCatalogue(first, 'away');
          const refused = { idempotencyKey: 'refused', prompt: 'refused' };
          expect(await first.launch(refused)).toMatchObject({
            code: 'LEDGER_UNAVAILABLE',
            retryable: true,
          });
          answer.resolve();

          // Another replica, which has the database, finds its lease over and gives the run up.
          const other = await start({ DATABASE_URL: database.url });
          await store.database.updateTable('owner_lease').set({ lease_until_ms: 0 }).execute();
          await other.runIn(run!.id, 'UNKNOWN');
          expect(await other.launch(input)).toMatchObject({ replayed: true });

          proxy.comeBack();
          expect(await first.runIn(run!.id, 'SUCCEEDED')).toMatchObject({
            charge: expect.stringMatching(/^0\.0000\d+$/),
          });
          await first.hasPrices();
          await other.hasPrices();
          expect(await first.launch(refused)).toMatchObject({
            replayed: false,
            run: { state: 'SUCCEEDED' },
          });
          expect(groq.requestsTo(chatPath).map(promptOf)).toEqual(['meanwhile', 'refused']);
          expect(await faultsInBooks(store.ledger)).toEqual([]);
        },
      );
    },
  );

  test.concurrent(
    'a replica starts, serves what was shipped and says so, and is whole once the database is there',
    { timeout },
    async () => {
      await withReplicas({ count: 0, canBeCut: true }, async ({ groq, proxy, start }) => {
        proxy.goAway();
        const replica = await start();
        expect((await untilDegraded(replica)).status).toBe(200);
        await servesCatalogue(replica, 'shipped');
        expect(await replica.launch({ idempotencyKey: 'early', prompt: 'early' })).toMatchObject({
          __typename: expect.not.stringMatching('InferenceLaunched'),
        });
        expect(groq.requests).toEqual([]);

        proxy.comeBack();
        await replica.hasPrices();
        expect(await replica.snapshotVersion()).toBeGreaterThan(0);
        expect(await replica.launch({ idempotencyKey: 'early', prompt: 'early' })).toMatchObject({
          run: { state: 'SUCCEEDED' },
        });
      });
    },
  );
});
