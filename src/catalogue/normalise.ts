import type { Decimal } from '../domain/decimal.ts';
import type { ListedModel } from '../domain/model.ts';
import type { ComponentPrices, PriceRow } from '../domain/price.ts';
import type { FeedReading, PriceReading, RejectedRow } from '../providers/provider.ts';
import { modelListFeed } from './memory.ts';
import type { ProviderMemory, RememberedPrice } from './memory.ts';
import { sameModel } from './shared-facts.ts';
import type { SharedFacts } from './shared-facts.ts';

/** Rejected rows that are kept for the operator to see. */
export const maximumRejectedRows = 100;

/** Which rows of a memory a reading changed, for storage to write. */
export interface ChangedKeys {
  readonly models: Set<string>;
  /** `feed` and model id. */
  readonly prices: Map<string, Set<string>>;
  readonly feeds: Set<string>;
  readonly regions: Set<string>;
}

export function noChanges(): ChangedKeys {
  return { models: new Set(), prices: new Map(), feeds: new Set(), regions: new Set() };
}

/**
 * Takes what one poll of a provider gave into its memory.
 *
 * @returns whether the model list was taken.
 */
export function rememberPoll(
  memory: ProviderMemory,
  models: FeedReading<ListedModel>,
  prices: readonly PriceReading[],
  nowMs: number,
  changed: ChangedKeys,
): boolean {
  const taken = rememberModels(memory, models, nowMs, changed);
  for (const reading of prices) {
    // Prices of a list that was not taken are not news: its feed says already why.
    if (reading.feed === modelListFeed && !taken) continue;
    rememberPrices(memory, reading, nowMs, changed);
  }
  return taken;
}

/**
 * Takes a reading of the provider's model list into its memory.
 *
 * A failed reading changes the feed's state only. A model that is missing once stays; an empty list
 * counts as a failure while models are known, so that it never shrinks the catalogue.
 *
 * @returns whether the list was taken.
 */
function rememberModels(
  memory: ProviderMemory,
  reading: FeedReading<ListedModel>,
  nowMs: number,
  changed: ChangedKeys,
): boolean {
  if (!reading.ok || (reading.rows.length === 0 && memory.models.size > 0)) {
    rememberFailure(memory, modelListFeed, reading, nowMs, changed);
    return false;
  }
  const isRepeated = memory.feeds.get(modelListFeed)?.lastSuccessAtMs === reading.observedAt;
  const previousSuccess = successBefore(memory, modelListFeed, reading.observedAt);
  const listed = new Set<string>();
  for (const model of reading.rows) {
    listed.add(model.id);
    const known = memory.models.get(model.id);
    if (
      known !== undefined &&
      known.seenAtMs === undefined &&
      known.missedReadings === 0 &&
      known.decommissionedAtMs === undefined &&
      known.source === reading.source &&
      sameModel(known.model, model)
    ) {
      continue;
    }
    const shared = memory.shared.model(model);
    memory.models.set(shared.id, {
      model: shared,
      source: reading.source,
      seenAtMs: undefined,
      missedReadings: 0,
    });
    changed.models.add(model.id);
  }
  for (const [id, known] of memory.models) {
    if (listed.has(id) || known.missedReadings >= 2 || isRepeated) continue;
    memory.models.set(id, {
      ...known,
      seenAtMs: known.seenAtMs ?? previousSuccess ?? reading.observedAt,
      missedReadings: known.missedReadings + 1,
    });
    changed.models.add(id);
  }
  rememberSuccess(memory, modelListFeed, reading, 'LIVE', reading.rejected, changed);
  if (reading.servedCode !== undefined && !isRepeated) {
    rememberServedCode(memory, reading.servedCode, reading.observedAt, changed);
  }
  return true;
}

/**
 * Takes a reading of a price feed into the memory. Rows for models that nobody lists are rejected.
 *
 * A component of a live price that moves by more than ten times either way, or between zero and not zero,
 * is held until a second reading gives the same.
 */
export function rememberPrices(
  memory: ProviderMemory,
  reading: PriceReading,
  nowMs: number,
  changed: ChangedKeys,
): void {
  const { feed } = reading;
  if (!reading.ok) {
    rememberFailure(memory, feed, reading, nowMs, changed);
    return;
  }
  const rejected: RejectedRow[] = [...reading.rejected];
  const previousSuccess = successBefore(memory, feed, reading.observedAt);
  const prices = memory.prices.get(feed) ?? new Map<string, RememberedPrice>();
  memory.prices.set(feed, prices);
  const confirmed = new Set<string>();
  for (const row of reading.rows) {
    const listed = memory.models.get(row.modelId)?.model;
    if (listed === undefined) {
      rejected.push({ id: row.modelId, reason: "no model of this id is on the provider's list" });
      continue;
    }
    const known = prices.get(row.modelId);
    const next = judgedPrice(known, row, reading, previousSuccess);
    if (next.held === undefined) confirmed.add(row.modelId);
    if (known !== undefined && samePrice(known, next)) continue;
    prices.set(listed.id, {
      ...next,
      row: next.row === row ? sharedRow(row, listed.id, memory.shared) : next.row,
    });
    change(changed, feed).add(row.modelId);
  }
  for (const [modelId, known] of prices) {
    if (confirmed.has(modelId) || known.seenAtMs !== undefined) continue;
    prices.set(modelId, { ...known, seenAtMs: previousSuccess ?? reading.observedAt });
    change(changed, feed).add(modelId);
  }
  rememberSuccess(memory, feed, reading, reading.basis, rejected, changed);
}

/** Counts one answer that carried a site code. */
export function rememberServedCode(
  memory: ProviderMemory,
  code: string,
  atMs: number,
  changed: ChangedKeys,
): void {
  const known = memory.regions.get(code);
  if (known === undefined && memory.regions.size >= maximumRegions) return;
  memory.regions.set(code, { count: (known?.count ?? 0) + 1, lastSeenAtMs: atMs });
  changed.regions.add(code);
}

/** Site codes that are remembered for a provider. */
const maximumRegions = 50;

/**
 * Whether the newest reading of a feed that answers gave a price that waits for a second reading. An
 * older one whose row is gone, or whose feed fails, is not brought nearer by asking again soon.
 */
export function holdsPrices(memory: ProviderMemory): boolean {
  for (const [feed, prices] of memory.prices) {
    const state = memory.feeds.get(feed);
    if (state === undefined || state.failure !== undefined) continue;
    for (const { held } of prices.values()) {
      if (held !== undefined && held.observedAtMs === state.lastSuccessAtMs) return true;
    }
  }
  return false;
}

function judgedPrice(
  known: RememberedPrice | undefined,
  row: PriceRow,
  reading: PriceReading & { readonly ok: true },
  previousSuccessMs: number | undefined,
): RememberedPrice {
  const accepted: RememberedPrice = { row, seenAtMs: undefined };
  if (known === undefined || reading.basis !== 'LIVE') return accepted;
  const reason = suspiciousMove(known.row, row);
  if (reason === undefined) return accepted;
  if (known.held !== undefined && sameRow(known.held.row, row)) {
    return known.held.observedAtMs === reading.observedAt ? known : accepted;
  }
  return {
    row: known.row,
    seenAtMs: known.seenAtMs ?? previousSuccessMs ?? reading.observedAt,
    held: { row, observedAtMs: reading.observedAt, reason },
  };
}

/** The same row with what it has in common with others. */
function sharedRow(row: PriceRow, modelId: string, shared: SharedFacts): PriceRow {
  if (row.components === undefined) return { ...row, modelId };
  const { unit, input, output, cachedInput, ...rest } = row.components;
  const held = (price: Decimal) => shared.decimal(price.toString());
  const components = {
    unit,
    ...rest,
    ...(input === undefined ? {} : { input: held(input) }),
    ...(output === undefined ? {} : { output: held(output) }),
    ...(cachedInput === undefined ? {} : { cachedInput: held(cachedInput) }),
  };
  return { ...row, modelId, components };
}

const suspiciousFactor = 10n;

function suspiciousMove(before: PriceRow, after: PriceRow): string | undefined {
  const pairs: [string, Decimal | undefined, Decimal | undefined][] = [
    ['input', before.components?.input, after.components?.input],
    ['output', before.components?.output, after.components?.output],
    ['cachedInput', before.components?.cachedInput, after.components?.cachedInput],
    ['costPerToken', before.costPerToken, after.costPerToken],
  ];
  for (const [name, old, fresh] of pairs) {
    if (old === undefined || fresh === undefined) continue;
    if (old.isZero() !== fresh.isZero()) {
      return `${name} moved from ${old.toString()} to ${fresh.toString()}`;
    }
    const grew = fresh.compare(old.times(suspiciousFactor)) > 0;
    const fell = old.compare(fresh.times(suspiciousFactor)) > 0;
    if (grew || fell) {
      return `${name} moved more than ${suspiciousFactor} times, from ${old.toString()} to ${fresh.toString()}`;
    }
  }
  return undefined;
}

function rememberSuccess(
  memory: ProviderMemory,
  feed: string,
  reading: { readonly source: string; readonly observedAt: number },
  basis: PriceReading['basis'],
  rejected: readonly RejectedRow[],
  changed: ChangedKeys,
): void {
  const known = memory.feeds.get(feed);
  // One answer may be read twice, once for its models and once for their prices.
  const isSameAnswer = known?.lastSuccessAtMs === reading.observedAt;
  memory.feeds.set(feed, {
    source: reading.source,
    basis,
    lastSuccessAtMs: reading.observedAt,
    earlierSuccessAtMs: isSameAnswer ? known.earlierSuccessAtMs : known?.lastSuccessAtMs,
    failure: undefined,
    failingSinceMs: undefined,
    rejected: cutRejected(isSameAnswer ? joined(known.rejected, rejected) : rejected),
  });
  changed.feeds.add(feed);
}

function joined(left: readonly RejectedRow[], right: readonly RejectedRow[]): RejectedRow[] {
  const isNew = ({ id, reason }: RejectedRow) =>
    !left.some((row) => row.id === id && row.reason === reason);
  return [...left, ...right.filter(isNew)];
}

function successBefore(
  memory: ProviderMemory,
  feed: string,
  observedAtMs: number,
): number | undefined {
  const known = memory.feeds.get(feed);
  return known?.lastSuccessAtMs === observedAtMs
    ? known.earlierSuccessAtMs
    : known?.lastSuccessAtMs;
}

function rememberFailure(
  memory: ProviderMemory,
  feed: string,
  reading: FeedReading<unknown> & { readonly basis?: PriceReading['basis'] },
  nowMs: number,
  changed: ChangedKeys,
): void {
  const known = memory.feeds.get(feed);
  const failure = reading.ok
    ? ({
        code: 'MALFORMED_ANSWER',
        message: 'The list was empty; what was known before is kept.',
        execution: 'NOT_EXECUTED',
        retryable: true,
      } as const)
    : reading.failure;
  const sameFailure =
    known?.failure?.code === failure.code &&
    known.failure.message === failure.message &&
    known.source === reading.source;
  if (sameFailure) return;
  const successSource = known?.successSource ?? known?.source;
  memory.feeds.set(feed, {
    source: reading.source,
    ...(known?.lastSuccessAtMs === undefined || successSource === reading.source
      ? {}
      : { successSource }),
    basis: known?.basis ?? reading.basis ?? 'LIVE',
    lastSuccessAtMs: known?.lastSuccessAtMs,
    failure,
    failingSinceMs: known?.failingSinceMs ?? nowMs,
    rejected: reading.ok ? cutRejected(reading.rejected) : (known?.rejected ?? []),
  });
  changed.feeds.add(feed);
}

function cutRejected(rejected: readonly RejectedRow[]): readonly RejectedRow[] {
  if (rejected.length <= maximumRejectedRows) return rejected;
  const more = rejected.length - maximumRejectedRows + 1;
  return [
    ...rejected.slice(0, maximumRejectedRows - 1),
    { id: '…', reason: `${more} more rows were rejected` },
  ];
}

function change(changed: ChangedKeys, feed: string): Set<string> {
  const known = changed.prices.get(feed);
  if (known !== undefined) return known;
  const fresh = new Set<string>();
  changed.prices.set(feed, fresh);
  return fresh;
}

function samePrice(left: RememberedPrice, right: RememberedPrice): boolean {
  return (
    left.seenAtMs === right.seenAtMs &&
    left.held === right.held &&
    right.held === undefined &&
    sameRow(left.row, right.row)
  );
}

function sameRow(left: PriceRow, right: PriceRow): boolean {
  return (
    left.quotedAs === right.quotedAs &&
    sameDecimal(left.costPerToken, right.costPerToken) &&
    sameComponents(left.components, right.components)
  );
}

function sameComponents(
  left: ComponentPrices | undefined,
  right: ComponentPrices | undefined,
): boolean {
  if (left === undefined || right === undefined) return left === right;
  return (
    left.unit === right.unit &&
    sameDecimal(left.input, right.input) &&
    sameDecimal(left.output, right.output) &&
    sameDecimal(left.cachedInput, right.cachedInput)
  );
}

function sameDecimal(left: Decimal | undefined, right: Decimal | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return left.equals(right);
}
