import { BlockList, isIP } from 'node:net';

import { acceptsTokens, authModeOf, needsRouter } from './auth-options.ts';
import type { AuthOptions } from './auth-options.ts';

/**
 * Everything that is wrong with the settings about callers, for a service that listens on `host`; empty when
 * nothing is. No secret is quoted.
 */
export function authFaults(options: AuthOptions, host: string): string[] {
  const faults = settingFaults(options);
  if (authModeOf(options) === 'none' && !options.allowInsecure && !isLoopbackHost(host)) {
    faults.push(
      `AUTH_MODE none lets everybody do everything, so HOST must be a loopback address, not ${host}; ` +
        'choose another AUTH_MODE, or set ALLOW_INSECURE=1 where nobody else reaches the port',
    );
  }
  return faults;
}

/** {@link authFaults} without what depends on where the service listens. */
export function settingFaults(options: AuthOptions): string[] {
  const mode = authModeOf(options);
  if (mode === undefined) return ['AUTH_MODE must be one of none, router, jwt, router+jwt'];
  return [
    ...forgottenModeFaults(options),
    ...(needsRouter(mode) ? routerTokenFaults(options.routerTokens()) : []),
    ...(acceptsTokens(mode) ? jwtFaults(options) : []),
  ];
}

/** Whether only this machine reaches a listener on, or a server at, this host name or address. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  if (name === 'localhost') return true;
  const version = isIP(name);
  return version !== 0 && loopback.check(name, version === 4 ? 'ipv4' : 'ipv6');
}

/** Shorter tokens can be guessed. They are taken all the same, for trying things out, and warned of. */
const safeRouterTokenLength = 16;
/** The old one and the new one. */
const maximumRouterTokens = 2;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');
loopback.addSubnet('::ffff:127.0.0.0', 104, 'ipv6');

/** Settings that only other modes read mean that the mode was forgotten, which would leave the door open. */
function forgottenModeFaults(options: AuthOptions): string[] {
  if (options.mode !== undefined) return [];
  const given = [
    ...(options.routerTokens().length > 0 ? ['ROUTER_TOKENS'] : []),
    ...(options.jwtIssuer !== undefined ? ['JWT_ISSUER'] : []),
    ...(options.jwtAudience !== undefined ? ['JWT_AUDIENCE'] : []),
    ...(options.jwksUrl !== undefined ? ['JWKS_URL'] : []),
    ...(options.requireAuthForReads ? ['REQUIRE_AUTH_FOR_READS'] : []),
  ];
  return given.length === 0 ? [] : [`AUTH_MODE must be set, since ${given.join(', ')} is given`];
}

function routerTokenFaults(tokens: readonly string[]): string[] {
  const faults: string[] = [];
  if (tokens.length === 0) faults.push('ROUTER_TOKENS must hold the token that the router sends');
  if (tokens.length > maximumRouterTokens) {
    faults.push(`ROUTER_TOKENS must hold at most ${maximumRouterTokens} tokens`);
  }
  if (tokens.includes('')) faults.push('none of ROUTER_TOKENS may be empty');
  // A header that is sent twice arrives joined by a comma, which therefore no token may hold.
  if (tokens.some((token) => !/^[\x21-\x2b\x2d-\x7e]*$/.test(token))) {
    faults.push('each of ROUTER_TOKENS must be visible ASCII without blanks and commas');
  }
  return faults;
}

/** What is not wrong with the settings but unsafe; no secret is quoted. */
export function settingWarnings(options: AuthOptions): string[] {
  const mode = authModeOf(options);
  if (mode === undefined || !needsRouter(mode)) return [];
  if (options.routerTokens().every((token) => token.length >= safeRouterTokenLength)) return [];
  return [
    `a token of ROUTER_TOKENS has fewer than ${safeRouterTokenLength} characters and can be guessed; ` +
      'take 32 random ones',
  ];
}

function jwtFaults(options: AuthOptions): string[] {
  const { jwtIssuer, jwtAudience, jwksUrl } = options;
  return [
    ...(isMissing(jwtIssuer) ? ['JWT_ISSUER must be set'] : []),
    ...(isMissing(jwtAudience) ? ['JWT_AUDIENCE must be set'] : []),
    ...(isMissing(jwksUrl) ? ['JWKS_URL must be set'] : jwksUrlFaults(jwksUrl, options)),
  ];
}

function jwksUrlFaults(text: string, { allowInsecure }: AuthOptions): string[] {
  const url = URL.parse(text);
  if (url === null || !['https:', 'http:'].includes(url.protocol)) {
    return ['JWKS_URL must be an https URL'];
  }
  const faults: string[] = [];
  if (url.username !== '' || url.password !== '') {
    faults.push('JWKS_URL must not hold credentials');
  }
  if (url.protocol === 'http:' && !allowInsecure && !isLoopbackHost(url.hostname)) {
    faults.push(
      'JWKS_URL must be https unless it is a loopback address or ALLOW_INSECURE=1 is set',
    );
  }
  return faults;
}

function isMissing(setting: string | undefined): setting is undefined | '' {
  return setting === undefined || setting === '';
}
