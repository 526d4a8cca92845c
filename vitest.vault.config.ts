import { defineConfig } from 'vitest/config';

/** The suites that need a real Vault or OpenBao: `VAULT_ADDR` and `VAULT_TOKEN` say which. */
export default defineConfig({
  test: {
    include: ['test/secrets/*-real.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
