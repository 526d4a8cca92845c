import type { Clock } from '../domain/clock.ts';
import { openedRequest } from './content.ts';
import type { ContentSealer } from './content.ts';
import { FactRefused } from './facts.ts';
import type { Launcher } from './launcher.ts';
import type { Ledger } from './ledger.ts';
import type { StopReason } from './live-runs.ts';
import type { Run } from './run.ts';

export interface RecoveryOptions {
  readonly ledger: Ledger;
  readonly launcher: Launcher;
  readonly sealer: ContentSealer;
  readonly clock: Clock;
  /** Whether no other process can be alive on this ledger, as with embedded files. */
  readonly isAlone: boolean;
  readonly log: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** How long a process is taken to be alive after its last word, and how often it gives one; milliseconds. */
const ownerLeaseMs = 15_000;
const renewalIntervalMs = 5_000;
/**
 * How long nobody is taken for gone after storage could not be reached: the others had no way to say that
 * they are alive either, and get two chances.
 */
const graceMs = 2 * renewalIntervalMs;
/** Runs that one round looks at; the next round takes the rest. */
const runsPerRound = 1000;
/** Contents and events that one step removes, and steps of a round: 4,000 a second at most. */
const contentPerStep = 500;
const contentStepsPerRound = 40;

/**
 * Says that this process is alive, and finds runs whose process is not: what was in flight is given up as
 * unknown, what was certainly not sent goes on here when it can, and else ends without a cost.
 */
export class Recovery {
  readonly #options: RecoveryOptions;
  readonly #stopped = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  /** What is recovered and removed at present; a lease never waits for it. */
  #work: Promise<void> | undefined;
  /** On the monotonic clock; undefined while storage is away. */
  #presumeLifeUntilMs: number | undefined = 0;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /**
   * Says that this process is alive, which has to be before its first launch, and goes on every few seconds
   * until {@link stop}. A process that is alone has recovered what there is when this resolves; one of many
   * does so in service.
   */
  async start(): Promise<void> {
    const alive = await this.#sayAlive();
    if (this.#options.isAlone && alive !== undefined) await this.#recoverRuns(alive);
    else this.#beginWork(alive);
    this.#loop = this.#repeat();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#loop;
    await this.#work;
  }

  /** Gives the other processes that are alive; undefined while that can't be said. Never throws. */
  async #sayAlive(): Promise<readonly string[] | undefined> {
    const { ledger, launcher, clock, isAlone, log } = this.#options;
    try {
      const nowMs = clock.now();
      const alive = await ledger.store.renewOwner(ledger.owner, nowMs, nowMs + ownerLeaseMs);
      for (const runId of await ledger.store.cancelRequests(ledger.owner)) {
        launcher.live.get(runId)?.stop.abort('CANCEL' satisfies StopReason);
      }
      if (isAlone) return [];
      this.#presumeLifeUntilMs ??= clock.monotonic() + graceMs;
      if (clock.monotonic() < this.#presumeLifeUntilMs) return undefined;
      return alive.filter((owner) => owner !== ledger.owner);
    } catch (error) {
      this.#presumeLifeUntilMs = undefined;
      log('recovery.failed', { error });
      return undefined;
    }
  }

  #beginWork(alive: readonly string[] | undefined): void {
    if (alive === undefined) return;
    this.#work ??= this.#recoverRuns(alive)
      .then(async () => {
        if (this.#isTurnAmong(alive)) await this.#expireContent();
      })
      .finally(() => (this.#work = undefined));
  }

  /** Whether it falls to this process to clean up: however many there are, about one of them does at a time. */
  #isTurnAmong(others: readonly string[]): boolean {
    const { ledger, clock } = this.#options;
    const place = others.filter((owner) => owner < ledger.owner).length;
    const round = Math.floor(clock.monotonic() / renewalIntervalMs);
    return round % (others.length + 1) === place;
  }

  async #recoverRuns(others: readonly string[]): Promise<void> {
    const { ledger, launcher, log } = this.#options;
    try {
      // A run of this process that nobody in it carries any more was left by a fault and is found too.
      for (const run of await ledger.store.unfinishedRuns(others, runsPerRound)) {
        if (this.#stopped.signal.aborted) return;
        if (run.owner === ledger.owner && launcher.carries(run)) continue;
        await this.#recover(run);
      }
    } catch (error) {
      log('recovery.failed', { error });
    }
  }

  /** Content ends with its time however much of it there is: in small steps, so that launches have their turn. */
  async #expireContent(): Promise<void> {
    const { ledger, clock, log } = this.#options;
    try {
      for (let step = 0; step < contentStepsPerRound; step += 1) {
        const removed = await ledger.store.expireContent(clock.now(), contentPerStep);
        if (removed < contentPerStep || this.#stopped.signal.aborted) return;
      }
    } catch (error) {
      log('content.not_expired', { error });
    }
  }

  async #recover(run: Run): Promise<void> {
    try {
      if (run.state === 'RUNNING') await this.#giveUp(run);
      else await this.#carryOn(run);
    } catch (error) {
      // Another process was quicker.
      if (!(error instanceof FactRefused)) throw error;
    }
  }

  async #giveUp(run: Run): Promise<void> {
    const { ledger, launcher, log } = this.#options;
    const lost = await ledger.lose(
      run,
      'The process that carried the run ended while it was in flight; whether the provider did the work is not known.',
    );
    launcher.options.tally?.ended(lost);
    log('launch.lost', { runId: run.id, caller: run.caller, offering: run.offeringId });
  }

  async #carryOn(run: Run): Promise<void> {
    const { ledger, launcher, sealer, clock, log } = this.#options;
    const isDue = clock.now() >= run.deadlineAtMs;
    // What was asked can't be read without its key: a later round finds it, or the deadline over.
    if (run.mode !== 'SYNC' && sealer.hindrance() !== undefined && !isDue) return;
    const adopted = await ledger.adopt(run);
    const [content] = await ledger.store.contents([run.id]);
    const payload = openedRequest(sealer, content?.request);
    if (run.mode !== 'SYNC' && payload !== undefined && !isDue) {
      log('launch.adopted', { runId: run.id });
      launcher.resume(adopted, payload, clock.monotonic());
      return;
    }
    const ended = await ledger.end(adopted, {
      state: 'FAILED',
      outcome: undefined,
      failure: {
        code: 'PROCESS_ENDED',
        message: 'The process that held the run ended before anything was sent.',
        retryable: true,
      },
      usage: undefined,
      timing: {},
      servedCode: undefined,
      providerRequestId: undefined,
    });
    launcher.options.tally?.ended(ended);
  }

  async #repeat(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stopped.signal.aborted) {
      try {
        await clock.sleep(renewalIntervalMs, this.#stopped.signal);
      } catch {
        return;
      }
      this.#beginWork(await this.#sayAlive());
    }
  }
}
