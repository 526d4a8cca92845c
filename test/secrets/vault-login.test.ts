import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { groqPath, markedKey, shown, VaultBench } from '../support/vault-bench.ts';

async function temporaryFile(content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'vault-login-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'credential');
  await writeFile(path, content);
  return path;
}

const minuteMs = 60_000;

describe('login', () => {
  it('logs in with AppRole and gives the token back at the end', async () => {
    await using bench = await VaultBench.open();
    const store = bench.store();
    await store.start();
    expect(shown(await store.read(groqPath))).toBe(markedKey);
    expect(store.status()).toEqual({ backend: 'vault', state: 'OK' });
    expect(bench.vault.auth.logins).toBe(1);
    const tokens = bench.vault.auth.liveTokens;
    await store.stop();
    expect(bench.vault.auth.revoked).toEqual(tokens);
    expect(bench.clock.pendingMs).toEqual([]);
  });

  it('logs in with a role id and a secret id from files, at another mount', async () => {
    await using bench = await VaultBench.open();
    const { auth } = bench.vault;
    auth.approleMount = 'teams/ml-approle';
    const store = bench.store({
      auth: {
        kind: 'approle',
        mount: 'teams/ml-approle',
        roleId: { kind: 'file', path: await temporaryFile(`${auth.roleId}\n`) },
        secretId: { kind: 'file', path: await temporaryFile(`${auth.secretId}\n`) },
      },
    });
    await store.start();
    expect(shown(await store.read(groqPath))).toBe(markedKey);
    expect(bench.vault.count('auth/teams/ml-approle/login')).toBe(1);
  });

  it("logs in with the pod's service account token, read anew at each login", async () => {
    await using bench = await VaultBench.open();
    const { auth } = bench.vault;
    const jwtPath = await temporaryFile('header.MARKED-JWT.signature');
    const role = auth.kubernetesRole;
    const store = bench.store({ auth: { kind: 'kubernetes', mount: 'kubernetes', role, jwtPath } });
    await store.start();
    expect(shown(await store.read(groqPath))).toBe(markedKey);
    expect(bench.vault.count('auth/kubernetes/login')).toBe(1);

    auth.serviceAccountTokens.clear();
    auth.serviceAccountTokens.add('rewritten.by-the-kubelet.signature');
    await writeFile(jwtPath, 'rewritten.by-the-kubelet.signature');
    auth.revokeAll();
    bench.vault.kv.put(groqPath, { value: 'key-two' });
    expect(shown(await store.refresh(groqPath))).toBe('key-two');
    expect(bench.vault.count('auth/kubernetes/login')).toBe(2);
  });

  it('uses a given token, and neither logs in nor revokes it', async () => {
    await using bench = await VaultBench.open();
    const store = bench.store({ auth: bench.token() });
    await store.start();
    expect(shown(await store.read(groqPath))).toBe(markedKey);
    await store.stop();
    expect(bench.vault.auth.logins).toBe(0);
    expect(bench.vault.auth.revoked).toEqual([]);
  });

  it('takes a root token for one that never ends', async () => {
    await using bench = await VaultBench.open();
    const token = bench.vault.auth.issue({ ttl: 0, isRoot: true });
    const store = bench.store({
      auth: { kind: 'token', token: { kind: 'value', read: () => token } },
    });
    await store.start();
    expect(shown(await store.read(groqPath))).toBe(markedKey);
    expect(store.status().state).toBe('OK');
    await bench.clock.advance(365 * 24 * 60 * minuteMs);
    expect(bench.vault.auth.renewals).toBe(0);
  });

  it('uses a token that may not look at itself', async () => {
    await using bench = await VaultBench.open();
    bench.vault.auth.hasDefaultPolicy = false;
    const store = bench.store({ auth: bench.token() });
    await store.start();
    expect(shown(await store.read(groqPath))).toBe(markedKey);
  });

  it('takes up a token file that an agent rewrote, without renewing or revoking it', async () => {
    await using bench = await VaultBench.open();
    const { auth } = bench.vault;
    const path = await temporaryFile(auth.issue({ ttl: 3600 }));
    const store = bench.store({ auth: { kind: 'token', token: { kind: 'file', path } } });
    await store.start();
    await store.read(groqPath);

    const second = auth.issue({ ttl: 3600 });
    await writeFile(path, `${second}\n`);
    await bench.pass(30_000);
    await expect.poll(() => bench.count('vault.login')).toBe(2);

    auth.revokeAll();
    await writeFile(path, auth.issue({ ttl: 3600 }));
    bench.vault.kv.put(groqPath, { value: 'key-two' });
    expect(shown(await store.refresh(groqPath))).toBe('key-two');
    await bench.pass(50 * minuteMs);
    await store.stop();
    expect(auth.renewals).toBe(0);
    expect(auth.revoked).toEqual([]);
  });

  it('says which credential is missing, and goes on when it appears', async () => {
    await using bench = await VaultBench.open();
    const path = await temporaryFile('');
    const store = bench.store({ auth: { kind: 'token', token: { kind: 'file', path } } });
    await store.start();
    expect(shown(await store.read(groqPath))).toBe('UNCONFIGURED: the Vault token is empty');
    expect(store.status()).toMatchObject({ state: 'FAILED', reason: 'the Vault token is empty' });
    await writeFile(path, bench.vault.auth.issue({ ttl: 3600 }));
    await bench.pass(2_000);
    expect(shown(await store.read(groqPath))).toBe(markedKey);
  });

  it('takes a 200 that demands a second factor for a refusal', async () => {
    await using bench = await VaultBench.open();
    bench.vault.auth.demandsSecondFactor = true;
    const store = bench.store();
    await store.start();
    expect(shown(await store.read(groqPath))).toMatch(/^DENIED: .*second factor/);
  });

  it('warns of a token with a limited number of uses', async () => {
    await using bench = await VaultBench.open();
    bench.vault.auth.numUses = 100;
    const store = bench.store();
    await store.start();
    await store.read(groqPath);
    expect(store.status()).toMatchObject({
      state: 'DEGRADED',
      reason: expect.stringContaining('token_num_uses'),
    });
  });

  it('sends the namespace with every request, logins included', async () => {
    await using bench = await VaultBench.open();
    bench.vault.namespace = 'teams/ml';
    const store = bench.store({ namespace: 'teams/ml' });
    await store.start();
    expect(shown(await store.read(groqPath))).toBe(markedKey);
    const namespaces = bench.vault.requests.map(({ headers }) => headers['x-vault-namespace']);
    expect(new Set(namespaces)).toEqual(new Set(['teams/ml']));
  });
});

describe('a refused token', () => {
  for (const wording of ['BAD_TOKEN', 'PLAIN'] as const) {
    it(`leads to one login for 50 readings at once (wording ${wording})`, async () => {
      await using bench = await VaultBench.open();
      const { auth, kv } = bench.vault;
      auth.badTokenWording = wording;
      const paths = Array.from({ length: 50 }, (_, index) => `groq/key-${index}`);
      for (const path of paths) kv.put(path, { value: `value of ${path}` });
      const store = bench.store();
      await store.start();
      await store.read(groqPath);
      auth.revokeAll();
      const results = await Promise.all(paths.map((path) => store.read(path)));
      expect(results.map(shown)).toEqual(paths.map((path) => `value of ${path}`));
      expect(auth.logins).toBe(2);
    });
  }

  it('is asked for once by 50 readings at once before the first login', async () => {
    await using bench = await VaultBench.open();
    const paths = Array.from({ length: 50 }, (_, index) => `groq/key-${index}`);
    for (const path of paths) bench.vault.kv.put(path, { value: path });
    const store = bench.store();
    const results = await Promise.all(paths.map((path) => store.read(path)));
    expect(results.map(shown)).toEqual(paths);
    expect(bench.vault.auth.logins).toBe(1);
    expect(bench.vault.count('sys/internal/ui/mounts')).toBe(1);
  });

  it("leads to one login, one more reading, and then counts as the policy's word", async () => {
    await using bench = await VaultBench.open();
    const { auth, kv } = bench.vault;
    const store = bench.store();
    await store.start();
    await store.read(groqPath);
    kv.put('groq/other', { value: 'x' });
    kv.policy = (apiPath) => !apiPath.endsWith('groq/other');
    expect(shown(await store.read('groq/other'))).toBe(
      'DENIED: groq/other: Vault answered permission denied',
    );
    expect(auth.logins).toBe(2);
    expect(bench.vault.count('secret/data/groq/other')).toBe(2);

    // The same refusal again is not worth a login each time.
    await bench.pass(30_000);
    await expect.poll(() => bench.vault.count('secret/data/groq/other')).toBeGreaterThanOrEqual(3);
    expect(auth.logins).toBe(2);
    expect(shown(await store.read(groqPath))).toBe(markedKey);
    expect(store.status().state).toBe('DEGRADED');

    kv.policy = () => true;
    await bench.pass(30_000);
    await expect.poll(async () => shown(await store.read('groq/other'))).toBe('x');
    expect(store.status().state).toBe('OK');
  });

  it('that was given by hand leaves the key in force and says what to do', async () => {
    await using bench = await VaultBench.open();
    const store = bench.store({ auth: bench.token() });
    await store.start();
    await store.read(groqPath);
    bench.vault.auth.revokeAll();
    expect(shown(await store.refresh(groqPath))).toBe(markedKey);
    expect(store.status()).toMatchObject({
      state: 'DEGRADED',
      reason: expect.stringContaining('has to be given anew'),
    });
  });

  it('that was given by hand is told from a policy that says no', async () => {
    await using bench = await VaultBench.open();
    const store = bench.store({ auth: bench.token() });
    await store.start();
    await store.read(groqPath);
    bench.vault.kv.policy = () => false;
    expect(shown(await store.refresh(groqPath))).toBe(
      `DENIED: ${groqPath}: the policy of the Vault token does not allow it`,
    );
    expect(shown(await store.read(groqPath))).toMatch(/^DENIED/);
  });
});

describe('AppRole lockout', () => {
  it('is kept away from, however long the wrong secret id is in place', async () => {
    await using bench = await VaultBench.open();
    const { auth } = bench.vault;
    auth.secretIds.clear();
    const store = bench.store();
    await store.start();
    for (let minute = 0; minute < 180; minute += 1) {
      await bench.pass(minuteMs);
      await store.read(groqPath);
      await store.refresh(groqPath);
      expect(auth.failedLogins).toBeLessThanOrEqual(2);
    }
    expect(auth.isLocked).toBe(false);
    expect(bench.vault.count('auth/approle/login')).toBeGreaterThan(10);
    expect(store.status()).toMatchObject({
      state: 'FAILED',
      reason: expect.stringMatching(/^Vault refused the AppRole login \(HTTP 400\)/),
    });
  });

  it('is kept away from when the file of the secret id keeps changing to wrong ones', async () => {
    await using bench = await VaultBench.open();
    const { auth } = bench.vault;
    auth.secretIds.clear();
    const path = await temporaryFile('wrong-0');
    const store = bench.store({
      auth: {
        kind: 'approle',
        mount: 'approle',
        roleId: { kind: 'value', read: () => auth.roleId },
        secretId: { kind: 'file', path },
      },
    });
    await store.start();
    for (let attempt = 1; attempt <= 40; attempt += 1) {
      await writeFile(path, `wrong-${attempt}`);
      await bench.pass(minuteMs / 2);
      await store.read(groqPath);
    }
    expect(auth.failedLogins).toBeLessThanOrEqual(3);
    expect(auth.isLocked).toBe(false);
  });

  it('does not delay a new secret id', async () => {
    await using bench = await VaultBench.open();
    const { auth } = bench.vault;
    auth.secretIds.clear();
    const path = await temporaryFile('wrong');
    const store = bench.store({
      auth: {
        kind: 'approle',
        mount: 'approle',
        roleId: { kind: 'value', read: () => auth.roleId },
        secretId: { kind: 'file', path },
      },
    });
    await store.start();
    expect(shown(await store.read(groqPath))).toMatch(/^DENIED/);
    auth.secretIds.set('fresh', 1);
    await writeFile(path, 'fresh');
    await bench.pass(2_000);
    expect(shown(await store.read(groqPath))).toBe(markedKey);
  });

  it('does not take the key away that is held', async () => {
    await using bench = await VaultBench.open();
    const { auth } = bench.vault;
    const store = bench.store();
    await store.start();
    await store.read(groqPath);
    auth.secretIds.clear();
    auth.revokeAll();
    expect(shown(await store.refresh(groqPath))).toBe(markedKey);
    expect(store.status()).toMatchObject({
      state: 'DEGRADED',
      reason: expect.stringContaining('refused the AppRole login'),
    });
  });
});
