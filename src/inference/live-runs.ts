import type { Clock } from '../domain/clock.ts';
import type { InferenceOutput } from '../domain/inference.ts';
import type { LedgerStore, RunEvent } from './ledger-store.ts';
import { isFinal } from './run.ts';
import type { Run } from './run.ts';

/** A run with what it answered, as far as that is at hand. */
export interface RunView {
  readonly run: Run;
  /** Undefined: look into the stored content. */
  readonly output: InferenceOutput | undefined;
}

/** Why a run is stopped before it ends by itself. */
export type StopReason = 'CANCEL' | 'DEADLINE';

/** A run that this process carries out. */
export interface LiveRun {
  readonly runId: string;
  /** Aborts with a {@link StopReason}. */
  readonly stop: AbortController;
  /** Resolves when the run has ended and that is durable. */
  readonly ended: Promise<RunView>;
}

/**
 * When a run that another process carries out is looked at without notice of news, in milliseconds: often at
 * first, then each time after a quarter of what it was waited for, so that many who wait for long cost little.
 */
const shortestLookMs = 100;
const longestLookMs = 2_000;

/** How long after the commit of its end a run's own process may take to say so, in milliseconds. */
const commitEchoMs = 100;

/** The runs that this process carries out, and those who wait for them or follow their events. */
export class LiveRuns {
  readonly #store: LedgerStore;
  readonly #clock: Clock;
  readonly #runs = new Map<string, LiveRun>();
  readonly #followers = new Map<string, Set<(event: RunEvent) => void>>();
  readonly #waiters = new Map<string, Set<() => void>>();

  constructor(store: LedgerStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  get size(): number {
    return this.#runs.size;
  }

  get(runId: string): LiveRun | undefined {
    return this.#runs.get(runId);
  }

  add(live: LiveRun): void {
    this.#runs.set(live.runId, live);
    const remove = () => {
      if (this.#runs.get(live.runId) === live) this.#runs.delete(live.runId);
    };
    void live.ended.then(remove, remove);
  }

  /** Resolves when every run of this process has ended, however it did. */
  async allEnded(): Promise<void> {
    await Promise.allSettled([...this.#runs.values()].map(async ({ ended }) => await ended));
  }

  /** The run once it has ended, or as it is when the wait is over; whichever process carries it out. */
  async waitFor(run: Run, waitMs: number): Promise<RunView> {
    const startMs = this.#clock.monotonic();
    const deadlineMs = startMs + waitMs;
    let present = run;
    for (;;) {
      if (isFinal(present.state)) {
        // Read between its commit and the word of it here: the answer comes with that word.
        const ending = this.#runs.get(run.id)?.ended;
        const view = ending === undefined ? undefined : await this.#within(ending, commitEchoMs);
        return view ?? { run: present, output: undefined };
      }
      const restMs = deadlineMs - this.#clock.monotonic();
      if (restMs <= 0) return { run: present, output: undefined };
      const live = this.#runs.get(run.id);
      if (live !== undefined) {
        const view = await this.#within(live.ended, restMs);
        if (view !== undefined) return view;
      } else {
        const waitedMs = this.#clock.monotonic() - startMs;
        const lookMs = Math.min(longestLookMs, Math.max(shortestLookMs, waitedMs / 4));
        await this.#untilNews(run.id, Math.min(lookMs, restMs));
      }
      // While storage is away, the run is what it was.
      present = (await this.#store.run(run.id).catch(() => undefined)) ?? present;
    }
  }

  /** Calls back once there may be news of a run that another process carries out. */
  onNews(runId: string, waiter: () => void): () => void {
    const waiters = this.#waiters.get(runId) ?? new Set();
    this.#waiters.set(runId, waiters);
    waiters.add(waiter);
    return () => {
      waiters.delete(waiter);
      if (waiters.size === 0) this.#waiters.delete(runId);
    };
  }

  /** Lets those who wait for a run look at it now. */
  wake(runId: string): void {
    const waiters = Array.from(this.#waiters.get(runId) ?? []);
    for (const waiter of waiters) waiter();
  }

  /** Tells followers in this process of an event that is durable. */
  publish(runId: string, event: RunEvent): void {
    for (const follower of this.#followers.get(runId) ?? []) follower(event);
  }

  /** Calls back for each event that is published from now on. */
  follow(runId: string, follower: (event: RunEvent) => void): () => void {
    const followers = this.#followers.get(runId) ?? new Set();
    this.#followers.set(runId, followers);
    followers.add(follower);
    return () => {
      followers.delete(follower);
      if (followers.size === 0) this.#followers.delete(runId);
    };
  }

  async #untilNews(runId: string, waitMs: number): Promise<void> {
    const wait = new AbortController();
    const forget = this.onNews(runId, () => wait.abort());
    await this.#clock.sleep(waitMs, wait.signal).catch(() => undefined);
    forget();
  }

  /** How the run ended; undefined when the wait was over before. */
  #within(ended: Promise<RunView>, waitMs: number): Promise<RunView | undefined> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.alarm(waitMs, () => resolve(undefined));
      ended.then(resolve, reject).finally(cancel);
    });
  }
}
