import type { GraphQLError } from 'graphql';

import { clientError } from '../graphql/errors.ts';

/** Why a user's token is refused; the client reads it as `extensions.reason`. */
export type TokenFault =
  | 'TOKEN_MISSING'
  | 'TOKEN_MALFORMED'
  | 'TOKEN_TOO_LONG'
  | 'TOKEN_ALGORITHM'
  | 'TOKEN_TYPE'
  | 'TOKEN_KEY'
  | 'TOKEN_SIGNATURE'
  | 'TOKEN_EXPIRED'
  | 'TOKEN_NOT_YET_VALID'
  | 'TOKEN_ISSUER'
  | 'TOKEN_AUDIENCE'
  | 'TOKEN_CLAIM';

/** The refusal of a caller by his token. It quotes nothing of the token. */
export function tokenRefused(reason: TokenFault, message: string): GraphQLError {
  return clientError('UNAUTHENTICATED', message, { reason });
}

/** The refusal of a connection that is not the router's; alike for a missing and a wrong token. */
export function routerRefused(): GraphQLError {
  const message = 'This service answers its router only, which proves itself with a token.';
  return clientError('UNAUTHENTICATED', message, { reason: 'ROUTER_TOKEN' });
}

/** The refusal of everybody new while the keys that would prove who they are can't be had. */
export function keysUnavailable(retryAfterSeconds: number): GraphQLError {
  return clientError(
    'SERVICE_UNAVAILABLE',
    'The keys that verify tokens cannot be fetched at present.',
    { reason: 'KEYS_UNAVAILABLE', retryable: true, retryAfterSeconds },
  );
}
