import { Decimal } from '../../src/domain/decimal.ts';
import type { Fact } from '../../src/inference/facts.ts';
import { EventsTooMany } from '../../src/inference/ledger-store.ts';
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
  UsageGroup,
  UsageQuery,
  UsageRow,
} from '../../src/inference/ledger-store.ts';
import { dayOf, isFinal } from '../../src/inference/run.ts';
import type { Run } from '../../src/inference/run.ts';
import { budgetKey, MemoryTables, MemoryTransaction } from './memory-ledger-tables.ts';

/** As the engines have it. */
const maximumEventsAtOnce = 10_000;

/**
 * Where a simulation interferes. A hook that throws is a failure that the caller of the store sees; one
 * that takes its time is a database that stalls; one that never resolves is a process that is gone.
 */
export interface MemoryLedgerHooks {
  /** Before a transaction begins: nothing of it has happened. */
  readonly beforeTransaction?: () => Promise<void>;
  /** After the work of a transaction and before its commit, while others wait: an error undoes it. */
  readonly beforeCommit?: () => Promise<void>;
  /** After the commit: what was written stays, whatever the caller hears. */
  readonly afterCommit?: () => Promise<void>;
  /** Before the caller hears of a failure. */
  readonly beforeFailure?: () => Promise<void>;
  readonly beforeRead?: () => Promise<void>;
}

/**
 * The ledger's storage for simulations and tests, with nothing left to chance. What it keeps outlives the
 * processes that {@link MemoryLedgerStore.connect} makes stores for.
 */
export class MemoryLedgerStore implements LedgerStore {
  readonly #hooks: MemoryLedgerHooks;
  readonly #now: (() => number) | undefined;
  readonly #database: MemoryDatabase;

  /** @param now the database's clock, by which leases run; that of whoever renews when there is none. */
  constructor(hooks: MemoryLedgerHooks = {}, now?: () => number, database = new MemoryDatabase()) {
    this.#hooks = hooks;
    this.#now = now;
    this.#database = database;
  }

  /** The store of one more process on the same database. */
  connect(hooks: MemoryLedgerHooks = {}): MemoryLedgerStore {
    return new MemoryLedgerStore(hooks, this.#now, this.#database);
  }

  async transaction<Result>(work: (ledger: LedgerTransaction) => Promise<Result>): Promise<Result> {
    const { beforeTransaction, beforeCommit, afterCommit, beforeFailure } = this.#hooks;
    try {
      await beforeTransaction?.();
      const result = await this.#database.change(async (tables) => {
        const ended = await work(new MemoryTransaction(tables));
        await beforeCommit?.();
        return ended;
      });
      await afterCommit?.();
      return result;
    } catch (error) {
      await beforeFailure?.();
      throw error;
    }
  }

  async run(id: string): Promise<Run | undefined> {
    return (await this.#read()).runs.get(id);
  }

  async runs(ids: readonly string[]): Promise<(Run | undefined)[]> {
    const { runs } = await this.#read();
    return ids.map((id) => runs.get(id));
  }

  async runByKey(caller: string, idempotencyKey: string): Promise<Run | undefined> {
    return (await this.#read()).runByKey(caller, idempotencyKey);
  }

  async listRuns({ behind, oldestFirst, limit, ...criteria }: RunQuery): Promise<Run[]> {
    const sign = oldestFirst === true ? 1 : -1;
    return [...(await this.#read()).runs.values()]
      .filter((run) => meets(run, criteria, run.createdAtMs))
      .filter((run) => behind === undefined || sign * compareRuns(run, behind) > 0)
      .sort((left, right) => sign * compareRuns(left, right))
      .slice(0, limit);
  }

  async countRuns(criteria: RunCriteria): Promise<number> {
    return [...(await this.#read()).runs.values()].filter((run) =>
      meets(run, criteria, run.createdAtMs),
    ).length;
  }

  async facts(runId: string): Promise<readonly Fact[]> {
    return (await this.#read()).facts.get(runId) ?? [];
  }

  async usage({ groupBy, limit, ...criteria }: UsageQuery): Promise<UsageRow[]> {
    const rows = new Map<string, UsageRow>();
    for (const run of (await this.#read()).runs.values()) {
      const atMs = run.state === 'UNKNOWN' ? run.reservedAtMs : run.settledAtMs;
      if (atMs === undefined || !meets(run, criteria, atMs)) continue;
      const group = Object.fromEntries(groupBy.map((name) => [name, groupOf(run, name, atMs)]));
      const key = JSON.stringify(groupBy.map((name) => group[name]));
      rows.set(key, sumWith(rows.get(key) ?? { ...emptySum, group }, run));
    }
    return [...rows]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .slice(0, limit)
      .map(([, row]) => row);
  }

  async unfinishedRuns(liveOwners: readonly string[], limit: number): Promise<Run[]> {
    return [...(await this.#read()).runs.values()]
      .filter((run) => !isFinal(run.state) && !liveOwners.includes(run.owner))
      .sort((left, right) => left.reservedAtMs - right.reservedAtMs || compareIds(left, right))
      .slice(0, limit);
  }

  async events(runId: string, afterPosition: number, limit: number): Promise<StoredEvent[]> {
    return ((await this.#read()).events.get(runId) ?? [])
      .filter(({ position }) => position > afterPosition)
      .slice(0, limit)
      .map(({ position, atMs, body }) => ({ position, atMs, body }));
  }

  async eventPages(questions: readonly EventPageQuestion[], limit: number) {
    const pages = await Promise.all(
      questions.map(
        async ({ runId, afterPosition }) => await this.events(runId, afterPosition, limit),
      ),
    );
    if (pages.flat().length > maximumEventsAtOnce) throw new EventsTooMany(maximumEventsAtOnce);
    return pages;
  }

  async contents(runIds: readonly string[]): Promise<(StoredContent | undefined)[]> {
    const { contents } = await this.#read();
    return runIds.map((runId) => {
      const request = contents.get(`${runId} request`);
      const output = contents.get(`${runId} output`);
      if (request === undefined && output === undefined) return undefined;
      return {
        runId,
        request: request?.body,
        output: output?.body,
        expiresAtMs: Math.max(request?.expiresAtMs ?? 0, output?.expiresAtMs ?? 0),
      };
    });
  }

  async cancelRequests(owner: string): Promise<string[]> {
    return [...(await this.#read()).runs.values()]
      .filter((run) => run.owner === owner && !isFinal(run.state))
      .filter((run) => run.cancelRequestedAtMs !== undefined)
      .map(({ id }) => id)
      .sort();
  }

  async expireContent(nowMs: number, limit: number): Promise<number> {
    return await this.#database.change(async ({ contents, events }) => {
      const overContents = [...contents]
        .filter(([, { expiresAtMs }]) => expiresAtMs <= nowMs)
        .slice(0, limit);
      for (const [key] of overContents) contents.delete(key);
      const overEvents = [...events]
        .flatMap(([runId, list]) => list.map((event) => ({ runId, event })))
        .filter(({ event }) => event.expiresAtMs <= nowMs)
        .slice(0, limit);
      for (const { runId, event } of overEvents) {
        const kept = (events.get(runId) ?? []).filter((each) => each !== event);
        events.set(runId, kept);
      }
      return overContents.length + overEvents.length;
    });
  }

  async budgetOrSum(caller: string, day: string): Promise<BudgetDay> {
    const tables = await this.#read();
    return tables.budgets.get(budgetKey(caller, day)) ?? tables.sumOfDay(caller, day);
  }

  async speedSamples(sinceMs: number, perOffering: number): Promise<SpeedSample[]> {
    const samples = (await this.#read()).samples
      .filter(({ atMs }) => atMs >= sinceMs)
      .toSorted((left, right) => left.atMs - right.atMs);
    const offerings = [...new Set(samples.map(({ offeringId }) => offeringId))].sort();
    return offerings.flatMap((offering) =>
      samples.filter(({ offeringId }) => offeringId === offering).slice(-perOffering),
    );
  }

  async renewOwner(owner: string, nowMs: number, untilMs: number): Promise<string[]> {
    return await this.#database.change(async ({ leases }) => {
      const databaseNowMs = this.#now?.() ?? nowMs;
      leases.set(owner, databaseNowMs + untilMs - nowMs);
      for (const [name, endMs] of leases) if (endMs <= databaseNowMs) leases.delete(name);
      return [...leases.keys()].sort();
    });
  }

  async #read(): Promise<MemoryTables> {
    await this.#hooks.beforeRead?.();
    return this.#database.tables;
  }
}

function meets(
  run: Run,
  { caller, fromMs, toMs, states, offeringIds }: RunCriteria,
  atMs: number,
): boolean {
  return (
    (caller === undefined || run.caller === caller) &&
    (fromMs === undefined || atMs >= fromMs) &&
    (toMs === undefined || atMs < toMs) &&
    (states?.includes(run.state) ?? true) &&
    (offeringIds?.includes(run.offeringId) ?? true)
  );
}

function compareRuns(
  left: { readonly createdAtMs: number; readonly id: string },
  right: { readonly createdAtMs: number; readonly id: string },
): number {
  return left.createdAtMs - right.createdAtMs || compareIds(left, right);
}

function compareIds(left: { readonly id: string }, right: { readonly id: string }): number {
  return left.id === right.id ? 0 : left.id < right.id ? -1 : 1;
}

function groupOf(run: Run, group: UsageGroup, atMs: number): string {
  switch (group) {
    case 'DAY':
      return dayOf(atMs);
    case 'OFFERING':
      return run.offeringId;
    case 'MODEL':
      return run.modelId;
    case 'PROVIDER':
      return run.providerId;
    case 'CALLER':
      return run.caller;
    case 'PRICE_VERSION':
      return run.priceVersion;
  }
}

const emptySum = {
  runs: 0,
  unresolvedRuns: 0,
  inputTokens: 0,
  outputTokens: 0,
  charge: Decimal.zero,
  costMinimum: Decimal.zero,
  costMaximum: Decimal.zero,
};

function sumWith(row: UsageRow, run: Run): UsageRow {
  const costMaximum = row.costMaximum.plus(run.cost.maximum);
  if (run.state === 'UNKNOWN') {
    return { ...row, unresolvedRuns: row.unresolvedRuns + 1, costMaximum };
  }
  return {
    ...row,
    runs: row.runs + 1,
    inputTokens: row.inputTokens + (run.usage?.inputTokens ?? 0),
    outputTokens: row.outputTokens + (run.usage?.outputTokens ?? 0),
    charge: row.charge.plus(run.charge),
    costMinimum: row.costMinimum.plus(run.cost.minimum),
    costMaximum,
  };
}

/** One change after the other, each on a copy that replaces the tables when it ends well. */
class MemoryDatabase {
  tables = new MemoryTables();
  #last: Promise<unknown> = Promise.resolve();

  async change<Result>(work: (tables: MemoryTables) => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(async () => {
      const copy = this.tables.copy();
      const result = await work(copy);
      this.tables = copy;
      return result;
    });
    this.#last = turn.catch(() => undefined);
    return await turn;
  }
}
