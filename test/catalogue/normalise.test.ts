import { describe, expect, it } from 'vitest';

import { emptyMemory } from '../../src/catalogue/memory.ts';
import type { ProviderMemory } from '../../src/catalogue/memory.ts';
import {
  holdsPrices,
  maximumRejectedRows,
  noChanges,
  rememberPoll,
  rememberPrices,
  rememberServedCode,
} from '../../src/catalogue/normalise.ts';
import type { ListedModel } from '../../src/domain/model.ts';
import type { PriceRow } from '../../src/domain/price.ts';
import type { FeedReading, PriceReading } from '../../src/providers/provider.ts';
import {
  componentsOf,
  failed,
  failure,
  minuteMs,
  model,
  modelList,
  price,
  priceList,
  single,
  startMs,
} from './readings.ts';

/** A memory with a clock, for polls five minutes apart. */
class Story {
  readonly memory: ProviderMemory = emptyMemory();
  nowMs = startMs;

  /** One poll with these models, whose list gives these prices. */
  poll(models: readonly ListedModel[], prices: readonly PriceRow[] = []): this {
    return this.read(modelList(models, this.nowMs), priceList('models', prices, this.nowMs));
  }

  read(models: FeedReading<ListedModel>, ...prices: readonly PriceReading[]): this {
    rememberPoll(this.memory, models, prices, this.nowMs, noChanges());
    this.nowMs += 5 * minuteMs;
    return this;
  }

  missed(id: string): number | undefined {
    return this.memory.models.get(id)?.missedReadings;
  }

  priceOf(id: string, feed = 'models') {
    return this.memory.prices.get(feed)?.get(id);
  }

  feed(name: string) {
    return this.memory.feeds.get(name);
  }
}

const [one, two] = [model('one'), model('two')];
const fiveMinutesAgo = (story: Story): number => story.nowMs - 10 * minuteMs;

describe('a model', () => {
  it('that is missing once is kept, missing twice is gone, and is back when it is listed again', () => {
    const story = new Story().poll([one, two]);
    expect(story.missed('two')).toBe(0);
    story.poll([one]);
    expect(story.missed('two')).toBe(1);
    expect(story.memory.models.get('two')?.seenAtMs).toBe(fiveMinutesAgo(story));
    story.poll([one]);
    expect(story.missed('two')).toBe(2);
    story.poll([one]).poll([one]);
    expect(story.missed('two')).toBe(2);
    expect(story.memory.models.get('two')?.seenAtMs).toBe(startMs);
    story.poll([one, two]);
    expect(story.memory.models.get('two')).toMatchObject({
      missedReadings: 0,
      seenAtMs: undefined,
    });
  });

  it('is not missed by readings that fail', () => {
    const story = new Story().poll([one, two]).poll([one]);
    const timeout = {
      ok: false,
      feed: 'models',
      source: 's',
      failure: failure('TIMEOUT'),
    } as const;
    story.read(timeout).read(timeout).read(timeout);
    expect(story.missed('two')).toBe(1);
  });

  it('takes its newest facts from the newest list', () => {
    const story = new Story()
      .poll([model('one', { contextWindow: 512, name: 'Old' })])
      .poll([model('one', { contextWindow: 131_072, active: false })]);
    expect(story.memory.models.get('one')?.model).toEqual(
      model('one', { contextWindow: 131_072, active: false }),
    );
  });

  it.each([
    ['name', { name: 'New' }],
    ['owner', { ownedBy: 'Meta' }],
    ['activity', { active: false }],
    ['context window', { contextWindow: 512 }],
    ['longest answer', { maxOutputTokens: 512 }],
    ['inputs', { inputModalities: ['text', 'image'] }],
    ['outputs', { outputModalities: ['speech'] }],
    ['features', { features: ['tools'] }],
    ['order of features', { features: ['json_mode', 'tools'] }],
  ] as [string, Partial<ListedModel>][])('is taken anew when its %s alone changes', (_, parts) => {
    const before = model('one', { features: ['tools', 'json_mode'] });
    const after = model('one', { features: ['tools', 'json_mode'], ...parts });
    const memory = new Story().poll([before]).memory;
    const changed = noChanges();
    const later = startMs + 5 * minuteMs;
    rememberPoll(memory, modelList([after], later), [], later, changed);
    expect(memory.models.get('one')?.model).toEqual(after);
    expect([...changed.models]).toEqual(['one']);
  });

  it('names another source once another source has it', () => {
    const story = new Story().poll([one]);
    const elsewhere = { ...modelList([one], story.nowMs), source: 'elsewhere' };
    story.read(elsewhere);
    expect(story.memory.models.get('one')?.source).toBe('elsewhere');
  });

  it('that a launch found shut down is served again once its provider lists it again', () => {
    const story = new Story().poll([one]);
    const known = story.memory.models.get('one');
    story.memory.models.set('one', { ...known!, decommissionedAtMs: story.nowMs });
    story.poll([one]);
    expect(story.memory.models.get('one')?.decommissionedAtMs).toBeUndefined();
  });
});

describe('an empty list', () => {
  it.each([
    ['empty', []],
    ['all rejected', [{ id: '#1', reason: 'the row has no id' }]],
  ])('(%s) never shrinks what is known, and is a failure with its reasons', (_, rejected) => {
    const story = new Story().poll([one, two], [price('one', { input: '0.1' })]);
    for (let time = 0; time < 3; time += 1) {
      const { nowMs } = story;
      story.read(modelList([], nowMs, { rejected }), priceList('models', [], nowMs));
    }
    expect([story.missed('one'), story.missed('two')]).toEqual([0, 0]);
    expect(story.priceOf('one')?.seenAtMs).toBeUndefined();
    expect(story.feed('models')).toMatchObject({
      lastSuccessAtMs: startMs,
      failure: {
        code: 'MALFORMED_ANSWER',
        message: 'The list was empty; what was known before is kept.',
      },
      failingSinceMs: startMs + 5 * minuteMs,
      rejected,
    });
  });

  it('is no failure of a provider that has never listed anything', () => {
    expect(new Story().poll([]).feed('models')?.failure).toBeUndefined();
  });
});

describe('a feed that fails', () => {
  it('keeps what it gave, and says since when and why it fails', () => {
    const story = new Story().poll([one], [price('one', { input: '0.1', output: '0.2' })]);
    const before = story.priceOf('one');
    story.read(modelList([one], story.nowMs), failed('models', 'TIMEOUT'));
    story.read(modelList([one], story.nowMs), failed('models', 'SERVER_ERROR'));
    expect(story.priceOf('one')).toBe(before);
  });

  it('says since when it fails, whatever the reason is meanwhile, until it answers', () => {
    const story = new Story().read(modelList([one]), priceList('pricing', []));
    story.read(modelList([one], story.nowMs), failed('pricing', 'TIMEOUT'));
    story.read(modelList([one], story.nowMs), failed('pricing', 'UNSUPPORTED'));
    expect(story.feed('pricing')).toMatchObject({
      lastSuccessAtMs: startMs,
      failure: { code: 'UNSUPPORTED' },
      failingSinceMs: startMs + 5 * minuteMs,
    });
    story.read(modelList([one], story.nowMs), priceList('pricing', [], story.nowMs));
    expect(story.feed('pricing')).toMatchObject({ failure: undefined, failingSinceMs: undefined });
  });

  it('that never answered has no success', () => {
    const story = new Story().read(modelList([one]), failed('pricing', 'UNSUPPORTED'));
    expect(story.feed('pricing')).toMatchObject({ lastSuccessAtMs: undefined, basis: 'LIVE' });
  });
});

describe('a price', () => {
  it('for a model that nobody lists is rejected with the reason', () => {
    const story = new Story().poll([one], [price('ghost', { input: '0.1' })]);
    expect(story.priceOf('ghost')).toBeUndefined();
    expect(story.feed('models')?.rejected).toEqual([
      { id: 'ghost', reason: "no model of this id is on the provider's list" },
    ]);
  });

  it('that is missing from its feed keeps its value and the time when it was last there', () => {
    const story = new Story()
      .poll([one], [price('one', { input: '0.1' })])
      .poll([one], [price('one', { input: '0.1' })]);
    expect(story.priceOf('one')?.seenAtMs).toBeUndefined();
    story.poll([one], []).poll([one], []);
    expect(story.priceOf('one')).toMatchObject({ seenAtMs: startMs + 5 * minuteMs });
    story.poll([one], [price('one', { input: '0.1' })]);
    expect(story.priceOf('one')?.seenAtMs).toBeUndefined();
  });

  const full = { input: '0.1', output: '0.2', cachedInput: '0.05' };
  it.each([
    ['input', price('one', { ...full, input: '0.11' })],
    ['output', price('one', { ...full, output: '0.21' })],
    ['cached input', price('one', { ...full, cachedInput: '0.06' })],
    ['unit', { modelId: 'one', components: componentsOf(full, 'CHARACTER') }],
    ['one number', { ...price('one', full), ...single('one', '0.3') }],
    ['wording', { ...price('one', full), quotedAs: '0.1 USD per audio hour' }],
    ['lack of components', single('one', '0.3')],
  ] as [string, PriceRow][])('is taken anew when its %s alone changes', (_, after) => {
    const { memory } = new Story().poll([one], [price('one', full)]);
    const changed = noChanges();
    const later = startMs + 5 * minuteMs;
    rememberPrices(memory, priceList('models', [after], later), later, changed);
    expect(memory.prices.get('models')?.get('one')).toEqual({ row: after, seenAtMs: undefined });
    expect([...(changed.prices.get('models') ?? [])]).toEqual(['one']);
  });

  it('of zero is zero, and one that is absent is absent', () => {
    const story = new Story().poll([one, two], [price('one', { input: '0' })]);
    expect(story.priceOf('one')?.row.components?.input?.toString()).toBe('0');
    expect(story.priceOf('one')?.row.components?.output).toBeUndefined();
    expect(story.priceOf('two')).toBeUndefined();
  });
});

describe('a price of a live feed that moves', () => {
  const move = (feed: string, before: PriceRow, after: PriceRow): Story => {
    const story = new Story().read(modelList([one]), priceList(feed, [before]));
    const { nowMs } = story;
    return story.read(modelList([one], nowMs), priceList(feed, [after], nowMs));
  };

  it.each([
    ['more than ten times up', { input: '0.1' }, { input: '1.0000001' }],
    ['more than ten times down', { input: '1.0000001' }, { input: '0.1' }],
    ['from zero', { input: '0' }, { input: '0.0000001' }],
    ['to zero', { input: '0.0000001' }, { input: '0' }],
    ['in its output alone', { input: '0.1', output: '0.1' }, { input: '0.1', output: '2' }],
    [
      'in its cached input alone',
      { input: '0.1', cachedInput: '0.1' },
      { input: '0.1', cachedInput: '0' },
    ],
  ])('%s is held: the old one stays, with the age that it had', (_, before, after) => {
    const story = move('models', price('one', before), price('one', after));
    const held = story.priceOf('one');
    expect(held?.row).toEqual(price('one', before));
    expect(held?.seenAtMs).toBe(startMs);
    expect(held?.held).toMatchObject({
      row: price('one', after),
      observedAtMs: startMs + 5 * minuteMs,
    });
    expect(held?.held?.reason).toMatch(/moved/);
    expect(holdsPrices(story.memory)).toBe(true);
  });

  it.each([
    ['ten times up', { input: '0.1' }, { input: '1' }],
    ['ten times down', { input: '1' }, { input: '0.1' }],
    ['not at all from zero', { input: '0' }, { input: '0' }],
    ['by a new component', { input: '0.1' }, { input: '0.1', output: '9' }],
    ['by the loss of a component', { input: '0.1', output: '9' }, { input: '0.1' }],
  ])('%s is taken at once', (_, before, after) => {
    const story = move('models', price('one', before), price('one', after));
    expect(story.priceOf('one')).toEqual({ row: price('one', after), seenAtMs: undefined });
    expect(holdsPrices(story.memory)).toBe(false);
  });

  it('as one number is held like any other', () => {
    const story = move('pricing', single('one', '0.1'), single('one', '2'));
    expect(story.priceOf('one', 'pricing')?.held?.row).toEqual(single('one', '2'));
  });

  it('is taken at once in a list of somebody else', () => {
    const story = move('models.dev', price('one', { input: '0.1' }), price('one', { input: '9' }));
    expect(story.priceOf('one', 'models.dev')?.row).toEqual(price('one', { input: '9' }));
  });

  const before = price('one', { input: '0.1' });
  const moved = price('one', { input: '9' });

  it('is confirmed by a second reading that says the same', () => {
    const story = move('models', before, moved).poll([one], [moved]);
    expect(story.priceOf('one')).toEqual({ row: moved, seenAtMs: undefined });
  });

  it('is not confirmed by the reading that gave it', () => {
    const story = move('models', before, moved);
    const sameReading = priceList('models', [moved], startMs + 5 * minuteMs);
    rememberPrices(story.memory, sameReading, story.nowMs, noChanges());
    expect(story.priceOf('one')?.held?.row).toEqual(moved);
  });

  it('is forgotten when the old price returns', () => {
    const story = move('models', before, moved).poll([one], [before]);
    expect(story.priceOf('one')).toEqual({ row: before, seenAtMs: undefined });
  });

  it('is held anew when the second reading says something else again', () => {
    const other = price('one', { input: '90' });
    const story = move('models', before, moved).poll([one], [other]);
    expect(story.priceOf('one')?.held?.row).toEqual(other);
    expect(story.priceOf('one')?.seenAtMs).toBe(startMs);
    expect(holdsPrices(story.memory)).toBe(true);
  });

  it('asks for no second reading soon once its row is gone or its feed fails', () => {
    const vanished = move('models', before, moved).poll([one], []);
    expect(vanished.priceOf('one')?.held?.row).toEqual(moved);
    expect(holdsPrices(vanished.memory)).toBe(false);

    const failing = move('pricing', before, moved);
    failing.read(modelList([one], failing.nowMs), failed('pricing', 'UNSUPPORTED'));
    expect(failing.priceOf('one', 'pricing')?.held?.row).toEqual(moved);
    expect(holdsPrices(failing.memory)).toBe(false);
  });
});

describe('what is kept for the operator', () => {
  it('is of rows that were not taken the first ones and the number of the rest, with both reasons for one answer', () => {
    const rejected = Array.from({ length: 80 }, (_, index) => ({
      id: `#${index}`,
      reason: 'no id',
    }));
    const prices = Array.from({ length: 80 }, (_, index) =>
      price(`ghost-${index}`, { input: '1' }),
    );
    const story = new Story().read(
      modelList([one], startMs, { rejected }),
      priceList('models', prices),
    );
    const kept = story.feed('models')?.rejected ?? [];
    expect(kept).toHaveLength(maximumRejectedRows);
    expect(kept[0]).toEqual({ id: '#0', reason: 'no id' });
    expect(kept[80]).toMatchObject({ id: 'ghost-0' });
    expect(kept.at(-1)).toEqual({ id: '…', reason: '61 more rows were rejected' });
  });

  it('is of site codes how often and when each was seen, fifty codes at most', () => {
    const memory = emptyMemory();
    for (let number = 0; number < 60; number += 1) {
      rememberServedCode(memory, `code-${number}`, startMs, noChanges());
    }
    rememberServedCode(memory, 'code-7', startMs + 5, noChanges());
    expect(memory.regions.size).toBe(50);
    expect(memory.regions.get('code-7')).toEqual({ count: 2, lastSeenAtMs: startMs + 5 });
  });

  it('is of a poll the code of the site that answered, once for each answer', () => {
    const story = new Story();
    story.read(modelList([one], startMs, { servedCode: 'dls' }), priceList('models', []));
    expect(story.memory.regions.get('dls')?.count).toBe(1);
  });
});
