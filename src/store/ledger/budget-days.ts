import { sql, type Kysely } from 'kysely';

import { Decimal } from '../../domain/decimal.ts';
import type { BudgetDay } from '../../inference/ledger-store.ts';
import type { Engine } from '../engine-sql.ts';
import type { BudgetDayTable, RunTable, Tables } from '../tables.ts';

const runsPerPage = 2_000;
const dayMs = 86_400_000;

export function budgetOf({
  reserved,
  spent,
}: Pick<BudgetDayTable, 'reserved' | 'spent'>): BudgetDay {
  return { reserved: Decimal.of(reserved), spent: Decimal.of(spent) };
}

/** What the caller's runs that were reserved on a day hold and were charged. */
export async function sumOfDay(
  database: Kysely<Tables>,
  engine: Engine,
  caller: string,
  day: string,
): Promise<BudgetDay> {
  const fromMs = Date.parse(`${day}T00:00:00Z`);
  const runs = database
    .selectFrom('run')
    .where('caller', '=', caller)
    .where('reserved_at_ms', '>=', fromMs)
    .where('reserved_at_ms', '<', fromMs + dayMs);
  if (engine === 'postgres') {
    const sums = await runs
      .select([
        sql<string>`coalesce(sum(cast(reserved as numeric)) filter (where ${isHeld}), 0)`.as(
          'reserved',
        ),
        sql<string>`coalesce(sum(cast(charge as numeric)), 0)`.as('spent'),
      ])
      .executeTakeFirstOrThrow();
    return budgetOf(sums);
  }
  return await summedHere((after) => {
    const page = runs
      .select(['id', 'reserved_at_ms', 'reserved', 'charge', sql<number>`${isHeld}`.as('isHeld')])
      .orderBy('reserved_at_ms')
      .orderBy('id')
      .limit(runsPerPage);
    return after === undefined
      ? page.execute()
      : page
          .where(sql<boolean>`(reserved_at_ms, id) > (${after.reserved_at_ms}, ${after.id})`)
          .execute();
  });
}

/** Money is held until a run ends, and while nobody knows how it did. */
const isHeld = sql<boolean>`(state in ('RESERVED', 'QUEUED', 'RUNNING', 'UNKNOWN'))`;

type SummedRun = Pick<RunTable, 'id' | 'reserved_at_ms' | 'reserved' | 'charge'> & {
  readonly isHeld: number;
};

/** SQLite sums text in binary, so its rows are summed here. */
async function summedHere(
  pageAfter: (last: SummedRun | undefined) => Promise<SummedRun[]>,
): Promise<BudgetDay> {
  let reserved = Decimal.zero;
  let spent = Decimal.zero;
  let last: SummedRun | undefined;
  do {
    const page = await pageAfter(last);
    for (const run of page) {
      if (run.isHeld === 1) reserved = reserved.plus(Decimal.of(run.reserved));
      spent = spent.plus(Decimal.of(run.charge));
    }
    last = page.length < runsPerPage ? undefined : page.at(-1);
  } while (last !== undefined);
  return { reserved, spent };
}
