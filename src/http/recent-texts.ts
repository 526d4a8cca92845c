/** The texts that were asked about lately, within a bound on their length altogether. */
export class RecentTexts {
  readonly #maximumCharacters: number;
  #recent = new Set<string>();
  /** Those before; they go when the recent ones take their place. */
  #older: ReadonlySet<string> = new Set();
  #characters = 0;

  /** @param maximumCharacters - bound on the texts together. */
  constructor(maximumCharacters: number) {
    this.#maximumCharacters = maximumCharacters;
  }

  /** Whether this text was asked about lately; from now on it was. */
  remembers(text: string): boolean {
    if (this.#recent.has(text) || this.#older.has(text)) return true;
    this.#characters += text.length;
    if (this.#characters > this.#maximumCharacters / 2) {
      this.#older = this.#recent;
      this.#recent = new Set();
      this.#characters = text.length;
    }
    this.#recent.add(text);
    return false;
  }
}
