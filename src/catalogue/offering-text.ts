import type { OfferingEntry } from './snapshot.ts';

/** Rows after which {@link OfferingText.build} offers to pause. */
const rowsPerSlice = 2_000;

/**
 * What a search looks through: the text of each model and each provider once, however many offerings they
 * have, and numbers by which an offering names the two.
 */
export class OfferingText {
  /** The positions of all offerings. */
  readonly positions: Uint32Array;
  readonly #modelOf: Uint32Array;
  readonly #providerOf: Uint32Array;
  readonly #modelTexts: readonly string[];
  readonly #providerTexts: readonly string[];

  private constructor(
    positions: Uint32Array,
    models: Numbering<OfferingEntry['model']>,
    providers: Numbering<OfferingEntry['provider']>,
  ) {
    this.positions = positions;
    this.#modelOf = models.numbers;
    this.#providerOf = providers.numbers;
    this.#modelTexts = models.texts;
    this.#providerTexts = providers.texts;
  }

  static *build(offerings: readonly OfferingEntry[]): Generator<void, OfferingText> {
    const positions = new Uint32Array(offerings.length);
    const models = new Numbering<OfferingEntry['model']>(offerings.length);
    const providers = new Numbering<OfferingEntry['provider']>(offerings.length);
    for (const [position, { model, provider }] of offerings.entries()) {
      positions[position] = position;
      models.note(position, model, () => model.searchText);
      providers.note(position, provider, () => provider.registered.name.toLowerCase());
      if (position % rowsPerSlice === 0) yield;
    }
    return new OfferingText(positions, models, providers);
  }

  /** For each lower-case word, whether the model or the provider of an offering has it. */
  testsOf(words: readonly string[]): ((position: number) => boolean)[] {
    const modelOf = this.#modelOf;
    const providerOf = this.#providerOf;
    return words.map((word) => {
      const inModel = flags(this.#modelTexts, word);
      const inProvider = flags(this.#providerTexts, word);
      return (position) =>
        inModel[modelOf[position]!] === 1 || inProvider[providerOf[position]!] === 1;
    });
  }
}

/** Gives each thing a number, and each position the number of its thing. */
class Numbering<Thing> {
  readonly numbers: Uint32Array;
  readonly texts: string[] = [];
  readonly #known = new Map<Thing, number>();

  constructor(length: number) {
    this.numbers = new Uint32Array(length);
  }

  note(position: number, thing: Thing, textOf: () => string): void {
    let number = this.#known.get(thing);
    if (number === undefined) {
      number = this.texts.push(textOf()) - 1;
      this.#known.set(thing, number);
    }
    this.numbers[position] = number;
  }
}

function flags(texts: readonly string[], word: string): Uint8Array {
  const found = new Uint8Array(texts.length);
  for (let number = 0; number < texts.length; number += 1) {
    if (texts[number]!.includes(word)) found[number] = 1;
  }
  return found;
}
