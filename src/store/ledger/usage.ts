import { sql, type Kysely, type RawBuilder } from 'kysely';

import { Decimal } from '../../domain/decimal.ts';
import type { UsageGroup, UsageQuery, UsageRow } from '../../inference/ledger-store.ts';
import type { Engine } from '../engine-sql.ts';
import { StoreError } from '../store-error.ts';
import type { RunTable, Tables } from '../tables.ts';
import { nextTurn } from '../transactions.ts';
import { meeting } from './run-list.ts';

/** Runs that are summed here, a page at a time, where the engine has no exact numbers. */
const maximumSummedRuns = 1_000_000;
const runsPerPage = 2_000;
const dayMs = 86_400_000;

/**
 * Sums of what was settled, by the date of its settlement, beside what is of unknown outcome, by the date
 * of its reservation. PostgreSQL sums exactly itself; SQLite would sum in binary, so its rows are summed
 * here with the rest of the process having its turn, each run as it is when its page is read.
 *
 * @throws StoreError `QUERY_TOO_LARGE` beyond {@link maximumSummedRuns} on SQLite.
 */
export async function usage(
  database: Kysely<Tables>,
  engine: Engine,
  query: UsageQuery,
): Promise<UsageRow[]> {
  const groups = [...new Set(query.groupBy)];
  return engine === 'postgres'
    ? await summedThere(database, query, groups)
    : await summedHere(database, query, groups);
}

const columnOfGroup: Readonly<Record<Exclude<UsageGroup, 'DAY'>, keyof RunTable>> = {
  OFFERING: 'offering',
  MODEL: 'model',
  PROVIDER: 'provider',
  CALLER: 'caller',
  PRICE_VERSION: 'price_version',
};

async function summedThere(
  database: Kysely<Tables>,
  query: UsageQuery,
  groups: readonly UsageGroup[],
): Promise<UsageRow[]> {
  const keys = groups.map((group) =>
    group === 'DAY'
      ? { group, key: sql`counted_at_ms / ${sql.lit(dayMs)}` }
      : { group, key: sql`${sql.ref(columnOfGroup[group])} collate "C"` },
  );
  let sums = meeting(database.selectFrom('run'), query, 'counted_at_ms')
    .where('counted_at_ms', 'is not', null)
    .select([
      sql<number>`count(*) filter (where ${isSettled})`.as('runs'),
      sql<number>`count(*) filter (where not ${isSettled})`.as('unresolvedRuns'),
      sumOfTokens('input_tokens').as('inputTokens'),
      sumOfTokens('output_tokens').as('outputTokens'),
      sql<string>`${sumOfMoney('charge')} filter (where ${isSettled})`.as('charge'),
      sql<string>`${sumOfMoney('cost_minimum')} filter (where ${isSettled})`.as('costMinimum'),
      sumOfMoney('cost_maximum').as('costMaximum'),
    ])
    .having((expressions) => expressions.fn.countAll(), '>', 0)
    .limit(query.limit);
  for (const { group, key } of keys) {
    sums = sums.select(key.as(group)).groupBy(key).orderBy(key) as typeof sums;
  }
  return (await sums.execute()).map((row) => ({
    ...row,
    group: Object.fromEntries(
      groups.map((group) => {
        const key = (row as Readonly<Record<string, unknown>>)[group];
        return [group, group === 'DAY' ? dayOf(Number(key)) : key];
      }),
    ),
    charge: Decimal.of(row.charge ?? '0'),
    costMinimum: Decimal.of(row.costMinimum ?? '0'),
    costMaximum: Decimal.of(row.costMaximum),
  }));
}

const isSettled = sql<boolean>`state <> 'UNKNOWN'`;

function sumOfTokens(column: 'input_tokens' | 'output_tokens'): RawBuilder<number> {
  const sum = sql`sum(${sql.ref(column)}) filter (where ${isSettled})`;
  return sql<number>`cast(coalesce(${sum}, 0) as bigint)`;
}

function sumOfMoney(column: 'charge' | 'cost_minimum' | 'cost_maximum'): RawBuilder<string> {
  return sql<string>`sum(cast(${sql.ref(column)} as numeric))`;
}

const summedColumns = [
  'id',
  'state',
  'counted_at_ms',
  'offering',
  'model',
  'provider',
  'caller',
  'price_version',
  'input_tokens',
  'output_tokens',
  'charge',
  'cost_minimum',
  'cost_maximum',
] as const satisfies readonly (keyof RunTable)[];

type SummedRun = Pick<RunTable, (typeof summedColumns)[number]>;

async function summedHere(
  database: Kysely<Tables>,
  query: UsageQuery,
  groups: readonly UsageGroup[],
): Promise<UsageRow[]> {
  const sums = new Map<string, UsageRow>();
  let seen = 0;
  let last: SummedRun | undefined;
  do {
    const page: SummedRun[] = await pageAfter(database, query, last);
    for (const run of page) {
      const group = groupOf(run, groups);
      const name = JSON.stringify(Object.values(group));
      sums.set(name, withRun(sums.get(name) ?? { ...nothing, group }, run));
    }
    seen += page.length;
    if (seen > maximumSummedRuns) {
      throw new StoreError(
        'QUERY_TOO_LARGE',
        `The usage of more than ${maximumSummedRuns} runs is asked for: take a shorter time`,
      );
    }
    last = page.length < runsPerPage ? undefined : page.at(-1);
    await nextTurn();
  } while (last !== undefined);
  return [...sums.values()]
    .toSorted((left, right) => compareGroups(left, right, groups))
    .slice(0, query.limit);
}

async function pageAfter(
  database: Kysely<Tables>,
  query: UsageQuery,
  last: SummedRun | undefined,
): Promise<SummedRun[]> {
  const page = meeting(database.selectFrom('run'), query, 'counted_at_ms')
    .where('counted_at_ms', 'is not', null)
    .select(summedColumns)
    .orderBy('counted_at_ms')
    .orderBy('id')
    .limit(runsPerPage);
  if (last === undefined) return await page.execute();
  return await page
    .where(sql<boolean>`(counted_at_ms, id) > (${last.counted_at_ms}, ${last.id})`)
    .execute();
}

const nothing = {
  runs: 0,
  unresolvedRuns: 0,
  inputTokens: 0,
  outputTokens: 0,
  charge: Decimal.zero,
  costMinimum: Decimal.zero,
  costMaximum: Decimal.zero,
};

function withRun(sum: UsageRow, run: SummedRun): UsageRow {
  const costMaximum = sum.costMaximum.plus(Decimal.of(run.cost_maximum));
  if (run.state === 'UNKNOWN') {
    return { ...sum, unresolvedRuns: sum.unresolvedRuns + 1, costMaximum };
  }
  return {
    ...sum,
    runs: sum.runs + 1,
    inputTokens: sum.inputTokens + (run.input_tokens ?? 0),
    outputTokens: sum.outputTokens + (run.output_tokens ?? 0),
    charge: sum.charge.plus(Decimal.of(run.charge)),
    costMinimum: sum.costMinimum.plus(Decimal.of(run.cost_minimum)),
    costMaximum,
  };
}

function groupOf(run: SummedRun, groups: readonly UsageGroup[]): UsageRow['group'] {
  return Object.fromEntries(
    groups.map((group) => [
      group,
      group === 'DAY'
        ? dayOf(Math.floor((run.counted_at_ms ?? 0) / dayMs))
        : String(run[columnOfGroup[group] as keyof SummedRun]),
    ]),
  );
}

/** As PostgreSQL orders them: by each group in turn. */
function compareGroups(left: UsageRow, right: UsageRow, groups: readonly UsageGroup[]): number {
  for (const group of groups) {
    const [first = '', second = ''] = [left.group[group], right.group[group]];
    if (first !== second) return first < second ? -1 : 1;
  }
  return 0;
}

/** `2026-10-02`, of the number of a day since the epoch. */
function dayOf(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}
