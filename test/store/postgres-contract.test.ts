import { describe } from 'vitest';

import { createTestDatabase, postgresSkippedBecause } from '../support/postgres.ts';
import { describeStore } from '../support/store-contract.ts';
import { openQuietly } from '../support/store-opening.ts';

describe.skipIf(postgresSkippedBecause !== undefined)('with a server', () => {
  describeStore('PostgreSQL', async () => {
    const { url: databaseUrl, drop } = await createTestDatabase();
    return { open: () => openQuietly({ databaseUrl }), dispose: drop };
  });
});
