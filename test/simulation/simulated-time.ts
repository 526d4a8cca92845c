import type { Clock } from '../../src/domain/clock.ts';

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly wake: () => void;
}

/** Time that passes only when nothing is left to do before the next timer. */
export class SimulatedTime {
  #nowMs = 0;
  #order = 0;
  readonly #timers: Timer[] = [];

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Resolves after simulated milliseconds; ties in the order in which they were asked for. */
  async after(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#add(ms, resolve);
    });
  }

  /**
   * Lets everything happen until nothing is left, or until `limitMs`.
   *
   * @returns whether nothing was left.
   */
  async run(limitMs: number, isDone: () => boolean): Promise<boolean> {
    for (;;) {
      await settled();
      if (isDone()) return true;
      const next = this.#takeNext();
      if (next === undefined || next.dueMs > limitMs) return false;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.wake();
    }
  }

  /** The clock of one machine, which may be off and may jump. */
  clock(offsetMs: () => number): Clock {
    return {
      now: () => epochMs + this.#nowMs + offsetMs(),
      monotonic: () => this.#nowMs,
      sleep: async (ms, signal) => {
        await new Promise<void>((resolve, reject) => {
          if (signal?.aborted === true) {
            reject(signal.reason as Error);
            return;
          }
          const timer = this.#add(ms, () => {
            signal?.removeEventListener('abort', abort);
            resolve();
          });
          const abort = () => {
            this.#timers.splice(this.#timers.indexOf(timer), 1);
            reject(signal?.reason as Error);
          };
          signal?.addEventListener('abort', abort, { once: true });
        });
      },
      alarm: (ms, ring) => {
        const timer = this.#add(ms, ring);
        return () => {
          const position = this.#timers.indexOf(timer);
          if (position !== -1) this.#timers.splice(position, 1);
        };
      },
    };
  }

  #add(ms: number, wake: () => void): Timer {
    this.#order += 1;
    const timer = { dueMs: this.#nowMs + Math.max(0, ms), order: this.#order, wake };
    this.#timers.push(timer);
    return timer;
  }

  #takeNext(): Timer | undefined {
    let best = 0;
    for (let position = 1; position < this.#timers.length; position += 1) {
      const timer = this.#timers[position]!;
      const leader = this.#timers[best]!;
      if (timer.dueMs < leader.dueMs) best = position;
      else if (timer.dueMs === leader.dueMs && timer.order < leader.order) best = position;
    }
    return this.#timers.splice(best, 1)[0];
  }
}

/** Simulated time begins at noon, so that runs cross midnight now and then when clocks jump. */
const epochMs = Date.parse('2026-11-23T12:00:00Z');

/** Every promise that can go on without time has gone on. */
async function settled(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}
