import type { Clock } from '../domain/clock.ts';
import type { ContentSealer } from './content.ts';
import { openedEvent } from './event-writer.ts';
import type { LedgerStore, RunEvent } from './ledger-store.ts';
import type { LiveRuns } from './live-runs.ts';
import { isFinal } from './run.ts';

export interface RunEventsOptions {
  readonly store: Pick<LedgerStore, 'events' | 'run'>;
  readonly live: Pick<LiveRuns, 'follow' | 'get' | 'onNews'>;
  readonly sealer: ContentSealer;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
}

/**
 * Where readers stand who have had the end of a run. It is behind every event that is stored, so that the
 * end of a run that stored none has a place too.
 */
export const endPosition = 999_999_999_999;

/** Events that are read from storage at a time. */
const pageSize = 200;
/** Live events that wait for a slow reader; what exceeds it is read from storage again. */
const maximumWaiting = 64;
/** How often storage is looked into without notice of news, while another process carries the run out, in milliseconds. */
const followIntervalMs = 1_000;
/** The same while this process does and therefore tells of each event, in milliseconds. */
const liveIntervalMs = 2_000;

/**
 * The events of a run behind a position: what is stored, then what comes, in order, without a gap and
 * without repetition, whichever process carries the run out. Ends after the end of the run, which is given
 * for every run, or quietly when the signal aborts.
 *
 * Positions of a run grow by one. Storage and live events meet by position: following begins before storage
 * is read, and whatever does not follow on the last event is read from storage again.
 *
 * @param position - {@link endPosition} for a reader who has had everything.
 */
export async function* runEvents(
  { store, live, sealer, clock }: RunEventsOptions,
  runId: string,
  position: number,
  signal: AbortSignal,
): AsyncGenerator<RunEvent, void, undefined> {
  if (position >= endPosition) return;
  const following = new Following(live, runId, signal);
  let reached = position;
  let filledUpTo = 0;
  try {
    while (!signal.aborted) {
      // Asked before the events are: one that has ended has all its events in storage by now.
      const run = await store.run(runId);
      const stored = yield* storedEvents(reached);
      if (stored.isEnd) return;
      reached = stored.reached;
      if (run === undefined || isFinal(run.state)) {
        const atMs = run?.finishedAtMs ?? clock.now();
        yield { position: endPosition, atMs, delta: undefined, isEnd: true };
        return;
      }
      for (;;) {
        const next = following.nextBehind(reached);
        if (next === undefined) {
          const carried = live.get(runId);
          if (carried !== undefined) following.lookWhen(carried.ended);
          const waitMs = carried === undefined ? followIntervalMs : liveIntervalMs;
          if (await following.more(clock, waitMs)) continue;
          break;
        }
        if (next.position > reached + 1 && next.position !== filledUpTo) {
          // What lies between is in storage; if it is not there either, it does not exist any more.
          filledUpTo = next.position;
          break;
        }
        yield next;
        if (next.isEnd || signal.aborted) return;
        reached = next.position;
      }
    }
  } finally {
    following.stop();
  }

  async function* storedEvents(
    from: number,
  ): AsyncGenerator<RunEvent, { readonly reached: number; readonly isEnd: boolean }, undefined> {
    let read = from;
    for (;;) {
      const page = await store.events(runId, read, pageSize);
      for (const stored of page) {
        const event = openedEvent(sealer, stored);
        if (signal.aborted) return { reached: read, isEnd: true };
        yield event;
        read = event.position;
        if (event.isEnd) return { reached: read, isEnd: true };
      }
      if (page.length < pageSize) return { reached: read, isEnd: false };
    }
  }
}

/** Live events between the follower that brings them and the reader who takes them. */
class Following {
  #waiting: RunEvent[] = [];
  readonly #signal: AbortSignal;
  readonly #unfollow: () => void;
  #wake: (() => void) | undefined;
  #awaitedEnd: Promise<unknown> | undefined;
  #mustLook = false;

  constructor(live: Pick<LiveRuns, 'follow' | 'onNews'>, runId: string, signal: AbortSignal) {
    this.#signal = signal;
    const unfollow = live.follow(runId, (event) => this.#add(event));
    const forget = live.onNews(runId, () => this.#look());
    this.#unfollow = () => {
      unfollow();
      forget();
    };
  }

  /** The first that waits behind a position; those up to it are let go. */
  nextBehind(position: number): RunEvent | undefined {
    while (this.#waiting[0] !== undefined && this.#waiting[0].position <= position) {
      this.#waiting.shift();
    }
    return this.#waiting[0];
  }

  /** Ends waiting when the run has: not every run tells of its end by an event. */
  lookWhen(ended: Promise<unknown>): void {
    if (this.#awaitedEnd === ended) return;
    this.#awaitedEnd = ended;
    const look = (): void => {
      this.#mustLook = true;
      this.#wake?.();
    };
    ended.then(look, look);
  }

  /** Waits for the next event; false when none came in time and storage is to be looked into. */
  async more(clock: Pick<Clock, 'sleep'>, waitMs: number): Promise<boolean> {
    if (this.#signal.aborted) return false;
    if (this.#mustLook) {
      this.#mustLook = false;
      return false;
    }
    const wait = new AbortController();
    const stop = (): void => wait.abort();
    this.#wake = stop;
    this.#signal.addEventListener('abort', stop, { once: true });
    await clock.sleep(waitMs, wait.signal).catch(() => undefined);
    this.#signal.removeEventListener('abort', stop);
    this.#wake = undefined;
    if (this.#waiting.length > 0) return true;
    this.#mustLook = false;
    return false;
  }

  stop(): void {
    this.#unfollow();
  }

  #look(): void {
    this.#mustLook = true;
    this.#wake?.();
  }

  #add(event: RunEvent): void {
    if (this.#waiting.length >= maximumWaiting) this.#waiting = [];
    this.#waiting.push(event);
    this.#wake?.();
  }
}
