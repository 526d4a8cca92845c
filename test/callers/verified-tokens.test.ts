import { describe, expect, it } from 'vitest';

import type { KeySet } from '../../src/callers/remote-keys.ts';
import { VerifiedTokens, tokenDigest } from '../../src/callers/verified-tokens.ts';
import { Bench, bearer, outcome } from './bench.ts';

const expired = 'UNAUTHENTICATED TOKEN_EXPIRED';

describe('a verified token', () => {
  it('is taken at once the next time, without a signature check or a fetch', async () => {
    await using bench = await Bench.open();
    const token = await bench.issuer.token(await bench.issuer.addKey('k1'));
    const authenticator = bench.authenticator();
    const first = await outcome(authenticator, bearer(token));
    expect(authenticator.authenticate(bearer(token))).toBe(first);
    expect(authenticator.authenticate({ authorization: `bearer  ${token}` })).toBe(first);
    expect(bench.issuer.requests.length).toBe(1);
  });

  it('ends to the millisecond, remembered or not', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const nowSeconds = bench.clock.now() / 1000;
    for (const lifeSeconds of [60, 60.25]) {
      await using other = await Bench.open();
      other.issuer.keys.push(key);
      const token = await other.issuer.token(key, { exp: nowSeconds + lifeSeconds });
      const authenticator = other.authenticator();
      expect(await outcome(authenticator, bearer(token))).toMatchObject({ id: expect.any(String) });
      await other.clock.advance(lifeSeconds * 1000 + 5_000 - 1);
      expect(authenticator.authenticate(bearer(token))).toMatchObject({ id: expect.any(String) });
      expect(await outcome(other.authenticator(), bearer(token))).toMatchObject({});
      await other.clock.advance(1);
      expect(await outcome(authenticator, bearer(token))).toBe(expired);
      expect(await outcome(authenticator, bearer(token))).toBe(expired);
      expect(await outcome(other.authenticator(), bearer(token))).toBe(expired);
    }
  });

  it('is not remembered when it was refused', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const soon = Math.floor(bench.clock.now() / 1000) + 60;
    const token = await bench.issuer.token(key, { nbf: soon });
    const authenticator = bench.authenticator();
    expect(await outcome(authenticator, bearer(token))).toBe('UNAUTHENTICATED TOKEN_NOT_YET_VALID');
    await bench.clock.advance(60_000);
    expect(await outcome(authenticator, bearer(token))).toMatchObject({ id: expect.any(String) });
  });

  it('vouches for no other token with the same parts', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const token = await bench.issuer.token(key);
    const other = await bench.issuer.token(key, { sub: 'user-2' });
    const authenticator = bench.authenticator();
    expect(await outcome(authenticator, bearer(token))).toMatchObject({ id: expect.any(String) });
    const [header, payload] = token.split('.');
    const [, otherPayload, otherSignature] = other.split('.');
    for (const forged of [
      `${header}.${payload}.${otherSignature}`,
      `${header}.${otherPayload}.${token.split('.')[2]}`,
    ]) {
      expect(await outcome(authenticator, bearer(forged))).toBe('UNAUTHENTICATED TOKEN_SIGNATURE');
    }
  });
});

describe('the memory of verified tokens', () => {
  const keys: KeySet = { keyFor: () => Promise.reject(new Error('not asked')), text: '' };
  const verified = (id: string) => ({
    caller: { id, scopes: new Set<never>(), mayIntrospect: false },
    expiresAtMs: 1,
    keys,
  });

  it('is bounded, and forgets what was not used for longest', () => {
    const memory = new VerifiedTokens(3);
    for (const id of ['a', 'b', 'c']) memory.set(id, verified(id));
    expect(memory.get('a')?.caller.id).toBe('a');
    memory.set('c', verified('c2'));
    memory.set('d', verified('d'));
    expect(memory.size).toBe(3);
    expect(['a', 'b', 'c', 'd'].map((id) => memory.get(id)?.caller.id)).toEqual([
      'a',
      undefined,
      'c2',
      'd',
    ]);
  });

  it('keeps digests, never a token', () => {
    const token = 'header.payload.signature';
    expect(tokenDigest(token)).toMatch(/^[\w-]{43}$/);
    expect(tokenDigest(token)).not.toBe(tokenDigest(`${token}x`));
  });
});
