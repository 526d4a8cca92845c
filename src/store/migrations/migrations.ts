import type { Kysely } from 'kysely';

import { createCatalogueTables } from './0001-catalogue.ts';
import { createLedgerTables } from './0002-ledger.ts';

/** One step of the schema. It never changes once it was released: the next step corrects it. */
export interface StoreMigration {
  /** Four digits and a word; names sort in the order of the steps. */
  readonly name: string;
  /** Runs inside a transaction, on either engine: only types and statements that both know. */
  readonly up: (database: Kysely<unknown>) => Promise<void>;
  /**
   * The oldest step that a program must know to work with the schema after this one. A step that only
   * adds (expand) leaves it where it was; one that takes away (contract) names the step that stopped
   * using what it takes, and is released a version later.
   */
  readonly oldestReader: string;
}

/** All steps, oldest first; a new store adds its tables as the next one. */
export const storeMigrations: readonly StoreMigration[] = [
  { name: '0001_catalogue', up: createCatalogueTables, oldestReader: '0001_catalogue' },
  { name: '0002_ledger', up: createLedgerTables, oldestReader: '0001_catalogue' },
];
