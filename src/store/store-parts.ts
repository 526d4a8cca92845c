import type { Kysely } from 'kysely';

import type { Engine } from './engine-sql.ts';
import type { Tables } from './tables.ts';
import type { Transactions } from './transactions.ts';

/** What each engine gives; everything above it is written once. */
export interface StoreParts {
  readonly engine: Engine;
  readonly database: Kysely<Tables>;
  readonly transactions: Transactions;
  /** To be called after content was deleted, where the engine's files are ours: they must not go on holding it. */
  readonly afterErasing?: () => void;
  readonly close: () => Promise<void>;
}
