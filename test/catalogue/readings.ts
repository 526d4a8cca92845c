import * as fc from 'fast-check';

import { emptyMemory } from '../../src/catalogue/memory.ts';
import type { ProviderMemory } from '../../src/catalogue/memory.ts';
import { rememberedRow, restoreRow, rowsToStore } from '../../src/catalogue/memory-rows.ts';
import { noChanges, rememberPoll } from '../../src/catalogue/normalise.ts';
import type { ChangedKeys } from '../../src/catalogue/normalise.ts';
import { Decimal } from '../../src/domain/decimal.ts';
import type { ProviderFailure } from '../../src/domain/failure.ts';
import type { ListedModel } from '../../src/domain/model.ts';
import type { ComponentPrices, PriceRow } from '../../src/domain/price.ts';
import type { FeedReading, PriceReading, RejectedRow } from '../../src/providers/provider.ts';

/** When the first reading of a test is made. */
export const startMs = Date.parse('2026-11-23T12:00:00Z');
export const minuteMs = 60_000;
export const hourMs = 3_600_000;

/** A failure that a test states by its code. */
export function failure(code: ProviderFailure['code'], message: string = code): ProviderFailure {
  return { code, message, execution: 'NOT_EXECUTED', retryable: true };
}

export function model(id: string, parts: Partial<ListedModel> = {}): ListedModel {
  return { id, active: true, outputModalities: ['text'], ...parts };
}

type Texts = Partial<Record<'input' | 'output' | 'cachedInput', string>>;

export function componentsOf(
  texts: Texts,
  unit: ComponentPrices['unit'] = 'TOKEN',
): ComponentPrices {
  const prices = Object.entries(texts).map(([name, text]) => [name, Decimal.of(text)] as const);
  return { unit, ...Object.fromEntries(prices) };
}

export function price(modelId: string, texts: Texts): PriceRow {
  return { modelId, components: componentsOf(texts) };
}

/** A row of a feed that gives one number. */
export function single(modelId: string, costPerToken: string): PriceRow {
  return { modelId, costPerToken: Decimal.of(costPerToken) };
}

export function modelList(
  rows: readonly ListedModel[],
  observedAt = startMs,
  more: { readonly rejected?: readonly RejectedRow[]; readonly servedCode?: string } = {},
): FeedReading<ListedModel> {
  return {
    ok: true,
    feed: 'models',
    source: 'models source',
    observedAt,
    rows,
    rejected: [],
    ...more,
  };
}

/** A reading of a feed: the provider's own unless it is `models.dev`. */
export function priceList(
  feed: string,
  rows: readonly PriceRow[],
  observedAt = startMs,
  rejected: readonly RejectedRow[] = [],
): PriceReading {
  const basis = feed === 'models.dev' ? 'LISTED' : 'LIVE';
  return { ok: true, feed, basis, source: `${feed} source`, observedAt, rows, rejected };
}

export function failed(feed: string, code: ProviderFailure['code']): PriceReading {
  const basis = feed === 'models.dev' ? 'LISTED' : 'LIVE';
  return { ok: false, feed, basis, source: `${feed} source`, failure: failure(code) };
}

/** One poll: a model list, then the readings of price feeds, as the catalogue takes them. */
export interface Poll {
  readonly models: FeedReading<ListedModel>;
  readonly prices: readonly PriceReading[];
  readonly nowMs: number;
}

/** Takes a poll into a memory and tells which rows it says to have changed. */
export function take(memory: ProviderMemory, { models, prices, nowMs }: Poll): ChangedKeys {
  const changed = noChanges();
  rememberPoll(memory, models, prices, nowMs, changed);
  return changed;
}

/** A memory that has taken these polls one after the other. */
export function memoryAfter(polls: readonly Poll[]): ProviderMemory {
  const memory = emptyMemory();
  for (const poll of polls) take(memory, poll);
  return memory;
}

/** Everything in a memory, as storage would have it, whatever the order in which rows came. */
export function contentOf(memory: ProviderMemory): Readonly<Record<string, unknown>> {
  const everything: ChangedKeys = {
    models: new Set(memory.models.keys()),
    prices: new Map([...memory.prices].map(([feed, rows]) => [feed, new Set(rows.keys())])),
    feeds: new Set(memory.feeds.keys()),
    regions: new Set(memory.regions.keys()),
  };
  return Object.fromEntries(
    [...rowsToStore('p', memory, everything)].map(({ kind, key, body }) => [
      `${kind} ${key}`,
      JSON.parse(body ?? 'null', (name, value: unknown) =>
        name === 'rejected' ? (value as RejectedRow[]).map(wording).sort() : value,
      ) as unknown,
    ]),
  );
}

const wording = ({ id, reason }: RejectedRow): string => `${id}: ${reason}`;

/** A storage that keeps what changed, and gives the memory back that it makes. */
export class KeptRows {
  readonly #rows = new Map<string, Parameters<typeof rememberedRow>[0]>();

  keep(memory: ProviderMemory, changed: ChangedKeys): void {
    for (const row of rowsToStore('p', memory, changed))
      this.#rows.set(`${row.kind} ${row.key}`, row);
  }

  restored(): ProviderMemory {
    const memory = emptyMemory();
    for (const row of this.#rows.values()) {
      restoreRow(memory, rememberedRow(row, memory.shared));
    }
    return memory;
  }
}

const ids = ['a/one', 'b/two', 'three', 'four'];

const anyModel = (id: string): fc.Arbitrary<ListedModel> =>
  fc.record(
    {
      id: fc.constant(id),
      active: fc.boolean(),
      name: fc.constantFrom('One', 'Two', 'Ünö'),
      contextWindow: fc.constantFrom(512, 131_072),
      features: fc.constantFrom([], ['tools'], ['tools', 'json_mode']),
      outputModalities: fc.constantFrom(['text'], ['speech']),
    },
    { requiredKeys: ['id', 'active'] },
  );

const anyPrice = fc
  .constantFrom('0', '0.00000015', '0.0000002', '0.0000016', '0.1', '0.0000000123456')
  .map((text) => Decimal.of(text));

const anyPriceRow = (modelId: string): fc.Arbitrary<PriceRow> =>
  fc.oneof(
    fc
      .record(
        {
          unit: fc.constant('TOKEN' as const),
          input: anyPrice,
          output: anyPrice,
          cachedInput: anyPrice,
        },
        { requiredKeys: ['unit', 'input'] },
      )
      .map((components) => ({ modelId, components })),
    anyPrice.map((costPerToken) => ({ modelId, costPerToken })),
  );

const anyRejected = fc.array(
  fc.record({ id: fc.constantFrom('#1', 'x'), reason: fc.constantFrom('no id', 'negative') }),
  { maxLength: 3 },
);

const anyFailure = fc
  .constantFrom('TIMEOUT', 'UNAUTHORIZED', 'UNSUPPORTED')
  .map((code) => failure(code));

/** Rows for some of the ids, each id at most once. */
const rowsOf = <Row>(row: (id: string) => fc.Arbitrary<Row>): fc.Arbitrary<Row[]> =>
  fc
    .tuple(...[...ids, 'unlisted'].map((id) => fc.option(row(id), { nil: undefined })))
    .map((rows) => rows.filter((entry) => entry !== undefined));

const anyModelList: fc.Arbitrary<FeedReading<ListedModel>> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(rowsOf(anyModel), anyRejected)
      .map(([rows, rejected]) => modelList(rows, 0, { rejected, servedCode: 'dls' })),
  },
  {
    weight: 1,
    arbitrary: anyFailure.map((reason) => ({
      ok: false as const,
      feed: 'models',
      source: 'models source',
      failure: reason,
    })),
  },
);

const anyPriceList = (feed: string): fc.Arbitrary<PriceReading> =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .tuple(rowsOf(anyPriceRow), anyRejected)
        .map(([rows, rejected]) => priceList(feed, rows, 0, rejected)),
    },
    { weight: 1, arbitrary: anyFailure.map(({ code }) => failed(feed, code)) },
  );

/** Polls five minutes apart, with everything that feeds do. */
export const anyPolls: fc.Arbitrary<Poll[]> = fc
  .array(
    fc.tuple(anyModelList, fc.tuple(...['pricing', 'models', 'models.dev'].map(anyPriceList))),
    { minLength: 1, maxLength: 5 },
  )
  .map((polls) => polls.map(([models, prices], index) => at({ models, prices, nowMs: 0 }, index)));

function at({ models, prices }: Poll, index: number): Poll {
  const observedAt = startMs + index * 5 * minuteMs;
  const dated = <Reading extends FeedReading<unknown>>(reading: Reading): Reading =>
    reading.ok ? { ...reading, observedAt } : reading;
  return { models: dated(models), prices: prices.map(dated), nowMs: observedAt + 1 };
}

/** The same poll with its rows in another order. */
export function shuffled(poll: Poll, order: (length: number) => readonly number[]): Poll {
  const inOrder = <Row>(rows: readonly Row[]): Row[] =>
    order(rows.length).map((position) => rows[position] as Row);
  const { models, prices, nowMs } = poll;
  return {
    models: models.ok ? { ...models, rows: inOrder(models.rows) } : models,
    prices: prices.map((reading) =>
      reading.ok ? { ...reading, rows: inOrder(reading.rows) } : reading,
    ),
    nowMs,
  };
}

/** The same poll, made later. */
export function later(poll: Poll, byMs: number): Poll {
  const dated = <Reading extends FeedReading<unknown>>(reading: Reading): Reading =>
    reading.ok ? { ...reading, observedAt: reading.observedAt + byMs } : reading;
  const { models, prices, nowMs } = poll;
  return { models: dated(models), prices: prices.map(dated), nowMs: nowMs + byMs };
}
