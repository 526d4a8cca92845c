import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { choosePrice } from '../../src/catalogue/choose-price.ts';
import type { PriceQuestion } from '../../src/catalogue/choose-price.ts';
import { shownPrice } from '../../src/catalogue/offering-price.ts';
import type { OfferingPrice } from '../../src/catalogue/offering-price.ts';
import { noChanges, rememberPrices } from '../../src/catalogue/normalise.ts';
import { freshnessAt } from '../../src/domain/price.ts';
import type { PriceRow } from '../../src/domain/price.ts';
import { registered } from '../support/registry-entries.ts';
import {
  componentsOf,
  hourMs,
  memoryAfter,
  minuteMs,
  model,
  modelList,
  price,
  priceList,
  single,
  startMs,
} from './readings.ts';

const pollIntervalMs = 5 * minuteMs;
const tokens = price('m', { input: '0.00000015', output: '0.0000006' });
const shipped = price('m', { input: '0.000003', output: '0.000005' });

const shippedList = { source: 'the shipped list', observedAt: '2026-10-02', models: [] };
const uncontracted = registered({ shippedList });

interface Feeds {
  /** Minutes ago and what the feed gave then. */
  readonly pricing?: readonly [number, PriceRow];
  readonly models?: readonly [number, PriceRow];
  readonly 'models.dev'?: readonly [number, PriceRow];
  readonly shipped?: PriceRow;
  readonly declaredPrices?: readonly unknown[];
}

/** What readers see of the price that is chosen. */
function shown(question: PriceQuestion): OfferingPrice | undefined {
  const price = choosePrice(question);
  const feeds = [...question.memory.feeds].map(([name, feed]) => ({ name, ...feed }));
  return price && shownPrice(price, feeds);
}

/** The price that is chosen at the end of a story in which each feed answered once. */
function chosen({ shipped, declaredPrices = [], ...feeds }: Feeds): OfferingPrice | undefined {
  const listedAt = startMs - 365 * 24 * hourMs;
  const memory = memoryAfter([
    { models: modelList([model('m')], listedAt), prices: [], nowMs: listedAt },
  ]);
  for (const [feed, [minutesAgo, row]] of Object.entries(feeds)) {
    const observedAt = startMs - minutesAgo * minuteMs;
    rememberPrices(memory, priceList(feed, [row], observedAt), observedAt, noChanges());
  }
  return shown({
    provider:
      declaredPrices.length === 0 ? uncontracted : registered({ declaredPrices, shippedList }),
    memory,
    shippedPrices: new Map(shipped === undefined ? [] : [['m', shipped]]),
    modelId: 'm',
    nowMs: startMs,
    pollIntervalMs,
  });
}

const declared = (validFrom: string, validUntil?: string) => ({
  model: 'm',
  price: { unit: 'TOKEN', input: '0.00000009', output: '0.00000009' },
  source: 'contract 7',
  validFrom,
  ...(validUntil === undefined ? {} : { validUntil }),
});

describe('the feed whose price is shown', () => {
  it.each([
    [
      'the price endpoint before the list',
      { pricing: [1, tokens], models: [1, tokens] },
      'pricing',
    ],
    ['the list when the price endpoint gave nothing', { models: [1, tokens] }, 'models'],
    [
      'a stale live price before a fresh listed one',
      { models: [59, tokens], 'models.dev': [1, tokens] },
      'models',
    ],
    [
      'a listed price once the live one has expired',
      { models: [60, tokens], 'models.dev': [1, tokens] },
      'models.dev',
    ],
    [
      'the list once the price endpoint has expired',
      { pricing: [60, tokens], models: [59, tokens], 'models.dev': [1, tokens] },
      'models',
    ],
    [
      'the most trusted of all when all have expired',
      { models: [9000, tokens], 'models.dev': [60, tokens], shipped },
      'models',
    ],
    [
      'a public list before the shipped one',
      { 'models.dev': [600, tokens], shipped },
      'models.dev',
    ],
    ['the shipped list when there is nothing else', { shipped }, 'shipped'],
    [
      'a contract in force before everything',
      { models: [1, tokens], declaredPrices: [declared('2026-01-01')] },
      'declared',
    ],
    [
      'no contract that has ended',
      { models: [1, tokens], declaredPrices: [declared('2026-01-01', '2026-11-23T12:00:00Z')] },
      'models',
    ],
    [
      'a contract until the moment when it ends',
      { models: [1, tokens], declaredPrices: [declared('2026-01-01', '2026-11-23T12:00:01Z')] },
      'declared',
    ],
    [
      'a contract from the moment when it begins',
      { models: [1, tokens], declaredPrices: [declared('2026-11-23T12:00:00Z')] },
      'declared',
    ],
    [
      'no contract that begins later',
      { models: [1, tokens], declaredPrices: [declared('2026-11-23T12:00:01Z')] },
      'models',
    ],
  ] satisfies [string, Feeds, string][])('is %s', (_, feeds, feed) => {
    expect(chosen(feeds)?.feed).toBe(feed);
  });

  it('is none where nobody gives a price', () => {
    expect(chosen({})).toBeUndefined();
  });

  it('says its basis, its source and when that source answered', () => {
    expect(chosen({ models: [7, tokens] })).toMatchObject({
      basis: 'LIVE',
      source: 'models source',
      observedAtMs: startMs - 7 * minuteMs,
    });
    expect(chosen({ 'models.dev': [7, tokens] })).toMatchObject({ basis: 'LISTED' });
    expect(chosen({ shipped })).toMatchObject({
      basis: 'LISTED',
      source: 'the shipped list',
      observedAtMs: Date.parse('2026-10-02'),
    });
    expect(chosen({ declaredPrices: [declared('2026-01-01', '2027-01-01')] })).toMatchObject({
      basis: 'DECLARED',
      source: 'contract 7',
      observedAtMs: Date.parse('2026-01-01'),
      validUntilMs: Date.parse('2027-01-01'),
    });
  });

  it('never gives way to a less trusted one while its own price is younger than an hour', () => {
    const feeds = ['pricing', 'models', 'models.dev'] as const;
    const anyAges = fc.tuple(...feeds.map(() => fc.option(fc.integer({ min: 0, max: 120 }))));
    fc.assert(
      fc.property(anyAges, (ages) => {
        const given = feeds.flatMap((feed, rank) => {
          const age = ages[rank];
          return age === null || age === undefined ? [] : [{ feed, age }];
        });
        const usable = given.filter(
          ({ age }) => freshnessAt(startMs, startMs - age * minuteMs, pollIntervalMs) !== 'EXPIRED',
        );
        const story = Object.fromEntries(given.map(({ feed, age }) => [feed, [age, tokens]]));
        expect(chosen(story)?.feed).toBe((usable[0] ?? given[0])?.feed);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the cost per token', () => {
  it('is blended three to one from component prices', () => {
    const price = chosen({ models: [1, tokens] });
    expect(price?.costPerToken?.toString()).toBe('0.0000002625');
    expect(price).toMatchObject({ method: 'BLEND_3_1', single: undefined });
  });

  it('is the one number that a more trusted feed gives, while component prices of the list do the charging', () => {
    const price = chosen({ pricing: [1, single('m', '0.0000002630')], models: [2, tokens] });
    expect(price?.costPerToken?.toString()).toBe('0.000000263');
    expect(price).toMatchObject({
      method: 'SINGLE',
      feed: 'models',
      basis: 'LIVE',
      components: tokens.components,
      observedAtMs: startMs - 2 * minuteMs,
      single: { source: 'pricing source', observedAtMs: startMs - minuteMs },
      conflict: undefined,
    });
  });

  it('is the one number alone where nobody gives component prices', () => {
    const price = chosen({ pricing: [1, single('m', '0.0000003')] });
    expect(price).toMatchObject({
      feed: 'pricing',
      components: undefined,
      version: undefined,
      method: 'SINGLE',
    });
    expect(price?.costPerToken?.toString()).toBe('0.0000003');
  });

  it('is blended again once the one number has expired', () => {
    const price = chosen({ pricing: [60, single('m', '0.0000003')], models: [1, tokens] });
    expect(price).toMatchObject({ method: 'BLEND_3_1', single: undefined });
  });

  it('is blended from a contract, which no feed outranks', () => {
    const price = chosen({
      pricing: [1, single('m', '0.0000003')],
      declaredPrices: [declared('2026-01-01')],
    });
    expect(price).toMatchObject({ method: 'BLEND_3_1', basis: 'DECLARED', conflict: undefined });
    expect(price?.costPerToken?.toString()).toBe('0.00000009');
  });

  it.each(['CHARACTER', 'AUDIO_SECOND'] as const)('does not exist for prices per %s', (unit) => {
    const row = { modelId: 'm', components: componentsOf({ input: '0.00004' }, unit) };
    expect(chosen({ models: [1, row] })).toMatchObject({
      costPerToken: undefined,
      method: undefined,
    });
  });

  it('is not made from half a price', () => {
    expect(chosen({ models: [1, price('m', { input: '0.1' })] })).toMatchObject({
      costPerToken: undefined,
      method: undefined,
    });
  });
});

describe('a conflict', () => {
  it.each([
    ['exactly 1 % above', '0.000000265125', false],
    ['exactly 1 % below', '0.000000259875', false],
    ['more than 1 % above', '0.000000265126', true],
    ['more than 1 % below', '0.000000259874', true],
  ])('of two live feeds, the other one %s, is shown: %s → %s', (_, other, isConflict) => {
    const price = chosen({
      pricing: [1, tokens],
      models: [2, flatPrice('m', other)],
    });
    expect(price?.conflict === undefined).toBe(!isConflict);
    expect(price?.costPerToken?.toString()).toBe('0.0000002625');
  });

  it('names the feed that is not shown, its source, its number and its time', () => {
    const price = chosen({ pricing: [1, single('m', '0.0000005')], models: [2, tokens] });
    expect(price?.conflict).toMatchObject({
      feed: 'models',
      source: 'models source',
      observedAtMs: startMs - 2 * minuteMs,
    });
    expect(price?.conflict?.costPerToken.toString()).toBe('0.0000002625');
  });

  it('with a list of somebody else, or with an expired reading, is none', () => {
    const far = price('m', { input: '0.00009', output: '0.00009' });
    expect(chosen({ models: [1, tokens], 'models.dev': [1, far] })?.conflict).toBeUndefined();
    expect(chosen({ pricing: [1, tokens], models: [60, far] })?.conflict).toBeUndefined();
    expect(chosen({ pricing: [61, tokens], models: [62, far] })?.conflict).toBeUndefined();
  });

  it('with a feed that says free is one', () => {
    const free = price('m', { input: '0', output: '0' });
    expect(chosen({ pricing: [1, tokens], models: [1, free] })?.conflict).toBeDefined();
    expect(chosen({ pricing: [1, free], models: [1, tokens] })?.conflict).toBeDefined();
  });
});

describe('a held price', () => {
  const moved = price('m', { input: '0.00009', output: '0.0009' });
  const poll = (row: PriceRow, observedAt: number) => ({
    models: modelList([model('m')], observedAt),
    prices: [priceList('models', [row], observedAt)],
    nowMs: observedAt,
  });
  const at = (nowMs: number, ...polls: ReturnType<typeof poll>[]) =>
    shown({
      provider: registered(),
      memory: memoryAfter(polls),
      shippedPrices: new Map(),
      modelId: 'm',
      nowMs,
      pollIntervalMs,
    });

  it('shows as pending beside the old one, whose age goes on', () => {
    const shown = at(
      startMs + 5 * minuteMs,
      poll(tokens, startMs),
      poll(moved, startMs + 5 * minuteMs),
    );
    expect(shown).toMatchObject({
      components: tokens.components,
      observedAtMs: startMs,
      pending: { components: moved.components, observedAtMs: startMs + 5 * minuteMs },
    });
    expect(shown?.pending?.version).toMatch(/^pv_/);
    expect(shown?.pending?.version).not.toBe(shown?.version);
  });

  it('shows no more once a less trusted feed has taken over', () => {
    const memory = [poll(tokens, startMs), poll(moved, startMs + 5 * minuteMs)];
    const publicList = {
      models: modelList([model('m')], startMs + hourMs),
      prices: [priceList('models.dev', [tokens], startMs + hourMs)],
      nowMs: startMs + hourMs,
    };
    const later = at(startMs + hourMs, ...memory, publicList);
    expect(later).toMatchObject({ feed: 'models.dev', pending: undefined });
  });
});

/** Component prices whose blend is this number. */
function flatPrice(modelId: string, blended: string): PriceRow {
  return price(modelId, { input: blended, output: blended });
}
