import { setTimeout as delay } from 'node:timers/promises';

import { Kysely, PostgresDialect, sql } from 'kysely';

import { isMigrated, migrate } from '../migrations/migrate.ts';
import { isConnectionLost, reasonOf, StoreError } from '../store-error.ts';
import type { StoreLog } from '../store-log.ts';
import type { StoreParts } from '../store-parts.ts';
import type { Tables } from '../tables.ts';
import { parseDatabaseUrl, type DatabaseAddress } from './database-url.ts';
import { GuardedPool, type PostgresLimits } from './postgres-pool.ts';
import { PostgresTransactions } from './postgres-transactions.ts';

const oldestServerVersion = 150_000;

const poolLimits: PostgresLimits = {
  maximumConnections: 10,
  connectionTimeoutMs: 5_000,
  idleTimeoutMs: 30_000,
  statementTimeoutMs: 15_000,
  lockTimeoutMs: 10_000,
  idleInTransactionTimeoutMs: 10_000,
  answerTimeoutMs: 20_000,
};

/** A start waits for this, so an answer that does not come counts as a database that is away before long. */
const checkLimits: PostgresLimits = {
  ...poolLimits,
  maximumConnections: 1,
  answerTimeoutMs: 5_000,
};

/**
 * A step may run long, but whoever waits for a table behind it waits no longer than for its lock. An hour
 * ends a step whose server is there and never done; one that is gone is found out by the connection itself.
 */
const migrationLimits: PostgresLimits = {
  ...poolLimits,
  lockTimeoutMs: 2_000,
  maximumConnections: 1,
  statementTimeoutMs: 3_600_000,
  idleInTransactionTimeoutMs: 0,
  answerTimeoutMs: 3_610_000,
};

const transactionLimits = {
  maximumPending: 10_000,
  maximumAttempts: 20,
  retryForMs: 5_000,
  firstRetryMs: 10,
  longestRetryMs: 200,
  maximumWorkMs: 5_000,
  maximumSlicedMs: 120_000,
};

export interface PostgresOptions {
  readonly databaseUrl: string;
  /** Connections of this process; all replicas together stay below the server's `max_connections`. */
  readonly maximumConnections?: number;
  readonly log: StoreLog;
  /** Opens although the database can't be reached, and prepares it as soon as it can. */
  readonly mayBeAway?: boolean;
}

/** Opens a PostgreSQL database and brings its schema forward. */
export async function openPostgres(options: PostgresOptions): Promise<StoreParts> {
  const { databaseUrl, log, maximumConnections = poolLimits.maximumConnections } = options;
  const address = parseDatabaseUrl(databaseUrl);
  const pool = new GuardedPool(address, { ...poolLimits, maximumConnections }, log);
  const closed = new AbortController();
  const prepare = () => atServer(address, () => prepareSchema(address, log));
  let preparing: Promise<void> | undefined;
  try {
    await prepare();
  } catch (error) {
    if (options.mayBeAway !== true || !isUnreachable(error)) throw error;
    log.warn({ reason: error.message }, 'The database is away; it is waited for');
    pool.notYet = error;
    preparing = prepareInTime(pool, prepare, log, closed.signal);
  }
  const database = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const transactions = new PostgresTransactions(database, transactionLimits);
  return {
    engine: 'postgres',
    database,
    transactions,
    close: async () => {
      closed.abort();
      await preparing;
      await transactions.close();
      await database.destroy();
    },
  };
}

function isUnreachable(error: unknown): error is StoreError {
  return error instanceof StoreError && error.code === 'DATABASE_UNREACHABLE';
}

/** How long is waited between two tries, in milliseconds. */
const prepareIntervalMs = 1_000;

/** Tries until the schema is as it has to be, then lets statements through. */
async function prepareInTime(
  pool: GuardedPool,
  prepare: () => Promise<void>,
  log: StoreLog,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await delay(prepareIntervalMs * (0.5 + Math.random()), undefined, { signal }).catch(
      () => undefined,
    );
    if (signal.aborted) return;
    try {
      await prepare();
      pool.notYet = undefined;
      log.info({}, 'The database is there');
      return;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.message !== pool.notYet?.message) {
        log.warn({ reason: error.message }, 'The database can not be used yet');
      }
      pool.notYet = error;
    }
  }
}

/** Only where a step is due, statements may run long: a start asks everything else within the usual limits. */
async function prepareSchema(address: DatabaseAddress, log: StoreLog): Promise<void> {
  const isReady = await withDatabase(address, checkLimits, log, async (database) => {
    await assertUsable(database, address);
    return await isMigrated(database, log);
  });
  if (isReady) return;
  await withDatabase(address, migrationLimits, log, async (database) => {
    await migrate(database, log);
  });
}

async function withDatabase<Result>(
  address: DatabaseAddress,
  limits: PostgresLimits,
  log: StoreLog,
  work: (database: Kysely<Tables>) => Promise<Result>,
): Promise<Result> {
  const pool = new GuardedPool(address, limits, log);
  const database = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  try {
    return await work(database);
  } finally {
    await database.destroy();
  }
}

async function assertUsable(database: Kysely<Tables>, { shown }: DatabaseAddress): Promise<void> {
  const { rows } = await sql<ServerFacts>`
    select current_setting('server_version_num')::int as version,
           current_setting('server_encoding') as encoding,
           pg_is_in_recovery() or current_setting('transaction_read_only') = 'on' as read_only
  `.execute(database);
  const [facts] = rows;
  const reason =
    facts === undefined || facts.version < oldestServerVersion
      ? 'PostgreSQL 15 or newer is needed'
      : facts.encoding !== 'UTF8'
        ? `its encoding is ${facts.encoding}, and UTF8 is needed`
        : facts.read_only
          ? 'it is read-only: point DATABASE_URL at the primary'
          : undefined;
  if (reason !== undefined) {
    throw new StoreError('DATABASE_UNSUPPORTED', `The database ${shown} cannot be used: ${reason}`);
  }
}

interface ServerFacts {
  readonly version: number;
  readonly encoding: string;
  readonly read_only: boolean;
}

/** Says at which server the driver's short messages were meant. */
async function atServer(address: DatabaseAddress, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const reason = reasonOf(error);
    if (isConnectionLost(error) || error instanceof AggregateError) {
      throw new StoreError(
        'DATABASE_UNREACHABLE',
        `The database ${address.shown} cannot be reached: ${reason}`,
        error,
      );
    }
    throw new StoreError(
      'DATABASE_REFUSED',
      `The database ${address.shown} refused the service: ${reason}`,
      error,
    );
  }
}
