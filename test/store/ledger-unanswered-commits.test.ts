import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Decimal } from '../../src/domain/decimal.ts';
import type { LedgerStore } from '../../src/inference/ledger-store.ts';
import { SqlLedgerStore } from '../../src/store/ledger/ledger-store.ts';
import type { Store } from '../../src/store/open-store.ts';
import { noNotices } from '../../src/store/store-notices.ts';
import { FaultyTransactions, type CommitFate } from '../support/faulty-transactions.ts';
import {
  ending,
  foldOf,
  ledgerOver,
  noonMs,
  reservation,
  reserved,
  today,
} from '../support/ledger-samples.ts';
import {
  createTestDatabase,
  postgresSkippedBecause,
  type TestDatabase,
} from '../support/postgres.ts';
import { spelled } from '../support/spelled.ts';
import { openQuietly } from '../support/store-opening.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

describe.skipIf(postgresSkippedBecause !== undefined)('a commit that is not answered', () => {
  let given: TestDatabase;
  let store: Store;

  beforeAll(async () => {
    given = await createTestDatabase();
    store = await openQuietly({ databaseUrl: given.url });
  });

  afterAll(async () => {
    await store.close();
    await given.drop();
  });

  function faulty(...fates: CommitFate[]): {
    ledger: LedgerStore;
    transactions: FaultyTransactions;
  } {
    const { engine, database } = store;
    const transactions = new FaultyTransactions(store, fates);
    return {
      transactions,
      ledger: new SqlLedgerStore({ engine, database, transactions }, noNotices, 1_000),
    };
  }

  /** One run, its facts once, its money held once. */
  async function expectReservedOnce(caller: string): Promise<void> {
    const [run, ...others] = await store.ledger.listRuns({ caller, limit: 10 });
    if (run === undefined) throw new Error('The run is lost');
    expect(others).toEqual([]);
    const facts = await store.ledger.facts(run.id);
    expect(facts.map(({ kind }) => kind)).toEqual(['RESERVED', 'SENDING']);
    expect(spelled(foldOf(run, facts))).toStrictEqual(spelled(run));
    expect(`${(await store.ledger.budgetOrSum(caller, today)).reserved}`).toBe('0.1');
  }

  // Each lost commit is followed by the transaction that looks for it.
  test.each<{ readonly fates: readonly CommitFate[] }>([
    { fates: ['COMMITTED'] },
    { fates: ['UNDONE'] },
    { fates: ['COMMITTED_LATER'] },
    { fates: ['UNDONE_LATER'] },
    { fates: ['UNDONE', 'ANSWERED', 'COMMITTED_LATER'] },
    { fates: ['UNDONE_LATER', 'ANSWERED', 'UNDONE', 'ANSWERED', 'COMMITTED'] },
    { fates: ['COMMITTED', 'COMMITTED', 'UNDONE_LATER'] },
  ])('is found out: a reservation is made once after $fates', async ({ fates }) => {
    const { ledger } = faulty(...fates);
    const { caller, ...rest } = reservation({ dailyBudget: Decimal.of('1') });
    const result = await ledgerOver(ledger).reserve({ caller, ...rest });
    expect(result.kind).toBe('RESERVED');
    await expectReservedOnce(caller);
  });

  test('of an end is found out, and the run is settled once', async () => {
    const run = await reserved(ledgerOver(store.ledger), { dailyBudget: Decimal.of('1') });
    for (const fate of ['COMMITTED', 'COMMITTED_LATER', 'UNDONE_LATER'] as const) {
      const other = await reserved(ledgerOver(store.ledger), { dailyBudget: Decimal.of('1') });
      const settled = await ledgerOver(faulty(fate).ledger).end(other, ending());
      expect(settled.state).toBe('SUCCEEDED');
      expect(await store.ledger.facts(other.id)).toHaveLength(3);
      const { reserved: held, spent } = await store.ledger.budgetOrSum(other.caller, today);
      expect([`${held}`, `${spent}`]).toEqual(['0', `${settled.charge}`]);
    }
    expect((await store.ledger.run(run.id))?.state).toBe('RUNNING');
  });

  test('of events is found out, and they are stored once', async () => {
    for (const fate of ['COMMITTED', 'UNDONE', 'COMMITTED_LATER', 'UNDONE_LATER'] as const) {
      const run = await reserved(ledgerOver(store.ledger));
      const events = [
        { position: 1, atMs: noonMs, body: 'p:1' },
        { position: 2, atMs: noonMs, body: 'p:2' },
      ];
      await ledgerOver(faulty(fate).ledger).appendEvents(run.id, events, noonMs);
      expect(await store.ledger.events(run.id, 0, 10)).toEqual(events);
    }
  });

  test('is not taken for one’s own when another process has written the same fact', async () => {
    const run = await reserved(ledgerOver(store.ledger, { owner: 'a' }), { start: 'QUEUED' });
    const { ledger } = faulty('UNDONE');
    const adopt = ledgerOver(ledger, { owner: 'b' }).adopt(run);
    // Between the lost commit and the look at it, or after the repeat: one of them gets the run.
    const rival = ledgerOver(store.ledger, { owner: 'b' }).adopt(run);
    const outcomes = await Promise.allSettled([adopt, rival]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await store.ledger.facts(run.id)).toHaveLength(3);
  });

  test('of work that only read needs no looking: what it read is given', async () => {
    const run = await reserved(ledgerOver(store.ledger));
    const { ledger, transactions } = faulty('SILENT_FROM_NOW_ON');
    const { caller, idempotencyKey } = run;
    const again = await ledgerOver(ledger).reserve(reservation({ caller, idempotencyKey }));
    expect(again).toMatchObject({ kind: 'KNOWN', run: { id: run.id } });
    expect(transactions.begun).toBe(1);
  });

  test('is reported as unknown when the database says nothing more', async () => {
    const { ledger } = faulty('SILENT_FROM_NOW_ON');
    await expect(reserved(ledgerOver(ledger))).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN' });
  });

  test('that comes to nothing again and again is a failure, with nothing stored', async () => {
    const { caller } = reservation();
    const { engine, database } = store;
    const transactions = new FaultyTransactions(store, []);
    let begun = 0;
    const work = transactions.run.bind(transactions);
    transactions.run = async (piece) => {
      begun += 1;
      // Every second transaction is a look.
      if (begun % 2 === 0) return await work(piece);
      return await new FaultyTransactions(store, ['UNDONE']).run(piece);
    };
    const ledger = new SqlLedgerStore({ engine, database, transactions });
    await expect(reserved(ledgerOver(ledger), { caller })).rejects.toMatchObject({
      code: 'TRANSACTION_FAILED',
    });
    expect(await store.ledger.countRuns({ caller })).toBe(0);
  });

  describe('behind a real cut', () => {
    let proxy: TcpProxy;
    let cut: Store;

    beforeAll(async () => {
      const proxied = await TcpProxy.before(given.url);
      proxy = proxied.proxy;
      cut = await openQuietly({ databaseUrl: proxied.url });
    });

    afterAll(async () => {
      await cut.close();
      await proxy.stop();
    });

    test.each(['BEFORE', 'AFTER'] as const)(
      '%s the server hears of it, a reservation is made once',
      async (when) => {
        await cut.ping();
        const { caller, ...rest } = reservation({ dailyBudget: Decimal.of('1') });
        proxy.cutOnce('commit\0', when);
        const result = await ledgerOver(cut.ledger).reserve({ caller, ...rest });
        expect(result.kind).toBe('RESERVED');
        await expectReservedOnce(caller);
      },
    );

    test('with connections cut at random, no acknowledged fact is lost or doubled, and the books add up', async () => {
      const { caller } = reservation();
      const ledger = ledgerOver(cut.ledger);
      const acknowledged = new Map<string, number>();
      const over = new AbortController();
      const cutting = (async () => {
        while (!over.signal.aborted) {
          await new Promise((resolve) => {
            setTimeout(resolve, 30 + Math.random() * 120);
          });
          proxy.cutAll();
        }
      })();
      const launch = async (number: number) => {
        try {
          const run = await reserved(ledger, { caller, dailyBudget: Decimal.of('1000') });
          acknowledged.set(run.id, run.facts);
          if (number % 4 === 3) return;
          const ended = await ledger.end(run, ending());
          acknowledged.set(run.id, ended.facts);
        } catch {
          // Not acknowledged: it may be there or not, but whole.
        }
      };
      for (let round = 0; round < 6; round += 1) {
        await Promise.all(Array.from({ length: 12 }, (_, number) => launch(number)));
      }
      over.abort();
      await cutting;

      const runs = await store.ledger.listRuns({ caller, limit: 1_000 });
      expect(acknowledged.size).toBeGreaterThan(0);
      let [held, spent] = [Decimal.zero, Decimal.zero];
      for (const run of runs) {
        const facts = await store.ledger.facts(run.id);
        expect(facts.length).toBeGreaterThanOrEqual(acknowledged.get(run.id) ?? 0);
        expect(spelled(foldOf(run, facts))).toStrictEqual(spelled(run));
        if (run.state === 'RUNNING') held = held.plus(run.reserved);
        spent = spent.plus(run.charge);
      }
      expect([...acknowledged.keys()].filter((id) => !runs.some((run) => run.id === id))).toEqual(
        [],
      );
      const budget = await store.ledger.budgetOrSum(caller, today);
      expect([`${budget.reserved}`, `${budget.spent}`]).toEqual([`${held}`, `${spent}`]);
    }, 60_000);
  });
});
