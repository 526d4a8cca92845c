/** Things that one turn of the event loop may do, and how long it may take, in milliseconds. */
const tasksPerTurn = 32;
const turnMs = 4;

/**
 * Does many small things in order without holding up anybody else: a few in each turn of the event loop.
 * What a task sets off at once, in microtasks, belongs to its turn.
 */
export class TurnQueue {
  #tasks: (() => void)[] = [];
  #next = 0;
  #isScheduled = false;

  /** @param task - must not throw. */
  add(task: () => void): void {
    this.#tasks.push(task);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    const endsAt = performance.now() + turnMs;
    const last = Math.min(this.#tasks.length, this.#next + tasksPerTurn);
    while (this.#next < last && performance.now() < endsAt) {
      this.#tasks[this.#next]?.();
      this.#next += 1;
    }
    this.#isScheduled = false;
    if (this.#next < this.#tasks.length) {
      this.#schedule();
      return;
    }
    this.#tasks = [];
    this.#next = 0;
  }
}
