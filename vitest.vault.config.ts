import { defineConfig } from 'vitest/config';

/**
 * The suites that need a real Vault or OpenBao: one that is there, which `VAULT_ADDR` and `VAULT_TOKEN` name,
 * or one that they start themselves, whose program `VAULT_BINARY` names.
 */
const include = ['test/secrets/vault-real.test.ts'];
if ((process.env['VAULT_BINARY'] ?? '') !== '') {
  include.push('test/secrets/vault-process-real.test.ts');
}

export default defineConfig({
  // The file that Node resolves: the package's ESM copy would be a second instance beside the libraries'.
  resolve: { alias: [{ find: /^graphql$/, replacement: import.meta.resolve('graphql') }] },
  test: {
    include,
    globalSetup: ['test/support/vault-setup.ts'],
    expect: { poll: { timeout: 30_000 } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
