import { EnvironmentSecretStore } from '../../src/secrets/environment.ts';
import { describeSecretStore } from '../support/secret-store-contract.ts';
import { VaultBench } from '../support/vault-bench.ts';

describeSecretStore('environment', async () => {
  const environment = new Map<string, string>();
  const logged: unknown[] = [];
  return {
    store: new EnvironmentSecretStore({
      secrets: new Map([
        ['groq/api_key', { name: 'GROQ_API_KEY', read: () => environment.get('GROQ_API_KEY') }],
      ]),
      log: (event, fields) => logged.push({ event, fields }),
      now: () => Date.now(),
    }),
    path: 'groq/api_key',
    put: async (value) => {
      environment.set('GROQ_API_KEY', value);
    },
    remove: async () => {
      environment.delete('GROQ_API_KEY');
    },
    logged,
    close: async () => undefined,
  };
});

for (const version of [1, 2] as const) {
  describeSecretStore(`Vault, KV version ${version}`, async () => {
    const bench = await VaultBench.open();
    const { kv } = bench.vault;
    kv.version = version;
    const path = 'contract/key';
    return {
      store: bench.store(),
      path,
      put: async (value) => kv.put(path, { value }),
      remove: async () => (version === 2 ? kv.delete(path) : kv.wipe(path)),
      logged: bench.events,
      close: () => bench[Symbol.asyncDispose](),
    };
  });
}
