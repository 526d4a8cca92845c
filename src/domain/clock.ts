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
  /**
   * Calls back once after `ms` milliseconds. Cheaper than {@link sleep} for what hardly ever rings, such as
   * a deadline.
   *
   * @returns what cancels it.
   */
  alarm(ms: number, ring: () => void): () => void;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const stop = (): void => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop);
        resolve();
      }, ms);
      signal?.addEventListener('abort', stop, { once: true });
    }),
  alarm(ms, ring) {
    const timer = setTimeout(ring, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Milliseconds from one reading of the monotonic clock to a later one, to the microsecond: the digits behind
 * it are not the clock's.
 */
export function elapsedMs(fromMs: number, toMs: number): number {
  return Math.round((toMs - fromMs) * 1000) / 1000;
}

/** Waits for work that may take longer than `ms` milliseconds, and then lets it go on. */
export async function within(ms: number, clock: Clock, work: Promise<void>): Promise<void> {
  const done = new AbortController();
  const timer = clock.sleep(ms, done.signal).catch(() => undefined);
  await Promise.race([work.finally(() => done.abort()), timer]);
}
