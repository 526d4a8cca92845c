import type { IncomingHttpHeaders } from 'node:http';

import { clientError } from '../graphql/errors.ts';
import { knownScopes, noScopes } from './caller.ts';
import type { Caller, Scope } from './caller.ts';
import { routerRefused } from './refused.ts';
import type { RouterTokens } from './router-tokens.ts';

/**
 * Makes sure that the router itself calls.
 *
 * @throws GraphQLError UNAUTHENTICATED for everybody else.
 */
export function requireRouter(headers: IncomingHttpHeaders, tokens: RouterTokens): void {
  const token = headers['x-router-token'];
  if (typeof token !== 'string' || !tokens.accepts(token)) throw routerRefused();
}

/**
 * Whom the router names. Only for headers that {@link requireRouter} has passed.
 *
 * @throws GraphQLError FORBIDDEN when the name or the scopes are not in their form.
 */
export function callerNamedByRouter(headers: IncomingHttpHeaders): Caller {
  const id = headerOf(headers, 'x-caller-id');
  const scopes = headerOf(headers, 'x-caller-scopes');
  if (id === undefined || id === '') return namelessRouter;
  if (!callerIdPattern.test(id)) {
    throw clientError('FORBIDDEN', 'x-caller-id has to be 1 to 200 visible ASCII characters.', {
      reason: 'CALLER_ID',
    });
  }
  return {
    id,
    scopes: scopes === undefined ? customerScopes : knownScopes(scopes.split(' ')),
    mayIntrospect: true,
  };
}

/** Twice the same header arrives joined by a comma and a blank, which is no name. */
const callerIdPattern = /^[\x21-\x7e]{1,200}$/;

/** What a named caller may do when the router says nothing about it. */
const customerScopes: ReadonlySet<Scope> = new Set<Scope>(['inference:launch', 'inference:read']);

/** The router on its own behalf. */
const namelessRouter: Caller = {
  id: undefined,
  scopes: noScopes,
  mayIntrospect: true,
};

function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  if (!Array.isArray(value)) return value;
  throw clientError('FORBIDDEN', `${name} has to be sent once.`, { reason: 'CALLER_ID' });
}
