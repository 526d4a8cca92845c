import { inOnePiece } from '../byte-text.ts';

/**
 * JSON text of parts of rows, kept by row. Rows are never changed, so a text is right for as long as its
 * row exists; it goes with the row, and all go together when they take too much.
 */
export class FragmentCache {
  readonly #maximumCharacters: number;
  #characters = 0;
  #generation = 0;

  /** @param maximumCharacters - bound on the text of all fragments together. */
  constructor(maximumCharacters: number) {
    this.#maximumCharacters = maximumCharacters;
  }

  /** The fragments of one part of a document. */
  part(): (row: object, write: () => string) => string {
    let texts = new WeakMap<object, string>();
    let generation = this.#generation;
    return (row, write) => {
      if (generation !== this.#generation) {
        texts = new WeakMap();
        generation = this.#generation;
      }
      const known = texts.get(row);
      if (known !== undefined) return known;
      const text = inOnePiece(write());
      this.#characters += text.length + entryCharacters;
      if (this.#characters > this.#maximumCharacters) this.forget();
      else texts.set(row, text);
      return text;
    };
  }

  /** Drops every fragment. */
  forget(): void {
    this.#generation += 1;
    this.#characters = 0;
  }
}

/** What an entry takes beside its text, in characters. */
const entryCharacters = 64;
