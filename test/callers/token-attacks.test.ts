import { createHmac, generateKeyPairSync, sign } from 'node:crypto';

import { CompactSign, exportSPKI } from 'jose';
import { describe, expect, it } from 'vitest';

import { Bench, bearer, outcome, refusal } from './bench.ts';
import { makeKey } from './issuer.ts';

function part(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString(
    'base64url',
  );
}

describe('a token that does not hold is refused, never taken for anonymous', () => {
  it('when it is signed with nothing (alg none, in any spelling)', async () => {
    await using bench = await Bench.open();
    await bench.issuer.addKey('k1');
    const authenticator = bench.authenticator();
    const payload = part(bench.issuer.claims());
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '', null, 0, ['none'], undefined]) {
      const header = part({ alg, kid: 'k1', typ: 'JWT' });
      expect(await outcome(authenticator, bearer(`${header}.${payload}.`))).toBe(
        'UNAUTHENTICATED TOKEN_MALFORMED',
      );
      expect(await outcome(authenticator, bearer(`${header}.${payload}.AAAA`))).toMatch(
        /^UNAUTHENTICATED TOKEN_(?:ALGORITHM|MALFORMED)$/,
      );
    }
  });

  it('when it is an HMAC under the published public key (key confusion)', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1', 'RS256');
    const authenticator = bench.authenticator();
    const pem = await exportSPKI(key.publicKey);
    const secrets = [
      pem,
      pem.trim(),
      Buffer.from(pem.replace(/-----.*-----|\s/g, ''), 'base64'),
      JSON.stringify(key.jwk),
      Buffer.from(String(key.jwk.n), 'base64url'),
    ];
    for (const bits of [256, 384, 512]) {
      for (const secret of secrets) {
        const signed = `${part({ alg: `HS${bits}`, kid: 'k1' })}.${part(bench.issuer.claims())}`;
        const mac = createHmac(`sha${bits}`, secret).update(signed).digest('base64url');
        expect(await outcome(authenticator, bearer(`${signed}.${mac}`))).toBe(
          'UNAUTHENTICATED TOKEN_ALGORITHM',
        );
        const renamed = `${part({ alg: 'RS256', kid: 'k1' })}.${part(bench.issuer.claims())}`;
        const other = createHmac(`sha${bits}`, secret).update(renamed).digest('base64url');
        expect(await outcome(authenticator, bearer(`${renamed}.${other}`))).toBe(
          'UNAUTHENTICATED TOKEN_SIGNATURE',
        );
      }
    }
  });

  it('when the published set itself holds a secret key', async () => {
    await using bench = await Bench.open();
    const k = Buffer.from('a secret that everybody can read').toString('base64url');
    const oct = { ...(await makeKey('oct')), jwk: { kty: 'oct', kid: 'oct', k, alg: 'HS256' } };
    bench.issuer.keys.push(oct);
    const signed = `${part({ alg: 'HS256', kid: 'oct' })}.${part(bench.issuer.claims())}`;
    const mac = createHmac('sha256', Buffer.from(k, 'base64url')).update(signed);
    const token = `${signed}.${mac.digest('base64url')}`;
    expect(await outcome(bench.authenticator(), bearer(token))).toBe(
      'UNAUTHENTICATED TOKEN_ALGORITHM',
    );
  });

  it('when another key signed it under the name of a published one', async () => {
    await using bench = await Bench.open();
    await bench.issuer.addKey('k1');
    const token = await bench.issuer.token(await makeKey('k1'));
    expect(await outcome(bench.authenticator(), bearer(token))).toBe(
      'UNAUTHENTICATED TOKEN_SIGNATURE',
    );
  });

  it('when a published key of another kind is named', async () => {
    await using bench = await Bench.open();
    await bench.issuer.addKey('rsa', 'RS256');
    const token = await bench.issuer.token(await makeKey('rsa', 'ES256'));
    expect(await outcome(bench.authenticator(), bearer(token))).toBe('UNAUTHENTICATED TOKEN_KEY');
  });

  it('when the published key is meant for encryption', async () => {
    await using bench = await Bench.open();
    const encryption = await makeKey('enc');
    bench.issuer.keys.push({ ...encryption, jwk: { ...encryption.jwk, use: 'enc' } });
    const token = await bench.issuer.token(encryption);
    expect(await outcome(bench.authenticator(), bearer(token))).toBe('UNAUTHENTICATED TOKEN_KEY');
  });

  it('when the published key is too short to be trusted', async () => {
    await using bench = await Bench.open();
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const jwk = { ...publicKey.export({ format: 'jwk' }), kty: 'RSA', kid: 'weak' };
    bench.issuer.keys.push({ ...(await makeKey('weak')), jwk });
    const signed = `${part({ alg: 'RS256', kid: 'weak' })}.${part(bench.issuer.claims())}`;
    const signature = sign('sha256', Buffer.from(signed), privateKey).toString('base64url');
    expect(await outcome(bench.authenticator(), bearer(`${signed}.${signature}`))).toBe(
      'UNAUTHENTICATED TOKEN_SIGNATURE',
    );
  });

  it('when its claims were changed after signing', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const authenticator = bench.authenticator();
    const [header, , signature] = (await bench.issuer.token(key)).split('.');
    const payload = part(bench.issuer.claims({ sub: 'victim', scope: 'inference:operate' }));
    expect(await outcome(authenticator, bearer(`${header}.${payload}.${signature}`))).toBe(
      'UNAUTHENTICATED TOKEN_SIGNATURE',
    );
  });

  it('when issuer, audience or times are not right', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const authenticator = bench.authenticator();
    const now = Math.floor(bench.clock.now() / 1000);
    const cases: [Record<string, unknown>, string][] = [
      [{ iss: 'https://other.example/' }, 'TOKEN_ISSUER'],
      [{ iss: 'https://issuer.example' }, 'TOKEN_ISSUER'],
      [{ iss: ['https://issuer.example/'] }, 'TOKEN_ISSUER'],
      [{ iss: undefined }, 'TOKEN_ISSUER'],
      [{ aud: 'someone-else' }, 'TOKEN_AUDIENCE'],
      [{ aud: ['a', 'b'] }, 'TOKEN_AUDIENCE'],
      [{ aud: 'gpubroker-admin' }, 'TOKEN_AUDIENCE'],
      [{ aud: { gpubroker: true } }, 'TOKEN_AUDIENCE'],
      [{ aud: undefined }, 'TOKEN_AUDIENCE'],
      [{ exp: now - 5 }, 'TOKEN_EXPIRED'],
      [{ exp: now - 86_400 }, 'TOKEN_EXPIRED'],
      [{ exp: 0 }, 'TOKEN_EXPIRED'],
      [{ exp: -1 }, 'TOKEN_EXPIRED'],
      [{ exp: undefined }, 'TOKEN_CLAIM'],
      [{ exp: null }, 'TOKEN_CLAIM'],
      [{ exp: `${now + 600}` }, 'TOKEN_CLAIM'],
      [{ exp: 1e15 }, 'TOKEN_CLAIM'],
      [{ nbf: now + 6 }, 'TOKEN_NOT_YET_VALID'],
      [{ nbf: 'soon' }, 'TOKEN_NOT_YET_VALID'],
    ];
    for (const [changes, reason] of cases) {
      const token = await bench.issuer.token(key, changes);
      expect([changes, await outcome(authenticator, bearer(token))]).toEqual([
        changes,
        `UNAUTHENTICATED ${reason}`,
      ]);
    }
    const early = await bench.issuer.token(key, { nbf: now + 5, aud: ['x', 'gpubroker'] });
    expect(await outcome(authenticator, bearer(early))).toMatchObject({ id: expect.any(String) });
  });

  it('when its end is a number beyond all numbers', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const payload = JSON.stringify(bench.issuer.claims()).replace(/"exp":\d+/, '"exp":1e999');
    expect(payload).toContain('1e999');
    const token = await new CompactSign(new TextEncoder().encode(payload))
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .sign(key.privateKey);
    expect(await outcome(bench.authenticator(), bearer(token))).toBe('UNAUTHENTICATED TOKEN_CLAIM');
  });

  it('when it is a token of another kind', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const authenticator = bench.authenticator();
    for (const typ of ['logout+jwt', 'dpop+jwt', 'secevent+jwt', 'JWE', '', null, 7]) {
      const token = await bench.issuer.token(key, {}, { typ });
      expect(await outcome(authenticator, bearer(token))).toBe('UNAUTHENTICATED TOKEN_TYPE');
    }
    for (const typ of ['at+jwt', 'application/at+jwt', 'jwt', undefined]) {
      const token = await bench.issuer.token(key, {}, { typ });
      expect(await outcome(authenticator, bearer(token))).toMatchObject({ id: expect.any(String) });
    }
  });

  it('when it asks for extensions that are not understood', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const authenticator = bench.authenticator();
    const [, payload, signature] = (await bench.issuer.token(key)).split('.');
    for (const header of [
      { alg: 'ES256', kid: 'k1', crit: ['exp'], exp: 1 },
      { alg: 'ES256', kid: 'k1', crit: ['b64'], b64: false },
      { alg: 'ES256', kid: 'k1', crit: [] },
    ]) {
      const answer = await outcome(
        authenticator,
        bearer(`${part(header)}.${payload}.${signature}`),
      );
      expect(answer).toMatch(/^UNAUTHENTICATED TOKEN_/);
    }
  });
});

describe('what a token says about keys', () => {
  it('is not followed: jwk, jku, x5u and x5c count for nothing', async () => {
    await using bench = await Bench.open();
    await using attacker = await Bench.open();
    await bench.issuer.addKey('k1');
    const authenticator = bench.authenticator();
    const own = await attacker.issuer.addKey('k1');
    const named = { jku: attacker.issuer.jwksUrl, x5u: attacker.issuer.jwksUrl, x5c: ['AAAA'] };
    const changes = { iss: bench.issuer.name };
    for (const header of [{ jwk: own.jwk }, named, { ...named, jwk: own.jwk }]) {
      const token = await bench.issuer.token(own, changes, header);
      expect(await outcome(authenticator, bearer(token))).toBe('UNAUTHENTICATED TOKEN_SIGNATURE');
      const unnamed = await bench.issuer.token(own, changes, { ...header, kid: 'k2' });
      expect(await outcome(authenticator, bearer(unnamed))).toBe('UNAUTHENTICATED TOKEN_KEY');
    }
    expect(attacker.issuer.requests).toEqual([]);
    expect(new Set(bench.issuer.requests)).toEqual(new Set(['/keys']));
  });

  it('names a key and nothing else: paths, addresses and queries in kid lead nowhere', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const authenticator = bench.authenticator();
    const tricks: unknown[] = [
      '../../../../dev/null',
      '/etc/passwd',
      'file:///dev/null',
      'http://127.0.0.1:1/keys',
      "' UNION SELECT 'x",
      '__proto__',
      'constructor',
      'k1\u0000',
      'K1',
      'x'.repeat(257),
      '',
      null,
      0,
      true,
      ['k1'],
      { k1: 'k1' },
    ];
    for (const kid of tricks) {
      const token = await bench.issuer.token(key, {}, { kid });
      expect([kid, await outcome(authenticator, bearer(token))]).toEqual([
        kid,
        'UNAUTHENTICATED TOKEN_KEY',
      ]);
    }
    expect(bench.issuer.requests).toEqual(['/keys']);
  });

  it('may leave out the name where one published key fits, and not where several do', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey(undefined);
    await bench.issuer.addKey('rsa', 'RS256');
    const token = await bench.issuer.token(key);
    expect(await outcome(bench.authenticator(), bearer(token))).toMatchObject({});
    await bench.issuer.addKey('second');
    expect(await outcome(bench.authenticator(), bearer(token))).toBe('UNAUTHENTICATED TOKEN_KEY');
  });
});

describe('the Authorization header', () => {
  it('has to be Bearer, in any case, and one token', async () => {
    await using bench = await Bench.open();
    const token = await bench.issuer.token(await bench.issuer.addKey('k1'));
    const authenticator = bench.authenticator();
    for (const scheme of ['Bearer ', 'bearer ', 'BEARER ', 'Bearer   ']) {
      expect(await outcome(authenticator, { authorization: `${scheme}${token}` })).toMatchObject(
        {},
      );
    }
    const refused = [
      '',
      ' ',
      token,
      'Bearer',
      'Bearer ',
      `Bearer${token}`,
      `Bearer\t${token}`,
      ` Bearer ${token}`,
      `Bearer ${token} `,
      `Bearer ${token} x`,
      `Bearer ${token},Bearer ${token}`,
      `Bearer ${token}, Bearer ${token}`,
      `Bearer Bearer ${token}`,
      `Bearer "${token}"`,
      `Bearer ${token}=`,
      `Bearer ${token}.x.y`,
      `Basic ${token}`,
      `DPoP ${token}`,
      `Token ${token}`,
      'Bearer null',
      'Bearer undefined',
      'Bearer ..',
      'Bearer a.b',
      'Bearer \u00e9.\u00e9.\u00e9',
    ];
    for (const authorization of refused) {
      expect([authorization, await outcome(authenticator, { authorization })]).toEqual([
        authorization,
        'UNAUTHENTICATED TOKEN_MALFORMED',
      ]);
    }
    const twice = { authorization: [`Bearer ${token}`, `Bearer ${token}`] as unknown as string };
    expect(await outcome(authenticator, twice)).toBe('UNAUTHENTICATED TOKEN_MALFORMED');
  });

  it('is refused before anything is parsed when the token is longer than 8192 bytes', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const authenticator = bench.authenticator();
    const large = await bench.issuer.token(key, { padding: 'x'.repeat(8000) });
    expect(large.length).toBeGreaterThan(8192);
    for (const token of [large, 'x'.repeat(8193), 'a.'.repeat(1_000_000), '.'.repeat(15_000)]) {
      expect(await outcome(authenticator, bearer(token))).toBe('UNAUTHENTICATED TOKEN_TOO_LONG');
    }
    expect(bench.issuer.requests).toEqual([]);
    const withinLimit = await bench.issuer.token(key, { padding: 'x'.repeat(5500) });
    expect(await outcome(authenticator, bearer(withinLimit))).toMatchObject({});
  });

  it('is refused when it carries garbage in the form of a token', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const authenticator = bench.authenticator();
    const [header, payload, signature] = (await bench.issuer.token(key)).split('.');
    const deep = `${'['.repeat(2500)}${']'.repeat(2500)}`;
    const garbage = [
      'a.b.c',
      'AAAA.AAAA.AAAA',
      `${part('null')}.${payload}.${signature}`,
      `${part('[]')}.${payload}.${signature}`,
      `${part('{"alg":')}.${payload}.${signature}`,
      `${part(deep)}.${payload}.${signature}`,
      `${part('{"__proto__":{"alg":"ES256"},"kid":"k1"}')}.${payload}.${signature}`,
      `${header}.${payload}.A`,
      `${header}.${payload}.AAAA`,
      `${header}.${payload}.${signature?.slice(0, -4)}`,
      `${header}.${part('garbage')}.${signature}`,
    ];
    for (const token of garbage) {
      expect([token.slice(0, 60), await outcome(authenticator, bearer(token))]).toEqual([
        token.slice(0, 60),
        expect.stringMatching(/^UNAUTHENTICATED TOKEN_(?:MALFORMED|SIGNATURE)$/),
      ]);
    }
    expect(bench.issuer.requests.length).toBeLessThanOrEqual(1);
  });
});

describe('a refusal', () => {
  it('quotes neither token nor claim, in the answer, in its causes and in the log', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const mark = 'marked-7c1d';
    const authenticator = bench.authenticator({ jwtTenantClaim: 'tenant' });
    const bad = [
      { sub: mark, aud: mark },
      { sub: mark, iss: mark },
      { sub: mark, exp: 1 },
      { sub: `${mark}${'x'.repeat(300)}` },
      { tenant: [mark] },
      { gpubroker_budget_usd_per_day: mark },
    ];
    for (const changes of bad) {
      const token = await bench.issuer.token(key, changes);
      const error = await refusal(authenticator, bearer(token));
      const seen = JSON.stringify([error, error.stack, error.cause, error.originalError]);
      expect(seen).not.toContain(mark);
      expect(seen).not.toContain(token.split('.')[1]);
    }
    const kid = await bench.issuer.token(key, {}, { kid: mark });
    expect(JSON.stringify(await refusal(authenticator, bearer(kid)))).not.toContain(mark);
    expect(bench.logged.join('\n')).not.toContain(mark);
  });
});
