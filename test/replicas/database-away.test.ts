import { describe, expect, test } from 'vitest';

import { after } from '../support/groq-responders.ts';
import { faultsInBooks } from '../support/ledger-books.ts';
import { postgresSkippedBecause } from '../support/postgres.ts';
import { withReplicas } from '../support/replica-set.ts';
import { answerInKind, chatPath, eventually, headersOf, promptOf } from '../support/replicas.ts';
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

/** Every reading of what is stored, of the run `$id`. */
const readings: Readonly<Record<string, string>> = {
  'a run': 'query ($id: ID!) { inferenceRun(id: $id) { state } }',
  'a list of runs': '{ inferenceRuns { totalCount } }',
  'what was used': '{ inferenceUsage { charge } }',
  'what is left of a budget': '{ viewer { budget { spent } } }',
  'an entity':
    'query ($id: ID!) { _entities(representations: [{ __typename: "InferenceRun", id: $id }]) { ... on InferenceRun { state } } }',
  'a price history':
    '{ offerings(first: 1) { nodes { priceHistory(from: "2026-01-01T00:00:00Z") { points { basis } } } } }',
};

/** What every reading is answered while storage is away. */
const unavailable = {
  message: 'What is stored can not be read or changed now.',
  extensions: {
    code: 'SERVICE_UNAVAILABLE',
    reason: 'STORAGE_UNAVAILABLE',
    retryable: true,
    retryAfterSeconds: 1,
  },
};

/** A subscription to the events of a run as a request, with the answer's status. */
async function subscribed({ url }: Replica, id: string): Promise<readonly [number, string]> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      ...headersOf('orchestrator'),
    },
    body: JSON.stringify({
      query: 'subscription ($id: ID!) { inferenceEvents(id: $id) { kind } }',
      variables: { id },
    }),
  });
  return [response.status, await response.text()];
}

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
    'whatever reads what is stored says so under a code that makes sense again, and naming no place',
    { timeout },
    async () => {
      await withReplicas(
        { count: 1, canBeCut: true, settings: { BUDGET_USD_PER_DAY: '1' } },
        async ({ proxy, database, first }) => {
          const { run } = await first.launch({ idempotencyKey: 'before', prompt: 'before' });
          const { id } = run!;
          let salt = 0;
          // A comment of its own keeps a finished answer from being given again.
          const read = async () => {
            salt += 1;
            const answers = Object.entries(readings).map(async ([what, query]) => {
              const { data, errors } = await first.ask(`${query} # ${salt}`, { id });
              return [what, errors ?? data] as const;
            });
            return Object.fromEntries(await Promise.all(answers));
          };
          const whileThere = await read();
          expect(JSON.stringify(whileThere)).not.toContain('extensions');

          proxy.goAway();
          const told = expect.objectContaining(unavailable) as object;
          const whileAway = await read();
          expect(whileAway).toEqual(
            Object.fromEntries(Object.keys(readings).map((what) => [what, [told]])),
          );
          expect(await first.cancel(id)).toEqual({
            __typename: 'LaunchRefused',
            code: 'LEDGER_UNAVAILABLE',
            retryable: true,
          });
          const [status, text] = await subscribed(first, id);
          expect(status).toBe(503);
          expect(JSON.parse(text)).toMatchObject({ errors: [unavailable] });
          const { hostname, pathname } = new URL(database.url);
          for (const place of [hostname, pathname.slice(1), 'ECONN', 'onnection']) {
            expect(JSON.stringify([whileAway, text])).not.toContain(place);
          }

          proxy.comeBack();
          await first.hasPrices();
          expect(await read()).toEqual(whileThere);
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
