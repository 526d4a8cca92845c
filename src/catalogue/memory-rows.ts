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

/** A stored row as a memory holds it; without a value it is none any more. */
export type RememberedRow = { readonly provider: string; readonly key: string } & (
  | { readonly kind: 'MODEL'; readonly value: RememberedModel | undefined }
  | { readonly kind: 'PRICE'; readonly feed: string; readonly value: RememberedPrice | undefined }
  | { readonly kind: 'FEED'; readonly value: RememberedFeed | undefined }
  | { readonly kind: 'REGION'; readonly value: RememberedRegion | undefined }
);

/** Reads a stored row. @throws SyntaxError when its body is no JSON. */
export function rememberedRow(row: CatalogueRow, shared: SharedFacts): RememberedRow {
  const provider = shared.text(row.provider);
  const { kind, key } = row;
  const body: unknown = row.body === null ? undefined : JSON.parse(row.body);
  switch (kind) {
    case 'MODEL': {
      const value = body === undefined ? undefined : modelOf(body as RememberedModel, shared);
      return { provider, kind, key: shared.text(key), value };
    }
    case 'FEED':
      return { provider, kind, key, value: body as RememberedFeed | undefined };
    case 'REGION':
      return { provider, kind, key, value: body as RememberedRegion | undefined };
    case 'PRICE': {
      const separator = key.indexOf('\n');
      const feed = shared.text(key.slice(0, separator));
      const modelId = shared.text(key.slice(separator + 1));
      const value = body === undefined ? undefined : priceOf(body as StoredPrice, shared);
      return { provider, kind, feed, key: modelId, value };
    }
  }
}

/** Puts a row back into the memory of its provider. */
export function restoreRow(memory: ProviderMemory, row: RememberedRow): void {
  switch (row.kind) {
    case 'MODEL':
      restore(memory.models, row.key, row.value);
      return;
    case 'FEED':
      restore(memory.feeds, row.key, row.value);
      return;
    case 'REGION':
      restore(memory.regions, row.key, row.value);
      return;
    case 'PRICE': {
      const prices = memory.prices.get(row.feed) ?? new Map<string, RememberedPrice>();
      memory.prices.set(row.feed, prices);
      restore(prices, row.key, row.value);
    }
  }
}

function bodyOf(value: object | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

function restore<Value>(target: Map<string, Value>, key: string, value: Value | undefined): void {
  if (value === undefined) target.delete(key);
  else target.set(key, value);
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
