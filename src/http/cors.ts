import type { IncomingHttpHeaders } from 'node:http';
import type { HttpAnswer } from './answers.ts';

const ALLOWED_HEADERS =
  'authorization, content-type, apollo-require-preflight, x-apollo-operation-name, x-request-id, traceparent, tracestate';

/** How long a browser may keep a preflight answer, in seconds. */
const PREFLIGHT_MAX_AGE = '600';

/** The answer with what {@link corsHeaders} adds to it. */
export function withCors(
  answer: HttpAnswer,
  headers: IncomingHttpHeaders,
  allowedOrigins: ReadonlySet<string>,
): HttpAnswer {
  if (allowedOrigins.size === 0) return answer;
  const { vary } = answer.headers;
  const added = corsHeaders(headers, allowedOrigins);
  const { head: _, ...withoutHead } = answer;
  return {
    ...withoutHead,
    headers: {
      ...answer.headers,
      ...added,
      vary: vary === undefined ? 'origin' : `${vary}, origin`,
    },
  };
}

/**
 * The headers that let pages of the named origins read answers; none for any other origin, which is the
 * default. Credentials such as cookies are never part of it: callers are known by their tokens.
 */
function corsHeaders(
  headers: IncomingHttpHeaders,
  allowedOrigins: ReadonlySet<string>,
): Readonly<Record<string, string>> {
  const { origin } = headers;
  if (origin === undefined || !allowedOrigins.has(origin)) return {};
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'x-request-id, retry-after',
  };
}

/** Answers OPTIONS: which methods the route takes, and a preflight when its origin is allowed. */
export function optionsAnswer(
  headers: IncomingHttpHeaders,
  allowedMethods: string,
  allowedOrigins: ReadonlySet<string>,
): HttpAnswer {
  const isAllowed = headers.origin !== undefined && allowedOrigins.has(headers.origin);
  const preflight = !isAllowed
    ? {}
    : {
        'access-control-allow-methods': allowedMethods,
        'access-control-allow-headers': ALLOWED_HEADERS,
        'access-control-max-age': PREFLIGHT_MAX_AGE,
      };
  return { status: 204, headers: { allow: allowedMethods, ...preflight }, body: '' };
}
