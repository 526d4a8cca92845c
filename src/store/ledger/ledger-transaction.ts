import type { Fact } from '../../inference/facts.ts';
import type {
  BudgetDay,
  LedgerTransaction,
  NewEvent,
  SpeedSample,
  StoredContent,
} from '../../inference/ledger-store.ts';
import type { Run } from '../../inference/run.ts';
import { storableInteger, storableText, type Engine, type JsonRows } from '../engine-sql.ts';
import { slicesOf } from '../slices.ts';
import { StoreError } from '../store-error.ts';
import type { RunTable } from '../tables.ts';
import type { StoreTransaction } from '../transactions.ts';
import { budgetOf, sumOfDay } from './budget-days.ts';
import type { DaysWithoutBudget } from './days-without-budget.ts';
import type { CallerLock } from './caller-lock.ts';
import { factColumnsOf } from './fact-row.ts';
import { factsOfOneStep, type LedgerQueries } from './ledger-queries.ts';
import { takePlace } from './places.ts';
import { rowOf, runOf } from './run-row.ts';
import { sampleRowOf } from './speed-samples.ts';

/** What the steps of a store have in common. */
export interface LedgerTransactionParts {
  readonly engine: Engine;
  readonly queries: LedgerQueries;
  readonly callerLock: CallerLock;
  /** Absent where other processes may begin budgets. */
  readonly daysWithoutBudget: DaysWithoutBudget | undefined;
}

/** Something that a transaction has added and that nobody else can have: proof that it was committed. */
export type Mark =
  | {
      readonly kind: 'FACT';
      readonly runId: string;
      readonly number: number;
      readonly step: string;
    }
  | { readonly kind: 'EVENT'; readonly runId: string; readonly event: NewEvent };

/** The steps of one transaction, in SQL. */
export class SqlLedgerTransaction implements LedgerTransaction {
  readonly #parts: LedgerTransactionParts;
  readonly #transaction: StoreTransaction;
  readonly #step: string;
  #mark: Mark | undefined;
  #hasWritten = false;
  /** What other processes are told once this is committed. */
  readonly notices = new Set<string>();

  /** @param step names this transaction in the facts that it adds. */
  constructor(parts: LedgerTransactionParts, transaction: StoreTransaction, step: string) {
    this.#parts = parts;
    this.#transaction = transaction;
    this.#step = step;
  }

  /** What shows that it was committed; undefined when nothing does. */
  get mark(): Mark | undefined {
    return this.#mark;
  }

  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  async runByKey(caller: string, idempotencyKey: string): Promise<Run | undefined> {
    const { runByKeyLocked } = this.#parts.queries;
    const key = { caller, key: idempotencyKey };
    return foundRun(await this.#transaction.execute(runByKeyLocked, key));
  }

  async run(id: string): Promise<Run | undefined> {
    return foundRun(await this.#transaction.execute(this.#parts.queries.runLocked, { id }));
  }

  async insertRun(run: Run, facts: readonly Fact[]): Promise<void> {
    assertNumbered(run, facts, 0);
    this.#hasWritten = true;
    const inserted = await this.#transaction.change(this.#parts.queries.insertRun, rowOf(run));
    if (inserted === 0) {
      throw new StoreError('KEY_TAKEN', `The caller ${run.caller} has another run of this key`);
    }
    await this.#insertFacts(run, facts);
  }

  async updateRun(run: Run, facts: readonly Fact[]): Promise<boolean> {
    const previousFacts = run.facts - facts.length;
    assertNumbered(run, facts, previousFacts);
    const { updateReservation, updateProgress, freePlace } = this.#parts.queries;
    const update = facts.some(isReservation) ? updateReservation : updateProgress;
    const updated = await this.#transaction.change(update, { ...rowOf(run), previousFacts });
    if (updated === 0) return false;
    this.#hasWritten = true;
    await this.#insertFacts(run, facts);
    for (const notice of noticesOf(run, facts)) this.notices.add(notice);
    if (run.state !== 'RUNNING' && facts.some(isEnd)) {
      await this.#transaction.execute(freePlace, { id: run.id });
    }
    return true;
  }

  async takePlace(providerId: string, runId: string, concurrency: number): Promise<boolean> {
    this.#hasWritten = true;
    const { engine, queries } = this.#parts;
    return await takePlace(this.#transaction, engine, queries, {
      provider: storableText(providerId, 'The id of a provider'),
      runId: storableText(runId, 'The id of a run'),
      concurrency,
    });
  }

  async launchedSince(caller: string, sinceMs: number): Promise<number> {
    const { queries, callerLock } = this.#parts;
    await callerLock.alone(this.#transaction, caller);
    const [row] = await this.#transaction.execute(queries.launchedSince, { caller, sinceMs });
    return row?.runs ?? 0;
  }

  async budget(caller: string, day: string): Promise<BudgetDay | undefined> {
    const { callerLock, daysWithoutBudget } = this.#parts;
    if (daysWithoutBudget?.has(caller, day) === true) return undefined;
    await callerLock.share(this.#transaction, caller);
    const budget = await this.#readBudget(caller, day);
    if (budget === undefined) daysWithoutBudget?.add(caller, day);
    return budget;
  }

  async beginBudget(caller: string, day: string): Promise<BudgetDay> {
    const begun = await this.#readBudget(caller, day);
    if (begun !== undefined) return begun;
    const { engine, callerLock } = this.#parts;
    await callerLock.alone(this.#transaction, caller);
    const begunMeanwhile = await this.#readBudget(caller, day);
    if (begunMeanwhile !== undefined) return begunMeanwhile;
    const sum = await sumOfDay(this.#transaction.kysely, engine, caller, day);
    await this.putBudget(caller, day, sum);
    return sum;
  }

  async putBudget(caller: string, day: string, { reserved, spent }: BudgetDay): Promise<void> {
    this.#hasWritten = true;
    this.#parts.daysWithoutBudget?.remove(caller, day);
    await this.#transaction.execute(this.#parts.queries.putBudget, {
      caller: storableText(caller, 'A caller'),
      day,
      reserved: reserved.toString(),
      spent: spent.toString(),
    });
  }

  async putContent({ runId, request, output, expiresAtMs }: StoredContent): Promise<void> {
    await this.#putPart(runId, 'REQUEST', request, expiresAtMs);
    await this.#putPart(runId, 'OUTPUT', output, expiresAtMs);
  }

  async appendEvents(
    runId: string,
    events: readonly NewEvent[],
    expiresAtMs: number,
  ): Promise<void> {
    const [first] = events;
    if (first === undefined) return;
    this.#hasWritten = true;
    this.notices.add(`run:${runId}`);
    this.#mark ??= { kind: 'EVENT', runId, event: first };
    const rows: JsonRows = events.map(({ position, atMs, body }) => [
      storableInteger(position, 'The position of an event'),
      storableInteger(atMs, 'The time of an event'),
      body === null ? null : storableText(body, 'The body of an event'),
    ]);
    await this.#transaction.execute(this.#parts.queries.appendEvents, {
      runId: storableText(runId, 'The id of a run'),
      rows: JSON.stringify(rows),
      expiresAtMs: storableInteger(expiresAtMs, 'The end of an event'),
    });
  }

  async removeEvents(runId: string): Promise<void> {
    this.#hasWritten = true;
    await this.#transaction.execute(this.#parts.queries.removeEvents, { id: runId });
  }

  async addSpeedSample(sample: SpeedSample): Promise<void> {
    this.#hasWritten = true;
    await this.#transaction.execute(this.#parts.queries.addSpeedSample, sampleRowOf(sample));
  }

  async #insertFacts(run: Run, facts: readonly Fact[]): Promise<void> {
    const first = run.facts - facts.length + 1;
    this.#mark = { kind: 'FACT', runId: run.id, number: first, step: this.#step };
    const rows = facts.map((fact, index) => ({
      run_id: run.id,
      number: first + index,
      step: this.#step,
      ...factColumnsOf(fact),
    }));
    const { engine, queries } = this.#parts;
    if (engine === 'sqlite') {
      // Half of what one statement for two costs, which copies the pages that it changes in case it fails.
      for (const row of rows) await this.#transaction.execute(queries.insertFact, row);
      return;
    }
    for (const slice of slicesOf(rows, factsOfOneStep)) {
      const values = Object.fromEntries(
        slice.flatMap((row, index) =>
          Object.entries(row).map(([column, value]) => [`${index}.${column}`, value]),
        ),
      );
      await this.#transaction.execute(queries.insertFacts(slice.length), values);
    }
  }

  async #readBudget(caller: string, day: string): Promise<BudgetDay | undefined> {
    const { budget } = this.#parts.queries;
    const [row] = await this.#transaction.execute(budget, { caller, day });
    return row === undefined ? undefined : budgetOf(row);
  }

  async #putPart(
    runId: string,
    part: 'REQUEST' | 'OUTPUT',
    body: string | undefined,
    expiresAtMs: number,
  ): Promise<void> {
    if (body === undefined) return;
    this.#hasWritten = true;
    await this.#transaction.execute(this.#parts.queries.putContent, {
      run_id: storableText(runId, 'The id of a run'),
      part,
      body: storableText(body, 'The content of a run'),
      expires_at_ms: storableInteger(expiresAtMs, 'The end of content'),
    });
  }
}

function foundRun(rows: readonly RunTable[]): Run | undefined {
  const [row] = rows;
  return row === undefined ? undefined : runOf(row);
}

/** Nobody waits elsewhere for a synchronous run but a repeat of its launch, which looks by itself. */
function noticesOf(run: Run, facts: readonly Fact[]): string[] {
  if (facts.some(({ kind }) => kind === 'CANCEL_REQUESTED')) return [`cancel:${run.id}`];
  return run.mode !== 'SYNC' && facts.some(isEnd) ? [`run:${run.id}`] : [];
}

/** Facts that do not lead up to their run would leave a gap that nobody could explain later. */
function assertNumbered(run: Run, facts: readonly Fact[], previous: number): void {
  if (facts.length > 0 && previous >= 0 && run.facts === previous + facts.length) return;
  throw new RangeError(`${facts.length} facts do not lead up to fact ${run.facts} of a run`);
}

/** Whether a fact changes what is reserved, or for whom. */
function isReservation({ kind }: Fact): boolean {
  return kind === 'RESERVED' || kind === 'ADOPTED';
}

/** Whether a run that was in flight is no longer after this fact. */
function isEnd({ kind }: Fact): boolean {
  return kind === 'ENDED' || kind === 'LOST';
}
