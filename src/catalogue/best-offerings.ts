import type { Draft } from './draft.ts';
import { throughputOf } from './offerings.ts';
import type { OfferingRow } from './offerings.ts';
import type { ModelEntry, ProviderEntry } from './snapshot.ts';

/** Takes an offering into what its model says of all of them. */
export function noteBestOfModel(
  model: Draft<ModelEntry>,
  row: OfferingRow,
  isStandardTier: boolean,
): void {
  const { providerId, region, price, available } = row;
  if (model.providerIds.at(-1) !== providerId) model.providerIds.push(providerId);
  if (region !== undefined && !model.regions.includes(region)) {
    model.regions.push(region);
    model.regions.sort();
  }
  if (!available || !isStandardTier) return;
  const cost = price?.costPerToken;
  if (cost !== undefined && cost.compare(model.costPerToken ?? cost) <= 0) {
    model.costPerToken = cost;
  }
  const throughput = throughputOf(row);
  if (throughput !== undefined && throughput > (model.throughput ?? 0)) {
    model.throughput = throughput;
  }
}

/** The cheapest and the fastest of a provider's offerings. */
export class BestOfProvider {
  #cheapest: OfferingRow | undefined;
  #fastest: OfferingRow | undefined;

  note(row: OfferingRow): void {
    if (!row.available) return;
    const cost = row.price?.costPerToken;
    const lowest = this.#cheapest?.price?.costPerToken;
    if (cost !== undefined && isBetter(row, cost.compare(lowest ?? cost), this.#cheapest)) {
      this.#cheapest = row;
    }
    const throughput = throughputOf(row);
    const highest = this.#fastest && throughputOf(this.#fastest);
    if (
      throughput !== undefined &&
      isBetter(row, (highest ?? throughput) - throughput, this.#fastest)
    ) {
      this.#fastest = row;
    }
  }

  describe(provider: Draft<ProviderEntry>): void {
    provider.cheapestId = this.#cheapest?.id;
    provider.costPerToken = this.#cheapest?.price?.costPerToken;
    provider.fastestId = this.#fastest?.id;
    provider.throughput = this.#fastest && throughputOf(this.#fastest);
  }
}

/** Ties go to the smaller id, so that the order of a provider's list decides nothing. */
function isBetter(row: OfferingRow, comparison: number, present: OfferingRow | undefined): boolean {
  if (present === undefined || comparison < 0) return true;
  return comparison === 0 && row.id < present.id;
}
