import type { Config } from './config.ts';
import type { Clock } from './domain/clock.ts';
import { apiKeysFrom } from './provider-keys.ts';
import { GroqAdapter } from './providers/groq/groq-adapter.ts';
import type { OutwardHttp } from './providers/http.ts';
import { ModelsDevFeed } from './providers/models-dev/models-dev-feed.ts';
import type { ProviderInterface } from './providers/provider.ts';
import type { Registry } from './registry.ts';
import type { RegisteredProvider } from './registered-provider.ts';
import type { SecretStore } from './secrets/secret-store.ts';

/** An adapter for each provider of the registry, by its id. */
export function providersOf(
  registry: Registry,
  config: Config,
  secrets: SecretStore,
  http: OutwardHttp,
  clock: Clock,
): ReadonlyMap<string, ProviderInterface> {
  const providers = new Map<string, ProviderInterface>();
  for (const registered of registry.values()) {
    providers.set(registered.id, groqAdapterOf(registered, config, secrets, http, clock));
  }
  return providers;
}

function groqAdapterOf(
  registered: RegisteredProvider,
  config: Config,
  secrets: SecretStore,
  http: OutwardHttp,
  clock: Clock,
): GroqAdapter {
  const { limits } = registered;
  return new GroqAdapter({
    id: registered.id,
    baseUrl: config.groqBaseUrl ?? registered.baseUrl,
    pricingUrl: config.groqPricingUrl ?? registered.pricingUrl,
    keys: apiKeysFrom(secrets, secretPathOf(registered, config)),
    endpoints: registered.endpoints,
    http,
    clock,
    limits: {
      connectTimeoutMs: limits.connectTimeoutMs,
      totalTimeoutMs: limits.totalTimeoutMs,
      maxBodyBytes: limits.maximumBodyBytes,
    },
  });
}

/** Where the provider's key is: as the setting says for Groq, else as the registry does. */
export function secretPathOf(registered: RegisteredProvider, config: Config): string {
  return registered.id === 'groq'
    ? (config.groqSecretPath ?? registered.secretPath)
    : registered.secretPath;
}

/** The public price list of all providers that it knows; undefined when it is switched off or knows none. */
export function publicPriceListOf(
  registry: Registry,
  config: Config,
  http: OutwardHttp,
  clock: Clock,
): ModelsDevFeed | undefined {
  const providers = [...registry.values()].flatMap(({ modelsDevId }) =>
    modelsDevId === undefined ? [] : [modelsDevId],
  );
  if (config.modelsDevUrl === undefined || providers.length === 0) return undefined;
  return new ModelsDevFeed({
    url: config.modelsDevUrl,
    providers,
    http,
    clock,
  });
}
