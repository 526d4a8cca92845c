import { defineConfig } from 'vitest/config';

/** The explorer in a real browser: `.ci/install-chromium` provides it, `CHROMIUM` may name another. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
