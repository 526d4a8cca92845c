import type { Dialect, Kysely } from 'kysely';

import { StoreError } from '../store-error.ts';
import type { Tables } from '../tables.ts';
import { nextTurn, type StoreTransaction } from '../transactions.ts';
import { WorkLimit } from '../work-limit.ts';
import type { ConnectionQueue } from './connection-queue.ts';
import { SqliteLease } from './sqlite-lease.ts';
import type { SqliteStatements } from './sqlite-statements.ts';
import { SqliteTransaction } from './sqlite-transaction.ts';

export interface GroupCommitLimits {
  /** Work that waits beyond this is refused. */
  readonly maximumPending: number;
  readonly maximumGroupSize: number;
  /** A group takes in no more work after this time: its statements block the event loop. */
  readonly groupBudgetMs: number;
  /** How long work may wait for anything but its statements. */
  readonly maximumWorkMs: number;
}

export interface GroupCommitParts {
  readonly statements: SqliteStatements;
  readonly queue: ConnectionQueue;
  readonly database: Kysely<Tables>;
  readonly dialect: Dialect;
  readonly limits: GroupCommitLimits;
  /** Brings what was committed to the disk, without blocking the event loop. */
  readonly syncLog: () => Promise<void>;
}

/**
 * Makes the work of concurrent callers durable with one disk sync. The work of one turn of the event
 * loop is one group: `BEGIN IMMEDIATE`, each piece of work, `COMMIT`. Where a piece fails among others, all
 * is undone and done again with each piece inside a savepoint of its own, so that only it fails. A caller
 * hears of success or failure only after the commit, because even a refusal may rest on what another piece
 * of work in the group has written.
 *
 * The commit itself leaves the sync of the log to the thread pool, so that the event loop goes on. Until
 * the sync is done nobody else has the connection: what is not on the disk is neither told nor read.
 */
export class GroupCommit {
  readonly #parts: GroupCommitParts;
  #pending: PendingWork[] = [];
  #draining: Promise<void> | undefined;
  #closed = false;

  constructor(parts: GroupCommitParts) {
    this.#parts = parts;
  }

  run<Result>(work: (transaction: StoreTransaction) => Promise<Result>): Promise<Result> {
    if (this.#closed) return Promise.reject(new StoreError('CLOSED', 'The store is closed'));
    if (this.#pending.length >= this.#parts.limits.maximumPending) {
      return Promise.reject(new StoreError('BUSY', 'Too much work waits for the store'));
    }
    return new Promise<Result>((resolve, reject) => {
      this.#pending.push({ work, resolve: resolve as (value: unknown) => void, reject });
      this.#draining ??= this.#drain();
    });
  }

  /** Refuses new work and resolves once the accepted work is done. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#draining;
  }

  async #drain(): Promise<void> {
    while (this.#pending.length > 0) {
      // After the callbacks of this turn, so that everything they ask for is one group.
      await nextTurn();
      await this.#commitGroup();
    }
    this.#draining = undefined;
  }

  async #commitGroup(): Promise<void> {
    const { statements, queue, limits } = this.#parts;
    try {
      await queue.acquire();
    } catch (error) {
      for (const { reject } of this.#pending.splice(0)) reject(error);
      return;
    }
    const group = this.#pending.splice(0, limits.maximumGroupSize);
    let settle: readonly (() => void)[];
    try {
      statements.syncsCommits = false;
      settle = (await this.#together(group)) ?? (await this.#apart(group));
      statements.execute('commit', []);
      await this.#sync();
    } catch (error) {
      // Nothing of the group is known to be stored; work that was not begun would meet the same fault.
      for (const { reject } of group) reject(error);
      statements.rollBackIfOpen();
      return;
    } finally {
      queue.release();
    }
    this.#pending.unshift(...group.slice(settle.length));
    for (const tell of settle) tell();
  }

  /**
   * Does the work of a group in one transaction, without savepoints: for each of them SQLite copies every
   * page that is changed behind it, which costs more than the statements of a launch themselves.
   *
   * @returns how to tell those whose work is done, or undefined when a piece of work among others has failed,
   * and nothing of any is left. One that took too long is then no more in the group.
   * @throws when the failure is everybody's.
   */
  async #together(group: PendingWork[]): Promise<readonly (() => void)[] | undefined> {
    const { statements } = this.#parts;
    let failing: PendingWork | undefined;
    const inTime = new WorkLimit(this.#parts.limits.maximumWorkMs);
    try {
      statements.execute('begin immediate', []);
      return await this.#eachOf(group, inTime, async (pending) => {
        failing = pending;
        return await this.#done(pending, inTime);
      });
    } catch (error) {
      if (group.length === 1 || failing === undefined || !statements.inTransaction) throw error;
      statements.execute('rollback', []);
      if (inTime.passed) {
        // Nobody waits for it once more.
        group.splice(group.indexOf(failing), 1);
        failing.reject(error);
      }
      return undefined;
    } finally {
      inTime.stop();
    }
  }

  /** Does the work of a group in one transaction, each piece inside a savepoint of its own. */
  async #apart(group: readonly PendingWork[]): Promise<readonly (() => void)[]> {
    const limit = new WorkLimit(this.#parts.limits.maximumWorkMs);
    try {
      this.#parts.statements.execute('begin immediate', []);
      return await this.#eachOf(group, limit, (pending) => this.#isolated(pending, limit));
    } finally {
      limit.stop();
    }
  }

  /** Does one piece of work after the other until the group has used up its time. */
  async #eachOf(
    group: readonly PendingWork[],
    limit: WorkLimit,
    work: (pending: PendingWork) => Promise<() => void>,
  ): Promise<readonly (() => void)[]> {
    const stopTakingAt = performance.now() + this.#parts.limits.groupBudgetMs;
    const settle: (() => void)[] = [];
    for (const pending of group) {
      settle.push(await work(pending));
      if (performance.now() >= stopTakingAt || limit.passed) break;
    }
    return settle;
  }

  /** @throws StoreError `DISK_FAILED`, and from then on so does every use of the store. */
  async #sync(): Promise<void> {
    try {
      await this.#parts.syncLog();
    } catch (error) {
      const failure = new StoreError(
        'DISK_FAILED',
        'The disk failed during a commit, which may be lost: the service has to be started again',
        error,
      );
      this.#parts.queue.fail(failure);
      throw failure;
    }
  }

  /**
   * Does one piece of work inside a savepoint, so that its failure is its own.
   *
   * @returns how to tell its caller, once the group is durable.
   * @throws when the failure took the whole transaction with it.
   */
  async #isolated(pending: PendingWork, limit: WorkLimit): Promise<() => void> {
    const { statements } = this.#parts;
    statements.execute('savepoint work', []);
    try {
      const tell = await this.#done(pending, limit);
      statements.execute('release work', []);
      return tell;
    } catch (error) {
      if (!statements.inTransaction) throw error;
      statements.execute('rollback to work', []);
      statements.execute('release work', []);
      return () => pending.reject(error);
    }
  }

  /**
   * Does one piece of work.
   *
   * @returns how to tell its caller, once the group is durable.
   * @throws what the work throws, and when one of its statements failed.
   */
  async #done(pending: PendingWork, limit: WorkLimit): Promise<() => void> {
    const { statements, database, dialect } = this.#parts;
    const lease = new SqliteLease(statements);
    lease.failsAsAWhole = true;
    try {
      const transaction = new SqliteTransaction(lease, database, dialect);
      const result = await limit.watch(pending.work(transaction));
      lease.assertNothingFailed();
      return () => pending.resolve(result);
    } finally {
      lease.end();
    }
  }
}

interface PendingWork {
  readonly work: (transaction: StoreTransaction) => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}
