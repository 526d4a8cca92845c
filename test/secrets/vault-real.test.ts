import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import type { VaultAuth, VaultOptions } from '../../src/secrets/vault-options.ts';
import { VaultSecretStore } from '../../src/secrets/vault.ts';
import { describeSecretStore, type SecretStoreHarness } from '../support/secret-store-contract.ts';
import { shown } from '../support/vault-bench.ts';

/**
 * The contract against a server that is really there. The token has to be allowed to write and delete
 * below `<mount>/…/gpubroker-test/`; everything written is removed again.
 */
const environment = process.env;
const address = environment['VAULT_ADDR'] ?? '';
const token = environment['VAULT_TOKEN'] ?? '';
if (address === '' || token === '') {
  throw new Error(
    'test:vault needs a real server: set VAULT_BINARY, or VAULT_ADDR and VAULT_TOKEN (and, where they differ from the ' +
      'defaults, VAULT_KV_MOUNT, VAULT_NAMESPACE, VAULT_CACERT); see docs/vault.md',
  );
}

const kvMount = environment['VAULT_KV_MOUNT'] ?? 'secret';
const namespace = environment['VAULT_NAMESPACE'];
const caCertPath = environment['VAULT_CACERT'];
const auth: VaultAuth = { kind: 'token', token: { kind: 'value', read: () => token } };

const options: VaultOptions = {
  address,
  auth,
  kvMount,
  ...(namespace === undefined ? {} : { namespace }),
  ...(caCertPath === undefined ? {} : { caCertPath }),
  pollSeconds: 1,
  timeoutMs: 10_000,
  maxBodyBytes: 1_000_000,
};

const ca = caCertPath === undefined ? {} : { ca: await readFile(caCertPath, 'utf8') };
const dispatcher = new Agent({ connect: ca });

/** Speaks to the server past the code under test, as an operator would. */
async function operate(
  method: 'GET' | 'POST' | 'DELETE',
  apiPath: string,
  body?: unknown,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await request(`${address.replace(/\/+$/, '')}/v1/${apiPath}`, {
    dispatcher,
    method,
    headers: {
      'x-vault-token': token,
      'x-vault-request': 'true',
      ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.body.text();
  return {
    status: response.statusCode,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}

async function kvVersion(): Promise<1 | 2> {
  const { status, body } = await operate('GET', `sys/internal/ui/mounts/${kvMount}`);
  if (status !== 200) throw new Error(`no KV engine is visible at ${kvMount} (HTTP ${status})`);
  const { options: mountOptions } = body['data'] as { options: { version?: string } | null };
  return mountOptions?.version === '2' ? 2 : 1;
}

async function harness(overrides: Partial<VaultOptions> = {}): Promise<SecretStoreHarness> {
  const version = await kvVersion();
  const path = `gpubroker-test/${randomUUID()}`;
  const stored = version === 2 ? `${kvMount}/data/${path}` : `${kvMount}/${path}`;
  const logged: unknown[] = [];
  const store = new VaultSecretStore(
    { ...options, ...overrides },
    { clock: systemClock, log: (event, fields) => logged.push({ event, fields }) },
  );
  return {
    store,
    path,
    put: async (value) => {
      const { status } = await operate(
        'POST',
        stored,
        version === 2 ? { data: { value } } : { value },
      );
      if (status !== 200 && status !== 204) throw new Error(`writing failed (HTTP ${status})`);
    },
    remove: async () => {
      await operate('DELETE', stored);
    },
    logged,
    close: async () => {
      await operate('DELETE', version === 2 ? `${kvMount}/metadata/${path}` : stored);
    },
  };
}

describeSecretStore(`a real server at ${new URL(address).origin}`, () => harness());

describe('a real server', () => {
  it('shows a new version within pollSeconds', async () => {
    const { store, path, put, close } = await harness();
    onTestFinished(async () => {
      await store.stop();
      await close();
    });
    await put('key-one');
    await store.start();
    expect(shown(await store.read(path))).toBe('key-one');
    const changed = new Promise<string>((resolve) => store.onChange(resolve));
    await put('key-two');
    expect(await changed).toBe(path);
    expect(shown(await store.read(path))).toBe('key-two');
  });

  it('refuses a token that it does not know, and the store says so', async () => {
    const unknown = `hvs.${randomUUID()}`;
    const { store, path, close } = await harness({
      auth: { kind: 'token', token: { kind: 'value', read: () => unknown } },
    });
    onTestFinished(async () => {
      await store.stop();
      await close();
    });
    await store.start();
    expect(shown(await store.read(path))).toMatch(/^DENIED: Vault refuses the token/);
  });

  it('answers a wrong AppRole login in a way that the store understands', async () => {
    const wrong = { kind: 'value', read: () => randomUUID() } as const;
    const { store, path, close } = await harness({
      auth: { kind: 'approle', mount: 'approle', roleId: wrong, secretId: wrong },
    });
    onTestFinished(async () => {
      await store.stop();
      await close();
    });
    await store.start();
    expect(shown(await store.read(path))).toMatch(/^DENIED: Vault refused the AppRole login/);
  });
});
