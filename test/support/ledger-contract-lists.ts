import { expect, test } from 'vitest';

import type { RunQuery } from '../../src/inference/ledger-store.ts';
import type { Run } from '../../src/inference/run.ts';
import { ending, ledgerOver, noonMs, reservation, reserved, SetClock } from './ledger-samples.ts';
import type { ContractLedger } from './ledger-store-contract.ts';
import { spelled } from './spelled.ts';

export function describeLists({ store }: ContractLedger): void {
  /** Runs of one caller, three to each millisecond, oldest first. */
  async function launched(caller: string, count: number): Promise<Run[]> {
    const clock = new SetClock();
    const ledger = ledgerOver(store(), { clock });
    const runs: Run[] = [];
    for (let index = 0; index < count; index += 1) {
      if (index % 3 === 0) clock.pass(1);
      runs.push(await reserved(ledger, { caller }));
    }
    return runs.sort(
      (left, right) => left.createdAtMs - right.createdAtMs || (left.id < right.id ? -1 : 1),
    );
  }

  async function paged(query: Omit<RunQuery, 'limit'>, onPage: () => Promise<unknown>) {
    const runs: Run[] = [];
    let behind: RunQuery['behind'];
    for (;;) {
      const page = await store().listRuns({ ...query, behind, limit: 4 });
      runs.push(...page);
      const last = page.at(-1);
      if (last === undefined) return runs;
      behind = { createdAtMs: last.createdAtMs, id: last.id };
      await onPage();
    }
  }

  test.each([false, true])(
    'pages give every run once while others are added; oldest first: %s',
    async (oldestFirst) => {
      const { caller } = reservation();
      const runs = await launched(caller, 22);
      const clock = new SetClock();
      clock.set(noonMs + (oldestFirst ? -60_000 : 60_000));
      const ledger = ledgerOver(store(), { clock });
      const seen = await paged({ caller, oldestFirst }, () => reserved(ledger, { caller }));
      const expected = oldestFirst ? runs : runs.toReversed();
      expect(spelled(seen)).toStrictEqual(spelled(expected));
    },
  );

  test('a list and its count meet all criteria, and nobody else’s runs', async () => {
    const clock = new SetClock();
    const ledger = ledgerOver(store(), { clock });
    const { caller } = reservation();
    const [first, second, third] = [
      await reserved(ledger, { caller, offeringId: 'one' }),
      await reserved(ledger, { caller, offeringId: 'two' }),
      await reserved(ledger, { caller, offeringId: 'one', start: 'QUEUED' }),
    ];
    await ledger.end(first, ending());
    await reserved(ledger, { offeringId: 'one' });
    const found = async (criteria: Partial<RunQuery>) => {
      const query = { caller, ...criteria };
      const runs = await store().listRuns({ ...query, limit: 10 });
      expect(await store().countRuns(query)).toBe(runs.length);
      return runs.map(({ id }) => id).sort();
    };
    expect(await found({})).toEqual([first.id, second.id, third.id].sort());
    expect(await found({ states: ['SUCCEEDED'] })).toEqual([first.id]);
    expect(await found({ states: ['RUNNING', 'QUEUED'] })).toEqual([second.id, third.id].sort());
    expect(await found({ states: [] })).toEqual([]);
    expect(await found({ offeringIds: ['one'], states: ['QUEUED'] })).toEqual([third.id]);
    expect(await found({ offeringIds: [] })).toEqual([]);
    expect(await found({ fromMs: noonMs, toMs: noonMs + 1 })).toHaveLength(3);
    expect(await found({ fromMs: noonMs + 1 })).toEqual([]);
    expect(await found({ toMs: noonMs })).toEqual([]);
    expect(await found({ caller: 'nobody' })).toEqual([]);
  });

  test('operators see the runs of all callers', async () => {
    const ledger = ledgerOver(store());
    const [one, two] = [await reserved(ledger), await reserved(ledger)];
    const { length } = await store().listRuns({ caller: undefined, limit: 1_000 });
    expect(length).toBe(await store().countRuns({ caller: undefined }));
    const ids = (await store().listRuns({ caller: undefined, limit: 1_000 })).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining([one.id, two.id]));
  });
}
