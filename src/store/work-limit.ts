import { StoreError } from './store-error.ts';

/**
 * Ends the wait for work that holds its transaction too long; one clock may watch several pieces of
 * work, one after the other.
 */
export class WorkLimit {
  readonly #overdue: Promise<never>;
  readonly #timer: NodeJS.Timeout;
  #passed = false;

  constructor(limitMs: number) {
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => undefined);
    this.#overdue = promise;
    this.#timer = setTimeout(() => {
      this.#passed = true;
      reject(
        new StoreError(
          'TRANSACTION_TOO_LONG',
          `A transaction was held for more than ${limitMs} ms and was undone`,
        ),
      );
    }, limitMs);
  }

  get passed(): boolean {
    return this.#passed;
  }

  /** @throws StoreError `TRANSACTION_TOO_LONG` when the work does not end in time. */
  watch<Result>(work: Promise<Result>): Promise<Result> {
    return Promise.race([work, this.#overdue]);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
