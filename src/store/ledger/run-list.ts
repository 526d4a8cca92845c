import { sql, type Kysely, type SelectQueryBuilder } from 'kysely';

import type { RunCriteria, RunQuery } from '../../inference/ledger-store.ts';
import type { Run } from '../../inference/run.ts';
import type { Tables } from '../tables.ts';
import { runOf } from './run-row.ts';

/** More runs than a page shows; a bound for one answer. */
const maximumRunsPerPage = 1_000;

/** @throws RangeError unless `limit` is between 1 and {@link maximumRunsPerPage}. */
export async function listRuns(
  database: Kysely<Tables>,
  { behind, oldestFirst = false, limit, ...criteria }: RunQuery,
): Promise<Run[]> {
  if (!Number.isInteger(limit) || limit < 1 || limit > maximumRunsPerPage) {
    throw new RangeError(`A page has 1 to ${maximumRunsPerPage} runs`);
  }
  const direction = oldestFirst ? 'asc' : 'desc';
  let query = meeting(database.selectFrom('run'), criteria, 'created_at_ms')
    .selectAll()
    .orderBy('created_at_ms', direction)
    .orderBy('id', direction)
    .limit(limit);
  if (behind !== undefined) {
    const sign = sql.raw(oldestFirst ? '>' : '<');
    const { createdAtMs, id } = behind;
    query = query.where(sql<boolean>`(created_at_ms, id) ${sign} (${createdAtMs}, ${id})`);
  }
  return (await query.execute()).map(runOf);
}

export async function countRuns(database: Kysely<Tables>, criteria: RunCriteria): Promise<number> {
  const { runs } = await meeting(database.selectFrom('run'), criteria, 'created_at_ms')
    .select((expressions) => expressions.fn.countAll<number>().as('runs'))
    .executeTakeFirstOrThrow();
  return runs;
}

/** Runs of these criteria, dated by a column: `fromMs` counts, `toMs` does not. */
export function meeting<Row>(
  query: SelectQueryBuilder<Tables, 'run', Row>,
  { caller, fromMs, toMs, states, offeringIds }: RunCriteria,
  date: 'created_at_ms' | 'counted_at_ms',
): SelectQueryBuilder<Tables, 'run', Row> {
  let narrowed = query;
  if (caller !== undefined) narrowed = narrowed.where('caller', '=', caller);
  if (fromMs !== undefined) narrowed = narrowed.where(date, '>=', fromMs);
  if (toMs !== undefined) narrowed = narrowed.where(date, '<', toMs);
  if (states !== undefined) narrowed = narrowed.where('state', 'in', nonEmpty(states));
  if (offeringIds !== undefined) narrowed = narrowed.where('offering', 'in', nonEmpty(offeringIds));
  return narrowed;
}

/** SQL has no empty list; no state and no offering is the empty text. */
function nonEmpty(values: readonly string[]): readonly string[] {
  return values.length === 0 ? [''] : values;
}
