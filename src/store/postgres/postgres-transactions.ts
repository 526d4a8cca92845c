import { setTimeout as delay } from 'node:timers/promises';

import {
  AbortedTransactionError,
  CompiledQuery,
  type ControlledTransaction,
  type Kysely,
  type QueryResult,
} from 'kysely';

import type { PreparedQuery } from '../prepared-query.ts';
import { isConnectionLost, statementFailureOf, StoreError } from '../store-error.ts';
import type { Tables } from '../tables.ts';
import {
  nextTurn,
  type SlicedWork,
  type StoreTransaction,
  type Transactions,
} from '../transactions.ts';
import { WorkLimit } from '../work-limit.ts';

export interface PostgresTransactionsLimits {
  /** Work that is being done or waits for a connection; more is refused. */
  readonly maximumPending: number;
  readonly maximumAttempts: number;
  /** No attempt begins later than this after the first. */
  readonly retryForMs: number;
  /** The wait before a retry is drawn below a bound that doubles from the first to the longest. */
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
  readonly maximumWorkMs: number;
  readonly maximumSlicedMs: number;
}

/** Each piece of work in a transaction of its own, on a connection from the pool. */
export class PostgresTransactions implements Transactions {
  readonly #database: Kysely<Tables>;
  readonly #limits: PostgresTransactionsLimits;
  readonly #pending = new Set<Promise<unknown>>();
  #closed = false;

  constructor(database: Kysely<Tables>, limits: PostgresTransactionsLimits) {
    this.#database = database;
    this.#limits = limits;
  }

  run<Result>(
    work: (transaction: StoreTransaction) => Promise<Result>,
    isolation: 'serializable' | 'read committed' = 'read committed',
  ): Promise<Result> {
    return this.#accept({
      work,
      limitMs: this.#limits.maximumWorkMs,
      begin: () => this.#database.startTransaction().setIsolationLevel(isolation).execute(),
    });
  }

  runInSlices<Result>(work: SlicedWork<Result>): Promise<Result> {
    return this.#accept({
      work: (transaction) => work(transaction, nextTurn),
      limitMs: this.#limits.maximumSlicedMs,
      begin: () => this.#database.startTransaction().execute(),
    });
  }

  readInSlices<Result>(work: SlicedWork<Result>): Promise<Result> {
    return this.#accept({
      work: (transaction) => work(transaction, nextTurn),
      limitMs: this.#limits.maximumSlicedMs,
      isReading: true,
      begin: () =>
        this.#database
          .startTransaction()
          .setIsolationLevel('repeatable read')
          .setAccessMode('read only')
          .execute(),
    });
  }

  /** Refuses new work and resolves once the accepted work is done. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#pending);
  }

  async #accept<Result>(attempt: Attempt<Result>): Promise<Result> {
    if (this.#closed) throw new StoreError('CLOSED', 'The store is closed');
    if (this.#pending.size >= this.#limits.maximumPending) {
      throw new StoreError('BUSY', 'Too much work waits for the store');
    }
    const result = this.#retrying(attempt);
    this.#pending.add(result);
    try {
      return await result;
    } finally {
      this.#pending.delete(result);
    }
  }

  async #retrying<Result>(attempt: Attempt<Result>): Promise<Result> {
    const { maximumAttempts, retryForMs, firstRetryMs, longestRetryMs } = this.#limits;
    const lastAttemptBy = performance.now() + retryForMs;
    for (let count = 1; ; count += 1) {
      try {
        return await once(attempt);
      } catch (error) {
        if (!mayRunAgain(error) || count >= maximumAttempts || performance.now() > lastAttemptBy)
          throw error;
      }
      await delay(Math.random() * Math.min(longestRetryMs, firstRetryMs * 2 ** (count - 1)));
    }
  }
}

/**
 * Whether nothing of the work is stored and another try may go better: another transaction was in the way,
 * the connection was lost before the commit, or the server became a standby.
 */
function mayRunAgain(error: unknown): boolean {
  const failure = statementFailureOf(error);
  return (
    failure === 'SERIALIZATION_FAILURE' || failure === 'CONNECTION_LOST' || failure === 'READ_ONLY'
  );
}

interface Attempt<Result> {
  readonly work: (transaction: StoreTransaction) => Promise<Result>;
  readonly limitMs: number;
  /** Nothing depends on its commit. */
  readonly isReading?: boolean;
  readonly begin: () => Promise<ControlledTransaction<Tables>>;
}

async function once<Result>({
  work,
  limitMs,
  isReading = false,
  begin,
}: Attempt<Result>): Promise<Result> {
  const kysely = await begin();
  const limit = new WorkLimit(limitMs);
  let result: Result;
  try {
    result = await limit.watch(work(new PostgresTransaction(kysely)));
  } catch (error) {
    await rollBack(kysely);
    throw error;
  } finally {
    limit.stop();
  }
  if (isReading) await rollBack(kysely);
  else await commit(kysely);
  return result;
}

async function commit(kysely: ControlledTransaction<Tables>): Promise<void> {
  try {
    await kysely.commit().execute();
  } catch (error) {
    if (error instanceof AbortedTransactionError) {
      throw new StoreError(
        'TRANSACTION_FAILED',
        'A statement of this transaction failed before, so none of it is stored',
        error,
      );
    }
    await rollBack(kysely);
    if (!isConnectionLost(error)) throw error;
    throw new StoreError(
      'COMMIT_UNKNOWN',
      'The connection was lost during the commit: the work may or may not be stored',
      error,
    );
  }
}

/** The connection is thrown away when even this fails, and the server undoes the transaction then. */
async function rollBack(kysely: ControlledTransaction<Tables>): Promise<void> {
  await kysely
    .rollback()
    .execute()
    .catch(() => undefined);
}

class PostgresTransaction implements StoreTransaction {
  readonly kysely: ControlledTransaction<Tables>;

  constructor(kysely: ControlledTransaction<Tables>) {
    this.kysely = kysely;
  }

  async execute<Values extends object, Row>(
    query: PreparedQuery<Values, Row>,
    values: Values,
  ): Promise<readonly Row[]> {
    return (await this.#result(query, values)).rows;
  }

  async change<Values extends object>(
    query: PreparedQuery<Values, unknown>,
    values: Values,
  ): Promise<number> {
    const { numAffectedRows } = await this.#result(query, values);
    if (numAffectedRows === undefined) {
      throw new TypeError('A statement that changes nothing counts no changes');
    }
    return Number(numAffectedRows);
  }

  #result<Values extends object, Row>(
    query: PreparedQuery<Values, Row>,
    values: Values,
  ): Promise<QueryResult<Row>> {
    const { sql, parametersFor } = query.compiledFor('postgres', this.kysely);
    return this.kysely.executeQuery<Row>(CompiledQuery.raw(sql, parametersFor(values)));
  }
}
