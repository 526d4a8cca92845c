import { Decimal } from '../../src/domain/decimal.ts';
import type { Fact } from '../../src/inference/facts.ts';
import type {
  BudgetDay,
  LedgerTransaction,
  NewEvent,
  SpeedSample,
  StoredContent,
  StoredEvent,
} from '../../src/inference/ledger-store.ts';
import { dayOf, holdsReservation } from '../../src/inference/run.ts';
import type { Run } from '../../src/inference/run.ts';
import { StoreError } from '../../src/store/store-error.ts';

interface ContentPart {
  readonly body: string;
  readonly expiresAtMs: number;
}

interface KeptEvent extends StoredEvent {
  readonly expiresAtMs: number;
}

/** Everything that a ledger keeps, as plain values that are only ever replaced. */
export class MemoryTables {
  readonly runs = new Map<string, Run>();
  readonly facts = new Map<string, readonly Fact[]>();
  readonly events = new Map<string, readonly KeptEvent[]>();
  /** By run and part: `request` or `output`. */
  readonly contents = new Map<string, ContentPart>();
  readonly budgets = new Map<string, BudgetDay>();
  /** The runs that hold a place, by provider. */
  readonly places = new Map<string, ReadonlySet<string>>();
  readonly leases = new Map<string, number>();
  samples: readonly SpeedSample[] = [];

  copy(): MemoryTables {
    const copy = new MemoryTables();
    copyInto(copy.runs, this.runs);
    copyInto(copy.facts, this.facts);
    copyInto(copy.events, this.events);
    copyInto(copy.contents, this.contents);
    copyInto(copy.budgets, this.budgets);
    copyInto(copy.places, this.places);
    copyInto(copy.leases, this.leases);
    copy.samples = this.samples;
    return copy;
  }

  runByKey(caller: string, idempotencyKey: string): Run | undefined {
    return this.runs
      .values()
      .find((run) => run.caller === caller && run.idempotencyKey === idempotencyKey);
  }

  sumOfDay(caller: string, day: string): BudgetDay {
    let sum: BudgetDay = { reserved: Decimal.zero, spent: Decimal.zero };
    for (const run of this.runs.values()) {
      if (run.caller !== caller || dayOf(run.reservedAtMs) !== day) continue;
      sum = {
        reserved: holdsReservation(run) ? sum.reserved.plus(run.reserved) : sum.reserved,
        spent: sum.spent.plus(run.charge),
      };
    }
    return sum;
  }
}

function copyInto<Key, Value>(target: Map<Key, Value>, source: ReadonlyMap<Key, Value>): void {
  for (const [key, value] of source) target.set(key, value);
}

/** The steps of one transaction on a copy of the tables. */
export class MemoryTransaction implements LedgerTransaction {
  readonly #tables: MemoryTables;

  constructor(tables: MemoryTables) {
    this.#tables = tables;
  }

  async runByKey(caller: string, idempotencyKey: string): Promise<Run | undefined> {
    return this.#tables.runByKey(caller, idempotencyKey);
  }

  async run(id: string): Promise<Run | undefined> {
    return this.#tables.runs.get(id);
  }

  async insertRun(run: Run, facts: readonly Fact[]): Promise<void> {
    if (this.#tables.runByKey(run.caller, run.idempotencyKey) !== undefined) {
      throw new StoreError('KEY_TAKEN', 'The caller has another run of this key');
    }
    if (this.#tables.runs.has(run.id)) throw new Error('There is a run of this id');
    this.#write(run, [], facts);
  }

  async updateRun(run: Run, facts: readonly Fact[]): Promise<boolean> {
    const stored = this.#tables.runs.get(run.id);
    if (stored?.facts !== run.facts - facts.length) return false;
    this.#write(run, this.#tables.facts.get(run.id) ?? [], facts);
    if (run.state === 'RUNNING') return true;
    for (const [provider, holders] of this.#tables.places) {
      if (!holders.has(run.id)) continue;
      this.#tables.places.set(provider, new Set([...holders].filter((id) => id !== run.id)));
    }
    return true;
  }

  async takePlace(providerId: string, runId: string, concurrency: number): Promise<boolean> {
    const holders = this.#tables.places.get(providerId) ?? new Set();
    if (holders.size >= concurrency) return false;
    this.#tables.places.set(providerId, new Set([...holders, runId]));
    return true;
  }

  async launchedSince(caller: string, sinceMs: number): Promise<number> {
    return this.#tables.runs
      .values()
      .filter((run) => run.caller === caller && run.reservedAtMs >= sinceMs)
      .toArray().length;
  }

  async budget(caller: string, day: string): Promise<BudgetDay | undefined> {
    return this.#tables.budgets.get(budgetKey(caller, day));
  }

  async beginBudget(caller: string, day: string): Promise<BudgetDay> {
    const begun = await this.budget(caller, day);
    if (begun !== undefined) return begun;
    const sum = this.#tables.sumOfDay(caller, day);
    await this.putBudget(caller, day, sum);
    return sum;
  }

  async putBudget(caller: string, day: string, budget: BudgetDay): Promise<void> {
    this.#tables.budgets.set(budgetKey(caller, day), budget);
  }

  async putContent({ runId, request, output, expiresAtMs }: StoredContent): Promise<void> {
    for (const [part, body] of [
      ['request', request],
      ['output', output],
    ] as const) {
      if (body === undefined) continue;
      this.#tables.contents.set(`${runId} ${part}`, { body, expiresAtMs });
    }
  }

  async appendEvents(
    runId: string,
    events: readonly NewEvent[],
    expiresAtMs: number,
  ): Promise<void> {
    const stored = this.#tables.events.get(runId) ?? [];
    const positions = new Set(stored.map(({ position }) => position));
    if (events.some(({ position }) => positions.has(position))) {
      throw new Error('The run has an event at this position');
    }
    const added = events.map((event) => ({ ...event, expiresAtMs }));
    this.#tables.events.set(
      runId,
      [...stored, ...added].sort((left, right) => left.position - right.position),
    );
  }

  async removeEvents(runId: string): Promise<void> {
    this.#tables.events.delete(runId);
  }

  async addSpeedSample(sample: SpeedSample): Promise<void> {
    this.#tables.samples = [...this.#tables.samples, sample];
  }

  #write(run: Run, before: readonly Fact[], facts: readonly Fact[]): void {
    if (facts.length === 0 || run.facts !== before.length + facts.length) {
      throw new RangeError('The facts do not lead up to the run');
    }
    this.#tables.runs.set(run.id, run);
    this.#tables.facts.set(run.id, [...before, ...facts]);
  }
}

export function budgetKey(caller: string, day: string): string {
  return `${day} ${caller}`;
}
