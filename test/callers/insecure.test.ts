import { describe, expect, it } from 'vitest';

import type { AuthOptions } from '../../src/callers/auth-options.ts';
import { createAuthenticator } from '../../src/callers/authenticator.ts';
import { authFaults, isLoopbackHost } from '../../src/callers/insecure.ts';
import { settings } from './bench.ts';

const token = 'a-router-token-of-32-characters!';
const jwt = {
  jwtIssuer: 'https://issuer.example/',
  jwtAudience: 'gpubroker',
  jwksUrl: 'https://issuer.example/keys',
};

function faults(mode: string | undefined, changes: Partial<AuthOptions>, host = '127.0.0.1') {
  return authFaults({ ...settings(mode), ...changes }, host);
}

describe('mode none', () => {
  const loopback = [
    'localhost',
    'LOCALHOST',
    '127.0.0.1',
    '127.8.9.1',
    '::1',
    '[::1]',
    '::ffff:127.0.0.1',
  ];
  const open = [
    '0.0.0.0',
    '::',
    '',
    '10.0.0.1',
    '192.168.1.1',
    '126.255.255.255',
    '128.0.0.1',
    '::ffff:126.255.255.255',
    '::ffff:128.0.0.1',
    '::2',
    'localhost.example.com',
    '127.0.0.1.example.com',
    '127.1',
    'example.com',
  ];

  it.each(loopback)('may listen on %s', (host) => {
    expect(faults('none', {}, host)).toEqual([]);
    expect(isLoopbackHost(host)).toBe(true);
  });

  it.each(open)('may not listen on "%s", unless that is asked for', (host) => {
    expect(faults('none', {}, host)).toEqual([expect.stringContaining('loopback')]);
    expect(faults(undefined, {}, host)).toEqual([expect.stringContaining('loopback')]);
    expect(faults('none', { allowInsecure: true }, host)).toEqual([]);
    expect(isLoopbackHost(host)).toBe(false);
  });

  it('is not taken for granted where settings of other modes are given', () => {
    const forgotten = { ...jwt, routerTokens: () => [token], requireAuthForReads: true };
    expect(faults(undefined, forgotten)).toEqual([
      'AUTH_MODE must be set, since ROUTER_TOKENS, JWT_ISSUER, JWT_AUDIENCE, JWKS_URL, REQUIRE_AUTH_FOR_READS is given',
    ]);
    expect(faults('none', forgotten)).toEqual([]);
    expect(faults(undefined, {})).toEqual([]);
  });
});

describe('the other modes', () => {
  it('may listen anywhere once they are configured', () => {
    const routerTokens = () => [token, `${token}2`];
    expect(faults('router', { routerTokens }, '0.0.0.0')).toEqual([]);
    expect(faults('jwt', jwt, '0.0.0.0')).toEqual([]);
    expect(faults('router+jwt', { ...jwt, routerTokens }, '::')).toEqual([]);
  });

  it('have every fault reported at once', () => {
    expect(faults('router+jwt', {})).toEqual([
      'ROUTER_TOKENS must hold the token that the router sends',
      'JWT_ISSUER must be set',
      'JWT_AUDIENCE must be set',
      'JWKS_URL must be set',
    ]);
    const routerTokens = () => ['', token, 'with,comma-and more', '\u00e9'.repeat(16)];
    expect(faults('router', { routerTokens })).toEqual([
      'ROUTER_TOKENS must hold at most 2 tokens',
      'none of ROUTER_TOKENS may be empty',
      'each of ROUTER_TOKENS must be visible ASCII without blanks and commas',
    ]);
    expect(faults('jwt', { jwtIssuer: '', jwtAudience: '', jwksUrl: '' })).toHaveLength(3);
  });

  it('do not include unknown ones', () => {
    for (const mode of ['', 'None', 'jwt+router', 'off', 'constructor']) {
      expect(faults(mode, { ...jwt })).toEqual([
        'AUTH_MODE must be one of none, router, jwt, router+jwt',
      ]);
    }
  });

  it('fetch keys by https alone, except from loopback or when that is asked for', () => {
    const refused = [
      'http://issuer.example/keys',
      'ftp://issuer.example/keys',
      'keys',
      'file:///k',
    ];
    for (const jwksUrl of refused) {
      expect(faults('jwt', { ...jwt, jwksUrl })).toEqual([expect.stringContaining('JWKS_URL')]);
    }
    const accepted = ['http://127.0.0.1:8080/keys', 'http://localhost/keys', 'http://[::1]:1/keys'];
    for (const jwksUrl of accepted) expect(faults('jwt', { ...jwt, jwksUrl })).toEqual([]);
    const jwksUrl = 'http://issuer.example/keys';
    expect(faults('jwt', { ...jwt, jwksUrl, allowInsecure: true })).toEqual([]);
    const secret = faults('jwt', { ...jwt, jwksUrl: 'https://user:marked-pw@issuer.example/keys' });
    expect(secret).toEqual(['JWKS_URL must not hold credentials']);
  });

  it('quote no router token in a fault', () => {
    const marked = ', 5e1d';
    const found = faults('router', { routerTokens: () => [marked, marked, marked] });
    expect(found).toHaveLength(2);
    expect(found.join()).not.toContain('5e1d');
  });
});

describe('a router token that can be guessed', () => {
  it.each([
    ['router', ['t1'], 1],
    ['router+jwt', [token, 'secret'], 1],
    ['router', [token], 0],
    ['none', ['t1'], 0],
  ])('is taken and warned of, without being quoted (%s, %j)', (mode, tokens, warnings) => {
    const logged: unknown[] = [];
    const options = { ...settings(mode), ...jwt, routerTokens: () => tokens };
    expect(authFaults(options, '127.0.0.1')).toEqual([]);
    createAuthenticator(options, {
      clock: { now: () => 0, monotonic: () => 0 },
      http: { call: () => Promise.reject(new Error('nothing is to be fetched')) },
      log: (event, fields) => logged.push([event, fields]),
    });
    expect(logged).toHaveLength(warnings);
    for (const entry of logged) {
      expect(entry).toEqual([
        'callers.unsafe_setting',
        { reason: expect.stringContaining('can be guessed') as string },
      ]);
    }
    expect(JSON.stringify(logged)).not.toMatch(/t1|"secret|secret"/);
  });
});

describe('an authenticator', () => {
  it('is not made from settings with faults', () => {
    const parts = {
      clock: { now: () => 0, monotonic: () => 0 },
      http: { call: () => Promise.reject(new Error('nothing is to be fetched')) },
      log: () => {},
    };
    for (const mode of ['router', 'jwt', 'router+jwt', 'unknown']) {
      expect(() => createAuthenticator(settings(mode), parts)).toThrow(RangeError);
    }
    const empty = { ...settings('router'), routerTokens: () => [''] };
    expect(() => createAuthenticator(empty, parts)).toThrow(RangeError);
  });
});
