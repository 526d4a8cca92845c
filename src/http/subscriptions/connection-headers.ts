import type { IncomingHttpHeaders } from 'node:http';

/** By which a router proves itself, and what it then says of the caller. */
const routerHeaders = ['x-router-token', 'x-caller-id', 'x-caller-scopes'] as const;

const namesInParameters: ReadonlySet<string> = new Set(['authorization', ...routerHeaders]);

/**
 * The headers by which a WebSocket's caller is known: those of its handshake and, because browsers can set
 * none there, those in the payload of `connection_init`, either at its top or under `headers`.
 *
 * What a router vouches for counts only where its token stands. A router that passes a client's payload on
 * would otherwise lend its own token to whatever caller that payload names.
 */
export function connectionHeaders(
  handshake: IncomingHttpHeaders,
  parameters: unknown,
): IncomingHttpHeaders {
  const given = headersIn(parameters);
  const authorization = handshake.authorization ?? given.get('authorization');
  const headers: IncomingHttpHeaders = {
    ...handshake,
    ...(authorization === undefined ? {} : { authorization }),
  };
  if (handshake['x-router-token'] !== undefined || !given.has('x-router-token')) return headers;
  for (const name of routerHeaders) headers[name] = given.get(name);
  return headers;
}

function headersIn(parameters: unknown): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const source of [parameters, isRecord(parameters) ? parameters['headers'] : undefined]) {
    if (!isRecord(source)) continue;
    for (const [spelling, value] of Object.entries(source)) {
      const name = spelling.toLowerCase();
      if (typeof value !== 'string' || !namesInParameters.has(name)) continue;
      // Twice the same header is joined as HTTP does it, which no authenticator takes.
      const before = headers.get(name);
      headers.set(name, before === undefined ? value : `${before}, ${value}`);
    }
  }
  return headers;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
