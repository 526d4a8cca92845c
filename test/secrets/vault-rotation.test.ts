import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import type { VaultOptions } from '../../src/secrets/vault-options.ts';
import type { VaultSecretStore } from '../../src/secrets/vault.ts';
import type { LoopbackVault, Weather } from '../support/vault-server.ts';
import { groqPath, markedKey, shown, VaultBench } from '../support/vault-bench.ts';

const pollMs = 30_000;
const dayMs = 24 * 3_600_000;

/** A store that has read its key. */
async function reading(
  bench: VaultBench,
  overrides: Partial<VaultOptions> = {},
): Promise<VaultSecretStore> {
  const store = bench.store(overrides);
  await store.start();
  expect(shown(await store.read(groqPath))).toBe(markedKey);
  return store;
}

describe('rotation', () => {
  for (const version of [1, 2] as const) {
    it(`is picked up within pollSeconds (KV version ${version})`, async () => {
      await using bench = await VaultBench.open();
      bench.vault.kv.version = version;
      const store = await reading(bench);
      const heard: string[] = [];
      store.onChange((path) => heard.push(path));
      bench.vault.kv.put(groqPath, { value: 'key-two' });
      await bench.pass(pollMs);
      await expect.poll(() => heard).toEqual([groqPath]);
      expect(shown(await store.read(groqPath))).toBe('key-two');
    });
  }

  it('is picked up at once by refresh, with one reading for many callers', async () => {
    await using bench = await VaultBench.open();
    const store = await reading(bench);
    bench.vault.kv.put(groqPath, { value: 'key-two' });
    const before = bench.vault.count('secret/data');
    const results = await Promise.all(Array.from({ length: 50 }, () => store.refresh(groqPath)));
    expect(new Set(results.map(shown))).toEqual(new Set(['key-two']));
    expect(bench.vault.count('secret/data') - before).toBe(1);
  });

  it('names the new version, and the old one no more', async () => {
    await using bench = await VaultBench.open();
    const store = await reading(bench);
    const first = await store.read(groqPath);
    bench.vault.kv.put(groqPath, { value: 'key-two' });
    const second = await store.refresh(groqPath);
    expect(first).toMatchObject({ secret: { generation: expect.stringMatching(/^v1\./) } });
    expect(second).toMatchObject({ secret: { generation: expect.stringMatching(/^v2\./) } });
  });

  it('is seen when all metadata was deleted and the version is 1 again', async () => {
    await using bench = await VaultBench.open();
    const store = await reading(bench);
    const first = await store.read(groqPath);
    bench.vault.kv.wipe(groqPath);
    bench.vault.kv.put(groqPath, { value: 'key-two' });
    await bench.pass(pollMs);
    await expect.poll(async () => shown(await store.read(groqPath))).toBe('key-two');
    const second = await store.read(groqPath);
    if (!first.ok || !second.ok) throw new Error('no value');
    expect(second.secret.generation).not.toBe(first.secret.generation);
  });

  it('is watched for by metadata, so that the value is not read again and again', async () => {
    await using bench = await VaultBench.open();
    const store = await reading(bench);
    for (let poll = 1; poll <= 3; poll += 1) {
      await bench.pass(pollMs);
      expect(bench.vault.count('secret/metadata')).toBeGreaterThanOrEqual(poll);
    }
    expect(bench.vault.count('secret/data')).toBe(1);
    expect(store.status().state).toBe('OK');
  });

  it('is picked up without the right to read metadata, and without further logins', async () => {
    await using bench = await VaultBench.open();
    bench.vault.kv.policy = (apiPath) => apiPath.startsWith('secret/data/');
    const store = await reading(bench);
    bench.vault.kv.put(groqPath, { value: 'key-two' });
    await bench.pass(pollMs);
    await expect.poll(async () => shown(await store.read(groqPath))).toBe('key-two');
    expect(bench.vault.auth.logins).toBe(1);
    expect(store.status().state).toBe('OK');
  });

  it('does not ask Vault for each refusal of a key that has no successor', async () => {
    await using bench = await VaultBench.open();
    const store = await reading(bench);
    for (let refusal = 0; refusal < 20; refusal += 1) await store.refresh(groqPath);
    expect(bench.vault.count('secret/data')).toBe(2);
    bench.vault.kv.put(groqPath, { value: 'key-two' });
    await bench.pass(1_001);
    expect(shown(await store.refresh(groqPath))).toBe('key-two');
  });

  it('to a version without the field leaves the key in force and says so', async () => {
    await using bench = await VaultBench.open();
    const store = await reading(bench);
    bench.vault.kv.put(groqPath, { vlaue: 'key-two' });
    expect(shown(await store.refresh(groqPath))).toBe(markedKey);
    expect(store.status()).toEqual({
      backend: 'vault',
      state: 'DEGRADED',
      reason: `${groqPath} has no field value or api_key`,
    });
  });
});

describe('a decision', () => {
  for (const [name, decide] of [
    ['deleted', (vault: LoopbackVault) => vault.kv.delete(groqPath)],
    ['destroyed', (vault: LoopbackVault) => vault.kv.destroy(groqPath)],
    ['removed with its metadata', (vault: LoopbackVault) => vault.kv.wipe(groqPath)],
  ] as const) {
    it(`ends the key within pollSeconds: ${name}`, async () => {
      await using bench = await VaultBench.open();
      const store = await reading(bench);
      decide(bench.vault);
      await bench.pass(pollMs);
      await expect.poll(async () => shown(await store.read(groqPath))).toMatch(/^NOT_FOUND/);
      expect(store.status().state).toBe('FAILED');
      expect(bench.count('secret.lost')).toBe(1);
    });
  }

  it('ends the key when the policy no longer allows it, after a login that changed nothing', async () => {
    await using bench = await VaultBench.open();
    const store = await reading(bench);
    bench.vault.kv.policy = () => false;
    await bench.pass(pollMs);
    await expect.poll(async () => shown(await store.read(groqPath))).toMatch(/^DENIED/);
    expect(bench.vault.auth.logins).toBe(2);
  });

  it('is taken back: an undeleted version is in force again', async () => {
    await using bench = await VaultBench.open();
    const store = await reading(bench);
    bench.vault.kv.delete(groqPath);
    expect(shown(await store.refresh(groqPath))).toMatch(/deleted$/);
    bench.vault.kv.undelete(groqPath);
    await bench.pass(pollMs);
    await expect.poll(async () => shown(await store.read(groqPath))).toBe(markedKey);
  });

  it('that lies ahead takes effect at its time, not before', async () => {
    await using bench = await VaultBench.open();
    const deletion = new Date(bench.clock.now() + 10 * 60_000).toISOString();
    bench.vault.kv.put(groqPath, { value: 'for ten minutes' }, deletion);
    const store = bench.store();
    await store.start();
    expect(shown(await store.read(groqPath))).toBe('for ten minutes');
    await bench.pass(9 * 60_000);
    expect(shown(await store.refresh(groqPath))).toBe('for ten minutes');
    await bench.pass(90_000);
    await expect.poll(async () => shown(await store.read(groqPath))).toMatch(/^NOT_FOUND/);
  });
});

describe('weather', () => {
  const weathers: readonly Weather[] = [
    'sealed',
    'no-active-node',
    'quota',
    'hang',
    'drip',
    'reset',
    'oversize',
    'html-200',
    'html-403',
    'html-404',
    'html-502',
  ];
  for (const weather of weathers) {
    it(`leaves the key in force, says so, and passes: ${JSON.stringify(weather)}`, async () => {
      await using bench = await VaultBench.open();
      const store = await reading(bench, { timeoutMs: 500 });
      bench.vault.weather = weather;
      expect(shown(await store.refresh(groqPath))).toBe(markedKey);
      expect(shown(await store.read(groqPath))).toBe(markedKey);
      expect(store.status()).toMatchObject({
        backend: 'vault',
        state: 'DEGRADED',
        reason: expect.stringMatching(/Vault/),
      });
      // Nobody but Vault can refuse a token: no login was even tried.
      expect(bench.vault.count('auth/approle/login')).toBe(1);

      bench.vault.weather = undefined;
      bench.vault.kv.put(groqPath, { value: 'key-two' });
      await bench.pass(pollMs);
      await expect.poll(async () => shown(await store.read(groqPath))).toBe('key-two');
      expect(store.status()).toEqual({ backend: 'vault', state: 'OK' });
    });
  }

  it('is not waited for: readings are answered at once from what is held', async () => {
    await using bench = await VaultBench.open();
    const store = await reading(bench);
    bench.vault.weather = 'hang';
    const before = bench.vault.requests.length;
    for (let index = 0; index < 20; index += 1) await store.read(groqPath);
    expect(bench.vault.requests.length).toBe(before);
  });

  it('honours Retry-After', async () => {
    await using bench = await VaultBench.open();
    const store = await reading(bench);
    bench.vault.weather = 'quota';
    const before = bench.vault.requests.length;
    await bench.pass(3 * pollMs);
    const times = bench.vault.requests.slice(before).map(({ at }) => at);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    // The first look at the metadata and the reading that follows it come together.
    expect(gaps.slice(1).length).toBeGreaterThanOrEqual(2);
    expect(Math.min(...gaps.slice(1))).toBeGreaterThanOrEqual(7_000);
    expect(store.status()).toMatchObject({ reason: 'Vault limits our rate (HTTP 429)' });
  });

  it('that lasts longer than the bound ends the key', async () => {
    await using bench = await VaultBench.open();
    const store = await reading(bench);
    bench.vault.weather = 'reset';
    await store.refresh(groqPath);
    await bench.clock.advance(dayMs - 60_000);
    expect(shown(await store.read(groqPath))).toBe(markedKey);
    await bench.clock.advance(120_000);
    expect(shown(await store.read(groqPath))).toMatch(/^UNREACHABLE/);
    expect(store.status().state).toBe('FAILED');
    expect(bench.count('secret.lost')).toBe(1);
  });
});

describe('a Vault that is not there at the start', () => {
  it('does not hold up the start, is reported, and is found when it comes', async () => {
    const bench = await VaultBench.open();
    const { port, address } = bench.vault;
    await bench.vault.stop();
    const store = bench.store({ address });
    await store.start();
    expect(store.status()).toEqual({
      backend: 'vault',
      state: 'FAILED',
      reason: `Vault at ${address} can't be reached (ECONNREFUSED)`,
    });
    expect(shown(await store.read(groqPath))).toBe(
      `UNREACHABLE: Vault at ${address} can't be reached (ECONNREFUSED)`,
    );
    await bench.pass(10 * 60_000);

    const heard: string[] = [];
    store.onChange((path) => heard.push(path));
    await using later = await VaultBench.open({ port });
    later.vault.kv.put(groqPath, { value: 'key of the later one' });
    await bench.pass(pollMs);
    await expect.poll(() => heard).toEqual([groqPath]);
    expect(shown(await store.read(groqPath))).toBe('key of the later one');
    expect(store.status()).toEqual({ backend: 'vault', state: 'OK' });
    await store.stop();
  });

  it('is asked again within seconds', async () => {
    await using bench = await VaultBench.open();
    bench.vault.weather = 'sealed';
    const store = bench.store();
    await store.start();
    expect(shown(await store.read(groqPath))).toBe('UNREACHABLE: Vault is sealed (HTTP 503)');
    const heard: string[] = [];
    store.onChange((path) => heard.push(path));
    bench.vault.weather = undefined;
    await bench.pass(5_000);
    await expect.poll(() => heard).toEqual([groqPath]);
  });

  it('that hangs holds up the start for a bounded time only, and the stop too', async () => {
    await using bench = await VaultBench.open();
    bench.vault.weather = 'hang';
    // Either would last longer than this test may, if it waited for an answer.
    const store = bench.store({ timeoutMs: 3_600_000 }, systemClock);
    await store.start();
    expect(store.status()).toMatchObject({
      state: 'DEGRADED',
      reason: 'Vault has not answered yet',
    });
    await store.stop();
  });
});
