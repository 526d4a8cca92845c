import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a page of this origin may subscribe: one of this service's own, or one that is allowed by name.
 * Programs that are no browsers name no origin.
 *
 * Browsers let any page open a WebSocket or an event stream to anywhere; nobody but the server refuses.
 */
export function isAllowedOrigin(
  headers: IncomingHttpHeaders,
  allowedOrigins: ReadonlySet<string>,
): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return headers['sec-fetch-site'] !== 'cross-site';
  if (allowedOrigins.has(origin)) return true;
  const url = URL.parse(origin);
  return url !== null && url.host !== '' && url.host === host?.toLowerCase();
}
