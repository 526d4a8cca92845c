import { randomBytes } from 'node:crypto';

import { CompiledQuery, sql, type Kysely } from 'kysely';

import type { Fact } from '../../inference/facts.ts';
import type {
  BudgetDay,
  EventPageQuestion,
  LedgerStore,
  LedgerTransaction,
  RunCriteria,
  RunQuery,
  SpeedSample,
  StoredContent,
  StoredEvent,
  UsageQuery,
  UsageRow,
} from '../../inference/ledger-store.ts';
import type { Run } from '../../inference/run.ts';
import { jsonRows } from '../engine-sql.ts';
import type { PreparedQuery } from '../prepared-query.ts';
import { slicesOf } from '../slices.ts';
import { StoreError } from '../store-error.ts';
import { noNotices, type StoreNotices } from '../store-notices.ts';
import type { StoreParts } from '../store-parts.ts';
import type { RunTable, Tables } from '../tables.ts';
import type { Transactions } from '../transactions.ts';
import { budgetOf, sumOfDay } from './budget-days.ts';
import { CallerLock } from './caller-lock.ts';
import { contentsOf, removeExpired } from './content-rows.ts';
import { DaysWithoutBudget } from './days-without-budget.ts';
import { eventPages } from './event-pages.ts';
import { factOf } from './fact-row.ts';
import { ledgerQueries } from './ledger-queries.ts';
import {
  SqlLedgerTransaction,
  type LedgerTransactionParts,
  type Mark,
} from './ledger-transaction.ts';
import { renewLease } from './owner-leases.ts';
import { countRuns, listRuns } from './run-list.ts';
import { runOf } from './run-row.ts';
import { newestSamples, SampleCleaner } from './speed-samples.ts';
import { isUnansweredCommit, lookForMs, wasCommitted } from './unanswered-commit.ts';
import { usage } from './usage.ts';

/** How often a step is begun anew for a key that was just taken, or a commit that came to nothing. */
const maximumTries = 4;
const runsPerQuery = 200;

/**
 * Runs, facts, money and events in SQL tables, on either engine.
 *
 * What a transaction read stays true until it ends. SQLite runs one at a time. On PostgreSQL rows that
 * were read are locked, keys and facts are unique, and {@link CallerLock} covers rows that are not there
 * yet; so unrelated launches never wait for each other, as they would under serializable isolation.
 */
export class SqlLedgerStore implements LedgerStore {
  readonly #database: Kysely<Tables>;
  readonly #transactions: Transactions;
  readonly #parts: LedgerTransactionParts;
  readonly #sampleCleaner: SampleCleaner;
  readonly #notices: StoreNotices;
  readonly #lookForMs: number;
  readonly #afterErasing: (() => void) | undefined;
  readonly #name = randomBytes(9).toString('base64url');
  #steps = 0;

  /** @param unansweredMs for how long a commit that was not answered is looked for. */
  constructor(
    { database, transactions, engine, afterErasing }: Omit<StoreParts, 'close'>,
    notices: StoreNotices = noNotices,
    unansweredMs = lookForMs,
  ) {
    this.#notices = notices;
    this.#lookForMs = unansweredMs;
    this.#afterErasing = afterErasing;
    this.#database = database;
    this.#transactions = transactions;
    this.#sampleCleaner = new SampleCleaner(database);
    this.#parts = {
      engine,
      queries: ledgerQueries(engine),
      callerLock: new CallerLock(engine),
      daysWithoutBudget: engine === 'sqlite' ? new DaysWithoutBudget() : undefined,
    };
  }

  async transaction<Result>(work: (ledger: LedgerTransaction) => Promise<Result>): Promise<Result> {
    const { ledger, result } = await this.#committed(work);
    for (const notice of ledger.notices) this.#notices.send(notice);
    return result;
  }

  async #committed<Result>(
    work: (ledger: LedgerTransaction) => Promise<Result>,
  ): Promise<Committed<Result>> {
    for (let tries = 1; ; tries += 1) {
      let attempt: Committed<Result> | undefined;
      try {
        return await this.#transactions.run(async (transaction) => {
          attempt = undefined;
          const ledger = new SqlLedgerTransaction(this.#parts, transaction, this.#nextStep());
          const result = await work(ledger);
          return (attempt = { ledger, result });
        });
      } catch (error) {
        if (isUnansweredCommit(error) && attempt !== undefined) {
          const { ledger } = attempt;
          if (!ledger.hasWritten) return attempt;
          const committed = await this.#wasCommitted(ledger.mark);
          if (committed === true) return attempt;
          if (committed === undefined) throw error;
          if (tries >= maximumTries) throw cameToNothing(error);
        } else if (!isKeyTaken(error) || tries >= maximumTries) {
          throw error;
        }
      }
    }
  }

  async run(id: string): Promise<Run | undefined> {
    const [row] = await this.#read(this.#parts.queries.run, { id });
    return row === undefined ? undefined : runOf(row);
  }

  async runs(ids: readonly string[]): Promise<(Run | undefined)[]> {
    const runs = new Map<string, Run>();
    for (const slice of slicesOf([...new Set(ids)], runsPerQuery)) {
      const asked = slice.map((id) => [id]);
      const { rows } = await sql<RunTable>`
        select run.* from ${jsonRows(this.#parts.engine, asked)} as given
        join run on run.id = value ->> 0
      `.execute(this.#database);
      for (const row of rows) runs.set(row.id, runOf(row));
    }
    return ids.map((id) => runs.get(id));
  }

  async runByKey(caller: string, idempotencyKey: string): Promise<Run | undefined> {
    const key = { caller, key: idempotencyKey };
    const [row] = await this.#read(this.#parts.queries.runByKey, key);
    return row === undefined ? undefined : runOf(row);
  }

  listRuns(query: RunQuery): Promise<readonly Run[]> {
    return listRuns(this.#database, query);
  }

  countRuns(criteria: RunCriteria): Promise<number> {
    return countRuns(this.#database, criteria);
  }

  async facts(runId: string): Promise<readonly Fact[]> {
    return (await this.#read(this.#parts.queries.facts, { id: runId })).map(factOf);
  }

  usage(query: UsageQuery): Promise<readonly UsageRow[]> {
    return usage(this.#database, this.#parts.engine, query);
  }

  async unfinishedRuns(liveOwners: readonly string[], limit: number): Promise<readonly Run[]> {
    let query = this.#database.selectFrom('run').selectAll().where(isUnfinished);
    if (liveOwners.length > 0) query = query.where('owner', 'not in', liveOwners);
    const rows = await query.orderBy('reserved_at_ms').orderBy('id').limit(limit).execute();
    return rows.map(runOf);
  }

  async events(
    runId: string,
    afterPosition: number,
    limit: number,
  ): Promise<readonly StoredEvent[]> {
    const rows = await this.#read(this.#parts.queries.events, { runId, afterPosition, limit });
    return rows.map(({ position, at_ms: atMs, body }) => ({ position, atMs, body }));
  }

  eventPages(
    questions: readonly EventPageQuestion[],
    limit: number,
  ): Promise<readonly (readonly StoredEvent[])[]> {
    return eventPages(this.#database, this.#parts.engine, questions, limit);
  }

  contents(runIds: readonly string[]): Promise<readonly (StoredContent | undefined)[]> {
    return contentsOf(this.#database, this.#parts.engine, runIds);
  }

  async cancelRequests(owner: string): Promise<readonly string[]> {
    const rows = await this.#database
      .selectFrom('run')
      .select('id')
      .where(isUnfinished)
      .where('owner', '=', owner)
      .where('cancel_requested_at_ms', 'is not', null)
      .orderBy('id')
      .execute();
    return rows.map(({ id }) => id);
  }

  async expireContent(nowMs: number, limit: number): Promise<number> {
    const removed = await removeExpired(this.#database, this.#parts.engine, nowMs, limit);
    if (removed > 0) this.#afterErasing?.();
    await this.#sampleCleaner.clean(nowMs, limit);
    return removed;
  }

  async budgetOrSum(caller: string, day: string): Promise<BudgetDay> {
    const row = await this.#database
      .selectFrom('budget_day')
      .select(['reserved', 'spent'])
      .where('caller', '=', caller)
      .where('day', '=', day)
      .executeTakeFirst();
    if (row !== undefined) return budgetOf(row);
    return await sumOfDay(this.#database, this.#parts.engine, caller, day);
  }

  speedSamples(sinceMs: number, perOffering: number): Promise<readonly SpeedSample[]> {
    return newestSamples(this.#database, sinceMs, perOffering);
  }

  renewOwner(owner: string, nowMs: number, untilMs: number): Promise<readonly string[]> {
    return this.#transactions.run((transaction) =>
      renewLease(transaction, this.#parts.engine, owner, untilMs - nowMs),
    );
  }

  async #read<Values extends object, Row>(
    query: PreparedQuery<Values, Row>,
    values: Values,
  ): Promise<readonly Row[]> {
    const { sql: text, parametersFor } = query.compiledFor(this.#parts.engine, this.#database);
    const { rows } = await this.#database.executeQuery<Row>(
      CompiledQuery.raw(text, parametersFor(values)),
    );
    return rows;
  }

  async #wasCommitted(mark: Mark | undefined): Promise<boolean | undefined> {
    if (mark === undefined) return undefined;
    return await wasCommitted(this.#transactions, mark, this.#lookForMs);
  }

  #nextStep(): string {
    this.#steps += 1;
    return `${this.#name}.${this.#steps.toString(36)}`;
  }
}

interface Committed<Result> {
  readonly ledger: SqlLedgerTransaction;
  readonly result: Result;
}

/** Word for word the condition of the index that finds them. */
const isUnfinished = sql<boolean>`state in ('RESERVED', 'QUEUED', 'RUNNING')`;

/** Another transaction was quicker to use a key; run again, the work finds its run. */
function isKeyTaken(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'KEY_TAKEN';
}

function cameToNothing(cause: unknown): StoreError {
  return new StoreError(
    'TRANSACTION_FAILED',
    'The connection was lost during the commit again and again, and nothing is stored',
    cause,
  );
}
