import type { OfferingPrice, PendingPrice } from './choose-price.ts';
import type { PricePoint } from './catalogue-store.ts';
import type { OfferingEntry, Snapshot } from './snapshot.ts';

/** An offering before and after a swap; one of the two is undefined when it is new or gone. */
export interface OfferingChange {
  readonly before: OfferingEntry | undefined;
  readonly after: OfferingEntry | undefined;
}

/** The offerings whose price, speed, availability or lifecycle differ; a generator, to be run in slices. */
export function* changedOfferings(
  previous: Snapshot | undefined,
  next: Snapshot,
): Generator<void, OfferingChange[]> {
  const changes: OfferingChange[] = [];
  let rows = 0;
  for (const after of next.offerings.values()) {
    rows += 1;
    if (rows % rowsPerSlice === 0) yield;
    const before = previous?.offerings.get(after.id);
    if (before === undefined || differs(before, after)) changes.push({ before, after });
  }
  for (const before of previous?.offerings.values() ?? []) {
    rows += 1;
    if (rows % rowsPerSlice === 0) yield;
    if (!next.offerings.has(before.id)) changes.push({ before, after: undefined });
  }
  return changes;
}

/** Whether a change says something of price, availability or lifecycle. */
export function changesMoreThanSpeed({ before, after }: OfferingChange): boolean {
  return before === undefined || after === undefined || differsBesideSpeed(before, after);
}

/** The point that a change adds to the price history: none when the price is what it was. */
export function pricePointOf({ before, after }: OfferingChange, nowMs: number): PricePoint[] {
  const offering = after ?? before;
  if (offering === undefined || samePrice(before?.price, after?.price)) return [];
  const price = after?.price;
  return [
    {
      offeringId: offering.id,
      atMs: inForceFrom(before?.price, price, nowMs),
      priceVersion: price?.version ?? null,
      unit: price?.components?.unit ?? null,
      input: price?.components?.input ?? null,
      output: price?.components?.output ?? null,
      cachedInput: price?.components?.cachedInput ?? null,
      costPerToken: price?.costPerToken ?? null,
      method: price?.method ?? null,
      basis: price?.basis ?? null,
      source: price?.source ?? null,
    },
  ];
}

/**
 * From when a price is the one shown: for a feed's, when the feed gave it. A contract begins and ends by its
 * own dates, but one that was found in the registry at start did not count before.
 */
function inForceFrom(
  before: OfferingPrice | undefined,
  after: OfferingPrice | undefined,
  nowMs: number,
): number {
  if (after === undefined) return nowMs;
  if (after.basis === 'DECLARED') return before === undefined ? nowMs : after.observedAtMs;
  return Math.max(after.observedAtMs, before?.validUntilMs ?? after.observedAtMs);
}

const rowsPerSlice = 1000;

function differs(before: OfferingEntry, after: OfferingEntry): boolean {
  return before.throughput !== after.throughput || differsBesideSpeed(before, after);
}

function differsBesideSpeed(before: OfferingEntry, after: OfferingEntry): boolean {
  return (
    before.available !== after.available ||
    before.model.lifecycle !== after.model.lifecycle ||
    !samePrice(before.price, after.price) ||
    !samePending(before.price?.pending, after.price?.pending)
  );
}

function samePending(before: PendingPrice | undefined, after: PendingPrice | undefined): boolean {
  if (before === undefined || after === undefined) return before === after;
  return (
    before.version === after.version &&
    before.costPerToken?.toString() === after.costPerToken?.toString()
  );
}

function samePrice(before: OfferingPrice | undefined, after: OfferingPrice | undefined): boolean {
  if (before === after) return true;
  if (before === undefined || after === undefined) return before === after;
  return (
    before.version === after.version &&
    before.basis === after.basis &&
    before.method === after.method &&
    before.costPerToken?.toString() === after.costPerToken?.toString()
  );
}
