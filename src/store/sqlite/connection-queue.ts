import { StoreError } from '../store-error.ts';
import { nextTurn } from '../transactions.ts';

/**
 * How long statements may follow each other within one turn of the event loop: they never wait for
 * anything, so a loop of them would keep sockets and timers waiting for its end.
 */
const turnBudgetMs = 10;

export interface ConnectionQueueLimits {
  readonly maximumWaiting: number;
  readonly maximumWaitMs: number;
}

/** Hands the one SQLite connection to one user at a time, in the order of asking. */
export class ConnectionQueue {
  readonly #limits: ConnectionQueueLimits;
  readonly #onRelease: () => void;
  readonly #waiting = new Set<Waiter>();
  #taken = false;
  #turnBeganAt: number | undefined;
  #closed = false;
  #failure: StoreError | undefined;

  /** @param onRelease called whenever a user has ended. */
  constructor(limits: ConnectionQueueLimits, onRelease: () => void) {
    this.#limits = limits;
    this.#onRelease = onRelease;
  }

  /** @throws StoreError `BUSY` when the queue is full or the wait too long, `CLOSED` after {@link close},
   * and what {@link fail} was given. */
  async acquire(): Promise<void> {
    if (this.#turnIsUsedUp()) await nextTurn();
    this.#assertUsable();
    if (!this.#taken) {
      this.#taken = true;
      return;
    }
    if (this.#waiting.size >= this.#limits.maximumWaiting) {
      throw new StoreError('BUSY', 'Too many statements wait for the store');
    }
    await this.#wait();
    if (this.#failure === undefined) return;
    this.release();
    throw this.#failure;
  }

  /** Lets nobody have the connection any more: what it would read or add to may not be on the disk. */
  fail(failure: StoreError): void {
    this.#failure ??= failure;
  }

  release(): void {
    this.#onRelease();
    for (const next of this.#waiting) {
      this.#waiting.delete(next);
      clearTimeout(next.timer);
      next.resolve();
      return;
    }
    this.#taken = false;
  }

  /** Lets those who wait finish, refuses everybody after them, and resolves once the connection is free. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#taken) await this.#wait();
    this.#taken = true;
  }

  #assertUsable(): void {
    if (this.#closed) throw new StoreError('CLOSED', 'The store is closed');
    if (this.#failure !== undefined) throw this.#failure;
  }

  #turnIsUsedUp(): boolean {
    if (this.#turnBeganAt !== undefined) {
      return performance.now() - this.#turnBeganAt > turnBudgetMs;
    }
    this.#turnBeganAt = performance.now();
    setImmediate(() => {
      this.#turnBeganAt = undefined;
    });
    return false;
  }

  #wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve,
        timer: setTimeout(() => {
          this.#waiting.delete(waiter);
          reject(new StoreError('BUSY', 'The store was not free in time'));
        }, this.#limits.maximumWaitMs),
      };
      this.#waiting.add(waiter);
    });
  }
}

interface Waiter {
  readonly resolve: () => void;
  readonly timer: NodeJS.Timeout;
}
