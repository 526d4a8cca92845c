import { CompactSign } from 'jose';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Caller } from '../../src/callers/caller.ts';
import { tokenCallerId } from '../../src/callers/token-claims.ts';
import { Bench, bearer, outcome } from './bench.ts';

const badClaim = 'UNAUTHENTICATED TOKEN_CLAIM';
const issuerPart = 'jwt:https%3A%2F%2Fissuer.example%2F';

describe('the caller id of a token', () => {
  it('is the same for the same names only (property)', () => {
    const name = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
      fc.string({
        unit: fc.constantFrom(':', '%', 'jwt', 'tenant', '3A', 'a', '/', ' ', '\u0000'),
      }),
    );
    const kind = fc.constantFrom('tenant', 'subject', 'client');
    const caller = fc.tuple(name, kind, name);
    fc.assert(
      fc.property(caller, caller, (one, other) => {
        const same = one.every((part, index) => part === other[index]);
        expect(tokenCallerId(...one) === tokenCallerId(...other)).toBe(same);
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives back the names that it was made of (property)', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom('tenant', 'subject', 'client'),
        fc.string({ unit: 'grapheme' }),
        (issuer, kind, name) => {
          const parts = tokenCallerId(issuer, kind, name).split(':');
          expect(parts.map((part) => decodeURIComponent(part))).toEqual([
            'jwt',
            issuer,
            kind,
            name,
          ]);
        },
      ),
    );
  });

  it('names the tenant where the claim is configured and present, else the subject, else the client', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const plain = bench.authenticator();
    const tenants = bench.authenticator({ jwtTenantClaim: 'https://x.example/tenant' });
    const named = { 'https://x.example/tenant': 'acme:eu', sub: 'u', client_id: 'c' };
    const cases = [
      [plain, named, 'subject:u'],
      [tenants, named, 'tenant:acme%3Aeu'],
      [tenants, { sub: 'u', client_id: 'c' }, 'subject:u'],
      [tenants, { sub: 'tenant:acme%3Aeu' }, 'subject:tenant%3Aacme%253Aeu'],
      [plain, { sub: undefined, client_id: 'c', azp: 'z' }, 'client:c'],
      [plain, { sub: undefined, azp: 'z' }, 'client:z'],
    ] as const;
    for (const [authenticator, changes, end] of cases) {
      const token = await bench.issuer.token(key, changes);
      expect(await outcome(authenticator, bearer(token))).toMatchObject({
        id: `${issuerPart}:${end}`,
      });
    }
  });

  it('is refused where nobody is named, or not in a form that can be told apart', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const authenticator = bench.authenticator({ jwtTenantClaim: 'tenant' });
    const bad: Record<string, unknown>[] = [
      { sub: undefined },
      { sub: undefined, tenant: 'acme' },
      { sub: '' },
      { sub: null },
      { sub: 7 },
      { sub: ['a'] },
      { sub: 'x'.repeat(256) },
      { sub: '\ud800' },
      { tenant: '' },
      { tenant: null },
      { tenant: 7 },
      { tenant: ['acme'] },
      { tenant: { id: 'acme' } },
      { client_id: 7 },
    ];
    for (const changes of bad) {
      const token = await bench.issuer.token(key, changes);
      expect([changes, await outcome(authenticator, bearer(token))]).toEqual([changes, badClaim]);
    }
  });

  it('takes a tenant claim from the token itself, whatever the claim is called', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const token = await bench.issuer.token(key);
    for (const jwtTenantClaim of ['constructor', '__proto__', 'toString']) {
      const authenticator = bench.authenticator({ jwtTenantClaim });
      expect(await outcome(authenticator, bearer(token))).toMatchObject({
        id: `${issuerPart}:subject:user-1`,
      });
    }
  });
});

describe('the scopes of a token', () => {
  it('are the known ones of scope, scp and permissions, and no others', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const authenticator = bench.authenticator();
    const cases: [Record<string, unknown>, string[]][] = [
      [{}, []],
      [{ scope: 'inference:launch' }, ['inference:launch']],
      [{ scp: ['inference:read', 'x'] }, ['inference:read']],
      [{ scp: 'inference:read inference:launch' }, ['inference:read', 'inference:launch']],
      [{ permissions: ['inference:operate'] }, ['inference:operate']],
      [
        { scope: 'inference:read', scp: ['inference:launch'] },
        ['inference:read', 'inference:launch'],
      ],
      [{ scope: 'inference:*' }, []],
      [{ scope: 'inference:launch,inference:read' }, []],
      [{ scope: ' Inference:Launch ' }, []],
      [{ scope: { 'inference:launch': true } }, []],
      [{ scope: [['inference:launch'], null, 7] }, []],
      [{ scope: true, scp: 7, permissions: null }, []],
    ];
    for (const [changes, scopes] of cases) {
      const token = await bench.issuer.token(key, { scope: undefined, ...changes });
      expect([changes, await outcome(authenticator, bearer(token))]).toEqual([
        changes,
        expect.objectContaining({ scopes: new Set(scopes) }),
      ]);
    }
  });
});

describe('the budget of a token', () => {
  it('is exact, from text or from a number', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const authenticator = bench.authenticator();
    const written: [string, string][] = [
      ['"12.50"', '12.5'],
      ['"0"', '0'],
      ['0', '0'],
      ['0.1', '0.1'],
      ['12.34', '12.34'],
      ['1e3', '1000'],
      ['0.30000000000000001', '0.30000000000000001'],
      ['12345678901234567890.123456789', '12345678901234567890.123456789'],
      ['"12345678901234567890.123456789"', '12345678901234567890.123456789'],
    ];
    for (const [json, budget] of written) {
      const payload = JSON.stringify(
        bench.issuer.claims({ gpubroker_budget_usd_per_day: '@' }),
      ).replace('"@"', json);
      const token = await new CompactSign(new TextEncoder().encode(payload))
        .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
        .sign(key.privateKey);
      const caller = (await outcome(authenticator, bearer(token))) as Caller;
      expect([json, caller.dailyBudgetUsd?.toString()]).toEqual([json, budget]);
    }
  });

  it('is none where the claim is absent, and is read from the configured claim alone', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const changes = { gpubroker_budget_usd_per_day: '5', 'https://x.example/budget': '7' };
    const absent = (await outcome(
      bench.authenticator(),
      bearer(await bench.issuer.token(key)),
    )) as Caller;
    expect(Object.hasOwn(absent, 'dailyBudgetUsd')).toBe(false);
    const authenticator = bench.authenticator({ jwtBudgetClaim: 'https://x.example/budget' });
    const token = await bench.issuer.token(key, changes);
    const caller = (await outcome(authenticator, bearer(token))) as Caller;
    expect(caller.dailyBudgetUsd?.toString()).toBe('7');
  });

  it('has the token refused when it is not an amount, instead of leaving it without a budget', async () => {
    await using bench = await Bench.open();
    const key = await bench.issuer.addKey('k1');
    const authenticator = bench.authenticator();
    const bad = [
      '',
      'none',
      '-1',
      -1,
      '$5',
      '5 USD',
      '1,5',
      '0x10',
      'Infinity',
      null,
      true,
      [],
      {},
    ];
    for (const budget of bad) {
      const token = await bench.issuer.token(key, { gpubroker_budget_usd_per_day: budget });
      expect([budget, await outcome(authenticator, bearer(token))]).toEqual([budget, badClaim]);
    }
  });
});
