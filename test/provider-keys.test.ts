import { expect, test } from 'vitest';

import { apiKeysFrom } from '../src/provider-keys.ts';
import type { ApiKey } from '../src/providers/provider.ts';
import { groqPath, VaultBench } from './support/vault-bench.ts';

test('a key that is replaced twice within a second is renewed each time, however many calls were refused', async () => {
  await using bench = await VaultBench.open();
  const store = bench.store();
  await store.start();
  const keys = apiKeysFrom(store, groqPath);
  const inForce = async (): Promise<ApiKey> => {
    const current = await keys.current();
    if (!current.ok) throw new Error(current.reason);
    return current.key;
  };
  for (const value of ['key-two', 'key-three']) {
    const refused = await inForce();
    bench.vault.kv.put(groqPath, { value });
    const before = bench.vault.count('secret/data');
    // Calls that were in flight with the old key are refused one after the other.
    for (let call = 0; call < 5; call += 1) {
      expect((await keys.newerThan(refused))?.reveal()).toBe(value);
    }
    expect(bench.vault.count('secret/data') - before).toBe(1);
  }
});
