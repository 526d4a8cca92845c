import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { post, sendRaw } from './raw-http.ts';
import type { RawAnswer, RawStep } from './raw-http.ts';
import { startTestService } from './test-service.ts';
import type { AnswerBody, TestService } from './test-service.ts';

export interface HostileCase {
  readonly title: string;
  readonly send: readonly RawStep[];
  readonly status: number;
  readonly code: string;
}

export const operation = (
  query: unknown,
  variables?: unknown,
  more: Readonly<Record<string, unknown>> = {},
): string => JSON.stringify({ query, variables, ...more });

/** An operation that must be refused for what it asks. */
export const asks = (
  title: string,
  code: string,
  query: string,
  variables?: unknown,
  more?: Readonly<Record<string, unknown>>,
): HostileCase => ({ title, send: [post(operation(query, variables, more))], status: 400, code });

/** A body that must be refused for what it is. */
export const sends = (
  title: string,
  status: number,
  code: string,
  body: string | Buffer,
  headers?: Readonly<Record<string, string>>,
): HostileCase => ({ title, send: [post(body, headers)], status, code });

/** Bytes that must be refused as a request. */
export const writes = (
  title: string,
  status: number,
  code: string,
  ...send: readonly RawStep[]
): HostileCase => ({ title, send, status, code });

/** What "in time" means for a refusal, the server's own patience with slow requests included. */
const refusalMs = 1_000;
const tries = 5;

/** The answer, given within a second; more than once asked for, because the machine may be busy with others. */
async function answeredInTime(port: number, send: readonly RawStep[]): Promise<RawAnswer> {
  for (let left = tries; ; left -= 1) {
    const startedAtMs = performance.now();
    const answer = await sendRaw(port, send);
    if (performance.now() - startedAtMs < refusalMs) return answer;
    if (left === 1) throw new Error(`Not refused within ${refusalMs} ms, ${tries} times in a row`);
  }
}

/**
 * Runs groups of hostile cases against a server, and those that are too slow against one that gives up on slow
 * requests quickly: a machine that stands still for a moment must make none of the others slow.
 */
export function refuseAll(groups: Readonly<Record<string, readonly HostileCase[]>>): void {
  let test: TestService;
  let impatient: TestService;
  beforeAll(async () => {
    const explorer = { exampleQuery: '{ hello }' };
    test = await startTestService({ explorer });
    impatient = await startTestService({ headersTimeoutMs: 400, requestTimeoutMs: 600 });
  });
  afterAll(async () => {
    await test.service.close();
    await impatient.service.close();
  });

  for (const [group, cases] of Object.entries(groups)) {
    it.each(cases)(`${group}: $title`, async ({ send, status, code }) => {
      const { port } = status === 408 ? impatient : test;
      const answer = await answeredInTime(port, send);
      expect(answer.headers['content-type']).toMatch(/^application\/json/);
      const body = JSON.parse(answer.body) as AnswerBody;
      expect(body.errors?.map(({ extensions }) => extensions['code'])).toContain(code);
      expect(answer.status).toBe(status);
      expect(body).not.toHaveProperty('data');
      expect(answer.body.length).toBeLessThan(10_000);
      expect(answer.body).not.toMatch(/node_modules|\.ts:|Did you mean/);
    });
  }

  it('all of it, by several clients, again and again, leaves memory flat and every other user answered in turn', async () => {
    const hasPause = (step: RawStep) => typeof step === 'object' && 'pauseMs' in step;
    const flood = Object.values(groups)
      .flat()
      .filter(({ status, send }) => status !== 408 && !send.some(hasPause));
    expect(flood.length).toBeGreaterThan(50);
    let refused = 0;
    const round = async () => {
      const waiting = flood.values();
      await Promise.all(
        Array.from({ length: hostileClients }, async () => {
          for (const { send } of waiting) {
            await sendRaw(test.port, send);
            refused += 1;
          }
        }),
      );
    };
    const alone = await askAsAnother(
      test.port,
      (asked) => asked === 200,
      () => refused,
    );
    await round();
    await round();
    const before = heapBytes();
    let isOver = false;
    const rounds = (async () => {
      for (let count = 0; count < floodRounds; count += 1) await round();
      isOver = true;
    })();
    const meanwhile = await askAsAnother(
      test.port,
      () => isOver,
      () => refused,
    );
    await rounds;
    // Each hostile client has one request under way, which may be answered first, and perhaps some of its next.
    expect(meanwhile.mostRefusedFirst).toBeLessThanOrEqual(4 * hostileClients);
    expect(heapBytes() - before).toBeLessThan(heapGrowthBytes);
    process.stdout.write(
      `${hostileClients} hostile clients; another user's request took ${alone.medianMs} ms alone, ` +
        `${meanwhile.medianMs} ms meanwhile (median, client and server in one process)\n`,
    );
  });

  it('leaves the service as it was: nothing ran, nothing is held, prototypes are clean', async () => {
    expect(test.gate.arrived).toBe(0);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    const answer = await sendRaw(test.port, [post(operation('{ hello }'))]);
    expect(JSON.parse(answer.body)).toEqual({ data: { hello: 'world' } });
  });
}

const hostileClients = 4;
const floodRounds = 8;
/** What is left to chance in a heap that was just collected. */
const heapGrowthBytes = 8 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

interface Experience {
  readonly medianMs: string;
  /** Of all requests, the most refusals that others were given between its being sent and its answer. */
  readonly mostRefusedFirst: number;
}

/** Asks as an ordinary user, one request after the other, until it is enough. */
async function askAsAnother(
  port: number,
  isEnough: (asked: number) => boolean,
  refusedSoFar: () => number,
): Promise<Experience> {
  const tookMs: number[] = [];
  let mostRefusedFirst = 0;
  while (!isEnough(tookMs.length)) {
    const refusedBefore = refusedSoFar();
    const startedAtMs = performance.now();
    const answer = await sendRaw(port, [post(operation('{ hello }'))]);
    tookMs.push(performance.now() - startedAtMs);
    mostRefusedFirst = Math.max(mostRefusedFirst, refusedSoFar() - refusedBefore);
    expect(JSON.parse(answer.body)).toEqual({ data: { hello: 'world' } });
  }
  tookMs.sort((left, right) => left - right);
  const medianMs = (tookMs[Math.floor(tookMs.length / 2)] ?? 0).toFixed(1);
  return { medianMs, mostRefusedFirst };
}
