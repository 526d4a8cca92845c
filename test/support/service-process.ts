import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { startGroqServer } from './groq-server.ts';
import type { GroqServer } from './groq-server.ts';

/** The service as operators run it: a process of its own that was given nothing but its environment. */
export interface ServiceProcess {
  /** Where GraphQL is served. */
  readonly url: string;
  /** Every line that it wrote. */
  readonly lines: readonly string[];
  /** Ends it as an orchestrator does; its exit code, or null when it had to be killed. */
  stop(): Promise<number | null>;
  /** The lines that log a fault. */
  readonly faults: readonly string[];
  /** Ends it as `kill -9` does, wherever it is. */
  kill(): Promise<void>;
  /** Lets it stand still, and go on as if nothing had been. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/** How long a start or a stop may take before it counts as failed. */
const patienceMs = 45_000;

/**
 * Runs the service's main file on a free port of loopback with a data folder of its own, or in the one that
 * `DATA_DIR` names, which then stays.
 *
 * @param environment - settings beside host, port and data folder; nothing is inherited but `PATH`.
 * @param mainFile - `src/main.ts`, or `dist/main.js` for what is shipped.
 * @param nodeOptions - what stands before the main file on Node's command line.
 * @param folder - where the program is; this one's when absent.
 * @throws Error with what the process wrote, when it ends or stays silent instead of listening.
 */
export async function startServiceProcess(
  environment: Readonly<Record<string, string>>,
  mainFile: 'src/main.ts' | 'dist/main.js' = 'src/main.ts',
  nodeOptions: readonly string[] = [],
  folder = root,
): Promise<ServiceProcess> {
  const isOwnFolder = environment['DATA_DIR'] === undefined;
  const dataDir = environment['DATA_DIR'] ?? (await mkdtemp(join(tmpdir(), 'service-')));
  const child = spawn(process.execPath, [...nodeOptions, mainFile], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      DATA_DIR: dataDir,
      HOST: '127.0.0.1',
      PORT: '0',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Not 'exit', which may come before the last of what it has written.
  const exited = once(child, 'close') as Promise<[number | null]>;
  const written: string[] = [];
  const faults: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => written.push(text));

  const stop = async (): Promise<number | null> => {
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
    const [code] = await exited;
    clearTimeout(killer);
    if (isOwnFolder) await rm(dataDir, { recursive: true, force: true });
    return code;
  };
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
    if (isOwnFolder) await rm(dataDir, { recursive: true, force: true });
  };
  const signal = (name: 'SIGSTOP' | 'SIGCONT'): void => {
    child.kill(name);
  };

  const listening = new Promise<string>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`the service ${why}:\n${written.join('\n')}`));
    createInterface(child.stdout).on('line', (line) => {
      written.push(line);
      const entry = JSON.parse(line) as LogEntry;
      if (entry.level >= errorLevel) faults.push(line);
      if (entry.msg === 'listening' && entry.url !== undefined) resolve(entry.url);
    });
    void exited.then(([code]) => fail(`ended with code ${code}`));
    setTimeout(() => fail('did not listen in time'), patienceMs).unref();
  });
  try {
    return { url: await listening, lines: written, faults, stop, kill, signal };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface LogEntry {
  readonly level: number;
  readonly msg?: string;
  readonly url?: string;
}

/** As pino numbers them. */
const errorLevel = 50;

/** A {@link ServiceProcess} beside the loopback server that stands for its provider. */
export interface RecordedService {
  readonly service: ServiceProcess;
  readonly groq: GroqServer;
  close(): Promise<void>;
}

const key = 'gsk_recorded_0123456789';

/**
 * Starts the service on the recorded list of models with its prices, and waits until it has read it.
 *
 * @throws Error when the service does not call its provider ready in time.
 */
export async function startServiceOnRecordings(
  environment: Readonly<Record<string, string>> = {},
): Promise<RecordedService> {
  const groq = await startGroqServer({ key });
  groq.replay('models-list-2026-10-02-with-pricing');
  const service = await startServiceProcess({
    GROQ_API_KEY: key,
    GROQ_BASE_URL: groq.url,
    GROQ_PRICING_URL: `${groq.url}/v1/pricing`,
    MODELS_DEV_URL: '',
    ...environment,
  });
  const close = async (): Promise<void> => {
    await service.stop();
    await groq.close();
  };
  try {
    await untilNothingIsDegraded(service);
  } catch (error) {
    await close();
    throw error;
  }
  return { service, groq, close };
}

/**
 * Waits until the service says that all is well: storage is there, and its provider's list is read.
 *
 * @throws Error when it does not say so in time.
 */
export async function untilNothingIsDegraded({ url }: ServiceProcess): Promise<void> {
  const readiness = new URL('/readyz', url);
  const givenUpAt = Date.now() + patienceMs;
  let last = '';
  while (Date.now() < givenUpAt) {
    const response = await fetch(readiness);
    last = await response.text();
    const { degraded } = JSON.parse(last) as { readonly degraded: readonly string[] };
    if (response.ok && degraded.length === 0) return;
    await delay(50);
  }
  throw new Error(`the service has not read its provider's list: ${last}`);
}
