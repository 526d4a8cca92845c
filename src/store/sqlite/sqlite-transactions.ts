import type { Dialect, Kysely } from 'kysely';

import type { Tables } from '../tables.ts';
import {
  nextTurn,
  type SlicedWork,
  type StoreTransaction,
  type Transactions,
} from '../transactions.ts';
import { WorkLimit } from '../work-limit.ts';
import type { ConnectionQueue } from './connection-queue.ts';
import { GroupCommit, type GroupCommitLimits } from './group-commit.ts';
import { SqliteLease } from './sqlite-lease.ts';
import type { SqliteStatements } from './sqlite-statements.ts';
import { SqliteTransaction } from './sqlite-transaction.ts';

export interface SqliteTransactionsLimits extends GroupCommitLimits {
  /** How long a transaction in slices may take; statements wait behind it. */
  readonly maximumSlicedMs: number;
}

export interface SqliteTransactionsParts {
  readonly statements: SqliteStatements;
  readonly queue: ConnectionQueue;
  readonly database: Kysely<Tables>;
  readonly dialect: Dialect;
  readonly limits: SqliteTransactionsLimits;
  /** Brings what is written so far to the disk, without blocking the event loop. */
  readonly syncLog: () => Promise<void>;
}

export class SqliteTransactions implements Transactions {
  readonly #parts: SqliteTransactionsParts;
  readonly #groupCommit: GroupCommit;

  constructor(parts: SqliteTransactionsParts) {
    this.#parts = parts;
    this.#groupCommit = new GroupCommit(parts);
  }

  run<Result>(work: (transaction: StoreTransaction) => Promise<Result>): Promise<Result> {
    return this.#groupCommit.run(work);
  }

  runInSlices<Result>(work: SlicedWork<Result>): Promise<Result> {
    return this.#hold('begin immediate', work, this.#parts.syncLog);
  }

  readInSlices<Result>(work: SlicedWork<Result>): Promise<Result> {
    return this.#hold('begin', work, async () => undefined);
  }

  /** Refuses new work and resolves once the accepted work is done. */
  close(): Promise<void> {
    return this.#groupCommit.close();
  }

  async #hold<Result>(
    begin: string,
    work: SlicedWork<Result>,
    beforeCommit: () => Promise<void>,
  ): Promise<Result> {
    const { statements, queue, database, dialect, limits } = this.#parts;
    await queue.acquire();
    const limit = new WorkLimit(limits.maximumSlicedMs);
    const lease = new SqliteLease(statements);
    lease.failsAsAWhole = true;
    try {
      statements.syncsCommits = true;
      statements.execute(begin, []);
      const transaction = new SqliteTransaction(lease, database, dialect);
      const result = await limit.watch(work(transaction, nextTurn));
      lease.assertNothingFailed();
      lease.end();
      await beforeCommit();
      statements.execute('commit', []);
      return result;
    } finally {
      lease.end();
      limit.stop();
      statements.rollBackIfOpen();
      queue.release();
    }
  }
}
