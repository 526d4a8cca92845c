import { defineConfig } from 'vitest/config';

/** Everything that needs no browser, no gateway package and no server from outside. */
export default defineConfig({
  // The file that Node resolves: the package's ESM copy would be a second instance beside the libraries'.
  resolve: { alias: [{ find: /^graphql$/, replacement: import.meta.resolve('graphql') }] },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/gateways/**', 'test/browser/**', 'test/secrets/*-real.test.ts'],
    setupFiles: ['test/support/decimal-equality.ts'],
    globalSetup: ['test/support/postgres-setup.ts'],
    // Limits for what never comes to be: a wait is over when its condition holds, however slow the machine.
    expect: { poll: { timeout: 30_000 } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
