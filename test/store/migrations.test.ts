import { Kysely, PostgresDialect, sql } from 'kysely';
import { Pool } from 'pg';
import { afterEach, describe, expect, test } from 'vitest';

import { migrate } from '../../src/store/migrations/migrate.ts';
import { storeMigrations, type StoreMigration } from '../../src/store/migrations/migrations.ts';
import type { Store } from '../../src/store/open-store.ts';
import type { Tables } from '../../src/store/tables.ts';
import { createTestDatabase, postgresSkippedBecause } from '../support/postgres.ts';
import { openQuietly, silentLog, temporaryFolder } from '../support/store-opening.ts';

const expand: StoreMigration = {
  name: '9001_expand',
  oldestReader: '0001_catalogue',
  up: async (database) => {
    await database.schema.alterTable('poll_slot').addColumn('note', 'text').execute();
  },
};
const contract: StoreMigration = {
  name: '9002_contract',
  oldestReader: '9001_expand',
  up: async (database) => {
    await database.schema.alterTable('poll_slot').dropColumn('note').execute();
  },
};
const broken: StoreMigration = {
  name: '9001_broken',
  oldestReader: '0001_catalogue',
  up: async (database) => {
    await database.schema.createTable('half_done').addColumn('id', 'integer').execute();
    await sql`select * from no_such_table`.execute(database);
  },
};

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function onSqlite(): Promise<() => Promise<Store>> {
  const folder = await temporaryFolder();
  cleanUps.push(folder.remove);
  return () => openQuietly({ dataDir: folder.path });
}

async function onPostgres(): Promise<() => Promise<Store>> {
  const { url: databaseUrl, drop } = await createTestDatabase();
  cleanUps.push(drop);
  return () => openQuietly({ databaseUrl });
}

const tableNames = async (database: Kysely<Tables>) =>
  (await database.introspection.getTables()).map(({ name }) => name);

describe.each([
  { engine: 'SQLite', prepare: onSqlite, skip: false },
  { engine: 'PostgreSQL', prepare: onPostgres, skip: postgresSkippedBecause !== undefined },
])('the schema on $engine', ({ prepare, skip }) => {
  test.skipIf(skip)('is there after opening, and opening again changes nothing', async () => {
    const open = await prepare();
    await (await open()).close();
    const store = await open();
    expect(await tableNames(store.database)).toEqual(
      expect.arrayContaining(['catalogue_row', 'offering_key', 'poll_slot', 'price_change']),
    );
    await store.close();
  });

  test.skipIf(skip)('of a newer program that only added to it still serves this one', async () => {
    const open = await prepare();
    const newer = await open();
    await migrate(newer.database, silentLog, [...storeMigrations, expand]);
    await newer.close();

    const older = await open();
    await older.catalogue.commitCatalogue({ atMs: 1, rows: [], pricePoints: [] });
    expect(await older.pollSlots.claimSlot({ feed: 'a', slot: 1, holder: 'b', leaseMs: 1 })).toBe(
      true,
    );
    await older.close();
  });

  test.skipIf(skip)('of a newer program that took something away is refused', async () => {
    const open = await prepare();
    const newer = await open();
    await migrate(newer.database, silentLog, [...storeMigrations, expand, contract]);
    await newer.close();
    await expect(open()).rejects.toMatchObject({
      code: 'SCHEMA_TOO_NEW',
      message: expect.stringContaining('9002_contract'),
    });
  });

  test.skipIf(skip)('of a program that went another way is refused', async () => {
    const open = await prepare();
    const other = await open();
    await migrate(other.database, silentLog, [...storeMigrations, expand]);
    const mine = [...storeMigrations, { ...expand, name: '9003_mine' }];
    await expect(migrate(other.database, silentLog, mine)).rejects.toMatchObject({
      code: 'SCHEMA_TOO_NEW',
    });
    await other.close();
  });

  test.skipIf(skip)('stays as it was when a step fails', async () => {
    const open = await prepare();
    const store = await open();
    const before = await tableNames(store.database);
    await expect(
      migrate(store.database, silentLog, [...storeMigrations, broken]),
    ).rejects.toMatchObject({ code: 'MIGRATION_FAILED' });
    expect(await tableNames(store.database)).toEqual(before);
    await migrate(store.database, silentLog, [...storeMigrations, expand]);
    await store.close();
  });
});

test('the steps are named in their order, and none needs a reader that comes later', () => {
  const names = storeMigrations.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)].sort());
  for (const [index, { oldestReader }] of storeMigrations.entries()) {
    expect(names.slice(0, index + 1)).toContain(oldestReader);
  }
});

describe.skipIf(postgresSkippedBecause !== undefined)('replicas that start together', () => {
  test('on an empty database all come up, five times over', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { url: databaseUrl, drop } = await createTestDatabase();
      const stores = await Promise.all(
        Array.from({ length: 4 }, () => openQuietly({ databaseUrl })),
      );
      const versions = await Promise.all(
        stores.map(({ catalogue }) =>
          catalogue.commitCatalogue({ atMs: 1, rows: [], pricePoints: [] }),
        ),
      );
      expect(versions.toSorted((left, right) => left - right)).toEqual([1, 2, 3, 4]);
      await Promise.all(stores.map((store) => store.close()));
      await drop();
    }
  });

  test('let a transaction in use of a table end, and those behind it through, before a step takes the table', async () => {
    const { url: databaseUrl, drop } = await createTestDatabase();
    const store = await openQuietly({ databaseUrl });
    const inUse = Promise.withResolvers<void>();
    const using = Promise.withResolvers<void>();
    const reading = store.transactions.readInSlices(async ({ kysely }) => {
      await kysely.selectFrom('poll_slot').selectAll().execute();
      using.resolve();
      await inUse.promise;
    });
    await using.promise;
    let failures = 0;
    const migrating = new Kysely<Tables>({
      dialect: new PostgresDialect({
        pool: new Pool({ connectionString: databaseUrl, lock_timeout: 200 }),
      }),
      log: ({ level }) => {
        if (level !== 'error') return;
        failures += 1;
        if (failures === 2) inUse.resolve();
      },
    });
    await migrate(migrating, silentLog, [...storeMigrations, expand]);
    await reading;
    expect(failures).toBe(2);
    expect(await store.pollSlots.claimSlot({ feed: 'a', slot: 1, holder: 'b', leaseMs: 1 })).toBe(
      true,
    );
    await Promise.all([migrating.destroy(), store.close()]);
    await drop();
  });

  test('in two versions of the program all come up, whichever migrates first', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { url: databaseUrl, drop } = await createTestDatabase();
      const pool = new Pool({ connectionString: databaseUrl });
      const newer = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
      const [, ...older] = await Promise.all([
        migrate(newer, silentLog, [...storeMigrations, expand]),
        openQuietly({ databaseUrl }),
        openQuietly({ databaseUrl }),
      ]);
      const versions = await Promise.all(
        older.map(({ catalogue }) =>
          catalogue.commitCatalogue({ atMs: 1, rows: [], pricePoints: [] }),
        ),
      );
      expect(versions.toSorted((left, right) => left - right)).toEqual([1, 2]);
      await Promise.all([newer.destroy(), ...older.map((store) => store.close())]);
      await drop();
    }
  });
});
