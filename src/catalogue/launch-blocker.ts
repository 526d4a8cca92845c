import { freshnessAt, nextFreshnessChange } from '../domain/price.ts';
import type { Freshness } from '../domain/price.ts';
import type { OfferingPrice } from './offering-price.ts';
import type { OfferingEntry } from './snapshot.ts';

/** Why an offering can't be launched whatever it costs. */
export type OfferingBlocker =
  | 'OFFERING_UNAVAILABLE'
  | 'MODEL_DECOMMISSIONED'
  | 'TASK_UNSUPPORTED'
  | 'PROVIDER_UNCONFIGURED'
  | 'PROVIDER_UNAUTHORIZED';

/** Why a price can't be charged now. */
export type PriceBlocker =
  'PRICE_UNKNOWN' | 'PRICE_LISTED' | 'PRICE_STALE' | 'PRICE_EXPIRED' | 'PRICE_UNCONFIRMED';

/** Why an offering can't be launched, whoever asks. */
export type LaunchBlocker = OfferingBlocker | PriceBlocker;

/**
 * The first reason against launching this offering now, or undefined. The order is the one in which a
 * launch checks: what it is, whether its provider can be used, what it costs.
 */
export function launchBlockerOf(offering: OfferingEntry, nowMs: number): LaunchBlocker | undefined {
  const { provider, price } = offering;
  return offeringBlockerOf(offering) ?? priceBlockerOf(price, nowMs, provider.pollIntervalMs);
}

/** The first reason against launching this offering that does not lie in its price. */
export function offeringBlockerOf(
  offering: Pick<OfferingEntry, 'provider' | 'model' | 'available'>,
): OfferingBlocker | undefined {
  const { provider, model } = offering;
  if (model.lifecycle === 'DECOMMISSIONED') return 'MODEL_DECOMMISSIONED';
  if (!offering.available) return 'OFFERING_UNAVAILABLE';
  if (model.task === undefined || !provider.registered.endpoints.has(model.task)) {
    return 'TASK_UNSUPPORTED';
  }
  if (provider.status.state === 'UNCONFIGURED') return 'PROVIDER_UNCONFIGURED';
  if (provider.status.state === 'UNAUTHORIZED') return 'PROVIDER_UNAUTHORIZED';
  return undefined;
}

/** Why a price can't be charged now: only a FRESH LIVE price or a DECLARED one in force can. */
export function priceBlockerOf(
  price: OfferingPrice | undefined,
  nowMs: number,
  pollIntervalMs: number,
): PriceBlocker | undefined {
  if (price === undefined) return 'PRICE_UNKNOWN';
  return priceBlockerAs(price, priceFreshnessAt(price, nowMs, pollIntervalMs));
}

/** As {@link priceBlockerOf}, of a price whose freshness is known. */
export function priceBlockerAs(
  { components, pending, basis }: Pick<OfferingPrice, 'components' | 'pending' | 'basis'>,
  freshness: Freshness,
): PriceBlocker | undefined {
  if (components === undefined) return 'PRICE_UNKNOWN';
  if (pending !== undefined) return 'PRICE_UNCONFIRMED';
  if (basis === 'LISTED') return 'PRICE_LISTED';
  if (freshness === 'EXPIRED') return 'PRICE_EXPIRED';
  return freshness === 'STALE' ? 'PRICE_STALE' : undefined;
}

/** What the freshness of a price depends on beside the time and the poll interval. */
export type DatedPrice = Pick<OfferingPrice, 'basis' | 'observedAtMs' | 'validUntilMs'>;

/** As {@link freshnessAt}; a contract price is FRESH within its dates and EXPIRED after them. */
export function priceFreshnessAt(
  price: DatedPrice,
  nowMs: number,
  pollIntervalMs: number,
): Freshness {
  if (price.basis !== 'DECLARED') return freshnessAt(nowMs, price.observedAtMs, pollIntervalMs);
  return price.validUntilMs === undefined || nowMs < price.validUntilMs ? 'FRESH' : 'EXPIRED';
}

/** The next moment at which {@link priceFreshnessAt} will answer differently, or undefined for never. */
export function nextPriceFreshnessChange(
  price: DatedPrice,
  nowMs: number,
  pollIntervalMs: number,
): number | undefined {
  if (price.basis !== 'DECLARED') {
    return nextFreshnessChange(nowMs, price.observedAtMs, pollIntervalMs);
  }
  const { validUntilMs } = price;
  return validUntilMs !== undefined && nowMs < validUntilMs ? validUntilMs : undefined;
}
