import { Decimal } from '../domain/decimal.ts';

/**
 * A JSON number that a binary float might not hold exactly, kept as the digits that were sent.
 * {@link decimalOf} reads it; everything else treats it as an unknown kind of value.
 */
export class ExactNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type JsonResult =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string };

/**
 * Parses JSON from outside without losing a digit of any number: each number in the value is either a
 * JavaScript number whose shortest text is exactly what was sent, or an {@link ExactNumber}.
 */
export function parseJson(text: string): JsonResult {
  if (text.trim() === '') return { ok: false, reason: 'the body is empty' };
  try {
    return { ok: true, value: parseExactly(text) };
  } catch (error) {
    // V8 reports nesting beyond its stack as a RangeError; both mean that there is nothing to read.
    if (error instanceof SyntaxError) {
      return { ok: false, reason: 'the body is not JSON, or was cut' };
    }
    if (error instanceof RangeError) {
      return { ok: false, reason: 'the body holds more values or levels than can be read' };
    }
    throw error;
  }
}

/**
 * The decimal that a JSON value means: a number, or a string of decimal text.
 *
 * @returns undefined for every other value, and where {@link Decimal.parse} refuses the digits.
 */
export function decimalOf(value: unknown): Decimal | undefined {
  if (typeof value === 'string') return Decimal.parse(value);
  if (typeof value === 'number') return Decimal.parse(String(value));
  return value instanceof ExactNumber ? Decimal.parse(value.text) : undefined;
}

/** The members of a JSON object; undefined for arrays, null and scalars. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value) || value instanceof ExactNumber) return undefined;
  return value as Record<string, unknown>;
}

/** A member of a JSON object; undefined when the object does not have it itself. */
export function memberOf(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** More values than any list of ours has; past it the slow path would hold up the service. */
const maximumExactValues = 1_000_000;

/**
 * A number of 16 digits or more, or with an exponent, at a place where JSON can have one. Decimal text of up
 * to 15 digits survives a binary float (DBL_DIG of IEEE 754 doubles), so any text without a match needs
 * no care. A match inside a string costs time, never digits.
 */
const inexactNumberPattern = /(?:^|[\s:,[])-?(?:[\d.]{16}|[\d.]+[eE])/;

function parseExactly(text: string): unknown {
  if (!inexactNumberPattern.test(text)) return JSON.parse(text);
  let values = 0;
  return JSON.parse(text, ((_key: string, value: unknown, context: { source?: string }) => {
    values += 1;
    if (values > maximumExactValues) throw new RangeError('Too many values');
    return typeof value === 'number' && context.source !== undefined
      ? new ExactNumber(context.source)
      : value;
  }) as (key: string, value: unknown) => unknown);
}
