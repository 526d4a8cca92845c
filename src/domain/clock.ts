import { setTimeout as delay } from 'node:timers/promises';

/** Time as this service sees it, so that tests can own it. */
export interface Clock {
  /** Milliseconds since the epoch. May jump when the machine's clock is set. */
  now(): number;
  /** Milliseconds from an arbitrary start that never go back: for durations. */
  monotonic(): number;
  /**
   * Resolves after `ms` milliseconds.
   *
   * @throws the signal's reason as soon as the signal aborts.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    signal?.throwIfAborted();
    try {
      await delay(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};

/** Waits for work that may take longer than `ms` milliseconds, and then lets it go on. */
export async function within(ms: number, clock: Clock, work: Promise<void>): Promise<void> {
  const done = new AbortController();
  const timer = clock.sleep(ms, done.signal).catch(() => undefined);
  await Promise.race([work.finally(() => done.abort()), timer]);
}
