import type { Kysely } from 'kysely';

/** The catalogue's last good state, price history, and who polls when. */
export async function createCatalogueTables(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('catalogue_version')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .execute();
  await (database as Kysely<{ catalogue_version: { id: number; version: number; at_ms: number } }>)
    .insertInto('catalogue_version')
    .values({ id: 1, version: 0, at_ms: 0 })
    .execute();

  await database.schema
    .createTable('catalogue_row')
    .addColumn('provider', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('body', 'text')
    .addColumn('version', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('catalogue_row_key', ['provider', 'kind', 'key'])
    .execute();
  await database.schema
    .createIndex('catalogue_row_version')
    .on('catalogue_row')
    .column('version')
    .execute();

  await database.schema
    .createTable('offering_key')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('offering', 'text', (column) => column.notNull().unique())
    .execute();

  await database.schema
    .createTable('price_change')
    .addColumn('offering_key', 'integer', (column) =>
      column.notNull().references('offering_key.id'),
    )
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('price_version', 'text')
    .addColumn('unit', 'text')
    .addColumn('input', 'text')
    .addColumn('output', 'text')
    .addColumn('cached_input', 'text')
    .addColumn('cost_per_token', 'text')
    .addColumn('method', 'text')
    .addColumn('basis', 'text')
    .addColumn('source', 'text')
    .addPrimaryKeyConstraint('price_change_key', ['offering_key', 'at_ms'])
    .execute();

  await database.schema
    .createTable('poll_slot')
    .addColumn('feed', 'text', (column) => column.notNull())
    .addColumn('slot', 'bigint', (column) => column.notNull())
    .addColumn('holder', 'text', (column) => column.notNull())
    .addColumn('lease_until_ms', 'bigint', (column) => column.notNull())
    .addColumn('done_at_ms', 'bigint')
    .addPrimaryKeyConstraint('poll_slot_key', ['feed', 'slot'])
    .execute();
}
