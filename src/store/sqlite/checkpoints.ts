import { statSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';

import type { StoreLog } from '../store-log.ts';
import type { ConnectionQueue } from './connection-queue.ts';

/** A log up to this size is left alone, which at a start is read in milliseconds: 1,000 pages, as SQLite does. */
const smallLogBytes = 1_000 * 4_096;
/** How long after a change its pages are copied from the log into the database file. */
const checkpointAfterMs = 1_000;
/** How long a worker without work is kept: its thread takes some 20 MB of memory. */
const idleWorkerMs = 10_000;
/** 4 KiB pages in the log from which on writers wait for a moment, so that it starts over: 64 MiB. */
const maximumLogPages = 16_384;
/** The least time between two emptyings of the log, for each of which writers wait for a moment. */
const emptyEveryMs = 60_000;
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
  #emptyTimer: NodeJS.Timeout | undefined;
  /** On the monotonic clock. */
  #emptyAgainAtMs = 0;
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
      // The log is being emptied, after which this is asked for again: the worker does one thing at a time.
      if (this.#running === undefined) this.#begin();
    }, checkpointAfterMs).unref();
  }

  /**
   * To be called after content was deleted. The database overwrites it; the log still has the pages as they
   * were before, and is therefore emptied: at once, or a minute after the last time.
   */
  afterErasing(): void {
    if (this.#queue === undefined || this.#emptyTimer !== undefined) return;
    const waitMs = Math.max(0, this.#emptyAgainAtMs - performance.now());
    this.#emptyTimer = setTimeout(() => void this.#emptyLog(), waitMs).unref();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    clearTimeout(this.#emptyTimer);
    await this.#running;
    this.#queue = undefined;
    clearTimeout(this.#timer);
    await this.#stopWorker();
  }

  #begin(): void {
    clearTimeout(this.#idleTimer);
    this.#usedSinceStart = false;
    // Not at the end of the work itself: without anything to wait for, that comes before it is noted here.
    this.#running = this.#run().then(() => {
      this.#running = undefined;
      if (this.#worker !== undefined) {
        this.#idleTimer = setTimeout(() => void this.#stopWorker(), idleWorkerMs).unref();
      }
      if (this.#usedSinceStart) this.afterUse();
    });
  }

  async #run(): Promise<void> {
    try {
      if (!this.#isLogSmall() && this.#hasChanged()) await this.#checkpoint();
    } catch (error) {
      this.#queue = undefined;
      this.#parts.log.warn({ error }, 'The checkpoint worker failed; commits take over its work');
      this.#parts.file.exec(`pragma wal_autocheckpoint = ${fallbackLogPages}`);
    }
  }

  async #emptyLog(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    this.#emptyTimer = undefined;
    if (this.#queue === undefined) return;
    this.#emptyAgainAtMs = performance.now() + emptyEveryMs;
    let isEmpty = false;
    this.#running = this.#checkpointAlone('truncate').then(
      (answer) => {
        isEmpty = answer.isComplete;
      },
      (error: unknown) => {
        this.#parts.log.warn({ error }, 'The log could not be emptied; it is tried again');
      },
    );
    await this.#running;
    this.#running = undefined;
    if (!isEmpty) this.afterErasing();
    this.afterUse();
  }

  async #stopWorker(): Promise<void> {
    clearTimeout(this.#idleTimer);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.stop();
  }

  /** Starting a thread for the few rows of a poll would cost an idle service a tenth of its memory. */
  #isLogSmall(): boolean {
    const log = statSync(`${this.#parts.databasePath}-wal`, { throwIfNoEntry: false });
    return log !== undefined && log.size <= smallLogBytes;
  }

  #hasChanged(): boolean {
    const changes = Number(this.#changes.get()?.['changes']);
    const changed = changes !== this.#seenChanges;
    this.#seenChanges = changes;
    return changed;
  }

  async #checkpoint(): Promise<void> {
    this.#worker ??= new CheckpointWorker(this.#parts.databasePath);
    const { pagesInLog } = await this.#worker.checkpoint('passive');
    // With no commit between, the whole log gets copied, and the next writer begins it anew.
    if (pagesInLog > maximumLogPages) await this.#checkpointAlone('passive');
  }

  /** A checkpoint without a commit beside it, most of whose work is done before writers have to wait. */
  async #checkpointAlone(mode: CheckpointMode): Promise<CheckpointAnswer> {
    this.#worker ??= new CheckpointWorker(this.#parts.databasePath);
    if (mode === 'truncate') await this.#worker.checkpoint('passive');
    await this.#queue?.acquire();
    try {
      return await this.#worker.checkpoint(mode);
    } finally {
      this.#queue?.release();
    }
  }
}

/** What the worker thread answers to each request. */
export interface CheckpointAnswer {
  readonly pagesInLog: number;
  /** False when a reader stood in the way. */
  readonly isComplete: boolean;
}

export type CheckpointMode = 'passive' | 'truncate';

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

  async checkpoint(mode: CheckpointMode): Promise<CheckpointAnswer> {
    const answer = new Promise<CheckpointAnswer>((resolve) => {
      this.#worker.once('message', resolve);
    });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#worker.postMessage(mode);
    return await Promise.race([answer, this.#failed]);
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
