import type { Decimal } from '../domain/decimal.ts';
import type { ComponentPrices, CostMethod, PriceBasis } from '../domain/price.ts';

/**
 * The price that was chosen for an offering, with its origin but without the times of its feeds: it stays the
 * same object while polls confirm it. {@link shownPrice} makes of it what readers see.
 */
export interface ChosenPrice {
  readonly components: ComponentPrices | undefined;
  /** Of the component prices; undefined without them. */
  readonly version: string | undefined;
  readonly basis: PriceBasis;
  readonly feed: string;
  readonly source: string;
  readonly quotedAs: string | undefined;
  /** Milliseconds since the epoch; undefined while the newest reading of its feed confirms it. */
  readonly seenAtMs: number | undefined;
  /** End of a contract price; undefined where it has none or the price is not DECLARED. */
  readonly validUntilMs: number | undefined;
  readonly costPerToken: Decimal | undefined;
  readonly method: CostMethod | undefined;
  /** The source of a SINGLE cost per token; its time as `seenAtMs` of the price. */
  readonly single: SingleCost | undefined;
  readonly conflict: Conflict | undefined;
  readonly pending: PendingPrice | undefined;
}

interface SingleCost {
  readonly feed: string;
  readonly source: string;
  readonly seenAtMs: number | undefined;
}

/** The price of an offering as the catalogue shows it. */
export interface OfferingPrice extends Omit<ChosenPrice, 'single'> {
  /** Milliseconds since the epoch at which the source answered. */
  readonly observedAtMs: number;
  /** The source of a SINGLE cost per token. */
  readonly single: { readonly source: string; readonly observedAtMs: number } | undefined;
}

/** The feeds of a provider, as far as it matters when they were read. */
export type FeedTimes = readonly {
  readonly name: string;
  readonly lastSuccessAtMs: number | undefined;
}[];

/** A price with the times at which its sources answered. */
export function shownPrice(chosen: ChosenPrice, feeds: FeedTimes): OfferingPrice {
  const { single } = chosen;
  return {
    ...chosen,
    observedAtMs: observedAtOf(chosen, feeds),
    single: single && { source: single.source, observedAtMs: observedAtOf(single, feeds) },
  };
}

/** When the source of a chosen price answered; milliseconds since the epoch. */
export function observedAtOf(
  { feed, seenAtMs }: Pick<ChosenPrice, 'feed' | 'seenAtMs'>,
  feeds: FeedTimes,
): number {
  if (seenAtMs !== undefined) return seenAtMs;
  for (const { name, lastSuccessAtMs } of feeds) {
    if (name === feed && lastSuccessAtMs !== undefined) return lastSuccessAtMs;
  }
  throw new RangeError(`A price is from feed ${feed}, which was never read`);
}

/** Another live feed that differs by more than 1 %. */
export interface Conflict {
  readonly feed: string;
  readonly source: string;
  readonly costPerToken: Decimal;
  readonly observedAtMs: number;
}

/** A price that waits for a second reading. */
export interface PendingPrice {
  readonly components: ComponentPrices | undefined;
  readonly costPerToken: Decimal | undefined;
  readonly version: string | undefined;
  readonly observedAtMs: number;
  readonly reason: string;
}
