import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';

import { Catalogue } from '../../src/catalogue/catalogue.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { RequestContext } from '../../src/graphql/context.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { apiKeysFrom } from '../../src/provider-keys.ts';
import { GroqAdapter } from '../../src/providers/groq/groq-adapter.ts';
import { createOutwardHttp } from '../../src/providers/http.ts';
import { loadRegistry } from '../../src/registry.ts';
import { EnvironmentSecretStore } from '../../src/secrets/environment.ts';
import { openStore } from '../../src/store/open-store.ts';

const root = new URL('../../', import.meta.url);

/** The service's schema, resolvers and rows, for a server of another make. */
export async function sameCatalogue(groqUrl: string) {
  const clock = systemClock;
  const registry = loadRegistry(
    new URL('provider_registry.json', root).pathname,
    new URL('provider_registry.schema.json', root),
  );
  const registered = registry.get('groq');
  if (registered === undefined) throw new Error('The registry has no Groq');
  const store = await openStore({
    dataDir: await mkdtemp(join(tmpdir(), 'bench-')),
    log: pino({ level: 'silent' }),
  });
  const secrets = new EnvironmentSecretStore({
    secrets: new Map([[registered.secretPath, { name: 'KEY', read: () => 'bench' }]]),
    log: () => undefined,
    now: () => clock.now(),
  });
  await secrets.start();
  const groq = new GroqAdapter({
    id: 'groq',
    baseUrl: groqUrl,
    pricingUrl: `${groqUrl}/v1/pricing`,
    keys: apiKeysFrom(secrets, registered.secretPath),
    endpoints: registered.endpoints,
    http: createOutwardHttp({ clock }),
    clock,
    limits: { connectTimeoutMs: 5000, totalTimeoutMs: 20_000, maxBodyBytes: 8_000_000 },
  });
  const catalogue = new Catalogue({
    registry,
    providers: new Map([['groq', groq]]),
    publicPriceList: undefined,
    store: store.catalogue,
    clock,
    defaultPollIntervalMs: 300_000,
    log: () => undefined,
  });
  await catalogue.open();
  const { succeeded } = await catalogue.poll('groq', new AbortController().signal);
  if (!succeeded) throw new Error('The loopback provider gave no models');
  return {
    schema: createSchema(new URL('schema.graphql', root)),
    context: () =>
      new RequestContext({
        snapshot: catalogue.snapshot,
        nowMs: clock.now(),
        request: { requestId: '', traceId: undefined, signal: AbortSignal.abort() },
        caller: {
          id: 'bench',
          scopes: new Set(),
          mayIntrospect: true,
        },
        defaultDailyBudget: undefined,
        launcher: undefined as never,
        catalogueStore: store.catalogue,
      }),
  };
}
