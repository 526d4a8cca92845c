import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { onTestFinished } from 'vitest';

import { readConfig } from '../../src/config.ts';
import { createLog } from '../../src/service-log.ts';
import { createService } from '../../src/service.ts';
import type { Service } from '../../src/service.ts';
import { startGroqServer } from './groq-server.ts';
import type { GroqServer } from './groq-server.ts';
import { ManualClock } from './manual-clock.ts';

/** An answer of the service as a client gets it; its data has the shape that the test expects. */
export interface Answer<Data> {
  readonly status: number;
  readonly data?: Data | null;
  readonly errors?: readonly AnswerError[];
}

type Variables = Readonly<Record<string, unknown>>;

export interface AnswerError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: Readonly<Record<string, unknown>>;
}

/** The service as it ships, with limits and masking on, time that the test owns, and Groq on loopback. */
export interface TestService {
  readonly url: string;
  readonly clock: ManualClock;
  readonly groq: GroqServer;
  /** What the service was started with; a key that is put in here is found at its next use. */
  readonly environment: Record<string, string>;
  /** Every line that was logged. */
  readonly log: readonly Readonly<Record<string, unknown>>[];
  /** Sends one operation as an ordinary client does. */
  query<Data>(document: string, variables?: Variables): Promise<Answer<Data>>;
  /** The data of an answer without errors. */
  data<Data>(document: string, variables?: Variables): Promise<Data>;
  /** Asks again and again, without letting the service's time pass, until the answer is as wanted. */
  until<Data>(document: string, isWanted: (data: Data) => boolean): Promise<Data>;
  /**
   * Lets time pass until the provider is asked again, and resolves once that poll is over.
   *
   * @throws Error when the provider is not asked for longer than any wait between two polls.
   */
  advanceToNextPoll(): Promise<void>;
  /** Stops the service and starts it on the same data folder, with other settings where some are given. */
  restart(changes?: Readonly<Record<string, string>>): Promise<void>;
}

export const testKey = 'gsk_test_0123456789abcdef';

/** A key and nothing else that is not the test's: for `startService`. */
export const withKey = { GROQ_API_KEY: testKey };

/**
 * Starts the service for the test, or the group of tests, that calls it; it ends with them.
 *
 * Nothing outside of this machine is asked: Groq is {@link TestService.groq}, models.dev is off unless
 * `MODELS_DEV_URL` is given.
 */
export async function startService(
  environment: Readonly<Record<string, string>> = {},
  options: {
    /** Parts of the registry's entry `groq` that differ from the one that ships. */
    readonly registry?: Readonly<Record<string, unknown>>;
    /** Takes what ends the service; `onTestFinished` unless a group of tests shares it. */
    readonly atEnd?: (stop: () => Promise<void>) => void;
    /** What Groq answers from the first poll on; 401 or 404 when absent. */
    readonly groq?: (server: GroqServer) => void;
    readonly startMs?: number;
  } = {},
): Promise<TestService> {
  const folder = await mkdtemp(join(tmpdir(), 'service-'));
  const groq = await startGroqServer({ key: testKey });
  options.groq?.(groq);
  const clock = new ManualClock(options.startMs);
  const log: Readonly<Record<string, unknown>>[] = [];
  const logger = createLog('debug', undefined, {
    write: (line: string) => log.push(JSON.parse(line) as Record<string, unknown>),
  });
  const settings: Record<string, string> = {
    PORT: '0',
    DATA_DIR: join(folder, 'data'),
    GROQ_BASE_URL: groq.url,
    GROQ_PRICING_URL: `${groq.url}/v1/pricing`,
    MODELS_DEV_URL: '',
    ...environment,
  };
  if (options.registry !== undefined) {
    settings['PROVIDER_REGISTRY'] = join(folder, 'registry.json');
    const groqEntry = { ...shippedRegistry().groq, ...options.registry };
    await writeFile(settings['PROVIDER_REGISTRY'], JSON.stringify({ groq: groqEntry }));
  }
  let service: Service;
  let url = '';
  const start = async (): Promise<void> => {
    service = createService(readConfig(settings), { clock, log: logger, random: () => 0.5 });
    ({ url } = await service.start());
  };
  await start();
  (options.atEnd ?? onTestFinished)(async () => {
    await service.stop();
    await groq.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function query<Data>(document: string, variables?: Variables): Promise<Answer<Data>> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: document, variables }),
    });
    const body = (await response.json()) as Omit<Answer<Data>, 'status'>;
    return { status: response.status, ...body };
  }

  async function data<Data>(document: string, variables?: Variables): Promise<Data> {
    const answer = await query<Data>(document, variables);
    if (answer.errors !== undefined || answer.data === undefined || answer.data === null) {
      throw new Error(`Not an answer without errors: ${JSON.stringify(answer)}`);
    }
    return answer.data;
  }

  async function until<Data>(document: string, isWanted: (data: Data) => boolean): Promise<Data> {
    let last: Data | undefined;
    for (let attempt = 0; attempt < maximumAttempts; attempt += 1) {
      // A comment makes each document another one, so that no finished answer is sent again.
      last = await data<Data>(`${document} # ${attempt}`);
      if (isWanted(last)) return last;
      await delay(10);
    }
    throw new Error(`Never answered as wanted: ${JSON.stringify(last)}`);
  }

  /** How many polls of the provider have ended, however they did. */
  async function pollsOver(): Promise<number> {
    const text = await (await fetch(new URL('/metrics', url))).text();
    const counted = text.matchAll(/^gpubroker_polls_total\{feed="groq",[^}]*\} (\d+)$/gm);
    return [...counted].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  return {
    get url() {
      return url;
    },
    clock,
    groq,
    environment: settings,
    log,
    query,
    data,
    until,
    advanceToNextPoll: async () => {
      const asked = groq.requests.length;
      const over = await pollsOver();
      for (let minute = 0; groq.requests.length === asked; minute += 1) {
        if (minute === longestWaitMinutes) throw new Error('The provider is not asked again');
        await clock.advance(60_000);
        await delay(10);
      }
      for (let attempt = 0; (await pollsOver()) === over; attempt += 1) {
        if (attempt === maximumAttempts) throw new Error('The poll does not end');
        await delay(10);
      }
    },
    restart: async (changes = {}) => {
      await service.stop();
      Object.assign(settings, changes);
      await start();
    },
  };
}

/** The registry that ships, to be changed and written elsewhere. */
function shippedRegistry(): { readonly groq: Readonly<Record<string, unknown>> } {
  const text = readFileSync(new URL('../../provider_registry.json', import.meta.url), 'utf8');
  return JSON.parse(text) as { readonly groq: Readonly<Record<string, unknown>> };
}

const maximumAttempts = 3_000;
/** Above the longest wait between two polls, of the longest `Retry-After` that is honoured. */
const longestWaitMinutes = 600;
