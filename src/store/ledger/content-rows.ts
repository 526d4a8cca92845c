import { sql, type Kysely } from 'kysely';

import type { StoredContent } from '../../inference/ledger-store.ts';
import { jsonRows, type Engine } from '../engine-sql.ts';
import { slicesOf } from '../slices.ts';
import type { RunContentTable, Tables } from '../tables.ts';

const runsPerQuery = 100;

/** Content of these runs, in their order. */
export async function contentsOf(
  database: Kysely<Tables>,
  engine: Engine,
  runIds: readonly string[],
): Promise<(StoredContent | undefined)[]> {
  const contents = new Map<string, StoredContent>();
  for (const slice of slicesOf([...new Set(runIds)], runsPerQuery)) {
    const { rows } = await sql<RunContentTable>`
      select run_content.* from ${jsonRows(
        engine,
        slice.map((id) => [id]),
      )} as given
      join run_content on run_content.run_id = value ->> 0
    `.execute(database);
    for (const row of rows) contents.set(row.run_id, withPart(contents.get(row.run_id), row));
  }
  return runIds.map((id) => contents.get(id));
}

function withPart(content: StoredContent | undefined, row: RunContentTable): StoredContent {
  return {
    runId: row.run_id,
    request: row.part === 'REQUEST' ? row.body : content?.request,
    output: row.part === 'OUTPUT' ? row.body : content?.output,
    expiresAtMs: Math.max(row.expires_at_ms, content?.expiresAtMs ?? row.expires_at_ms),
  };
}

/** Removes content and events whose time is over, the longest over first, at most `limit` of each. */
export async function removeExpired(
  database: Kysely<Tables>,
  engine: Engine,
  nowMs: number,
  limit: number,
): Promise<number> {
  // Replicas that clean at the same moment leave each other's rows alone.
  const passingOver = engine === 'postgres' ? sql`for update skip locked` : sql``;
  const contents = await sql`
    delete from run_content where (run_id, part) in (
      select run_id, part from run_content
      where expires_at_ms <= ${nowMs} order by expires_at_ms limit ${limit} ${passingOver}
    ) returning run_id
  `.execute(database);
  const events = await sql`
    delete from run_event where (run_id, position) in (
      select run_id, position from run_event
      where expires_at_ms <= ${nowMs} order by expires_at_ms limit ${limit} ${passingOver}
    ) returning run_id
  `.execute(database);
  return contents.rows.length + events.rows.length;
}
