import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';

import { StoreError } from '../store-error.ts';
import type { SqliteStatements, StatementResult } from './sqlite-statements.ts';

/**
 * One user's right to the connection. It ends with the transaction or the work it was given for, so a
 * query that somebody forgot to await can never slip into another's transaction.
 */
export class SqliteLease implements DatabaseConnection {
  readonly #statements: SqliteStatements;
  #ended = false;
  #failure: unknown;
  /** Whether a failed statement makes everything after it fail, as in PostgreSQL. */
  failsAsAWhole = false;

  constructor(statements: SqliteStatements) {
    this.#statements = statements;
  }

  execute(sql: string, parameters: readonly unknown[]): StatementResult {
    if (this.#ended) {
      throw new StoreError('TRANSACTION_FAILED', 'The transaction of this statement has ended');
    }
    if (this.#failure !== undefined) throw failedBefore(this.#failure);
    try {
      return this.#statements.execute(sql, parameters);
    } catch (error) {
      if (this.failsAsAWhole) this.#failure = error;
      throw error;
    }
  }

  /** @throws StoreError `TRANSACTION_FAILED` when a statement failed, whoever caught that. */
  assertNothingFailed(): void {
    if (this.#failure !== undefined) throw failedBefore(this.#failure);
  }

  end(): void {
    this.#ended = true;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const { rows, changes } = this.execute(query.sql, query.parameters);
    return {
      rows: rows as Row[],
      ...(changes === undefined ? {} : { numAffectedRows: BigInt(changes) }),
    };
  }

  // oxlint-disable-next-line require-yield -- the interface asks for an iterator
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new StoreError(
      'TRANSACTION_FAILED',
      'Read long results in pages: a stream would hold the only connection',
    );
  }
}

function failedBefore(cause: unknown): StoreError {
  return new StoreError(
    'TRANSACTION_FAILED',
    'A statement of this transaction failed before, so none of it is stored',
    cause,
  );
}
