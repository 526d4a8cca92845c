/** Groq's id of a request, for its support desk, from the header `x-request-id`. */
export function requestIdOf(
  headers: ReadonlyMap<string, string>,
  secrets: readonly string[] = [],
): string | undefined {
  return usableRequestId(headers.get('x-request-id'), secrets);
}

/** A value as an id of a request; undefined when it is anything else, which must not pass as one. */
export function usableRequestId(
  value: unknown,
  secrets: readonly string[] = [],
): string | undefined {
  if (typeof value !== 'string' || !requestIdPattern.test(value)) return undefined;
  return secrets.includes(value) ? undefined : value;
}

/** `req_` and a ULID in every capture. */
const requestIdPattern = /^req_[A-Za-z0-9]{10,60}$/;
