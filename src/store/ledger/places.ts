import { sql } from 'kysely';

import { jsonRows, type Engine } from '../engine-sql.ts';
import type { StoreTransaction } from '../transactions.ts';
import type { LedgerQueries } from './ledger-queries.ts';

/** Which provider's place, for which run, of how many in all. */
export interface PlaceWanted {
  readonly provider: string;
  readonly runId: string;
  readonly concurrency: number;
}

/**
 * Takes a free place. Others who take one at the same moment are never waited for: each place has a row
 * of its own, and rows that are being taken are passed over.
 */
export async function takePlace(
  transaction: StoreTransaction,
  engine: Engine,
  queries: LedgerQueries,
  wanted: PlaceWanted,
): Promise<boolean> {
  const take = async () => (await transaction.execute(queries.takePlace, wanted)).length > 0;
  return (await take()) || ((await addPlaces(transaction, engine, wanted)) && (await take()));
}

/** Adds the places that are not there yet, as at the first launch; false when all are. */
async function addPlaces(
  { kysely }: StoreTransaction,
  engine: Engine,
  { provider, concurrency }: PlaceWanted,
): Promise<boolean> {
  const { last } = await kysely
    .selectFrom('provider_place')
    .select((expressions) => expressions.fn.max('number').as('last'))
    .where('provider', '=', provider)
    .executeTakeFirstOrThrow();
  const first = (last ?? 0) + 1;
  if (first > concurrency) return false;
  const missing = Array.from({ length: concurrency - first + 1 }, (_, index) => [first + index]);
  await sql`
    insert into provider_place (provider, number)
    select cast(${provider} as text), cast(value ->> 0 as integer)
    from ${jsonRows(engine, missing)} as given
    where true
    on conflict (provider, number) do nothing
  `.execute(kysely);
  return true;
}
