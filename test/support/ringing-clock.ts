import { systemClock, type Clock } from '../../src/domain/clock.ts';

/** The machine's time, but for alarms: deadlines and waits, which are over when a test says so, or when due. */
export class RingingClock implements Clock {
  readonly now = systemClock.now;
  readonly monotonic = systemClock.monotonic;
  readonly sleep = systemClock.sleep;
  readonly #alarms = new Set<() => void>();

  alarm(ms: number, ring: () => void): () => void {
    const ringOnce = (): void => {
      cancel();
      ring();
    };
    const cancelTimer = systemClock.alarm(ms, ringOnce);
    const cancel = (): void => {
      cancelTimer();
      this.#alarms.delete(ringOnce);
    };
    this.#alarms.add(ringOnce);
    return cancel;
  }

  /** Lets every alarm that is set ring now. */
  ringAll(): void {
    for (const ring of Array.from(this.#alarms)) ring();
  }
}
