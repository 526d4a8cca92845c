import type { ApiKeySource } from './providers/provider.ts';
import type { SecretStore } from './secrets/secret-store.ts';

/** The key of a provider as a secret store has it at each moment. */
export function apiKeysFrom(secrets: SecretStore, path: string): ApiKeySource {
  return {
    async current() {
      const result = await secrets.read(path);
      return result.ok ? { ok: true, key: result.secret } : { ok: false, reason: result.reason };
    },
    async newerThan(refused) {
      const result = await secrets.refresh(path);
      if (!result.ok || result.secret.generation === refused.generation) return undefined;
      return result.secret;
    },
  };
}
