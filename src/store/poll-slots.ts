import type { Kysely } from 'kysely';

import { databaseNowMs, storableInteger, storableText, type Engine } from './engine-sql.ts';
import type { Tables } from './tables.ts';

/** Gives each slot of time of a feed to one replica, so that one of them polls. */
export interface PollSlots {
  /**
   * Takes a slot that nobody has finished and nobody holds a running lease on; asking again extends an
   * own lease.
   *
   * @returns whether the slot is now the holder's.
   */
  claimSlot(claim: SlotClaim): Promise<boolean>;

  /**
   * Marks a slot as done, so that nobody claims it again.
   *
   * @returns false when the lease had passed to another holder: what was read may be done twice.
   */
  finishSlot(slot: FinishedSlot): Promise<boolean>;
}

export interface FinishedSlot {
  readonly feed: string;
  /** Number of the slot: the time divided by the poll interval, rounded down. */
  readonly slot: number;
  /** One name for each start of a process. */
  readonly holder: string;
}

export interface SlotClaim extends FinishedSlot {
  /** How long the claim holds unless it is finished before; longer than a poll may take. */
  readonly leaseMs: number;
}

/** Finished slots of a feed that are remembered, against replicas whose clocks are behind. */
const keptSlots = 1_000;

/** Slot leases by the database's clock, never the replicas' own. */
export class SqlPollSlots implements PollSlots {
  readonly #database: Kysely<Tables>;
  readonly #engine: Engine;

  constructor(database: Kysely<Tables>, engine: Engine) {
    this.#database = database;
    this.#engine = engine;
  }

  async claimSlot({ feed, slot, holder, leaseMs }: SlotClaim): Promise<boolean> {
    const now = databaseNowMs(this.#engine);
    const claimed = await this.#database
      .insertInto('poll_slot')
      .values((expressions) => ({
        feed: storableText(feed, 'The name of a feed'),
        slot: storableInteger(slot, 'A slot'),
        holder: storableText(holder, 'The holder of a slot'),
        lease_until_ms: expressions(now, '+', storableInteger(leaseMs, 'A lease')),
      }))
      .onConflict((conflict) =>
        conflict
          .columns(['feed', 'slot'])
          .doUpdateSet((expressions) => ({
            holder: expressions.ref('excluded.holder'),
            lease_until_ms: expressions.ref('excluded.lease_until_ms'),
          }))
          .where('poll_slot.done_at_ms', 'is', null)
          .where((expressions) =>
            expressions.or([
              expressions('poll_slot.lease_until_ms', '<=', now),
              expressions('poll_slot.holder', '=', expressions.ref('excluded.holder')),
            ]),
          ),
      )
      .returning('holder')
      .executeTakeFirst();
    return claimed !== undefined;
  }

  async finishSlot({ feed, slot, holder }: FinishedSlot): Promise<boolean> {
    const finished = await this.#database
      .updateTable('poll_slot')
      .set({ done_at_ms: databaseNowMs(this.#engine) })
      .where('feed', '=', feed)
      .where('slot', '=', slot)
      .where('holder', '=', holder)
      .where('done_at_ms', 'is', null)
      .returning('slot')
      .executeTakeFirst();
    if (finished === undefined) return false;
    await this.#database
      .deleteFrom('poll_slot')
      .where('feed', '=', feed)
      .where('slot', '<', slot - keptSlots)
      .execute();
    return true;
  }
}
