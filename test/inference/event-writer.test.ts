import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { plainContent } from '../../src/inference/content.ts';
import { EventWriter } from '../../src/inference/event-writer.ts';
import { Ledger } from '../../src/inference/ledger.ts';
import type { RunEvent } from '../../src/inference/ledger-store.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/open-store.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { reservation } from '../support/ledger-samples.ts';

let folder: string;
let store: Store;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'events-'));
  store = await openStore({ dataDir: folder, log: pino({ level: 'silent' }) });
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the pieces of a stream', () => {
  let clock: ManualClock;
  let ledger: Ledger;
  let writer: EventWriter;
  let runId: string;
  let published: { readonly event: RunEvent; readonly wasStored: Promise<boolean> }[];
  let runs = 0;

  beforeEach(async () => {
    clock = new ManualClock();
    ledger = new Ledger({
      store: store.ledger,
      clock,
      owner: 'writer',
      launchesPerMinute: undefined,
      keyLifeMs: 86_400_000,
      onOverrun: () => undefined,
    });
    runs += 1;
    const result = await ledger.reserve(
      reservation({ id: `run_${runs}`, idempotencyKey: `key-${runs}`, mode: 'STREAM' }),
    );
    if (result.kind !== 'RESERVED') throw new Error(result.kind);
    runId = result.run.id;
    published = [];
    writer = new EventWriter({
      runId,
      ledger,
      sealer: plainContent,
      clock,
      expiresAtMs: clock.now() + 3_600_000,
      publish: (event) => {
        // Asked in the turn in which it is told: what is found now was committed before.
        const wasStored = store.ledger
          .events(runId, event.position - 1, 1)
          .then(([stored]) => stored?.position === event.position);
        published.push({ event, wasStored });
      },
    });
  });

  afterEach(async () => {
    const stored = await Promise.all(published.map(async ({ wasStored }) => await wasStored));
    if (stored.length === 0 || stored.includes(false)) throw new Error('Told before its commit');
  });

  const text = (piece: string) => ({ kind: 'TEXT', text: piece }) as const;
  const told = () => published.map(({ event }) => event.delta);

  /** Lets real work on the files go on until this many events were told. */
  const untilTold = async (count: number) => {
    await expect.poll(() => published.length).toBe(count);
  };

  it('gather for 50 ms and become one event of each kind', async () => {
    await writer.add(text('To'));
    await writer.add(text('gether'));
    await writer.add({ kind: 'REASONING', text: 'because' });
    await clock.advance(49);
    expect(await store.ledger.events(runId, 0, 10)).toEqual([]);
    await clock.advance(1);
    await untilTold(2);
    expect(told()).toEqual([text('Together'), { kind: 'REASONING', text: 'because' }]);
  });

  it('do not wait when 4 KB have gathered, and the reader waits for their commit', async () => {
    await writer.add(text('x'.repeat(4000)));
    expect(published).toEqual([]);
    await writer.add(text('y'.repeat(96)));
    expect(told()).toEqual([text('x'.repeat(4000) + 'y'.repeat(96))]);
  });

  it('are committed before anybody is told of them, in order and without a gap', async () => {
    for (let piece = 0; piece < 40; piece += 1) {
      await writer.add(text(`${piece};`.padEnd(500, '.')));
      if (piece % 7 === 6) await clock.advance(50);
    }
    const closing = await writer.closing();
    await ledger.appendEvents(runId, closing, clock.now() + 1000);
    writer.publish(closing);
    const positions = published.map(({ event }) => event.position);
    expect(positions).toEqual(positions.map((_, index) => index + 1));
    const said = told().map((delta) => (delta !== undefined && 'text' in delta ? delta.text : ''));
    expect(said.join('').replaceAll('.', '')).toBe(
      Array.from({ length: 40 }, (_, piece) => `${piece};`).join(''),
    );
    expect(published.at(-1)?.event).toMatchObject({ isEnd: true, delta: undefined });
  });

  it('keep tool calls whole and apart', async () => {
    const call = (id: string) =>
      ({ kind: 'TOOL_CALL', toolCall: { id, name: 'look', arguments: '{}' } }) as const;
    await writer.add(call('a'));
    await writer.add(call('b'));
    await writer.flush();
    expect(told()).toEqual([call('a'), call('b')]);
  });
});
