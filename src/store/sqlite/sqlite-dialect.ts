import {
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseIntrospector,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryCompiler,
  type TransactionSettings,
} from 'kysely';

import type { ConnectionQueue } from './connection-queue.ts';
import { SqliteLease } from './sqlite-lease.ts';
import type { SqliteStatements } from './sqlite-statements.ts';

/** Kysely over `node:sqlite`: one connection, used by one transaction or statement at a time. */
export class SqliteDialect implements Dialect {
  readonly #statements: SqliteStatements;
  readonly #queue: ConnectionQueue;

  constructor(statements: SqliteStatements, queue: ConnectionQueue) {
    this.#statements = statements;
    this.#queue = queue;
  }

  createDriver(): Driver {
    return new SqliteDriver(this.#statements, this.#queue);
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler();
  }

  createAdapter(): SqliteAdapter {
    return new QueueingSqliteAdapter();
  }

  createIntrospector(database: Kysely<unknown>): DatabaseIntrospector {
    return new SqliteIntrospector(database);
  }
}

class QueueingSqliteAdapter extends SqliteAdapter {
  /** The queue of {@link SqliteDriver} replaces Kysely's own lock, which is neither fair nor bounded. */
  override get supportsMultipleConnections(): boolean {
    return true;
  }

  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class SqliteDriver implements Driver {
  readonly #statements: SqliteStatements;
  readonly #queue: ConnectionQueue;

  constructor(statements: SqliteStatements, queue: ConnectionQueue) {
    this.#statements = statements;
    this.#queue = queue;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<SqliteLease> {
    await this.#queue.acquire();
    try {
      this.#statements.syncsCommits = true;
    } catch (error) {
      this.#queue.release();
      throw error;
    }
    return new SqliteLease(this.#statements);
  }

  async releaseConnection(lease: SqliteLease): Promise<void> {
    lease.end();
    this.#statements.rollBackIfOpen();
    this.#queue.release();
  }

  async beginTransaction(lease: SqliteLease, settings: TransactionSettings): Promise<void> {
    // A write lock taken at once cannot fail half-way through the transaction.
    lease.execute(settings.accessMode === 'read only' ? 'begin' : 'begin immediate', []);
    lease.failsAsAWhole = true;
  }

  async commitTransaction(lease: SqliteLease): Promise<void> {
    lease.assertNothingFailed();
    this.#statements.execute('commit', []);
  }

  async rollbackTransaction(): Promise<void> {
    this.#statements.rollBackIfOpen();
  }

  async destroy(): Promise<void> {}
}
