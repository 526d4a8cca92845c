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
      // A reading that would find nothing new makes the store rest, and miss what comes next.
      const held = await secrets.read(path);
      if (held.ok && held.secret.generation !== refused.generation) return held.secret;
      const result = await secrets.refresh(path);
      if (!result.ok || result.secret.generation === refused.generation) return undefined;
      return result.secret;
    },
  };
}
