import { setTimeout as delay } from 'node:timers/promises';

import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';

import { Random } from '../simulation/random.ts';
import { json } from '../support/groq-responders.ts';
import type { Responder } from '../support/groq-responders.ts';
import { startGroqServer } from '../support/groq-server.ts';
import type { GroqServer } from '../support/groq-server.ts';
import { chunks, delta } from '../support/launches.ts';
import { createTestDatabase, postgresSkippedBecause } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { recordedExchange } from '../support/recorded-exchanges.ts';
import { startServiceProcess, untilNothingIsDegraded } from '../support/service-process.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { collectFrom, until } from './collected.ts';

const recording = 'models-list-2026-10-02-with-pricing';
const key = 'gsk_replicas_0123456789';
const deltaCount = 2_000;
const cutCount = 100;
const seed = 20_261_128;
const everything = Array.from({ length: deltaCount }, (_, index) => `${index};`).join('');

/** How far the provider may stream; it goes no further ahead than the cuts that there were. */
class Gate {
  #allowed = 0;
  #wake: () => void = () => undefined;

  allow(count: number): void {
    this.#allowed = count;
    this.#wake();
  }

  async pass(index: number): Promise<void> {
    while (index >= this.#allowed) await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}

/** Streams deltas `0;` to `1999;`, each as an event of its own. */
function streamsBehind(gate: Gate): Responder {
  const usage = { prompt_tokens: 20, completion_tokens: deltaCount };
  return async (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let index = 0; index < deltaCount; index += 1) {
      await gate.pass(index);
      if (response.destroyed) return;
      response.write(`data: ${JSON.stringify(delta({ content: `${index};` }))}\n\n`);
    }
    response.end(chunks({ ...delta({}, 'stop'), usage }));
  };
}

interface Event {
  readonly cursor: string;
  readonly kind: string;
  readonly text: string | null;
  readonly run: { readonly state: string } | null;
}

describe.skipIf(postgresSkippedBecause !== undefined)('two processes on one database', () => {
  let database: TestDatabase;
  let groq: GroqServer;
  let carrier: ServiceProcess;
  let reader: ServiceProcess;
  const started: ServiceProcess[] = [];

  const start = async (): Promise<ServiceProcess> => {
    const service = await startServiceProcess({
      DATABASE_URL: database.url,
      GROQ_API_KEY: key,
      GROQ_BASE_URL: groq.url,
      GROQ_PRICING_URL: `${groq.url}/v1/pricing`,
      MODELS_DEV_URL: '',
      POLL_INTERVAL_SECONDS: '1',
    });
    started.push(service);
    await untilNothingIsDegraded(service);
    return service;
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    groq = await startGroqServer({ key });
    groq.replay(recording);
    [carrier, reader] = [await start(), await start()];
  });
  afterAll(async () => {
    await Promise.all(started.map(async (service) => await service.stop()));
    await groq.close();
    await database.drop();
  });

  async function launched(): Promise<string> {
    const response = await fetch(carrier.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        query: `mutation ($input: LaunchInferenceInput!) { launchInference(input: $input) {
          ... on InferenceLaunched { run { id } } ... on LaunchRefusal { code message }
        } }`,
        variables: {
          input: {
            idempotencyKey: crypto.randomUUID(),
            model: 'openai/gpt-oss-20b',
            prompt: 'Count.',
            mode: 'STREAM',
            parameters: { maxOutputTokens: 4_000 },
          },
        },
      }),
    });
    const { data } = (await response.json()) as {
      readonly data: { readonly launchInference: { readonly run?: { readonly id: string } } };
    };
    expect(data.launchInference).toEqual({ run: { id: expect.any(String) as string } });
    return data.launchInference.run?.id ?? '';
  }

  /** Reads on from a cursor until `cut` says so, or to the end. */
  async function read(
    service: ServiceProcess,
    id: string,
    after: string | undefined,
    cut: (closed: () => void) => Promise<void>,
  ): Promise<readonly Event[]> {
    let socket: WebSocket | undefined;
    const client = createClient({
      url: service.url.replace('http:', 'ws:'),
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      on: { connected: (connected) => (socket = connected as WebSocket) },
    });
    const collected = collectFrom(
      client,
      `subscription ($id: ID!, $after: String) {
        inferenceEvents(id: $id, after: $after) { cursor kind text run { state } }
      }`,
      { id, after: after ?? null },
    );
    const told = collected.count(1).then(
      async () => await cut(() => socket?.terminate()),
      () => undefined,
    );
    await Promise.race([collected.ended, told]);
    await told;
    await collected.ended;
    return collected.values.map(
      (value) =>
        (value as unknown as { readonly data: { readonly inferenceEvents: Event } }).data
          .inferenceEvents,
    );
  }

  test('a subscriber cut a hundred times, and whose replica is killed and restarted, has every delta once and in order', async () => {
    const random = new Random(seed);
    const gate = new Gate();
    groq.replyOnce('/openai/v1/chat/completions', streamsBehind(gate));
    const id = await launched();
    const events: Event[] = [];
    const restarts = new Map([
      [20, async () => await reader.kill()],
      [45, async () => void (await reader.stop())],
      [70, async () => await reader.kill()],
    ]);
    let cuts = 0;
    while (events.at(-1)?.kind !== 'FINISHED') {
      const isLast = cuts >= cutCount;
      const ahead = (cuts + 1) * (deltaCount / cutCount);
      gate.allow(isLast ? deltaCount : Math.min(deltaCount - 1, ahead));
      const restart = restarts.get(cuts);
      const service = restart === undefined && random.integer(0, 1) === 0 ? carrier : reader;
      events.push(
        ...(await read(service, id, events.at(-1)?.cursor, async (close) => {
          if (isLast) return;
          await delay(random.integer(0, 30));
          if (restart === undefined) close();
          else await restart();
        })),
      );
      if (restart !== undefined) reader = await start();
      cuts += 1;
    }
    expect(cuts).toBe(cutCount + 1);
    const texts = events.filter(({ kind }) => kind === 'TEXT').map(({ text }) => text);
    expect(texts.join('')).toBe(everything);
    expect(events.at(-1)?.run).toEqual({ state: 'SUCCEEDED' });
    expect(new Set(events.map(({ cursor }) => cursor)).size).toBe(events.length);
    expect(groq.requestsTo('/openai/v1/chat/completions')).toHaveLength(1);
  }, 120_000);

  test('a subscriber whose replica drains goes on at another one with his cursor, and misses no price', async () => {
    const leaving = await start();
    const changesAt = (service: ServiceProcess, after: string | null) => {
      let closedWith: number | undefined;
      const client = createClient({
        url: service.url.replace('http:', 'ws:'),
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        on: { closed: (event) => (closedWith = (event as { readonly code: number }).code) },
      });
      const collected = collectFrom(
        client,
        `subscription ($filter: OfferingFilter, $after: String) {
          offeringChanged(filter: $filter, after: $after) { cursor kind after { price { input } } }
        }`,
        { filter: { model: ['openai/gpt-oss-20b'] }, after },
      );
      const told = () =>
        collected.values.map(
          (value) =>
            (value as unknown as { readonly data: { readonly offeringChanged: Change } }).data
              .offeringChanged,
        );
      return { client, told, closedWith: () => closedWith };
    };
    const pricesOf = (told: readonly Change[]) => told.map(({ after }) => after?.price?.input);

    const first = changesAt(leaving, null);
    await until(async () => (await openAt(leaving)) === 1);
    servePrice('0.00000008');
    await until(() => pricesOf(first.told()).includes('0.00000008'));
    await leaving.stop();
    await until(() => first.closedWith() !== undefined);
    expect(first.closedWith()).toBe(1001);

    servePrice('0.00000009');
    await until(async () => (await priceAt(carrier)) === '0.00000009');
    await until(async () => (await priceAt(reader)) === '0.00000009');
    const second = changesAt(reader, first.told().at(-1)?.cursor ?? null);
    await until(() => pricesOf(second.told()).includes('0.00000009'));
    servePrice('0.0000001');
    await until(() => pricesOf(second.told()).includes('0.0000001'));
    expect(second.told().map(({ kind }) => kind)).not.toContain('RELOAD');
    // The newest that he had there he may be told again, nothing else and nothing out of its order.
    const news = pricesOf(second.told()).filter((price) => price !== '0.00000008');
    expect(news).toEqual(['0.00000009', '0.0000001']);
    await second.client.dispose();
  }, 60_000);

  function servePrice(usd: string): void {
    const { data } = structuredClone(recordedExchange(recording)).response.body as {
      readonly data: readonly { readonly id: string; readonly pricing?: Record<string, string> }[];
    };
    const pricing = data.find(({ id }) => id === 'openai/gpt-oss-20b')?.pricing;
    if (pricing === undefined) throw new Error('No price');
    pricing['prompt'] = usd;
    groq.reply('/openai/v1/models', json({ object: 'list', data }));
  }
});

interface Change {
  readonly cursor: string;
  readonly kind: string;
  readonly after: { readonly price: { readonly input: string } | null } | null;
}

async function openAt({ url }: ServiceProcess): Promise<number> {
  const text = await (await fetch(new URL('/metrics', url))).text();
  const line = /^gpubroker_subscriptions_open\{transport="websocket"\} (\d+)$/m.exec(text);
  return Number(line?.[1] ?? 0);
}

async function priceAt({ url }: ServiceProcess): Promise<string | undefined> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      query:
        '{ offering(id: "groq:us-east:on_demand:openai/gpt-oss-20b") { pricing { input ageSeconds } } }',
    }),
  });
  const { data } = (await response.json()) as {
    readonly data: { readonly offering: { readonly pricing: { readonly input: string } | null } };
  };
  return data.offering.pricing?.input;
}
