import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { Decimal } from '../../src/domain/decimal.ts';
import type { UsageGroup, UsageRow } from '../../src/inference/ledger-store.ts';
import type { Run } from '../../src/inference/run.ts';
import {
  awkwardPrices,
  dayMs,
  ending,
  ledgerOver,
  noonMs,
  notExecuted,
  reservation,
  reserved,
  SetClock,
  unknownOutcome,
} from './ledger-samples.ts';
import type { ContractLedger } from './ledger-store-contract.ts';

export function describeUsage({ store }: ContractLedger): void {
  test('awkward amounts are summed to the last digit', async () => {
    const ledger = ledgerOver(store());
    const { caller } = reservation();
    for (let count = 0; count < 10; count += 1) {
      const run = await reserved(ledger, { caller, worstCase: Decimal.of('1') });
      const usage = { inputTokens: 3, cachedInputTokens: 2, outputTokens: 1 };
      await ledger.end(run, ending({ usage }));
    }
    // 10 × (1 × 0.0000000731 + 2 × 7e-30 + 0.00000033333333333333333333333)
    const sum = '0.00000406433333333333333333344';
    expect(await shown(caller)).toEqual([
      { runs: 10, unresolvedRuns: 0, tokens: [30, 10], charge: sum, cost: [sum, sum] },
    ]);
  });

  test('sums of any amounts of any length are exact', async () => {
    const anyAmount = fc
      .tuple(fc.bigInt({ min: 1n, max: 10n ** 30n }), fc.integer({ min: 0, max: 40 }))
      .map(([coefficient, scale]) => Decimal.of(`${coefficient}e-${scale}`));
    await fc.assert(
      fc.asyncProperty(fc.array(anyAmount, { minLength: 1, maxLength: 6 }), async (amounts) => {
        const ledger = ledgerOver(store());
        const { caller } = reservation();
        for (const amount of amounts) {
          const prices = { ...awkwardPrices, input: amount, output: amount };
          const run = await reserved(ledger, { caller, prices, worstCase: amount });
          await ledger.end(run, ending({ usage: { inputTokens: 1, outputTokens: 0 } }));
        }
        const [row] = await store().usage({ caller, groupBy: [], limit: 10 });
        const sum = amounts.reduce((total, amount) => total.plus(amount), Decimal.zero);
        expect(row?.charge.toString()).toBe(sum.toString());
        expect(row?.costMaximum.toString()).toBe(sum.toString());
      }),
      { numRuns: 20 },
    );
  });

  test('unknown outcomes show apart, by their reservation, with nothing charged', async () => {
    const clock = new SetClock();
    const ledger = ledgerOver(store(), { clock });
    const { caller } = reservation();
    const unknown = await reserved(ledger, { caller });
    await reserved(ledger, { caller });
    clock.pass(dayMs);
    await ledger.end(unknown, unknownOutcome);

    expect(await shown(caller, ['DAY'])).toEqual([
      {
        DAY: '2026-11-23',
        runs: 0,
        unresolvedRuns: 1,
        tokens: [0, 0],
        charge: '0',
        cost: ['0', '0.1'],
      },
    ]);
  });

  test('a late resolution counts on its own date, and no longer as unknown', async () => {
    const clock = new SetClock();
    const ledger = ledgerOver(store(), { clock });
    const { caller } = reservation();
    const run = await reserved(ledger, { caller });
    await ledger.end(run, unknownOutcome);
    const resolution = {
      outcome: 'EXECUTED',
      evidence: 'invoice',
      by: 'operator',
      atMs: noonMs + 3 * dayMs,
      requestId: 'request',
    } as const;
    await ledger.resolve(run.id, resolution, Decimal.of('0.03'));

    const row = {
      runs: 1,
      unresolvedRuns: 0,
      tokens: [0, 0],
      charge: '0.03',
      cost: ['0.03', '0.03'],
    };
    expect(await shown(caller, ['DAY'])).toEqual([{ DAY: '2026-11-26', ...row }]);
    const from = (fromMs: number, toMs: number) => shown(caller, [], { fromMs, toMs });
    expect(await from(noonMs - dayMs, noonMs + dayMs)).toEqual([]);
    expect(await from(noonMs + 3 * dayMs, noonMs + 3 * dayMs + 1)).toEqual([row]);
    expect(await from(noonMs + 3 * dayMs - 1, noonMs + 3 * dayMs)).toEqual([]);
  });

  test('a bounded cost charges its minimum and shows both bounds', async () => {
    const ledger = ledgerOver(store());
    const { caller } = reservation();
    const run = await reserved(ledger, { caller });
    await ledger.end(run, ending({ state: 'FAILED', outcome: 'EXECUTED', usage: undefined }));
    await ledger.end(await reserved(ledger, { caller }), notExecuted);
    expect(await shown(caller)).toEqual([
      { runs: 2, unresolvedRuns: 0, tokens: [0, 0], charge: '0', cost: ['0', '0.1'] },
    ]);
  });

  test('rows are grouped by what is asked for, in order, up to a limit', async () => {
    const clock = new SetClock();
    const ledger = ledgerOver(store(), { clock });
    const { caller } = reservation();
    const settle = async (given: Partial<Parameters<typeof reservation>[0]>): Promise<Run> =>
      await ledger.end(await reserved(ledger, { caller, ...given }), ending());
    await settle({ offeringId: 'b', modelId: 'm1', priceVersion: 'pv_2', providerId: 'p1' });
    await settle({ offeringId: 'a', modelId: 'm1', priceVersion: 'pv_1', providerId: 'p2' });
    clock.pass(dayMs);
    await settle({ offeringId: 'a', modelId: 'm2', priceVersion: 'pv_1', providerId: 'p1' });

    const groups = async (groupBy: UsageGroup[], limit = 100) =>
      (await store().usage({ caller, groupBy, limit })).map((row) => [
        ...groupBy.map((group) => row.group[group]),
        row.runs,
      ]);
    expect(await groups([])).toEqual([[3]]);
    expect(await groups(['OFFERING'])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    expect(await groups(['MODEL', 'DAY'])).toEqual([
      ['m1', '2026-11-23', 2],
      ['m2', '2026-11-24', 1],
    ]);
    expect(await groups(['DAY', 'PROVIDER', 'PRICE_VERSION'], 2)).toEqual([
      ['2026-11-23', 'p1', 'pv_2', 1],
      ['2026-11-23', 'p2', 'pv_1', 1],
    ]);
    expect(await groups(['CALLER'])).toEqual([[caller, 3]]);
    expect(await store().usage({ caller: 'nobody', groupBy: [], limit: 1 })).toEqual([]);
  });

  test('runs are chosen by caller, state and offering', async () => {
    const ledger = ledgerOver(store());
    const [one, two] = [reservation().caller, reservation().caller];
    await ledger.end(await reserved(ledger, { caller: one, offeringId: 'chosen' }), ending());
    await ledger.end(await reserved(ledger, { caller: two, offeringId: 'chosen' }), notExecuted);
    const runs = async (criteria: object) => {
      const rows = await store().usage({ caller: undefined, groupBy: [], limit: 1, ...criteria });
      return rows[0]?.runs ?? 0;
    };
    expect(await runs({ offeringIds: ['chosen'] })).toBe(2);
    expect(await runs({ offeringIds: ['chosen'], states: ['FAILED'] })).toBe(1);
    expect(await runs({ offeringIds: ['chosen'], caller: one })).toBe(1);
    expect(await runs({ offeringIds: [] })).toBe(0);
    expect(await runs({ states: [] })).toBe(0);
  });

  async function shown(
    caller: string,
    groupBy: UsageGroup[] = [],
    criteria: { fromMs?: number; toMs?: number } = {},
  ): Promise<object[]> {
    return (await store().usage({ caller, groupBy, limit: 100, ...criteria })).map(shownRow);
  }
}

function shownRow(row: UsageRow): object {
  return {
    ...row.group,
    runs: row.runs,
    unresolvedRuns: row.unresolvedRuns,
    tokens: [row.inputTokens, row.outputTokens],
    charge: row.charge.toString(),
    cost: [row.costMinimum.toString(), row.costMaximum.toString()],
  };
}
