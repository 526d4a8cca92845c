import { describe, expect, it } from 'vitest';
import { failureOfAnswer, type VaultFailure } from '../../src/secrets/vault-failure.ts';

const errors = (...texts: string[]): unknown => ({ errors: texts });

describe("Vault's answers, sorted by what to do", () => {
  const rows: readonly (readonly [string, number, unknown, Partial<VaultFailure>])[] = [
    ['our input', 400, errors('invalid role name "x"'), { kind: 'REJECTED' }],
    [
      'an upgrade of the engine under way',
      400,
      errors('Upgrading from non-versioned to versioned data. This backend will be unavailable'),
      { kind: 'UNREACHABLE' },
    ],
    ['no token, in very old servers', 400, errors('missing client token'), { kind: 'FORBIDDEN' }],
    ['a refusal', 403, errors('permission denied'), { kind: 'FORBIDDEN' }],
    ['a refusal without words', 403, errors(), { kind: 'FORBIDDEN' }],
    ['a refusal of a proxy', 403, undefined, { kind: 'UNREACHABLE' }],
    ['a refusal of a proxy in JSON', 403, { message: 'blocked' }, { kind: 'UNREACHABLE' }],
    ['nothing there', 404, errors(), { kind: 'ABSENT', absence: 'NOTHING' }],
    ['nothing there, says a proxy', 404, undefined, { kind: 'UNREACHABLE' }],
    [
      'a missing mount',
      404,
      errors('no handler for route "x". route entry not found.'),
      { kind: 'ABSENT', absence: 'NO_MOUNT' },
    ],
    [
      'a missing namespace',
      404,
      errors('namespace not found'),
      { kind: 'ABSENT', absence: 'NO_NAMESPACE' },
    ],
    ['a wrong method', 405, errors('unsupported operation'), { kind: 'REJECTED' }],
    ['a body too large', 413, errors('http: request body too large'), { kind: 'REJECTED' }],
    ['an index not there yet', 412, errors('required index state not present'), weather()],
    ['a performance standby', 473, { data: null }, weather()],
    ['an error', 500, errors('internal error'), weather()],
    ['an error without a body', 500, undefined, weather()],
    ['a sealed Vault', 503, errors('Vault is sealed'), { reason: 'Vault is sealed (HTTP 503)' }],
    [
      'a sealed namespace',
      503,
      errors('namespace is sealed'),
      { reason: 'Vault is sealed (HTTP 503)' },
    ],
    [
      'no active node',
      503,
      errors('no active Vault instance found'),
      { reason: 'Vault is not available (HTTP 503)' },
    ],
    ['a success that is none', 201, {}, weather()],
  ];
  for (const [name, status, body, expected] of rows) {
    it(`${name} (HTTP ${status})`, () => {
      expect(failureOfAnswer(status, body, undefined)).toMatchObject({ status, ...expected });
    });
  }

  it('waits as long as Retry-After says, five minutes at most', () => {
    expect(failureOfAnswer(429, errors(), '7').retryAfterMs).toBe(7_000);
    expect(failureOfAnswer(429, errors(), '999999').retryAfterMs).toBe(300_000);
    expect(failureOfAnswer(429, errors(), 'soon').retryAfterMs).toBeUndefined();
    expect(failureOfAnswer(429, errors(), undefined).retryAfterMs).toBeUndefined();
  });

  it("never repeats Vault's own text", () => {
    const quoting = errors('invalid secret_id "MARKED"', 'permission denied on MARKED');
    for (const status of [400, 403, 404, 405, 412, 429, 500, 503]) {
      expect(JSON.stringify(failureOfAnswer(status, quoting, 'MARKED'))).not.toContain('MARKED');
    }
  });
});

function weather(): Partial<VaultFailure> {
  return { kind: 'UNREACHABLE' };
}
