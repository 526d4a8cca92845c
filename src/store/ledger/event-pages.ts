import { sql, type Kysely } from 'kysely';

import { EventsTooMany } from '../../inference/ledger-store.ts';
import type { EventPageQuestion, StoredEvent } from '../../inference/ledger-store.ts';
import { jsonRows, type Engine } from '../engine-sql.ts';
import { slicesOf } from '../slices.ts';
import type { Tables } from '../tables.ts';
import { nextTurn } from '../transactions.ts';

const questionsPerQuery = 500;
/** Events of all pages that are read at once, each of a few kilobytes. */
const maximumEventsAtOnce = 10_000;

/**
 * One query for each {@link questionsPerQuery} questions.
 *
 * @throws EventsTooMany
 */
export async function eventPages(
  database: Kysely<Tables>,
  engine: Engine,
  questions: readonly EventPageQuestion[],
  limit: number,
): Promise<readonly (readonly StoredEvent[])[]> {
  const pages: StoredEvent[][] = [];
  let events = 0;
  for (const slice of slicesOf(questions, questionsPerQuery)) {
    if (pages.length > 0) await nextTurn();
    const own: StoredEvent[][] = slice.map(() => []);
    const rows = await rowsOf(database, engine, slice, limit, maximumEventsAtOnce - events + 1);
    events += rows.length;
    if (events > maximumEventsAtOnce) throw new EventsTooMany(maximumEventsAtOnce);
    for (const { place, position, at_ms: atMs, body } of rows) {
      own[place]?.push({ position, atMs, body });
    }
    pages.push(...own);
  }
  return pages;
}

interface EventRow {
  readonly place: number;
  readonly position: number;
  readonly at_ms: number;
  readonly body: string | null;
}

/** The end of each page is looked up in the index first, so that no event beyond it is read. */
async function rowsOf(
  database: Kysely<Tables>,
  engine: Engine,
  questions: readonly EventPageQuestion[],
  limit: number,
  maximumRows: number,
): Promise<readonly EventRow[]> {
  const asked = questions.map(({ runId, afterPosition }, place) => [place, runId, afterPosition]);
  const { rows } = await sql<EventRow>`
    with question as materialized (
      select cast(value ->> 0 as integer) as place, value ->> 1 as run_id,
             cast(value ->> 2 as bigint) as after_position
      from ${jsonRows(engine, asked)} as given
    ), page as materialized (
      select question.*,
             (select later.position from run_event as later
              where later.run_id = question.run_id and later.position > question.after_position
              order by later.position limit 1 offset ${limit - 1}) as last_position
      from question
    )
    select page.place, run_event.position, run_event.at_ms, run_event.body
    from page
    join run_event on run_event.run_id = page.run_id
                  and run_event.position > page.after_position
                  and (page.last_position is null or run_event.position <= page.last_position)
    order by page.place, run_event.position
    limit ${maximumRows}
  `.execute(database);
  return rows;
}
