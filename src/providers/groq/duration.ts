/**
 * Reads a duration as Go prints it, which is how Groq words its rate-limit resets: `2m11.152s`, `7.44ms`,
 * `1h2m`, `782.333333ms` (time.ParseDuration of the Go library, without signs).
 *
 * @returns milliseconds, possibly fractional; undefined for any other text.
 */
export function goDurationMs(text: string): number | undefined {
  if (text === '0') return 0;
  if (text.length > maximumLength || !whole.test(text)) return undefined;
  let totalMs = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(part)) {
    totalMs += Number(amount) * (millisecondsPerUnit.get(unit) ?? Number.NaN);
  }
  return Number.isFinite(totalMs) ? totalMs : undefined;
}

/** A Go duration inside a sentence, as the source of a regular expression. */
export const goDurationSource = String.raw`(?:(?:\d+(?:\.\d*)?|\.\d+)(?:h|ms|m|s|us|µs|μs|ns))+`;

const maximumLength = 60;
const whole = new RegExp(`^${goDurationSource}$`);
const part = /(\d+(?:\.\d*)?|\.\d+)(h|ms|m|s|us|µs|μs|ns)/g;

/** The micro sign (U+00B5) and the Greek letter mu (U+03BC) are both in use. */
const millisecondsPerUnit = new Map([
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
  ['us', 1e-3],
  ['\u00b5s', 1e-3],
  ['\u03bcs', 1e-3],
  ['ns', 1e-6],
]);
