import { blendedCostPerToken, freshnessAt, priceVersion } from '../domain/price.ts';
import type { BlendWeights, ComponentPrices, PriceBasis, PriceRow } from '../domain/price.ts';
import { Decimal } from '../domain/decimal.ts';
import type { DeclaredPrice, RegisteredProvider } from '../registered-provider.ts';
import { declaredFeed, modelListFeed, publicListFeed, shippedFeed } from './memory.ts';
import type { HeldPrice, ProviderMemory } from './memory.ts';
import type { ChosenPrice, Conflict, PendingPrice } from './offering-price.ts';

/**
 * Price feeds from the most trusted to the least. A contract of the operator goes before the public price,
 * the provider's own feeds before lists.
 */
export const priceFeedsByTrust = [
  declaredFeed,
  'pricing',
  modelListFeed,
  publicListFeed,
  shippedFeed,
] as const;

/**
 * Chooses the price of a model at one provider: the most trusted feed whose price is not EXPIRED; when
 * all are, the most trusted one that ever gave a price, which then shows its age.
 *
 * Where a feed at least as trusted gives one number, that is the cost per token, while charging uses the
 * component prices.
 */
export function choosePrice(question: PriceQuestion): ChosenPrice | undefined {
  const { provider, nowMs, pollIntervalMs } = question;
  const candidates = candidatesOf(question);
  const expired = (candidate: Candidate) =>
    candidate.basis !== 'DECLARED' &&
    freshnessAt(nowMs, candidate.observedAtMs, pollIntervalMs) === 'EXPIRED';
  const choose = (usable: (candidate: Candidate) => boolean) =>
    candidates.find((candidate) => usable(candidate) && !expired(candidate)) ??
    candidates.find(usable);

  const priced = choose(({ row }) => row.components !== undefined);
  const numbered = choose(({ row }) => row.costPerToken !== undefined);
  const origin = priced ?? numbered;
  if (origin === undefined) return undefined;

  const billed = (components: ComponentPrices | undefined) =>
    withMinimum(components, provider.billing.models.get(question.modelId)?.minimumQuantity);
  const components = billed(priced?.row.components);
  const single =
    numbered !== undefined &&
    (priced === undefined || (numbered.trust <= priced.trust && !expired(numbered)))
      ? numbered
      : undefined;
  const { before } = question;
  const blended = before?.components === components && before?.method === 'BLEND_3_1';
  const costPerToken =
    single?.row.costPerToken ??
    (blended ? before.costPerToken : sharedBlendOf(components, question));
  const shown = single ?? origin;
  const price: ChosenPrice = {
    components,
    version: before?.components === components ? before?.version : versionOf(components),
    basis: origin.basis,
    feed: origin.feed,
    source: origin.source,
    quotedAs: origin.row.quotedAs,
    seenAtMs: origin.seenAtMs,
    validUntilMs: origin.validUntilMs,
    costPerToken,
    method: costPerToken === undefined ? undefined : single === undefined ? 'BLEND_3_1' : 'SINGLE',
    single:
      single === undefined
        ? undefined
        : { feed: single.feed, source: single.source, seenAtMs: single.seenAtMs },
    conflict: conflictOf(candidates, shown, costPerToken, provider.blend, expired),
    pending: pendingOf(origin.held ?? single?.held, billed),
  };
  return before !== undefined && isSame(before, price) ? before : price;
}

/**
 * Whether a price is what it was: the object of the snapshot before then serves again, and is not one more that
 * outlives young garbage. Conflicts and held prices are few and always made anew.
 */
function isSame(before: ChosenPrice, price: ChosenPrice): boolean {
  return (
    before.components === price.components &&
    before.costPerToken === price.costPerToken &&
    before.seenAtMs === price.seenAtMs &&
    before.basis === price.basis &&
    before.feed === price.feed &&
    before.source === price.source &&
    before.quotedAs === price.quotedAs &&
    before.validUntilMs === price.validUntilMs &&
    before.version === price.version &&
    before.method === price.method &&
    before.single?.feed === price.single?.feed &&
    before.single?.source === price.single?.source &&
    before.single?.seenAtMs === price.single?.seenAtMs &&
    hasNoMore(before) &&
    hasNoMore(price)
  );
}

function hasNoMore({ conflict, pending }: ChosenPrice): boolean {
  return conflict === undefined && pending === undefined;
}

function versionOf(components: ComponentPrices | undefined): string | undefined {
  return components === undefined ? undefined : priceVersion(components);
}

function blendOf(
  components: ComponentPrices | undefined,
  weights: BlendWeights,
): Decimal | undefined {
  return components === undefined ? undefined : blendedCostPerToken(components, weights);
}

/** The same number is held once, however many offerings cost it. */
function sharedBlendOf(
  components: ComponentPrices | undefined,
  { provider, memory }: PriceQuestion,
): Decimal | undefined {
  const blend = blendOf(components, provider.blend);
  return blend && memory.shared.decimal(blend.toString());
}

/** What {@link choosePrice} looks at. */
export interface PriceQuestion {
  readonly provider: RegisteredProvider;
  readonly memory: ProviderMemory;
  readonly shippedPrices: ReadonlyMap<string, PriceRow>;
  readonly modelId: string;
  readonly nowMs: number;
  readonly pollIntervalMs: number;
  /** What was chosen the last time: what follows from the same prices is taken over. */
  readonly before?: ChosenPrice | undefined;
}

interface Candidate {
  readonly feed: string;
  /** Position in {@link priceFeedsByTrust}: smaller is more trusted. */
  readonly trust: number;
  readonly basis: PriceBasis;
  readonly source: string;
  readonly row: PriceRow;
  readonly observedAtMs: number;
  /** Undefined while the newest reading of the feed has it. */
  readonly seenAtMs: number | undefined;
  readonly validUntilMs: number | undefined;
  readonly held: HeldPrice | undefined;
}

function candidatesOf(question: PriceQuestion): Candidate[] {
  const { provider, memory, modelId, nowMs } = question;
  const candidates: Candidate[] = [];
  priceFeedsByTrust.forEach((feed, trust) => {
    if (feed === declaredFeed) {
      const declared = provider.declaredPrices
        .get(modelId)
        ?.find((price) => isInForce(price, nowMs));
      if (declared === undefined) return;
      candidates.push({
        feed,
        trust,
        basis: 'DECLARED',
        source: declared.source,
        row: declared.row,
        observedAtMs: declared.validFromMs,
        seenAtMs: declared.validFromMs,
        validUntilMs: declared.validUntilMs,
        held: undefined,
      });
      return;
    }
    if (feed === shippedFeed) {
      const row = question.shippedPrices.get(modelId);
      if (row === undefined || provider.shippedList === undefined) return;
      candidates.push({
        feed,
        trust,
        basis: 'LISTED',
        source: provider.shippedList.source,
        row,
        observedAtMs: provider.shippedList.observedAtMs,
        seenAtMs: provider.shippedList.observedAtMs,
        validUntilMs: undefined,
        held: undefined,
      });
      return;
    }
    const remembered = memory.prices.get(feed)?.get(modelId);
    const state = memory.feeds.get(feed);
    const observedAtMs = remembered?.seenAtMs ?? state?.lastSuccessAtMs;
    if (remembered === undefined || state === undefined || observedAtMs === undefined) return;
    candidates.push({
      feed,
      trust,
      basis: state.basis,
      source: state.successSource ?? state.source,
      row: remembered.row,
      observedAtMs,
      seenAtMs: remembered.seenAtMs,
      validUntilMs: undefined,
      held: remembered.held,
    });
  });
  return candidates;
}

function isInForce(price: DeclaredPrice, nowMs: number): boolean {
  return (
    price.validFromMs <= nowMs && (price.validUntilMs === undefined || nowMs < price.validUntilMs)
  );
}

const onePercent = Decimal.of('0.01');

function conflictOf(
  candidates: readonly Candidate[],
  shown: Candidate,
  costPerToken: Decimal | undefined,
  blend: BlendWeights,
  expired: (candidate: Candidate) => boolean,
): Conflict | undefined {
  if (costPerToken === undefined || shown.basis !== 'LIVE' || expired(shown)) return undefined;
  for (const candidate of candidates) {
    if (candidate.feed === shown.feed || candidate.basis !== 'LIVE' || expired(candidate)) continue;
    const other = candidate.row.costPerToken ?? blendOf(candidate.row.components, blend);
    if (other === undefined) continue;
    const difference = other.minus(costPerToken);
    const distance = difference.isNegative() ? Decimal.zero.minus(difference) : difference;
    if (distance.compare(costPerToken.times(onePercent)) <= 0) continue;
    return {
      feed: candidate.feed,
      source: candidate.source,
      costPerToken: other,
      observedAtMs: candidate.observedAtMs,
    };
  }
  return undefined;
}

/** Component prices beside what one call is billed for at least, which price lists do not say. */
function withMinimum(
  components: ComponentPrices | undefined,
  minimumQuantity: Decimal | undefined,
): ComponentPrices | undefined {
  if (components === undefined || minimumQuantity === undefined) return components;
  return { ...components, minimumQuantity };
}

function pendingOf(
  held: HeldPrice | undefined,
  billed: (components: ComponentPrices | undefined) => ComponentPrices | undefined,
): PendingPrice | undefined {
  if (held === undefined) return undefined;
  const { costPerToken } = held.row;
  const components = billed(held.row.components);
  return {
    components,
    costPerToken,
    version: versionOf(components),
    observedAtMs: held.observedAtMs,
    reason: held.reason,
  };
}
