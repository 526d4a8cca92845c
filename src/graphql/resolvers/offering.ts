import type { OfferingPrice } from '../../catalogue/offering-price.ts';
import { launchBlockerOf, priceFreshnessAt } from '../../catalogue/launch-blocker.ts';
import { currency } from '../../domain/price.ts';
import type {
  OfferingResolvers,
  PercentilesResolvers,
  PerformanceResolvers,
  PricingResolvers,
} from '../generated.ts';
import { priceHistoryOf, pricePointAnswer } from './price-history.ts';

/** A price with what its freshness depends on. */
export interface PricingParent {
  readonly price: OfferingPrice;
  readonly pollIntervalMs: number;
}

/** Whole seconds from a moment to the request's present, never negative. */
export function ageSeconds(nowMs: number, atMs: number): number {
  return Math.max(0, Math.floor((nowMs - atMs) / 1000));
}

export const offeringResolvers: OfferingResolvers = {
  complianceFlags: ({ provider }) => provider.registered.region.complianceFlags,
  costPerToken: ({ price }) => price?.costPerToken,
  launchable: (offering, _, { nowMs }) => launchBlockerOf(offering, nowMs) === undefined,
  launchBlocker: (offering, _, { nowMs }) => launchBlockerOf(offering, nowMs),
  pricing: ({ price, provider }) =>
    price === undefined ? null : { price, pollIntervalMs: provider.pollIntervalMs },
  performance: (offering) => offering,
  priceHistory: async (offering, args, context) => await priceHistoryOf(offering.id, args, context),
  priceAt: async (offering, { time }, { priceAt }) => {
    const point = await priceAt.load({ offeringId: offering.id, atMs: time });
    return point === undefined ? null : pricePointAnswer(point);
  },
};

export const pricingResolvers: PricingResolvers = {
  input: ({ price }) => price.components?.input,
  output: ({ price }) => price.components?.output,
  cachedInput: ({ price }) => price.components?.cachedInput,
  unit: ({ price }) => price.components?.unit,
  minimumQuantity: ({ price }) => price.components?.minimumQuantity,
  currency: () => currency,
  method: ({ price }) => price.method,
  basis: ({ price }) => price.basis,
  version: ({ price }) => price.version,
  source: ({ price }) => price.source,
  quotedAs: ({ price }) => price.quotedAs,
  observedAt: ({ price }) => price.observedAtMs,
  ageSeconds: ({ price }, _, { nowMs }) => ageSeconds(nowMs, price.observedAtMs),
  freshness: ({ price, pollIntervalMs }, _, { nowMs }) =>
    priceFreshnessAt(price, nowMs, pollIntervalMs),
  costPerTokenSource: ({ price }) => price.single?.source,
  costPerTokenObservedAt: ({ price }) => price.single?.observedAtMs,
  conflict: ({ price: { conflict } }) =>
    conflict === undefined ? null : { ...conflict, observedAt: conflict.observedAtMs },
  pending: ({ price: { pending } }) =>
    pending === undefined
      ? null
      : {
          input: pending.components?.input,
          output: pending.components?.output,
          cachedInput: pending.components?.cachedInput,
          costPerToken: pending.costPerToken,
          version: pending.version,
          observedAt: pending.observedAtMs,
          reason: pending.reason,
        },
};

export const performanceResolvers: PerformanceResolvers = {
  basis: ({ measured, nominal }) => {
    if (measured?.throughput !== undefined) return 'MEASURED';
    return nominal === undefined ? null : 'NOMINAL';
  },
  nominal: ({ nominal }) =>
    nominal === undefined ? null : { ...nominal, observedAt: nominal.observedAtMs },
  throughput: ({ measured }) => measured?.throughput,
  timeToFirstTokenMs: ({ measured }) => measured?.timeToFirstTokenMs,
  queueMs: ({ measured }) => measured?.queueMs,
};

export const percentilesResolvers: PercentilesResolvers = {
  lastSampleAt: ({ lastSampleAtMs }) => lastSampleAtMs,
};
