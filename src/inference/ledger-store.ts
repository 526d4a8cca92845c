import type { Decimal } from '../domain/decimal.ts';
import type { InferenceDelta } from '../domain/inference.ts';
import type { Fact } from './facts.ts';
import type { Run, RunState } from './run.ts';

/**
 * What the ledger asks of storage. Everything inside one {@link LedgerStore.transaction} happens or does
 * not happen, and what it read does not change before it ends; when its promise resolves it is durable.
 */
export interface LedgerStore {
  /**
   * Runs `work` as one serialisable step. It may run more than once when the storage engine asks for a
   * repeat, so it must have no effect but through its argument. Never held across a network call of ours.
   *
   * A connection lost during the commit is looked into before anything is said: what was stored is
   * reported as done, what was not is done again.
   */
  transaction<Result>(work: (ledger: LedgerTransaction) => Promise<Result>): Promise<Result>;

  run(id: string): Promise<Run | undefined>;
  /** The runs of these ids, in their order. */
  runs(ids: readonly string[]): Promise<readonly (Run | undefined)[]>;
  runByKey(caller: string, idempotencyKey: string): Promise<Run | undefined>;
  /** Runs of a caller, newest first by creation and id. */
  listRuns(query: RunQuery): Promise<readonly Run[]>;
  countRuns(query: RunCriteria): Promise<number>;
  /** The facts of a run in their order. */
  facts(runId: string): Promise<readonly Fact[]>;
  /** Sums over settled and unknown runs; at most `limit` rows. */
  usage(query: UsageQuery): Promise<readonly UsageRow[]>;
  /** Runs that have not ended and belong to none of the given owners. */
  unfinishedRuns(liveOwners: readonly string[], limit: number): Promise<readonly Run[]>;

  /** Events of a run behind a position, in order. */
  events(runId: string, afterPosition: number, limit: number): Promise<readonly StoredEvent[]>;
  /**
   * The first `limit` events behind a position of each run, in the order asked.
   *
   * @throws EventsTooMany when all of them together are more than are given at once.
   */
  eventPages(
    questions: readonly EventPageQuestion[],
    limit: number,
  ): Promise<readonly (readonly StoredEvent[])[]>;
  /** Content of these runs, in their order. */
  contents(runIds: readonly string[]): Promise<readonly (StoredContent | undefined)[]>;
  /** Unfinished runs of an owner that somebody asked to be stopped. */
  cancelRequests(owner: string): Promise<readonly string[]>;
  /** Removes content and events whose time is over, at most `limit` of each; the number removed. */
  expireContent(nowMs: number, limit: number): Promise<number>;

  /** What a caller's runs hold and were charged on a day, whether a budget was kept for it or not. */
  budgetOrSum(caller: string, day: string): Promise<BudgetDay>;
  /** The newest speed samples of each offering since a moment. */
  speedSamples(sinceMs: number, perOffering: number): Promise<readonly SpeedSample[]>;

  /** Says that this owner is alive until a moment, and names all owners that are. */
  renewOwner(owner: string, nowMs: number, untilMs: number): Promise<readonly string[]>;
}

/** The steps of one transaction. */
export interface LedgerTransaction {
  runByKey(caller: string, idempotencyKey: string): Promise<Run | undefined>;
  run(id: string): Promise<Run | undefined>;
  /** Writes a new run with its first facts. Fails when the caller has a run of this key. */
  insertRun(run: Run, facts: readonly Fact[]): Promise<void>;
  /**
   * Writes the run after further facts, and these facts; `run.facts` is the number of the last one.
   *
   * @returns false when the stored run has not exactly the facts before them: then nothing is written.
   */
  updateRun(run: Run, facts: readonly Fact[]): Promise<boolean>;
  /**
   * Takes one of the places for runs in flight at a provider, of which all processes together have
   * `concurrency`. Its run, to be written in the same step, keeps it for as long as it is `RUNNING`.
   *
   * @returns false when every place is taken.
   */
  takePlace(providerId: string, runId: string, concurrency: number): Promise<boolean>;
  /** Runs that a caller reserved since a moment. */
  launchedSince(caller: string, sinceMs: number): Promise<number>;
  /** Undefined for a day without a budget; nobody begins one before this step ends. */
  budget(caller: string, day: string): Promise<BudgetDay | undefined>;
  /** The budget of a day, begun with what the caller's runs of that day hold and were charged so far. */
  beginBudget(caller: string, day: string): Promise<BudgetDay>;
  putBudget(caller: string, day: string, budget: BudgetDay): Promise<void>;
  /** Writes request and output of a run; an undefined one leaves what is stored. */
  putContent(content: StoredContent): Promise<void>;
  /** Fails when the run has an event at one of these positions. */
  appendEvents(runId: string, events: readonly NewEvent[], expiresAtMs: number): Promise<void>;
  /** Removes the events of a try that was certainly not executed, before the next one. */
  removeEvents(runId: string): Promise<void>;
  addSpeedSample(sample: SpeedSample): Promise<void>;
}

/** Which runs. */
export interface RunCriteria {
  /** Undefined for all callers, which operators may see. */
  readonly caller: string | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly states?: readonly RunState[] | undefined;
  readonly offeringIds?: readonly string[] | undefined;
}

export interface RunQuery extends RunCriteria {
  readonly limit: number;
  /** Only runs behind this one in the order asked for. */
  readonly behind?: { readonly createdAtMs: number; readonly id: string } | undefined;
  /** Oldest first instead. */
  readonly oldestFirst?: boolean | undefined;
}

export type UsageGroup = 'DAY' | 'OFFERING' | 'MODEL' | 'PROVIDER' | 'CALLER' | 'PRICE_VERSION';

export interface UsageQuery extends RunCriteria {
  readonly groupBy: readonly UsageGroup[];
  readonly limit: number;
}

export interface UsageRow {
  readonly group: Readonly<Partial<Record<UsageGroup, string>>>;
  readonly runs: number;
  readonly unresolvedRuns: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly charge: Decimal;
  readonly costMinimum: Decimal;
  readonly costMaximum: Decimal;
}

/** A caller's budget on one UTC day, in USD. */
export interface BudgetDay {
  readonly reserved: Decimal;
  readonly spent: Decimal;
}

/** Request and output of a run, sealed when a content key is given. */
export interface StoredContent {
  readonly runId: string;
  readonly request: string | undefined;
  readonly output: string | undefined;
  readonly expiresAtMs: number;
}

/** An event to be stored; positions within a run grow by one. */
export interface NewEvent {
  readonly position: number;
  readonly atMs: number;
  /** A sealed {@link InferenceDelta}, or null for the end of the run. */
  readonly body: string | null;
}

/** From where on a run's events are wanted. */
export interface EventPageQuestion {
  readonly runId: string;
  readonly afterPosition: number;
}

/** More events than are read at once; fewer runs or a smaller page have less. */
export class EventsTooMany extends Error {
  override readonly name = 'EventsTooMany';
  readonly maximumEvents: number;

  constructor(maximumEvents: number) {
    super(`The pages have more than ${maximumEvents} events together`);
    this.maximumEvents = maximumEvents;
  }
}

export interface StoredEvent {
  readonly position: number;
  readonly atMs: number;
  readonly body: string | null;
}

/** An event as readers see it. */
export interface RunEvent {
  readonly position: number;
  readonly atMs: number;
  /** Undefined at the end of the run, or when the content can't be read any more. */
  readonly delta: InferenceDelta | undefined;
  readonly isEnd: boolean;
}

/** What one settled run says about its offering's speed. */
export interface SpeedSample {
  readonly offeringId: string;
  readonly atMs: number;
  readonly tokensPerSecond: number | undefined;
  readonly timeToFirstTokenMs: number | undefined;
  readonly queueMs: number | undefined;
}
