import type { ComponentPrices, PriceRow, PriceUnit } from '../domain/price.ts';
import type { CatalogueRow } from './catalogue-store.ts';
import type {
  HeldPrice,
  ProviderMemory,
  RememberedFeed,
  RememberedModel,
  RememberedPrice,
  RememberedRegion,
} from './memory.ts';
import type { ChangedKeys } from './normalise.ts';
import type { SharedFacts } from './shared-facts.ts';

/** The rows of a memory that a reading changed, in the form that storage keeps. */
export function* rowsToStore(
  provider: string,
  memory: ProviderMemory,
  changed: ChangedKeys,
): Generator<CatalogueRow> {
  for (const key of changed.models) {
    yield { provider, kind: 'MODEL', key, body: bodyOf(memory.models.get(key)) };
  }
  for (const [feed, modelIds] of changed.prices) {
    for (const modelId of modelIds) {
      const body = bodyOf(memory.prices.get(feed)?.get(modelId));
      yield { provider, kind: 'PRICE', key: `${feed}\n${modelId}`, body };
    }
  }
  for (const key of changed.feeds) {
    yield { provider, kind: 'FEED', key, body: bodyOf(memory.feeds.get(key)) };
  }
  for (const key of changed.regions) {
    yield { provider, kind: 'REGION', key, body: bodyOf(memory.regions.get(key)) };
  }
}

/** Puts a stored row back into a memory. */
export function restoreRow(memory: ProviderMemory, row: CatalogueRow): void {
  const { shared } = memory;
  switch (row.kind) {
    case 'MODEL':
      restore(memory.models, row.key, row.body, (body) => modelOf(body as RememberedModel, shared));
      return;
    case 'FEED':
      restore(memory.feeds, row.key, row.body, (body) => body as RememberedFeed);
      return;
    case 'REGION':
      restore(memory.regions, row.key, row.body, (body) => body as RememberedRegion);
      return;
    case 'PRICE': {
      const separator = row.key.indexOf('\n');
      const feed = shared.text(row.key.slice(0, separator));
      const prices = memory.prices.get(feed) ?? new Map<string, RememberedPrice>();
      memory.prices.set(feed, prices);
      restore(prices, row.key.slice(separator + 1), row.body, (body) =>
        priceOf(body as StoredPrice, shared),
      );
    }
  }
}

function bodyOf(value: object | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

function restore<Value>(
  target: Map<string, Value>,
  key: string,
  body: string | null,
  read: (body: unknown) => Value,
): void {
  if (body === null) target.delete(key);
  else target.set(key, read(JSON.parse(body)));
}

/** Remembered values with decimals as text, as JSON has them. */
interface StoredPrice {
  readonly row: StoredRow;
  readonly seenAtMs?: number;
  readonly held?: {
    readonly row: StoredRow;
    readonly observedAtMs: number;
    readonly reason: string;
  };
}

interface StoredRow {
  readonly modelId: string;
  readonly components?: {
    readonly unit: PriceUnit;
    readonly input?: string;
    readonly output?: string;
    readonly cachedInput?: string;
  };
  readonly costPerToken?: string;
  readonly quotedAs?: string;
}

function modelOf(stored: RememberedModel, shared: SharedFacts): RememberedModel {
  return { ...stored, model: shared.model(stored.model), source: shared.text(stored.source) };
}

function priceOf(stored: StoredPrice, shared: SharedFacts): RememberedPrice {
  return {
    row: rowOf(stored.row, shared),
    seenAtMs: stored.seenAtMs,
    ...(stored.held === undefined ? {} : { held: heldOf(stored.held, shared) }),
  };
}

function heldOf(stored: NonNullable<StoredPrice['held']>, shared: SharedFacts): HeldPrice {
  return { ...stored, row: rowOf(stored.row, shared) };
}

function rowOf(stored: StoredRow, shared: SharedFacts): PriceRow {
  const { modelId, components, costPerToken, ...rest } = stored;
  return {
    modelId: shared.text(modelId),
    ...rest,
    ...(components === undefined ? {} : { components: componentsOf(components, shared) }),
    ...(costPerToken === undefined ? {} : { costPerToken: shared.decimal(costPerToken) }),
  };
}

function componentsOf(
  { unit, input, output, cachedInput }: NonNullable<StoredRow['components']>,
  shared: SharedFacts,
): ComponentPrices {
  return {
    unit,
    ...(input === undefined ? {} : { input: shared.decimal(input) }),
    ...(output === undefined ? {} : { output: shared.decimal(output) }),
    ...(cachedInput === undefined ? {} : { cachedInput: shared.decimal(cachedInput) }),
  };
}
