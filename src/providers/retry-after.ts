/**
 * The wait that an answer asks for in its headers: `retry-after-ms`, else `retry-after` in seconds or as an
 * HTTP date (RFC 9110, 10.2.3).
 *
 * @returns whole milliseconds, at most {@link maximumWaitMs}; undefined when there is no usable header.
 */
export function retryAfterOf(
  headers: ReadonlyMap<string, string>,
  nowMs: number,
): number | undefined {
  const milliseconds = headers.get('retry-after-ms');
  if (milliseconds !== undefined && unsignedDecimal.test(milliseconds)) {
    return boundedWaitMs(Number(milliseconds));
  }
  const value = headers.get('retry-after')?.trim();
  if (value === undefined) return undefined;
  if (unsignedDecimal.test(value)) return boundedWaitMs(Number(value) * 1_000);
  if (!httpDate.test(value)) return undefined;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : boundedWaitMs(Math.max(0, at - nowMs));
}

/** A wait in whole milliseconds, rounded up, within {@link maximumWaitMs}. */
export function boundedWaitMs(ms: number): number {
  return Math.min(Math.ceil(ms), maximumWaitMs);
}

/** No limit of a provider lasts longer than its day; a longer wait is somebody's mistake. */
export const maximumWaitMs = 24 * 3_600_000;

const unsignedDecimal = /^\d{1,15}(?:\.\d{1,15})?$/;
const httpDate =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
