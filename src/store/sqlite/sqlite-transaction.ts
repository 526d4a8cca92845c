import { DummyDriver, Transaction, type Dialect, type Kysely } from 'kysely';

import type { PreparedQuery } from '../prepared-query.ts';
import type { Tables } from '../tables.ts';
import type { StoreTransaction } from '../transactions.ts';
import type { SqliteLease } from './sqlite-lease.ts';
import type { StatementResult } from './sqlite-statements.ts';

/** What work is given: both ways to the database end with the lease. */
export class SqliteTransaction implements StoreTransaction {
  readonly #lease: SqliteLease;
  readonly #database: Kysely<Tables>;
  readonly #dialect: Dialect;
  #kysely: Transaction<Tables> | undefined;

  constructor(lease: SqliteLease, database: Kysely<Tables>, dialect: Dialect) {
    this.#lease = lease;
    this.#database = database;
    this.#dialect = dialect;
  }

  get kysely(): Transaction<Tables> {
    return (this.#kysely ??= new Transaction<Tables>({
      config: { dialect: this.#dialect },
      dialect: this.#dialect,
      driver: new DummyDriver(),
      executor: this.#database
        .getExecutor()
        .withConnectionProvider({ provideConnection: (consumer) => consumer(this.#lease) }),
    }));
  }

  async execute<Values extends object, Row>(
    query: PreparedQuery<Values, Row>,
    values: Values,
  ): Promise<readonly Row[]> {
    return this.#result(query, values).rows as readonly Row[];
  }

  async change<Values extends object>(
    query: PreparedQuery<Values, unknown>,
    values: Values,
  ): Promise<number> {
    const { changes } = this.#result(query, values);
    if (changes === undefined) throw new TypeError('A statement that gives rows counts no changes');
    return Number(changes);
  }

  #result<Values extends object>(
    query: PreparedQuery<Values, unknown>,
    values: Values,
  ): StatementResult {
    const { sql, parametersFor } = query.compiledFor('sqlite', this.#database);
    return this.#lease.execute(sql, parametersFor(values));
  }
}
