import { describe, expect, it } from 'vitest';

import { Bench, bearer, outcome, settings } from './bench.ts';
import { createAuthenticator } from '../../src/callers/authenticator.ts';

const current = 'current-router-token';
const next = 'next-router-token-which-is-longer';
const routerRefusal = 'UNAUTHENTICATED ROUTER_TOKEN';

const anonymous = {
  id: undefined,
  scopes: new Set(),
  mayIntrospect: false,
};

describe('mode none', () => {
  it('takes everybody for local, with every right, whatever the headers say', async () => {
    await using bench = await Bench.open();
    for (const mode of ['none', undefined]) {
      const authenticator = createAuthenticator(settings(mode), {
        clock: bench.clock,
        http: { call: () => Promise.reject(new Error('nothing is to be fetched')) },
        log: () => {},
      });
      const headers = { authorization: 'Bearer x', 'x-caller-id': 'eve', 'x-router-token': 'y' };
      expect(authenticator.authenticate(headers)).toEqual({
        id: 'local',
        scopes: new Set(['inference:launch', 'inference:read', 'inference:operate']),
        mayIntrospect: true,
      });
    }
  });
});

describe('mode router', () => {
  const router = (bench: Bench) =>
    bench.authenticator({ mode: 'router', routerTokens: () => [current, next] });

  it('takes either of two tokens and believes the caller id that comes with it', async () => {
    await using bench = await Bench.open();
    for (const token of [current, next]) {
      const headers = { 'x-router-token': token, 'x-caller-id': 'tenant-7' };
      expect(router(bench).authenticate(headers)).toEqual({
        id: 'tenant-7',
        scopes: new Set(['inference:launch', 'inference:read']),
        mayIntrospect: true,
      });
    }
  });

  it('refuses every other token alike, whatever its length, and believes no caller id with it', async () => {
    await using bench = await Bench.open();
    const wrong = [
      undefined,
      '',
      'x',
      current.slice(0, -1),
      `${current}x`,
      ` ${current}`,
      current.toUpperCase(),
      `${current}, ${current}`,
      `${current},${next}`,
      [current],
      [current, next],
      'y'.repeat(current.length),
      'z'.repeat(15_000),
      '\u00e9'.repeat(40),
    ];
    for (const token of wrong) {
      const headers = { 'x-router-token': token, 'x-caller-id': 'tenant-7' };
      expect(await outcome(router(bench), headers)).toBe(routerRefusal);
    }
    expect(await outcome(router(bench), { 'x-caller-id': 'tenant-7' })).toBe(routerRefusal);
  });

  it('gives a router that names nobody the catalogue and the schema, and no scope', async () => {
    await using bench = await Bench.open();
    for (const name of [{}, { 'x-caller-id': '' }]) {
      const headers = {
        'x-router-token': current,
        'x-caller-scopes': 'inference:operate',
        ...name,
      };
      expect(router(bench).authenticate(headers)).toEqual({ ...anonymous, mayIntrospect: true });
    }
  });

  it('refuses a caller id that is not 1 to 200 visible ASCII characters', async () => {
    await using bench = await Bench.open();
    const accepted = ['a', '~', 'jwt:a:subject:b', 'a,b', 'x'.repeat(200)];
    const refused = [
      'x'.repeat(201),
      'a b',
      'a, b',
      'a\tb',
      'a\u0000',
      'caf\u00e9',
      '\u007f',
      ['a'],
    ];
    for (const id of accepted) {
      const headers = { 'x-router-token': current, 'x-caller-id': id };
      expect(await outcome(router(bench), headers)).toMatchObject({ id });
    }
    for (const id of refused) {
      const headers = { 'x-router-token': current, 'x-caller-id': id };
      expect(await outcome(router(bench), headers)).toBe('FORBIDDEN CALLER_ID');
    }
  });

  it('gives exactly the known scopes that the router names, operate only so', async () => {
    await using bench = await Bench.open();
    const cases: [string, string[]][] = [
      ['inference:read', ['inference:read']],
      ['openid inference:operate  inference:read', ['inference:operate', 'inference:read']],
      ['', []],
      ['INFERENCE:LAUNCH', []],
      ['inference:launch,inference:read', []],
      ['toString __proto__ constructor', []],
    ];
    for (const [text, scopes] of cases) {
      const headers = {
        'x-router-token': current,
        'x-caller-id': 'a',
        'x-caller-scopes': text,
      };
      expect(await outcome(router(bench), headers)).toMatchObject({ scopes: new Set(scopes) });
    }
  });

  it('does not read the Authorization header, which is the router’s own affair', async () => {
    await using bench = await Bench.open();
    const headers = { 'x-router-token': current, 'x-caller-id': 'a', authorization: 'Basic eDp5' };
    expect(await outcome(router(bench), headers)).toMatchObject({ id: 'a' });
    expect(bench.issuer.requests).toEqual([]);
  });

  it('reads the tokens at construction and no more', async () => {
    await using bench = await Bench.open();
    let tokens: readonly string[] = [current];
    const authenticator = bench.authenticator({ mode: 'router', routerTokens: () => tokens });
    tokens = [next];
    const headers = { 'x-caller-id': 'a' };
    const withCurrent = { ...headers, 'x-router-token': current };
    expect(await outcome(authenticator, withCurrent)).toMatchObject({ id: 'a' });
    expect(await outcome(authenticator, { ...headers, 'x-router-token': next })).toBe(
      routerRefusal,
    );
  });
});

describe('mode jwt', () => {
  it('takes a good token for its subject, with the token’s scopes and end', async () => {
    await using bench = await Bench.open();
    const token = await bench.issuer.token(await bench.issuer.addKey('k1'));
    expect(await outcome(bench.authenticator(), bearer(token))).toEqual({
      id: 'jwt:https%3A%2F%2Fissuer.example%2F:subject:user-1',
      scopes: new Set(['inference:launch', 'inference:read']),
      mayIntrospect: false,
      expiresAtMs: bench.clock.now() + 605_000,
    });
  });

  it('takes tokens of every allowed algorithm', async () => {
    await using bench = await Bench.open();
    const algorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
    for (const algorithm of algorithms) {
      await bench.issuer.addKey(algorithm, algorithm);
    }
    const authenticator = bench.authenticator();
    for (const key of bench.issuer.keys) {
      const token = await bench.issuer.token(key, { sub: key.alg });
      const id = `jwt:https%3A%2F%2Fissuer.example%2F:subject:${key.alg}`;
      expect(await outcome(authenticator, bearer(token))).toMatchObject({ id });
    }
  });

  it('takes whoever sends no token for an anonymous reader, unless reads need one', async () => {
    await using bench = await Bench.open();
    expect(bench.authenticator().authenticate({})).toEqual(anonymous);
    const strict = bench.authenticator({ requireAuthForReads: true });
    expect(await outcome(strict, {})).toBe('UNAUTHENTICATED TOKEN_MISSING');
  });

  it('ignores x-caller-id, x-caller-scopes and x-router-token', async () => {
    await using bench = await Bench.open();
    const forged = {
      'x-caller-id': 'victim',
      'x-caller-scopes': 'inference:operate',
      'x-router-token': current,
    };
    const authenticator = bench.authenticator({ routerTokens: () => [current] });
    expect(await outcome(authenticator, forged)).toEqual(anonymous);
    const token = await bench.issuer.token(await bench.issuer.addKey('k1'));
    expect(await outcome(authenticator, { ...forged, ...bearer(token) })).toMatchObject({
      id: 'jwt:https%3A%2F%2Fissuer.example%2F:subject:user-1',
      scopes: new Set(['inference:launch', 'inference:read']),
      mayIntrospect: false,
    });
  });

  it('lets operators see the schema', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const token = await bench.issuer.token(key, { scope: 'inference:operate' });
    expect(await outcome(bench.authenticator(), bearer(token))).toMatchObject({
      mayIntrospect: true,
    });
  });
});

describe('mode router+jwt', () => {
  const both = (bench: Bench, requireAuthForReads = false) =>
    bench.authenticator({
      mode: 'router+jwt',
      routerTokens: () => [current],
      requireAuthForReads,
    });

  it('needs the router’s token for everything, however good the user’s is', async () => {
    await using bench = await Bench.open();
    const token = await bench.issuer.token(await bench.issuer.addKey('k1'));
    expect(await outcome(both(bench), {})).toBe(routerRefusal);
    expect(await outcome(both(bench), bearer(token))).toBe(routerRefusal);
    const wrong = { ...bearer(token), 'x-router-token': next };
    expect(await outcome(both(bench), wrong)).toBe(routerRefusal);
    expect(bench.issuer.requests).toEqual([]);
  });

  it('takes the caller from the user’s token, never from x-caller-id', async () => {
    await using bench = await Bench.open();
    const token = await bench.issuer.token(await bench.issuer.addKey('k1'));
    const headers = {
      ...bearer(token),
      'x-router-token': current,
      'x-caller-id': 'victim',
      'x-caller-scopes': 'inference:operate',
    };
    const caller = {
      id: 'jwt:https%3A%2F%2Fissuer.example%2F:subject:user-1',
      scopes: new Set(['inference:launch', 'inference:read']),
      mayIntrospect: true,
    };
    const authenticator = both(bench);
    expect(await outcome(authenticator, headers)).toMatchObject(caller);
    expect(authenticator.authenticate(headers)).toMatchObject(caller);
  });

  it('gives the router alone the catalogue and the schema, unless reads need a user', async () => {
    await using bench = await Bench.open();
    const headers = { 'x-router-token': current, 'x-caller-id': 'victim' };
    expect(both(bench).authenticate(headers)).toEqual({ ...anonymous, mayIntrospect: true });
    expect(await outcome(both(bench, true), headers)).toBe('UNAUTHENTICATED TOKEN_MISSING');
  });

  it('refuses a bad user’s token behind a good router', async () => {
    await using bench = await Bench.open();
    await bench.issuer.addKey('k1');
    const headers = { 'x-router-token': current, authorization: 'Bearer a.b.c' };
    expect(await outcome(both(bench), headers)).toBe('UNAUTHENTICATED TOKEN_MALFORMED');
  });
});
