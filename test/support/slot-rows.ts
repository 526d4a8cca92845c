import { PreparedQuery, type Placeholders } from '../../src/store/prepared-query.ts';

/** Any table serves to write rows in; these are slots of a feed that nobody polls. */
export const insertSlot = new PreparedQuery(
  (database, value: Placeholders<{ feed: string; slot: number }>) =>
    database
      .insertInto('poll_slot')
      .values({ feed: value('feed'), slot: value('slot'), holder: 'test', lease_until_ms: 0 })
      .returning(['feed', 'slot']),
);
