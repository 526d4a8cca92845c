import { Decimal } from '../../src/domain/decimal.ts';

/** A value with every decimal spelt out: comparisons see no private digits, and would take any two for equal. */
export function spelled(value: unknown): unknown {
  if (value instanceof Decimal) return `${value.toString()} exactly`;
  if (Array.isArray(value)) return value.map(spelled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, spelled(member)]));
}
