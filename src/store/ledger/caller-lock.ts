import { sql, type RawBuilder } from 'kysely';

import type { Engine } from '../engine-sql.ts';
import { PreparedQuery, type Placeholders } from '../prepared-query.ts';
import type { StoreTransaction } from '../transactions.ts';

/** Keeps our advisory locks apart from those of other programs in the same database. */
const lockSpace = 7_243_001;

/**
 * Guards what a transaction decides from rows that are not there: row locks hold only those that are.
 * Who may add or begin something takes the lock alone, who relies on its absence shares it. Held until
 * the transaction ends. SQLite needs none, because its transactions run one after the other.
 */
export class CallerLock {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async alone(transaction: StoreTransaction, caller: string): Promise<void> {
    if (this.#engine === 'postgres') await transaction.execute(lockAlone, { caller });
  }

  async share(transaction: StoreTransaction, caller: string): Promise<void> {
    if (this.#engine === 'postgres') await transaction.execute(lockShared, { caller });
  }
}

const lockAlone = lockQuery((key) => sql`select pg_advisory_xact_lock(${key})`);
const lockShared = lockQuery((key) => sql`select pg_advisory_xact_lock_shared(${key})`);

function lockQuery(
  statement: (key: RawBuilder<unknown>) => RawBuilder<unknown>,
): PreparedQuery<{ caller: string }, unknown> {
  return new PreparedQuery((database, value: Placeholders<{ caller: string }>) => ({
    compile: () =>
      statement(sql`hashtextextended(${value('caller')}, ${sql.lit(lockSpace)})`).compile(database),
  }));
}
