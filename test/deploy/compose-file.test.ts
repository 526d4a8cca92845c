import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { readConfig } from '../../src/config.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface ComposedService {
  readonly image?: string;
  readonly build?: string | { readonly context: string; readonly target: string };
  readonly deploy?: { readonly replicas: number };
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

interface ComposeFile {
  readonly services: Readonly<Record<string, ComposedService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** A value as Compose reads it when the person's environment has none of its own. */
const withDefault = (value: string) => value.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');

describe('docker-compose.yaml', () => {
  const { services, volumes } = parse(
    readFileSync(join(root, 'docker-compose.yaml'), 'utf8'),
  ) as ComposeFile;
  const service = (name: string) => {
    const found = services[name];
    if (found === undefined) throw new Error(`No service ${name}`);
    return found;
  };
  const environmentOf = (name: string) =>
    Object.fromEntries(
      Object.entries(service(name).environment ?? {}).map(([key, value]) => [
        key,
        withDefault(value),
      ]),
    );

  test('has two replicas, PostgreSQL, Vault with the key put in place, an open router, and Apollo Router in a variant', () => {
    expect(service('providers').deploy?.replicas).toBe(2);
    expect(service('postgres').image).toMatch(/^postgres:1[5-9]/);
    expect(service('vault').image).toMatch(/^hashicorp\/vault:/);
    expect(service('vault-key').environment).toHaveProperty('GROQ_API_KEY');
    expect(service('router').image).toMatch(/^ghcr\.io\/graphql-hive\/gateway:/);
    expect(service('router').profiles).toBeUndefined();
    expect(service('apollo-router').profiles).toEqual(['apollo']);
  });

  test('gives the replicas settings that the service takes, and that fit what they lead to', () => {
    const given = environmentOf('providers');
    const config = readConfig({ NODE_ENV: 'production', HOST: '0.0.0.0', ...given });
    const database = new URL(config.databaseUrl?.() ?? '');
    const { POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB } = environmentOf('postgres');
    expect([database.hostname, database.username, database.password, database.pathname]).toEqual([
      'postgres',
      POSTGRES_USER,
      POSTGRES_PASSWORD,
      `/${POSTGRES_DB}`,
    ]);
    expect(given['VAULT_TOKEN']).toBe(environmentOf('vault')['VAULT_DEV_ROOT_TOKEN_ID']);
    for (const router of ['router', 'apollo-router']) {
      expect(environmentOf(router)['ROUTER_TOKEN']).toBe(given['ROUTER_TOKENS']);
    }
  });

  test('mounts only what is there, and publishes ports to this machine only', () => {
    for (const { volumes: mounts = [], ports = [] } of Object.values(services)) {
      const sources = mounts.map((mount) => mount.split(':', 1)[0] ?? '');
      const missing = sources.filter(
        (source) => !(source.startsWith('.') ? existsSync(join(root, source)) : source in volumes),
      );
      expect(missing).toEqual([]);
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    }
  });

  test('holds no secret but development values that say so', () => {
    for (const [name, { environment = {} }] of Object.entries(services)) {
      for (const [key, value] of Object.entries(environment)) {
        if (!/PASSWORD|TOKEN|KEY|DATABASE_URL/.test(key)) continue;
        expect(`${name} ${key} ${withDefault(value)}`).toContain('development');
      }
    }
  });
});

describe('the supergraph that is composed for it', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'supergraph-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test('is made from the schema as it is, and leads to the replicas', () => {
    const file = join(folder, 'supergraph.graphql');
    const { status, stderr } = spawnSync(process.execPath, ['deploy/compose-supergraph.ts', file], {
      cwd: root,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], PROVIDERS_URL: 'http://providers:4000/graphql' },
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const supergraph = readFileSync(file, 'utf8');
    expect(supergraph).toContain(
      'PROVIDERS @join__graph(name: "providers", url: "http://providers:4000/graphql")',
    );
    expect(supergraph).toMatch(/type Mutation[\s\S]*launchInference\(/);
  });
});
