import { setTimeout as delay } from 'node:timers/promises';

import { describe, expect, test } from 'vitest';

import type { Run } from '../../src/inference/run.ts';
import { after, json } from '../support/groq-responders.ts';
import type { GroqServer } from '../support/groq-server.ts';
import { allRuns, faultsInBooks, unendedRuns } from '../support/ledger-books.ts';
import { postgresSkippedBecause } from '../support/postgres.ts';
import { recordedExchange } from '../support/recorded-exchanges.ts';
import { withReplicas } from '../support/replica-set.ts';
import { answerInKind, chatPath, eventually, modelsPath, promptOf } from '../support/replicas.ts';
import type { LaunchSeen, Replica } from '../support/replicas.ts';
import type { TcpProxy } from '../support/tcp-proxy.ts';

const keys = 450;
const duplicatedKeys = 50;
const launchesLastMs = 16_000;
const killEveryMs = 4_000;
const leastKills = 2;
const cutEveryMs = 150;
const pollIntervalSeconds = 6;

describe.skipIf(postgresSkippedBecause !== undefined)(
  '500 launches with 50 duplicated keys, spread over three processes on one PostgreSQL',
  () => {
    test.concurrent.each([
      { misfortunes: 'one process killed with -9 and restarted every few seconds', cuts: false },
      { misfortunes: 'such kills, and connections to the database cut at random', cuts: true },
    ])(
      'are sent at most once each, end, and leave exact sums: $misfortunes',
      { timeout: 300_000 },
      async ({ cuts }) => {
        const settings = {
          POLL_INTERVAL_SECONDS: String(pollIntervalSeconds),
          BUDGET_USD_PER_DAY: '1000',
          LAUNCH_CONCURRENCY: '400',
        };
        await withReplicas(
          { count: 3, settings, canBeCut: cuts },
          async ({ groq, store, proxy, replicas }) => {
            answerLateNowAndThen(groq);
            movePrices(groq);
            const versions = watchVersions(replicas);

            // What is behind by then, on a machine that is short of time, catches up in peace.
            const over = AbortSignal.timeout(launchesLastMs + killEveryMs);
            const faults: string[] = [];
            const killing = killInTurn(replicas, over, faults);
            const cutting = cuts ? cutAtRandom(proxy, over) : Promise.resolve();
            const launching = launchAll(replicas, faults);
            const [told, kills] = await Promise.all([launching, killing, cutting]);
            expect(kills).toBeGreaterThanOrEqual(leastKills);
            for (const replica of replicas) faults.push(...faultsOf(replica));

            await eventually(
              async () => await unendedRuns(store.ledger),
              (unended) => unended.length === 0,
            );
            const runs = await allRuns(store.ledger);
            const sent = groq.requestsTo(chatPath).map(promptOf);
            expect(faults).toEqual([]);
            expect(runs).toHaveLength(keys);
            expect(sent.length).toBeGreaterThan(keys / 2);
            expect(twiceIn(sent)).toEqual([]);
            expect(unexplained(sent, runs)).toEqual([]);
            expect(brokenPromises(told, runs)).toEqual([]);
            expect(await faultsInBooks(store.ledger)).toEqual([]);

            const slots = await store.database.selectFrom('poll_slot').selectAll().execute();
            const polls = groq.requestsTo(modelsPath).length;
            expect(polls).toBeGreaterThan(1);
            expect(polls).toBeLessThanOrEqual(slots.filter(({ feed }) => feed === 'groq').length);

            await eventually(
              async () => await Promise.all(replicas.map((replica) => replica.snapshotVersion())),
              (seen) => new Set(seen).size === 1,
            );
            expect(await versions.stop()).toEqual([]);
          },
        );
      },
    );
  },
);

/** Some answers come at once, and some late enough for a kill to come before them. */
function answerLateNowAndThen(groq: GroqServer): void {
  groq.reply(chatPath, (request, response) =>
    after(delay(Math.random() < 0.5 ? 0 : Math.random() * 1_500), answerInKind)(request, response),
  );
}

/** Every reading of the list brings another price, and with it another version of the catalogue. */
function movePrices(groq: GroqServer): void {
  const list = structuredClone(recordedExchange('models-list-2026-10-02-with-pricing'));
  const { data } = list.response.body as {
    readonly data: readonly { readonly pricing?: Record<string, string> }[];
  };
  let readings = 0;
  groq.reply(modelsPath, (request, response) => {
    readings += 1;
    for (const { pricing } of data) {
      const { prompt } = pricing ?? {};
      // Another last digit: no price moves so far that it would be held back.
      if (pricing !== undefined && prompt?.includes('.') === true) {
        pricing['prompt'] = `${prompt.slice(0, -1)}${String(1 + (readings % 9))}`;
      }
    }
    return json({ object: 'list', data })(request, response);
  });
}

/** Faults that a process has logged are kept when it is gone. */
async function killInTurn(
  replicas: readonly Replica[],
  signal: AbortSignal,
  faults: string[],
): Promise<number> {
  for (let turn = 0; ; turn += 1) {
    await delay(killEveryMs);
    const replica = replicas[turn % replicas.length];
    if ((signal.aborted && turn >= leastKills) || replica === undefined) return turn;
    faults.push(...faultsOf(replica));
    await replica.kill();
    await replica.restart();
  }
}

async function cutAtRandom(proxy: TcpProxy, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await delay(Math.random() * 2 * cutEveryMs, undefined, { signal }).catch(() => undefined);
    proxy.cutOneOf(Math.random());
  }
}

interface Told {
  readonly key: string;
  readonly seen: LaunchSeen;
}

/** Launches everything as callers do who ask again, of anybody, until they are told of a run. */
async function launchAll(replicas: readonly Replica[], faults: string[]): Promise<Told[]> {
  const told: Told[] = [];
  const launch = async (key: string, first: number) => {
    for (let place = first; ; place += 1) {
      const seen = await answerOf(replicas[place % replicas.length]!, key, faults);
      if (seen?.__typename === 'InferenceLaunched') {
        told.push({ key, seen });
        return;
      }
      await delay(100 + Math.random() * 400);
    }
  };
  await Promise.all(
    Array.from({ length: keys }, async (_, number) => {
      await delay((launchesLastMs * number) / keys);
      const key = `key-${number}`;
      await Promise.all([
        launch(key, number),
        ...(number % (keys / duplicatedKeys) === 0 ? [launch(key, number + 1)] : []),
      ]);
    }),
  );
  return told;
}

const modes = ['SYNC', 'ASYNC', 'STREAM'] as const;

/** Five callers: the budget of each is one row, and those who reserve from it wait for each other. */
function callerOf(key: string): string {
  return `caller-${Number(key.slice('key-'.length)) % 5}`;
}

/** Undefined when the replica is gone or has a fault, which it logs; a refusal that is for good is noted. */
async function answerOf(
  replica: Replica,
  key: string,
  faults: string[],
): Promise<LaunchSeen | undefined> {
  const mode = modes[Number(key.slice('key-'.length)) % modes.length];
  const input = { idempotencyKey: key, prompt: key, mode, allowStalePrice: true };
  const seen = await replica.launch(input, callerOf(key)).catch(() => undefined);
  if (seen?.code !== undefined && seen.retryable !== true) faults.push(`${key}: ${seen.code}`);
  return seen;
}

/** Logged faults but for those that cuts, or a machine that is short of time, bring: no connection was to be had. */
function faultsOf({ process }: Replica): string[] {
  return process.faults.filter((line) => !/timeout exceeded|Connection terminated/.test(line));
}

function twiceIn(prompts: readonly string[]): string[] {
  return prompts.filter((prompt, index) => prompts.indexOf(prompt) !== index);
}

/** What the provider was asked and the books know nothing of, or call never sent. */
function unexplained(sent: readonly string[], runs: readonly Run[]): string[] {
  const byKey = new Map(runs.map((run) => [run.idempotencyKey, run]));
  const asked = new Set(sent);
  return [
    ...sent.filter((key) => {
      const run = byKey.get(key);
      return run === undefined || run.attempts.length === 0 || run.retriable;
    }),
    ...runs
      .filter(({ state, idempotencyKey }) => state === 'SUCCEEDED' && !asked.has(idempotencyKey))
      .map(({ idempotencyKey }) => idempotencyKey),
  ];
}

/** Callers who were told of different runs for a key, or of an end that is another one now. */
function brokenPromises(told: readonly Told[], runs: readonly Run[]): string[] {
  const byKey = new Map(runs.map((run) => [run.idempotencyKey, run]));
  return told.flatMap(({ key, seen }) => {
    const run = byKey.get(key);
    if (run === undefined || run.id !== seen.run?.id) return [`${key}: another run`];
    const ended = ['SUCCEEDED', 'CANCELLED'].includes(seen.run.state);
    const isKept = run.state === seen.run.state && run.charge.toString() === seen.run.charge;
    return ended && !isKept ? [`${key}: ${seen.run.state} became ${run.state}`] : [];
  });
}

/** Notes every catalogue that a process served after a newer one. */
function watchVersions(replicas: readonly Replica[]): { stop(): Promise<readonly string[]> } {
  const stopped = new AbortController();
  const steps: string[] = [];
  const watch = async (replica: Replica, place: number) => {
    let newest = { process: replica.process, version: 0 };
    while (!stopped.signal.aborted) {
      const { process } = replica;
      const version = await replica.snapshotVersion().catch(() => undefined);
      if (version !== undefined && process === replica.process) {
        if (process === newest.process && version < newest.version) {
          steps.push(`replica ${place} went from ${newest.version} to ${version}`);
        }
        newest = { process, version };
      }
      await delay(50);
    }
  };
  const watching = Promise.all(replicas.map(watch));
  return {
    async stop() {
      stopped.abort();
      await watching;
      return steps;
    },
  };
}
