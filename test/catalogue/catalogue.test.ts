import { describe, expect, it } from 'vitest';

import { launchBlockerOf, priceFreshnessAt } from '../../src/catalogue/launch-blocker.ts';
import type { SnapshotChange } from '../../src/catalogue/catalogue.ts';
import type { MeasuredPerformance } from '../../src/catalogue/snapshot.ts';
import { aProvider } from '../support/registry-entries.ts';
import { startCatalogue } from './catalogue-bench.ts';
import type { CatalogueBench } from './catalogue-bench.ts';
import { hourMs, minuteMs, model, modelList, price, priceList, startMs } from './readings.ts';

const offeringId = 'groq:anywhere:on_demand:one';
const one = model('one', { name: 'One' });
const cheap = price('one', { input: '0.00000015', output: '0.0000006' });
const dear = price('one', { input: '0.00000030', output: '0.0000012' });
const launchable = { endpoints: { TEXT_GENERATION: '/chat' } };

const shippedList = {
  source: 'the shipped list',
  observedAt: '2026-10-02T03:58:23.000Z',
  models: [
    { id: 'one', name: 'One', price: { unit: 'TOKEN', input: '0.00000015', output: '0.0000006' } },
    { id: 'unpriced' },
  ],
};

const statusOf = ({ catalogue }: CatalogueBench) =>
  catalogue.snapshot.providers.get('groq')?.status;
const feedOf = ({ catalogue }: CatalogueBench, name: string) =>
  catalogue.snapshot.providers.get('groq')?.feeds.find((feed) => feed.name === name);

describe('a catalogue that opens', () => {
  it('without anything stored answers from the shipped list, dated and expired, and invents no price', async () => {
    const bench = await startCatalogue({ groq: aProvider({ shippedList }) });
    const { price: shown, available } = bench.offering(offeringId);
    expect(available).toBe(true);
    expect(shown).toMatchObject({
      basis: 'LISTED',
      source: 'the shipped list',
      observedAtMs: Date.parse('2026-10-02T03:58:23Z'),
    });
    expect(shown?.costPerToken?.toString()).toBe('0.0000002625');
    expect(priceFreshnessAt(shown!, bench.clock.now(), 300_000)).toBe('EXPIRED');
    expect(bench.offering('groq:anywhere:on_demand:unpriced').price).toBeUndefined();
    expect(statusOf(bench)).toMatchObject({
      state: 'DEGRADED',
      reason: 'The provider has not been asked yet.',
    });
  });

  it('answers from the last good state with its age, and not from the shipped list any more', async () => {
    const bench = await startCatalogue({ groq: aProvider({ shippedList }) });
    await bench.poll([one], [dear]);
    await bench.clock.advance(6 * hourMs);
    const { version } = bench.catalogue.snapshot;
    await bench.restart();
    expect(bench.offering(offeringId).price).toMatchObject({
      basis: 'LIVE',
      observedAtMs: startMs,
      components: dear.components,
    });
    expect(bench.catalogue.snapshot.version).toBeGreaterThan(version);
    expect(bench.offering('groq:anywhere:on_demand:unpriced').model.source).toBe(
      'the shipped list',
    );
  });

  it('answers from it while what was held waits on', async () => {
    const bench = await startCatalogue();
    await bench.poll([one], [cheap]);
    await bench.clock.advance(5 * minuteMs);
    await bench.poll([one], [price('one', { input: '9', output: '9' })]);
    const before = bench.offering(offeringId).price;
    expect(before?.pending).toBeDefined();
    await bench.restart();
    expect(bench.offering(offeringId).price).toEqual(before);
  });
});

describe('a poll', () => {
  it('makes prices live and the provider ready, and says that it succeeded', async () => {
    const bench = await startCatalogue({ groq: aProvider({ shippedList, ...launchable }) });
    expect(await bench.poll([one], [cheap])).toEqual({
      succeeded: true,
      retryAfterMs: undefined,
      holdsPrices: false,
    });
    expect(bench.offering(offeringId).price).toMatchObject({ basis: 'LIVE', feed: 'models' });
    expect(statusOf(bench)).toEqual({ state: 'READY', reason: undefined, sinceMs: startMs });
    expect(launchBlockerOf(bench.offering(offeringId), bench.clock.now())).toBeUndefined();
  });

  it('swaps the snapshot whole: who holds the old one goes on reading the old one', async () => {
    const bench = await startCatalogue();
    await bench.poll([one], [cheap]);
    const held = bench.catalogue.snapshot;
    const offering = held.offerings.get(offeringId);
    await bench.clock.advance(5 * minuteMs);
    await bench.poll([one, model('two')], [dear]);
    expect(held.offerings.get(offeringId)).toBe(offering);
    expect(offering?.price?.costPerToken?.toString()).toBe('0.0000002625');
    expect(held.models.has('two')).toBe(false);
    expect(held.index.find({}, 'NAME', 'ASC', startMs).length).toBe(1);
    expect(bench.catalogue.snapshot.models.has('two')).toBe(true);
    expect(bench.offering(offeringId).price?.costPerToken?.toString()).toBe('0.000000525');
  });

  it('shares one snapshot with all that come while another is built, and loses none of them', async () => {
    const bench = await startCatalogue();
    let swaps = 0;
    bench.catalogue.onChange(() => (swaps += 1));
    const polls = Array.from({ length: 20 }, () => bench.poll([one], [cheap]));
    bench.catalogue.noteServedCode('groq', 'yul');
    await Promise.all([
      ...polls,
      bench.catalogue.takeMeasurements(new Map([[offeringId, {} as MeasuredPerformance]])),
      bench.readPublicList(priceList('models.dev', [dear])),
    ]);
    expect(swaps).toBeLessThanOrEqual(3);
    expect(bench.offering(offeringId).price?.basis).toBe('LIVE');
    expect(bench.offering(offeringId).measured).toBeDefined();
    expect(feedOf(bench, 'models.dev')?.state).toBe('OK');
  });

  it('tells listeners what differs, and only that', async () => {
    const bench = await startCatalogue();
    const changes: SnapshotChange[] = [];
    const stop = bench.catalogue.onChange((change) => changes.push(change));
    await bench.poll([one, model('two')], [cheap]);
    await bench.clock.advance(minuteMs);
    await bench.poll([one, model('two')], [cheap]);
    await bench.clock.advance(minuteMs);
    await bench.poll([one, model('two')], [dear]);
    stop();
    await bench.clock.advance(minuteMs);
    await bench.poll([one], [cheap]);
    expect(changes.map((change) => change.changes.map(({ after }) => after?.id))).toEqual([
      [offeringId, 'groq:anywhere:on_demand:two'],
      [],
      [offeringId],
    ]);
    expect(changes[2]?.changes[0]?.before?.price?.components).toEqual(cheap.components);
  });

  it('tells listeners of a price that is held, also where it is one number', async () => {
    const bench = await startCatalogue();
    const single = (costPerToken: string) =>
      bench.pollReadings(modelList([one], bench.clock.now()), [
        priceList(
          'pricing',
          [
            {
              modelId: 'one',
              costPerToken: price('one', { input: costPerToken }).components!.input!,
            },
          ],
          bench.clock.now(),
        ),
      ]);
    await single('0.1');
    const changes: SnapshotChange[] = [];
    bench.catalogue.onChange((change) => changes.push(change));
    await bench.clock.advance(minuteMs);
    expect((await single('9')).holdsPrices).toBe(true);
    expect(changes[0]?.changes).toHaveLength(1);
    expect(changes[0]?.changes[0]?.after?.price?.pending?.costPerToken?.toString()).toBe('9');
  });

  it.each([
    ['its availability', model('one', { active: false }), {}],
    ['a component alone that the cost per token leaves aside', one, { cachedInput: '0.00000009' }],
  ] as const)('tells listeners of a change of %s', async (_, listed, parts) => {
    const texts = { input: '0.00000015', output: '0.0000006', cachedInput: '0.000000075' };
    const bench = await startCatalogue();
    await bench.poll([model('one')], [price('one', texts)]);
    const changes: SnapshotChange[] = [];
    bench.catalogue.onChange((change) => changes.push(change));
    await bench.clock.advance(minuteMs);
    await bench.poll([listed], [price('one', { ...texts, ...parts })]);
    expect(changes[0]?.changes.map(({ after }) => after?.id)).toEqual([offeringId]);
  });

  it('that was aborted changes nothing', async () => {
    const bench = await startCatalogue();
    await bench.poll([one], [cheap]);
    const before = bench.catalogue.snapshot;
    await bench.catalogue.poll('groq', AbortSignal.abort());
    expect(bench.catalogue.snapshot).toBe(before);
  });

  it('of a provider that is not registered is a fault of ours', async () => {
    const bench = await startCatalogue();
    await expect(bench.catalogue.poll('nobody', new AbortController().signal)).rejects.toThrow(
      RangeError,
    );
  });

  it('may come at the same time as a reading of the public list: neither is lost', async () => {
    const bench = await startCatalogue();
    await bench.poll([one, model('two')], []);
    await bench.clock.advance(minuteMs);
    const two = price('two', { input: '0.5', output: '0.5' });
    await Promise.all([
      bench.poll([one, model('two')], [cheap]),
      bench.readPublicList(priceList('models.dev', [two], bench.clock.now())),
    ]);
    expect(bench.offering(offeringId).price?.basis).toBe('LIVE');
    expect(bench.offering('groq:anywhere:on_demand:two').price).toMatchObject({
      basis: 'LISTED',
      feed: 'models.dev',
    });
  });
});

describe('a provider', () => {
  it.each([
    ['UNAUTHORIZED', 'UNAUTHORIZED', 'PROVIDER_UNAUTHORIZED'],
    ['UNCONFIGURED', 'UNCONFIGURED', 'PROVIDER_UNCONFIGURED'],
    ['TIMEOUT', 'DEGRADED', undefined],
    ['SERVER_ERROR', 'DEGRADED', undefined],
  ] as const)(
    'whose list fails with %s is %s, and what was known stays',
    async (code, state, blocker) => {
      const bench = await startCatalogue({ groq: aProvider(launchable) });
      await bench.poll([one], [cheap]);
      await bench.clock.advance(5 * minuteMs);
      const outcome = await bench.pollFailing(code, 7000);
      expect(outcome).toEqual({ succeeded: false, retryAfterMs: 7000, holdsPrices: false });
      expect(statusOf(bench)).toEqual({ state, reason: code, sinceMs: startMs + 5 * minuteMs });
      expect(feedOf(bench, 'models')).toMatchObject({ error: code, lastSuccessAtMs: startMs });
      expect(bench.offering(offeringId).price).toMatchObject({
        basis: 'LIVE',
        observedAtMs: startMs,
        components: cheap.components,
      });
      expect(launchBlockerOf(bench.offering(offeringId), bench.clock.now())).toBe(blocker);
    },
  );

  it('has been in its state since it came into it, until it leaves it', async () => {
    const bench = await startCatalogue();
    await bench.poll([one], []);
    await bench.clock.advance(minuteMs);
    await bench.pollFailing('TIMEOUT');
    await bench.clock.advance(minuteMs);
    await bench.pollFailing('SERVER_ERROR');
    expect(statusOf(bench)).toEqual({
      state: 'DEGRADED',
      reason: 'SERVER_ERROR',
      sinceMs: startMs + minuteMs,
    });
    await bench.clock.advance(minuteMs);
    await bench.poll([one], []);
    expect(statusOf(bench)).toMatchObject({ state: 'READY', sinceMs: startMs + 3 * minuteMs });
  });

  it('that fails becomes unavailable when its last answer is no longer fresh, with nobody asking', async () => {
    const bench = await startCatalogue();
    await bench.poll([one], [cheap]);
    await bench.clock.advance(minuteMs);
    await bench.pollFailing('TIMEOUT');
    await bench.clock.advance(10 * minuteMs);
    await settled(bench);
    expect(statusOf(bench)?.state).toBe('UNAVAILABLE');
  });

  it('whose list is empty is degraded, and nothing of it is lost', async () => {
    const bench = await startCatalogue();
    await bench.poll([one], [cheap]);
    for (let time = 0; time < 3; time += 1) {
      await bench.clock.advance(minuteMs);
      expect((await bench.poll([], [])).succeeded).toBe(false);
    }
    expect(statusOf(bench)).toMatchObject({ state: 'DEGRADED', reason: /empty/ });
    expect(feedOf(bench, 'models')).toMatchObject({ state: 'FAILING', lastSuccessAtMs: startMs });
    expect(bench.offering(offeringId)).toMatchObject({ available: true, price: { basis: 'LIVE' } });
  });

  it('shows the feed of an endpoint that it does not have as unsupported, which is no outage', async () => {
    const bench = await startCatalogue();
    await bench.pollReadings(modelList([one]), [
      { ok: false, feed: 'pricing', basis: 'LIVE', source: 's', failure: notThere },
      priceList('models', [cheap]),
    ]);
    expect(feedOf(bench, 'pricing')).toMatchObject({
      state: 'UNSUPPORTED',
      error: 'No such address',
    });
    expect(statusOf(bench)?.state).toBe('READY');
  });
});

describe('the public list', () => {
  it('that fails says so to its poller and in the feeds of every provider that it names', async () => {
    const bench = await startCatalogue();
    const outcome = await bench.readPublicList({
      ok: false,
      feed: 'models.dev',
      basis: 'LISTED',
      source: 's',
      failure: { ...notThere, code: 'RATE_LIMITED', retryAfterMs: 9000 },
    });
    expect(outcome).toEqual({ succeeded: false, retryAfterMs: 9000, holdsPrices: false });
    expect(feedOf(bench, 'models.dev')).toMatchObject({
      state: 'FAILING',
      error: 'No such address',
    });
  });

  it('takes over when the live price expires, at that moment, and gives way again', async () => {
    const bench = await startCatalogue();
    await bench.poll([one], [cheap]);
    await bench.clock.advance(30 * minuteMs);
    await bench.readPublicList(priceList('models.dev', [dear], bench.clock.now()));
    await bench.clock.advance(30 * minuteMs - 1);
    await settled(bench);
    expect(bench.offering(offeringId).price?.feed).toBe('models');
    await bench.clock.advance(1);
    await settled(bench);
    expect(bench.offering(offeringId).price).toMatchObject({ feed: 'models.dev', basis: 'LISTED' });
    await bench.poll([one], [cheap]);
    expect(bench.offering(offeringId).price).toMatchObject({ feed: 'models', basis: 'LIVE' });
    expect(await bench.history(offeringId)).toEqual([
      ['2026-11-23T12:00:00.000Z', 'LIVE', '0.0000002625'],
      ['2026-11-23T12:30:00.000Z', 'LISTED', '0.000000525'],
      ['2026-11-23T13:00:00.000Z', 'LIVE', '0.0000002625'],
    ]);
  });
});

describe('the price history', () => {
  it('has a point for each change and none for readings that change nothing, restarts included', async () => {
    const bench = await startCatalogue({ groq: aProvider({ shippedList }) });
    await bench.poll([one], [cheap]);
    for (const row of [cheap, dear, dear, cheap]) {
      await bench.clock.advance(5 * minuteMs);
      await bench.poll([one], [row]);
      await bench.restart();
    }
    expect(await bench.history(offeringId)).toEqual([
      ['2026-10-02T03:58:23.000Z', 'LISTED', '0.0000002625'],
      ['2026-11-23T12:00:00.000Z', 'LIVE', '0.0000002625'],
      ['2026-11-23T12:10:00.000Z', 'LIVE', '0.000000525'],
      ['2026-11-23T12:20:00.000Z', 'LIVE', '0.0000002625'],
    ]);
  });

  const contract = (validFrom: string, validUntil?: string) => ({
    groq: aProvider({
      declaredPrices: [
        {
          model: 'one',
          price: { unit: 'TOKEN', input: '0.0000001', output: '0.0000001' },
          source: 'contract',
          validFrom,
          ...(validUntil === undefined ? {} : { validUntil }),
        },
      ],
    }),
  });

  it('has a contract that was found at a start from that start on, after what counted before', async () => {
    const bench = await startCatalogue();
    await bench.poll([one], [cheap]);
    await bench.clock.advance(5 * minuteMs);
    await bench.restart(contract('2026-01-01'));
    await bench.clock.advance(5 * minuteMs);
    await bench.restart();
    expect(bench.offering(offeringId).price?.basis).toBe('DECLARED');
    expect(await bench.history(offeringId)).toEqual([
      ['2026-11-23T12:00:00.000Z', 'LIVE', '0.0000002625'],
      ['2026-11-23T12:05:00.000Z', 'DECLARED', '0.0000001'],
    ]);
  });

  it('has a contract that begins and ends while the service runs by its own dates', async () => {
    const bench = await startCatalogue(contract('2026-11-23T12:07:00Z', '2026-11-23T12:09:00Z'));
    await bench.poll([one], [cheap]);
    await bench.clock.advance(20 * minuteMs);
    await settled(bench);
    expect(await bench.history(offeringId)).toEqual([
      ['2026-11-23T12:00:00.000Z', 'LIVE', '0.0000002625'],
      ['2026-11-23T12:07:00.000Z', 'DECLARED', '0.0000001'],
      ['2026-11-23T12:09:00.000Z', 'LIVE', '0.0000002625'],
    ]);
  });
});

describe('storage that fails', () => {
  it('stops nobody from reading, is told, and is given later what it missed', async () => {
    const bench = await startCatalogue();
    await bench.poll([one], [cheap]);
    bench.failStorage(true);
    await bench.clock.advance(minuteMs);
    await bench.poll([one, model('two')], [dear]);
    expect(bench.catalogue.storeFailure).toBe('The catalogue could not be stored.');
    expect(bench.events).toContain('catalogue.store_failed');
    expect(bench.events).not.toContain('catalogue.store_back');
    expect(bench.offering(offeringId).price?.components).toEqual(dear.components);
    const { version } = bench.catalogue.snapshot;

    bench.failStorage(false);
    await bench.clock.advance(minuteMs);
    await bench.poll([one, model('two')], [dear]);
    expect(bench.catalogue.storeFailure).toBeUndefined();
    expect(bench.events).toContain('catalogue.store_back');
    expect(bench.catalogue.snapshot.version).toBeGreaterThan(version);
    await bench.restart();
    expect(bench.offering(offeringId).price?.components).toEqual(dear.components);
    expect(bench.catalogue.snapshot.models.has('two')).toBe(true);
    expect(await bench.history(offeringId)).toEqual([
      ['2026-11-23T12:00:00.000Z', 'LIVE', '0.0000002625'],
      ['2026-11-23T12:01:00.000Z', 'LIVE', '0.000000525'],
    ]);
  });
});

describe('storage that fails between the commits of a large catalogue', () => {
  const ids = Array.from({ length: 4_200 }, (_, number) => `model-${number}`);
  const models = ids.map((id) => model(id));
  const prices = ids.map((id) => price(id, { input: '0.00000015', output: '0.0000006' }));

  const historiesOf = (bench: CatalogueBench) =>
    Promise.all(
      ['model-0', 'model-3999', 'model-4000', 'model-4199'].map((id) =>
        bench.history(`groq:anywhere:on_demand:${id}`),
      ),
    );
  const onePointEach = Array.from({ length: 4 }, () => [
    ['2026-11-23T12:00:00.000Z', 'LIVE', '0.0000002625'],
  ]);

  it('is given later what it missed, and no price point is lost or comes twice', async () => {
    const bench = await startCatalogue();
    // The provider's rows, and some of the points.
    bench.failStorage(true, 2);
    await bench.poll(models, prices);
    expect(bench.catalogue.storeFailure).toBe('The catalogue could not be stored.');

    bench.failStorage(false);
    await bench.clock.advance(minuteMs);
    await bench.poll(models, prices);
    expect(bench.catalogue.storeFailure).toBeUndefined();
    await bench.restart();
    expect(bench.catalogue.snapshot.models.size).toBe(ids.length);
    expect(await historiesOf(bench)).toEqual(onePointEach);
  });

  it('loses no price point either when the process ends there', async () => {
    const bench = await startCatalogue();
    bench.failStorage(true, 2);
    await bench.poll(models, prices);
    expect(await bench.history('groq:anywhere:on_demand:model-4199')).toEqual([]);

    bench.failStorage(false);
    await bench.clock.advance(minuteMs);
    await bench.restart();
    expect(await historiesOf(bench)).toEqual(onePointEach);
  });
});

describe('news from launches', () => {
  it('that a model is shut down takes it off sale at once and for restarts too, until it is listed anew', async () => {
    const bench = await startCatalogue({ groq: aProvider(launchable) });
    await bench.poll([one], [cheap]);
    await bench.catalogue.noteDecommissioned('groq', 'one');
    await bench.catalogue.noteDecommissioned('groq', 'one');
    await bench.catalogue.noteDecommissioned('groq', 'unknown');
    await bench.catalogue.noteDecommissioned('nobody', 'one');
    await bench.restart();
    expect(bench.offering(offeringId)).toMatchObject({
      available: false,
      model: { lifecycle: 'DECOMMISSIONED', lifecycleSinceMs: startMs },
    });
    expect(launchBlockerOf(bench.offering(offeringId), startMs)).toBe('MODEL_DECOMMISSIONED');
    await bench.clock.advance(minuteMs);
    await bench.poll([one], [cheap]);
    expect(bench.offering(offeringId)).toMatchObject({
      available: true,
      model: { lifecycle: 'ACTIVE' },
    });
  });

  it('that another site answered is counted and mapped as the registry says', async () => {
    const region = {
      declared: 'us-east',
      basis: 'said so',
      complianceFlags: [],
      observedCodes: { dls: { region: 'us-central', source: 's' } },
    };
    const bench = await startCatalogue({ groq: aProvider({ region }) });
    await bench.poll([one], []);
    bench.catalogue.noteServedCode('groq', 'dls');
    bench.catalogue.noteServedCode('groq', 'xyz');
    bench.catalogue.noteServedCode('groq', 'dls');
    bench.catalogue.noteServedCode('nobody', 'dls');
    await bench.catalogue.refresh();
    await bench.restart();
    const observed = bench.catalogue.snapshot.providers.get('groq')?.observedRegions;
    expect(observed).toEqual([
      { code: 'dls', region: 'us-central', count: 2, lastSeenAtMs: startMs },
      { code: 'xyz', region: undefined, count: 1, lastSeenAtMs: startMs },
    ]);
  });

  it('on measured speed goes before the nominal figure', async () => {
    const nominalThroughputs = [
      { model: 'one', tokensPerSecond: 500, source: 's', observedAt: '2026-10-01' },
    ];
    const bench = await startCatalogue({ groq: aProvider({ nominalThroughputs }) });
    await bench.poll([one], []);
    expect(bench.offering(offeringId).throughput).toBe(500);
    await bench.catalogue.takeMeasurements(
      new Map([
        [
          offeringId,
          {
            throughput: { ...percentiles, p50: 477 },
            timeToFirstTokenMs: undefined,
            queueMs: undefined,
          },
        ],
      ]),
    );
    expect(bench.offering(offeringId)).toMatchObject({
      throughput: 477,
      nominal: { tokensPerSecond: 500 },
    });
  });
});

const percentiles = {
  p75: undefined,
  p90: undefined,
  p99: undefined,
  sampleCount: 5,
  windowSeconds: 3600,
  lastSampleAtMs: startMs,
};

const notThere = {
  code: 'UNSUPPORTED',
  message: 'No such address',
  execution: 'NOT_EXECUTED',
  retryable: false,
} as const;

/** Waits until updates that time alone set off have gone through. */
async function settled({ catalogue }: CatalogueBench): Promise<void> {
  await catalogue.refresh();
}
