import { afterEach, describe, expect, test } from 'vitest';

import { nextTurn, type StoreTransaction } from '../../src/store/transactions.ts';
import { insertSlot } from '../support/slot-rows.ts';
import { createSqliteBench, type SqliteBench } from '../support/sqlite-bench.ts';

let bench: SqliteBench;
afterEach(() => bench.dispose());

const insert = (slot: number) => (transaction: StoreTransaction) =>
  transaction.execute(insertSlot, { feed: 'test', slot });
const times = <Item>(count: number, make: (index: number) => Item) =>
  Array.from({ length: count }, (_, index) => make(index));
const commits = () => bench.executed.filter((text) => text === 'commit').length;
const storedSlots = async () => {
  const rows = await bench.database
    .selectFrom('poll_slot')
    .select('slot')
    .orderBy('slot')
    .execute();
  return rows.map(({ slot }) => slot);
};

describe('group commit', () => {
  test('the work of one turn of the event loop takes one commit', async () => {
    bench = await createSqliteBench();
    await Promise.all(times(64, (slot) => bench.transactions.run(insert(slot))));
    expect(commits()).toBe(1);
    expect(await storedSlots()).toHaveLength(64);
  });

  test('a caller alone is not made to wait for others', async () => {
    bench = await createSqliteBench();
    await bench.transactions.run(insert(1));
    await bench.transactions.run(insert(2));
    expect(commits()).toBe(2);
  });

  test('no caller hears of success before the commit', async () => {
    bench = await createSqliteBench();
    const commitsSeen = await Promise.all(
      times(10, (slot) => bench.transactions.run(insert(slot)).then(commits)),
    );
    expect(commitsSeen).toEqual(times(10, () => 1));
  });

  test('a refusal too is told after the commit: it may rest on what the group wrote', async () => {
    bench = await createSqliteBench();
    const told = await Promise.all([
      bench.transactions.run(insert(1)),
      bench.transactions.run(insert(1)).catch(commits),
    ]);
    expect(told[1]).toBe(1);
    expect(await storedSlots()).toEqual([1]);
  });

  test('groups have a greatest size', async () => {
    bench = await createSqliteBench({ maximumGroupSize: 10 });
    await Promise.all(times(35, (slot) => bench.transactions.run(insert(slot))));
    expect(commits()).toBe(4);
    expect(await storedSlots()).toEqual(times(35, (slot) => slot));
  });

  test('a group that has used up its time leaves the rest to the next, in their order', async () => {
    bench = await createSqliteBench({ groupBudgetMs: 0 });
    const order: number[] = [];
    await Promise.all(
      times(5, (slot) =>
        bench.transactions.run(async (transaction) => {
          order.push(slot);
          await insert(slot)(transaction);
        }),
      ),
    );
    expect(commits()).toBe(5);
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  test('work beyond the limit of waiting work is refused at once', async () => {
    bench = await createSqliteBench({ maximumPending: 3 });
    const outcomes = await Promise.allSettled(
      times(5, (slot) => bench.transactions.run(insert(slot))),
    );
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    expect(outcomes[4]).toMatchObject({ reason: { code: 'BUSY' } });
  });

  test('takes savepoints only when a piece of work has failed, which then alone is not stored', async () => {
    bench = await createSqliteBench();
    const savepoints = () => bench.executed.filter((text) => text === 'savepoint work').length;
    await Promise.all(times(8, (slot) => bench.transactions.run(insert(slot))));
    expect(savepoints()).toBe(0);

    const seen: number[] = [];
    const counting = async (transaction: StoreTransaction) => {
      const rows = await transaction.kysely.selectFrom('poll_slot').select('slot').execute();
      seen.push(rows.length);
      return rows.length;
    };
    const outcomes = await Promise.allSettled([
      bench.transactions.run(insert(10)),
      bench.transactions.run(counting),
      bench.transactions.run(async (transaction) => {
        await insert(11)(transaction);
        throw new Error('refused');
      }),
      bench.transactions.run(counting),
      bench.transactions.run(insert(12)),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    // What was done before the failure was done again, on the same state.
    expect(seen).toEqual([9, 9, 9]);
    expect(savepoints()).toBe(5);
    expect(commits()).toBe(2);
    expect(await storedSlots()).toEqual([...times(8, (slot) => slot), 10, 12]);
  });

  test('a commit that fails fails every caller of the group, stores nothing, and the next works', async () => {
    bench = await createSqliteBench();
    bench.failNext('commit');
    const outcomes = await Promise.allSettled([
      ...times(5, (slot) => bench.transactions.run(insert(slot))),
      bench.transactions.run(async () => {
        throw new Error('refused on what the group wrote');
      }),
    ]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { errcode: 13 } });
    }
    expect(await storedSlots()).toEqual([]);
    await bench.transactions.run(insert(9));
    expect(await storedSlots()).toEqual([9]);
  });

  test('nobody hears of a commit or reads what it wrote before the disk has it', async () => {
    bench = await createSqliteBench();
    const { promise: onDisk, resolve: finishSync } = Promise.withResolvers<void>();
    const { promise: syncing, resolve: noteSync } = Promise.withResolvers<void>();
    const told: string[] = [];
    bench.beforeSync(async () => {
      noteSync();
      await onDisk;
      told.push('disk');
    });
    const work = bench.transactions.run(insert(1)).then(() => told.push('caller'));
    await syncing;
    const reading = storedSlots().then((slots) => told.push(`reader of ${slots.join()}`));
    const next = bench.transactions.run(insert(2)).then(() => told.push('next caller'));
    for (let turn = 0; turn < 20; turn += 1) await nextTurn();
    expect(told).toEqual([]);
    finishSync();
    await Promise.all([work, reading, next]);
    expect(told.toSorted()).toEqual(['caller', 'disk', 'disk', 'next caller', 'reader of 1']);
    expect(told[0]).toBe('disk');
  });

  test('the event loop goes on while the disk is at work', async () => {
    bench = await createSqliteBench();
    let turns = 0;
    bench.beforeSync(async () => {
      for (; turns < 50; turns += 1) await nextTurn();
    });
    await bench.transactions.run(insert(1));
    expect(turns).toBe(50);
  });

  test('what is written outside a group is synced by SQLite itself', async () => {
    bench = await createSqliteBench();
    const synchronous = () => ({ ...bench.file.prepare('pragma synchronous').get() });
    const inGroup = await bench.transactions.run(async () => synchronous());
    expect(inGroup).toEqual({ synchronous: 1 });
    const inKyselys = bench.database.transaction().execute(async () => synchronous());
    expect(await inKyselys).toEqual({ synchronous: 2 });
    expect(await bench.transactions.run(async () => synchronous())).toEqual({ synchronous: 1 });
    const inSlices = bench.transactions.runInSlices(async () => synchronous());
    expect(await inSlices).toEqual({ synchronous: 2 });
    bench.failNext('commit');
    await expect(bench.transactions.run(insert(1))).rejects.toMatchObject({ errcode: 13 });
    const insertion = bench.database
      .insertInto('poll_slot')
      .values({ feed: 'test', slot: 2, holder: 'a', lease_until_ms: 0 })
      .execute();
    await insertion;
    expect(synchronous()).toEqual({ synchronous: 2 });
  });

  test('a disk that fails leaves the outcome unknown, and nobody reads or adds to what it may have lost', async () => {
    bench = await createSqliteBench();
    bench.beforeSync(async () => {
      throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
    });
    const outcomes = await Promise.allSettled(
      times(3, (slot) => bench.transactions.run(insert(slot))),
    );
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'DISK_FAILED' } });
    }
    await expect(bench.transactions.run(insert(9))).rejects.toMatchObject({
      code: 'DISK_FAILED',
    });
    const refused = { code: 'DISK_FAILED' };
    await expect(bench.transactions.runInSlices(insert(7))).rejects.toMatchObject(refused);
    await expect(storedSlots()).rejects.toMatchObject(refused);
  });

  test('a failure that ends the whole transaction fails everybody in it', async () => {
    bench = await createSqliteBench();
    const outcomes = await Promise.allSettled([
      bench.transactions.run(insert(1)),
      bench.transactions.run(async () => {
        // What SQLite does by itself when the disk is full.
        bench.file.exec('rollback');
        throw new Error('disk full');
      }),
      bench.transactions.run(insert(3)),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await storedSlots()).toEqual([]);
    await bench.transactions.run(insert(9));
    expect(await storedSlots()).toEqual([9]);
  });

  test('work that waits for something else is undone in time, and the work beside it is stored', async () => {
    bench = await createSqliteBench({ maximumWorkMs: 50 });
    let late: Promise<unknown> = Promise.resolve();
    let wake: () => void = () => undefined;
    const outcomes = await Promise.allSettled([
      bench.transactions.run(insert(1)),
      bench.transactions.run(async (transaction) => {
        await insert(2)(transaction);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        late = insert(3)(transaction);
        await late;
      }),
      bench.transactions.run(insert(4)),
    ]);
    wake();
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'TRANSACTION_TOO_LONG' } });
    await expect(Promise.resolve().then(() => late)).rejects.toMatchObject({
      code: 'TRANSACTION_FAILED',
    });
    expect(await storedSlots()).toEqual([1, 4]);
  });

  test('long work that takes too long is undone and frees the connection', async () => {
    bench = await createSqliteBench({ maximumSlicedMs: 50 });
    const long = bench.transactions.runInSlices(async (transaction) => {
      await insert(1)(transaction);
      await new Promise(() => undefined);
    });
    await expect(long).rejects.toMatchObject({ code: 'TRANSACTION_TOO_LONG' });
    await bench.transactions.run(insert(2));
    expect(await storedSlots()).toEqual([2]);
  });
});

describe('the queue for the connection', () => {
  test('serves in the order of asking', async () => {
    bench = await createSqliteBench();
    const order: number[] = [];
    await bench.queue.acquire();
    const waiting = times(5, (index) =>
      bench.queue.acquire().then(() => {
        bench.queue.release();
        return order.push(index);
      }),
    );
    bench.queue.release();
    await Promise.all(waiting);
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  test('a loop of statements leaves the event loop its turns', async () => {
    bench = await createSqliteBench();
    const seen = { timer: false };
    setTimeout(() => {
      seen.timer = true;
    }, 1);
    const deadline = performance.now() + 10_000;
    while (!seen.timer && performance.now() < deadline) await storedSlots();
    expect(seen.timer).toBe(true);
  });

  test('refuses whom it has no place for, and who has waited too long', async () => {
    bench = await createSqliteBench({ maximumWaiting: 1, maximumWaitMs: 20 });
    await bench.queue.acquire();
    const first = bench.queue.acquire();
    await expect(bench.queue.acquire()).rejects.toMatchObject({ code: 'BUSY' });
    await expect(first).rejects.toMatchObject({ code: 'BUSY' });
    bench.queue.release();
    await expect(storedSlots()).resolves.toEqual([]);
  });

  test('a transaction that somebody left open on the connection is undone', async () => {
    bench = await createSqliteBench();
    await bench.database.connection().execute(async (database) => {
      bench.file.exec('begin');
      await database
        .insertInto('poll_slot')
        .values({ feed: 'test', slot: 1, holder: 'test', lease_until_ms: 0 })
        .execute();
    });
    expect(await storedSlots()).toEqual([]);
  });
});
