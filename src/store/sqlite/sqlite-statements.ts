import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';

import { StoreError } from '../store-error.ts';

/** More texts than the program has; a bound against texts that differ each time. */
const maximumStatements = 500;

/** The one SQLite connection of the process: executes statements, each prepared once. */
export class SqliteStatements {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, PreparedStatement>();
  #syncsCommits = true;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Whether a transaction is open; some failures of SQLite end it without being asked. */
  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  /**
   * Whether SQLite itself brings each commit to the disk before it returns, as it does at first; else who
   * commits has to bring the log there. Not to be changed within a transaction.
   */
  set syncsCommits(isOn: boolean) {
    // SQLite compiles this anew each time, so it is worth not to repeat it.
    if (this.#syncsCommits === isOn) return;
    this.execute(`pragma synchronous = ${isOn ? 'full' : 'normal'}`, []);
    this.#syncsCommits = isOn;
  }

  /**
   * Executes synchronously.
   *
   * @throws what node:sqlite throws; an integer beyond ±(2^53 - 1) is an error in both directions.
   */
  execute(sql: string, parameters: readonly unknown[]): StatementResult {
    const { statement, givesRows } = this.#prepare(sql);
    const values = parameters.map(bindable);
    if (givesRows) return { rows: statement.all(...values), changes: undefined };
    return { rows: noRows, changes: statement.run(...values).changes };
  }

  /** Leaves the connection without a transaction, whatever happened before. */
  rollBackIfOpen(): void {
    if (this.#database.isTransaction) this.execute('rollback', []);
  }

  #prepare(sql: string): PreparedStatement {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    const prepared = { statement, givesRows: statement.columns().length > 0 };
    if (this.#prepared.size >= maximumStatements) {
      for (const oldest of this.#prepared.keys()) {
        this.#prepared.delete(oldest);
        break;
      }
    }
    this.#prepared.set(sql, prepared);
    return prepared;
  }
}

interface PreparedStatement {
  readonly statement: StatementSync;
  readonly givesRows: boolean;
}

export interface StatementResult {
  readonly rows: readonly unknown[];
  /** Rows changed, for statements that give none. */
  readonly changes: number | bigint | undefined;
}

const noRows: readonly unknown[] = [];

/** node:sqlite binds every JS number as a float, so integers go as bigint to stay integers in any column. */
function bindable(value: unknown): SQLInputValue {
  if (typeof value === 'number') {
    if (!Number.isInteger(value)) return value;
    if (Number.isSafeInteger(value)) return BigInt(value);
    throw new StoreError('UNSTORABLE_VALUE', 'An integer beyond 2^53 - 1 cannot be stored exactly');
  }
  return value as SQLInputValue;
}
