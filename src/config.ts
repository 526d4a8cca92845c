import type { AuthOptions } from './callers/auth-options.ts';
import { authFaults, isLoopbackHost } from './callers/insecure.ts';
import type { Decimal } from './domain/decimal.ts';
import type { SecretVariable } from './secrets/environment.ts';
import type { SecretSource, VaultAuth, VaultOptions } from './secrets/vault-options.ts';
import { Settings } from './settings.ts';
import type { Environment } from './settings.ts';

/** Every setting, parsed and checked. It holds no secret: those stay behind functions that read them when used. */
export interface Config {
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  readonly registryPath: string | undefined;
  readonly dataDir: string;
  /** Read when the pool is opened; it may hold a password. */
  readonly databaseUrl: (() => string) | undefined;
  /** Connections to PostgreSQL that this process may open, beside the one for notices. */
  readonly databaseConnections: number;
  readonly groqBaseUrl: string | undefined;
  readonly groqPricingUrl: string | undefined;
  /** Undefined switches the feed off. */
  readonly modelsDevUrl: string | undefined;
  readonly pollIntervalMs: number;
  readonly vault: VaultOptions | undefined;
  /** Secrets of the environment by their path in the registry; for development. */
  readonly environmentSecrets: ReadonlyMap<string, SecretVariable>;
  /** Overrides the registry's path of Groq's key. */
  readonly groqSecretPath: string | undefined;
  readonly auth: AuthOptions;
  readonly launches: LaunchSettings;
  readonly documents: {
    readonly maxDepth: number;
    readonly maxTokens: number;
    readonly maxAliases: number;
    readonly maxRepresentations: number;
    readonly maxBodyBytes: number;
    readonly maxCost: number;
  };
  /** Requests that each caller may send; undefined for no bound. */
  readonly requestsPerMinute: number | undefined;
  /** Hosts, with a port where they have one, that a router's subscription callback may name. */
  readonly callbackHosts: readonly string[];
  /** Subscriptions of all transports that this process carries. */
  readonly maxSubscriptions: number;
  /** Bytes that finished answers may take in memory. */
  readonly responseCacheBytes: number;
  /** Whether public answers carry tags for routers' caches. */
  readonly cacheTags: boolean;
  /** The router that is told when a price changes; undefined for none. */
  readonly routerInvalidation: RouterInvalidationSettings | undefined;
  readonly introspection: boolean;
  readonly explorer: boolean;
  /** Whether the SDL for composition says which fields need a right. */
  readonly sdlAuthDirectives: boolean;
  readonly logLevel: string;
  /** Where a collector takes traces as OTLP over HTTP; undefined for no tracing. */
  readonly otlpEndpoint: string | undefined;
  /** How long a draining service goes on taking requests, so that load balancers notice first. */
  readonly drainDelayMs: number;
}

/** Where and how a router's cache is told to forget. */
export interface RouterInvalidationSettings {
  readonly url: string;
  readonly key: SecretSource;
  /** What the supergraph calls this subgraph. */
  readonly subgraph: string;
}

/** Bounds on money and load. */
export interface LaunchSettings {
  /** USD, per caller and UTC day; undefined for no budget. */
  readonly budgetPerDay: Decimal | undefined;
  /** USD; undefined for no bound. */
  readonly maxCostPerCall: Decimal | undefined;
  readonly concurrency: number;
  readonly queueLength: number;
  readonly perMinute: number | undefined;
  readonly defaultMaxOutputTokens: number;
  readonly keyLifeMs: number;
  /** 0 keeps no content. */
  readonly contentLifeMs: number;
  /** Where the secret store has the key that seals content; undefined leaves it unsealed. */
  readonly contentKeyPath: string | undefined;
  /** The only hosts whose audio may be transcribed; undefined for every public one. */
  readonly audioHosts: ReadonlySet<string> | undefined;
}

/** Every fault of the environment at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The settings are not usable:\n- ${faults.join('\n- ')}`);
    this.faults = faults;
  }
}

/**
 * Reads the settings from environment variables; the table in the README names them.
 *
 * @throws ConfigError with every fault together.
 */
export function readConfig(environment: Environment): Config {
  const settings = new Settings(environment);
  const production = settings.text('NODE_ENV') === 'production';
  const host = settings.text('HOST') ?? '127.0.0.1';
  const auth = authOf(settings);
  settings.faults.push(...authFaults(auth, host));
  settings.faults.push(...plainAddressFaults(settings, auth));
  const groqSecretPath = settings.text('VAULT_SECRET_PATH');
  const routerInvalidation = routerInvalidationOf(settings);
  const config: Config = {
    production,
    host,
    port: settings.integer('PORT', 4000, 0, 65_535),
    registryPath: settings.text('PROVIDER_REGISTRY'),
    dataDir: settings.text('DATA_DIR') ?? './data',
    databaseUrl: settings.secretUrl('DATABASE_URL', ['postgres:', 'postgresql:']),
    databaseConnections: settings.integer('DATABASE_CONNECTIONS', 10, 1, 1_000),
    groqBaseUrl: settings.url('GROQ_BASE_URL'),
    groqPricingUrl: settings.url('GROQ_PRICING_URL'),
    modelsDevUrl:
      environment['MODELS_DEV_URL'] === ''
        ? undefined
        : (settings.url('MODELS_DEV_URL') ?? 'https://models.dev/api.json'),
    pollIntervalMs: settings.integer('POLL_INTERVAL_SECONDS', 300, 1, 86_400) * 1000,
    vault: vaultOf(settings),
    environmentSecrets: new Map([
      [
        groqSecretPath ?? 'groq/api_key',
        { name: 'GROQ_API_KEY', read: () => environment['GROQ_API_KEY'] },
      ],
    ]),
    groqSecretPath,
    auth,
    launches: {
      budgetPerDay: settings.money('BUDGET_USD_PER_DAY'),
      maxCostPerCall: settings.money('MAX_COST_USD_PER_CALL'),
      concurrency: settings.integer('LAUNCH_CONCURRENCY', 64, 1, 10_000),
      queueLength: settings.integer('LAUNCH_QUEUE', 256, 0, 100_000),
      perMinute: settings.optionalInteger('LAUNCHES_PER_MINUTE', 1, 1_000_000),
      defaultMaxOutputTokens: settings.integer('DEFAULT_MAX_OUTPUT_TOKENS', 4096, 1, 1_000_000),
      keyLifeMs: settings.integer('IDEMPOTENCY_TTL_DAYS', 90, 1, 3650) * dayMs,
      contentLifeMs: settings.integer('RUN_CONTENT_TTL_HOURS', 24, 0, 8760) * hourMs,
      contentKeyPath: settings.text('CONTENT_KEY_PATH'),
      audioHosts: settings.hostNames('AUDIO_HOSTS'),
    },
    documents: {
      maxDepth: settings.integer('MAX_DEPTH', 12, 1, 100),
      maxTokens: settings.integer('MAX_TOKENS', 2000, 10, 1_000_000),
      maxAliases: settings.integer('MAX_ALIASES', 30, 0, 10_000),
      maxRepresentations: settings.integer('MAX_REPRESENTATIONS', 1000, 1, 100_000),
      maxBodyBytes: settings.integer('MAX_BODY_BYTES', 1_000_000, 1_000, 100_000_000),
      maxCost: settings.integer('MAX_COST', 20_000, 10, 100_000_000),
    },
    requestsPerMinute: settings.optionalInteger('REQUESTS_PER_MINUTE', 1, 10_000_000),
    callbackHosts: settings.hosts('CALLBACK_HOSTS'),
    maxSubscriptions: settings.integer('MAX_SUBSCRIPTIONS', 20_000, 0, 1_000_000),
    responseCacheBytes: settings.integer('RESPONSE_CACHE_MB', 64, 0, 65_536) * 1024 * 1024,
    cacheTags: settings.flag('CACHE_TAGS', routerInvalidation !== undefined),
    routerInvalidation,
    introspection: settings.flag('INTROSPECTION', !production),
    explorer: settings.flag('EXPLORER', !production),
    sdlAuthDirectives: settings.flag('SDL_AUTH_DIRECTIVES', false),
    logLevel: settings.choice('LOG_LEVEL', 'info', [
      'trace',
      'debug',
      'info',
      'warn',
      'error',
      'fatal',
      'silent',
    ]),
    otlpEndpoint: settings.url('OTEL_EXPORTER_OTLP_ENDPOINT'),
    drainDelayMs: settings.integer('DRAIN_DELAY_MS', production ? 5000 : 0, 0, 60_000),
  };
  if (settings.faults.length > 0) throw new ConfigError(settings.faults);
  return config;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

function authOf(settings: Settings): AuthOptions {
  return {
    mode: settings.text('AUTH_MODE'),
    routerTokens: () => settings.list('ROUTER_TOKENS'),
    jwtIssuer: settings.text('JWT_ISSUER'),
    jwtAudience: settings.text('JWT_AUDIENCE'),
    jwksUrl: settings.url('JWKS_URL'),
    jwtTenantClaim: settings.text('JWT_TENANT_CLAIM'),
    jwtBudgetClaim: settings.text('JWT_BUDGET_CLAIM'),
    requireAuthForReads: settings.flag('REQUIRE_AUTH_FOR_READS', false),
    allowInsecure: settings.flag('ALLOW_INSECURE', false),
  };
}

function routerInvalidationOf(settings: Settings): RouterInvalidationSettings | undefined {
  const url = settings.url('ROUTER_INVALIDATION_URL');
  if (url === undefined) return undefined;
  const key = settings.secretSource('ROUTER_INVALIDATION_KEY');
  const subgraph = settings.text('ROUTER_SUBGRAPH_NAME');
  if (key !== undefined && subgraph !== undefined) return { url, key, subgraph };
  settings.faults.push(
    'ROUTER_INVALIDATION_URL needs ROUTER_INVALIDATION_KEY (or …_FILE) and ROUTER_SUBGRAPH_NAME',
  );
  return undefined;
}

/** Feeds carry the key out and prices in, the router its own key: none goes over a network in the clear. */
function plainAddressFaults(settings: Settings, { allowInsecure }: AuthOptions): string[] {
  const names = ['GROQ_BASE_URL', 'GROQ_PRICING_URL', 'MODELS_DEV_URL', 'ROUTER_INVALIDATION_URL'];
  return names.flatMap((name) => {
    const url = URL.parse(settings.text(name) ?? '');
    if (url?.protocol !== 'http:' || allowInsecure || isLoopbackHost(url.hostname)) return [];
    return [`${name} must be https unless it is a loopback address or ALLOW_INSECURE=1 is set`];
  });
}

function vaultOf(settings: Settings): VaultOptions | undefined {
  const address = settings.url('VAULT_ADDR');
  if (address === undefined) return undefined;
  const auth = vaultAuthOf(settings);
  if (auth === undefined) {
    settings.faults.push(
      'VAULT_ADDR needs VAULT_TOKEN, VAULT_ROLE_ID with VAULT_SECRET_ID, or VAULT_K8S_ROLE',
    );
    return undefined;
  }
  const namespace = settings.text('VAULT_NAMESPACE');
  const caCertPath = settings.text('VAULT_CACERT');
  const secretField = settings.text('VAULT_SECRET_FIELD');
  return {
    address,
    auth,
    kvMount: settings.text('VAULT_KV_MOUNT') ?? 'secret',
    ...(secretField === undefined ? {} : { secretField }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(caCertPath === undefined ? {} : { caCertPath }),
    pollSeconds: settings.integer('VAULT_POLL_SECONDS', 30, 1, 86_400),
    timeoutMs: 5000,
    maxBodyBytes: 262_144,
  };
}

function vaultAuthOf(settings: Settings): VaultAuth | undefined {
  const role = settings.text('VAULT_K8S_ROLE');
  if (role !== undefined) {
    return {
      kind: 'kubernetes',
      role,
      jwtPath:
        settings.text('VAULT_K8S_JWT_FILE') ??
        '/var/run/secrets/kubernetes.io/serviceaccount/token',
      mount: settings.text('VAULT_AUTH_MOUNT') ?? 'kubernetes',
    };
  }
  const roleId = settings.secretSource('VAULT_ROLE_ID');
  const secretId = settings.secretSource('VAULT_SECRET_ID');
  if (roleId !== undefined && secretId !== undefined) {
    return {
      kind: 'approle',
      roleId,
      secretId,
      mount: settings.text('VAULT_AUTH_MOUNT') ?? 'approle',
    };
  }
  const token = settings.secretSource('VAULT_TOKEN');
  return token === undefined ? undefined : { kind: 'token', token };
}
