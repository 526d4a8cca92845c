/**
 * Groq's own code for the site that answered (`dls`, `fra`, `us-west-1`, …), from the header
 * `x-groq-region`. The codes are opaque; the registry maps them to regions.
 */
export function servedCodeOf(headers: ReadonlyMap<string, string>): string | undefined {
  const code = headers.get('x-groq-region');
  return code !== undefined && codePattern.test(code) ? code : undefined;
}

const codePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/;
