import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Clock } from '../domain/clock.ts';
import type { Decimal } from '../domain/decimal.ts';
import type { AttemptLimits, InferencePayload } from '../domain/inference.ts';
import type { ProviderInterface } from '../providers/provider.ts';
import { carryOut } from './carry-out.ts';
import { sealedRequest } from './content.ts';
import type { ContentSealer } from './content.ts';
import { hindranceOf } from './hindrances.ts';
import type { Ledger } from './ledger.ts';
import {
  defaultDeadlineMs,
  faultOf,
  maximumDeadlineMs,
  metadataOf,
  requestHash,
} from './launch-request.ts';
import type { LaunchRequest } from './launch-request.ts';
import type { LaunchTally } from './launch-tally.ts';
import { LiveRuns } from './live-runs.ts';
import type { RunView, StopReason } from './live-runs.ts';
import { Places } from './places.ts';
import { RateGate } from './rate-gate.ts';
import { refusal, refusalOfFailure } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import { conflict, keyExpired, refusalOfReservation } from './refused-reservation.ts';
import { originOf } from './reservation.ts';
import type { ActOrigin, Reservation, ReservationResult } from './reservation.ts';
import type { Run } from './run.ts';
import { SpeedBoard } from './speed.ts';
import { termsOf } from './terms.ts';
import type { TermLimits, Terms } from './terms.ts';

/** Who launches, and what the operator or his token allows him. */
export interface LaunchCaller extends ActOrigin {
  readonly id: string;
  readonly canLaunch: boolean;
  /** USD for one UTC day; undefined for no budget. */
  readonly dailyBudget: Decimal | undefined;
}

/** What came of a launch. */
export type LaunchResult =
  { readonly kind: 'LAUNCHED'; readonly view: RunView; readonly replayed: boolean } | Refusal;

export interface LauncherOptions {
  readonly catalogue: Pick<
    Catalogue,
    'snapshot' | 'observedRegions' | 'noteServedCode' | 'noteDecommissioned'
  >;
  readonly providers: ReadonlyMap<string, ProviderInterface>;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly newRunId: () => string;
  readonly limits: LauncherLimits;
  /** Whether no other process launches over the same ledger: then the places of this one are all that there are. */
  readonly isAlone?: boolean;
  readonly sealer: ContentSealer;
  readonly log: (event: string, fields: Readonly<Record<string, unknown>>) => void;
  readonly tally?: LaunchTally;
}

/** Bounds on launches; see the settings in the README. */
export interface LauncherLimits extends TermLimits {
  /** In flight at one provider, over all processes. */
  readonly concurrency: number;
  /** Waiting for a place at one provider, in this process. */
  readonly queueLength: number;
  /** How long request and answer are kept; 0 keeps none. */
  readonly contentLifeMs: number;
  /** The only hosts that `audioUrl` may name; absent: any public one. */
  readonly audioHosts?: ReadonlySet<string>;
  readonly attempt: AttemptLimits;
}

/**
 * Launches inference: one intent, one charge, a receipt.
 *
 * Everything is refused before money moves or reserved before anything is sent. A run goes on whoever
 * waits for it; those who ask again with its key get the same run.
 */
export class Launcher {
  readonly live: LiveRuns;
  readonly speed = new SpeedBoard();
  readonly rateGate = new RateGate();
  readonly options: LauncherOptions;
  readonly #places = new Map<string, Places>();
  /** Reservations that are under way, by {@link intentOf}: all of an intent together. */
  readonly #reserving = new Map<string, Promise<unknown>>();
  #isClosing = false;

  constructor(options: LauncherOptions) {
    this.options = options;
    this.live = new LiveRuns(options.ledger.store, options.clock);
  }

  /** Places at each provider that was launched at. */
  get places(): ReadonlyMap<string, Pick<Places, 'taken' | 'queued'>> {
    return this.#places;
  }

  /** Runs in flight at one provider that the ledger has to count; undefined where nobody else has any. */
  get sharedConcurrency(): number | undefined {
    return this.options.isAlone === true ? undefined : this.options.limits.concurrency;
  }

  /** Launches, or gives the run that the key already bought. */
  async launch(request: LaunchRequest, caller: LaunchCaller): Promise<LaunchResult> {
    const result = await this.#launch(request, caller);
    this.options.tally?.answered(
      result.kind === 'REFUSED' ? result.code : result.replayed ? 'REPLAYED' : 'LAUNCHED',
    );
    return result;
  }

  async #launch(request: LaunchRequest, caller: LaunchCaller): Promise<LaunchResult> {
    if (!caller.canLaunch) {
      return refusal(
        'FORBIDDEN',
        'Launching takes a named caller with the scope inference:launch.',
      );
    }
    const fault = faultOf(request, this.options.limits.audioHosts);
    if (fault !== undefined) return fault;
    const hash = requestHash(request);
    const terms = this.#terms(request);
    // A known key answers before today's prices, limits and availability are looked at.
    if (terms.kind === 'REFUSED') return (await this.#knownRun(request, caller, hash)) ?? terms;
    const { limits, sealer, clock } = this.options;
    const hindrance = hindranceOf(request.mode, terms, {
      isClosing: this.#isClosing,
      keepsContent: limits.contentLifeMs > 0,
      sealer,
      rateGate: this.rateGate,
      nowMs: clock.now(),
    });
    if (hindrance !== undefined) {
      return (await this.#knownRun(request, caller, hash)) ?? hindrance;
    }
    return await this.#reserveAndRun(request, caller, hash, terms);
  }

  /** What a launch would reserve. */
  estimate(request: LaunchRequest): Terms | Refusal {
    return faultOf(request, this.options.limits.audioHosts) ?? this.#terms(request);
  }

  /**
   * Stops a run of the caller, whichever process carries it out, and waits for its end within a bound;
   * undefined when the caller has none of this id.
   */
  async cancel(runId: string, caller: LaunchCaller): Promise<RunView | undefined> {
    const { ledger, log } = this.options;
    const run = await ledger.requestCancel(runId, caller.id, originOf(caller));
    if (run === undefined) return undefined;
    log('launch.cancel_requested', { runId, by: caller.id, ...originOf(caller) });
    this.live.get(runId)?.stop.abort('CANCEL' satisfies StopReason);
    return await this.live.waitFor(run, cancelWaitMs);
  }

  /** Carries on with a run that was reserved, here or by a process that is gone. */
  resume(run: Run, payload: InferencePayload, arrivedAtMs: number): void {
    this.#start(run, payload, arrivedAtMs, undefined, undefined);
  }

  /** Whether this process carries the run out, or is about to. */
  carries(run: Run): boolean {
    return (
      this.live.get(run.id) !== undefined ||
      this.#reserving.has(intentOf(run.caller, run.idempotencyKey))
    );
  }

  /** Takes no more launches, and waits for the runs that go on. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    const timer = new AbortController();
    await Promise.race([
      this.live.allEnded(),
      this.options.clock.sleep(graceMs, timer.signal).catch(() => undefined),
    ]);
    timer.abort();
  }

  #terms(request: LaunchRequest): Terms | Refusal {
    const { catalogue, providers, limits, clock } = this.options;
    return termsOf(request, { catalogue, providers, limits, nowMs: clock.now() });
  }

  /** The answer for a key that is known already; undefined when it is free to be used. */
  async #knownRun(
    request: LaunchRequest,
    caller: LaunchCaller,
    hash: string,
  ): Promise<LaunchResult | undefined> {
    let run: Run | undefined;
    try {
      run = await this.options.ledger.store.runByKey(caller.id, request.idempotencyKey);
    } catch (error) {
      return this.#ledgerUnavailable(error);
    }
    if (run === undefined || run.retriable) return undefined;
    if (this.options.ledger.isKeyExpired(run)) return keyExpired();
    if (run.requestHash !== hash) return conflict(run);
    return await this.#replay(request, run);
  }

  async #reserveAndRun(
    request: LaunchRequest,
    caller: LaunchCaller,
    hash: string,
    terms: Terms,
  ): Promise<LaunchResult> {
    const intent = intentOf(caller.id, request.idempotencyKey);
    const reservation = this.#reservation(request, caller, hash, terms);
    const places = this.#placesOf(terms.offering.provider.id);
    const place = places.tryTake();
    const entrance = place ?? places.tryQueue();
    if (entrance === undefined) {
      // A twin that got in may be about to be written.
      await this.#reserving.get(intent);
      const known = await this.#knownRun(request, caller, hash);
      return known ?? refusal('QUEUE_FULL', 'Too many launches wait.', { retryAfterMs: 1000 });
    }
    let result;
    try {
      const reserving = this.#reserve(
        { ...reservation, start: place === undefined ? 'QUEUED' : 'SENDING' },
        terms.payload,
        { places, place, entrance },
      );
      result = await this.#noted(intent, reserving);
    } catch (error) {
      return this.#ledgerUnavailable(error);
    }
    if (result.kind === 'RESERVED') return await this.#answer(request, result.run, false);
    if (result.kind === 'KNOWN') return await this.#replay(request, result.run);
    return refusalOfReservation(result, terms, this.options.clock.now());
  }

  /** Reserves and, when that is done, starts: what got in goes on with the run or leaves. */
  async #reserve(
    reservation: Reservation,
    payload: InferencePayload,
    { places, place, entrance }: Entrance,
  ): Promise<ReservationResult> {
    const { ledger, clock } = this.options;
    const arrivedAtMs = clock.monotonic();
    let leaveQueue = place === undefined ? entrance : undefined;
    let isStarted = false;
    try {
      let result = await ledger.reserve(reservation);
      if (result.kind === 'PROVIDER_FULL') {
        // Other processes have every place: the run waits for one of theirs.
        leaveQueue = places.tryQueue();
        if (leaveQueue === undefined) return result;
        result = await ledger.reserve({ ...reservation, start: 'QUEUED' });
      }
      if (result.kind === 'RESERVED') {
        this.#logReserved(result.run, reservation);
        this.#start(result.run, payload, arrivedAtMs, place, leaveQueue);
        isStarted = true;
      }
      return result;
    } finally {
      if (!isStarted) {
        entrance();
        leaveQueue?.();
      }
    }
  }

  /** Keeps a reservation among those that are under way until it is done. */
  async #noted<Result>(intent: string, reserving: Promise<Result>): Promise<Result> {
    const done = reserving.then(noResult, noResult);
    const before = this.#reserving.get(intent);
    const all = before === undefined ? done : Promise.all([before, done]);
    this.#reserving.set(intent, all);
    void all.then(() => {
      if (this.#reserving.get(intent) === all) this.#reserving.delete(intent);
    });
    return await reserving;
  }

  #ledgerUnavailable(error: unknown): Refusal {
    this.options.log('launch.ledger_failed', { error });
    return refusal('LEDGER_UNAVAILABLE', 'The ledger can not be written now.', {
      retryAfterMs: 1000,
    });
  }

  #reservation(
    request: LaunchRequest,
    caller: LaunchCaller,
    hash: string,
    terms: Terms,
  ): Omit<Reservation, 'start'> {
    const { clock, limits, newRunId, sealer } = this.options;
    const nowMs = clock.now();
    const metadata = metadataOf(request.metadata);
    const { offering } = terms;
    return {
      id: newRunId(),
      caller: caller.id,
      ...originOf(caller),
      idempotencyKey: request.idempotencyKey,
      requestHash: hash,
      mode: request.mode,
      providerId: offering.provider.id,
      modelId: offering.model.id,
      offeringId: offering.id,
      task: terms.payload.task,
      declaredRegion: offering.region,
      priceVersion: terms.priceVersion,
      prices: terms.prices,
      worstCase: terms.worstCase,
      deadlineAtMs: nowMs + Math.min(request.deadlineMs ?? defaultDeadlineMs, maximumDeadlineMs),
      supersedes: request.supersedes,
      metadata: metadata === 'INVALID' ? undefined : metadata,
      dailyBudget: caller.dailyBudget,
      concurrency: this.sharedConcurrency,
      content:
        limits.contentLifeMs === 0
          ? undefined
          : {
              request: sealedRequest(sealer, terms.payload),
              output: undefined,
              expiresAtMs: nowMs + limits.contentLifeMs,
            },
    };
  }

  #logReserved(run: Run, reservation: Reservation): void {
    this.options.log('launch.reserved', {
      runId: run.id,
      caller: run.caller,
      offering: run.offeringId,
      reserved: run.reserved.toString(),
      ...originOf(reservation),
    });
  }

  #start(
    run: Run,
    payload: InferencePayload,
    arrivedAtMs: number,
    giveBack: (() => void) | undefined,
    leaveQueue: (() => void) | undefined,
  ): void {
    const stop = new AbortController();
    const ended = carryOut({
      launcher: this,
      places: this.#placesOf(run.providerId),
      run,
      payload,
      arrivedAtMs,
      giveBack,
      leaveQueue,
      stop,
    });
    this.live.add({ runId: run.id, stop, ended });
  }

  async #replay(request: LaunchRequest, run: Run): Promise<LaunchResult> {
    return await this.#answer(request, run, true);
  }

  async #answer(request: LaunchRequest, run: Run, replayed: boolean): Promise<LaunchResult> {
    if (request.mode !== 'SYNC') {
      return { kind: 'LAUNCHED', view: { run, output: undefined }, replayed };
    }
    const view = await this.live.waitFor(run, request.waitMs);
    if (view.run.retriable && view.run.failure !== undefined) {
      // From the registry: the catalogue may still be taking in the news that the model is gone.
      const provider = this.options.catalogue.snapshot.providers.get(run.providerId);
      const fate = provider?.registered.modelFates.get(run.modelId);
      return refusalOfFailure(view.run.failure, run.modelId, fate?.replacement);
    }
    return { kind: 'LAUNCHED', view, replayed };
  }

  #placesOf(providerId: string): Places {
    const known = this.#places.get(providerId);
    if (known !== undefined) return known;
    const { concurrency, queueLength } = this.options.limits;
    const places = new Places(concurrency, queueLength);
    this.#places.set(providerId, places);
    return places;
  }
}

/** How a launch got in at its provider, to be left by `entrance` when nothing comes of it. */
interface Entrance {
  readonly places: Places;
  /** Gives its place back; undefined while it has none and is in the queue. */
  readonly place: (() => void) | undefined;
  readonly entrance: () => void;
}

/** How long a cancellation waits for the run to end, in milliseconds. */
const cancelWaitMs = 10_000;

const noResult = (): void => undefined;

function intentOf(caller: string, idempotencyKey: string): string {
  return JSON.stringify([caller, idempotencyKey]);
}
