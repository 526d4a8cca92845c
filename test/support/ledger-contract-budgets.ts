import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { Decimal } from '../../src/domain/decimal.ts';
import type { BudgetDay, LedgerStore } from '../../src/inference/ledger-store.ts';
import { dayOf, holdsReservation } from '../../src/inference/run.ts';
import type { Run } from '../../src/inference/run.ts';
import {
  dayMs,
  ending,
  ledgerOver,
  notExecuted,
  reservation,
  reserved,
  SetClock,
  today,
  unknownOutcome,
} from './ledger-samples.ts';
import type { ContractLedger } from './ledger-store-contract.ts';

export function describeBudgets({ store, other, restart }: ContractLedger): void {
  test('against a budget for N-1 calls, exactly N-1 of N at once go out', async () => {
    const { caller } = reservation();
    const ledgers = [ledgerOver(store()), ledgerOver(other())] as const;
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        ledgers[index % 2 === 0 ? 0 : 1].reserve(
          reservation({ caller, dailyBudget: Decimal.of('3.9') }),
        ),
      ),
    );
    const available = results.flatMap((result) =>
      result.kind === 'BUDGET_EXCEEDED' ? [result.available.toString()] : [],
    );
    expect(results.filter(({ kind }) => kind === 'RESERVED')).toHaveLength(39);
    expect(available).toEqual(['0']);
    await restart();
    const { reserved: held, spent } = await store().budgetOrSum(caller, today);
    expect([held.toString(), spent.toString()]).toEqual(['3.9', '0']);
  });

  test('ends, voids, unknown outcomes and resolutions move exactly what they should', async () => {
    const ledger = ledgerOver(store());
    const { caller } = reservation();
    const launch = () => reserved(ledger, { caller, dailyBudget: Decimal.of('100') });
    const expectBudget = async (held: string, spent: string) => {
      const budget = await store().budgetOrSum(caller, today);
      expect([budget.reserved.toString(), budget.spent.toString()]).toEqual([held, spent]);
    };
    const [paid, voided, lost, gone] = [
      await launch(),
      await launch(),
      await launch(),
      await launch(),
    ];
    await expectBudget('0.4', '0');
    const { charge } = await ledger.end(paid, ending());
    // 1,000 × 0.0000000731 + 700 × 0.00000033333333333333333333333
    expect(charge.toString()).toBe('0.000306433333333333333333331');
    await expectBudget('0.3', '0.000306433333333333333333331');
    await ledger.end(voided, notExecuted);
    await expectBudget('0.2', '0.000306433333333333333333331');
    await ledger.end(lost, unknownOutcome);
    await ledger.lose(gone, 'gone');
    await expectBudget('0.2', '0.000306433333333333333333331');
    const resolution = {
      evidence: 'invoice',
      by: 'operator',
      atMs: Date.parse('2026-11-25T00:00:00Z'),
      requestId: 'request',
    };
    await ledger.resolve(lost.id, { ...resolution, outcome: 'EXECUTED' }, Decimal.of('0.07'));
    await expectBudget('0.1', '0.070306433333333333333333331');
    await ledger.resolve(gone.id, { ...resolution, outcome: 'NOT_EXECUTED' }, Decimal.zero);
    await expectBudget('0', '0.070306433333333333333333331');
  });

  test('a budget that begins within a day knows what the day has held and spent before', async () => {
    const clock = new SetClock();
    const ledger = ledgerOver(store(), { clock });
    const { caller } = reservation();
    const yesterday = clock.now() - dayMs;
    clock.set(yesterday);
    await reserved(ledger, { caller });
    clock.set(yesterday + dayMs);
    const [ended, open] = [await reserved(ledger, { caller }), await reserved(ledger, { caller })];
    await reserved(ledger);
    await ledger.end(ended, ending());
    expect(await store().transaction((each) => each.budget(caller, today))).toBeUndefined();

    const tight = await ledger.reserve(
      reservation({ caller, dailyBudget: Decimal.of('0.200306433333333333333333330') }),
    );
    expect(tight.kind).toBe('BUDGET_EXCEEDED');
    await ledger.end(open, ending({ usage: undefined, state: 'UNKNOWN', outcome: 'UNKNOWN' }));
    const fits = await ledger.reserve(
      reservation({ caller, dailyBudget: Decimal.of('0.200306433333333333333333331') }),
    );
    expect(fits.kind).toBe('RESERVED');
    const { reserved: held, spent } = await store().budgetOrSum(caller, today);
    expect(held.toString()).toBe('0.2');
    expect(spent.toString()).toBe('0.000306433333333333333333331');
  });

  test('a day without a budget has one from the first launch that brings it, also where that was undone before', async () => {
    const ledger = ledgerOver(store());
    const { caller } = reservation();
    const without = () => reserved(ledger, { caller, dailyBudget: undefined });
    const first = await without();
    const undone = store().transaction(async (each) => {
      await each.beginBudget(caller, today);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    await without();
    expect(await store().transaction((each) => each.budget(caller, today))).toBeUndefined();

    await reserved(ledger, { caller, dailyBudget: Decimal.of('100') });
    await without();
    await ledger.end(first, notExecuted);
    const budget = await store().transaction((each) => each.budget(caller, today));
    expect([budget?.reserved.toString(), budget?.spent.toString()]).toEqual(['0.3', '0']);
  });

  test('a budget that begins while its caller launches and ends runs misses none of them', async () => {
    const { caller } = reservation();
    const ledgers = [ledgerOver(store()), ledgerOver(other())] as const;
    await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const ledger = ledgers[index % 2 === 0 ? 0 : 1];
        const dailyBudget = index % 4 === 3 ? Decimal.of('1000') : undefined;
        const run = await reserved(ledger, { caller, dailyBudget });
        if (index % 3 === 0) await ledger.end(run, ending());
        if (index % 3 === 1) await ledger.end(run, unknownOutcome);
      }),
    );
    await expectBudgetOf(store(), caller);
  });

  test('after any history a budget holds what open runs hold and has spent what they charged', async () => {
    const step = fc.record({
      act: fc.constantFrom('reserve', 'end', 'void', 'doubt', 'lose', 'resolve', 'retry', 'sleep'),
      pick: fc.nat(),
      budget: fc.boolean(),
      worstCase: fc.constantFrom('0.1', '0.000000000000000000001', '3', '0.07000000000001'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const clock = new SetClock();
        const ledger = ledgerOver(store(), { clock });
        const { caller } = reservation();
        const runs: Run[] = [];
        for (const { act, pick, budget, worstCase } of steps) {
          const run = runs[pick % Math.max(1, runs.length)];
          const given = {
            caller,
            worstCase: Decimal.of(worstCase),
            dailyBudget: budget ? Decimal.of('8') : undefined,
          };
          if (act === 'sleep') clock.pass(dayMs / 3);
          if (act === 'reserve' || run === undefined) {
            const result = await ledger.reserve(reservation(given));
            if (result.kind === 'RESERVED') runs.push(result.run);
            continue;
          }
          const { idempotencyKey } = run;
          // Steps that the state of the run does not allow are refused, and must change nothing either.
          const acts = {
            end: () => ledger.end(run, ending()),
            void: () => ledger.end(run, notExecuted),
            doubt: () => ledger.end(run, unknownOutcome),
            lose: () => ledger.lose(run, 'gone'),
            resolve: () =>
              ledger.resolve(
                run.id,
                {
                  outcome: pick % 2 === 0 ? 'EXECUTED' : 'NOT_EXECUTED',
                  evidence: 'invoice',
                  by: 'operator',
                  atMs: clock.now(),
                  requestId: 'request',
                },
                Decimal.of('0.05'),
              ),
            retry: () => ledger.reserve(reservation({ ...given, idempotencyKey })),
            sleep: async () => undefined,
          };
          await acts[act]().catch(() => undefined);
        }
        await expectBudgetOf(store(), caller);
      }),
      { numRuns: 30 },
    );
  });

  test('budgets of callers and days are apart', async () => {
    const clock = new SetClock();
    const ledger = ledgerOver(store(), { clock });
    const given = { caller: 'apart', dailyBudget: Decimal.of('0.1') };
    await reserved(ledger, given);
    expect((await ledger.reserve(reservation(given))).kind).toBe('BUDGET_EXCEEDED');
    expect((await ledger.reserve(reservation({ ...given, caller: 'apart ' }))).kind).toBe(
      'RESERVED',
    );
    clock.pass(dayMs);
    expect((await ledger.reserve(reservation(given))).kind).toBe('RESERVED');
  });
}

/** Each day's budget, kept or summed, against what the runs themselves say. */
async function expectBudgetOf(store: LedgerStore, caller: string): Promise<void> {
  const days = new Map<string, BudgetDay>();
  for (const run of await store.listRuns({ caller, limit: 1_000 })) {
    const day = dayOf(run.reservedAtMs);
    const sum = days.get(day) ?? { reserved: Decimal.zero, spent: Decimal.zero };
    days.set(day, {
      reserved: holdsReservation(run) ? sum.reserved.plus(run.reserved) : sum.reserved,
      spent: sum.spent.plus(run.charge),
    });
  }
  for (const [day, expected] of days) {
    const budget = await store.budgetOrSum(caller, day);
    expect([day, `${budget.reserved}`, `${budget.spent}`]).toEqual([
      day,
      `${expected.reserved}`,
      `${expected.spent}`,
    ]);
  }
}
