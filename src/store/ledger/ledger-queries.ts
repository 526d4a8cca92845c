import { sql, type Kysely, type SelectQueryBuilder } from 'kysely';

import { jsonRowsIn, type Engine } from '../engine-sql.ts';
import { PreparedQuery, type Placeholders } from '../prepared-query.ts';
import type {
  BudgetDayTable,
  RunContentTable,
  RunFactTable,
  RunTable,
  SpeedSampleTable,
  Tables,
} from '../tables.ts';

/** The statements of the hot path, compiled once for an engine. */
export type LedgerQueries = ReturnType<typeof ledgerQueries>;

export function ledgerQueries(engine: Engine) {
  /** SQLite runs one transaction at a time; on PostgreSQL what was read stays as it is until the commit. */
  const locked = <Table extends keyof Tables, Row>(
    query: SelectQueryBuilder<Tables, Table, Row>,
  ): SelectQueryBuilder<Tables, Table, Row> => (engine === 'postgres' ? query.forUpdate() : query);

  return {
    run: new PreparedQuery((database, value: Placeholders<RunId>) => runById(database, value)),
    runLocked: new PreparedQuery((database, value: Placeholders<RunId>) =>
      locked(runById(database, value)),
    ),
    runByKey: new PreparedQuery((database, value: Placeholders<RunKey>) =>
      runByKey(database, value),
    ),
    runByKeyLocked: new PreparedQuery((database, value: Placeholders<RunKey>) =>
      locked(runByKey(database, value)),
    ),
    /** Adds no row when the caller has a run of this key. */
    insertRun: new PreparedQuery((database, value: Placeholders<RunTable>) =>
      database
        .insertInto('run')
        .values(valuesOf(value, [...fixedColumns, ...reservationColumns, ...progressColumns]))
        .onConflict((conflict) => conflict.columns(['caller', 'idempotency_key']).doNothing()),
    ),
    /** Writes what a fact of a reservation changes; changes no row when the stored run has other facts. */
    updateReservation: runUpdate([...reservationColumns, ...progressColumns]),
    /** Writes what all other facts change: fewer columns, and fewer indexes with them. */
    updateProgress: runUpdate(progressColumns),
    insertFact: new PreparedQuery((database, value: Placeholders<RunFactTable>) =>
      database.insertInto('run_fact').values(valuesOf(value, factColumns)),
    ),
    /** For so many facts at once; the values of the first are named `0.kind` and so on. */
    insertFacts: (count: number) => factInsertions[count - 1] ?? factInsertion(count),
    facts: new PreparedQuery((database, value: Placeholders<RunId>) =>
      database
        .selectFrom('run_fact')
        .select(['kind', 'at_ms', 'body'])
        .where('run_id', '=', value('id'))
        .orderBy('number'),
    ),

    takePlace: new PreparedQuery((database, value: Placeholders<PlaceWanted>) => {
      const free = database
        .selectFrom('provider_place')
        .select('number')
        .where('provider', '=', value('provider'))
        .where('run_id', 'is', null)
        .where('number', '<=', value('concurrency'))
        .orderBy('number')
        .limit(1);
      return database
        .updateTable('provider_place')
        .set({ run_id: value('runId') })
        .where('provider', '=', value('provider'))
        .where('number', '=', engine === 'postgres' ? free.forUpdate().skipLocked() : free);
    }),
    freePlace: new PreparedQuery((database, value: Placeholders<RunId>) =>
      database
        .updateTable('provider_place')
        .set({ run_id: null })
        .where('run_id', '=', value('id')),
    ),

    budget: new PreparedQuery(
      (database, value: Placeholders<Pick<BudgetDayTable, 'caller' | 'day'>>) =>
        locked(
          database
            .selectFrom('budget_day')
            .select(['reserved', 'spent'])
            .where('caller', '=', value('caller'))
            .where('day', '=', value('day')),
        ),
    ),
    putBudget: new PreparedQuery((database, value: Placeholders<BudgetDayTable>) =>
      database
        .insertInto('budget_day')
        .values(valuesOf(value, ['caller', 'day', 'reserved', 'spent']))
        .onConflict((conflict) =>
          conflict.columns(['caller', 'day']).doUpdateSet((expressions) => ({
            reserved: expressions.ref('excluded.reserved'),
            spent: expressions.ref('excluded.spent'),
          })),
        ),
    ),
    launchedSince: new PreparedQuery(
      (database, value: Placeholders<{ caller: string; sinceMs: number }>) =>
        database
          .selectFrom('run')
          .select((expressions) => expressions.fn.countAll<number>().as('runs'))
          .where('caller', '=', value('caller'))
          .where('reserved_at_ms', '>=', value('sinceMs')),
    ),

    putContent: new PreparedQuery((database, value: Placeholders<RunContentTable>) =>
      database
        .insertInto('run_content')
        .values(valuesOf(value, ['run_id', 'part', 'body', 'expires_at_ms']))
        .onConflict((conflict) =>
          conflict.columns(['run_id', 'part']).doUpdateSet((expressions) => ({
            body: expressions.ref('excluded.body'),
            expires_at_ms: expressions.ref('excluded.expires_at_ms'),
          })),
        ),
    ),
    /** `rows` is JSON: a list of position, time and body for each event. */
    appendEvents: new PreparedQuery(
      (database, value: Placeholders<{ runId: string; rows: string; expiresAtMs: number }>) => ({
        compile: () =>
          sql`
            insert into run_event (run_id, position, at_ms, body, expires_at_ms)
            select cast(${value('runId')} as text), cast(value ->> 0 as bigint),
                   cast(value ->> 1 as bigint), value ->> 2, cast(${value('expiresAtMs')} as bigint)
            from ${jsonRowsIn(engine, value('rows'))} as given
          `.compile(database),
      }),
    ),
    removeEvents: new PreparedQuery((database, value: Placeholders<RunId>) =>
      database.deleteFrom('run_event').where('run_id', '=', value('id')),
    ),
    events: new PreparedQuery(
      (database, value: Placeholders<{ runId: string; afterPosition: number; limit: number }>) =>
        database
          .selectFrom('run_event')
          .select(['position', 'at_ms', 'body'])
          .where('run_id', '=', value('runId'))
          .where('position', '>', value('afterPosition'))
          .orderBy('position')
          .limit(value('limit')),
    ),
    addSpeedSample: new PreparedQuery((database, value: Placeholders<SpeedSampleTable>) =>
      database.insertInto('speed_sample').values(valuesOf(value, speedColumns)),
    ),
  };
}

interface RunId {
  readonly id: string;
}

interface RunKey {
  readonly caller: string;
  readonly key: string;
}

interface PlaceWanted {
  readonly provider: string;
  readonly runId: string;
  readonly concurrency: number;
}

function runById(database: Kysely<Tables>, value: Placeholders<RunId>) {
  return database.selectFrom('run').selectAll().where('id', '=', value('id'));
}

function runByKey(database: Kysely<Tables>, value: Placeholders<RunKey>) {
  return database
    .selectFrom('run')
    .selectAll()
    .where('caller', '=', value('caller'))
    .where('idempotency_key', '=', value('key'));
}

/** As many as one step adds: a reservation that is sent or queued at once. */
export const factsOfOneStep = 2;

const factInsertions = Array.from({ length: factsOfOneStep }, (_, index) =>
  factInsertion(index + 1),
);

function factInsertion(count: number) {
  return new PreparedQuery((database, value: Placeholders<Record<string, string | number>>) =>
    database.insertInto('run_fact').values(
      Array.from({ length: count }, (_, index) => ({
        run_id: value(`${index}.run_id`) as string,
        number: value(`${index}.number`) as number,
        kind: value(`${index}.kind`) as string,
        at_ms: value(`${index}.at_ms`) as number,
        step: value(`${index}.step`) as string,
        body: value(`${index}.body`) as string,
      })),
    ),
  );
}

function runUpdate(columns: readonly (keyof RunTable)[]) {
  return new PreparedQuery((database, value: Placeholders<RunTable & { previousFacts: number }>) =>
    database
      .updateTable('run')
      .set(valuesOf(value, columns))
      .where('id', '=', value('id'))
      .where('facts', '=', value('previousFacts')),
  );
}

/** Never changed. */
const fixedColumns = [
  'id',
  'caller',
  'idempotency_key',
  'created_at_ms',
] as const satisfies readonly (keyof RunTable)[];

/** Changed by a new reservation, and by a new owner. */
const reservationColumns = [
  'provider',
  'model',
  'offering',
  'price_version',
  'reserved_at_ms',
  'owner',
  'fence',
  'reserved',
] as const satisfies readonly (keyof RunTable)[];

const progressColumns = [
  'state',
  'settled_at_ms',
  'counted_at_ms',
  'cancel_requested_at_ms',
  'facts',
  'retriable',
  'charge',
  'cost_minimum',
  'cost_maximum',
  'input_tokens',
  'output_tokens',
  'body',
] as const satisfies readonly (keyof RunTable)[];

const factColumns = [
  'run_id',
  'number',
  'kind',
  'at_ms',
  'step',
  'body',
] as const satisfies readonly (keyof RunFactTable)[];

const speedColumns = [
  'offering',
  'at_ms',
  'tokens_per_second',
  'time_to_first_token_ms',
  'queue_ms',
] as const satisfies readonly (keyof SpeedSampleTable)[];

/** Each column set to the value of its own name. */
function valuesOf<Row extends object, Column extends keyof Row & string>(
  value: Placeholders<Row>,
  columns: readonly Column[],
): Pick<Row, Column> {
  return Object.fromEntries(columns.map((column) => [column, value(column)])) as Pick<Row, Column>;
}
