import { firstRank } from './row-order.ts';

const wordsPerBlock = 16;

/**
 * Some ranks of an order: one bit for each rank there is, and for each block of bits how many are set before it.
 * It is made in one pass over the selected rows, in whatever order they come, and takes a bit for each row of
 * the snapshot; to read one costs a look into one block.
 */
export class RankSet {
  /** How many ranks. */
  readonly length: number;
  readonly #words: Uint32Array;
  readonly #before: Uint32Array;

  private constructor(words: Uint32Array) {
    this.#words = words;
    this.#before = new Uint32Array(Math.ceil(words.length / wordsPerBlock));
    let count = 0;
    for (let word = 0; word < words.length; word += 1) {
      if (word % wordsPerBlock === 0) this.#before[word / wordsPerBlock] = count;
      count += bitsIn(words[word]!);
    }
    this.length = count;
  }

  /**
   * @param positions - of the selected rows, each once.
   * @param rankOf - the rank of the row at each position.
   */
  static of(positions: Uint32Array, rankOf: Uint32Array): RankSet {
    const words = new Uint32Array(Math.ceil(rankOf.length / 32));
    for (const position of positions) {
      const rank = rankOf[position]!;
      words[rank >>> 5]! |= 1 << (rank & 31);
    }
    return new RankSet(words);
  }

  /** The rank at a place among them, ascending; the place is less than {@link length}. */
  at(place: number): number {
    const block = firstRank(this.#before.length, (at) => this.#before[at]! > place) - 1;
    let left = place - this.#before[block]!;
    let word = block * wordsPerBlock;
    for (;;) {
      const bits = bitsIn(this.#words[word]!);
      if (left < bits) break;
      left -= bits;
      word += 1;
    }
    let rest = this.#words[word]!;
    for (; left > 0; left -= 1) rest &= rest - 1;
    return word * 32 + 31 - Math.clz32(rest & -rest);
  }

  /** How many of them are less than a rank. */
  countBelow(rank: number): number {
    const end = rank >>> 5;
    if (end >= this.#words.length) return this.length;
    const block = Math.floor(end / wordsPerBlock);
    let count = this.#before[block]!;
    for (let word = block * wordsPerBlock; word < end; word += 1) {
      count += bitsIn(this.#words[word]!);
    }
    return count + bitsIn(this.#words[end]! & ((1 << (rank & 31)) - 1));
  }
}

/** How many bits are set, counted in pairs, in fours, in bytes, and then all together. */
function bitsIn(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
