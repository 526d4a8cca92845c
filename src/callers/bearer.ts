import type { IncomingHttpHeaders } from 'node:http';

import { tokenRefused } from './refused.ts';

/** Longer tokens are refused unread. */
const maximumTokenBytes = 8192;

/**
 * The token of `Authorization: Bearer …` (RFC 6750, 2.1), or undefined where no such header was sent.
 *
 * @throws GraphQLError UNAUTHENTICATED for a header that carries anything else: who shows credentials and
 * is not understood would otherwise be taken for anonymous.
 */
export function bearerToken(headers: IncomingHttpHeaders): string | undefined {
  const header: string | readonly string[] | undefined = headers.authorization;
  if (header === undefined) return undefined;
  if (typeof header !== 'string') throw malformed();
  if (header.length > maximumTokenBytes + longestPrefix) throw tooLong();
  const token = bearerPattern.exec(header)?.[1];
  if (token === undefined) throw malformed();
  if (token.length > maximumTokenBytes) throw tooLong();
  if (!compactPattern.test(token)) throw malformed();
  return token;
}

/** `Bearer` and more blanks than anybody sends. */
const longestPrefix = 64;
const bearerPattern = /^bearer +([^ ]+)$/i;
/** Three parts, none of them empty; two headers joined by a comma are not. */
const compactPattern = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

function malformed() {
  return tokenRefused(
    'TOKEN_MALFORMED',
    'The Authorization header has to be "Bearer" and one signed JSON Web Token.',
  );
}

function tooLong() {
  return tokenRefused('TOKEN_TOO_LONG', `The token is longer than ${maximumTokenBytes} bytes.`);
}
