import { describe, expect, it } from 'vitest';
import { LoginGate } from '../../src/secrets/vault-login-gate.ts';
import type { VaultFailure } from '../../src/secrets/vault-failure.ts';
import { ManualClock } from '../support/manual-clock.ts';

const refusal: VaultFailure = { kind: 'LOGIN_REFUSED', reason: 'refused' };
const weather: VaultFailure = { kind: 'UNREACHABLE', reason: 'no answer' };
const minuteMs = 60_000;

/** The waits after each of a number of failures in a row, each waited out. */
async function waitsAfter(
  gate: LoginGate,
  clock: ManualClock,
  failure: VaultFailure,
  count: number,
): Promise<number[]> {
  const waits: number[] = [];
  for (let attempt = 0; attempt < count; attempt += 1) {
    gate.failed(failure, 'credentials');
    waits.push(gate.waitMs('credentials'));
    await clock.advance(gate.waitMs('credentials'));
  }
  return waits;
}

describe('the gate before logins', () => {
  it('is open at first and after a success', () => {
    const gate = new LoginGate(new ManualClock(), true);
    expect(gate.waitMs('credentials')).toBe(0);
    gate.failed(refusal, 'credentials');
    gate.failed(weather, 'credentials');
    gate.succeeded();
    expect(gate.waitMs('credentials')).toBe(0);
  });

  it('waits a second after weather, doubled up to 15 s', async () => {
    const clock = new ManualClock();
    const waits = await waitsAfter(new LoginGate(clock, true), clock, weather, 7);
    for (const [index, longest] of [1, 2, 4, 8, 15, 15, 15].entries()) {
      expect(waits[index]).toBeLessThanOrEqual(longest * 1000);
      expect(waits[index]).toBeGreaterThanOrEqual(longest * 750);
    }
  });

  it('waits as long as Vault asks', () => {
    const gate = new LoginGate(new ManualClock(), true);
    gate.failed({ ...weather, retryAfterMs: 120_000 }, 'credentials');
    expect(gate.waitMs('credentials')).toBe(120_000);
  });

  it('waits 10 s after a refusal without lockout, doubled up to 5 minutes', async () => {
    const clock = new ManualClock();
    const waits = await waitsAfter(new LoginGate(clock, false), clock, refusal, 7);
    for (const [index, longest] of [10, 20, 40, 80, 160, 300, 300].entries()) {
      expect(waits[index]).toBeLessThanOrEqual(longest * 1000);
      expect(waits[index]).toBeGreaterThanOrEqual(longest * 750);
    }
  });

  it('lets the same credentials be refused twice in 16 minutes with lockout', async () => {
    const clock = new ManualClock();
    const waits = await waitsAfter(new LoginGate(clock, true), clock, refusal, 4);
    expect(waits).toEqual([minuteMs, 15 * minuteMs, minuteMs, 15 * minuteMs]);
  });

  it('lets new credentials pass at once, until three were refused in 16 minutes', async () => {
    const clock = new ManualClock();
    const gate = new LoginGate(clock, true);
    for (const credentials of ['first', 'second', 'third']) {
      expect(gate.waitMs(credentials)).toBe(0);
      gate.failed(refusal, credentials);
    }
    expect(gate.waitMs('fourth')).toBe(16 * minuteMs);
    await clock.advance(16 * minuteMs);
    expect(gate.waitMs('fourth')).toBe(0);
  });
});
