import { createHash } from 'node:crypto';

import type { Decimal } from './decimal.ts';

/** What one unit of a component price buys. */
export type PriceUnit = 'TOKEN' | 'CHARACTER' | 'AUDIO_SECOND';

/** How a price is known: the provider's own feed, somebody's list, or the operator's contract. */
export type PriceBasis = 'LIVE' | 'LISTED' | 'DECLARED';

/** How old a price is; see {@link freshnessAt}. */
export type Freshness = 'FRESH' | 'STALE' | 'EXPIRED';

/** How the one number of the cost-per-token KPI was made. */
export type CostMethod = 'BLEND_3_1' | 'SINGLE';

/** The prices that charging uses, USD per unit. An absent component is unknown, never free. */
export interface ComponentPrices {
  readonly unit: PriceUnit;
  readonly input?: Decimal;
  readonly output?: Decimal;
  readonly cachedInput?: Decimal;
  /** Characters, or seconds of audio, that one call is billed for at least. */
  readonly minimumQuantity?: Decimal;
}

/** One row of a price feed. */
export interface PriceRow {
  readonly modelId: string;
  /** Prices that charging may use. */
  readonly components?: ComponentPrices;
  /** The one number per token that a feed gives instead of, or beside, component prices. */
  readonly costPerToken?: Decimal;
  /** How the source words the price where its unit is not ours, e.g. `0.111 USD per audio hour`. */
  readonly quotedAs?: string;
}

export const currency = 'USD';

/** Milliseconds after which a price is EXPIRED whatever the poll interval. */
const expiredAfterMs = 3_600_000;

/**
 * FRESH below two poll intervals, STALE below one hour, EXPIRED from there on; counted from when the
 * source answered.
 */
export function freshnessAt(
  nowMs: number,
  observedAtMs: number,
  pollIntervalMs: number,
): Freshness {
  const ageMs = nowMs - observedAtMs;
  if (ageMs >= expiredAfterMs) return 'EXPIRED';
  return ageMs < 2 * pollIntervalMs ? 'FRESH' : 'STALE';
}

/** The next moment at which {@link freshnessAt} will answer differently, or undefined once EXPIRED. */
export function nextFreshnessChange(
  nowMs: number,
  observedAtMs: number,
  pollIntervalMs: number,
): number | undefined {
  const staleAt = observedAtMs + Math.min(2 * pollIntervalMs, expiredAfterMs);
  if (nowMs < staleAt) return staleAt;
  const expiredAt = observedAtMs + expiredAfterMs;
  return nowMs < expiredAt ? expiredAt : undefined;
}

/**
 * Names a set of component prices: equal prices give equal versions, whoever reported them and when.
 */
export function priceVersion(prices: ComponentPrices): string {
  const { unit, input, output, cachedInput, minimumQuantity } = prices;
  const parts = [unit, input, output, cachedInput, currency];
  if (minimumQuantity !== undefined) parts.push(minimumQuantity);
  const text = parts.map((part) => (part === undefined ? '-' : String(part))).join('|');
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 20);
  // Joined: a template would be kept as two texts and what ties them, for each of a hundred thousand prices.
  return ['pv_', digest].join('');
}

/** Weights of the blended cost per token; their sum must divide any decimal exactly. */
export interface BlendWeights {
  readonly input: bigint;
  readonly output: bigint;
}

/**
 * The cost-per-token KPI: `(3 × input + 1 × output) / 4` with the usual weights. The 3:1 ratio is the
 * one that Artificial Analysis publishes; cached input does not enter.
 *
 * @returns undefined unless both components are known and the unit is a token.
 */
export function blendedCostPerToken(
  prices: ComponentPrices,
  weights: BlendWeights,
): Decimal | undefined {
  const { unit, input, output } = prices;
  if (unit !== 'TOKEN' || input === undefined || output === undefined) return undefined;
  return input
    .times(weights.input)
    .plus(output.times(weights.output))
    .dividedExactlyBy(weights.input + weights.output);
}
