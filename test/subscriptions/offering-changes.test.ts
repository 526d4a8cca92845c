import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';

import { startLiveService } from '../support/live-service.ts';
import type { LiveService } from '../support/live-service.ts';
import { collectFrom, until } from './collected.ts';
import type { Collected } from './collected.ts';
import { startForThisTest } from './own-service.ts';
import { RawSubscriber } from './raw-subscriber.ts';

const open = 'gpubroker_subscriptions_open{transport="websocket"}';
const [small, large] = ['openai/gpt-oss-20b', 'openai/gpt-oss-120b'] as const;
const offeringOf = (model: string) => `groq:us-east:on_demand:${model}`;

const query = `subscription Changes($filter: OfferingFilter, $after: String) {
  offeringChanged(filter: $filter, after: $after) {
    cursor kind snapshotVersion at offeringId
    before { ...State }
    after { ...State }
    offering { id available pricing { input } provider { id } }
  }
}
fragment State on OfferingState {
  available lifecycle throughput pricePending
  price { costPerToken method input output cachedInput unit basis version }
}`;

interface Change {
  readonly cursor: string;
  readonly kind: string;
  readonly snapshotVersion: number;
  readonly offeringId: string | null;
  readonly before: State | null;
  readonly after: State | null;
  readonly offering: { readonly id: string } | null;
}

interface State {
  readonly available: boolean;
  readonly lifecycle: string;
  readonly throughput: number | null;
  readonly pricePending: boolean;
  readonly price: Readonly<Record<string, string | null>> | null;
}

let service: LiveService;
beforeAll(async () => {
  service = await startLiveService();
});
afterAll(async () => {
  await service.stop();
});

/** A subscriber who is being told, with what he has been told. */
async function subscribed(variables: Record<string, unknown> = {}, on: LiveService = service) {
  const client = createClient({ url: on.webSocketUrl, webSocketImpl: WebSocket, retryAttempts: 0 });
  onTestFinished(async () => await client.dispose());
  const before = await on.begun();
  const collected = collectFrom(client, query, variables);
  await until(async () => (await on.begun()) > before);
  return { ...collected, client };
}

function changesOf(collected: Collected<unknown>): readonly Change[] {
  return collected.values.map(
    (value) => (value as { data: { offeringChanged: Change } }).data.offeringChanged,
  );
}

let cents = 0;
/** A price that none had before, near enough to the one before not to be held back. */
function newPrice(): string {
  cents += 1;
  return `0.0000001${String(cents).padStart(3, '0')}1`;
}

describe('a change of an offering', () => {
  test('is told with both prices, speed, availability and lifecycle, and the version that has it', async () => {
    const subscriber = await subscribed();
    const before = service.catalogue.snapshot;
    const price = newPrice();
    await service.setInputPrice(small, price);
    await subscriber.count(1);
    const [change] = changesOf(subscriber);
    const entry = before.offerings.get(offeringOf(small));
    expect(change).toMatchObject({
      kind: 'CHANGED',
      offeringId: offeringOf(small),
      snapshotVersion: service.catalogue.snapshot.version,
      before: {
        available: true,
        lifecycle: 'ACTIVE',
        throughput: entry?.throughput,
        pricePending: false,
        price: {
          input: entry?.price?.components?.input?.toString(),
          version: entry?.price?.version,
          basis: 'LIVE',
          unit: 'TOKEN',
        },
      },
      after: { available: true, lifecycle: 'ACTIVE', price: { input: price, basis: 'LIVE' } },
      offering: { id: offeringOf(small), pricing: { input: price }, provider: { id: 'groq' } },
    });
    expect(change?.after?.price?.['version']).not.toBe(change?.before?.price?.['version']);
    expect(service.catalogue.snapshot.version).toBeGreaterThan(before.version);
  });

  test('is told to those alone whose filter it meets, before or after', async () => {
    const others = await subscribed({ filter: { model: [large] } });
    const cheap = await subscribed({ filter: { model: [small], maxCostPerToken: '0.000000200' } });
    const dear = await subscribed({ filter: { model: [small], maxCostPerToken: '0.00000000001' } });
    await service.setInputPrice(small, '0.0000001');
    await service.setInputPrice(small, '0.0000008');
    await service.setInputPrice(small, '0.0000007');
    await service.setInputPrice(small, '0.0000001');
    await service.setInputPrice(large, newPrice());
    await others.count(1);
    // It came in, left for a dearer price, and came in again; while it was dear nothing was said of it.
    await cheap.count(3);
    expect(changesOf(cheap).map(({ after }) => after?.price?.['input'])).toEqual([
      '0.0000001',
      '0.0000008',
      '0.0000001',
    ]);
    expect(changesOf(others).map(({ offeringId }) => offeringId)).toEqual([offeringOf(large)]);
    expect(dear.values).toEqual([]);
  });

  test('that takes it off the list is told, first as not available', async () => {
    const own = await startForThisTest();
    const subscriber = await subscribed({ filter: { model: [large] } }, own);
    await own.removeModel(large);
    await until(() => changesOf(subscriber).some(({ after }) => after?.available === false));
    const gone = changesOf(subscriber).find(({ after }) => after?.available === false);
    expect(gone).toMatchObject({
      kind: 'CHANGED',
      before: { available: true, lifecycle: 'ACTIVE' },
    });
    expect(changesOf(subscriber).at(-1)?.offering).toMatchObject({ available: false });
  });
});

describe('a client that was away', () => {
  test('gets exactly what it missed, in order, and goes on from there', async () => {
    const stayed = await subscribed();
    const left = await subscribed();
    await service.setInputPrice(small, newPrice());
    await left.count(1);
    left.stop();
    for (let times = 0; times < 30; times += 1) {
      await service.setInputPrice(times % 3 === 0 ? large : small, newPrice());
    }
    const back = await subscribed({ after: changesOf(left)[0]?.cursor });
    await service.setInputPrice(small, newPrice());
    await stayed.count(32);
    await back.count(31);
    expect(changesOf(back).map(({ cursor, kind }) => [cursor, kind])).toEqual(
      changesOf(stayed)
        .slice(1)
        .map(({ cursor, kind }) => [cursor, kind]),
    );
    // What is told late has its old and new state, and the offering as it is by now.
    expect(changesOf(back)[0]?.before).toEqual(changesOf(stayed)[1]?.before);
    expect(changesOf(back)[0]?.after).toEqual(changesOf(stayed)[1]?.after);
  });

  test('and missed nothing, gets nothing but what comes', async () => {
    const first = await subscribed();
    await service.setInputPrice(small, newPrice());
    await first.count(1);
    const second = await subscribed({ after: changesOf(first)[0]?.cursor });
    await service.setInputPrice(small, newPrice());
    await second.count(1);
    await first.count(2);
    expect(changesOf(second)[0]?.cursor).toBe(changesOf(first)[1]?.cursor);
  });

  test('for too long, or comes to another process, is told to reload and then of what comes', async () => {
    const first = await subscribed();
    await service.setInputPrice(small, newPrice());
    await first.count(1);
    const another = await startForThisTest();
    const back = await subscribed({ after: changesOf(first)[0]?.cursor }, another);
    await another.setInputPrice(small, newPrice());
    await back.count(2);
    expect(changesOf(back)).toMatchObject([
      { kind: 'RELOAD', offeringId: null, offering: null, before: null, after: null },
      { kind: 'CHANGED', offeringId: offeringOf(small) },
    ]);
    // The cursor of the word to reload is one to go on from.
    const again = await subscribed({ after: changesOf(back)[0]?.cursor }, another);
    await again.count(1);
    expect(changesOf(again)).toEqual(changesOf(back).slice(1));
  });
});

test('what many ask is made once for all of them, wherever they begin', async () => {
  const own = await startForThisTest();
  const shared = await RawSubscriber.ready(own.webSocketUrl);
  const first = await subscribed({}, own);
  await own.setInputPrice(small, newPrice());
  await first.count(1);
  const after = changesOf(first)[0]?.cursor;
  for (let id = 0; id < 40; id += 1) {
    shared.subscribe(`${id}`, query, id % 2 === 0 ? { after } : { after: null });
  }
  await until(async () => (await own.metric(open)) === 41);
  const before = own.contextsMade();
  await own.setInputPrice(small, newPrice());
  await shared.received(41);
  // One for those with `after: null`, which is another variable than none, and one for the others.
  expect(own.contextsMade() - before).toBeLessThanOrEqual(2);
  const payloads = new Set(shared.messages.slice(1).map(({ payload }) => JSON.stringify(payload)));
  expect(payloads.size).toBe(1);
  shared.leave();
});
