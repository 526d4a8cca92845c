import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { vaultOptionFaults, type VaultOptions } from '../../src/secrets/vault-options.ts';
import { VaultSecretStore } from '../../src/secrets/vault.ts';

const source = { kind: 'value', read: () => 'x' } as const;
const good: VaultOptions = {
  address: 'https://vault.example:8200',
  auth: { kind: 'approle', mount: 'approle', roleId: source, secretId: source },
  kvMount: 'secret',
  pollSeconds: 30,
  timeoutMs: 5_000,
  maxBodyBytes: 1_000_000,
};

describe('options', () => {
  it('that are good have no fault', () => {
    expect(vaultOptionFaults(good)).toEqual([]);
    expect(vaultOptionFaults({ ...good, namespace: 'teams/ml/', kvMount: 'teams/kv' })).toEqual([]);
  });

  const faulty: readonly (readonly [string, Partial<VaultOptions>])[] = [
    ['must be an http or https URL', { address: 'vault:8200' }],
    ['must be an http or https URL', { address: 'unix:///run/vault.sock' }],
    ['must hold no credentials', { address: 'https://user:password@vault.example' }],
    ['must have no query', { address: 'https://vault.example/?a=b' }],
    ['the KV mount is not', { kvMount: 'a=b' }],
    ['the KV mount is not', { kvMount: '../sys' }],
    ['the KV mount is not', { kvMount: '/secret/' }],
    ['the auth mount is not', { auth: { ...good.auth, mount: 'a&b' } as VaultOptions['auth'] }],
    [
      'the Kubernetes role is empty',
      { auth: { kind: 'kubernetes', role: '', jwtPath: 'token', mount: 'kubernetes' } },
    ],
    ['the Vault namespace is not', { namespace: 'a\nb' }],
    ['the secret field is empty', { secretField: '' }],
    ['pollSeconds must be', { pollSeconds: 0 }],
    ['timeoutMs must be', { timeoutMs: Number.NaN }],
    ['maxBodyBytes must be', { maxBodyBytes: -1 }],
    ['maximumStaleSeconds must be', { maximumStaleSeconds: 0 }],
  ];
  for (const [fault, options] of faulty) {
    it(`are refused: ${fault} (${JSON.stringify(options)})`, () => {
      expect(vaultOptionFaults({ ...good, ...options })).toEqual([expect.stringContaining(fault)]);
    });
  }

  it('are reported with all their faults at once', () => {
    const bad = { ...good, address: 'nowhere', kvMount: '', pollSeconds: 0 };
    const make = (): VaultSecretStore =>
      new VaultSecretStore(bad, { clock: systemClock, log: () => undefined });
    expect(make).toThrow(/Vault address.*; the KV mount.*; pollSeconds/);
  });
});
