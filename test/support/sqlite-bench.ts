import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { Kysely } from 'kysely';

import { migrate } from '../../src/store/migrations/migrate.ts';
import { ConnectionQueue } from '../../src/store/sqlite/connection-queue.ts';
import { LogFile } from '../../src/store/sqlite/log-file.ts';
import { SqliteDialect } from '../../src/store/sqlite/sqlite-dialect.ts';
import {
  SqliteStatements,
  type StatementResult,
} from '../../src/store/sqlite/sqlite-statements.ts';
import {
  SqliteTransactions,
  type SqliteTransactionsLimits,
} from '../../src/store/sqlite/sqlite-transactions.ts';
import type { Tables } from '../../src/store/tables.ts';
import { silentLog, temporaryFolder } from './store-opening.ts';

/** The embedded engine's parts over a file of their own, with every statement in view. */
export interface SqliteBench {
  readonly file: DatabaseSync;
  readonly path: string;
  readonly database: Kysely<Tables>;
  readonly transactions: SqliteTransactions;
  readonly queue: ConnectionQueue;
  /** The texts executed so far; cleared by the test. */
  readonly executed: string[];
  /** Makes the next statement of this text fail, as a full disk would. */
  failNext(text: string): void;
  /** Puts something in front of every sync of the log from now on; what it throws is the disk's fault. */
  beforeSync(step: () => Promise<void>): void;
  dispose(): Promise<void>;
}

export async function createSqliteBench(
  changed: Partial<
    SqliteTransactionsLimits & { maximumWaiting: number; maximumWaitMs: number }
  > = {},
): Promise<SqliteBench> {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'bench.db');
  const file = new DatabaseSync(path);
  file.exec('pragma journal_mode = wal; pragma wal_autocheckpoint = 0');
  const limits = {
    maximumWaiting: 1_000,
    maximumWaitMs: 10_000,
    maximumPending: 1_000,
    maximumGroupSize: 64,
    groupBudgetMs: 10_000,
    maximumWorkMs: 10_000,
    maximumSlicedMs: 10_000,
    ...changed,
  };
  const statements = new WatchedStatements(file);
  const queue = new ConnectionQueue(limits, () => undefined);
  const dialect = new SqliteDialect(statements, queue);
  const database = new Kysely<Tables>({ dialect });
  await migrate(database, silentLog);
  statements.executed.length = 0;
  const logFile = await LogFile.open(path);
  let stepBeforeSync = async (): Promise<void> => undefined;
  const transactions = new SqliteTransactions({
    statements,
    queue,
    database,
    dialect,
    limits,
    syncLog: async () => {
      await stepBeforeSync();
      await logFile.sync();
    },
  });
  return {
    file,
    path,
    database,
    transactions,
    queue,
    executed: statements.executed,
    failNext: (text) => statements.failing.add(text),
    beforeSync: (step) => {
      stepBeforeSync = step;
    },
    dispose: async () => {
      await transactions.close();
      await queue.close();
      await logFile.close();
      file.close();
      await folder.remove();
    },
  };
}

class WatchedStatements extends SqliteStatements {
  readonly executed: string[] = [];
  readonly failing = new Set<string>();

  override execute(sql: string, parameters: readonly unknown[]): StatementResult {
    this.executed.push(sql);
    if (!this.failing.delete(sql)) return super.execute(sql, parameters);
    throw Object.assign(new Error('database or disk is full'), {
      code: 'ERR_SQLITE_ERROR',
      errcode: 13,
    });
  }
}
