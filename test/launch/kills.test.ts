import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { Decimal } from '../../src/domain/decimal.ts';
import { Random } from '../simulation/random.ts';
import { eventStream, json } from '../support/groq-responders.ts';
import type { Responder } from '../support/groq-responders.ts';
import { startGroqServer } from '../support/groq-server.ts';
import type { GroqServer } from '../support/groq-server.ts';
import { chunks, delta } from '../support/launches.ts';
import { startServiceProcess, untilNothingIsDegraded } from '../support/service-process.ts';
import type { ServiceProcess } from '../support/service-process.ts';

const key = 'gsk_kills_0123456789';
const chatPath = '/openai/v1/chat/completions';
const intentCount = 100;
const killCount = 7;
const seed = 20_261_128;

interface Intent {
  readonly idempotencyKey: string;
  readonly prompt: string;
  readonly mode: string;
}

interface Run {
  readonly id: string;
  readonly idempotencyKey: string;
  readonly state: string;
  readonly charge: string;
  readonly reserved: string;
  readonly attempts: readonly { readonly outcome: string | null }[];
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly events: readonly { readonly cursor: string; readonly text: string | null }[];
}

interface Launched {
  readonly __typename: string;
  readonly run?: Run;
  readonly retryable?: boolean;
}

const runFields =
  'id idempotencyKey state charge reserved attempts { outcome } failure { code message } events { cursor text }';
const launchMutation = `mutation ($input: LaunchInferenceInput!) {
  launchInference(input: $input) {
    __typename
    ... on InferenceLaunched { run { ${runFields} } }
    ... on LaunchRefusal { code message retryable }
  }
}`;

/** Answers after a while of its own, so that kills meet every step of a launch. */
function answers(random: Random): Responder {
  const usage = { prompt_tokens: 20, completion_tokens: 8 };
  const stream = chunks(
    ...['Still ', 'here', ', ', 'as ', 'told.'].map((content) => delta({ content })),
    { ...delta({}, 'stop'), usage },
  );
  const whole = {
    id: 'chatcmpl-1',
    choices: [{ index: 0, message: { content: 'Still here.' }, finish_reason: 'stop' }],
    usage,
  };
  return async (request, response) => {
    await delay(random.integer(0, 40));
    const isStream = (request.json as { readonly stream?: boolean }).stream === true;
    const responder = isStream
      ? eventStream(stream, { pieceBytes: 90, delayMs: random.integer(0, 8) })
      : json(whole);
    await responder(request, response);
  };
}

let dataDir: string;
let groq: GroqServer;
let service: ServiceProcess;

const start = async (): Promise<ServiceProcess> =>
  await startServiceProcess({
    DATA_DIR: dataDir,
    GROQ_API_KEY: key,
    GROQ_BASE_URL: groq.url,
    GROQ_PRICING_URL: `${groq.url}/v1/pricing`,
    MODELS_DEV_URL: '',
    LAUNCH_CONCURRENCY: '6',
    BUDGET_USD_PER_DAY: '10',
  });

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'kills-'));
  groq = await startGroqServer({ key });
  groq.replay('models-list-2026-10-02-with-pricing');
  groq.reply(chatPath, answers(new Random(seed)));
  service = await start();
  await untilNothingIsDegraded(service);
});

afterAll(async () => {
  await service.stop();
  await groq.close();
  await rm(dataDir, { recursive: true, force: true });
});

async function ask<Data>(query: string, variables: object = {}): Promise<Data> {
  const response = await fetch(service.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data?: Data; errors?: unknown };
  if (data === undefined || errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}

const isFinal = ({ state }: Run) => !['RESERVED', 'QUEUED', 'RUNNING'].includes(state);

test('kill -9 at random instants of 100 launches: each ends, none is sent twice, nothing told is lost', async () => {
  const random = new Random(seed + 1);
  const intents = Array.from({ length: intentCount }, (_, number): Intent => ({
    idempotencyKey: `intent-${number}`,
    prompt: `Intent ${number}`,
    mode: random.pick(['SYNC', 'SYNC', 'ASYNC', 'STREAM']),
  }));
  const told: Run[] = [];
  let failedCalls = 0;

  /** Asks as a caller who gives up on no intent: the same key again, whatever happened. */
  async function launch(intent: Intent): Promise<void> {
    const input = { ...intent, model: 'openai/gpt-oss-20b', parameters: { maxOutputTokens: 100 } };
    for (;;) {
      let launched;
      try {
        ({ launchInference: launched } = await ask<{ launchInference: Launched }>(launchMutation, {
          input,
        }));
      } catch {
        // The process was killed under the call, or is not back yet.
        failedCalls += 1;
        await delay(20);
        continue;
      }
      if (launched.run === undefined && launched.retryable === true) {
        await delay(20);
        continue;
      }
      if (launched.run === undefined) throw new Error(JSON.stringify(launched));
      told.push(launched.run);
      return;
    }
  }

  const waiting = [...intents];
  let isOver = false;
  const everybody = Promise.all(
    Array.from({ length: 12 }, async () => {
      for (let intent = waiting.shift(); intent !== undefined; intent = waiting.shift()) {
        await launch(intent);
      }
    }),
  ).then(() => (isOver = true));
  let kills = 0;
  while (kills < killCount && !isOver) {
    const requests = groq.requests.length + random.integer(1, 8);
    await Promise.race([groq.waitForRequests(requests), everybody]);
    await delay(random.integer(0, 60));
    if (isOver) break;
    await service.kill();
    kills += 1;
    service = await start();
  }
  await everybody;
  expect(kills).toBeGreaterThan(2);
  expect(failedCalls).toBeGreaterThan(0);

  const runs: Run[] = [];
  await expect
    .poll(
      async () => {
        const page = `query ($after: String) { inferenceRuns(first: 100, after: $after) { nodes { ${runFields} } pageInfo { hasNextPage } } }`;
        const { inferenceRuns } = await ask<{
          inferenceRuns: { nodes: Run[]; pageInfo: { hasNextPage: boolean } };
        }>(page);
        expect(inferenceRuns.pageInfo.hasNextPage).toBe(false);
        runs.splice(0, runs.length, ...inferenceRuns.nodes);
        return runs.filter((run) => !isFinal(run)).length;
      },
      { timeout: 30_000 },
    )
    .toBe(0);

  const sendsOf = ({ prompt }: Intent) =>
    groq
      .requestsTo(chatPath)
      .filter(({ json: sent }) =>
        (sent as { messages: { content: string }[] }).messages.some(
          ({ content }) => content === prompt,
        ),
      ).length;
  expect(runs).toHaveLength(intentCount);
  const byKey = new Map(runs.map((run) => [run.idempotencyKey, run]));
  for (const intent of intents) {
    const run = byKey.get(intent.idempotencyKey);
    expect(sendsOf(intent)).toBeLessThanOrEqual(1);
    if (run?.state === 'SUCCEEDED') {
      expect(sendsOf(intent)).toBe(1);
    } else if (run?.state === 'UNKNOWN') {
      expect(run).toMatchObject({ charge: '0', failure: { code: 'PROCESS_ENDED' } });
      expect(run.failure?.message).toMatch(/process that carried the run ended/);
      expect(run.attempts.at(-1)?.outcome).toBe('UNKNOWN');
    } else {
      expect(run).toMatchObject({
        state: 'FAILED',
        charge: '0',
        failure: { code: 'PROCESS_ENDED' },
      });
      expect(sendsOf(intent)).toBe(0);
    }
  }
  expect(runs.filter(({ state }) => state === 'UNKNOWN').length).toBeGreaterThan(0);
  expect(runs.filter(({ state }) => state === 'SUCCEEDED').length).toBeGreaterThan(50);

  for (const before of told) {
    const after = byKey.get(before.idempotencyKey);
    expect(after?.id).toBe(before.id);
    if (isFinal(before))
      expect(after).toMatchObject({ state: before.state, charge: before.charge });
    expect(after?.events.slice(0, before.events.length)).toEqual(before.events);
  }

  const total = (amounts: readonly string[]) =>
    amounts.reduce((sum, amount) => sum.plus(Decimal.of(amount)), Decimal.zero).toString();
  const { viewer } = await ask<{ viewer: { budget: { reserved: string; spent: string } } }>(
    '{ viewer { budget { reserved spent } } }',
  );
  expect(viewer.budget).toEqual({
    reserved: total(runs.filter(({ state }) => state === 'UNKNOWN').map((run) => run.reserved)),
    spent: total(runs.map(({ charge }) => charge)),
  });
}, 180_000);
