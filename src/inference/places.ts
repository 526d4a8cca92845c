/** Places at a provider: how many runs this process has in flight there, and how many wait for one. */
export class Places {
  readonly #concurrency: number;
  readonly #queueLength: number;
  #taken = 0;
  #queued = 0;
  readonly #waiting: (() => void)[] = [];

  /**
   * @param concurrency - runs in flight at once.
   * @param queueLength - runs that may wait beside them.
   */
  constructor(concurrency: number, queueLength: number) {
    this.#concurrency = concurrency;
    this.#queueLength = queueLength;
  }

  /** Runs in flight now. */
  get taken(): number {
    return this.#taken;
  }

  /** Runs that wait now. */
  get queued(): number {
    return this.#queued;
  }

  /** Takes a place when one is free and nobody waits. The place must be given back once. */
  tryTake(): (() => void) | undefined {
    if (this.#taken >= this.#concurrency || this.#waiting.length > 0) return undefined;
    this.#taken += 1;
    return this.#giveBackOnce();
  }

  /**
   * Enters the queue, before the run that will wait in it is written: however many arrive at once, no more
   * get in. Undefined when the queue is full. The queue must be left once, when the wait is over.
   */
  tryQueue(): (() => void) | undefined {
    if (this.#queued >= this.#queueLength) return undefined;
    this.#queued += 1;
    return once(() => (this.#queued -= 1));
  }

  /**
   * Waits for a place, first come first served.
   *
   * @throws the signal's reason when it aborts first.
   */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const free = this.tryTake();
    if (free !== undefined) return free;
    await new Promise<void>((resolve, reject) => {
      const enter = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(enter);
    });
    return this.#giveBackOnce();
  }

  #giveBackOnce(): () => void {
    return once(() => {
      const next = this.#waiting.shift();
      if (next === undefined) this.#taken -= 1;
      else next();
    });
  }
}

function once(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    act();
  };
}
