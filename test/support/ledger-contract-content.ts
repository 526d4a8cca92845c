import { expect, test } from 'vitest';

import { EventsTooMany } from '../../src/inference/ledger-store.ts';
import type { NewEvent, SpeedSample } from '../../src/inference/ledger-store.ts';
import {
  ending,
  ledgerOver,
  noonMs,
  notExecuted,
  reserved,
  unknownOutcome,
} from './ledger-samples.ts';
import type { ContractLedger } from './ledger-store-contract.ts';

export function describeContent({ store, other, restart }: ContractLedger): void {
  test('request and output are kept apart in time and come back together', async () => {
    const ledger = ledgerOver(store());
    const request = 'p:{"text":"ünïcode ✓ 🚀 \\u0000"}';
    const content = { request, output: undefined, expiresAtMs: noonMs + 1_000 };
    const run = await reserved(ledger, { content });
    expect(await store().contents([run.id, 'nobody'])).toEqual([
      { runId: run.id, ...content },
      undefined,
    ]);
    const output = `p:${'x'.repeat(200_000)}`;
    await ledger.end(run, ending(), {
      content: { request: undefined, output, expiresAtMs: noonMs + 2_000 },
    });
    await restart();
    expect(await store().contents(['nobody', run.id])).toEqual([
      undefined,
      { runId: run.id, request, output, expiresAtMs: noonMs + 2_000 },
    ]);
  });

  test('events come in order, from any position, in pages, on any process', async () => {
    const ledger = ledgerOver(store());
    const run = await reserved(ledger, { mode: 'STREAM' });
    await ledger.appendEvents(run.id, eventsFrom(1, 3), noonMs + 1_000);
    await ledger.appendEvents(run.id, eventsFrom(4, 5), noonMs + 1_000);
    const last: NewEvent = { position: 6, atMs: noonMs + 6, body: null };
    await ledger.end(run, ending(), { events: [last], eventsExpireAtMs: noonMs + 1_000 });

    const all = [...eventsFrom(1, 5), last];
    expect(await other().events(run.id, 0, 100)).toEqual(all);
    expect(await store().events(run.id, 2, 2)).toEqual(all.slice(2, 4));
    expect(await store().events(run.id, 6, 100)).toEqual([]);
    expect(await store().events('nobody', 0, 100)).toEqual([]);
    await restart();
    expect(await store().events(run.id, 4, 100)).toEqual(all.slice(4));
  });

  test('pages of events of many runs come in one call, each from its own position, within a bound', async () => {
    const ledger = ledgerOver(store());
    const [one, two, silent] = [
      await reserved(ledger, { mode: 'STREAM' }),
      await reserved(ledger, { mode: 'STREAM' }),
      await reserved(ledger, { mode: 'STREAM' }),
    ];
    await ledger.appendEvents(one.id, eventsFrom(1, 5), noonMs + 1_000);
    // Positions need not follow one upon the other.
    await ledger.appendEvents(two.id, eventsFrom(3, 4), noonMs + 1_000);
    await ledger.appendEvents(two.id, eventsFrom(9, 9), noonMs + 1_000);
    const from = (runId: string, afterPosition: number) => ({ runId, afterPosition });
    const questions = [from(one.id, 0), from(two.id, 0), from('nobody', 0), from(silent.id, 0)];
    const asked = [...questions, from(one.id, 3), from(two.id, 4), from(two.id, 9)];
    expect(await store().eventPages(asked, 2)).toEqual([
      eventsFrom(1, 2),
      eventsFrom(3, 4),
      [],
      [],
      eventsFrom(4, 5),
      eventsFrom(9, 9),
      [],
    ]);
    expect(await store().eventPages([from(two.id, 0)], 100)).toEqual([
      [...eventsFrom(3, 4), ...eventsFrom(9, 9)],
    ]);
    expect(await store().eventPages([], 100)).toEqual([]);
    const many = Array.from({ length: 2_001 }, () => from(one.id, 0));
    await expect(store().eventPages(many, 5)).rejects.toThrow(EventsTooMany);
    expect(await store().eventPages(many.slice(0, 1_000), 5)).toHaveLength(1_000);
  });

  test('a position is taken once: a second writer is refused whole', async () => {
    const ledger = ledgerOver(store());
    const run = await reserved(ledger, { mode: 'STREAM' });
    await ledger.appendEvents(run.id, eventsFrom(1, 2), noonMs);
    await expect(ledger.appendEvents(run.id, eventsFrom(2, 4), noonMs)).rejects.toThrow();
    expect(await store().events(run.id, 0, 100)).toEqual(eventsFrom(1, 2));
  });

  test('a stream that was not executed and is tried again begins its events anew', async () => {
    const ledger = ledgerOver(store());
    const run = await reserved(ledger, { mode: 'STREAM' });
    const first: NewEvent = { position: 1, atMs: noonMs, body: null };
    await ledger.end(run, notExecuted, { events: [first], eventsExpireAtMs: noonMs });
    const { caller, idempotencyKey } = run;
    await reserved(ledger, { caller, idempotencyKey });
    expect(await store().events(run.id, 0, 100)).toEqual([]);
    await ledger.appendEvents(run.id, eventsFrom(1, 1), noonMs);
    expect(await store().events(run.id, 0, 100)).toEqual(eventsFrom(1, 1));
  });

  test('content and events end with their time, a bounded number at once, receipts stay', async () => {
    const ledger = ledgerOver(store());
    const soon = { request: 'p:1', output: 'p:2', expiresAtMs: noonMs - 3_600_000 };
    const run = await reserved(ledger, { content: soon });
    const kept = await reserved(ledger, {
      content: { ...soon, expiresAtMs: noonMs - 3_599_000 },
    });
    await ledger.appendEvents(run.id, eventsFrom(1, 3), noonMs - 3_600_000);
    await ledger.appendEvents(kept.id, eventsFrom(1, 1), noonMs - 3_599_000);
    await ledger.end(run, unknownOutcome);

    expect(await store().expireContent(noonMs - 3_600_001, 100)).toBe(0);
    expect(await store().expireContent(noonMs - 3_600_000, 1)).toBe(2);
    expect(await store().expireContent(noonMs - 3_600_000, 100)).toBe(3);
    expect(await store().expireContent(noonMs - 3_600_000, 100)).toBe(0);
    expect(await store().contents([run.id])).toEqual([undefined]);
    expect(await store().events(run.id, 0, 100)).toEqual([]);
    expect(await store().contents([kept.id])).toHaveLength(1);
    expect(await store().events(kept.id, 0, 100)).toHaveLength(1);
    expect((await store().run(run.id))?.state).toBe('UNKNOWN');
    expect(await store().facts(run.id)).toHaveLength(3);
  });

  test('of the speed samples each offering gives its newest, since a moment', async () => {
    const ledger = ledgerOver(store());
    const sample = (offeringId: string, atMs: number, speed: number | undefined): SpeedSample => ({
      offeringId,
      atMs,
      tokensPerSecond: speed,
      timeToFirstTokenMs: speed === undefined ? 12.75 : undefined,
      queueMs: 0.1 + 0.2,
    });
    const samples = [
      sample('fast', 1, 987.654_321),
      sample('fast', 2, undefined),
      sample('fast', 3, 3),
      sample('slow', 2, 1 / 3),
      sample('slow', 1, 1),
    ];
    for (const speed of samples) await ledger.end(await reserved(ledger), ending(), { speed });
    await restart();
    expect(await store().speedSamples(1, 2)).toEqual([
      samples[1],
      samples[2],
      samples[4],
      samples[3],
    ]);
    expect(await store().speedSamples(2, 2)).toEqual([samples[1], samples[2], samples[3]]);
    expect(await store().speedSamples(4, 2)).toEqual([]);
  });

  test('an owner is alive until its lease runs out, and says who else is', async () => {
    const now = Date.now();
    expect(await store().renewOwner('a', now, now + 60_000)).toEqual(['a']);
    expect(await other().renewOwner('b', now, now + 60_000)).toEqual(['a', 'b']);
    // A lease of no length is over at once.
    expect(await other().renewOwner('b', now, now)).toEqual(['a']);
    expect(await store().renewOwner('c', now, now + 60_000)).toEqual(['a', 'c']);
    await restart();
    expect(await store().renewOwner('a', now, now + 60_000)).toEqual(['a', 'c']);
  });

  test('an answer that was stored with its run is there or not there with it', async () => {
    const ledger = ledgerOver(store());
    const run = await reserved(ledger);
    await ledger.end(run, ending(), {
      content: { request: undefined, output: 'p:1', expiresAtMs: noonMs },
    });
    const again = ledger.end(run, ending(), {
      content: { request: undefined, output: 'p:2', expiresAtMs: noonMs },
      events: eventsFrom(1, 1),
    });
    await expect(again).rejects.toThrow();
    expect((await store().contents([run.id]))[0]?.output).toBe('p:1');
    expect(await store().events(run.id, 0, 10)).toEqual([]);
  });
}

function eventsFrom(first: number, last: number): NewEvent[] {
  return Array.from({ length: last - first + 1 }, (_, index) => ({
    position: first + index,
    atMs: noonMs + first + index,
    body: `p:{"text":"${first + index} é \\u0000"}`,
  }));
}
