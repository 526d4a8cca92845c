import type { Transaction } from 'kysely';

import type { PreparedQuery } from './prepared-query.ts';
import type { Tables } from './tables.ts';

/**
 * How changes become durable, the same promise on both engines:
 *
 * - work is all or nothing, and what a promise resolved with survives a crash of process and machine;
 * - a statement that fails makes its whole work fail, also when the error was caught inside;
 * - the transaction is usable only until the work ends;
 * - work waits for nothing but its own statements, never for the network: work that holds its
 *   transaction too long is undone with `TRANSACTION_TOO_LONG`;
 * - work may be run more than once before it is committed, so it has no effects but its statements.
 */
export interface Transactions {
  /**
   * Short work. SQLite runs the work of concurrent callers one after the other, each undone alone if it
   * fails, and makes them durable with one disk sync; PostgreSQL gives each its own transaction and runs
   * it again after a deadlock, a serialization failure or a connection lost before the commit.
   *
   * SQLite's work is always as if it were alone. On PostgreSQL it sees what others have committed
   * meanwhile, unless it asks for `serializable`; then what it read holds until its commit.
   *
   * @throws StoreError `BUSY` when too much work waits, `COMMIT_UNKNOWN` when the connection went away
   * during the commit, `DISK_FAILED` when the disk of the embedded files did: the work may or may not be
   * stored.
   */
  run<Result>(
    work: (transaction: StoreTransaction) => Promise<Result>,
    isolation?: 'serializable',
  ): Promise<Result>;

  /**
   * Long work in one transaction. It awaits `pause` between short slices so that the rest of the process
   * goes on; on SQLite every other statement waits behind it.
   */
  runInSlices<Result>(work: SlicedWork<Result>): Promise<Result>;

  /** As {@link runInSlices}, for reading one unchanging state. */
  readInSlices<Result>(work: SlicedWork<Result>): Promise<Result>;
}

export type SlicedWork<Result> = (
  transaction: StoreTransaction,
  pause: () => Promise<void>,
) => Promise<Result>;

/** One piece of work's view of the database. */
export interface StoreTransaction {
  /** For queries as they come. */
  readonly kysely: Transaction<Tables>;

  /**
   * For queries on a hot path, compiled once. Resolves with the rows of a select or a `returning`, and
   * with none otherwise.
   */
  execute<Values extends object, Row>(
    query: PreparedQuery<Values, Row>,
    values: Values,
  ): Promise<readonly Row[]>;

  /**
   * As {@link execute}, for what adds, changes or removes rows; resolves with how many. Cheaper than to ask for
   * them by `returning`, for which SQLite copies each page that the statement changes.
   */
  change<Values extends object>(
    query: PreparedQuery<Values, unknown>,
    values: Values,
  ): Promise<number>;
}

/** Lets timers, sockets and other callers have their turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
