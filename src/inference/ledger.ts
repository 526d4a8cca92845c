import type { Decimal } from '../domain/decimal.ts';
import { inSpan } from '../domain/tracing.ts';
import type { Tracing } from '../domain/tracing.ts';
import type { Clock } from '../domain/clock.ts';
import { releaseFromBudget } from './budgets.ts';
import { FactRefused, isOverrun } from './facts.ts';
import type { Ending, Fact } from './facts.ts';
import { appended, endIn, isKeyExpired, presentRun, reserveIn } from './ledger-steps.ts';
import type { EndingExtras, LedgerRules } from './ledger-steps.ts';
import type { LedgerStore, LedgerTransaction, NewEvent } from './ledger-store.ts';
import type { ActOrigin, Reservation, ReservationResult } from './reservation.ts';
import { isFinal } from './run.ts';
import type { Resolution, Run } from './run.ts';

export interface LedgerOptions extends LedgerRules {
  readonly store: LedgerStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly onOverrun: (run: Run) => void;
  /** Gives each step a span. */
  readonly tracing?: Tracing | undefined;
}

/**
 * The book of runs and money. Every change is one durable step that adds facts; nothing is sent to a
 * provider before the fact that says so is durable.
 */
export class Ledger {
  readonly #options: LedgerOptions;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  get store(): LedgerStore {
    return this.#options.store;
  }

  get owner(): string {
    return this.#options.owner;
  }

  /** Whether a run's key was used longer ago than keys are kept. */
  isKeyExpired(run: Run, nowMs = this.#options.clock.now()): boolean {
    return isKeyExpired(run, this.#options, nowMs);
  }

  /**
   * Checks key and budget and reserves the worst case, in one step. With `start: 'SENDING'` the first
   * attempt begins in the same step.
   */
  async reserve(reservation: Reservation): Promise<ReservationResult> {
    const nowMs = this.#options.clock.now();
    return await this.#step('reserve', reservation.id, (ledger) =>
      reserveIn(ledger, this.#options, reservation, nowMs),
    );
  }

  /**
   * Begins the first attempt of a run that waits.
   *
   * @param concurrency - as that of its reservation.
   * @returns undefined when every place at the provider is taken, over all processes.
   */
  async sendQueued(run: Run, concurrency: number | undefined): Promise<Run | undefined> {
    return await this.#step('send_queued', run.id, async (ledger) => {
      const present = await presentRun(ledger, run);
      if (
        concurrency !== undefined &&
        !(await ledger.takePlace(run.providerId, run.id, concurrency))
      ) {
        return undefined;
      }
      return await appended(ledger, present, {
        kind: 'SENDING',
        atMs: this.#options.clock.now(),
      });
    });
  }

  /** Begins a further attempt of a run whose last one was voided. */
  async beginAttempt(run: Run): Promise<Run> {
    return await this.#append(run, { kind: 'SENDING', atMs: this.#options.clock.now() });
  }

  /** Closes an attempt that certainly was not executed, before another one. */
  async voidAttempt(run: Run, outcome: 'NOT_SENT' | 'NOT_EXECUTED'): Promise<Run> {
    return await this.#append(run, {
      kind: 'ATTEMPT_VOIDED',
      atMs: this.#options.clock.now(),
      outcome,
    });
  }

  /**
   * Settles a run: its facts, its money, what it answered and how fast it was, in one step. A run that was
   * given up as unknown in the meantime takes the late ending as a new fact.
   *
   * @throws FactRefused when another owner carries the run, or somebody resolved it.
   */
  async end(run: Run, ending: Ending, extras: EndingExtras = {}): Promise<Run> {
    const atMs = this.#options.clock.now();
    const fact = { kind: 'ENDED', atMs, ending } as const;
    const settled = await this.#step('end', run.id, (ledger) => endIn(ledger, run, fact, extras));
    if (isOverrun(settled)) this.#options.onOverrun(settled);
    return settled;
  }

  /** Stores events of a run in order; they are readable when this resolves. */
  async appendEvents(
    runId: string,
    events: readonly NewEvent[],
    expiresAtMs: number,
  ): Promise<void> {
    await this.#step('append_events', runId, async (ledger) => {
      await ledger.appendEvents(runId, events, expiresAtMs);
    });
  }

  /** Gives up a run whose owner is gone while it was in flight. The money stays held for its day. */
  async lose(run: Run, reason: string): Promise<Run> {
    return await this.#step('lose', run.id, async (ledger) => {
      const present = await ledger.run(run.id);
      if (present === undefined || present.fence !== run.fence) throw new FactRefused('Moved on');
      return await appended(ledger, present, {
        kind: 'LOST',
        atMs: this.#options.clock.now(),
        reason,
      });
    });
  }

  /**
   * Notes that a run is to be stopped; whoever carries it out does so.
   *
   * @returns undefined when the caller has no such run.
   */
  async requestCancel(runId: string, caller: string, origin: ActOrigin): Promise<Run | undefined> {
    return await this.#step('request_cancel', undefined, async (ledger) => {
      const present = await ledger.run(runId);
      if (present?.caller !== caller) return undefined;
      if (isFinal(present.state) || present.cancelRequestedAtMs !== undefined) return present;
      const atMs = this.#options.clock.now();
      return await appended(ledger, present, {
        kind: 'CANCEL_REQUESTED',
        atMs,
        by: caller,
        ...origin,
      });
    });
  }

  /** Takes over a run that was not sent and whose owner is gone. */
  async adopt(run: Run): Promise<Run> {
    return await this.#step('adopt', run.id, async (ledger) => {
      const present = await ledger.run(run.id);
      if (present === undefined || present.fence !== run.fence) throw new FactRefused('Moved on');
      return await appended(ledger, present, {
        kind: 'ADOPTED',
        atMs: this.#options.clock.now(),
        owner: this.owner,
      });
    });
  }

  /**
   * Closes a run of unknown outcome with evidence.
   *
   * @returns undefined when the run is not of unknown outcome.
   */
  async resolve(runId: string, resolution: Resolution, cost: Decimal): Promise<Run | undefined> {
    const resolved = await this.#step('resolve', undefined, async (ledger) => {
      const present = await ledger.run(runId);
      if (present?.state !== 'UNKNOWN') return undefined;
      const after = await appended(ledger, present, { kind: 'RESOLVED', resolution, cost });
      await releaseFromBudget(ledger, present, after);
      return after;
    });
    if (resolved !== undefined && isOverrun(resolved)) this.#options.onOverrun(resolved);
    return resolved;
  }

  /** One durable step. The run's id is undefined where it is still a client's text. */
  #step<Result>(
    name: string,
    runId: string | undefined,
    work: (ledger: LedgerTransaction) => Promise<Result>,
  ): Promise<Result> {
    const { store, tracing } = this.#options;
    if (tracing === undefined) return store.transaction(work);
    return inSpan(tracing, `ledger.${name}`, { 'gpubroker.run.id': runId }, () =>
      store.transaction(work),
    );
  }

  async #append(run: Run, fact: Fact): Promise<Run> {
    return await this.#step(
      fact.kind === 'SENDING' ? 'begin_attempt' : 'void_attempt',
      run.id,
      async (ledger) => await appended(ledger, await presentRun(ledger, run), fact),
    );
  }
}
