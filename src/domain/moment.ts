/**
 * Reads a day (`2026-10-02`, its first moment in UTC) or a moment in RFC 3339 form
 * (`2026-10-02T03:58:23Z`), as milliseconds since the epoch; fractions beyond milliseconds are cut.
 *
 * @returns undefined for anything else, days that their month does not have included.
 */
export function parseMoment(text: string): number | undefined {
  const match = momentPattern.exec(text);
  if (match === null) return undefined;
  const [, day = '', hour] = match;
  // `Date.parse` takes the 30th of February for the 2nd of March, and 24:00 for the next day.
  const dayMs = Date.parse(day);
  if (Number.isNaN(dayMs) || !new Date(dayMs).toISOString().startsWith(day)) return undefined;
  const milliseconds = Date.parse(text);
  return hour === '24' || Number.isNaN(milliseconds) ? undefined : milliseconds;
}

const momentPattern =
  /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}):\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2}))?$/;
