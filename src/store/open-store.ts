import { resolve } from 'node:path';

import { sql, type Kysely } from 'kysely';

import type { CatalogueStore } from '../catalogue/catalogue-store.ts';
import type { LedgerStore } from '../inference/ledger-store.ts';
import { SqlCatalogueStore } from './catalogue-store.ts';
import type { Engine } from './engine-sql.ts';
import { SqlLedgerStore } from './ledger/ledger-store.ts';
import { SqlPollSlots, type PollSlots } from './poll-slots.ts';
import { openSqlite } from './sqlite/open-sqlite.ts';
import type { StoreLog } from './store-log.ts';
import { noNotices, type StoreNotices } from './store-notices.ts';
import type { StoreParts } from './store-parts.ts';
import type { Tables } from './tables.ts';
import type { Transactions } from './transactions.ts';

/** Where a data folder that is just being given up by a stopping service is waited for. */
const defaultLockWaitMs = 2_000;

export interface StoreOptions {
  /** A `postgres://` URL; absent for the embedded engine. */
  readonly databaseUrl?: string;
  /** The folder of the embedded engine; made when it is not there. */
  readonly dataDir: string;
  readonly log: StoreLog;
  /** Opens although PostgreSQL can't be reached: statements fail until it can, then the schema is brought forward. */
  readonly mayBeAway?: boolean;
  /** Connections to PostgreSQL that this process may open. */
  readonly maximumConnections?: number;
  /** How long a data folder that another service holds is waited for, milliseconds. */
  readonly lockWaitMs?: number;
}

/** Everything that outlives the process. A further store is built over `transactions` and `database`. */
export interface Store {
  readonly engine: Engine;
  readonly catalogue: CatalogueStore;
  readonly ledger: LedgerStore;
  readonly pollSlots: PollSlots;
  readonly notices: StoreNotices;
  /** How changes become durable. */
  readonly transactions: Transactions;
  /** For single statements, above all reads. */
  readonly database: Kysely<Tables>;

  /** @throws what the engine throws when it does not answer. */
  ping(): Promise<void>;

  /** Finishes accepted work, refuses new work, gives the folder or the connections back. */
  close(): Promise<void>;
}

/**
 * Opens PostgreSQL when a URL is given, the embedded engine otherwise, and migrates the schema.
 *
 * @throws StoreError whose code and message say what the operator can do.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { databaseUrl } = options;
  const { parts, notices, stopListening } =
    databaseUrl === undefined ? await openFiles(options) : await openServer(databaseUrl, options);
  const { engine, database, transactions } = parts;
  const close = async () => {
    await stopListening();
    await parts.close();
  };
  let closing: Promise<void> | undefined;
  return {
    engine,
    database,
    transactions,
    catalogue: new SqlCatalogueStore(parts, notices),
    ledger: new SqlLedgerStore(parts, notices),
    pollSlots: new SqlPollSlots(database, engine),
    notices,
    ping: async () => {
      await sql`select 1`.execute(database);
    },
    close: () => (closing ??= close()),
  };
}

/** An engine, and how its processes tell each other of changes. */
interface OpenedEngine {
  readonly parts: StoreParts;
  readonly notices: StoreNotices;
  readonly stopListening: () => Promise<void>;
}

async function openFiles(options: StoreOptions): Promise<OpenedEngine> {
  const { dataDir, log, lockWaitMs = defaultLockWaitMs } = options;
  const parts = await openSqlite({ dataDir: resolve(dataDir), lockWaitMs, log });
  return { parts, notices: noNotices, stopListening: async () => undefined };
}

async function openServer(databaseUrl: string, options: StoreOptions): Promise<OpenedEngine> {
  const { log, maximumConnections, mayBeAway = false } = options;
  // Loaded only where there is a server: the embedded engine needs none of it.
  const { openPostgres } = await import('./postgres/open-postgres.ts');
  const { PostgresNotices } = await import('./postgres/notifications.ts');
  const parts = await openPostgres({
    databaseUrl,
    log,
    mayBeAway,
    ...(maximumConnections === undefined ? {} : { maximumConnections }),
  });
  const notices = new PostgresNotices(databaseUrl, log);
  return { parts, notices, stopListening: async () => await notices.close() };
}
