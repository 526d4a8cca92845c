import { databaseNowMs, storableInteger, storableText, type Engine } from '../engine-sql.ts';
import type { StoreTransaction } from '../transactions.ts';

/**
 * Extends an owner's lease by the database's clock, never the processes' own, and forgets those whose
 * lease has run out.
 *
 * @returns the owners that are alive.
 */
export async function renewLease(
  { kysely }: StoreTransaction,
  engine: Engine,
  owner: string,
  leaseMs: number,
): Promise<string[]> {
  const now = databaseNowMs(engine);
  await kysely
    .insertInto('owner_lease')
    .values((expressions) => ({
      owner: storableText(owner, 'An owner'),
      lease_until_ms: expressions(now, '+', storableInteger(leaseMs, 'A lease')),
    }))
    .onConflict((conflict) =>
      conflict.column('owner').doUpdateSet((expressions) => ({
        lease_until_ms: expressions.ref('excluded.lease_until_ms'),
      })),
    )
    .execute();
  const ended = kysely.selectFrom('owner_lease').select('owner').where('lease_until_ms', '<=', now);
  await kysely
    .deleteFrom('owner_lease')
    // An owner that renews at this moment is not waited for: it may be waiting for us.
    .where('owner', 'in', engine === 'postgres' ? ended.forUpdate().skipLocked() : ended)
    .execute();
  const alive = await kysely
    .selectFrom('owner_lease')
    .select('owner')
    .where('lease_until_ms', '>', now)
    .orderBy('owner')
    .execute();
  return alive.map((lease) => lease.owner);
}
