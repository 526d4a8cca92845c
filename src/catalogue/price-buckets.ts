import type { Decimal } from '../domain/decimal.ts';
import type { PricePoint } from './catalogue-store.ts';

/** The cost per token within a span; undefined where it was not known. */
export interface PriceBucket {
  readonly startMs: number;
  readonly first: Decimal | undefined;
  readonly last: Decimal | undefined;
  readonly lowest: Decimal | undefined;
  readonly highest: Decimal | undefined;
  readonly changes: number;
}

/**
 * Sums points up into spans of equal width, aligned to multiples of the width in UTC. A price holds until
 * the next point, so a span without a point shows the price that it began with. Spans before the first
 * point are left out.
 *
 * @param points - oldest first; the first may lie before `fromMs`.
 */
export function bucketsOf(
  points: readonly PricePoint[],
  fromMs: number,
  toMs: number,
  widthMs: number,
): PriceBucket[] {
  const buckets: PriceBucket[] = [];
  let next = 0;
  let inForce: PricePoint | undefined;
  while (next < points.length && points[next]!.atMs <= fromMs) inForce = points[next++];
  for (let startMs = Math.floor(fromMs / widthMs) * widthMs; startMs < toMs; startMs += widthMs) {
    const within: PricePoint[] = inForce === undefined ? [] : [inForce];
    let changes = 0;
    while (next < points.length && points[next]!.atMs < startMs + widthMs) {
      inForce = points[next++]!;
      within.push(inForce);
      changes += 1;
    }
    if (within.length === 0) continue;
    const costs = within.flatMap(({ costPerToken }) =>
      costPerToken === null ? [] : [costPerToken],
    );
    buckets.push({
      startMs,
      first: costs[0],
      last: inForce?.costPerToken ?? undefined,
      lowest: extreme(costs, -1),
      highest: extreme(costs, 1),
      changes,
    });
  }
  return buckets;
}

function extreme(costs: readonly Decimal[], sign: -1 | 1): Decimal | undefined {
  return costs.reduce<Decimal | undefined>(
    (best, cost) => (best === undefined || cost.compare(best) * sign > 0 ? cost : best),
    undefined,
  );
}
