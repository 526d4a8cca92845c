import type { Clock } from '../domain/clock.ts';

/** Longest delay that a Node timer takes; anything above fires at once, which turns a wait into a flood. */
export const longestTimerMs = 2 ** 31 - 1;

/**
 * Waits `ms` milliseconds, however many those are.
 *
 * @returns false when the signal ended the wait, true otherwise; never throws.
 */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  const until = clock.monotonic() + ms;
  try {
    for (let left = ms; left > 0; left = until - clock.monotonic()) {
      // One step when a clock rounds down, so that the remainder can't spin at zero.
      await clock.sleep(Math.max(1, Math.min(left, longestTimerMs)), signal);
    }
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
  return !signal.aborted;
}
