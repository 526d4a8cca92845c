import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';

import type { StoreLog } from '../store-log.ts';
import type { ConnectionQueue } from './connection-queue.ts';

/** How long after a change its pages are copied from the log into the database file. */
const checkpointAfterMs = 1_000;
/** How long a worker without work is kept: its thread takes some 20 MB of memory. */
const idleWorkerMs = 10_000;
/** 4 KiB pages in the log from which on writers wait for a moment, so that it starts over: 64 MiB. */
const maximumLogPages = 16_384;
/** SQLite's own rule, checkpoints inside commits, for a process in which the worker cannot run. */
const fallbackLogPages = 1_000;

export interface CheckpointsParts {
  readonly databasePath: string;
  readonly file: DatabaseSync;
  readonly log: StoreLog;
}

/**
 * Copies committed pages from the write-ahead log into the database file in a worker thread: inside a
 * commit, as SQLite does by default, that would stop the event loop for tens of milliseconds.
 */
export class Checkpoints {
  readonly #parts: CheckpointsParts;
  readonly #changes: StatementSync;
  #queue: ConnectionQueue | undefined;
  #worker: CheckpointWorker | undefined;
  #timer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #seenChanges = 0;
  #usedSinceStart = false;

  constructor(parts: CheckpointsParts) {
    this.#parts = parts;
    this.#changes = parts.file.prepare('select total_changes() as changes');
  }

  start(queue: ConnectionQueue): void {
    this.#parts.file.exec('pragma wal_autocheckpoint = 0');
    this.#queue = queue;
  }

  /** To be called after every use of the connection, cheap where nothing was changed. */
  afterUse(): void {
    this.#usedSinceStart = true;
    if (this.#queue === undefined || this.#timer !== undefined || this.#running !== undefined)
      return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#running = this.#run();
    }, checkpointAfterMs).unref();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#running;
    this.#queue = undefined;
    clearTimeout(this.#timer);
    await this.#stopWorker();
  }

  async #run(): Promise<void> {
    clearTimeout(this.#idleTimer);
    this.#usedSinceStart = false;
    try {
      if (this.#hasChanged()) await this.#checkpoint();
    } catch (error) {
      this.#queue = undefined;
      this.#parts.log.warn({ error }, 'The checkpoint worker failed; commits take over its work');
      this.#parts.file.exec(`pragma wal_autocheckpoint = ${fallbackLogPages}`);
    } finally {
      this.#running = undefined;
    }
    if (this.#worker !== undefined) {
      this.#idleTimer = setTimeout(() => void this.#stopWorker(), idleWorkerMs).unref();
    }
    if (this.#usedSinceStart) this.afterUse();
  }

  async #stopWorker(): Promise<void> {
    clearTimeout(this.#idleTimer);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.stop();
  }

  #hasChanged(): boolean {
    const changes = Number(this.#changes.get()?.['changes']);
    const changed = changes !== this.#seenChanges;
    this.#seenChanges = changes;
    return changed;
  }

  async #checkpoint(): Promise<void> {
    this.#worker ??= new CheckpointWorker(this.#parts.databasePath);
    const { pagesInLog } = await this.#worker.checkpoint();
    if (pagesInLog <= maximumLogPages) return;
    // With no commit between, the whole log gets copied, and the next writer begins it anew.
    await this.#queue?.acquire();
    try {
      await this.#worker.checkpoint();
    } finally {
      this.#queue?.release();
    }
  }
}

/** What the worker thread answers to each request. */
export interface CheckpointAnswer {
  readonly pagesInLog: number;
}

class CheckpointWorker {
  readonly #worker: Worker;
  readonly #failed: Promise<never>;

  constructor(databasePath: string) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#worker = new Worker(new URL(`./checkpoint-worker.${extension}`, import.meta.url), {
      workerData: { databasePath },
      env: {},
      execArgv: [],
    });
    this.#worker.unref();
    this.#failed = new Promise((_resolve, reject) => {
      this.#worker.once('error', reject);
      this.#worker.once('exit', () => reject(new Error('The checkpoint worker ended')));
    });
    this.#failed.catch(() => undefined);
  }

  async checkpoint(): Promise<CheckpointAnswer> {
    const answer = new Promise<CheckpointAnswer>((resolve) => {
      this.#worker.once('message', resolve);
    });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#worker.postMessage('checkpoint');
    return await Promise.race([answer, this.#failed]);
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
