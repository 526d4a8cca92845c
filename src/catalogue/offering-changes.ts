import type { ChosenPrice, OfferingPrice, PendingPrice } from './offering-price.ts';
import type { PricePoint } from './catalogue-store.ts';
import { throughputOf } from './offerings.ts';
import type { OfferingRow, Offerings } from './offerings.ts';
import type { ModelEntry, OfferingEntry, Snapshot } from './snapshot.ts';

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
  const before = previous?.offerings;
  const after = next.offerings;
  const changes: OfferingChange[] = [];
  for (const [position, row] of after.rows.entries()) {
    if (position % rowsPerSlice === 0) yield;
    const rowBefore = rowOf(before, row.id, position);
    if (isChanged(before, rowBefore, after, row)) {
      changes.push(new RowChange(before, rowBefore, after, row));
    }
  }
  for (const [position, row] of before?.rows.entries() ?? []) {
    if (position % rowsPerSlice === 0) yield;
    if (rowOf(after, row.id, position) === undefined) {
      changes.push(new RowChange(before, row, after, undefined));
    }
  }
  return changes;
}

/** The row of an id, which is mostly where it was. */
function rowOf(offerings: Offerings | undefined, id: string, at: number): OfferingRow | undefined {
  const expected = offerings?.rows[at];
  if (expected?.id === id) return expected;
  const position = offerings?.positionOf(id);
  return position === undefined ? undefined : offerings?.rows[position];
}

/** Whether a row, or what its model has become, is something else than before. */
function isChanged(
  before: Offerings | undefined,
  rowBefore: OfferingRow | undefined,
  after: Offerings,
  row: OfferingRow,
): boolean {
  if (before === undefined || rowBefore === undefined) return true;
  const modelBefore = before.modelOf(rowBefore);
  const model = after.modelOf(row);
  if (rowBefore === row) return modelBefore.lifecycle !== model.lifecycle;
  return (
    throughputOf(rowBefore) !== throughputOf(row) ||
    differsBesideSpeed({ ...rowBefore, model: modelBefore }, { ...row, model })
  );
}

/** A change whose entries are made when they are asked for: of many changes nobody looks at most. */
class RowChange implements OfferingChange {
  readonly #before: Offerings | undefined;
  readonly #rowBefore: OfferingRow | undefined;
  readonly #after: Offerings;
  readonly #row: OfferingRow | undefined;

  constructor(
    before: Offerings | undefined,
    rowBefore: OfferingRow | undefined,
    after: Offerings,
    row: OfferingRow | undefined,
  ) {
    this.#before = before;
    this.#rowBefore = rowBefore;
    this.#after = after;
    this.#row = row;
  }

  get before(): OfferingEntry | undefined {
    return this.#rowBefore && this.#before?.entryOf(this.#rowBefore);
  }

  get after(): OfferingEntry | undefined {
    return this.#row && this.#after.entryOf(this.#row);
  }
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

/** As much of an offering as changes are told of. */
interface OfferingState {
  readonly available: boolean;
  readonly model: Pick<ModelEntry, 'lifecycle'>;
  readonly price: PriceState | undefined;
}

type PriceState = Pick<ChosenPrice, 'version' | 'basis' | 'method' | 'costPerToken' | 'pending'>;

function differsBesideSpeed(before: OfferingState, after: OfferingState): boolean {
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

function samePrice(before: PriceState | undefined, after: PriceState | undefined): boolean {
  if (before === after) return true;
  if (before === undefined || after === undefined) return before === after;
  return (
    before.version === after.version &&
    before.basis === after.basis &&
    before.method === after.method &&
    before.costPerToken?.toString() === after.costPerToken?.toString()
  );
}
