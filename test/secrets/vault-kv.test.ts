import { describe, expect, it } from 'vitest';
import { groqPath, markedKey, shown, VaultBench } from '../support/vault-bench.ts';

describe('the version of the KV engine', () => {
  for (const [name, options] of [
    ['null', null],
    ['an empty map', {}],
    ['an empty version', { version: '' }],
    ['version "1"', { version: '1' }],
  ] as const) {
    it(`is 1 when the mount's options are ${name}`, async () => {
      await using bench = await VaultBench.open();
      bench.vault.kv.version = 1;
      bench.vault.kv.mountOptions = options;
      expect(shown(await bench.store().read(groqPath))).toBe(markedKey);
    });
  }

  it('is 1 on a server too old to show its mounts', async () => {
    await using bench = await VaultBench.open();
    bench.vault.kv.version = 1;
    bench.vault.knowsMounts = false;
    expect(shown(await bench.store().read(groqPath))).toBe(markedKey);
  });

  it('is asked for once', async () => {
    await using bench = await VaultBench.open();
    const store = bench.store();
    await store.read(groqPath);
    await store.refresh(groqPath);
    expect(bench.vault.count('sys/internal/ui/mounts/secret')).toBe(1);
  });

  it('is not asked for when configuration gives it', async () => {
    await using bench = await VaultBench.open();
    const store = bench.store({ kvVersion: 2 });
    expect(shown(await store.read(groqPath))).toBe(markedKey);
    expect(bench.vault.count('sys/internal/ui/mounts')).toBe(0);
  });

  it('is asked for again when the engine was upgraded', async () => {
    await using bench = await VaultBench.open();
    bench.vault.kv.version = 1;
    const store = bench.store();
    expect(shown(await store.read(groqPath))).toBe(markedKey);
    bench.vault.kv.version = 2;
    bench.vault.kv.put(groqPath, { value: 'key-two' });
    expect(shown(await store.refresh(groqPath))).toBe('key-two');
  });

  it('is not guessed from the shape: a version 1 secret may hold a field named data', async () => {
    await using bench = await VaultBench.open();
    bench.vault.kv.version = 1;
    bench.vault.kv.put(groqPath, { data: { value: 'wrong' }, value: 'right' });
    expect(shown(await bench.store().read(groqPath))).toBe('right');
  });

  it('that configuration gives wrongly is reported in words', async () => {
    await using bench = await VaultBench.open();
    expect(shown(await bench.store({ kvVersion: 1 }).read(groqPath))).toBe(
      'NOT_FOUND: the secrets engine there is of KV version 2',
    );
  });

  it('can not be seen without a policy on the mount, which is reported in words', async () => {
    await using bench = await VaultBench.open();
    bench.vault.kv.policy = () => false;
    expect(shown(await bench.store().read(groqPath))).toBe(
      'DENIED: Vault shows no engine at secret: no policy of ours names it, or nothing is mounted there',
    );
  });

  it('is of no use for another engine', async () => {
    await using bench = await VaultBench.open();
    bench.vault.kv.mountType = 'transit';
    expect(shown(await bench.store().read(groqPath))).toBe(
      'INVALID: the engine at secret is not a KV engine',
    );
  });

  it('of a mount further up does not count for a path within it', async () => {
    await using bench = await VaultBench.open();
    expect(shown(await bench.store({ kvMount: 'secret/groq' }).read('api_key'))).toBe(
      'INVALID: no engine is mounted at secret/groq; the mount there is secret/',
    );
  });

  it('works at a mount with slashes', async () => {
    await using bench = await VaultBench.open();
    bench.vault.kv.mount = 'teams/ml-kv';
    expect(shown(await bench.store({ kvMount: 'teams/ml-kv' }).read(groqPath))).toBe(markedKey);
  });
});

describe('the field', () => {
  for (const [name, map, field, expected] of [
    ['value', { value: 'a', api_key: 'b' }, undefined, 'a'],
    ['api_key without value', { api_key: 'b' }, undefined, 'b'],
    ['the configured one', { value: 'a', token: 'c' }, 'token', 'c'],
    ['none of them', { key: 'a' }, undefined, `INVALID: ${groqPath} has no field value or api_key`],
    ['not text', { value: 7 }, undefined, `INVALID: the field value of ${groqPath} is not text`],
    ['empty', { value: ' ' }, undefined, `INVALID: the field value of ${groqPath} is empty`],
    ['inherited', {}, 'constructor', `INVALID: ${groqPath} has no field constructor`],
  ] as const) {
    it(`is ${name}`, async () => {
      await using bench = await VaultBench.open();
      bench.vault.kv.put(groqPath, map);
      const store = bench.store(field === undefined ? {} : { secretField: field });
      expect(shown(await store.read(groqPath))).toBe(expected);
    });
  }
});

describe('the path', () => {
  for (const path of ['', '/groq', 'groq/', 'groq//key', '../sys/health', 'groq/./key', 'a\nb']) {
    it(`is refused before anything is sent: ${JSON.stringify(path)}`, async () => {
      await using bench = await VaultBench.open();
      const store = bench.store();
      expect(await store.read(path)).toMatchObject({ ok: false, code: 'INVALID' });
      expect(await store.refresh(path)).toMatchObject({ ok: false, code: 'INVALID' });
      expect(bench.vault.requests).toEqual([]);
    });
  }

  for (const path of ['groq/a b', 'groq/100%', 'groq/a&b=c', 'groq/a?version=1', 'groq/ключ']) {
    it(`is encoded: ${path}`, async () => {
      await using bench = await VaultBench.open();
      bench.vault.kv.put(path, { value: 'found' });
      expect(shown(await bench.store().read(path))).toBe('found');
    });
  }

  it('that contains sys/health is no exception to errors', async () => {
    await using bench = await VaultBench.open();
    expect(shown(await bench.store().read('sys/health'))).toBe(
      'NOT_FOUND: sys/health: nothing is stored there',
    );
  });

  it('is one of a bounded number', async () => {
    await using bench = await VaultBench.open();
    bench.vault.weather = 'reset';
    const store = bench.store();
    await Promise.all(Array.from({ length: 256 }, (_, index) => store.read(`path/${index}`)));
    expect(shown(await store.read('path/256'))).toBe('INVALID: too many secrets are watched');
  });

  it('where nothing is, is read once for many readers', async () => {
    await using bench = await VaultBench.open();
    const store = bench.store();
    await Promise.all(Array.from({ length: 50 }, () => store.read('groq/absent')));
    await store.read('groq/absent');
    expect(bench.vault.count('secret/data/groq/absent')).toBe(1);
  });

  it('is read again soon when nothing was there', async () => {
    await using bench = await VaultBench.open();
    const store = bench.store();
    await store.start();
    expect(shown(await store.read('groq/later'))).toMatch(/^NOT_FOUND/);
    bench.vault.kv.put('groq/later', { value: 'here now' });
    await bench.pass(30_000);
    await expect.poll(async () => shown(await store.read('groq/later'))).toBe('here now');
  });
});
