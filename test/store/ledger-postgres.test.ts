import { describe } from 'vitest';

import { describeLedgerStore } from '../support/ledger-store-contract.ts';
import { createTestDatabase, postgresSkippedBecause } from '../support/postgres.ts';
import { openQuietly } from '../support/store-opening.ts';

describe.skipIf(postgresSkippedBecause !== undefined)('with a server', () => {
  describeLedgerStore('PostgreSQL', async () => {
    const { url: databaseUrl, drop } = await createTestDatabase();
    return {
      isShared: true,
      open: async () => {
        const store = await openQuietly({ databaseUrl });
        return { store: store.ledger, close: () => store.close() };
      },
      dispose: drop,
    };
  });
});
