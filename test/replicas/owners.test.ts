import { describe, expect, test } from 'vitest';

import { after, hang } from '../support/groq-responders.ts';
import type { GroqServer } from '../support/groq-server.ts';
import { faultsInBooks } from '../support/ledger-books.ts';
import { postgresSkippedBecause } from '../support/postgres.ts';
import { withReplicas } from '../support/replica-set.ts';
import { answerInKind, chatPath, eventually, promptOf } from '../support/replicas.ts';
import type { Replica } from '../support/replicas.ts';

const timeout = 120_000;

interface Bench {
  readonly groq: GroqServer;
  readonly first: Replica;
  readonly second: Replica;
  sent(prompt: string): number;
  factsOf(runId: string): Promise<string[]>;
  /** As time does; the other replica takes its own anew in seconds, and finds the rest without one. */
  endLeases(): Promise<void>;
}

/** Two replicas that share one place at the provider: what waits for it was certainly not sent. */
async function withTwoReplicas(work: (bench: Bench) => Promise<void>): Promise<void> {
  const settings = { LAUNCH_CONCURRENCY: '1' };
  await withReplicas({ count: 2, settings }, async ({ groq, store, first, second }) => {
    await work({
      groq,
      first,
      second,
      sent: (prompt) =>
        groq.requestsTo(chatPath).filter((request) => promptOf(request) === prompt).length,
      factsOf: async (runId) => (await store.ledger.facts(runId)).map(({ kind }) => kind),
      endLeases: async () => {
        await store.database.updateTable('owner_lease').set({ lease_until_ms: 0 }).execute();
      },
    });
    expect(await faultsInBooks(store.ledger)).toEqual([]);
  });
}

/** Launches one run that is in flight and one that waits for its place. */
async function launchTwo({ first, sent }: Bench): Promise<{ inFlight: string; waiting: string }> {
  const launch = async (prompt: string) => {
    const { run } = await first.launch({ idempotencyKey: prompt, prompt, mode: 'ASYNC' });
    return run!.id;
  };
  const inFlight = await launch('in-flight');
  await eventually(
    async () => sent('in-flight'),
    (count) => count === 1,
  );
  const waiting = await launch('waiting');
  expect(await first.run(waiting)).toMatchObject({ state: 'QUEUED' });
  return { inFlight, waiting };
}

describe.skipIf(postgresSkippedBecause !== undefined)('runs of a replica that is gone', () => {
  test.concurrent(
    'become UNKNOWN where they were in flight, never sent again, and go on elsewhere where they were not sent',
    { timeout },
    async () => {
      await withTwoReplicas(async (bench) => {
        const { groq, first, second, sent, factsOf, endLeases } = bench;
        groq.replyOnce(chatPath, hang);
        const { inFlight, waiting } = await launchTwo(bench);
        await first.kill();
        await endLeases();

        await second.runIn(inFlight, 'UNKNOWN');
        expect(await second.runIn(waiting, 'SUCCEEDED')).toMatchObject({
          output: { text: expect.any(String) },
        });
        const again = await second.launch({ idempotencyKey: 'in-flight', prompt: 'in-flight' });
        expect(again).toMatchObject({ replayed: true, run: { id: inFlight, state: 'UNKNOWN' } });
        expect(await factsOf(inFlight)).toEqual(['RESERVED', 'SENDING', 'LOST']);
        expect(await factsOf(waiting)).toEqual([
          'RESERVED',
          'QUEUED',
          'ADOPTED',
          'SENDING',
          'ENDED',
        ]);
        expect([sent('in-flight'), sent('waiting')]).toEqual([1, 1]);
      });
    },
  );

  test.concurrent(
    'are no longer its own when it comes back: a late answer settles what was in flight, fencing stops the rest',
    { timeout },
    async () => {
      await withTwoReplicas(async (bench) => {
        const { groq, first, second, sent, factsOf, endLeases } = bench;
        const answer = Promise.withResolvers<void>();
        groq.replyOnce(chatPath, after(answer.promise, answerInKind));
        const { inFlight, waiting } = await launchTwo(bench);
        first.process.signal('SIGSTOP');
        await endLeases();

        await second.runIn(inFlight, 'UNKNOWN');
        const { charge } = await second.runIn(waiting, 'SUCCEEDED');
        answer.resolve();
        first.process.signal('SIGCONT');

        expect(await second.runIn(inFlight, 'SUCCEEDED')).toMatchObject({ charge });
        // It has gone on once it takes a launch, and by then has tried what it held.
        await first.launch({ idempotencyKey: 'afterwards', prompt: 'afterwards' });
        expect(await factsOf(inFlight)).toEqual(['RESERVED', 'SENDING', 'LOST', 'ENDED']);
        expect(await factsOf(waiting)).toEqual([
          'RESERVED',
          'QUEUED',
          'ADOPTED',
          'SENDING',
          'ENDED',
        ]);
        expect([sent('in-flight'), sent('waiting'), sent('afterwards')]).toEqual([1, 1, 1]);
      });
    },
  );
});
