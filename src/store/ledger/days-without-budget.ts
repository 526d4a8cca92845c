/** Days of callers that are remembered; with more, all are forgotten and asked for again. */
const maximumDays = 10_000;

/**
 * Remembers that a caller has no budget on a day, so that the rows are not asked for it in every step. For an
 * engine whose rows no other process writes: then only a budget that is put there ends it. Where what put it is
 * undone, it has been forgotten for nothing, and the rows are asked once more.
 */
export class DaysWithoutBudget {
  readonly #days = new Set<string>();

  has(caller: string, day: string): boolean {
    return this.#days.has(keyOf(caller, day));
  }

  add(caller: string, day: string): void {
    if (this.#days.size >= maximumDays) this.#days.clear();
    this.#days.add(keyOf(caller, day));
  }

  remove(caller: string, day: string): void {
    this.#days.delete(keyOf(caller, day));
  }
}

function keyOf(caller: string, day: string): string {
  return `${day} ${caller}`;
}
