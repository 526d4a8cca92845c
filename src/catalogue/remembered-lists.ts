/** Lists that are remembered for a snapshot, and rows over all of them, each of which takes a bit in each list. */
const maximumLists = 500;
const maximumRows = 128_000_000;
/** Longer filters, which no listing has, are worked out each time: their text would be kept too. */
const maximumKeyLength = 2_000;

/**
 * What filters match in one snapshot, remembered within a bound, so that the pages of a listing cost the same
 * however many rows there are.
 */
export class RememberedLists<List> {
  readonly #lists = new Map<string, List>();
  #rowCount = 0;

  get(key: string): List | undefined {
    return this.#lists.get(key);
  }

  /** @param rowCount - of how many rows the list is a selection. */
  remember(key: string, list: List, rowCount: number): void {
    if (key.length > maximumKeyLength || rowCount > maximumRows) return;
    if (this.#lists.size >= maximumLists || this.#rowCount + rowCount > maximumRows) {
      this.#lists.clear();
      this.#rowCount = 0;
    }
    this.#lists.set(key, list);
    this.#rowCount += rowCount;
  }
}
