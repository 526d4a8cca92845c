import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { Kysely } from 'kysely';

import { migrate } from '../migrations/migrate.ts';
import type { StoreParts } from '../store-parts.ts';
import { StoreError } from '../store-error.ts';
import type { StoreLog } from '../store-log.ts';
import type { Tables } from '../tables.ts';
import { Checkpoints } from './checkpoints.ts';
import { ConnectionQueue } from './connection-queue.ts';
import { FolderLock } from './folder-lock.ts';
import { LogFile } from './log-file.ts';
import {
  createPrivateFile,
  folderNotWritable,
  preparePrivateFolder,
  syncFolder,
} from './private-files.ts';
import { SqliteDialect } from './sqlite-dialect.ts';
import { SqliteStatements } from './sqlite-statements.ts';
import { SqliteTransactions } from './sqlite-transactions.ts';

const databaseFileName = 'gpubroker.db';
/** Only tools of the operator can make SQLite wait here, and the event loop waits with it. */
const busyTimeoutMs = 1_000;
/**
 * Pages in memory; only what is used is taken. A commit writes those that were changed, and the event loop
 * waits: more of them would let the commit of a large catalogue hold it up for tens of milliseconds.
 */
const cacheKib = 4 * 1024;
const logFileLimitBytes = 64 * 1024 * 1024;
const limits = {
  maximumWaiting: 10_000,
  maximumWaitMs: 30_000,
  maximumPending: 10_000,
  maximumGroupSize: 256,
  groupBudgetMs: 10,
  maximumWorkMs: 5_000,
  maximumSlicedMs: 60_000,
};

export interface SqliteOptions {
  readonly dataDir: string;
  readonly lockWaitMs: number;
  readonly log: StoreLog;
}

/** Opens the embedded store, creating it where there is none. */
export async function openSqlite(options: SqliteOptions): Promise<StoreParts> {
  const { dataDir, lockWaitMs, log } = options;
  preparePrivateFolder(dataDir);
  const lock = await inFolder(dataDir, () => FolderLock.acquire(dataDir, lockWaitMs));
  try {
    const path = join(dataDir, databaseFileName);
    const hadLog = hasContent(`${path}-wal`);
    const file = await inFolder(dataDir, async () => openFile(path, dataDir));
    try {
      return await openOver(file, path, hadLog, lock, log);
    } catch (error) {
      file.close();
      throw error;
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function openOver(
  file: DatabaseSync,
  path: string,
  hadLog: boolean,
  lock: FolderLock,
  log: StoreLog,
): Promise<StoreParts> {
  const statements = new SqliteStatements(file);
  const checkpoints = new Checkpoints({ databasePath: path, file, log });
  const queue = new ConnectionQueue(limits, () => checkpoints.afterUse());
  const dialect = new SqliteDialect(statements, queue);
  const database = new Kysely<Tables>({ dialect });
  await migrate(database, log);
  const logFile = await LogFile.open(path);
  checkpoints.start(queue);
  // A process that died may have left content in the log that it had deleted.
  if (hadLog) checkpoints.afterErasing();
  const transactions = new SqliteTransactions({
    statements,
    queue,
    database,
    dialect,
    limits,
    syncLog: () => logFile.sync(),
  });
  return {
    engine: 'sqlite',
    database,
    transactions,
    afterErasing: () => checkpoints.afterErasing(),
    close: async () => {
      await transactions.close();
      await checkpoints.stop();
      await queue.close();
      await database.destroy();
      await logFile.close();
      file.close();
      lock.release();
    },
  };
}

function hasContent(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

function openFile(path: string, folder: string): DatabaseSync {
  createPrivateFile(path);
  syncFolder(folder);
  const file = new DatabaseSync(path, {
    timeout: busyTimeoutMs,
    enableForeignKeyConstraints: true,
    enableDoubleQuotedStringLiterals: false,
  });
  try {
    const { journal_mode: mode } = file.prepare('pragma journal_mode = wal').get() ?? {};
    if (mode !== 'wal') {
      throw new Error(
        `its file system does not allow a write-ahead log (journal mode ${String(mode)})`,
      );
    }
    file.exec(`
      pragma synchronous = full;
      pragma fullfsync = on;
      pragma checkpoint_fullfsync = on;
      pragma trusted_schema = off;
      pragma temp_store = memory;
      pragma cache_size = ${-cacheKib};
      pragma secure_delete = on;
      pragma journal_size_limit = ${logFileLimitBytes};
    `);
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Says in which folder an engine's short messages were meant. */
async function inFolder<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const { errcode } = error as { errcode?: unknown };
    if (typeof errcode === 'number' && corruptCodes.has(errcode & 0xff)) {
      throw new StoreError(
        'DATABASE_CORRUPT',
        `The database in ${folder} is damaged or is no database: put a backup in its place`,
        error,
      );
    }
    throw folderNotWritable(folder, error);
  }
}

// https://www.sqlite.org/rescode.html: SQLITE_CORRUPT, SQLITE_NOTADB.
const corruptCodes = new Set([11, 26]);
