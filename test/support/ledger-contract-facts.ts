import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { Decimal } from '../../src/domain/decimal.ts';
import { afterFact, FactRefused, type Fact } from '../../src/inference/facts.ts';
import type { LedgerStore } from '../../src/inference/ledger-store.ts';
import type { Run } from '../../src/inference/run.ts';
import { anyFact } from './ledger-arbitraries.ts';
import {
  ending,
  foldOf,
  ledgerOver,
  noonMs,
  notExecuted,
  reservation,
  reserved,
  reservedFact,
  runOfReservation,
  SetClock,
  unknownOutcome,
} from './ledger-samples.ts';
import type { ContractLedger } from './ledger-store-contract.ts';
import { spelled } from './spelled.ts';

export function describeFacts({ store, restart, other }: ContractLedger): void {
  test('a run is what its facts add up to, through every way a life can go', async () => {
    const clock = new SetClock();
    const ledger = ledgerOver(store(), { owner: 'first', clock });
    const next = ledgerOver(store(), { owner: 'second', clock });

    const sent = await reserved(ledger);
    clock.pass(10);
    const voided = await ledger.voidAttempt(sent, 'NOT_SENT');
    const again = await ledger.beginAttempt(voided);
    await ledger.end(again, ending());

    const queued = await reserved(ledger, { start: 'QUEUED' });
    const adopted = await next.adopt(queued);
    const begun = await next.sendQueued(adopted, 10);
    await next.requestCancel(queued.id, queued.caller, {
      requestId: 'request-2',
      traceId: 'trace-2',
    });
    await next.end(begun ?? adopted, ending({ state: 'CANCELLED', outcome: 'EXECUTED' }));

    const failed = await reserved(ledger);
    await ledger.end(failed, notExecuted);
    const { id, caller, idempotencyKey } = failed;
    const retried = await ledger.reserve(reservation({ caller, idempotencyKey, mode: 'STREAM' }));
    expect(retried).toMatchObject({ kind: 'RESERVED', run: { id, fence: 2 } });

    const lost = await reserved(ledger);
    await next.lose(lost, 'its process is gone');
    const resolution = {
      outcome: 'EXECUTED',
      evidence: 'invoice 7',
      by: 'operator',
      atMs: noonMs + 60_000,
      requestId: 'request-3',
      traceId: 'trace-3',
    } as const;
    await next.resolve(lost.id, resolution, Decimal.of('0.0123'));

    await restart();
    const states: Record<string, string> = {};
    for (const run of [sent, queued, failed, lost]) {
      const stored = await expectFolded(store(), run.id);
      expect(stored).toEqual(await store().runByKey(run.caller, run.idempotencyKey));
      states[run.id] = stored.state;
    }
    expect(Object.values(states)).toEqual(['SUCCEEDED', 'CANCELLED', 'RUNNING', 'FAILED']);
  });

  test('a new try under the same key is what is asked for then, with nothing left of the refused one', async () => {
    const ledger = ledgerOver(store());
    const first = await reserved(ledger, { metadata: { try: 'first' }, supersedes: undefined });
    await ledger.end(first, notExecuted);
    const { id, caller, idempotencyKey } = first;
    const order = {
      mode: 'STREAM',
      providerId: 'another-provider',
      modelId: 'another-model',
      offeringId: 'another-offering',
      task: 'TEXT_CLASSIFICATION',
      declaredRegion: undefined,
      supersedes: undefined,
      metadata: undefined,
    } as const;
    await ledger.reserve(reservation({ ...order, caller, idempotencyKey, priceVersion: 'pv_2' }));
    await restart();
    const stored = await expectFolded(store(), id);
    expect(stored).toMatchObject({ ...order, id, priceVersion: 'pv_2', state: 'RUNNING' });
    expect(stored).toMatchObject({
      usage: undefined,
      timing: {},
      servedCode: undefined,
      providerRequestId: undefined,
      failure: undefined,
    });
    expect(await store().listRuns({ caller, offeringIds: ['another-offering'], limit: 2 })).toEqual(
      [stored],
    );
  });

  test('any legal sequence of facts is stored as it was told', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyFact, { maxLength: 40 }), fc.nat(), async (facts, salt) => {
        const before = runOfReservation();
        const first = reservedFact(before);
        let run = afterFact(before, first);
        await store().transaction((ledger) => ledger.insertRun(run, [first]));
        const told: Fact[] = [first];
        let pending: Fact[] = [];
        const write = async () => {
          const [written, present] = [pending, run];
          pending = [];
          if (written.length === 0) return;
          const isWritten = store().transaction((ledger) => ledger.updateRun(present, written));
          expect(await isWritten).toBe(true);
        };
        for (const [index, fact] of facts.entries()) {
          const after = legalAfter(run, fact);
          if (after === undefined) continue;
          run = after;
          pending.push(fact);
          told.push(fact);
          if ((index + salt) % 3 !== 0) await write();
        }
        await write();

        expect(spelled(await store().facts(run.id))).toStrictEqual(spelled(told));
        expect(spelled(await store().run(run.id))).toStrictEqual(spelled(run));
        await expectFolded(store(), run.id);
      }),
      { numRuns: 40 },
    );
  });

  test('facts of an owner that another one has followed are refused', async () => {
    const first = ledgerOver(store(), { owner: 'first' });
    const run = await reserved(first, { start: 'QUEUED' });
    const adopted = await ledgerOver(other(), { owner: 'second' }).adopt(run);

    await expect(first.sendQueued(run, 10)).rejects.toThrow(FactRefused);
    await expect(first.end(run, ending())).rejects.toThrow(FactRefused);
    expect(spelled(await store().run(run.id))).toStrictEqual(spelled(adopted));
  });

  test('of many who take over a run at once, one gets it', async () => {
    const run = await reserved(ledgerOver(store(), { owner: 'gone' }), { start: 'QUEUED' });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        ledgerOver(index % 2 === 0 ? store() : other(), { owner: `next-${index}` }).adopt(run),
      ),
    );

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await store().run(run.id))?.fence).toBe(2);
    await expectFolded(store(), run.id);
  });

  test('two writers never append the same fact, and a refused one leaves nothing behind', async () => {
    const run = await reserved(ledgerOver(store()));
    const lost: Fact = { kind: 'LOST', atMs: noonMs, reason: 'gone' };
    const cancel: Fact = { kind: 'CANCEL_REQUESTED', atMs: noonMs, by: 'x', requestId: 'y' };
    const first = store().transaction((ledger) =>
      ledger.updateRun(afterFact(run, cancel), [cancel]),
    );
    expect(await first).toBe(true);

    const stale = store().transaction((ledger) => ledger.updateRun(afterFact(run, lost), [lost]));
    expect(await stale).toBe(false);
    const stranger = runOfReservation();
    const nowhere = store().transaction((ledger) =>
      ledger.updateRun({ ...afterFact(stranger, reservedFact(stranger)), facts: 2 }, [lost]),
    );
    expect(await nowhere).toBe(false);

    expect((await store().facts(run.id)).map(({ kind }) => kind)).toEqual([
      'RESERVED',
      'SENDING',
      'CANCEL_REQUESTED',
    ]);
  });

  test('an ending keeps what others added to the run since its owner last saw it', async () => {
    const ledger = ledgerOver(store(), { owner: 'sender' });
    const run = await reserved(ledger);
    const canceller = ledgerOver(other(), { owner: 'another' });
    await canceller.requestCancel(run.id, run.caller, { requestId: 'of-the-cancel' });

    const settled = await ledger.end(run, ending());
    expect(settled).toMatchObject({ state: ending().state, facts: 4 });
    expect(settled.cancelRequestedAtMs).toBeDefined();
    expect((await store().facts(run.id)).map(({ kind }) => kind)).toEqual([
      'RESERVED',
      'SENDING',
      'CANCEL_REQUESTED',
      'ENDED',
    ]);
    await expectFolded(store(), run.id);
  });

  test('facts that do not lead up to their run are refused', async () => {
    const before = runOfReservation();
    const first = reservedFact(before);
    const run = afterFact(before, first);
    const gap = store().transaction((ledger) => ledger.insertRun({ ...run, facts: 2 }, [first]));
    await expect(gap).rejects.toThrow(RangeError);
    const none = store().transaction((ledger) => ledger.insertRun({ ...run, facts: 0 }, []));
    await expect(none).rejects.toThrow(RangeError);
    expect(await store().run(run.id)).toBeUndefined();
  });

  test('a late answer settles a run that was given up, and a second one is refused', async () => {
    const ledger = ledgerOver(store(), { owner: 'slow' });
    const run = await reserved(ledger);
    await ledgerOver(other(), { owner: 'hasty' }).lose(run, 'no word for 15 seconds');
    const settled = await ledger.end(run, ending());

    expect(settled).toMatchObject({ state: 'SUCCEEDED', facts: 4 });
    await expect(ledger.end(run, ending())).rejects.toThrow(FactRefused);
    await expectFolded(store(), run.id);
  });

  test('work that throws changes nothing, whatever it had written', async () => {
    const given = reservation();
    const ledger = ledgerOver(store());
    const thrown = store().transaction(async (transaction) => {
      const before = runOfReservation(given);
      const first = reservedFact(before);
      await transaction.insertRun(afterFact(before, first), [first]);
      await transaction.putContent({
        runId: given.id,
        request: 'p:{}',
        output: undefined,
        expiresAtMs: noonMs,
      });
      await transaction.takePlace(given.providerId, given.id, 1);
      throw new Error('half-way');
    });
    await expect(thrown).rejects.toThrow('half-way');

    expect(await store().run(given.id)).toBeUndefined();
    expect(await store().facts(given.id)).toEqual([]);
    expect(await store().contents([given.id])).toEqual([undefined]);
    expect((await ledger.reserve({ ...given, concurrency: 1 })).kind).toBe('RESERVED');
  });

  test('runs that have not ended and whose owner is gone are found, the oldest first', async () => {
    const clock = new SetClock();
    const gone = ledgerOver(store(), { owner: 'gone-owner', clock });
    const alive = ledgerOver(store(), { owner: 'alive-owner', clock });
    const inFlight = await reserved(gone);
    clock.pass(1);
    const waiting = await reserved(gone, { start: 'QUEUED' });
    await gone.end(await reserved(gone), ending());
    await gone.end(await reserved(gone), unknownOutcome);
    await reserved(alive);

    const unfinished = async (owners: string[], limit: number) =>
      (await store().unfinishedRuns(owners, limit)).map(({ id }) => id);
    const all = await unfinished([], 1_000);
    const others = all.filter((id) => id !== inFlight.id && id !== waiting.id);
    const owners = await Promise.all(
      others.map(async (id) => (await store().run(id))?.owner ?? ''),
    );
    expect(await unfinished(owners, 10)).toEqual([inFlight.id, waiting.id]);
    expect(await unfinished(owners, 1)).toEqual([inFlight.id]);
    expect(await unfinished([...owners, 'gone-owner'], 10)).toEqual([]);
  });

  test('cancellations that anybody asked for reach the owner until the run has ended', async () => {
    const ledger = ledgerOver(store(), { owner: 'cancelling' });
    const run = await reserved(ledger);
    await reserved(ledger);
    await ledgerOver(other(), { owner: 'elsewhere' }).requestCancel(run.id, run.caller, {
      requestId: 'request',
    });

    expect(await store().cancelRequests('cancelling')).toEqual([run.id]);
    expect(await store().cancelRequests('elsewhere')).toEqual([]);
    await ledger.end(run, ending({ state: 'CANCELLED' }));
    expect(await store().cancelRequests('cancelling')).toEqual([]);
  });

  test('runs by id come in the order asked for, with a gap for what is not there', async () => {
    const ledger = ledgerOver(store());
    const [one, two] = [await reserved(ledger), await reserved(ledger)];
    const found = await store().runs([two.id, 'nobody', one.id, two.id]);
    expect(spelled(found)).toStrictEqual(spelled([two, undefined, one, two]));
    expect(await store().runs([])).toEqual([]);
    expect(await store().runByKey(one.caller, two.idempotencyKey)).toBeUndefined();
  });
}

/** The stored run, which must be what its stored facts add up to. */
async function expectFolded(store: LedgerStore, id: string): Promise<Run> {
  const run = await store.run(id);
  if (run === undefined) throw new Error('The run is not there');
  expect(spelled(foldOf(run, await store.facts(id)))).toStrictEqual(spelled(run));
  return run;
}

function legalAfter(run: Run, fact: Fact): Run | undefined {
  try {
    return afterFact(run, fact);
  } catch (error) {
    if (error instanceof FactRefused) return undefined;
    throw error;
  }
}
