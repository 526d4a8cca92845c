import type { IncomingHttpHeaders } from 'node:http';

import type { Clock } from '../domain/clock.ts';
import type { OutwardHttp } from '../providers/http.ts';
import { authModeOf, defaultBudgetClaim } from './auth-options.ts';
import type { AuthOptions } from './auth-options.ts';
import { bearerToken } from './bearer.ts';
import { allScopes, noScopes } from './caller.ts';
import type { Caller } from './caller.ts';
import { settingFaults, settingWarnings } from './insecure.ts';
import { TokenVerifier } from './jwt.ts';
import { tokenRefused } from './refused.ts';
import { RemoteKeys } from './remote-keys.ts';
import { callerNamedByRouter, requireRouter } from './router-headers.ts';
import { RouterTokens } from './router-tokens.ts';

/** Tells who calls, the same way for every transport. */
export interface Authenticator {
  /**
   * The caller that these headers prove; at once where no key has to be fetched and no signature checked.
   *
   * @throws GraphQLError UNAUTHENTICATED, FORBIDDEN, or SERVICE_UNAVAILABLE while the issuer's keys can't be
   * had; also in the caller's own turn. Whoever is returned may read the catalogue.
   */
  authenticate(headers: IncomingHttpHeaders): Caller | Promise<Caller>;
  /** What keeps new callers out at present; undefined when nothing does. */
  degradedReason(): string | undefined;
}

export interface AuthenticatorParts {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** The way out to the issuer's keys. */
  readonly http: Pick<OutwardHttp, 'call'>;
  /** Told of unsafe settings, changed keys and failed fetches; never of a token or a claim. */
  readonly log: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

/**
 * Makes the authenticator of the configured mode. Router tokens are read here, once, and kept as digests.
 *
 * @throws RangeError for settings with faults: a door that is half configured does not open.
 */
export function createAuthenticator(
  options: AuthOptions,
  parts: AuthenticatorParts,
): Authenticator {
  const faults = settingFaults(options);
  const mode = authModeOf(options);
  if (mode === undefined || faults.length > 0) throw new RangeError(faults.join('; '));
  for (const reason of settingWarnings(options)) parts.log('callers.unsafe_setting', { reason });
  switch (mode) {
    case 'none':
      return { authenticate: () => localCaller, degradedReason: () => undefined };
    case 'router':
      return routerAuthenticator(options);
    case 'jwt':
      return tokenAuthenticator(options, parts);
    case 'router+jwt':
      return routerWithTokenAuthenticator(options, parts);
  }
}

/** Everybody, where nobody is asked who he is. */
const localCaller: Caller = {
  id: 'local',
  scopes: allScopes,
  mayIntrospect: true,
};

const anonymous: Caller = {
  id: undefined,
  scopes: noScopes,
  mayIntrospect: false,
};

function routerAuthenticator(options: AuthOptions): Authenticator {
  const tokens = new RouterTokens(options.routerTokens());
  return {
    authenticate(headers) {
      requireRouter(headers, tokens);
      return callerNamedByRouter(headers);
    },
    degradedReason: () => undefined,
  };
}

function tokenAuthenticator(options: AuthOptions, parts: AuthenticatorParts): Authenticator {
  const { jwtIssuer = '', jwtAudience = '', jwksUrl = '', requireAuthForReads } = options;
  const { http, clock, log } = parts;
  const keys = new RemoteKeys({ url: new URL(jwksUrl), http, clock, log });
  const verifier = new TokenVerifier({
    issuer: jwtIssuer,
    audience: jwtAudience,
    claims: {
      tenant: options.jwtTenantClaim,
      budget: options.jwtBudgetClaim ?? defaultBudgetClaim,
    },
    keys,
    clock,
  });
  return {
    authenticate(headers) {
      const token = bearerToken(headers);
      if (token !== undefined) return verifier.callerOf(token);
      if (!requireAuthForReads) return anonymous;
      throw tokenRefused('TOKEN_MISSING', 'A token is needed: "Authorization: Bearer …".');
    },
    degradedReason() {
      const { failure } = keys;
      return failure === undefined ? undefined : `keys of callers: ${failure}`;
    },
  };
}

function routerWithTokenAuthenticator(
  options: AuthOptions,
  parts: AuthenticatorParts,
): Authenticator {
  const tokens = new RouterTokens(options.routerTokens());
  const users = tokenAuthenticator(options, parts);
  return {
    authenticate(headers) {
      requireRouter(headers, tokens);
      const user = users.authenticate(headers);
      return user instanceof Promise ? user.then(throughRouter) : throughRouter(user);
    },
    degradedReason: () => users.degradedReason(),
  };
}

/** A user who comes through the router may see what the router may see. */
function throughRouter(user: Caller): Caller {
  return user.mayIntrospect ? user : { ...user, mayIntrospect: true };
}
