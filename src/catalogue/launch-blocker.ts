import { freshnessAt } from '../domain/price.ts';
import type { Freshness } from '../domain/price.ts';
import type { OfferingPrice } from './choose-price.ts';
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
export function offeringBlockerOf(offering: OfferingEntry): OfferingBlocker | undefined {
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
  if (price?.components === undefined) return 'PRICE_UNKNOWN';
  if (price.pending !== undefined) return 'PRICE_UNCONFIRMED';
  if (price.basis === 'LISTED') return 'PRICE_LISTED';
  const freshness = priceFreshnessAt(price, nowMs, pollIntervalMs);
  if (freshness === 'EXPIRED') return 'PRICE_EXPIRED';
  return freshness === 'STALE' ? 'PRICE_STALE' : undefined;
}

/** As {@link freshnessAt}; a contract price is FRESH within its dates and EXPIRED after them. */
export function priceFreshnessAt(
  price: OfferingPrice,
  nowMs: number,
  pollIntervalMs: number,
): Freshness {
  if (price.basis !== 'DECLARED') return freshnessAt(nowMs, price.observedAtMs, pollIntervalMs);
  return price.validUntilMs === undefined || nowMs < price.validUntilMs ? 'FRESH' : 'EXPIRED';
}
