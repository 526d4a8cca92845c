import { timingSafeEqual } from 'node:crypto';

/** Stands behind the last byte of a token, so that what follows it counts too. */
const end = 1;
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
  /** How much of it was written last. */
  #givenLength = 0;

  constructor(tokens: readonly string[]) {
    const lengths = tokens.map((token) => Buffer.byteLength(token) + 1);
    const length = Math.max(leastComparedBytes, ...lengths);
    this.#given = Buffer.alloc(length);
    this.#known = tokens.map((token) => {
      const known = Buffer.alloc(length);
      known[known.write(token)] = end;
      return known;
    });
  }

  accepts(given: string): boolean {
    // Longer than any token, with the byte behind it.
    if (Buffer.byteLength(given) >= this.#given.byteLength) return false;
    const length = this.#given.write(given);
    this.#given[length] = end;
    this.#given.fill(0, length + 1, Math.max(length, this.#givenLength) + 1);
    this.#givenLength = length;
    let accepted = false;
    // Every token is compared, so that the time does not tell which of them it was.
    for (const known of this.#known) accepted = timingSafeEqual(known, this.#given) || accepted;
    return accepted;
  }
}
