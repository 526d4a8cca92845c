import type { HeadersForService } from './gateways.ts';

/** How a gateway shows the service who it is and for whom it asks. */
export interface RouterIdentity {
  /** The secret that the service knows its gateways by. */
  readonly token: string;
  /** Whom a client's bearer token belongs to; in the open, since only the gateway looks at it. */
  readonly callers: Readonly<Record<string, string>>;
}

/**
 * The headers of a gateway that authenticates its clients itself: it names the caller, and nothing that
 * a client sends takes the place of what it says.
 */
export function asRouter({ token, callers }: RouterIdentity): HeadersForService {
  return (client) => {
    const session = client.get('authorization')?.replace(/^Bearer /, '') ?? '';
    const caller = Object.hasOwn(callers, session) ? callers[session] : undefined;
    const requestId = client.get('x-request-id');
    return {
      'x-router-token': token,
      ...(caller === undefined ? {} : { 'x-caller-id': caller }),
      ...(requestId === null ? {} : { 'x-request-id': requestId }),
    };
  };
}
