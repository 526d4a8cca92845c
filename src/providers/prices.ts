import { Decimal } from '../domain/decimal.ts';
import { decimalOf, ExactNumber } from './json.ts';
import { quoted } from './redaction.ts';

/** What a feed's value says about a price. Absent means that the feed does not say, which is not free. */
export type PriceValue =
  | { readonly kind: 'ABSENT' }
  | { readonly kind: 'PRICE'; readonly price: Decimal }
  | { readonly kind: 'UNUSABLE'; readonly reason: string };

/**
 * Reads a price in USD per unit, or per `perUnits` units.
 *
 * Negative prices, texts that are no decimal and prices above {@link maximumUsdPerUnit} are unusable.
 */
export function priceOf(value: unknown, name: string, perUnits = 1n): PriceValue {
  if (value === undefined || value === null) return { kind: 'ABSENT' };
  const stated = decimalOf(value);
  if (stated === undefined) return unusable(`${name} is not a decimal number: ${shown(value)}`);
  if (stated.isNegative()) return unusable(`${name} is negative: ${shown(value)}`);
  const price = stated.dividedExactlyBy(perUnits);
  if (price.compare(maximumUsdPerUnit) > 0) {
    return unusable(
      `${name} is more than ${maximumUsdPerUnit.toString()} USD per unit: ${shown(value)}`,
    );
  }
  return { kind: 'PRICE', price };
}

/** A price beyond this is a mistake of the feed: the dearest known model costs a thousandth of it. */
const maximumUsdPerUnit = Decimal.of('1');

function unusable(reason: string): PriceValue {
  return { kind: 'UNUSABLE', reason };
}

function shown(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (value instanceof ExactNumber) return quoted(value.text);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'a list' : 'an object';
}
