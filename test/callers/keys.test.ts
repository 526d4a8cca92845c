import type { ServerResponse } from 'node:http';

import { describe, expect, it } from 'vitest';

import {
  keysCooldownMs,
  keysLifeMs,
  keysOutageMs,
  keysRefreshMs,
  keysRetryMs,
  maximumKeySetBytes,
  maximumKeys,
} from '../../src/callers/remote-keys.ts';
import { Bench, bearer, outcome, refusal } from './bench.ts';
import { makeKey } from './issuer.ts';

const unavailable = 'SERVICE_UNAVAILABLE KEYS_UNAVAILABLE';
const unknownKey = 'UNAUTHENTICATED TOKEN_KEY';
const accepted = { id: expect.any(String) };

const cut = (response: ServerResponse): void => {
  response.destroy();
};

describe('the issuer’s keys', () => {
  it('are fetched once for many tokens that arrive together, and then held', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const authenticator = bench.authenticator();
    expect(bench.issuer.requests).toEqual([]);
    const tokens = await Promise.all(
      Array.from({ length: 40 }, (_, index) => bench.issuer.token(key, { sub: `user-${index}` })),
    );
    const outcomes = await Promise.all(
      tokens.map((token) => outcome(authenticator, bearer(token))),
    );
    expect(new Set(outcomes.map((caller) => typeof caller !== 'string' && caller.id)).size).toBe(
      40,
    );
    expect(bench.issuer.requests).toEqual(['/keys']);
  });

  it('are fetched within stated bounds of time and size', async () => {
    await using bench = await Bench.open();
    const token = await bench.issuer.token(await bench.issuer.addKey('k1'));
    await outcome(bench.authenticator(), bearer(token));
    const limits = bench.fetchLimits[0];
    expect(limits?.totalTimeoutMs).toBeLessThanOrEqual(5_000);
    expect(limits?.maxBodyBytes).toBe(maximumKeySetBytes);
  });

  it('are fetched again for a new one, so that a rotation needs no restart', async () => {
    await using bench = await Bench.open();
    const old = await bench.issuer.addKey('k1');
    const authenticator = bench.authenticator();
    const before = await bench.issuer.token(old);
    expect(await outcome(authenticator, bearer(before))).toMatchObject(accepted);
    await bench.clock.advance(keysCooldownMs);
    const fresh = await bench.issuer.addKey('k2');
    const after = await bench.issuer.token(fresh, { sub: 'user-2' });
    expect(await outcome(authenticator, bearer(after))).toMatchObject(accepted);
    expect(await outcome(authenticator, bearer(before))).toMatchObject(accepted);
    expect(bench.issuer.requests.length).toBe(2);
  });

  it('are not fetched more often for a flood of tokens that name unknown ones', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const stranger = await makeKey('k1');
    const authenticator = bench.authenticator();
    const good = await bench.issuer.token(key);
    expect(await outcome(authenticator, bearer(good))).toMatchObject(accepted);
    const minutes = 5;
    for (let second = 0; second < minutes * 60; second += 5) {
      const tokens = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          bench.issuer.token(stranger, {}, { kid: `random-${second}-${index}` }),
        ),
      );
      const outcomes = await Promise.all(
        tokens.map((token) => outcome(authenticator, bearer(token))),
      );
      expect(new Set(outcomes)).toEqual(new Set([unknownKey]));
      await bench.clock.advance(5_000);
    }
    expect(bench.issuer.requests.length).toBeLessThanOrEqual((minutes * 60_000) / keysCooldownMs);
    expect(await outcome(authenticator, bearer(good))).toMatchObject(accepted);
  });

  it('are not fetched for a token that is refused by its form alone', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const authenticator = bench.authenticator();
    await outcome(authenticator, bearer(await bench.issuer.token(key)));
    await bench.clock.advance(keysCooldownMs);
    for (const header of [
      { kid: 'x'.repeat(257) },
      { kid: 7 },
      { typ: 'logout+jwt', kid: 'new' },
    ]) {
      const token = await bench.issuer.token(key, {}, header);
      expect(await outcome(authenticator, bearer(token))).toMatch(/^UNAUTHENTICATED /);
    }
    expect(bench.issuer.requests.length).toBe(1);
  });

  it('are refreshed beside the calls before they are too old, so that none waits', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const authenticator = bench.authenticator();
    const token = await bench.issuer.token(key, { exp: 4_000_000_000 });
    expect(await outcome(authenticator, bearer(token))).toMatchObject(accepted);
    await bench.clock.advance(keysRefreshMs);
    expect(authenticator.authenticate(bearer(token))).toMatchObject(accepted);
    // What came is taken in the same turn in which this sees that it came.
    await expect.poll(() => bench.fetchesOver).toBe(2);
    await bench.clock.advance(keysRefreshMs - 1);
    expect(authenticator.authenticate(bearer(token))).toMatchObject(accepted);
    expect(bench.issuer.requests.length).toBe(2);
  });
});

describe('a key that its issuer takes back', () => {
  it('counts no longer once the time is over for which keys are held, for known tokens too', async () => {
    await using bench = await Bench.open();
    const stolen = await bench.issuer.addKey('stolen');
    const kept = await bench.issuer.addKey('kept');
    const authenticator = bench.authenticator();
    const far = { exp: 4_000_000_000 };
    const bad = await bench.issuer.token(stolen, far);
    const good = await bench.issuer.token(kept, far);
    expect(await outcome(authenticator, bearer(bad))).toMatchObject(accepted);
    expect(await outcome(authenticator, bearer(good))).toMatchObject(accepted);
    bench.issuer.withdraw(stolen);
    await bench.clock.advance(keysLifeMs - 1);
    await bench.clock.advance(1);
    expect(await outcome(authenticator, bearer(bad))).toBe(unknownKey);
    expect(await outcome(authenticator, bearer(good))).toMatchObject(accepted);
  });

  it('counts no longer at once when anything makes the keys come anew', async () => {
    await using bench = await Bench.open();
    const stolen = await bench.issuer.addKey('stolen');
    const authenticator = bench.authenticator();
    const bad = await bench.issuer.token(stolen);
    expect(await outcome(authenticator, bearer(bad))).toMatchObject(accepted);
    bench.issuer.withdraw(stolen);
    const fresh = await bench.issuer.addKey('fresh');
    await bench.clock.advance(keysCooldownMs);
    const good = await bench.issuer.token(fresh, { sub: 'user-2' });
    expect(await outcome(authenticator, bearer(good))).toMatchObject(accepted);
    expect(await outcome(authenticator, bearer(bad))).toBe(unknownKey);
  });

  it('counts no longer when the issuer puts another under its name', async () => {
    await using bench = await Bench.open();
    const stolen = await bench.issuer.addKey('k1');
    const authenticator = bench.authenticator();
    const bad = await bench.issuer.token(stolen, { exp: 4_000_000_000 });
    expect(await outcome(authenticator, bearer(bad))).toMatchObject(accepted);
    bench.issuer.withdraw(stolen);
    await bench.issuer.addKey('k1');
    await bench.clock.advance(keysLifeMs);
    expect(await outcome(authenticator, bearer(bad))).toBe('UNAUTHENTICATED TOKEN_SIGNATURE');
  });

  it('counts no longer when all of them are taken back', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const authenticator = bench.authenticator();
    const token = await bench.issuer.token(key, { exp: 4_000_000_000 });
    expect(await outcome(authenticator, bearer(token))).toMatchObject(accepted);
    bench.issuer.withdraw(key);
    await bench.clock.advance(keysLifeMs);
    expect(await outcome(authenticator, bearer(token))).toBe(unknownKey);
  });
});

describe('an issuer that can’t be reached', () => {
  const weathers: [string, (response: ServerResponse) => void][] = [
    ['cuts the connection', cut],
    ['answers 500', (response) => response.writeHead(500).end('{"keys":[]}')],
    ['answers 404', (response) => response.writeHead(404).end()],
    ['answers with text', (response) => response.end('<html>sign in</html>')],
    ['answers with other JSON', (response) => response.end('{"keys":{}}')],
    ['answers with keys that are none', (response) => response.end('{"keys":[1,null]}')],
    ['answers with nothing', (response) => response.end()],
    ['answers with nesting without end', (response) => response.end('['.repeat(200_000))],
    [
      'answers with too many keys',
      (response) =>
        response.end(JSON.stringify({ keys: Array.from({ length: maximumKeys + 1 }, () => ({})) })),
    ],
    [
      'answers with more bytes than keys have',
      (response) => response.end(`{"keys":[],"x":"${'x'.repeat(maximumKeySetBytes)}"}`),
    ],
    [
      'sends bytes without end',
      (response) => {
        const write = (): void => {
          if (!response.destroyed) response.write('x'.repeat(64 * 1024), () => setImmediate(write));
        };
        write();
      },
    ],
  ];

  it.each(weathers)(
    'lets nobody in from the start, and everybody once it answers: %s',
    async (_, weather) => {
      await using bench = await Bench.open();
      const key = await bench.issuer.addKey('k1');
      const authenticator = bench.authenticator();
      const token = await bench.issuer.token(key);
      bench.issuer.weather = weather;
      const error = await refusal(authenticator, bearer(token));
      expect(error.extensions).toEqual({
        code: 'SERVICE_UNAVAILABLE',
        reason: 'KEYS_UNAVAILABLE',
        retryable: true,
        retryAfterSeconds: keysRetryMs / 1000,
      });
      expect(authenticator.degradedReason()).toMatch(/^keys of callers: 127\.0\.0\.1:\d+: /);
      expect(authenticator.authenticate({})).toMatchObject({ id: undefined });

      bench.issuer.weather = 'fair';
      await bench.clock.advance(keysRetryMs);
      expect(await outcome(authenticator, bearer(token))).toMatchObject(accepted);
      expect(authenticator.degradedReason()).toBeUndefined();
    },
  );

  it('lets nobody in when it hangs, and nobody waits longer than the fetch', async () => {
    await using bench = await Bench.open();
    bench.patienceMs = 100;
    const token = await bench.issuer.token(await bench.issuer.addKey('k1'));
    bench.issuer.weather = () => {};
    const authenticator = bench.authenticator();
    expect(await outcome(authenticator, bearer(token))).toBe(unavailable);
    expect(bench.logged.join()).toContain('no answer within 100 ms');
  });

  it('lets nobody in when there is no server at all', async () => {
    const bench = await Bench.open();
    const token = await bench.issuer.token(await bench.issuer.addKey('k1'));
    const authenticator = bench.authenticator();
    await bench.issuer[Symbol.asyncDispose]();
    expect(await outcome(authenticator, bearer(token))).toBe(unavailable);
  });

  it('is not followed to where it redirects', async () => {
    await using bench = await Bench.open();
    await using other = await Bench.open();
    const key = await other.issuer.addKey('k1');
    const token = await other.issuer.token(key);
    for (const status of [301, 302, 303, 307, 308]) {
      bench.issuer.weather = (response) =>
        response.writeHead(status, { location: other.issuer.jwksUrl }).end('{"keys":[]}');
      expect(await outcome(bench.authenticator(), bearer(token))).toBe(unavailable);
    }
    expect(other.issuer.requests).toEqual([]);
  });

  it('is not asked more often than every few seconds, whoever calls', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    bench.issuer.weather = cut;
    const authenticator = bench.authenticator();
    for (let second = 0; second < 60; second += 1) {
      const tokens = await Promise.all(
        Array.from({ length: 5 }, (_, index) =>
          bench.issuer.token(key, { sub: `${second}` }, { kid: `k${index}` }),
        ),
      );
      const outcomes = await Promise.all(
        tokens.map((token) => outcome(authenticator, bearer(token))),
      );
      expect(new Set(outcomes)).toEqual(new Set([unavailable]));
      await bench.clock.advance(1_000);
    }
    expect(bench.issuer.requests.length).toBeLessThanOrEqual(60_000 / keysRetryMs);
  });

  it('keeps nobody out who was verified before, until his token ends, and lets nobody new in', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const authenticator = bench.authenticator();
    const exp = Math.floor(bench.clock.now() / 1000) + 1800;
    const known = await bench.issuer.token(key, { exp });
    const late = await bench.issuer.token(key, { exp, sub: 'user-2' });
    expect(await outcome(authenticator, bearer(known))).toMatchObject(accepted);

    bench.issuer.weather = cut;
    await bench.clock.advance(keysLifeMs);
    for (let minute = 5; minute < 30; minute += 1) {
      expect(await outcome(authenticator, bearer(known))).toMatchObject(accepted);
      expect(await outcome(authenticator, bearer(late))).toBe(unavailable);
      await bench.clock.advance(60_000);
    }
    await bench.clock.advance(5_000);
    expect(await outcome(authenticator, bearer(known))).toBe('UNAUTHENTICATED TOKEN_EXPIRED');
  });

  it('vouches for verified tokens for an hour at most', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const authenticator = bench.authenticator();
    const token = await bench.issuer.token(key, { exp: 4_000_000_000 });
    expect(await outcome(authenticator, bearer(token))).toMatchObject(accepted);
    bench.issuer.weather = cut;
    await bench.clock.advance(keysOutageMs - 1);
    expect(await outcome(authenticator, bearer(token))).toMatchObject(accepted);
    await bench.clock.advance(1);
    expect(await outcome(authenticator, bearer(token))).toBe(unavailable);
  });

  it('is asked before a verified token is taken after a long silence', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const authenticator = bench.authenticator();
    const token = await bench.issuer.token(key, { exp: 4_000_000_000 });
    expect(await outcome(authenticator, bearer(token))).toMatchObject(accepted);
    await bench.clock.advance(keysLifeMs + 60_000);
    expect(await outcome(authenticator, bearer(token))).toMatchObject(accepted);
    expect(bench.issuer.requests.length).toBe(2);
  });

  it('leaves it open whether it has a key that it had not before', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const authenticator = bench.authenticator();
    expect(await outcome(authenticator, bearer(await bench.issuer.token(key)))).toMatchObject(
      accepted,
    );
    await bench.clock.advance(keysCooldownMs);
    const fresh = await bench.issuer.addKey('k2');
    const token = await bench.issuer.token(fresh);
    bench.issuer.weather = cut;
    expect(await outcome(authenticator, bearer(token))).toBe(unavailable);
    bench.issuer.weather = 'fair';
    await bench.clock.advance(keysRetryMs);
    expect(await outcome(authenticator, bearer(token))).toMatchObject(accepted);
  });
});
