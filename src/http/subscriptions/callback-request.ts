import { clientError } from '../../graphql/errors.ts';

/** Where and how a router wants to be called back. */
export interface CallbackRequest {
  readonly url: URL;
  /** The router's name for the subscription. */
  readonly id: string;
  /** By which the router knows that it is us who call. */
  readonly verifier: string;
  /** How often it wants to hear of us, in milliseconds; 0 for never. */
  readonly heartbeatIntervalMs: number;
}

/** What a router that does not say gets. */
const defaultHeartbeatMs = 5_000;
/** More often nobody is called, whatever he asks for. */
const shortestHeartbeatMs = 100;
const longestHeartbeatMs = 3_600_000;
const longestText = 2_000;

/**
 * Reads `extensions.subscription` of a router's request. The address comes with the request, so it is
 * called only at hosts that were named in the settings.
 *
 * @param hosts - in lower case: `host:port`, or `host` for any port of it.
 * @throws CALLBACK_REFUSED, BAD_REQUEST
 */
export function callbackRequestOf(extension: unknown, hosts: ReadonlySet<string>): CallbackRequest {
  const given = isRecord(extension) ? extension : {};
  const url = URL.parse(textOf(given, 'callbackUrl'));
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (url === null || !isHttp || url.username !== '' || url.password !== '') {
    throw clientError('CALLBACK_REFUSED', '`callbackUrl` has to be an http or https URL.');
  }
  if (!hosts.has(url.hostname) && !hosts.has(`${url.hostname}:${portOf(url)}`)) {
    const message =
      'This service does not call back to that host; CALLBACK_HOSTS names those it may.';
    throw clientError('CALLBACK_REFUSED', message);
  }
  return {
    url,
    id: textOf(given, 'subscriptionId'),
    verifier: textOf(given, 'verifier'),
    heartbeatIntervalMs: heartbeatOf(given['heartbeatIntervalMs']),
  };
}

function heartbeatOf(value: unknown): number {
  if (value === undefined || value === null) return defaultHeartbeatMs;
  if (typeof value === 'number' && value >= 0 && value <= longestHeartbeatMs) {
    return value === 0 ? 0 : Math.max(shortestHeartbeatMs, value);
  }
  throw clientError('BAD_REQUEST', '`heartbeatIntervalMs` has to be 0 or more milliseconds.');
}

function textOf(record: Readonly<Record<string, unknown>>, name: string): string {
  const value = record[name];
  if (typeof value === 'string' && value !== '' && value.length <= longestText) return value;
  throw clientError('BAD_REQUEST', `"extensions.subscription.${name}" has to be a text.`);
}

function portOf({ port, protocol }: URL): string {
  if (port !== '') return port;
  return protocol === 'https:' ? '443' : '80';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
