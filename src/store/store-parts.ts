import type { Kysely } from 'kysely';

import type { Engine } from './engine-sql.ts';
import type { Tables } from './tables.ts';
import type { Transactions } from './transactions.ts';

/** What each engine gives; everything above it is written once. */
export interface StoreParts {
  readonly engine: Engine;
  readonly database: Kysely<Tables>;
  readonly transactions: Transactions;
  readonly close: () => Promise<void>;
}
