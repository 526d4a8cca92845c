import { sql, type Kysely, type RawBuilder, type SqlBool } from 'kysely';

/** Runs, their facts, events and content, and what limits them: budgets, places, leases. */
export async function createLedgerTables(database: Kysely<unknown>): Promise<void> {
  await createRuns(database);
  await createWhatBelongsToRuns(database);
  await createLimits(database);
}

async function createRuns(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('run')
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('caller', 'text', (column) => column.notNull())
    .addColumn('idempotency_key', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('provider', 'text', (column) => column.notNull())
    .addColumn('model', 'text', (column) => column.notNull())
    .addColumn('offering', 'text', (column) => column.notNull())
    .addColumn('price_version', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('reserved_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('settled_at_ms', 'bigint')
    .addColumn('counted_at_ms', 'bigint')
    .addColumn('cancel_requested_at_ms', 'bigint')
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('fence', 'bigint', (column) => column.notNull())
    .addColumn('facts', 'bigint', (column) => column.notNull())
    .addColumn('retriable', 'integer', (column) => column.notNull())
    .addColumn('reserved', 'text', (column) => column.notNull())
    .addColumn('charge', 'text', (column) => column.notNull())
    .addColumn('cost_minimum', 'text', (column) => column.notNull())
    .addColumn('cost_maximum', 'text', (column) => column.notNull())
    .addColumn('input_tokens', 'bigint')
    .addColumn('output_tokens', 'bigint')
    .addColumn('body', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('run_key', ['id'])
    .addUniqueConstraint('run_idempotency', ['caller', 'idempotency_key'])
    .execute();
  await createIndex(database, 'run', 'created', ['created_at_ms', 'id']);
  await createIndex(database, 'run', 'caller_created', ['caller', 'created_at_ms', 'id']);
  await createIndex(database, 'run', 'caller_reserved', ['caller', 'reserved_at_ms', 'id']);
  await createIndex(database, 'run', 'counted', ['counted_at_ms', 'id'], isCounted);
  await createIndex(
    database,
    'run',
    'caller_counted',
    ['caller', 'counted_at_ms', 'id'],
    isCounted,
  );
  await createIndex(
    database,
    'run',
    'unfinished',
    ['owner'],
    sql<SqlBool>`state in ('RESERVED', 'QUEUED', 'RUNNING')`,
  );
}

const isCounted = sql<SqlBool>`counted_at_ms is not null`;

async function createWhatBelongsToRuns(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('run_fact')
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('number', 'bigint', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('step', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('run_fact_key', ['run_id', 'number'])
    .execute();

  await database.schema
    .createTable('run_event')
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('position', 'bigint', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('body', 'text')
    .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('run_event_key', ['run_id', 'position'])
    .execute();
  await createIndex(database, 'run_event', 'expiry', ['expires_at_ms']);

  await database.schema
    .createTable('run_content')
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('part', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('run_content_key', ['run_id', 'part'])
    .execute();
  await createIndex(database, 'run_content', 'expiry', ['expires_at_ms']);

  await database.schema
    .createTable('speed_sample')
    .addColumn('offering', 'text', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('tokens_per_second', 'double precision')
    .addColumn('time_to_first_token_ms', 'double precision')
    .addColumn('queue_ms', 'double precision')
    .execute();
  await createIndex(database, 'speed_sample', 'offering', ['offering', 'at_ms']);
}

async function createLimits(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('budget_day')
    .addColumn('caller', 'text', (column) => column.notNull())
    .addColumn('day', 'text', (column) => column.notNull())
    .addColumn('reserved', 'text', (column) => column.notNull())
    .addColumn('spent', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('budget_day_key', ['caller', 'day'])
    .execute();

  await database.schema
    .createTable('provider_place')
    .addColumn('provider', 'text', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('run_id', 'text')
    .addPrimaryKeyConstraint('provider_place_key', ['provider', 'number'])
    .execute();
  await createIndex(
    database,
    'provider_place',
    'free',
    ['provider', 'number'],
    sql<SqlBool>`run_id is null`,
  );
  await createIndex(
    database,
    'provider_place',
    'run',
    ['run_id'],
    sql<SqlBool>`run_id is not null`,
  );

  await database.schema
    .createTable('owner_lease')
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('lease_until_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('owner_lease_key', ['owner'])
    .execute();
}

async function createIndex(
  database: Kysely<unknown>,
  table: string,
  name: string,
  columns: readonly string[],
  condition?: RawBuilder<SqlBool>,
): Promise<void> {
  const index = database.schema
    .createIndex(`${table}_${name}`)
    .on(table)
    .columns([...columns]);
  await (condition === undefined ? index : index.where(condition)).execute();
}
