import { Decimal } from '../domain/decimal.ts';
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
  switch (row.kind) {
    case 'MODEL':
      restore(memory.models, row.key, row.body, (body) => body as RememberedModel);
      return;
    case 'FEED':
      restore(memory.feeds, row.key, row.body, (body) => body as RememberedFeed);
      return;
    case 'REGION':
      restore(memory.regions, row.key, row.body, (body) => body as RememberedRegion);
      return;
    case 'PRICE': {
      const separator = row.key.indexOf('\n');
      const feed = row.key.slice(0, separator);
      const prices = memory.prices.get(feed) ?? new Map<string, RememberedPrice>();
      memory.prices.set(feed, prices);
      restore(prices, row.key.slice(separator + 1), row.body, (body) =>
        priceOf(body as StoredPrice),
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

function priceOf(stored: StoredPrice): RememberedPrice {
  return {
    row: rowOf(stored.row),
    seenAtMs: stored.seenAtMs,
    ...(stored.held === undefined ? {} : { held: heldOf(stored.held) }),
  };
}

function heldOf(stored: NonNullable<StoredPrice['held']>): HeldPrice {
  return { ...stored, row: rowOf(stored.row) };
}

function rowOf(stored: StoredRow): PriceRow {
  const { components, costPerToken, ...rest } = stored;
  return {
    ...rest,
    ...(components === undefined ? {} : { components: componentsOf(components) }),
    ...(costPerToken === undefined ? {} : { costPerToken: Decimal.of(costPerToken) }),
  };
}

function componentsOf(stored: NonNullable<StoredRow['components']>): ComponentPrices {
  return {
    unit: stored.unit,
    ...(stored.input === undefined ? {} : { input: Decimal.of(stored.input) }),
    ...(stored.output === undefined ? {} : { output: Decimal.of(stored.output) }),
    ...(stored.cachedInput === undefined ? {} : { cachedInput: Decimal.of(stored.cachedInput) }),
  };
}
