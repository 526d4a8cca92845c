import { defineConfig } from 'vitest/config';

/** The service as a process of its own, with other subgraphs, behind real gateways. */
export default defineConfig({
  // The file that Node resolves: the package's ESM copy would be a second instance beside the libraries'.
  resolve: { alias: [{ find: /^graphql$/, replacement: import.meta.resolve('graphql') }] },
  test: {
    include: ['**/*.test.ts'],
    expect: { poll: { timeout: 30_000 } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
