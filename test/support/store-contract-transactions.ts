import { expect, test } from 'vitest';

import { isUniqueViolation } from '../../src/store/store-error.ts';
import type { StoreTransaction } from '../../src/store/transactions.ts';
import { addSlot, insertSlot, moveSlots, removeSlots } from './slot-rows.ts';
import type { ContractStore } from './store-opening.ts';

export function describeTransactions({ store, restart }: ContractStore): void {
  const insert = (transaction: StoreTransaction, feed: string, slot: number) =>
    transaction.execute(insertSlot, { feed, slot });
  const slotsOf = async (feed: string) => {
    const rows = await store()
      .database.selectFrom('poll_slot')
      .select('slot')
      .where('feed', '=', feed)
      .orderBy('slot')
      .execute();
    return rows.map(({ slot }) => slot);
  };

  test('work gives its result, and what it stored survives a restart', async () => {
    const rows = await store().transactions.run((transaction) => insert(transaction, 'kept', 7));
    expect(rows.map((row) => ({ ...row }))).toEqual([{ feed: 'kept', slot: 7 }]);
    await restart();
    expect(await slotsOf('kept')).toEqual([7]);
  });

  test('work sees what it wrote before, by both ways of asking', async () => {
    const seen = await store().transactions.run(async (transaction) => {
      await insert(transaction, 'seen', 1);
      await transaction.kysely
        .updateTable('poll_slot')
        .set({ slot: 2 })
        .where('feed', '=', 'seen')
        .execute();
      return await transaction.kysely
        .selectFrom('poll_slot')
        .select('slot')
        .where('feed', '=', 'seen')
        .executeTakeFirstOrThrow();
    });
    expect(seen.slot).toBe(2);
  });

  test('a change says how many rows it added, changed or removed, 0 where there was nothing to do', async () => {
    const counts = await store().transactions.run(async (transaction) => {
      const add = (slot: number) => transaction.change(addSlot, { feed: 'counted', slot });
      const move = (from: number) => transaction.change(moveSlots, { feed: 'counted', from });
      const added = [await add(1), await add(2), await add(3), await add(3)];
      const moved = [await move(2), await move(100)];
      return { added, moved, removed: await transaction.change(removeSlots, { feed: 'counted' }) };
    });
    expect(counts).toEqual({ added: [1, 1, 1, 0], moved: [2, 0], removed: 3 });
  });

  test('work that throws is undone alone; the work beside it is stored', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, (_, slot) =>
        store().transactions.run(async (transaction) => {
          await insert(transaction, 'beside', slot);
          if (slot % 3 === 0) throw new Error(`refused ${slot}`);
          return slot;
        }),
      ),
    );

    const kept = Array.from({ length: 30 }, (_, slot) => slot).filter((slot) => slot % 3 !== 0);
    expect(
      outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : [])),
    ).toEqual(kept);
    expect(outcomes[0]).toMatchObject({ reason: new Error('refused 0') });
    expect(await slotsOf('beside')).toEqual(kept);
  });

  test('work that throws before its first statement is refused, not lost', async () => {
    const work = (): Promise<never> => {
      throw new Error('at once');
    };
    await expect(store().transactions.run(work)).rejects.toThrow('at once');
  });

  test('a statement that fails reaches the caller in its own words', async () => {
    await store().transactions.run((transaction) => insert(transaction, 'twice', 1));
    const again = store().transactions.run((transaction) => insert(transaction, 'twice', 1));
    expect(await again.catch(isUniqueViolation)).toBe(true);
  });

  test('work whose failed statement was caught inside stores nothing', async () => {
    await store().transactions.run((transaction) => insert(transaction, 'caught', 1));
    const work = store().transactions.run(async (transaction) => {
      await insert(transaction, 'caught', 2);
      await insert(transaction, 'caught', 1).catch(() => undefined);
    });
    await expect(work).rejects.toMatchObject({ code: 'TRANSACTION_FAILED' });
    expect(await slotsOf('caught')).toEqual([1]);
  });

  test('a statement after the end of its work is refused', async () => {
    let leaked: StoreTransaction | undefined;
    await store().transactions.run(async (transaction) => {
      leaked = transaction;
      await insert(transaction, 'leaked', 1);
    });
    await expect(leaked?.execute(insertSlot, { feed: 'leaked', slot: 2 })).rejects.toThrow(
      /ended|committed/,
    );
    await expect(
      leaked?.kysely.deleteFrom('poll_slot').where('feed', '=', 'leaked').execute(),
    ).rejects.toThrow(/ended|committed/);
    expect(await slotsOf('leaked')).toEqual([1]);
  });

  test('work of many callers at once never loses an update', async () => {
    const callers = 100;
    await store().transactions.run((transaction) => insert(transaction, 'counter', 0));
    const counts = await Promise.all(
      Array.from({ length: callers }, () =>
        store().transactions.run(({ kysely }) =>
          kysely
            .updateTable('poll_slot')
            .set((expressions) => ({ slot: expressions('slot', '+', 1) }))
            .where('feed', '=', 'counter')
            .returning('slot')
            .executeTakeFirstOrThrow(),
        ),
      ),
    );
    expect(counts.map(({ slot }) => slot).sort((left, right) => left - right)).toEqual(
      Array.from({ length: callers }, (_, index) => index + 1),
    );
  });

  test('of many that each read a limit and then write, serializable work never exceeds it', async () => {
    const limit = 3;
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, (_, slot) =>
        store().transactions.run(async (transaction) => {
          const { taken } = await transaction.kysely
            .selectFrom('poll_slot')
            .select((expressions) => expressions.fn.countAll<number>().as('taken'))
            .where('feed', '=', 'limited')
            .executeTakeFirstOrThrow();
          if (taken < limit) await insert(transaction, 'limited', slot);
          return taken < limit;
        }, 'serializable'),
      ),
    );
    expect(outcomes.filter(Boolean)).toHaveLength(limit);
    expect(await slotsOf('limited')).toHaveLength(limit);
  });

  test('long work is one transaction: all of it or nothing', async () => {
    const fill = (feed: string, failAt: number) =>
      store().transactions.runInSlices(async (transaction, pause) => {
        for (let slot = 0; slot < 10; slot += 1) {
          if (slot === failAt) throw new Error('half-way');
          await insert(transaction, feed, slot);
          await pause();
        }
      });
    await expect(fill('half', 5)).rejects.toThrow('half-way');
    await fill('whole', 10);
    expect(await slotsOf('half')).toEqual([]);
    expect(await slotsOf('whole')).toHaveLength(10);
  });

  test('statements and short work beside long work never become part of it', async () => {
    let beside: Promise<unknown>[] = [];
    const long = store().transactions.runInSlices(async (transaction, pause) => {
      await insert(transaction, 'long', 1);
      beside = [
        store().transactions.run((other) => insert(other, 'beside-long', 1)),
        store()
          .database.insertInto('poll_slot')
          .values({ feed: 'beside-long', slot: 2, holder: 'test', lease_until_ms: 0 })
          .execute(),
      ];
      for (let turn = 0; turn < 10; turn += 1) await pause();
      throw new Error('undone');
    });
    await expect(long).rejects.toThrow('undone');
    await Promise.all(beside);
    expect(await slotsOf('long')).toEqual([]);
    expect(await slotsOf('beside-long')).toEqual([1, 2]);
  });

  test('a long read sees one state while others write', async () => {
    let written: Promise<unknown> = Promise.resolve();
    const counts = await store().transactions.readInSlices(async ({ kysely }, pause) => {
      const count = async () =>
        (await kysely.selectFrom('poll_slot').select('slot').where('feed', '=', 'state').execute())
          .length;
      const before = await count();
      written = store().transactions.run((transaction) => insert(transaction, 'state', 1));
      for (let turn = 0; turn < 50; turn += 1) await pause();
      return [before, await count()];
    });
    await written;
    expect(counts).toEqual([0, 0]);
    expect(await slotsOf('state')).toEqual([1]);
  });

  test('integers come back exactly up to 2^53 - 1, and are an error beyond', async () => {
    await store().transactions.run((transaction) =>
      insert(transaction, 'exact', Number.MAX_SAFE_INTEGER),
    );
    expect(await slotsOf('exact')).toEqual([Number.MAX_SAFE_INTEGER]);

    await store().transactions.run(({ kysely }) =>
      kysely
        .updateTable('poll_slot')
        .set((expressions) => ({ slot: expressions('slot', '+', 2) }))
        .where('feed', '=', 'exact')
        .execute(),
    );
    await expect(slotsOf('exact')).rejects.toThrow(/2\^53|too large/);
  });

  test('closing does the accepted work, and refuses what comes after', async () => {
    const closing = store();
    const accepted = Array.from({ length: 20 }, (_, slot) =>
      closing.transactions.run((transaction) => insert(transaction, 'closing', slot)),
    );
    await closing.close();
    await expect(Promise.all(accepted)).resolves.toHaveLength(20);
    const late = closing.transactions.run((transaction) => insert(transaction, 'closing', 99));
    await expect(late).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(closing.ping()).rejects.toThrow(/closed|destroyed/);

    await restart();
    expect(await slotsOf('closing')).toHaveLength(20);
    await expect(store().ping()).resolves.toBeUndefined();
  });
}
