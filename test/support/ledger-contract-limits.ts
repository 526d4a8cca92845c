import { expect, test } from 'vitest';

import { Decimal } from '../../src/domain/decimal.ts';
import { afterFact } from '../../src/inference/facts.ts';
import {
  ending,
  ledgerOver,
  notExecuted,
  reservation,
  reserved,
  reservedFact,
  runOfReservation,
  SetClock,
  unknownOutcome,
} from './ledger-samples.ts';
import type { ContractLedger } from './ledger-store-contract.ts';

export function describeLimits({ store, other, restart }: ContractLedger): void {
  /** Callers of both processes, turn by turn. */
  const ledgers = () => [ledgerOver(store()), ledgerOver(other())] as const;

  test('100 reservations of one key at once make one run, which all of them get', async () => {
    const given = reservation({ dailyBudget: Decimal.of('1') });
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        ledgers()[index % 2 === 0 ? 0 : 1].reserve({ ...given, id: `${given.id}-${index}` }),
      ),
    );

    const kinds = results.map(({ kind }) => kind).sort();
    expect(kinds).toEqual([...Array<string>(99).fill('KNOWN'), 'RESERVED']);
    const ids = new Set(results.map((result) => ('run' in result ? result.run.id : '')));
    expect(ids.size).toBe(1);
    expect(await store().countRuns({ caller: given.caller })).toBe(1);
    expect(await store().facts([...ids][0] ?? '')).toHaveLength(2);
    expect((await store().budgetOrSum(given.caller, '2026-11-23')).reserved.toString()).toBe('0.1');
  });

  test('a key stays known after a restart, to its own caller only', async () => {
    const run = await reserved(ledgerOver(store()));
    const { caller, idempotencyKey } = run;
    await restart();
    const ledger = ledgerOver(store());
    const again = await ledger.reserve(reservation({ caller, idempotencyKey }));
    expect(again).toMatchObject({ kind: 'KNOWN', run: { id: run.id } });
    const otherHash = await ledger.reserve(
      reservation({ caller, idempotencyKey, requestHash: 'other' }),
    );
    expect(otherHash.kind).toBe('CONFLICT');
    expect((await ledger.reserve(reservation({ idempotencyKey }))).kind).toBe('RESERVED');
  });

  test('of many who try a key again that was not executed, one does', async () => {
    const run = await reserved(ledgerOver(store()));
    await ledgerOver(store()).end(run, notExecuted);
    const { caller, idempotencyKey } = run;
    const results = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        ledgers()[index % 2 === 0 ? 0 : 1].reserve(reservation({ caller, idempotencyKey })),
      ),
    );
    expect(results.filter(({ kind }) => kind === 'RESERVED')).toHaveLength(1);
    expect(await store().run(run.id)).toMatchObject({ state: 'RUNNING', fence: 2, facts: 5 });
  });

  test('a run whose key the caller has used is refused by the store itself', async () => {
    const { caller, idempotencyKey } = await reserved(ledgerOver(store()));
    const before = runOfReservation({ caller, idempotencyKey });
    const first = reservedFact(before);
    const insert = store().transaction((ledger) =>
      ledger.insertRun(afterFact(before, first), [first]),
    );
    await expect(insert).rejects.toMatchObject({ code: 'KEY_TAKEN' });
    expect(await store().run(before.id)).toBeUndefined();
  });

  test('never more runs are in flight at a provider than its places, whoever launches', async () => {
    const { providerId } = reservation();
    const results = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        ledgers()[index % 2 === 0 ? 0 : 1].reserve(reservation({ providerId, concurrency: 7 })),
      ),
    );
    const kinds = results.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'RESERVED')).toHaveLength(7);
    expect(kinds.filter((kind) => kind === 'PROVIDER_FULL')).toHaveLength(53);
    const elsewhere = await ledgerOver(store()).reserve(reservation({ concurrency: 7 }));
    expect(elsewhere.kind).toBe('RESERVED');
  });

  test('a provider may have thousands of places, and not one more', async () => {
    const { providerId } = reservation();
    const take = (runId: string) =>
      store().transaction((ledger) => ledger.takePlace(providerId, runId, 150));
    const taken = await Promise.all(
      Array.from({ length: 160 }, (_, index) => take(`run-${index}`)),
    );
    expect(taken.filter(Boolean)).toHaveLength(150);
  });

  test('a place is free again as soon as its run is not in flight, however it ended', async () => {
    const ledger = ledgerOver(store());
    const { providerId } = reservation();
    const launch = () => ledger.reserve(reservation({ providerId, concurrency: 1 }));
    const ends = [
      (run: Parameters<typeof ledger.end>[0]) => ledger.end(run, ending()),
      (run: Parameters<typeof ledger.end>[0]) => ledger.end(run, notExecuted),
      (run: Parameters<typeof ledger.end>[0]) => ledger.end(run, unknownOutcome),
      (run: Parameters<typeof ledger.end>[0]) => ledger.lose(run, 'gone'),
    ];
    for (const end of ends) {
      const result = await launch();
      if (result.kind !== 'RESERVED') throw new Error(`The place is still taken: ${result.kind}`);
      await ledger.requestCancel(result.run.id, result.run.caller, { requestId: 'request' });
      expect((await launch()).kind).toBe('PROVIDER_FULL');
      await end((await store().run(result.run.id)) ?? result.run);
    }
    expect((await launch()).kind).toBe('RESERVED');
  });

  test('a run that waits has no place, and takes one when it is sent', async () => {
    const ledger = ledgerOver(store());
    const { providerId } = reservation();
    const waiting = await reserved(ledger, { providerId, start: 'QUEUED' });
    const first = await reserved(ledger, { providerId, concurrency: 1 });
    expect(await ledger.sendQueued(waiting, 1)).toBeUndefined();
    expect((await store().run(waiting.id))?.state).toBe('QUEUED');

    await ledger.end(first, ending());
    expect(await ledger.sendQueued(waiting, 1)).toMatchObject({ state: 'RUNNING' });
    const full = await ledger.reserve(reservation({ providerId, concurrency: 1 }));
    expect(full.kind).toBe('PROVIDER_FULL');
  });

  test('a reservation that is refused takes no place', async () => {
    const ledger = ledgerOver(store());
    const { providerId } = reservation();
    const refused = await ledger.reserve(
      reservation({ providerId, concurrency: 1, dailyBudget: Decimal.of('0.05') }),
    );
    expect(refused.kind).toBe('BUDGET_EXCEEDED');
    expect((await ledger.reserve(reservation({ providerId, concurrency: 1 }))).kind).toBe(
      'RESERVED',
    );
  });

  test('a caller who may launch 5 times a minute does so exactly 5 times, at once or not', async () => {
    const clock = new SetClock();
    const limited = [store(), other()].map((each) =>
      ledgerOver(each, { launchesPerMinute: 5, clock }),
    );
    const { caller } = reservation();
    const launch = async (index: number) =>
      (await limited[index % 2]?.reserve(reservation({ caller })))?.kind;
    const kinds = await Promise.all(Array.from({ length: 20 }, (_, index) => launch(index)));
    expect(kinds.filter((kind) => kind === 'RESERVED')).toHaveLength(5);
    expect(kinds.filter((kind) => kind === 'RATE_LIMITED')).toHaveLength(15);
    clock.pass(60_001);
    expect(await launch(0)).toBe('RESERVED');
    const stranger = await limited[0]?.reserve(reservation());
    expect(stranger?.kind).toBe('RESERVED');
  });
}
