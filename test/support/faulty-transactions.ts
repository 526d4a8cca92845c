import { setTimeout as delay } from 'node:timers/promises';

import { CompiledQuery } from 'kysely';

import type { PreparedQuery } from '../../src/store/prepared-query.ts';
import type { Store } from '../../src/store/open-store.ts';
import { StoreError } from '../../src/store/store-error.ts';
import type { StoreTransaction, Transactions } from '../../src/store/transactions.ts';

/** What becomes of a transaction: its commit is answered, or it is not. */
export type CommitFate =
  'ANSWERED' | 'COMMITTED' | 'UNDONE' | 'COMMITTED_LATER' | 'UNDONE_LATER' | 'SILENT_FROM_NOW_ON';

/** How long the server is still at a commit that is answered later. */
const laterMs = 300;

/** Transactions that meet a fate each, one after the other; those after the last are answered. */
export class FaultyTransactions implements Transactions {
  readonly #store: Store;
  readonly #fates: CommitFate[];
  #isSilent = false;
  begun = 0;

  constructor(store: Store, fates: readonly CommitFate[]) {
    this.#store = store;
    this.#fates = [...fates];
  }

  async run<Result>(work: (transaction: StoreTransaction) => Promise<Result>): Promise<Result> {
    if (this.#isSilent) throw new Error('Connection terminated');
    this.begun += 1;
    const fate = this.#fates.shift();
    if (fate === undefined || fate === 'ANSWERED') return await this.#store.transactions.run(work);
    if (fate === 'COMMITTED_LATER' || fate === 'UNDONE_LATER') await this.#hold(work, fate);
    else if (fate === 'COMMITTED') await this.#store.transactions.run(work);
    else await this.#undo(work);
    this.#isSilent = fate === 'SILENT_FROM_NOW_ON';
    throw new StoreError('COMMIT_UNKNOWN', 'The connection was lost during the commit');
  }

  runInSlices(): Promise<never> {
    throw new Error('The ledger has no long work');
  }

  readInSlices(): Promise<never> {
    throw new Error('The ledger has no long work');
  }

  async #undo(work: (transaction: StoreTransaction) => Promise<unknown>): Promise<void> {
    const undone = this.#store.transactions.run(async (transaction) => {
      await work(transaction);
      throw new Error('undone');
    });
    await undone.catch(() => undefined);
  }

  /** Leaves the transaction open, as a server does that has not yet heard of the cut connection. */
  async #hold(
    work: (transaction: StoreTransaction) => Promise<unknown>,
    fate: 'COMMITTED_LATER' | 'UNDONE_LATER',
  ): Promise<void> {
    const kysely = await this.#store.database.startTransaction().execute();
    try {
      const result = <Values extends object, Row>(
        query: PreparedQuery<Values, Row>,
        values: Values,
      ) => {
        const { sql, parametersFor } = query.compiledFor('postgres', kysely);
        return kysely.executeQuery<Row>(CompiledQuery.raw(sql, parametersFor(values)));
      };
      await work({
        kysely,
        execute: async (query, values) => (await result(query, values)).rows,
        change: async (query, values) => Number((await result(query, values)).numAffectedRows),
      });
    } catch (error) {
      await kysely.rollback().execute();
      throw error;
    }
    const end = fate === 'COMMITTED_LATER' ? kysely.commit() : kysely.rollback();
    void delay(laterMs).then(() => end.execute());
  }
}
