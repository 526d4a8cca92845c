import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { Logger } from 'pino';

import { createAuthenticator } from './callers/authenticator.ts';
import type { Caller } from './callers/caller.ts';
import { limitedByRate } from './callers/request-rate.ts';
import { showCatalogue } from './catalogue-metrics.ts';
import { Catalogue } from './catalogue/catalogue.ts';
import type { Config } from './config.ts';
import { httpOptionsOf, refuseSchemaReading, responseCacheOf } from './configured-http.ts';
import { providersOf, publicPriceListOf, secretPathOf } from './configured-providers.ts';
import { configuredSecrets } from './configured-secrets.ts';
import { systemClock, within } from './domain/clock.ts';
import type { Clock } from './domain/clock.ts';
import { cacheTagsOf } from './graphql/cache-tags.ts';
import type { Tracing } from './domain/tracing.ts';
import { CompiledLaunches } from './graphql/compiled/compiled-launches.ts';
import { CompiledQueries } from './graphql/compiled/compiled-queries.ts';
import { RequestContext } from './graphql/context.ts';
import type { RequestOrigin } from './graphql/context.ts';
import { createSchema } from './graphql/schema.ts';
import { createMetrics } from './http/metrics.ts';
import { createHttpService } from './http/server.ts';
import type { HttpService } from './http/server.ts';
import type { SubscriptionLimits } from './http/subscriptions/limits.ts';
import { createOutwardHttp } from './providers/http.ts';
import { tracedHttp } from './providers/traced-http.ts';
import { loadRegistry } from './registry.ts';
import type { Registry } from './registry.ts';
import { contentKeyFrom } from './content-key.ts';
import { countLaunches, showPlaces } from './launch-metrics.ts';
import { logProviderStates } from './provider-state-log.ts';
import type { SecretStore } from './secrets/secret-store.ts';
import { createLog, eventLog } from './service-log.ts';
import { startFollowing } from './start-following.ts';
import { startInference } from './start-inference.ts';
import { startRouterCache } from './start-router-cache.ts';
import { startPolling } from './start-polling.ts';
import { startSubscriptions } from './start-subscriptions.ts';
import { startTracing, traceFields } from './start-tracing.ts';
import { openStore } from './store/open-store.ts';

/** A running service. */
export interface Service {
  /** Starts everything and listens; resolves when the first request can be answered. */
  start(): Promise<{ readonly url: string }>;
  /** Goes out of service without dropping a request, then gives everything back. */
  stop(): Promise<void>;
}

/** What tests put in place of the process's own. */
export interface ServiceOverrides {
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly random?: () => number;
  readonly subscriptionLimits?: Partial<SubscriptionLimits>;
}

const root = new URL('../', import.meta.url);

/** How long a start waits for the content key, in milliseconds; it goes on being looked for. */
const contentKeyWaitMs = 1_000;

/** Connections to one provider for its feeds, beside one for each launch in flight. */
const connectionsBesideLaunches = 16;

/** Puts the parts together; the only place that knows them all. */
export function createService(config: Config, overrides: ServiceOverrides = {}): Service {
  const clock = overrides.clock ?? systemClock;
  const random = overrides.random ?? Math.random;
  let tracing: Tracing | undefined;
  const log =
    overrides.log ??
    createLog(
      config.logLevel,
      config.otlpEndpoint === undefined ? undefined : () => traceFields(tracing),
    );
  const logEvent = eventLog(log);
  const stops: (() => Promise<void> | void)[] = [];
  let http: HttpService | undefined;

  async function start(): Promise<{ readonly url: string }> {
    const registry = registryOf(config);
    const metrics = createMetrics({ version: versionOf() });
    if (config.otlpEndpoint !== undefined) {
      const started = await startTracing(config.otlpEndpoint, versionOf(), { metrics, log });
      ({ tracing } = started);
      stops.unshift(started.stop);
    }
    const schema = createSchema(new URL('schema.graphql', root), {
      authDirectives: config.sdlAuthDirectives,
    });
    const store = await openStore({
      dataDir: config.dataDir,
      ...(config.databaseUrl === undefined ? {} : { databaseUrl: config.databaseUrl() }),
      maximumConnections: config.databaseConnections,
      mayBeAway: true,
      log,
    });
    stops.unshift(() => store.close());

    const secrets = await configuredSecrets(config, clock, logEvent);
    const outward = createOutwardHttp({
      clock,
      maxConnections: config.launches.concurrency + connectionsBesideLaunches,
    });
    stops.unshift(() => outward.close());
    const toProviders = tracing === undefined ? outward : tracedHttp(outward, tracing);
    const providers = providersOf(registry, config, secrets, toProviders, clock);
    const catalogue = new Catalogue({
      registry,
      providers,
      publicPriceList: publicPriceListOf(registry, config, toProviders, clock),
      store: store.catalogue,
      isShared: store.engine === 'postgres',
      clock,
      defaultPollIntervalMs: config.pollIntervalMs,
      log: logEvent,
    });
    showCatalogue(metrics, () => (catalogue.isOpen ? catalogue.snapshot : undefined), clock);
    await secrets.start();
    stops.unshift(() => secrets.stop());
    await catalogue.open();
    stops.unshift(() => catalogue.close());
    stops.unshift(logProviderStates(catalogue, logEvent));
    if (store.engine === 'postgres') stops.unshift(startFollowing(catalogue, store, clock));

    const contentKey = contentKeyFrom(secrets, config.launches.contentKeyPath, logEvent);
    stops.unshift(contentKey.stop);
    await within(contentKeyWaitMs, clock, contentKey.asked);
    const { sealer } = contentKey;
    const inference = await startInference(config, sealer, catalogue, providers, store, {
      clock,
      log,
      tracing,
      tally: countLaunches(metrics),
    });
    showPlaces(metrics, () => inference.launcher);
    stops.unshift(inference.stop);

    const everybody = createAuthenticator(config.auth, {
      clock,
      http: outward,
      log: logEvent,
    });
    const authenticator = limitedByRate(everybody, config.requestsPerMinute, clock);
    const compiled = new CompiledQueries(schema);
    const compiledLaunches = new CompiledLaunches(schema);
    const contextOf = (caller: Caller, request: RequestOrigin) =>
      new RequestContext({
        snapshot: catalogue.snapshot,
        nowMs: clock.now(),
        request,
        caller,
        defaultDailyBudget: config.launches.budgetPerDay,
        launcher: inference.launcher,
        catalogueStore: store.catalogue,
      });
    const subscriptions = startSubscriptions({
      schema,
      catalogue,
      isShared: store.engine === 'postgres',
      authenticator,
      contextOf,
      clock,
      outward,
      callbackHosts: config.callbackHosts,
      limits: { maxSubscriptions: config.maxSubscriptions, ...overrides.subscriptionLimits },
      log,
    });
    stops.unshift(subscriptions.stop);
    const { routerInvalidation } = config;
    if (routerInvalidation !== undefined) {
      const parts = { catalogue, http: outward, metrics, log: logEvent };
      stops.unshift(startRouterCache(routerInvalidation, parts));
    }
    http = createHttpService<RequestContext>({
      schema,
      contextFor: (request) => {
        const caller = authenticator.authenticate(request.headers);
        return caller instanceof Promise
          ? caller.then((known) => contextOf(known, request))
          : contextOf(caller, request);
      },
      refuseOperation: refuseSchemaReading(config),
      intercept: responseCacheOf(config, metrics).intercept,
      executeCompiled: (document, operation, variables, context) =>
        compiled.execute(document, operation, variables, context),
      executeLaunch: (document, operation, variables, context) =>
        compiledLaunches.execute(document, operation, variables, context),
      ...(config.cacheTags
        ? {
            extensionsOf: (document, operation, variables, { snapshot }) =>
              cacheTagsOf(document, operation, variables, snapshot),
          }
        : {}),
      subscriptions: subscriptions.transports,
      options: httpOptionsOf(config),
      health: () => ({
        ready: catalogue.isOpen,
        degraded: [
          ...degradedReasons(catalogue, secrets),
          ...[sealer.hindrance(), authenticator.degradedReason()].filter(
            (reason) => reason !== undefined,
          ),
        ],
      }),
      metrics,
      log,
      tracing,
    });
    const { url } = await http.listen();
    stops.unshift(
      startPolling(catalogue, store, secrets, {
        registry,
        secretPathOf: (registered) => secretPathOf(registered, config),
        intervalMs: config.pollIntervalMs,
        clock,
        random,
        tracing,
        metrics,
        log,
      }),
    );
    log.info({ url }, 'listening');
    return { url };
  }

  async function stop(): Promise<void> {
    await http?.drain();
    for (const stopPart of stops) await stopPart();
  }

  return { start, stop };
}

function registryOf(config: Config): Registry {
  const path = config.registryPath ?? fileURLToPath(new URL('provider_registry.json', root));
  return loadRegistry(path, new URL('provider_registry.schema.json', root));
}

function degradedReasons(catalogue: Catalogue, secrets: SecretStore): string[] {
  const reasons: string[] = [];
  if (catalogue.storeFailure !== undefined) reasons.push(catalogue.storeFailure);
  const secretStatus = secrets.status();
  if (secretStatus.state !== 'OK' && secretStatus.reason !== undefined) {
    reasons.push(`secrets: ${secretStatus.reason}`);
  }
  if (catalogue.isOpen) {
    for (const { id, status } of catalogue.snapshot.providers.values()) {
      if (status.state !== 'READY') reasons.push(`${id}: ${status.reason ?? status.state}`);
    }
  }
  return reasons;
}

function versionOf(): string {
  const content = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
    readonly version: string;
  };
  return content.version;
}
