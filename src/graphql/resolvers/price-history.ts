import type { PricePoint as StoredPoint } from '../../catalogue/catalogue-store.ts';
import { bucketsOf } from '../../catalogue/price-buckets.ts';
import type { RequestContext } from '../context.ts';
import { clientError } from '../errors.ts';
import type { OfferingPriceHistoryArgs, PriceHistory, PricePoint } from '../generated.ts';

/** The most points or buckets of one answer. */
const maximumPoints = 1000;
/**
 * Changes that buckets are made from; a feed that moves more often than that is cut. Storage gives 10,000 at
 * most, and one more than these is asked for, to see whether there are more.
 */
const maximumChanges = 9_999;
const dayMs = 86_400_000;
const longestSpanMs = 400 * dayMs;
const defaultSpanMs = 30 * dayMs;
const bucketMs = { HOUR: 3_600_000, DAY: dayMs } as const;

/** Answers `Offering.priceHistory`. */
export async function priceHistoryOf(
  offeringId: string,
  { from, to, resolution = 'CHANGE' }: OfferingPriceHistoryArgs,
  { nowMs, priceHistory }: RequestContext,
): Promise<PriceHistory> {
  const toMs = to ?? nowMs;
  const fromMs = from ?? toMs - defaultSpanMs;
  if (fromMs >= toMs) throw clientError('BAD_USER_INPUT', '`from` must be before `to`.');
  if (toMs - fromMs > longestSpanMs) {
    throw clientError('BAD_USER_INPUT', 'The span is at most 400 days.');
  }
  const span = { from: fromMs, to: toMs, resolution };
  if (resolution === 'CHANGE') {
    const points = await priceHistory.load({
      offeringId,
      fromMs,
      toMs,
      limit: maximumPoints + 1,
    });
    return {
      ...span,
      points: points.slice(0, maximumPoints).map(pricePointAnswer),
      buckets: [],
      truncated: points.length > maximumPoints,
    };
  }
  const widthMs = bucketMs[resolution];
  if ((toMs - fromMs) / widthMs > maximumPoints) {
    throw clientError('BAD_USER_INPUT', `The span has more than ${maximumPoints} buckets.`);
  }
  const points = await priceHistory.load({
    offeringId,
    fromMs,
    toMs,
    limit: maximumChanges + 1,
  });
  const endMs = Math.min(toMs, nowMs);
  return {
    ...span,
    points: [],
    buckets: bucketsOf(points.slice(0, maximumChanges), fromMs, endMs, widthMs).map((bucket) => ({
      ...bucket,
      start: bucket.startMs,
    })),
    truncated: points.length > maximumChanges,
  };
}

/** A stored point in the words of the schema. */
export function pricePointAnswer(point: StoredPoint): PricePoint {
  return {
    at: point.atMs,
    version: point.priceVersion,
    unit: point.unit,
    input: point.input,
    output: point.output,
    cachedInput: point.cachedInput,
    costPerToken: point.costPerToken,
    method: point.method,
    basis: point.basis,
    source: point.source,
  };
}
