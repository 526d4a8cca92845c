import { timingSafeEqual } from 'node:crypto';

/** Bytes in which every token is compared, at least: whoever measures learns nothing below. */
const leastComparedBytes = 256;

/**
 * The tokens by which a router proves itself.
 *
 * All are compared in the same number of bytes, and always to the end: neither how much of what was sent is
 * right nor how long the right one is can be measured.
 */
export class RouterTokens {
  readonly #known: readonly Buffer[];
  /** Where what was sent is written to be compared; every request pays for this, so there is one. */
  readonly #given: Buffer;

  constructor(tokens: readonly string[]) {
    const lengths = tokens.map((token) => Buffer.byteLength(token) + 1);
    const length = Math.max(leastComparedBytes, ...lengths);
    this.#given = Buffer.alloc(length);
    this.#known = tokens.map((token) => {
      const known = Buffer.alloc(length);
      known.write(token);
      return known;
    });
  }

  accepts(given: string): boolean {
    // Longer than any token, with the byte behind it.
    if (given.length >= this.#given.byteLength) return false;
    this.#given.fill(0, this.#given.write(given));
    let accepted = false;
    // Every token is compared, so that the time does not tell which of them it was.
    for (const known of this.#known) accepted = timingSafeEqual(known, this.#given) || accepted;
    return accepted;
  }
}
