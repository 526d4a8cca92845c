import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { systemClock } from '../../src/domain/clock.ts';
import type { VaultAuth, VaultOptions } from '../../src/secrets/vault-options.ts';
import { VaultSecretStore } from '../../src/secrets/vault.ts';
import { providerKey, startLaunching } from '../support/launching.ts';
import { describeSecretStore } from '../support/secret-store-contract.ts';
import { shown } from '../support/vault-bench.ts';
import { startVaultProcess } from '../support/vault-process.ts';
import type { VaultProcess } from '../support/vault-process.ts';
import { until } from '../subscriptions/collected.ts';

const authority = new URL('../fixtures/tls/authority.pem', import.meta.url);

/** What an operator's own server can't be asked for: logins, leases, seals, mounts, namespaces. */
const binary = process.env['VAULT_BINARY'] ?? '';
if (binary === '') throw new Error('VAULT_BINARY has to name a vault or bao; see docs/vault.md');

let vault: VaultProcess;
/** Secret ids go through a file, as docs/vault.md advises. */
let folder: string;
beforeAll(async () => {
  vault = await startVaultProcess(binary);
  folder = await mkdtemp(join(tmpdir(), 'vault-real-'));
  const policy = leastPolicy();
  await vault.operate('POST', 'sys/policies/acl/gpubroker', { policy });
  await vault.operate('POST', 'sys/auth/approle', { type: 'approle' });
});
afterAll(async () => {
  await vault.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The policy that the documentation gives, to the letter. */
function leastPolicy(): string {
  const page = readFileSync(new URL('../../docs/vault.md', import.meta.url), 'utf8');
  const [, policy] = /```hcl\n# KV version 2\n([\s\S]*?)\n\n/.exec(page) ?? [];
  if (policy === undefined) throw new Error('docs/vault.md has no policy for KV version 2');
  return policy;
}

/** A role of its own with the least policy, and its credentials as the service is given them. */
async function approle(settings: Readonly<Record<string, unknown>> = {}): Promise<{
  readonly auth: VaultAuth;
  readonly roleId: string;
  readonly secretId: string;
  readonly secretIdPath: string;
}> {
  const name = `role-${randomUUID()}`;
  const role = `auth/approle/role/${name}`;
  await vault.operate('POST', role, { token_policies: 'gpubroker', token_ttl: '1h', ...settings });
  const { data: idData } = await vault.operate('GET', `${role}/role-id`);
  const { data: secretData } = await vault.operate('POST', `${role}/secret-id`);
  const roleId = (idData as { readonly role_id: string }).role_id;
  const secretId = (secretData as { readonly secret_id: string }).secret_id;
  const secretIdPath = join(folder, name);
  await writeFile(secretIdPath, `${secretId}\n`);
  return {
    roleId,
    secretId,
    secretIdPath,
    auth: {
      kind: 'approle',
      mount: 'approle',
      roleId: { kind: 'value', read: () => roleId },
      secretId: { kind: 'file', path: secretIdPath },
    },
  };
}

interface OpenedStore {
  readonly store: VaultSecretStore;
  readonly events: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[];
}

async function opened(
  auth: VaultAuth,
  overrides: Partial<VaultOptions> = {},
): Promise<OpenedStore> {
  const events: OpenedStore['events'] = [];
  const store = new VaultSecretStore(
    {
      address: vault.address,
      auth,
      kvMount: 'secret',
      pollSeconds: 1,
      timeoutMs: 10_000,
      maxBodyBytes: 262_144,
      ...overrides,
    },
    { clock: systemClock, log: (event, fields) => events.push({ event, fields }) },
  );
  onTestFinished(async () => await store.stop());
  await store.start();
  return { store, events };
}

const path = 'groq/api_key';
const put = async (value: string): Promise<void> => {
  await vault.operate('POST', `secret/data/${path}`, { data: { value } });
};
const root = (): VaultAuth => ({
  kind: 'token',
  token: { kind: 'value', read: () => vault.token },
});

describe('an AppRole login', () => {
  it('with the least policy of the documentation reads exactly one path, and sees its changes', async () => {
    await put('key-one');
    await vault.operate('POST', 'secret/data/another/secret', { data: { value: 'not for us' } });
    const { auth } = await approle();
    const { store, events } = await opened(auth);
    expect(shown(await store.read(path))).toBe('key-one');
    expect(shown(await store.read('another/secret'))).toMatch(/^DENIED: /);
    await put('key-two');
    await until(async () => shown(await store.read(path)) === 'key-two');
    expect(events.filter(({ event }) => event === 'vault.login.failed')).toEqual([]);
  });

  it('is repeated once when its token is revoked, and the key stays in force meanwhile', async () => {
    await put('key-one');
    const { auth } = await approle();
    const { store, events } = await opened(auth);
    expect(shown(await store.read(path))).toBe('key-one');
    const logins = () => events.filter(({ event }) => event === 'vault.login');
    await vault.operate('POST', 'auth/token/revoke-accessor', {
      accessor: logins()[0]?.fields['accessor'],
    });
    await put('key-two');
    await until(async () => {
      const value = shown(await store.read(path));
      expect(value).toMatch(/^key-(one|two)$/);
      return value === 'key-two';
    });
    expect(logins()).toHaveLength(2);
  });

  it('is renewed, and repeated before the longest life of its token is over, without a gap', async () => {
    await put('key-one');
    const { auth } = await approle({ token_ttl: '2s', token_max_ttl: '5s' });
    const { store, events } = await opened(auth);
    const count = (name: string) => events.filter(({ event }) => event === name).length;
    await until(async () => {
      expect(shown(await store.refresh(path))).toBe('key-one');
      return count('vault.login') >= 2;
    });
    expect(count('vault.token.renewed')).toBeGreaterThan(1);
    expect(count('secret.lost')).toBe(0);
  });

  it('that is refused is taken up again with another secret id, although the role was near its lockout', async () => {
    await put('key-one');
    const { auth, secretId, secretIdPath } = await approle();
    await writeFile(secretIdPath, randomUUID());
    const { store, events } = await opened(auth);
    expect(shown(await store.read(path))).toMatch(/^DENIED: Vault refused the AppRole login/);
    await writeFile(secretIdPath, secretId);
    await until(async () => shown(await store.read(path)) === 'key-one');
    expect(JSON.stringify(events)).not.toContain(secretId);
  });

  it('warns of a token with a limited number of uses', async () => {
    const { auth } = await approle({ token_num_uses: 50 });
    const { store } = await opened(auth);
    await store.read(path);
    expect(store.status()).toMatchObject({
      state: 'DEGRADED',
      reason: expect.stringMatching(/uses/) as string,
    });
  });
});

describe('a Kubernetes login', () => {
  it('sends the pod’s token, which the cluster confirms', async () => {
    await put('key-one');
    const reviews: unknown[] = [];
    // The one call that Vault makes of the cluster.
    const cluster = createServer((incoming, response) => {
      const pieces: Buffer[] = [];
      incoming.on('data', (piece: Buffer) => pieces.push(piece));
      incoming.on('end', () => {
        reviews.push(JSON.parse(Buffer.concat(pieces).toString()));
        response.writeHead(201, { 'content-type': 'application/json' });
        response.end(
          JSON.stringify({
            kind: 'TokenReview',
            apiVersion: 'authentication.k8s.io/v1',
            status: {
              authenticated: true,
              user: {
                username: 'system:serviceaccount:gpubroker:gpubroker',
                uid: 'd77f89bc-9055-11e7-a068-0800276d99bf',
                groups: ['system:serviceaccounts', 'system:serviceaccounts:gpubroker'],
              },
            },
          }),
        );
      });
    });
    cluster.listen(0, '127.0.0.1');
    await once(cluster, 'listening');
    onTestFinished(() => void cluster.close());
    const { port } = cluster.address() as AddressInfo;
    await vault.operate('POST', 'sys/auth/kubernetes', { type: 'kubernetes' });
    await vault.operate('POST', 'auth/kubernetes/config', {
      kubernetes_host: `http://127.0.0.1:${port}`,
      token_reviewer_jwt: podToken(),
      kubernetes_ca_cert: readFileSync(authority, 'utf8'),
      disable_local_ca_jwt: true,
    });
    await vault.operate('POST', 'auth/kubernetes/role/gpubroker', {
      bound_service_account_names: 'gpubroker',
      bound_service_account_namespaces: 'gpubroker',
      token_policies: 'gpubroker',
    });
    const jwtPath = join(folder, 'pod-token');
    await writeFile(jwtPath, podToken());
    const login = { kind: 'kubernetes', role: 'gpubroker', mount: 'kubernetes', jwtPath } as const;
    const { store } = await opened(login);
    expect(shown(await store.read(path))).toBe('key-one');
    expect(reviews).toMatchObject([{ spec: { token: podToken() } }]);
  });
});

/** In the form of a service account's token; its signature is the cluster's affair, which is asked. */
function podToken(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    iss: 'kubernetes/serviceaccount',
    sub: 'system:serviceaccount:gpubroker:gpubroker',
    'kubernetes.io/serviceaccount/namespace': 'gpubroker',
    'kubernetes.io/serviceaccount/secret.name': 'gpubroker-token',
    'kubernetes.io/serviceaccount/service-account.name': 'gpubroker',
    'kubernetes.io/serviceaccount/service-account.uid': 'd77f89bc-9055-11e7-a068-0800276d99bf',
  };
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.${Buffer.from('signature').toString('base64url')}`;
}

describe('a decision about a version', () => {
  it.each([
    ['deleted', 'delete'],
    ['destroyed', 'destroy'],
  ])(
    'takes effect within pollSeconds: %s, and again when there is a new version',
    async (_, act) => {
      await put('key-one');
      const { store } = await opened(root());
      expect(shown(await store.read(path))).toBe('key-one');
      const { data } = await vault.operate('GET', `secret/metadata/${path}`);
      const versions = [(data as { readonly current_version: number }).current_version];
      await vault.operate('POST', `secret/${act}/${path}`, { versions });
      await until(async () => shown(await store.read(path)).startsWith('NOT_FOUND: '));
      await put('key-two');
      await until(async () => shown(await store.read(path)) === 'key-two');
    },
  );
});

describe('weather', () => {
  it('of a sealed server leaves the key in force, says so, and passes', async () => {
    await put('key-one');
    const { store } = await opened(root());
    expect(shown(await store.read(path))).toBe('key-one');
    await vault.seal();
    await until(() => store.status().state === 'DEGRADED');
    expect(store.status().reason).toMatch(/sealed/);
    expect(shown(await store.read(path))).toBe('key-one');
    await vault.unseal();
    await until(() => store.status().state === 'OK');
  });

  it('of a quota leaves the key in force, says so, and passes', async () => {
    await put('key-one');
    const { store } = await opened(root());
    expect(shown(await store.read(path))).toBe('key-one');
    const quota = { path: 'secret', rate: 0.01, interval: '3600s', type: 'rate-limit' };
    await vault.operate('POST', 'sys/quotas/rate-limit/tight', quota);
    await until(() => store.status().state === 'DEGRADED');
    expect(shown(await store.read(path))).toBe('key-one');
    await vault.operate('DELETE', 'sys/quotas/rate-limit/tight');
    await until(() => store.status().state === 'OK');
  });
});

describe('certificates', () => {
  it('are checked against the authority that is named, and against nobody else’s', async () => {
    const tls = await startVaultProcess(binary, { tls: true });
    onTestFinished(async () => await tls.stop());
    await tls.operate('POST', 'secret/data/groq/api_key', { data: { value: 'key-tls' } });
    const auth: VaultAuth = { kind: 'token', token: { kind: 'value', read: () => tls.token } };
    const { caCertPath = '' } = tls;
    const named = await opened(auth, { address: tls.address, caCertPath });
    expect(shown(await named.store.read(path))).toBe('key-tls');
    const unnamed = await opened(auth, { address: tls.address });
    expect(shown(await unnamed.store.read(path))).toMatch(/^UNREACHABLE: /);
  });
});

describe('a namespace', () => {
  it('is where the secret is read', async () => {
    await vault.operate('POST', 'sys/namespaces/tenant');
    await vault.operate(
      'POST',
      'sys/mounts/secret',
      { type: 'kv', options: { version: '2' } },
      'tenant',
    );
    await vault.operate(
      'POST',
      `secret/data/${path}`,
      { data: { value: 'of the tenant' } },
      'tenant',
    );
    const { store } = await opened(root(), { namespace: 'tenant' });
    expect(shown(await store.read(path))).toBe('of the tenant');
  });
});

for (const version of [1, 2]) {
  describeSecretStore(`a real server, KV version ${version} at a mount of its own`, async () => {
    const mount = `kv-${randomUUID()}`;
    await vault.operate('POST', `sys/mounts/${mount}`, {
      type: 'kv',
      options: { version: String(version) },
    });
    const stored = version === 2 ? `${mount}/data/the/key` : `${mount}/the/key`;
    const events: unknown[] = [];
    return {
      store: new VaultSecretStore(
        {
          address: vault.address,
          auth: root(),
          kvMount: mount,
          pollSeconds: 1,
          timeoutMs: 10_000,
          maxBodyBytes: 262_144,
        },
        { clock: systemClock, log: (event, fields) => events.push({ event, fields }) },
      ),
      path: 'the/key',
      put: async (value) =>
        void (await vault.operate('POST', stored, version === 2 ? { data: { value } } : { value })),
      remove: async () => void (await vault.operate('DELETE', stored)),
      logged: events,
      close: async () => void (await vault.operate('DELETE', `sys/mounts/${mount}`)),
    };
  });
}

describe('the service', () => {
  it('launches with a key from a real server, and goes on when that is rotated', async () => {
    await put(providerKey);
    const { roleId, secretIdPath } = await approle();
    const service = await startLaunching({
      environment: {
        GROQ_API_KEY: '',
        VAULT_ADDR: vault.address,
        VAULT_ROLE_ID: roleId,
        VAULT_SECRET_ID_FILE: secretIdPath,
        VAULT_POLL_SECONDS: '1',
      },
    });
    onTestFinished(async () => await service.close());
    await service.untilReady();
    expect((await service.launch({})).run?.state).toBe('SUCCEEDED');
    await put('gsk_rotated_0123456789');
    service.groq.acceptKeys('gsk_rotated_0123456789');
    const launches = Array.from({ length: 50 }, async () => await service.launch({}));
    for (const { run } of await Promise.all(launches)) expect(run?.state).toBe('SUCCEEDED');
  });
});
