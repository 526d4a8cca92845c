import { Decimal } from '../domain/decimal.ts';
import type { ListedModel } from '../domain/model.ts';

/** How many facts of a kind are held for others to share; beyond it, sharing begins anew. */
const maximumFacts = 50_000;

/**
 * What many providers tell alike, held once: hundreds of them host the same models, and few prices are
 * unlike all others. What is given out is what was asked about, or its equal.
 */
export class SharedFacts {
  readonly #models = new Map<string, ListedModel>();
  readonly #texts = new Map<string, string>();
  readonly #decimals = new Map<string, Decimal>();

  model(model: ListedModel): ListedModel {
    const known = this.#models.get(model.id);
    if (known !== undefined && sameModel(known, model)) return known;
    makeRoom(this.#models);
    this.#models.set(model.id, model);
    return model;
  }

  text(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    makeRoom(this.#texts);
    this.#texts.set(text, text);
    return text;
  }

  /** @throws RangeError when the text is not a decimal, as {@link Decimal.of} does. */
  decimal(text: string): Decimal {
    const known = this.#decimals.get(text);
    if (known !== undefined) return known;
    const decimal = Decimal.of(text);
    makeRoom(this.#decimals);
    this.#decimals.set(text, decimal);
    return decimal;
  }
}

/** Whether two rows say the same of one model. */
export function sameModel(left: ListedModel, right: ListedModel): boolean {
  return (
    left.name === right.name &&
    left.ownedBy === right.ownedBy &&
    left.active === right.active &&
    left.contextWindow === right.contextWindow &&
    left.maxOutputTokens === right.maxOutputTokens &&
    sameTexts(left.inputModalities, right.inputModalities) &&
    sameTexts(left.outputModalities, right.outputModalities) &&
    sameTexts(left.features, right.features)
  );
}

function sameTexts(
  left: readonly string[] | undefined,
  right: readonly string[] | undefined,
): boolean {
  if (left === undefined || right === undefined) return left === right;
  return left.length === right.length && left.every((text, position) => text === right[position]);
}

function makeRoom(facts: Map<string, unknown>): void {
  if (facts.size >= maximumFacts) facts.clear();
}
