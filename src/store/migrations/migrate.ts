import { setTimeout as delay } from 'node:timers/promises';

import type { Kysely } from 'kysely';
import { Migrator, type Migration } from 'kysely/migration';

import { isConnectionLost, reasonOf, statementFailureOf, StoreError } from '../store-error.ts';
import type { StoreLog } from '../store-log.ts';
import type { Tables } from '../tables.ts';
import { storeMigrations, type StoreMigration } from './migrations.ts';

const migrationTableName = 'schema_migration';
const migrationLockTableName = 'schema_migration_lock';
/** For how long a lock that others hold is asked for, and the pause between two tries; milliseconds. */
const lockPatienceMs = 60_000;
const pauseMs = 300;
/** Connections that may break under it: all steps are one transaction, so another try finds all or nothing. */
const maximumLostConnections = 3;

/**
 * Brings the schema forward under the migrator's lock, so replicas may start together. A schema that a
 * newer program has already taken further is left alone, as long as it still allows this one.
 *
 * @throws StoreError `SCHEMA_TOO_NEW` when it does not, `MIGRATION_FAILED` when a step fails: none of
 * the steps is applied then.
 * @throws what the driver throws when the connection is lost again and again.
 */
export async function migrate(
  database: Kysely<Tables>,
  log: StoreLog,
  migrations: readonly StoreMigration[] = storeMigrations,
): Promise<void> {
  if (await isFurther(database, log, migrations)) return;
  const migrator = new Migrator({
    db: database,
    provider: { getMigrations: async () => migrationsByName(migrations) },
    migrationTableName,
    migrationLockTableName,
  });
  const giveUpAt = performance.now() + lockPatienceMs;
  let lostConnections = 0;
  let { error, results = [] } = await migrator.migrateToLatest();
  while (error !== undefined && performance.now() < giveUpAt) {
    if (isConnectionLost(error)) {
      lostConnections += 1;
      if (lostConnections >= maximumLostConnections) throw error;
    } else if (statementFailureOf(error) !== 'TIMEOUT') {
      break;
    }
    // Whoever queues behind us for a table that is in use is let through first.
    await delay(pauseMs * (0.5 + Math.random()));
    ({ error, results = [] } = await migrator.migrateToLatest());
  }
  if (error !== undefined) {
    // A newer replica may have migrated while this one waited for the lock.
    if (await isFurther(database, log, migrations)) return;
    const message = `The schema could not be migrated: ${reasonOf(error)}`;
    throw new StoreError('MIGRATION_FAILED', message, error);
  }
  if (results.length > 0) {
    log.info({ steps: results.map((result) => result.migrationName) }, 'Migrated the schema');
  }
}

/**
 * Whether there is nothing that {@link migrate} would do.
 *
 * @throws StoreError `SCHEMA_TOO_NEW` as {@link migrate} does.
 */
export async function isMigrated(
  database: Kysely<Tables>,
  log: StoreLog,
  migrations: readonly StoreMigration[] = storeMigrations,
): Promise<boolean> {
  if (await isFurther(database, log, migrations)) return true;
  const applied = new Set(await appliedNames(database));
  return migrations.every(({ name }) => applied.has(name));
}

function migrationsByName(migrations: readonly StoreMigration[]): Record<string, Migration> {
  return Object.fromEntries(
    migrations.map(({ name, up, oldestReader }, index) => [
      name,
      {
        up: async (database: Kysely<unknown>) => {
          if (index === 0) await createCompatibilityTable(database, oldestReader);
          await up(database);
          await (database as Kysely<Tables>)
            .updateTable('schema_compatibility')
            .set({ oldest_reader: oldestReader })
            .execute();
        },
      },
    ]),
  );
}

async function createCompatibilityTable(
  database: Kysely<unknown>,
  oldestReader: string,
): Promise<void> {
  await database.schema
    .createTable('schema_compatibility')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('oldest_reader', 'text', (column) => column.notNull())
    .execute();
  await (database as Kysely<Tables>)
    .insertInto('schema_compatibility')
    .values({ id: 1, oldest_reader: oldestReader })
    .execute();
}

/** Whether a newer program has migrated the schema, and this one may work with it. */
async function isFurther(
  database: Kysely<Tables>,
  log: StoreLog,
  migrations: readonly StoreMigration[],
): Promise<boolean> {
  const known = new Set(migrations.map(({ name }) => name));
  const applied = await appliedNames(database);
  const unknown = applied.filter((name) => !known.has(name));
  if (unknown.length === 0) return false;
  const { oldest_reader: oldestReader } = await database
    .selectFrom('schema_compatibility')
    .select('oldest_reader')
    .executeTakeFirstOrThrow();
  const missing = migrations.filter(({ name }) => !applied.includes(name));
  if (!known.has(oldestReader) || missing.length > 0) {
    throw new StoreError(
      'SCHEMA_TOO_NEW',
      `The database was migrated by a newer version of this program (${unknown.join(', ')}) and cannot be used by this one: start that version, or restore a backup`,
    );
  }
  log.warn({ steps: unknown }, 'The schema is newer than this program, which it still allows');
  return true;
}

async function appliedNames(database: Kysely<Tables>): Promise<string[]> {
  const tables = await database.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === migrationTableName)) return [];
  const rows = await (database as unknown as Kysely<Record<string, { name: string }>>)
    .selectFrom(migrationTableName)
    .select('name')
    .orderBy('name')
    .execute();
  return rows.map(({ name }) => name);
}
