import { inspect } from 'node:util';

import { describe, expect, it } from 'vitest';

import { ConfigError, readConfig } from '../src/config.ts';
import type { Config } from '../src/config.ts';

describe('settings of an empty environment', () => {
  const config = readConfig({});

  it('serve on loopback, from Groq and models.dev, with embedded storage and without a key', () => {
    expect(config).toMatchObject({
      production: false,
      host: '127.0.0.1',
      port: 4000,
      registryPath: undefined,
      dataDir: './data',
      databaseUrl: undefined,
      databaseConnections: 10,
      groqBaseUrl: undefined,
      groqPricingUrl: undefined,
      modelsDevUrl: 'https://models.dev/api.json',
      pollIntervalMs: 300_000,
      vault: undefined,
      introspection: true,
      explorer: true,
      logLevel: 'info',
      drainDelayMs: 0,
    });
    expect(config.environmentSecrets.get('groq/api_key')?.read()).toBeUndefined();
  });

  it('bound documents and launches', () => {
    expect(config.documents).toEqual({
      maxDepth: 12,
      maxTokens: 2000,
      maxAliases: 30,
      maxRepresentations: 1000,
      maxBodyBytes: 1_000_000,
      maxCost: 20_000,
    });
    expect(config.launches).toMatchObject({
      concurrency: 64,
      queueLength: 256,
      perMinute: undefined,
      budgetPerDay: undefined,
      maxCostPerCall: undefined,
      defaultMaxOutputTokens: 4096,
      keyLifeMs: 90 * 86_400_000,
      contentLifeMs: 24 * 3_600_000,
    });
  });

  it('are those of an environment in which everything is empty, but for the feed that this switches off', () => {
    const empty = new Proxy({}, { get: () => '' }) as Record<string, string>;
    expect(withoutFunctions(readConfig(empty))).toEqual({
      ...(withoutFunctions(config) as object),
      modelsDevUrl: undefined,
    });
  });
});

describe('a setting', () => {
  it.each([
    [
      { NODE_ENV: 'production' },
      { production: true, introspection: false, explorer: false, drainDelayMs: 5000 },
    ],
    [
      { NODE_ENV: 'production', EXPLORER: '1', INTROSPECTION: '1' },
      { introspection: true, explorer: true },
    ],
    [{ INTROSPECTION: '0' }, { introspection: false, explorer: true }],
    [{ PORT: '0' }, { port: 0 }],
    [{ HOST: '::1' }, { host: '::1' }],
    [{ POLL_INTERVAL_SECONDS: '1' }, { pollIntervalMs: 1000 }],
    [{ MODELS_DEV_URL: '' }, { modelsDevUrl: undefined }],
    [{ MODELS_DEV_URL: 'http://127.0.0.1:9/list' }, { modelsDevUrl: 'http://127.0.0.1:9/list' }],
    [
      { GROQ_BASE_URL: 'http://127.0.0.1:9/openai/v1' },
      { groqBaseUrl: 'http://127.0.0.1:9/openai/v1' },
    ],
    [{ PROVIDER_REGISTRY: '/etc/registry.json' }, { registryPath: '/etc/registry.json' }],
    [{ DATA_DIR: '/var/lib/x' }, { dataDir: '/var/lib/x' }],
    [{ MAX_ALIASES: '0' }, { documents: { maxAliases: 0 } }],
    [{ LOG_LEVEL: 'silent' }, { logLevel: 'silent' }],
    [{ RUN_CONTENT_TTL_HOURS: '0' }, { launches: { contentLifeMs: 0 } }],
  ] as [Record<string, string>, object][])('%j is taken as it is', (environment, expected) => {
    expect(readConfig(environment)).toMatchObject(expected);
  });

  it('in USD keeps every digit', () => {
    const { launches } = readConfig({
      BUDGET_USD_PER_DAY: '12.50',
      MAX_COST_USD_PER_CALL: '0.00000000000000000001',
    });
    expect(launches.budgetPerDay?.toString()).toBe('12.5');
    expect(launches.maxCostPerCall?.toString()).toBe('0.00000000000000000001');
  });
});

describe('where Vault is', () => {
  const at = (parts: Record<string, string>) =>
    readConfig({ VAULT_ADDR: 'https://vault.example:8200', ...parts }).vault;

  it('is known with a token, a role or a Kubernetes role, each of them at its mount', () => {
    expect(at({ VAULT_TOKEN: 'hvs.x' })?.auth.kind).toBe('token');
    expect(at({ VAULT_TOKEN_FILE: '/run/token' })?.auth).toEqual({
      kind: 'token',
      token: { kind: 'file', path: '/run/token' },
    });
    expect(at({ VAULT_ROLE_ID: 'r', VAULT_SECRET_ID_FILE: '/run/id' })?.auth).toMatchObject({
      kind: 'approle',
      mount: 'approle',
      secretId: { kind: 'file', path: '/run/id' },
    });
    expect(at({ VAULT_K8S_ROLE: 'r', VAULT_AUTH_MOUNT: 'k8s-eu' })?.auth).toMatchObject({
      kind: 'kubernetes',
      mount: 'k8s-eu',
    });
  });

  it('has mount, path and field apart, with the defaults of the specification', () => {
    expect(at({ VAULT_TOKEN: 'hvs.x' })).toMatchObject({ kvMount: 'secret', pollSeconds: 30 });
    expect(
      at({ VAULT_TOKEN: 'hvs.x', VAULT_KV_MOUNT: 'kv', VAULT_SECRET_FIELD: 'api_key' }),
    ).toMatchObject({
      kvMount: 'kv',
      secretField: 'api_key',
    });
    const moved = readConfig({ VAULT_SECRET_PATH: 'team/groq' });
    expect([...moved.environmentSecrets.keys()]).toEqual(['team/groq']);
  });

  it.each([{}, { VAULT_ROLE_ID: 'r' }, { VAULT_SECRET_ID: 's' }])(
    'is no use without a way in: %j',
    (parts) => {
      expect(faultsOf({ VAULT_ADDR: 'https://vault.example', ...parts })).toEqual([
        'VAULT_ADDR needs VAULT_TOKEN, VAULT_ROLE_ID with VAULT_SECRET_ID, or VAULT_K8S_ROLE',
      ]);
    },
  );
});

describe('the router that is told to forget', () => {
  const environment = {
    ROUTER_INVALIDATION_URL: 'https://router.example/invalidation',
    ROUTER_INVALIDATION_KEY_FILE: '/run/router-key',
    ROUTER_SUBGRAPH_NAME: 'inference',
  };

  it('comes with tags on answers, unless they are switched off', () => {
    expect(readConfig({}).cacheTags).toBe(false);
    expect(readConfig({ CACHE_TAGS: '1' })).toMatchObject({
      cacheTags: true,
      routerInvalidation: undefined,
    });
    expect(readConfig(environment)).toMatchObject({
      cacheTags: true,
      routerInvalidation: {
        url: 'https://router.example/invalidation',
        key: { kind: 'file', path: '/run/router-key' },
        subgraph: 'inference',
      },
    });
    expect(readConfig({ ...environment, CACHE_TAGS: '0' }).cacheTags).toBe(false);
  });

  it('gets its key over no network in the clear', () => {
    const plain = { ...environment, ROUTER_INVALIDATION_URL: 'http://router.example/invalidation' };
    expect(faultsOf(plain)).toEqual([
      'ROUTER_INVALIDATION_URL must be https unless it is a loopback address or ALLOW_INSECURE=1 is set',
    ]);
  });
});

describe('a faulty setting', () => {
  it.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['PORT', '0x50'],
    ['PORT', ' 80'],
    ['PORT', '1e3'],
    ['PORT', 'http'],
    ['POLL_INTERVAL_SECONDS', '0'],
    ['POLL_INTERVAL_SECONDS', '86401'],
    ['POLL_INTERVAL_SECONDS', '99999999999999999999'],
    ['GROQ_BASE_URL', 'api.groq.com'],
    ['GROQ_BASE_URL', 'ftp://api.groq.com'],
    ['GROQ_BASE_URL', 'https://user:pass@api.groq.com'],
    ['GROQ_PRICING_URL', '/v1/pricing'],
    ['MODELS_DEV_URL', 'off'],
    ['VAULT_ADDR', 'vault:8200'],
    ['DATABASE_URL', 'mysql://db/x'],
    ['DATABASE_URL', 'the database'],
    ['INTROSPECTION', 'true'],
    ['EXPLORER', 'yes'],
    ['LOG_LEVEL', 'loud'],
    ['MAX_DEPTH', '0'],
    ['MAX_DEPTH', '101'],
    ['MAX_TOKENS', '9'],
    ['MAX_ALIASES', '-1'],
    ['MAX_REPRESENTATIONS', '0'],
    ['MAX_BODY_BYTES', '999'],
    ['MAX_COST', '9'],
    ['DRAIN_DELAY_MS', '60001'],
    ['BUDGET_USD_PER_DAY', '-1'],
    ['BUDGET_USD_PER_DAY', '12,50'],
    ['MAX_COST_USD_PER_CALL', 'much'],
    ['LAUNCH_CONCURRENCY', '0'],
    ['LAUNCH_QUEUE', '-1'],
    ['LAUNCHES_PER_MINUTE', '0'],
    ['REQUESTS_PER_MINUTE', '0'],
    ['IDEMPOTENCY_TTL_DAYS', '0'],
    ['RUN_CONTENT_TTL_HOURS', '8761'],
    ['CACHE_TAGS', 'yes'],
    ['ROUTER_INVALIDATION_URL', 'router:3000/invalidation'],
    ['ROUTER_INVALIDATION_URL', 'https://router.example/invalidation'],
    ['AUTH_MODE', 'trust'],
    ['HOST', '0.0.0.0'],
  ])('%s=%s is refused by its name', (name, value) => {
    const faults = faultsOf({ [name]: value });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(name);
  });

  it('does not hide the others: every fault is told at once, each on a line', () => {
    const faulty = {
      PORT: 'x',
      POLL_INTERVAL_SECONDS: '0',
      GROQ_BASE_URL: 'x',
      MODELS_DEV_URL: 'x',
      DATABASE_URL: 'x',
      INTROSPECTION: 'x',
      LOG_LEVEL: 'x',
      MAX_DEPTH: 'x',
      BUDGET_USD_PER_DAY: 'x',
      AUTH_MODE: 'x',
      VAULT_ADDR: 'x',
    };
    const faults = faultsOf(faulty);
    expect(faults).toHaveLength(Object.keys(faulty).length);
    for (const name of Object.keys(faulty)) {
      expect(faults.filter((fault) => fault.startsWith(name))).toHaveLength(1);
    }
  });
});

describe('a secret', () => {
  const secrets = {
    GROQ_API_KEY: 'gsk_marked1',
    VAULT_TOKEN: 'hvs.marked2',
    VAULT_ROLE_ID: 'role-marked3',
    VAULT_SECRET_ID: 'secret-marked4',
    ROUTER_TOKENS: 'router-marked5,router-marked6',
    DATABASE_URL: 'postgres://someone:marked7@db.example/x',
    ROUTER_INVALIDATION_KEY: 'router-marked8',
    ROUTER_INVALIDATION_URL: 'https://router.example/invalidation',
    ROUTER_SUBGRAPH_NAME: 'inference',
  };
  const marked = /marked/;

  it.each([
    ['with a Vault token', { VAULT_ROLE_ID: '' }],
    ['with a Vault role', { VAULT_TOKEN: '' }],
  ])('is in no text of the settings, %s', (_, parts) => {
    const config = readConfig({
      ...secrets,
      ...parts,
      VAULT_ADDR: 'https://vault.example',
      AUTH_MODE: 'router',
    });
    expect(JSON.stringify(config)).not.toMatch(marked);
    expect(inspect(config, { depth: 20, showHidden: true, getters: true })).not.toMatch(marked);
  });

  it('is handed out when it is used, and as it is then', () => {
    const environment: Record<string, string> = { ...secrets };
    const config = readConfig({ ...environment, AUTH_MODE: 'router' });
    expect(config.databaseUrl?.()).toBe(secrets.DATABASE_URL);
    expect(config.environmentSecrets.get('groq/api_key')?.read()).toBe('gsk_marked1');
    expect(config.auth.routerTokens()).toEqual(['router-marked5', 'router-marked6']);

    const later = readConfig(environmentWithoutKey);
    environmentWithoutKey['GROQ_API_KEY'] = 'gsk_new';
    expect(later.environmentSecrets.get('groq/api_key')?.read()).toBe('gsk_new');
  });

  it('is in no fault, not even in its own', () => {
    const faults = faultsOf({
      DATABASE_URL: 'mysql://someone:marked@db/x',
      GROQ_BASE_URL: 'https://someone:marked@api.groq.com',
      VAULT_ADDR: 'https://someone:marked@vault.example',
      AUTH_MODE: 'router',
      ROUTER_TOKENS: 'marked with a blank',
    });
    expect(faults).toHaveLength(4);
    expect(faults.join('\n')).not.toMatch(marked);
  });
});

const environmentWithoutKey: Record<string, string> = {};

/** What a value looks like without its functions, which are never equal. */
function withoutFunctions(config: Config): unknown {
  return JSON.parse(JSON.stringify(config));
}

/** The faults that an environment is refused with, as the message lists them. */
function faultsOf(environment: Readonly<Record<string, string>>): readonly string[] {
  try {
    readConfig(environment);
  } catch (error) {
    const { faults, message } = error as ConfigError;
    if (
      !(error instanceof ConfigError) ||
      !faults.every((fault) => message.includes(`- ${fault}`))
    ) {
      throw error;
    }
    return faults;
  }
  return [];
}
