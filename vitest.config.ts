import { defineConfig } from 'vitest/config';

/** Everything that needs no browser, no gateway package and no server from outside. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/gateways/**', 'test/browser/**', 'test/secrets/*-real.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
