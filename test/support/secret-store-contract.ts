import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SecretStore } from '../../src/secrets/secret-store.ts';

/** What the suite needs of an implementation: a store over an empty backend that the test can write. */
export interface SecretStoreHarness {
  readonly store: SecretStore;
  /** A path that nothing else uses. */
  readonly path: string;
  readonly put: (value: string) => Promise<void>;
  readonly remove: () => Promise<void>;
  /** Everything that the store logged. */
  readonly logged: readonly unknown[];
  readonly close: () => Promise<void>;
}

/** What every SecretStore promises, whatever is behind it. */
export function describeSecretStore(name: string, open: () => Promise<SecretStoreHarness>): void {
  const opened = async (): Promise<SecretStoreHarness> => {
    const harness = await open();
    onTestFinished(async () => {
      await harness.store.stop();
      await harness.close();
    });
    return harness;
  };

  describe(`SecretStore contract: ${name}`, () => {
    it('gives a value only when it is revealed', async () => {
      const { store, path, put } = await opened();
      await put('key-one');
      await store.start();
      const result = await store.read(path);
      expect(result).toMatchObject({ ok: true });
      if (!result.ok) return;
      expect(result.secret.reveal()).toBe('key-one');
      expect(result.secret.generation).toMatch(/^\w+\.[0-9a-f]{12}$/);
      expect(result.secret.fetchedAt).toBeGreaterThan(0);
    });

    it('shows no value in JSON, inspection, text, errors, status or logs', async () => {
      const { store, path, put, logged } = await opened();
      await put('key-MARKED-in-contract');
      await store.start();
      const result = await store.read(path);
      if (!result.ok) throw new Error(result.reason);
      const thrown = new Error(`failed with ${String(result.secret)}`, { cause: result });
      const everything = [result, store, store.status(), logged, thrown]
        .flatMap((thing) => [
          JSON.stringify(thing),
          inspect(thing, { depth: Infinity, showHidden: true, getters: true }),
        ])
        .join('\n');
      expect(result.secret.reveal()).toBe('key-MARKED-in-contract');
      expect(everything).not.toContain('MARKED');
      expect(everything).toContain(result.secret.generation);
    });

    it('says why there is no value, as data', async () => {
      const { store, path } = await opened();
      await store.start();
      const result = await store.read(path);
      expect(result.ok).toBe(false);
      if (result.ok) return;
      expect(['UNCONFIGURED', 'NOT_FOUND']).toContain(result.code);
      expect(result.reason).not.toBe('');
      expect(store.status()).toMatchObject({ state: 'FAILED', reason: expect.any(String) });
    });

    it('takes a blank value for none', async () => {
      const { store, path, put } = await opened();
      await put('  ');
      await store.start();
      expect(await store.read(path)).toMatchObject({ ok: false });
    });

    it('leaves out blanks around a value', async () => {
      const { store, path, put } = await opened();
      await put('key-one\n');
      await store.start();
      const result = await store.read(path);
      expect(result.ok && result.secret.reveal()).toBe('key-one');
    });

    it('keeps the generation while the value is the same, and tells nobody', async () => {
      const { store, path, put } = await opened();
      await put('key-one');
      await store.start();
      const first = await store.read(path);
      const heard: string[] = [];
      store.onChange((changed) => heard.push(changed));
      const second = await store.refresh(path);
      if (!first.ok || !second.ok) throw new Error('no value');
      expect(second.secret.generation).toBe(first.secret.generation);
      expect(heard).toEqual([]);
    });

    it('has the new value after a refresh, and tells the listeners once', async () => {
      const { store, path, put } = await opened();
      await put('key-one');
      await store.start();
      const heard: string[] = [];
      const first = await store.read(path);
      store.onChange((changed) => heard.push(changed));
      await put('key-two');
      const second = await store.refresh(path);
      const third = await store.read(path);
      if (!first.ok || !second.ok || !third.ok) throw new Error('no value');
      expect(second.secret.reveal()).toBe('key-two');
      expect(third.secret.reveal()).toBe('key-two');
      expect(second.secret.generation).not.toBe(first.secret.generation);
      expect(heard).toEqual([path]);
    });

    it('tells listeners of a value that appears, until they unsubscribe', async () => {
      const { store, path, put } = await opened();
      const heard: string[] = [];
      const unsubscribe = store.onChange(() => heard.push('first'));
      store.onChange(() => {
        throw new Error('a listener at fault');
      });
      store.onChange(() => heard.push('last'));
      await store.start();
      await put('key-one');
      await store.read(path);
      expect(heard).toEqual(['first', 'last']);
      unsubscribe();
      await put('key-two');
      await store.refresh(path);
      expect(heard).toEqual(['first', 'last', 'last']);
    });

    it('gives up a value that was removed, and tells the listeners', async () => {
      const { store, path, put, remove } = await opened();
      await put('key-one');
      await store.start();
      expect(await store.read(path)).toMatchObject({ ok: true });
      const heard: string[] = [];
      store.onChange((changed) => heard.push(changed));
      await remove();
      expect(await store.refresh(path)).toMatchObject({ ok: false });
      expect(heard).toEqual([path]);
      expect(await store.read(path)).toMatchObject({ ok: false });
    });

    it('gives many readers at once the same generation', async () => {
      const { store, path, put } = await opened();
      await put('key-one');
      await store.start();
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          index % 2 === 0 ? store.read(path) : store.refresh(path),
        ),
      );
      const generations = results.map((result) => (result.ok ? result.secret.generation : ''));
      expect(new Set(generations).size).toBe(1);
      expect(generations[0]).not.toBe('');
    });

    it('gives nothing once it is stopped, and may be stopped twice', async () => {
      const { store, path, put } = await opened();
      await put('key-one');
      await store.start();
      await store.read(path);
      await store.stop();
      await store.stop();
      expect(await store.read(path)).toMatchObject({ ok: false, code: 'UNREACHABLE' });
    });
  });
}
