/** Shapes of what must never reach a log: keys, tokens, passwords in addresses, organisation ids. */
const secretShapes: readonly (readonly [RegExp, string])[] = [
  [/\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi, '$1 [redacted]'],
  [/\bgsk_[\w-]{4,}/g, '[redacted]'],
  [/\bsk-[\w-]{8,}/g, '[redacted]'],
  [/\b(?:hvs|hvb|hvr|s|b)\.[A-Za-z0-9_-]{20,}/g, '[redacted]'],
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, '[redacted]'],
  [/\borg_[A-Za-z0-9]{6,}/g, '[redacted]'],
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, '$1[redacted]@'],
  [
    /((?:api[_-]?key|x-vault-token|x-router-token|authorization|secret_id|role_id|password|client_token)["']?\s*[:=]\s*["']?)[^\s"',}]{4,}/gi,
    '$1[redacted]',
  ],
];

/** The longest text of one error that is kept, in UTF-16 units. */
const MAX_LOGGED_TEXT = 4_000;

/** How many causes behind an error are kept. */
const MAX_LOGGED_CAUSES = 3;

/** A text without anything that looks like a secret, cut to a bounded length. */
export function redact(text: string): string {
  // Cut first, so that a huge text cannot make the patterns slow; cut again, as they may lengthen it.
  let clean = text.slice(0, MAX_LOGGED_TEXT);
  for (const [shape, replacement] of secretShapes) clean = clean.replace(shape, replacement);
  return clean.slice(0, MAX_LOGGED_TEXT);
}

/** What a log may know about an error. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: LoggedError;
}

/**
 * An error for the log: its name, message, stack and causes, redacted. Other properties are left out,
 * because client libraries put whole requests, tokens included, on their errors.
 */
export function redactError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: redact(String(error)) };
  const cause =
    error.cause !== undefined && depth < MAX_LOGGED_CAUSES
      ? redactError(error.cause, depth + 1)
      : undefined;
  return {
    type: error.name,
    message: redact(error.message),
    ...(error.stack === undefined ? {} : { stack: redact(error.stack) }),
    ...(cause === undefined ? {} : { cause }),
  };
}
