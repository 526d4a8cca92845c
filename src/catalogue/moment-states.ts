import type { Freshness } from '../domain/price.ts';
import { observedAtOf } from './offering-price.ts';
import {
  nextPriceFreshnessChange,
  offeringBlockerOf,
  priceBlockerAs,
  priceFreshnessAt,
} from './launch-blocker.ts';
import type { OfferingRow } from './offerings.ts';
import { RowGroups } from './row-groups.ts';
import type { Selection } from './row-selection.ts';
import type { ModelEntry, ProviderEntry } from './snapshot.ts';

/** The offerings of one provider, as {@link MomentStates} needs them. */
export interface ProviderRows {
  readonly provider: ProviderEntry;
  readonly positions: Uint32Array;
}

/** Which states; what is undefined does not matter. */
export interface StateCriteria {
  readonly available?: boolean | undefined;
  readonly launchable?: boolean | undefined;
  readonly freshness?: readonly Freshness[] | undefined;
}

/** Rows after which {@link MomentStates.build} offers to pause. */
const rowsPerSlice = 1_000;

/** The state of a row is a number of these bits and, above them, its place in {@link freshnesses}. */
const availableBit = 1;
const launchableBit = 2;
const freshnessShift = 2;
/** Undefined for offerings without a price. */
const freshnesses: readonly (Freshness | undefined)[] = [undefined, 'FRESH', 'STALE', 'EXPIRED'];
const stateCount = freshnesses.length << freshnessShift;

/**
 * Whether offerings are available, how fresh their prices are and whether they can be launched, at a moment:
 * one number for each row (5 bytes), so that a filter for these looks at no row. Time alone changes the states of
 * a few providers at a time; only theirs are worked out again, when the first who asks comes after that moment.
 */
export class MomentStates {
  readonly #rows: readonly OfferingRow[];
  readonly #modelOf: (position: number) => ModelEntry;
  readonly #providers: readonly ProviderRows[];
  readonly #stateOf: Uint8Array;
  /** By place among the providers, from when on one of its states is another; Infinity for never. */
  readonly #changesAtMs: Float64Array;
  #groups: RowGroups | undefined;
  /** The states hold from one of these moments to before the other. */
  #fromMs: number;
  #untilMs = Infinity;
  #changeCount = 0;

  private constructor(
    rows: readonly OfferingRow[],
    modelOf: (position: number) => ModelEntry,
    providers: readonly ProviderRows[],
    nowMs: number,
  ) {
    this.#rows = rows;
    this.#modelOf = modelOf;
    this.#providers = providers;
    this.#stateOf = new Uint8Array(rows.length);
    this.#changesAtMs = new Float64Array(providers.length).fill(Infinity);
    this.#fromMs = nowMs;
  }

  /** @param providers - all of those that have rows. */
  static *build(
    rows: readonly OfferingRow[],
    modelOf: (position: number) => ModelEntry,
    providers: readonly ProviderRows[],
    nowMs: number,
  ): Generator<void, MomentStates> {
    const states = new MomentStates(rows, modelOf, providers, nowMs);
    let seenCount = 0;
    for (const [place, { provider, positions }] of providers.entries()) {
      for (let start = 0; start < positions.length; start += rowsPerSlice) {
        const slice = positions.subarray(start, start + rowsPerSlice);
        states.#note(place, provider, slice, nowMs);
        seenCount += slice.length;
        if (seenCount < rowsPerSlice) continue;
        seenCount = 0;
        yield;
      }
    }
    states.#groups = new RowGroups(states.#stateOf, stateCount);
    states.#untilMs = leastOf(states.#changesAtMs);
    return states;
  }

  /** A number that is another one once states have changed since it was asked for the last time. */
  versionAt(nowMs: number): number {
    this.#moveTo(nowMs);
    return this.#changeCount;
  }

  /** The rows that are in one of the states at a moment. */
  select({ available, launchable, freshness }: StateCriteria, nowMs: number): Selection {
    this.#moveTo(nowMs);
    const flags = new Uint8Array(stateCount);
    for (let state = 0; state < stateCount; state += 1) {
      const isAvailable = (state & availableBit) !== 0;
      const isLaunchable = (state & launchableBit) !== 0;
      const fresh = freshnesses[state >> freshnessShift];
      const isWanted =
        (available === undefined || isAvailable === available) &&
        (launchable === undefined || isLaunchable === launchable) &&
        (freshness === undefined || (fresh !== undefined && freshness.includes(fresh)));
      flags[state] = Number(isWanted);
    }
    this.#groups ??= new RowGroups(this.#stateOf, stateCount);
    return this.#groups.select(flags);
  }

  #moveTo(nowMs: number): void {
    if (nowMs >= this.#fromMs && nowMs < this.#untilMs) return;
    // What was before is not kept: a clock that was set back makes everything be worked out again.
    const isEarlier = nowMs < this.#fromMs;
    for (const [place, { provider, positions }] of this.#providers.entries()) {
      if (!isEarlier && nowMs < this.#changesAtMs[place]!) continue;
      this.#changesAtMs[place] = Infinity;
      this.#note(place, provider, positions, nowMs);
    }
    this.#fromMs = nowMs;
    this.#untilMs = leastOf(this.#changesAtMs);
    this.#groups = undefined;
    this.#changeCount += 1;
  }

  /** Works out the states of rows of a provider. */
  #note(place: number, provider: ProviderEntry, positions: Uint32Array, nowMs: number): void {
    const { feeds, pollIntervalMs } = provider;
    let changesAtMs = this.#changesAtMs[place]!;
    for (const position of positions) {
      const { available, price } = this.#rows[position]!;
      let state = available ? availableBit : 0;
      if (price !== undefined) {
        const { basis, validUntilMs } = price;
        const dated = { basis, validUntilMs, observedAtMs: observedAtOf(price, feeds) };
        const freshness = priceFreshnessAt(dated, nowMs, pollIntervalMs);
        state |= freshnesses.indexOf(freshness) << freshnessShift;
        const offering = { provider, available, model: this.#modelOf(position) };
        const blocker = priceBlockerAs(price, freshness) ?? offeringBlockerOf(offering);
        if (blocker === undefined) state |= launchableBit;
        const nextMs = nextPriceFreshnessChange(dated, nowMs, pollIntervalMs);
        if (nextMs !== undefined && nextMs < changesAtMs) changesAtMs = nextMs;
      }
      this.#stateOf[position] = state;
    }
    this.#changesAtMs[place] = changesAtMs;
  }
}

function leastOf(numbers: Float64Array): number {
  let least = Infinity;
  for (const number of numbers) if (number < least) least = number;
  return least;
}
