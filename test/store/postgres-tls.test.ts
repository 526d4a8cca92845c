import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import {
  authorityPath,
  startPostgresTlsProxy,
  type PostgresTlsProxy,
} from '../support/postgres-tls-proxy.ts';
import {
  createTestDatabase,
  postgresSkippedBecause,
  type TestDatabase,
} from '../support/postgres.ts';
import { openQuietly } from '../support/store-opening.ts';

describe.skipIf(postgresSkippedBecause !== undefined)('TLS to PostgreSQL', () => {
  let given: TestDatabase;
  let proxy: PostgresTlsProxy;

  beforeAll(async () => {
    given = await createTestDatabase();
    proxy = await startPostgresTlsProxy(given.url);
  });

  afterAll(async () => {
    await proxy.stop();
    await given.drop();
  });

  test.each([
    ['encrypts without a check', 'sslmode=require'],
    ['checks who signed', `sslmode=verify-ca&sslrootcert=${authorityPath}`],
    ['checks who signed and for which host', `sslmode=verify-full&sslrootcert=${authorityPath}`],
  ])('%s', async (_what, query) => {
    const before = proxy.secured();
    const store = await openQuietly({ databaseUrl: `${proxy.url}?${query}` });
    await store.ping();
    expect(proxy.secured()).toBeGreaterThan(before);
    await store.close();
  });

  test('refuses a server whose authority it does not know', async () => {
    await expect(
      openQuietly({ databaseUrl: `${proxy.url}?sslmode=verify-full` }),
    ).rejects.toMatchObject({
      code: 'DATABASE_REFUSED',
      message: expect.stringContaining('certificate'),
    });
  });
});
