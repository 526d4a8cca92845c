import type { PriceHistoryQuery, PricePoint } from '../../src/catalogue/catalogue-store.ts';

/** What price history means, in the fewest words; slow. */
export class PriceHistoryModel {
  #points: PricePoint[] = [];

  append(point: PricePoint): void {
    const inForce = this.priceAt(point.offeringId, point.atMs);
    if (inForce !== undefined && described(inForce) === described(point)) return;
    this.#points = this.#points.filter(
      ({ offeringId, atMs }) => offeringId !== point.offeringId || atMs !== point.atMs,
    );
    this.#points.push(point);
    this.#points.sort((left, right) => left.atMs - right.atMs);
  }

  priceAt(offeringId: string, atMs: number): PricePoint | undefined {
    return this.#of(offeringId).findLast((point) => point.atMs <= atMs);
  }

  history({ offeringId, fromMs, toMs, limit }: PriceHistoryQuery): PricePoint[] {
    const changes = this.#of(offeringId)
      .filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
      .slice(0, limit);
    const inForce = this.priceAt(offeringId, fromMs);
    return inForce === undefined || changes[0] === inForce ? changes : [inForce, ...changes];
  }

  #of(offeringId: string): PricePoint[] {
    return this.#points.filter((point) => point.offeringId === offeringId);
  }
}

function described({ atMs: _atMs, ...rest }: PricePoint): string {
  return JSON.stringify(rest);
}
