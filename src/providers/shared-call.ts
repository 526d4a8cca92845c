/**
 * One piece of work for everybody who asks while it runs. Each caller may leave by its own signal; the work
 * itself is aborted when the last one has left.
 */
export class SharedCall<Result> {
  readonly #work: (signal: AbortSignal) => Promise<Result>;
  readonly #left: (begun: boolean) => Result;
  #running: Running<Result> | undefined;

  /**
   * @param work what is shared.
   * @param left what a caller gets who leaves before the end, or asks with a signal that has aborted.
   */
  constructor(work: (signal: AbortSignal) => Promise<Result>, left: (begun: boolean) => Result) {
    this.#work = work;
    this.#left = left;
  }

  /** Joins the running work, or starts it. */
  join(signal: AbortSignal): Promise<Result> {
    if (signal.aborted) return Promise.resolve(this.#left(false));
    const running = (this.#running ??= this.#start());
    running.callers += 1;
    return new Promise((resolve, reject) => {
      const leave = () => {
        running.callers -= 1;
        if (running.callers === 0) {
          if (this.#running === running) this.#running = undefined;
          running.abort.abort();
        }
        resolve(this.#left(true));
      };
      signal.addEventListener('abort', leave, { once: true });
      const stay = () => signal.removeEventListener('abort', leave);
      running.result.finally(stay).then(resolve, reject);
    });
  }

  #start(): Running<Result> {
    const abort = new AbortController();
    const result = this.#work(abort.signal).finally(() => {
      if (this.#running?.abort === abort) this.#running = undefined;
    });
    return { abort, result, callers: 0 };
  }
}

interface Running<Result> {
  readonly abort: AbortController;
  readonly result: Promise<Result>;
  callers: number;
}
