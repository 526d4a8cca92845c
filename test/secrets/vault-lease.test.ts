import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { longestTimerMs, pause } from '../../src/secrets/pause.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { groqPath, markedKey, shown, VaultBench } from '../support/vault-bench.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** The wait of the lease among the waits that are pending; the polls are shorter. */
function leaseWaitMs(clock: ManualClock): number {
  return clock.pendingMs.at(-1) ?? 0;
}

describe('renewal of the token', () => {
  it('comes at 70 to 73 % of its life, again and again', async () => {
    await using bench = await VaultBench.open();
    const store = bench.store();
    await store.start();
    for (let renewal = 1; renewal <= 5; renewal += 1) {
      await expect.poll(() => leaseWaitMs(bench.clock)).toBeGreaterThan(40 * minuteMs);
      expect(leaseWaitMs(bench.clock)).toBeGreaterThanOrEqual(0.7 * hourMs - 1);
      expect(leaseWaitMs(bench.clock)).toBeLessThanOrEqual(0.734 * hourMs);
      await bench.pass(leaseWaitMs(bench.clock));
      await expect.poll(() => bench.count('vault.token.renewed')).toBe(renewal);
    }
    expect(bench.vault.auth.logins).toBe(1);
  });

  it('is given up near the maximum life of the token, for a login before its end', async () => {
    await using bench = await VaultBench.open();
    const { auth } = bench.vault;
    auth.ttl = 3600;
    auth.maxTtl = 2 * 3600;
    const store = bench.store();
    await store.start();
    const issuedAt = bench.clock.now();
    const [first = ''] = auth.liveTokens;
    for (let step = 0; step < 240 && auth.logins === 1; step += 1) {
      await bench.pass(minuteMs / 2);
    }
    await expect.poll(() => auth.revoked).toEqual([first]);
    const logins = bench.vault.requests.filter(({ path }) => path.endsWith('/login'));
    expect(logins).toHaveLength(2);
    const usedMs = (logins[1]?.at ?? 0) - issuedAt;
    expect(usedMs).toBeGreaterThanOrEqual(1.8 * hourMs);
    expect(usedMs).toBeLessThanOrEqual(1.9 * hourMs + 1);
    expect(auth.renewals).toBeGreaterThanOrEqual(2);
    expect(store.status().state).toBe('OK');
  });

  it('of a batch token is a login before its end', async () => {
    await using bench = await VaultBench.open();
    const { auth } = bench.vault;
    auth.renewable = false;
    const store = bench.store();
    await store.start();
    expect(leaseWaitMs(bench.clock)).toBeGreaterThanOrEqual(0.8 * hourMs);
    expect(leaseWaitMs(bench.clock)).toBeLessThanOrEqual(0.9 * hourMs);
    await bench.pass(leaseWaitMs(bench.clock));
    await expect.poll(() => auth.logins).toBe(2);
    expect(auth.renewals).toBe(0);
  });

  it('of a batch token is tried again when the login meets weather', async () => {
    await using bench = await VaultBench.open();
    const { auth } = bench.vault;
    auth.renewable = false;
    const store = bench.store();
    await store.start();
    bench.vault.weather = 'sealed';
    bench.vault.weatherApplies = (path) => path.endsWith('/login');
    await bench.pass(0.91 * hourMs);
    expect(bench.count('vault.login.failed')).toBeGreaterThanOrEqual(1);
    expect(auth.logins).toBe(1);
    bench.vault.weather = undefined;
    await bench.pass(minuteMs);
    expect(auth.logins).toBe(2);
  });

  it('is tried again after weather, and still in time', async () => {
    await using bench = await VaultBench.open();
    const store = bench.store();
    await store.start();
    bench.vault.weather = 'sealed';
    bench.vault.weatherApplies = (path) => path.endsWith('renew-self');
    await bench.pass(leaseWaitMs(bench.clock));
    await expect.poll(() => bench.count('vault.token.renewal-failed')).toBe(1);
    bench.vault.weather = undefined;
    await expect.poll(() => bench.clock.pendingMs).toContain(10_000);
    await bench.pass(10_000);
    await expect.poll(() => bench.count('vault.token.renewed')).toBe(1);
    expect(bench.vault.auth.logins).toBe(1);
  });

  it('that Vault refuses is followed by a login', async () => {
    await using bench = await VaultBench.open();
    const store = bench.store();
    await store.start();
    bench.vault.auth.revokeAll();
    await bench.pass(leaseWaitMs(bench.clock));
    await expect.poll(() => bench.vault.auth.logins).toBe(2);
    expect(store.status().state).toBe('OK');
  });

  it('goes on when the log fails', async () => {
    await using bench = await VaultBench.open();
    bench.isLogBroken = true;
    const store = bench.store();
    await store.start();
    expect(shown(await store.read(groqPath))).toBe(markedKey);
    await bench.pass(2 * hourMs);
    expect(bench.vault.auth.renewals).toBeGreaterThanOrEqual(2);
    expect(bench.vault.auth.logins).toBe(1);
  });

  it('of a given token goes on, too', async () => {
    await using bench = await VaultBench.open();
    const store = bench.store({ auth: bench.token(3600) });
    await store.start();
    await bench.pass(leaseWaitMs(bench.clock));
    await expect.poll(() => bench.vault.auth.renewals).toBe(1);
    expect(bench.vault.auth.logins).toBe(0);
  });

  it("says early when a given token can't be renewed", async () => {
    await using bench = await VaultBench.open();
    const store = bench.store({ auth: bench.token(30 * 24 * 3600, { renewable: false }) });
    await store.start();
    await store.read(groqPath);
    expect(store.status().state).toBe('OK');
    expect(bench.events).toContainEqual({
      event: 'vault.token.mortal',
      fields: expect.objectContaining({
        reason: expect.stringContaining('ends at 2026-12-23T12:00:00.000Z'),
      }),
    });
    await bench.clock.advance(29 * 24 * hourMs + minuteMs);
    expect(store.status()).toMatchObject({
      state: 'DEGRADED',
      reason: expect.stringContaining('ends at 2026-12-23T12:00:00.000Z'),
    });
  });
});

describe('a long life', () => {
  for (const [name, seconds] of [
    ['768 hours', 768 * 3600],
    ['ten years', 10 * 365 * 24 * 3600],
  ] as const) {
    it(`of ${name} makes no flood of renewals on the machine's own timers`, async () => {
      await using bench = await VaultBench.open();
      bench.vault.auth.ttl = seconds;
      bench.vault.auth.maxTtl = 2 * seconds;
      const store = bench.store({}, systemClock);
      await store.start();
      expect(shown(await store.read(groqPath))).toBe(markedKey);
      await systemClock.sleep(100);
      expect(bench.vault.auth.renewals).toBe(0);
      expect(bench.vault.auth.logins).toBe(1);
    });
  }

  it('is waited for in steps that a timer takes', async () => {
    const clock = new ManualClock();
    const { signal } = new AbortController();
    let isOver = false;
    const wait = pause(clock, 3 * longestTimerMs, signal).then((waited) => {
      isOver = true;
      return waited;
    });
    expect(clock.pendingMs).toEqual([longestTimerMs]);
    await clock.advance(2 * longestTimerMs);
    expect(isOver).toBe(false);
    await clock.advance(longestTimerMs);
    expect(await wait).toBe(true);
  });

  it('ends with the signal', async () => {
    const clock = new ManualClock();
    const ended = new AbortController();
    const wait = pause(clock, 3 * longestTimerMs, ended.signal);
    ended.abort();
    expect(await wait).toBe(false);
    expect(clock.pendingMs).toEqual([]);
  });
});
