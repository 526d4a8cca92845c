import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { groqPath, markedKey, shown, VaultBench } from '../support/vault-bench.ts';

const tlsFolder = new URL('../fixtures/tls/', import.meta.url);
const authority = fileURLToPath(new URL('authority.pem', tlsFolder));

async function tls(): Promise<{ cert: string; key: string }> {
  const [cert, key] = await Promise.all(
    ['server.pem', 'server-key.pem'].map((name) => readFile(new URL(name, tlsFolder), 'utf8')),
  );
  return { cert: cert ?? '', key: key ?? '' };
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a standby that redirects', () => {
  it('is followed one hop on the same host, with the token', async () => {
    await using standby = await VaultBench.open();
    await using active = await VaultBench.open();
    standby.vault.weather = { redirectTo: active.vault.address };
    const store = standby.store({ auth: active.approle });
    expect(shown(await store.read(groqPath))).toBe(markedKey);
    expect(active.vault.count('auth/approle/login')).toBe(1);
    expect(active.vault.count('secret/data/groq/api_key')).toBe(1);
  });

  it('is not followed to a second hop', async () => {
    await using first = await VaultBench.open();
    await using second = await VaultBench.open();
    await using third = await VaultBench.open();
    first.vault.weather = { redirectTo: second.vault.address };
    second.vault.weather = { redirectTo: third.vault.address };
    const store = first.store();
    expect(shown(await store.read(groqPath))).toBe(
      'UNREACHABLE: Vault redirected a redirected request',
    );
    expect(third.vault.requests).toEqual([]);
  });

  it('is not followed to another host, unless that one is named', async () => {
    await using standby = await VaultBench.open();
    await using other = await VaultBench.open();
    standby.vault.weather = { redirectTo: `http://localhost:${other.vault.port}` };
    const refused = standby.store();
    expect(shown(await refused.read(groqPath))).toBe(
      'UNREACHABLE: Vault redirected to the host localhost, which is not among the allowed ones',
    );
    expect(other.vault.requests).toEqual([]);

    const followed = standby.store({ redirectHosts: ['localhost'] });
    expect(shown(await followed.read(groqPath))).toBe(markedKey);
  });

  it('is not followed from https to http', async () => {
    await using standby = await VaultBench.open({ tls: await tls() });
    await using plain = await VaultBench.open();
    standby.vault.weather = { redirectTo: plain.vault.address };
    const store = standby.store({ caCertPath: authority });
    expect(shown(await store.read(groqPath))).toBe(
      'UNREACHABLE: Vault redirected to another scheme, which is not followed',
    );
    expect(plain.vault.requests).toEqual([]);
  });

  it('is followed to any host that our own authorities vouch for', async () => {
    await using standby = await VaultBench.open({ tls: await tls() });
    await using active = await VaultBench.open({ tls: await tls() });
    standby.vault.weather = { redirectTo: `https://localhost:${active.vault.port}` };
    const store = standby.store({ caCertPath: authority });
    expect(shown(await store.read(groqPath))).toBe(markedKey);
  });

  for (const [name, redirectTo] of [
    ['another path', '/elsewhere?'],
    ['an address with credentials', 'http://user:password@127.0.0.1:1'],
    ['nowhere', 'http://'],
  ] as const) {
    it(`is not followed to ${name}`, async () => {
      await using bench = await VaultBench.open();
      bench.vault.weather = { redirectTo };
      const result = await bench.store().read(groqPath);
      expect(shown(result)).toMatch(/^UNREACHABLE: Vault redirected to/);
      expect(bench.vault.requests).toHaveLength(1);
    });
  }

  it('is taken for weather with any other redirect than 307', async () => {
    await using bench = await VaultBench.open();
    await using other = await VaultBench.open();
    bench.vault.weather = { redirectTo: other.vault.address, status: 302 };
    expect(shown(await bench.store().read(groqPath))).toMatch(/^UNREACHABLE.*302/);
    expect(other.vault.requests).toEqual([]);
  });
});

describe('limits of an exchange', () => {
  it('end a body that drips', async () => {
    await using bench = await VaultBench.open();
    bench.vault.weather = 'drip';
    // The body never ends by itself.
    const result = await bench.store({ timeoutMs: 200 }).read(groqPath);
    expect(shown(result)).toMatch(/gave no whole answer within 200 ms$/);
  });

  it('end a body that is too large', async () => {
    await using bench = await VaultBench.open();
    bench.vault.weather = 'oversize';
    expect(shown(await bench.store().read(groqPath))).toBe(
      "UNREACHABLE: Vault's answer is larger than 100000 bytes",
    );
  });
});

describe('certificates', () => {
  it('are checked against our own authorities', async () => {
    await using bench = await VaultBench.open({ tls: await tls() });
    const store = bench.store({ caCertPath: authority });
    expect(shown(await store.read(groqPath))).toBe(markedKey);
  });

  it('are checked against the public ones without, whatever the environment says', async () => {
    vi.stubEnv('VAULT_SKIP_VERIFY', 'true');
    vi.stubEnv('VAULT_CACERT', authority);
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    await using bench = await VaultBench.open({ tls: await tls() });
    expect(shown(await bench.store().read(groqPath))).toMatch(
      /^UNREACHABLE: Vault at \S+ can't prove who it is \([A-Z_]+\)$/,
    );
    expect(bench.vault.requests).toEqual([]);
  });

  it('use authorities that appear or change on disk without a restart', async () => {
    await using bench = await VaultBench.open({ tls: await tls() });
    const folder = await mkdtemp(join(tmpdir(), 'vault-authority-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const caCertPath = join(folder, 'authority.pem');
    const store = bench.store({ caCertPath });
    expect(shown(await store.read(groqPath))).toBe(
      "UNCONFIGURED: the file of certificate authorities can't be read (ENOENT)",
    );
    await writeFile(caCertPath, 'not a certificate');
    await bench.clock.advance(5_000);
    expect(shown(await store.read(groqPath))).toBe(
      'UNCONFIGURED: the file of certificate authorities holds no PEM certificate',
    );
    await writeFile(caCertPath, await readFile(new URL('server.pem', tlsFolder)));
    await bench.clock.advance(5_000);
    expect(shown(await store.read(groqPath))).toMatch(/can't prove who it is/);
    await writeFile(caCertPath, await readFile(authority));
    await bench.clock.advance(5_000);
    expect(shown(await store.read(groqPath))).toBe(markedKey);
  });
});

describe('the environment of the process', () => {
  it('gives node-vault neither token, namespace, prefix, address nor proxy', async () => {
    const intruder = createServer((_request, response) => response.end('{}'));
    intruder.listen(0, '127.0.0.1');
    await once(intruder, 'listening');
    onTestFinished(() => {
      intruder.close();
    });
    let intrusions = 0;
    intruder.on('connection', () => (intrusions += 1));
    const elsewhere = `http://127.0.0.1:${(intruder.address() as AddressInfo).port}`;
    vi.stubEnv('VAULT_TOKEN', 'hvs.FROM-THE-ENVIRONMENT');
    vi.stubEnv('VAULT_NAMESPACE', 'of-the-environment');
    vi.stubEnv('VAULT_PREFIX', '/of-the-environment');
    vi.stubEnv('VAULT_ADDR', elsewhere);
    for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY']) {
      vi.stubEnv(name, elsewhere);
    }
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    vi.stubEnv('NO_PROXY', '');

    await using bench = await VaultBench.open();
    const store = bench.store();
    await store.start();
    expect(shown(await store.read(groqPath))).toBe(markedKey);
    await store.stop();
    const login = bench.vault.requests.find(({ path }) => path.endsWith('/login'));
    expect(login?.headers['x-vault-token']).toBeUndefined();
    const sent = JSON.stringify(bench.vault.requests);
    expect(sent).not.toContain('FROM-THE-ENVIRONMENT');
    expect(sent).not.toContain('of-the-environment');
    expect(intrusions).toBe(0);
  });
});

describe('an address with a path', () => {
  it('puts the path before every request', async () => {
    await using bench = await VaultBench.open();
    bench.vault.pathPrefix = '/vault';
    const store = bench.store({ address: `${bench.vault.address}/vault/` });
    expect(shown(await store.read(groqPath))).toBe(markedKey);
  });
});
