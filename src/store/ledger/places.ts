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
  const take = async () => (await transaction.change(queries.takePlace, wanted)) > 0;
  if (await take()) return true;
  while (await addPlaces(transaction, engine, wanted)) {
    if (await take()) return true;
  }
  return false;
}

/** Places that are added at once where there are fewer than allowed, as at the first launch. */
const addedAtOnce = 64;

/** Adds places; false when all that are allowed are there. */
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
  const count = Math.min(addedAtOnce, concurrency - first + 1);
  const added = Array.from({ length: count }, (_, index) => [first + index]);
  await sql`
    insert into provider_place (provider, number)
    select cast(${provider} as text), cast(value ->> 0 as integer)
    from ${jsonRows(engine, added)} as given
    where true
    on conflict (provider, number) do nothing
  `.execute(kysely);
  return true;
}
