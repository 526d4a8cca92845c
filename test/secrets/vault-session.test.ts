import { describe, expect, it } from 'vitest';
import { VaultClient } from '../../src/secrets/vault-client.ts';
import { VaultFailureError } from '../../src/secrets/vault-failure.ts';
import type { VaultOptions } from '../../src/secrets/vault-options.ts';
import { VaultSessions } from '../../src/secrets/vault-session.ts';
import type { NodeVaultRequest, NodeVaultResponse } from '../../src/secrets/vault-transport.ts';
import { ManualClock } from '../support/manual-clock.ts';

/**
 * Sessions on an exchange that a test answers by hand, for orders of answers that a server can't be made
 * to keep. Tokens are `token-1`, `token-2` and so on.
 */
class ScriptedVault {
  logins = 0;
  readonly revoked: string[] = [];
  answerLogin: () => Promise<void> = () => Promise.resolve();
  answerRead: (path: string, token: string) => Promise<unknown> = () => Promise.resolve({});
  readonly clock = new ManualClock();
  readonly sessions = new VaultSessions({
    auth: {
      kind: 'approle',
      mount: 'approle',
      roleId: { kind: 'value', read: () => 'role' },
      secretId: { kind: 'value', read: () => 'secret' },
    },
    connect: (token) =>
      new VaultClient(
        { address: 'http://vault.example' } as VaultOptions,
        (call) => this.#exchange(call),
        token,
      ),
    clock: this.clock,
    log: () => undefined,
  });

  async #exchange({ path, headers }: NodeVaultRequest): Promise<NodeVaultResponse> {
    return { statusCode: 200, body: await this.#body(path, headers), request: { path } };
  }

  async #body(path: string, headers: NodeVaultRequest['headers']): Promise<unknown> {
    const token = headers?.['X-Vault-Token'] ?? '';
    if (path.endsWith('/login')) {
      this.logins += 1;
      const auth = { client_token: `token-${this.logins}`, lease_duration: 3600, renewable: true };
      await this.answerLogin();
      return { auth };
    }
    if (path.endsWith('/revoke-self')) {
      this.revoked.push(token);
      return {};
    }
    return this.answerRead(path, token);
  }
}

const forbidden = new VaultFailureError({ kind: 'FORBIDDEN', reason: 'permission denied' });

describe('sessions', () => {
  it('do not log in again for a refusal of a token that was replaced meanwhile', async () => {
    const vault = new ScriptedVault();
    const late = Promise.withResolvers<unknown>();
    vault.answerRead = (path, token) => {
      if (token !== 'token-1') return Promise.resolve({ read: path, token });
      return path === '/late' ? late.promise : Promise.reject(forbidden);
    };
    const lateRead = vault.sessions.read('late');
    await expect.poll(() => vault.logins).toBe(1);
    await vault.sessions.read('early');
    expect(vault.logins).toBe(2);
    late.reject(forbidden);
    expect(await lateRead).toEqual({ ok: true, body: { read: '/late', token: 'token-2' } });
    expect(vault.logins).toBe(2);
    await vault.sessions.stop();
  });

  it('keep the old token in use until a login succeeds', async () => {
    const vault = new ScriptedVault();
    const login = Promise.withResolvers<void>();
    vault.answerRead = (path, token) =>
      path === '/refused' && token === 'token-1'
        ? Promise.reject(forbidden)
        : Promise.resolve({ token });
    await vault.sessions.read('other');
    vault.answerLogin = () => login.promise;
    const refused = vault.sessions.read('refused');
    await expect.poll(() => vault.logins).toBe(2);
    expect(await vault.sessions.read('other')).toEqual({ ok: true, body: { token: 'token-1' } });
    login.resolve();
    expect(await refused).toEqual({ ok: true, body: { token: 'token-2' } });
    await expect.poll(() => vault.revoked).toEqual(['token-1']);
    await vault.sessions.stop();
    expect(vault.revoked).toEqual(['token-1', 'token-2']);
  });

  it('give back a token whose login was under way when they stopped', async () => {
    const vault = new ScriptedVault();
    const login = Promise.withResolvers<void>();
    vault.answerLogin = () => login.promise;
    const ensured = vault.sessions.ensure();
    await expect.poll(() => vault.logins).toBe(1);
    const stopped = vault.sessions.stop();
    login.resolve();
    await Promise.all([ensured, stopped]);
    expect(vault.revoked).toEqual(['token-1']);
    expect(await vault.sessions.read('anything')).toMatchObject({
      ok: false,
      failure: { reason: 'the secret store is stopped' },
    });
    expect(vault.logins).toBe(1);
  });

  it('log in for a denied path again after a minute at the earliest, then less and less often', async () => {
    const vault = new ScriptedVault();
    vault.answerRead = () => Promise.reject(forbidden);
    await vault.sessions.read('denied');
    expect(vault.logins).toBe(2);
    const loginsAtSecond: number[] = [];
    for (let second = 10; second <= 1_000; second += 10) {
      await vault.clock.advance(10_000);
      const before = vault.logins;
      await vault.sessions.read('denied');
      if (vault.logins > before) loginsAtSecond.push(second);
    }
    expect(loginsAtSecond).toEqual([60, 180, 420, 900]);
  });

  it('log in for a path at once that was readable in between', async () => {
    const vault = new ScriptedVault();
    vault.answerRead = () => Promise.reject(forbidden);
    await vault.sessions.read('path');
    vault.answerRead = () => Promise.resolve({});
    await vault.sessions.read('path');
    vault.answerRead = () => Promise.reject(forbidden);
    await vault.sessions.read('path');
    expect(vault.logins).toBe(3);
    await vault.sessions.stop();
  });
});
