import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { launchBlockerOf } from '../../src/catalogue/launch-blocker.ts';
import { emptyMemory } from '../../src/catalogue/memory.ts';
import type { Snapshot } from '../../src/catalogue/snapshot.ts';
import type { ListedModel } from '../../src/domain/model.ts';
import { aProvider, tier } from '../support/registry-entries.ts';
import {
  componentsOf,
  failure,
  hourMs,
  memoryAfter,
  minuteMs,
  model,
  modelList,
  price,
  priceList,
  single,
  startMs,
  take,
} from './readings.ts';
import { polled, snapshotOf } from './snapshots.ts';

const speedOf = (modelId: string, tokensPerSecond: number) => ({
  model: modelId,
  tokensPerSecond,
  source: 's',
  observedAt: '2026-10-01',
});
const region = (declared: string) => ({ declared, basis: 'said so', complianceFlags: [] });

/** What is remembered of a provider who gave these lists of models, a minute apart. */
const memoryAfterLists = (lists: readonly (readonly ListedModel[])[]) =>
  memoryAfter(
    lists.map((rows, index) => ({
      models: modelList(rows, startMs + index * minuteMs),
      prices: [],
      nowMs: startMs,
    })),
  );

describe('an offering', () => {
  it('is not there while nobody knows when its model was seen', () => {
    const groq = emptyMemory();
    const unseen = { source: 's', missedReadings: 0, seenAtMs: undefined };
    groq.models.set('unseen', { ...unseen, model: model('unseen') });
    groq.models.set('seen', { ...unseen, model: model('seen'), seenAtMs: startMs });
    const { models, offerings } = snapshotOf({ groq: aProvider() }, { groq });
    expect([...models.keys()]).toEqual(['seen']);
    expect([...offerings.keys()]).toEqual(['groq:anywhere:on_demand:seen']);
  });

  it('has an id of what it is, and nothing about its price is in it', () => {
    const entries = {
      groq: aProvider({
        region: region('us-east'),
        serviceTiers: [tier('on_demand'), tier('flex')],
      }),
    };
    const ids = (input: string) => [
      ...snapshotOf(entries, {
        groq: polled([model('a/one')], [price('a/one', { input })]),
      }).offerings.keys(),
    ];
    expect(ids('0.1')).toEqual(['groq:us-east:on_demand:a/one', 'groq:us-east:flex:a/one']);
    expect(ids('0.2')).toEqual(ids('0.1'));
  });

  it('is the same row in snapshot after snapshot while polls confirm it, and shows the time of each', () => {
    const entries = { groq: aProvider() };
    const poll = (inputs: readonly string[], nowMs: number) => ({
      models: modelList([model('one'), model('two')], nowMs),
      prices: [
        priceList(
          'models',
          [price('one', { input: inputs[0]! }), price('two', { input: inputs[1]! })],
          nowMs,
        ),
      ],
      nowMs,
    });
    const groq = memoryAfter([poll(['0.1', '0.1'], startMs)]);
    const before = snapshotOf(entries, { groq });
    take(groq, poll(['0.1', '0.2'], startMs + minuteMs));
    const after = snapshotOf(entries, { groq }, { previous: before });
    const [one, two] = after.offerings.rows;
    expect(one).toBe(before.offerings.rows[0]);
    expect(two).not.toBe(before.offerings.rows[1]);
    expect([...before.offerings.values()].map(({ price: shown }) => shown?.observedAtMs)).toEqual([
      startMs,
      startMs,
    ]);
    expect([...after.offerings.values()].map(({ price: shown }) => shown)).toMatchObject([
      { components: componentsOf({ input: '0.1' }), observedAtMs: startMs + minuteMs },
      { components: componentsOf({ input: '0.2' }), observedAtMs: startMs + minuteMs },
    ]);
  });

  it('is one object for all who ask a snapshot for it', () => {
    const { offerings, index } = snapshotOf(
      { groq: aProvider() },
      { groq: polled([model('one'), model('two')]) },
    );
    const one = offerings.get('groq:anywhere:on_demand:one');
    expect(offerings.get('groq:anywhere:on_demand:one')).toBe(one);
    expect(index.find({ model: ['one'] }, 'NAME', 'ASC', startMs).at(0)).toBe(one);
    expect(index.ofModel('one')).toEqual([one]);
    expect([...offerings.values()][0]).toBe(one);
  });

  it('names its own type, so that a federated answer can be made of it as it is', () => {
    const snapshot = snapshotOf({ groq: aProvider() }, { groq: polled([model('one')]) });
    const offering = snapshot.offerings.get('groq:anywhere:on_demand:one');
    expect(offering?.__typename).toBe('Offering');
    expect(offering?.model.__typename).toBe('Model');
    expect(offering?.provider.__typename).toBe('Provider');
  });

  it('is not available when its provider lists the model as not served', () => {
    const snapshot = snapshotOf(
      { groq: aProvider() },
      { groq: polled([model('one', { active: false })]) },
    );
    expect(snapshot.offerings.get('groq:anywhere:on_demand:one')?.available).toBe(false);
    expect(snapshot.models.get('one')?.lifecycle).toBe('ACTIVE');
  });
});

/** The offering that a snapshot names as the cheapest of the provider `groq`. */
function cheapestOf({ providers, offerings }: Snapshot) {
  return offerings.get(providers.get('groq')?.cheapestId ?? '');
}

describe('the best of a provider', () => {
  const models = [
    model('slow'),
    model('fast'),
    model('guard'),
    model('speech', { outputModalities: ['speech'] }),
    model('off', { active: false }),
    model('unpriced'),
  ];
  const prices = [
    price('slow', { input: '0.2', output: '0.2' }),
    price('fast', { input: '0.3', output: '0.3' }),
    price('guard', { input: '0.01', output: '0.01' }),
    { modelId: 'speech', components: componentsOf({ input: '0.001' }, 'CHARACTER') },
    price('off', { input: '0.02', output: '0.02' }),
  ];
  const entry = aProvider({
    tasks: { guard: { task: 'TEXT_CLASSIFICATION', source: 's' } },
    nominalThroughputs: [
      speedOf('slow', 280),
      speedOf('fast', 1000),
      speedOf('guard', 5000),
      speedOf('off', 9000),
    ],
  });

  it('is the cheapest and the fastest of its available text generation, and says whose', () => {
    const provider = snapshotOf({ groq: entry }, { groq: polled(models, prices) }).providers.get(
      'groq',
    );
    expect(provider?.cheapestId).toBe('groq:anywhere:on_demand:slow');
    expect(provider?.costPerToken?.toString()).toBe('0.2');
    expect(provider?.fastestId).toBe('groq:anywhere:on_demand:fast');
    expect(provider?.throughput).toBe(1000);
  });

  it('is of its standard tier', () => {
    const tiered = aProvider({ serviceTiers: [tier('on_demand'), tier('flex')] });
    const snapshot = snapshotOf(
      { groq: tiered },
      { groq: polled([model('one')], [price('one', { input: '0.1', output: '0.1' })]) },
    );
    expect(cheapestOf(snapshot)?.serviceTier).toBe('on_demand');
  });

  it('knows a further tier where it is sold: at the same price, its speed unknown', () => {
    const tiered = aProvider({
      serviceTiers: [tier('on_demand'), { ...tier('flex'), tasks: ['TEXT_GENERATION'] }],
      nominalThroughputs: [
        { model: 'one', tokensPerSecond: 500, source: 'a test', observedAt: '2026-10-01' },
      ],
      tasks: { guard: { task: 'TEXT_CLASSIFICATION', source: 'a test' } },
    });
    const cost = { input: '0.1', output: '0.1' };
    const snapshot = snapshotOf(
      { groq: tiered },
      { groq: polled([model('one'), model('guard')], [price('one', cost), price('guard', cost)]) },
    );
    const rows = [...snapshot.offerings.values()].map((offering) => [
      offering.model.id,
      offering.serviceTier,
      offering.price?.costPerToken?.toString(),
      offering.throughput,
    ]);
    expect(rows).toEqual([
      ['one', 'on_demand', '0.1', 500],
      ['one', 'flex', '0.1', undefined],
      ['guard', 'on_demand', '0.1', undefined],
    ]);
  });

  it('is nothing where nothing is known: neither zero nor a guess', () => {
    const provider = snapshotOf(
      { groq: aProvider() },
      { groq: polled([model('one')]) },
    ).providers.get('groq');
    expect(provider).toMatchObject({ cheapestId: undefined, fastestId: undefined });
  });

  it('may be free', () => {
    const free = price('one', { input: '0', output: '0' });
    const snapshot = snapshotOf(
      { groq: aProvider() },
      {
        groq: polled(
          [model('one'), model('two')],
          [price('two', { input: '1', output: '1' }), free],
        ),
      },
    );
    expect(cheapestOf(snapshot)?.model.id).toBe('one');
    expect(snapshot.models.get('one')?.costPerToken?.toString()).toBe('0');
  });

  it('does not depend on the order of its list, ties included', () => {
    const equals = ['d', 'b', 'a', 'c'];
    const equalPrices = equals.map((id) => price(id, { input: '0.1', output: '0.1' }));
    const equalSpeeds = aProvider({ nominalThroughputs: equals.map((id) => speedOf(id, 500)) });
    const anyOrder = fc.shuffledSubarray(equals, { minLength: equals.length });
    fc.assert(
      fc.property(anyOrder, (order) => {
        const memory = polled(
          order.map((id) => model(id)),
          equalPrices,
        );
        const provider = snapshotOf({ groq: equalSpeeds }, { groq: memory }).providers.get('groq');
        expect(provider?.cheapestId).toBe('groq:anywhere:on_demand:a');
        expect(provider?.fastestId).toBe('groq:anywhere:on_demand:a');
      }),
      { numRuns: 20 },
    );
  });
});

describe('a model that several providers host', () => {
  const two = (first: ListedModel, second: ListedModel) => {
    const gone = memoryAfter(
      [[first, model('other')], [model('other')], [model('other')]].map((rows, index) => ({
        models: modelList(rows, startMs - (3 - index) * minuteMs),
        prices: [],
        nowMs: startMs,
      })),
    );
    const entries = {
      alpha: aProvider({ region: region('us-west') }),
      beta: aProvider({ region: region('us-east'), nominalThroughputs: [speedOf('m', 300)] }),
    };
    const memory = polled([second], [price('m', { input: '0.1', output: '0.1' })]);
    const { models, index } = snapshotOf(entries, { alpha: gone, beta: memory });
    return { hosted: models.get('m'), offered: index.ofModel('m') };
  };

  it('is what the provider says that still serves it', () => {
    const { hosted } = two(
      model('m', { name: 'Old' }),
      model('m', { name: 'New', contextWindow: 512 }),
    );
    expect(hosted).toMatchObject({
      name: 'New',
      lifecycle: 'ACTIVE',
      lifecycleNote: undefined,
      listed: { contextWindow: 512 },
      source: 'models source',
      observedAtMs: startMs,
    });
  });

  it('has the offerings of all of them, their regions and the best of those that are available', () => {
    const { hosted, offered } = two(model('m'), model('m'));
    expect(offered.map(({ provider, available }) => [provider.id, available])).toEqual([
      ['alpha', false],
      ['beta', true],
    ]);
    expect(hosted?.regions).toEqual(['us-east', 'us-west']);
    expect(hosted?.costPerToken?.toString()).toBe('0.1');
    expect(hosted?.throughput).toBe(300);
  });
});

describe('the story of a model', () => {
  const fate = {
    id: 'gone',
    name: 'Gone-8B',
    lifecycle: 'DECOMMISSIONED',
    since: '2025-08-30',
    replacement: 'one',
    note: 'Shut down.',
    source: 'deprecations page',
    observedAt: '2026-11-23',
  };
  const entry = aProvider({
    modelFates: [
      fate,
      {
        ...fate,
        id: 'never',
        name: 'Never-7B',
        lifecycle: 'NEVER_HOSTED',
        replacement: undefined,
        since: undefined,
      },
    ],
  });

  it('is told of models that nobody lists, by id and by the name that people know', () => {
    const snapshot = snapshotOf({ groq: entry }, { groq: polled([model('one')]) });
    expect(snapshot.models.get('gone')).toMatchObject({
      lifecycle: 'DECOMMISSIONED',
      lifecycleNote: 'Shut down.',
      lifecycleSinceMs: Date.parse('2025-08-30'),
      replacementId: 'one',
      providerIds: [],
      listed: undefined,
      costPerToken: undefined,
    });
    expect(snapshot.models.get('never')).toMatchObject({ lifecycle: 'NEVER_HOSTED' });
    expect(snapshot.modelsByAlias.get('gone-8b')).toBe(snapshot.models.get('gone'));
    expect(snapshot.offerings.size).toBe(1);
  });

  it('is overruled by a list that has the model', () => {
    const snapshot = snapshotOf({ groq: entry }, { groq: polled([model('gone')]) });
    expect(snapshot.models.get('gone')).toMatchObject({
      lifecycle: 'ACTIVE',
      replacementId: undefined,
      lifecycleNote: undefined,
    });
    expect(snapshot.modelsByAlias.get('gone-8b')?.lifecycle).toBe('ACTIVE');
  });

  it.each([
    ['gone', 'DECOMMISSIONED', Date.parse('2025-08-30'), 'Shut down.'],
    ['quiet', 'REMOVED', startMs, "Missing from the provider's list in two readings or more."],
  ])('of %s, missing twice, is %s', (id, lifecycle, sinceMs, note) => {
    const lists = [[model(id), model('one')], [model('one')], [model('one')]];
    const memory = memoryAfterLists(lists);
    const snapshot = snapshotOf({ groq: entry }, { groq: memory });
    expect(snapshot.models.get(id)).toMatchObject({
      lifecycle,
      lifecycleSinceMs: sinceMs,
      lifecycleNote: note,
    });
    expect(snapshot.offerings.get(`groq:anywhere:on_demand:${id}`)?.available).toBe(false);
  });

  it('is not yet told of a model that is missing once', () => {
    const lists = [[model('m'), model('one')], [model('one')]];
    const memory = memoryAfterLists(lists);
    const snapshot = snapshotOf({ groq: entry }, { groq: memory });
    expect(snapshot.models.get('m')).toMatchObject({ lifecycle: 'ACTIVE', observedAtMs: startMs });
    expect(snapshot.offerings.get('groq:anywhere:on_demand:m')?.available).toBe(true);
  });
});

describe('a custom model', () => {
  const custom = {
    id: 'acme/lora',
    name: 'Acme LoRA',
    baseModel: 'one',
    task: 'TEXT_GENERATION',
    source: 'the operator',
    observedAt: '2026-11-01',
  };
  const lora = 'groq:anywhere:on_demand:acme/lora';
  const snapshot = (parts: object) =>
    snapshotOf(
      {
        groq: aProvider({
          customModels: [{ ...custom, ...parts }],
          endpoints: { TEXT_GENERATION: '/chat' },
        }),
      },
      { groq: polled([model('one', { contextWindow: 512 })]) },
    );

  it('is offered with the facts of its base and the price of the contract', () => {
    const priced = snapshot({ price: { unit: 'TOKEN', input: '0.1', output: '0.2' } });
    expect(priced.models.get('acme/lora')).toMatchObject({
      name: 'Acme LoRA',
      task: 'TEXT_GENERATION',
      listed: { contextWindow: 512 },
      source: 'the operator',
    });
    expect(priced.offerings.get(lora)?.price?.basis).toBe('DECLARED');
    expect(launchBlockerOf(priced.offerings.get(lora)!, startMs)).toBeUndefined();
  });

  it('that its provider lists is what the provider says, and offered once', () => {
    const entry = aProvider({ customModels: [custom] });
    const listed = polled([model('one'), model('acme/lora', { name: 'As listed' })]);
    const { models, offerings, index } = snapshotOf({ groq: entry }, { groq: listed });
    expect(models.get('acme/lora')).toMatchObject({ name: 'As listed', source: 'models source' });
    expect(index.ofModel('acme/lora')).toHaveLength(1);
    expect(offerings.size).toBe(2);
  });

  it.each([[{}], [{ price: null }]])('without a price is shown and not launched: %j', (parts) => {
    const offering = snapshot(parts).offerings.get(lora);
    expect(offering?.price).toBeUndefined();
    expect(launchBlockerOf(offering!, startMs)).toBe('PRICE_UNKNOWN');
  });
});

describe('what a model does', () => {
  it.each([
    [['text'], 'TEXT_GENERATION'],
    [['speech'], 'SPEECH'],
    [['transcription'], 'TRANSCRIPTION'],
    [['hologram'], undefined],
    [undefined, undefined],
  ])('is told by what it makes: %j is %s', (outputModalities, task) => {
    const listed =
      outputModalities === undefined ? { id: 'm', active: true } : model('m', { outputModalities });
    expect(
      snapshotOf({ groq: aProvider() }, { groq: polled([listed]) }).models.get('m')?.task,
    ).toBe(task);
  });
});

describe('why an offering cannot be launched', () => {
  const entry = aProvider({ endpoints: { TEXT_GENERATION: '/chat' } });
  const full = price('m', { input: '0.1', output: '0.2' });
  const blocker = (
    options: {
      readonly listed?: ListedModel;
      readonly feed?: string;
      readonly row?: typeof full;
      readonly ageMs?: number;
      readonly failing?: 'UNCONFIGURED' | 'UNAUTHORIZED' | 'TIMEOUT';
    } = {},
  ) => {
    const { listed = model('m'), feed = 'models', row = full, ageMs = 0, failing } = options;
    const memory = memoryAfter([
      { models: modelList([listed]), prices: [priceList(feed, [row])], nowMs: startMs },
      ...(failing === undefined
        ? []
        : [
            {
              models: {
                ok: false,
                feed: 'models',
                source: 's',
                failure: failure(failing),
              } as const,
              prices: [],
              nowMs: startMs,
            },
          ]),
    ]);
    const nowMs = startMs + ageMs;
    const snapshot = snapshotOf({ groq: entry }, { groq: memory }, { nowMs });
    return launchBlockerOf(snapshot.offerings.get('groq:anywhere:on_demand:m')!, nowMs);
  };

  it.each([
    ['nothing', {}, undefined],
    ['a weather fault of the feed', { failing: 'TIMEOUT' }, undefined],
    ['its model is not served', { listed: model('m', { active: false }) }, 'OFFERING_UNAVAILABLE'],
    [
      'its task has no endpoint',
      { listed: model('m', { outputModalities: ['speech'] }) },
      'TASK_UNSUPPORTED',
    ],
    ['its task is unknown', { listed: { id: 'm', active: true } }, 'TASK_UNSUPPORTED'],
    ['there is no key', { failing: 'UNCONFIGURED' }, 'PROVIDER_UNCONFIGURED'],
    ['the key is refused', { failing: 'UNAUTHORIZED' }, 'PROVIDER_UNAUTHORIZED'],
    ['only one number is known', { feed: 'pricing', row: single('m', '0.1') }, 'PRICE_UNKNOWN'],
    ['its price is of another model', { row: price('other', { input: '1' }) }, 'PRICE_UNKNOWN'],
    ['its price is listed', { feed: 'models.dev' }, 'PRICE_LISTED'],
    ['its price is almost stale', { ageMs: 10 * minuteMs - 1 }, undefined],
    ['its price is stale', { ageMs: 10 * minuteMs }, 'PRICE_STALE'],
    ['its price has expired', { ageMs: hourMs }, 'PRICE_EXPIRED'],
  ] as const)('when %s: %s', (_, options, expected) => {
    expect(blocker(options)).toBe(expected);
  });

  it('is that its price waits for a second reading', () => {
    const moved = price('m', { input: '0', output: '0.2' });
    const memory = memoryAfter([
      { models: modelList([model('m')]), prices: [priceList('models', [full])], nowMs: startMs },
      {
        models: modelList([model('m')], startMs + minuteMs),
        prices: [priceList('models', [moved], startMs + minuteMs)],
        nowMs: startMs + minuteMs,
      },
    ]);
    const snapshot = snapshotOf({ groq: entry }, { groq: memory }, { nowMs: startMs + minuteMs });
    const offering = snapshot.offerings.get('groq:anywhere:on_demand:m');
    expect(launchBlockerOf(offering!, startMs + minuteMs)).toBe('PRICE_UNCONFIRMED');
  });
});
