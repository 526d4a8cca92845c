/** Lists that are remembered for a snapshot, and positions over all of them (4 bytes each). */
const maximumLists = 500;
const maximumPositions = 4_000_000;
/** Longer filters, which no listing has, are worked out each time: their text would be kept too. */
const maximumKeyLength = 2_000;

/**
 * What filters match in one snapshot, remembered within a bound, so that the pages of a listing cost the same
 * however many rows there are.
 */
export class RememberedLists<List> {
  readonly #lists = new Map<string, List>();
  #positionCount = 0;

  get(key: string): List | undefined {
    return this.#lists.get(key);
  }

  /** @param positionCount - how many positions the list holds. */
  remember(key: string, list: List, positionCount: number): void {
    if (key.length > maximumKeyLength || positionCount > maximumPositions) return;
    if (
      this.#lists.size >= maximumLists ||
      this.#positionCount + positionCount > maximumPositions
    ) {
      this.#lists.clear();
      this.#positionCount = 0;
    }
    this.#lists.set(key, list);
    this.#positionCount += positionCount;
  }
}
