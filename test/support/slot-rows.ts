import { PreparedQuery, type Placeholders } from '../../src/store/prepared-query.ts';

/** Any table serves to write rows in; these are slots of a feed that nobody polls. */
export const insertSlot = new PreparedQuery(
  (database, value: Placeholders<{ feed: string; slot: number }>) =>
    database
      .insertInto('poll_slot')
      .values({ feed: value('feed'), slot: value('slot'), holder: 'test', lease_until_ms: 0 })
      .returning(['feed', 'slot']),
);

/** Adds a slot unless it is there. */
export const addSlot = new PreparedQuery(
  (database, value: Placeholders<{ feed: string; slot: number }>) =>
    database
      .insertInto('poll_slot')
      .values({ feed: value('feed'), slot: value('slot'), holder: 'test', lease_until_ms: 0 })
      .onConflict((conflict) => conflict.columns(['feed', 'slot']).doNothing()),
);

/** Moves the slots from one on to far behind. */
export const moveSlots = new PreparedQuery(
  (database, value: Placeholders<{ feed: string; from: number }>) =>
    database
      .updateTable('poll_slot')
      .set((expressions) => ({ slot: expressions('slot', '+', 50) }))
      .where('feed', '=', value('feed'))
      .where('slot', '>=', value('from')),
);

export const removeSlots = new PreparedQuery((database, value: Placeholders<{ feed: string }>) =>
  database.deleteFrom('poll_slot').where('feed', '=', value('feed')),
);
