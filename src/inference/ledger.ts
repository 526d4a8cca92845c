import type { Decimal } from '../domain/decimal.ts';
import { inSpan } from '../domain/tracing.ts';
import type { Tracing } from '../domain/tracing.ts';
import type { Clock } from '../domain/clock.ts';
import { holdInBudget, presentBudget, refusalBy, releaseFromBudget } from './budgets.ts';
import { afterFact, FactRefused, isOverrun } from './facts.ts';
import type { Ending, Fact } from './facts.ts';
import type {
  LedgerStore,
  LedgerTransaction,
  NewEvent,
  SpeedSample,
  StoredContent,
} from './ledger-store.ts';
import { blankRun, orderOf, originOf } from './reservation.ts';
import type { ActOrigin, Reservation, ReservationResult } from './reservation.ts';
import { isFinal } from './run.ts';
import type { Resolution, Run } from './run.ts';

export interface LedgerOptions {
  readonly store: LedgerStore;
  readonly clock: Pick<Clock, 'now'>;
  /** This process, unique in time and space. */
  readonly owner: string;
  /** Launches of one caller within a minute; undefined for no limit. */
  readonly launchesPerMinute: number | undefined;
  /** How long a key is remembered. */
  readonly keyLifeMs: number;
  /** A run was settled or resolved that cost more than was reserved. */
  readonly onOverrun: (run: Run) => void;
  /** Gives each step a span. */
  readonly tracing?: Tracing | undefined;
}

/** What is written beside an ending, in the same step. */
export interface EndingExtras {
  readonly content?: Omit<StoredContent, 'runId'> | undefined;
  readonly events?: readonly NewEvent[] | undefined;
  readonly eventsExpireAtMs?: number | undefined;
  readonly speed?: SpeedSample | undefined;
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
    return nowMs - run.createdAtMs >= this.#options.keyLifeMs;
  }

  /**
   * Checks key and budget and reserves the worst case, in one step. With `start: 'SENDING'` the first
   * attempt begins in the same step.
   */
  async reserve(reservation: Reservation): Promise<ReservationResult> {
    const nowMs = this.#options.clock.now();
    return await this.#step('reserve', reservation.id, async (ledger) => {
      const known = await ledger.runByKey(reservation.caller, reservation.idempotencyKey);
      const answer = this.#answerOf(known, reservation, nowMs);
      if (answer !== undefined) return answer;
      if (reservation.supersedes !== undefined) {
        const superseded = await ledger.run(reservation.supersedes);
        if (superseded?.caller !== reservation.caller || superseded.state !== 'UNKNOWN') {
          return { kind: 'SUPERSEDES_INVALID' };
        }
      }
      if (await this.#launchesTooOften(ledger, reservation.caller, nowMs)) {
        return { kind: 'RATE_LIMITED', retryAfterMs: minuteMs };
      }
      const budget = await presentBudget(ledger, reservation, nowMs);
      const refusal = refusalBy(budget, reservation);
      if (refusal !== undefined) return refusal;
      const { providerId, concurrency } = reservation;
      const id = known?.id ?? reservation.id;
      if (
        reservation.start === 'SENDING' &&
        !(await ledger.takePlace(providerId, id, concurrency))
      ) {
        return { kind: 'PROVIDER_FULL' };
      }
      if (budget !== undefined) await holdInBudget(ledger, budget, reservation, nowMs);
      const run = await this.#writeReservation(ledger, known, reservation, nowMs);
      if (reservation.content !== undefined) {
        await ledger.putContent({ ...reservation.content, runId: run.id });
      }
      return { kind: 'RESERVED', run };
    });
  }

  /**
   * Begins the first attempt of a run that waits.
   *
   * @returns undefined when every place at the provider is taken, over all processes.
   */
  async sendQueued(run: Run, concurrency: number): Promise<Run | undefined> {
    return await this.#step('send_queued', run.id, async (ledger) => {
      const present = await this.#present(ledger, run);
      if (!(await ledger.takePlace(run.providerId, run.id, concurrency))) return undefined;
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
    const settled = await this.#step('end', run.id, async (ledger) => {
      const { before, after } = await this.#ended(ledger, run, { kind: 'ENDED', atMs, ending });
      await releaseFromBudget(ledger, before, after);
      if (extras.content !== undefined) {
        await ledger.putContent({ ...extras.content, runId: run.id });
      }
      if (extras.events !== undefined && extras.events.length > 0) {
        await ledger.appendEvents(run.id, extras.events, extras.eventsExpireAtMs ?? atMs);
      }
      if (extras.speed !== undefined) await ledger.addSpeedSample(extras.speed);
      return after;
    });
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

  #answerOf(
    known: Run | undefined,
    reservation: Reservation,
    nowMs: number,
  ): ReservationResult | undefined {
    if (known === undefined) return undefined;
    if (this.isKeyExpired(known, nowMs)) return { kind: 'KEY_EXPIRED' };
    if (known.requestHash !== reservation.requestHash) return { kind: 'CONFLICT', run: known };
    return known.retriable ? undefined : { kind: 'KNOWN', run: known };
  }

  async #launchesTooOften(
    ledger: LedgerTransaction,
    caller: string,
    nowMs: number,
  ): Promise<boolean> {
    const { launchesPerMinute } = this.#options;
    if (launchesPerMinute === undefined) return false;
    // Who waits a minute, as he is told, finds room again.
    return (await ledger.launchedSince(caller, nowMs - minuteMs + 1)) >= launchesPerMinute;
  }

  async #writeReservation(
    ledger: LedgerTransaction,
    known: Run | undefined,
    reservation: Reservation,
    nowMs: number,
  ): Promise<Run> {
    const fact: Fact = {
      kind: 'RESERVED',
      atMs: nowMs,
      owner: this.owner,
      ...originOf(reservation),
      priceVersion: reservation.priceVersion,
      prices: reservation.prices,
      reserved: reservation.worstCase,
      deadlineAtMs: reservation.deadlineAtMs,
      order: orderOf(reservation),
    };
    const start: Fact = { kind: reservation.start, atMs: nowMs };
    const run = afterFact(afterFact(known ?? blankRun(reservation, nowMs), fact), start);
    if (known === undefined) {
      await ledger.insertRun(run, [fact, start]);
    } else {
      await ledger.removeEvents(run.id);
      await updated(ledger, run, [fact, start]);
    }
    return run;
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
      async (ledger) => await appended(ledger, await this.#present(ledger, run), fact),
    );
  }

  /**
   * Ends a run that its owner knows: it is not read again where no fact came in since, which storage checks
   * as it writes.
   */
  async #ended(
    ledger: LedgerTransaction,
    known: Run,
    fact: Fact,
  ): Promise<{ readonly before: Run; readonly after: Run }> {
    const after = afterFact(known, fact);
    if (await ledger.updateRun(after, [fact])) return { before: known, after };
    const before = await this.#present(ledger, known);
    return { before, after: await appended(ledger, before, fact) };
  }

  /** The run as it stands, provided that nobody else carries it by now. */
  async #present(ledger: LedgerTransaction, run: Run): Promise<Run> {
    const present = await ledger.run(run.id);
    if (present === undefined) throw new FactRefused('No such run');
    if (present.fence !== run.fence) throw new FactRefused('Another owner carries the run');
    return present;
  }
}

const minuteMs = 60_000;

async function appended(ledger: LedgerTransaction, run: Run, fact: Fact): Promise<Run> {
  const after = afterFact(run, fact);
  await updated(ledger, after, [fact]);
  return after;
}

/** Writes a run that was read in the same step, so that nobody can have changed it since. */
async function updated(ledger: LedgerTransaction, run: Run, facts: readonly Fact[]): Promise<void> {
  if (!(await ledger.updateRun(run, facts))) throw new Error('A run changed within one step');
}
