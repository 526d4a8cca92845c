import { isLoopbackHost } from './callers/insecure.ts';
import type { Config } from './config.ts';
import type { Clock } from './domain/clock.ts';
import { EnvironmentSecretStore } from './secrets/environment.ts';
import type { SecretStore } from './secrets/secret-store.ts';
import type { EventLog } from './service-log.ts';

/** The store that the settings ask for: a Vault, or the environment for development. */
export async function configuredSecrets(
  config: Config,
  clock: Clock,
  log: EventLog,
): Promise<SecretStore> {
  if (config.vault === undefined) {
    return new EnvironmentSecretStore({
      secrets: config.environmentSecrets,
      log,
      now: () => clock.now(),
    });
  }
  const { protocol, hostname } = new URL(config.vault.address);
  if (protocol === 'http:' && !isLoopbackHost(hostname)) {
    log('vault.unsafe_address', {
      reason: 'VAULT_ADDR is plain http: the token and every secret cross the network in the clear',
    });
  }
  // The client takes a while to load, which a start without a Vault is spared.
  const { VaultSecretStore } = await import('./secrets/vault.ts');
  return new VaultSecretStore(config.vault, { clock, log });
}
