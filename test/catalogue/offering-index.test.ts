import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { emptyMemory } from '../../src/catalogue/memory.ts';
import { launchBlockerOf, priceFreshnessAt } from '../../src/catalogue/launch-blocker.ts';
import type { ModelCriteria, ModelField } from '../../src/catalogue/model-index.ts';
import type { OfferingChange } from '../../src/catalogue/offering-changes.ts';
import type { OfferingCriteria } from '../../src/catalogue/offering-criteria.ts';
import type { OfferingField } from '../../src/catalogue/offering-index.ts';
import type { SortedList } from '../../src/catalogue/ordered-rows.ts';
import type { SortKey } from '../../src/catalogue/row-order.ts';
import type {
  MeasuredPerformance,
  ModelEntry,
  OfferingEntry,
  Snapshot,
} from '../../src/catalogue/snapshot.ts';
import { Decimal } from '../../src/domain/decimal.ts';
import { aProvider, tier } from '../support/registry-entries.ts';
import {
  anyPolls,
  memoryAfter,
  minuteMs,
  model,
  modelList,
  price,
  priceList,
  startMs,
  take,
} from './readings.ts';
import { changesOf, snapshotOf } from './snapshots.ts';

const directions = ['ASC', 'DESC'] as const;
const offeringFields = [
  'COST_PER_TOKEN',
  'THROUGHPUT',
  'CONTEXT_WINDOW',
  'NAME',
  'OBSERVED_AT',
] as const;
const modelFields = ['COST_PER_TOKEN', 'THROUGHPUT', 'CONTEXT_WINDOW', 'NAME'] as const;

describe('the offerings that match', () => {
  it('are those that a plain filter finds, in the order of a plain sort, at any times one after the other', () => {
    fc.assert(
      fc.property(
        anySnapshot,
        fc.array(anyOfferingCriteria, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(...offeringFields),
        fc.constantFrom(...directions),
        fc.array(anyMoment, { minLength: 1, maxLength: 5 }),
        (snapshot, filters, field, direction, moments) => {
          for (const [nowMs, criteria] of moments.flatMap((moment) =>
            filters.map((filter) => [moment, filter] as const),
          )) {
            const found = snapshot.index.find(criteria, field, direction, nowMs);
            const expected = [...snapshot.offerings.values()]
              .filter((offering) => matches(offering, criteria, nowMs))
              .sort(inOrder((offering) => offeringKeys[field](offering), direction));
            expect(idsOf(found.slice(0, found.length))).toEqual(idsOf(expected));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('are others from each boundary of their freshness on, and not a millisecond before', () => {
    const snapshot = snapshotOf(entries, {
      alpha: memoryOf([{ id: 'a/one', cost: '1' }, { id: 'three' }]),
      beta: memoryOf([{ id: 'b/one', cost: '1' }], 4),
    });
    const countsAt = (nowMs: number) =>
      [{ freshness: ['FRESH'] }, { freshness: ['STALE'] }, { launchable: true }].map(
        (criteria) =>
          snapshot.index.find(criteria as OfferingCriteria, 'NAME', 'ASC', nowMs).length,
      );
    // Offerings that are FRESH, STALE and launchable; `alpha` sells each model in two tiers.
    const expected = [
      [5, 0, 4],
      [4, 1, 4],
      [2, 3, 2],
      [0, 3, 0],
      [0, 2, 0],
      [0, 0, 0],
    ];
    for (const [index, boundary] of boundaries.entries()) {
      expect(countsAt(boundary - 1)).toEqual(expected[index]);
      expect(countsAt(boundary)).toEqual(expected[index + 1]);
    }
    expect(countsAt(startMs)).toEqual(expected[0]);
  });

  it('go on behind a cursor where a plain list would, whatever the snapshot says that it was made from', () => {
    fc.assert(
      fc.property(
        anySnapshot,
        anySnapshot,
        anyOfferingCriteria,
        fc.constantFrom(...offeringFields),
        fc.constantFrom(...directions),
        anyMoment,
        (before, after, criteria, field, direction, nowMs) => {
          const compare = inOrder<Sorted>(({ key }) => key, direction);
          const list = after.index.find(criteria, field, direction, nowMs);
          const sorted = list.slice(0, list.length).map((offering): Sorted => ({
            id: offering.id,
            key: offeringKeys[field](offering),
          }));
          for (const offering of before.offerings.values()) {
            const cursor = { id: offering.id, key: offeringKeys[field](offering) };
            const behind = sorted.filter((row) =>
              row.id === cursor.id && isSameKey(row, cursor) ? true : compare(row, cursor) > 0,
            );
            const place = list.placeOf(cursor.key, cursor.id);
            expect(idsOf(list.slice(place, list.length))).toEqual(idsOf(behind));
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('are found by filters that are too long to be remembered', () => {
    const snapshot = snapshotOf({ groq: aProvider() }, { groq: memoryOf([{ id: 'm' }]) });
    const names = Array.from({ length: 100 }, (_, number) => `${'x'.repeat(100)}${number}`);
    for (let time = 0; time < 2; time += 1) {
      const found = snapshot.index.find({ model: [...names, 'm'] }, 'NAME', 'ASC', startMs);
      expect(found.length).toBe(1);
    }
  });
});

describe('a snapshot that follows another', () => {
  it('finds what one that is made from nothing finds, after any polls', () => {
    fc.assert(
      fc.property(anyPolls, anyPolls, (alphaPolls, betaPolls) => {
        const alpha = emptyMemory();
        const beta = emptyMemory(alpha.shared);
        let previous: Snapshot | undefined;
        for (const [index, alphaPoll] of alphaPolls.entries()) {
          const betaPoll = betaPolls[index];
          take(alpha, alphaPoll);
          if (betaPoll !== undefined) take(beta, betaPoll);
          const nowMs = alphaPoll.nowMs + 20 * minuteMs * index;
          const measurements = index % 2 === 1 ? measuredOf(previous) : undefined;
          const more = { nowMs, ...(measurements === undefined ? {} : { measurements }) };
          const following = snapshotOf(entries, { alpha, beta }, { ...more, previous });
          const fresh = snapshotOf(entries, { alpha, beta }, more);
          expect(contentOf(following, nowMs)).toEqual(contentOf(fresh, nowMs));
          expect(toldOf(changesOf(previous, following))).toEqual(
            toldOf(changesOf(previous, fresh)),
          );
          previous = following;
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** A speed for every second offering of a snapshot. */
function measuredOf(snapshot: Snapshot | undefined): ReadonlyMap<string, MeasuredPerformance> {
  const ids = [...(snapshot?.offerings.keys() ?? [])].filter((_, number) => number % 2 === 0);
  const rest = { p75: undefined, p90: undefined, p99: undefined };
  return new Map(
    ids.map((id, number): [string, MeasuredPerformance] => {
      const throughput = {
        ...rest,
        p50: 100 + number,
        sampleCount: 1,
        windowSeconds: 60,
        lastSampleAtMs: startMs,
      };
      return [id, { throughput, timeToFirstTokenMs: undefined, queueMs: undefined }];
    }),
  );
}

/** What readers can see: every offering and model, in every order, and found in every way. */
function contentOf(
  { offerings, providers, models, index, modelIndex, nextChangeAtMs }: Snapshot,
  nowMs: number,
) {
  const filters: OfferingCriteria[] = [
    {},
    ...[...models.keys()].map((id) => ({ model: [id] })),
    { task: ['TEXT_GENERATION'] },
    { region: ['us-east'], searchWords: ['a'] },
    { available: true, maxCostPerToken: Decimal.of('0.000001') },
    { freshness: ['FRESH'] },
    { launchable: true },
  ];
  const found = <Row extends { readonly id: string }>(list: SortedList<Row>) =>
    idsOf(list.slice(0, list.length));
  return {
    nextChangeAtMs,
    offerings: [...offerings.values()].map(({ provider, model: entry, ...offering }) => ({
      ...offering,
      provider: provider.id,
      model: entry.id,
      isOfSnapshot: entry === models.get(entry.id) && provider === providers.get(provider.id),
    })),
    // Since when a provider is in its state is what only the snapshot before knows.
    providers: [...providers.values()].map(({ status: _status, ...entry }) => entry),
    models: [...models.values()].map((entry) => ({
      ...entry,
      offerings: idsOf(index.ofModel(entry.id)),
    })),
    found: filters.map((filter) =>
      offeringFields.map((field) =>
        directions.map((direction) => found(index.find(filter, field, direction, nowMs))),
      ),
    ),
    foundModels: modelFields.map((field) => found(modelIndex.find({}, field, 'ASC'))),
  };
}

/** What is told of a swap. */
function toldOf(changes: readonly OfferingChange[]) {
  return changes.map(({ before, after }) => ({
    before: before && [before.id, before.available, before.throughput, before.price],
    after: after && [after.id, after.available, after.throughput, after.price],
  }));
}

describe('the models that match', () => {
  it('are those that a plain filter finds, in the order of a plain sort', () => {
    fc.assert(
      fc.property(
        anySnapshot,
        anyModelCriteria,
        fc.constantFrom(...modelFields),
        fc.constantFrom(...directions),
        (snapshot, criteria, field, direction) => {
          const found = snapshot.modelIndex.find(criteria, field, direction);
          const expected = [...snapshot.models.values()]
            .filter((entry) => modelMatches(entry, criteria))
            .sort(inOrder((entry) => modelKeys[field](entry), direction));
          expect(idsOf(found.slice(0, found.length))).toEqual(idsOf(expected));
        },
      ),
      { numRuns: 500 },
    );
  });
});

const offeringKeys: Record<OfferingField, (offering: OfferingEntry) => SortKey> = {
  COST_PER_TOKEN: ({ price: shown }) => shown?.costPerToken,
  THROUGHPUT: ({ throughput }) => throughput,
  CONTEXT_WINDOW: ({ model: { listed } }) => listed?.contextWindow,
  NAME: ({ model: { name } }) => name,
  OBSERVED_AT: ({ price: shown }) => shown?.observedAtMs,
};

const modelKeys: Record<ModelField, (entry: ModelEntry) => SortKey> = {
  COST_PER_TOKEN: ({ costPerToken }) => costPerToken,
  THROUGHPUT: ({ throughput }) => throughput,
  CONTEXT_WINDOW: ({ listed }) => listed?.contextWindow,
  NAME: ({ name }) => name,
};

function matches(offering: OfferingEntry, criteria: OfferingCriteria, nowMs: number): boolean {
  const { provider, model: entry, price: shown } = offering;
  const { maxCostPerToken, minThroughput, minContextWindow, available, launchable } = criteria;
  const cost = shown?.costPerToken;
  return (
    isOneOf(criteria.provider, provider.id) &&
    isOneOf(criteria.region, offering.region) &&
    isOneOf(criteria.model, entry.id) &&
    isOneOf(criteria.task, entry.task) &&
    isOneOf(criteria.serviceTier, offering.serviceTier) &&
    isOneOf(criteria.freshness, shown && priceFreshnessAt(shown, nowMs, provider.pollIntervalMs)) &&
    (criteria.features ?? []).every((name) => entry.listed?.features?.includes(name) === true) &&
    (maxCostPerToken === undefined || (cost !== undefined && cost.compare(maxCostPerToken) <= 0)) &&
    (minThroughput === undefined || (offering.throughput ?? -1) >= minThroughput) &&
    (minContextWindow === undefined || (entry.listed?.contextWindow ?? -1) >= minContextWindow) &&
    (available === undefined || offering.available === available) &&
    (launchable === undefined || (launchBlockerOf(offering, nowMs) === undefined) === launchable) &&
    (criteria.searchWords ?? []).every((word) =>
      [entry.id, entry.name, entry.listed?.ownedBy, provider.registered.name].some((text) =>
        text?.toLowerCase().includes(word),
      ),
    )
  );
}

function modelMatches(entry: ModelEntry, criteria: ModelCriteria): boolean {
  const { minContextWindow } = criteria;
  return (
    (criteria.provider === undefined ||
      entry.providerIds.some((id) => criteria.provider?.includes(id))) &&
    isOneOf(criteria.task, entry.task) &&
    isOneOf(criteria.lifecycle, entry.lifecycle) &&
    (criteria.features ?? []).every((name) => entry.listed?.features?.includes(name) === true) &&
    (minContextWindow === undefined || (entry.listed?.contextWindow ?? -1) >= minContextWindow) &&
    (criteria.searchWords ?? []).every((word) =>
      [entry.id, entry.name, entry.listed?.ownedBy].some((text) =>
        text?.toLowerCase().includes(word),
      ),
    )
  );
}

function isOneOf<Value>(wanted: readonly Value[] | undefined, value: Value | undefined): boolean {
  return wanted === undefined || (value !== undefined && wanted.includes(value));
}

/** Known values first, ties by id, both ways. */
function inOrder<Row extends { readonly id: string }>(
  keyOf: (row: Row) => SortKey,
  direction: 'ASC' | 'DESC',
): (left: Row, right: Row) => number {
  const sign = direction === 'ASC' ? 1 : -1;
  const byId = (left: Row, right: Row) => (left.id < right.id ? -1 : 1);
  return (left, right) => {
    const [a, b] = [keyOf(left), keyOf(right)];
    if (a === undefined || b === undefined) {
      return Number(a === undefined) - Number(b === undefined) || byId(left, right);
    }
    if (a instanceof Decimal && b instanceof Decimal) {
      return sign * a.compare(b) || byId(left, right);
    }
    if (a === b) return byId(left, right);
    return sign * (a < b ? -1 : 1);
  };
}

/** A row as a cursor names it. */
interface Sorted {
  readonly id: string;
  readonly key: SortKey;
}

function isSameKey({ key: left }: Sorted, { key: right }: Sorted): boolean {
  return left instanceof Decimal && right instanceof Decimal ? left.equals(right) : left === right;
}

const idsOf = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id);

interface AnyModel {
  readonly id: string;
  readonly name?: string;
  readonly active?: boolean;
  readonly contextWindow?: number;
  readonly features?: readonly string[];
  readonly outputModalities?: readonly string[];
  readonly cost?: string | undefined;
}

const anyModel = fc.record(
  {
    id: fc.constantFrom('a/one', 'a/two', 'b/one', 'b/two', 'three', 'Four'),
    name: fc.constantFrom('One', 'Two', 'ä'),
    active: fc.boolean(),
    contextWindow: fc.constantFrom(512, 4096, 131_072),
    features: fc.constantFrom([], ['tools'], ['tools', 'json_mode']),
    outputModalities: fc.constantFrom(['text'], ['speech'], ['hologram']),
    cost: fc.constantFrom('0', '0.1', '0.10000000000000000001', '0.3', undefined),
  },
  { requiredKeys: ['id'] },
);

const anyModels: fc.Arbitrary<AnyModel[]> = fc.uniqueArray(anyModel, {
  selector: ({ id }) => id,
  minLength: 2,
});

function memoryOf(models: readonly AnyModel[], ageMinutes = 0) {
  const observedAt = startMs - ageMinutes * minuteMs;
  const rows = models.map(({ cost: _cost, ...listed }) =>
    model(listed.id, { ownedBy: 'Meta', ...listed }),
  );
  const prices = models.flatMap(({ id, cost }) =>
    cost === undefined ? [] : [price(id, { input: cost, output: cost })],
  );
  return memoryAfter([
    {
      models: modelList(rows, observedAt),
      prices: [priceList('models', prices, observedAt)],
      nowMs: observedAt,
    },
  ]);
}

const speeds = [
  ['a/one', 500],
  ['b/one', 500],
  ['three', 1000],
].map(([name, tokensPerSecond]) => ({
  model: name,
  tokensPerSecond,
  source: 's',
  observedAt: '2026-10-01',
}));

/** Since and until when the operator has a contract for a model of `alpha`. */
const contract = { from: startMs - 10 * minuteMs, until: startMs + 30 * minuteMs };

/** When prices of {@link memoryOf} become STALE and EXPIRED that are no minutes and four minutes old, and the contract ends. */
const boundaries = [6, 10, 30, 56, 60].map((minutes) => startMs + minutes * minuteMs);

/** Any minute, before the snapshot was built too, and the moments around the boundaries. */
const anyMoment: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: -5, max: 140 }).map((minutes) => startMs + minutes * minuteMs),
  fc
    .tuple(fc.constantFrom(...boundaries), fc.constantFrom(-1, 0, 1))
    .map(([boundary, distanceMs]) => boundary + distanceMs),
);

const entries = {
  alpha: aProvider({
    declaredPrices: [
      {
        model: 'three',
        price: { unit: 'TOKEN', input: '0.2', output: '0.2' },
        validFrom: new Date(contract.from).toISOString(),
        validUntil: new Date(contract.until).toISOString(),
        source: 's',
      },
    ],
    name: 'Alpha',
    region: { declared: 'us-east', basis: 'b', complianceFlags: [] },
    serviceTiers: [tier('on_demand'), tier('flex')],
    endpoints: { TEXT_GENERATION: '/chat' },
    nominalThroughputs: speeds,
  }),
  beta: aProvider({ name: 'Beta' }),
};

const anySnapshot: fc.Arbitrary<Snapshot> = fc
  .tuple(anyModels, anyModels, fc.integer({ min: 0, max: 70 }))
  .map(([alpha, beta, age]) =>
    snapshotOf(entries, { alpha: memoryOf(alpha), beta: memoryOf(beta, age) }),
  );

const some = <Value>(...values: Value[]): fc.Arbitrary<Value[]> =>
  fc.oneof(
    { weight: 9, arbitrary: fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 3 }) },
    { weight: 1, arbitrary: fc.constant([] as Value[]) },
  );

/** A few of the members at once: with all of them hardly anything would match. */
function few<Criteria extends object>(members: {
  readonly [Name in keyof Criteria]-?: fc.Arbitrary<NonNullable<Criteria[Name]>>;
}): fc.Arbitrary<Criteria> {
  const names = Object.keys(members) as (keyof Criteria & string)[];
  return fc
    .subarray(names, { maxLength: 2 })
    .chain((chosen) =>
      fc.record(Object.fromEntries(chosen.map((name) => [name, members[name]]))),
    ) as fc.Arbitrary<Criteria>;
}

const anyOfferingCriteria = few<OfferingCriteria>({
  provider: some('alpha', 'beta', 'nobody'),
  region: some('us-east', 'eu-central'),
  model: some('a/one', 'b/two', 'three', 'Four', 'none'),
  task: some('TEXT_GENERATION' as const, 'SPEECH' as const),
  serviceTier: some('on_demand', 'flex', 'batch'),
  features: some('tools', 'json_mode', 'telepathy'),
  freshness: some('FRESH' as const, 'STALE' as const, 'EXPIRED' as const),
  maxCostPerToken: fc.constantFrom('0', '0.1', '0.2').map((text) => Decimal.of(text)),
  minThroughput: fc.constantFrom(0, 500, 501),
  minContextWindow: fc.constantFrom(0, 512, 513),
  available: fc.boolean(),
  launchable: fc.boolean(),
  searchWords: some('one', 'meta', 'alpha', 'ä', 'zzz'),
});

const anyModelCriteria = few<ModelCriteria>({
  provider: some('alpha', 'beta', 'nobody'),
  task: some('TEXT_GENERATION' as const, 'SPEECH' as const),
  features: some('tools', 'json_mode'),
  lifecycle: some('ACTIVE' as const, 'REMOVED' as const),
  minContextWindow: fc.constantFrom(0, 512, 513),
  searchWords: some('one', 'meta', 'ä'),
});
