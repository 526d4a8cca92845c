import { offeringBlockerOf, priceBlockerOf } from '../catalogue/launch-blocker.ts';
import { modelListFeed } from '../catalogue/memory.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { OfferingEntry, ProviderEntry } from '../catalogue/snapshot.ts';
import type { Decimal } from '../domain/decimal.ts';
import type { InferencePayload } from '../domain/inference.ts';
import type { ComponentPrices } from '../domain/price.ts';
import type { ProviderInterface } from '../providers/provider.ts';
import { sum, worstCaseLines } from './cost.ts';
import type { CostLine } from './cost.ts';
import { payloadOf } from './launch-request.ts';
import type { LaunchRequest } from './launch-request.ts';
import { refusal } from './refusal.ts';
import type { Refusal } from './refusal.ts';

/** On what terms a request would be launched: what is sent where, at which prices, for how much at most. */
export interface Terms {
  readonly kind: 'TERMS';
  readonly offering: OfferingEntry;
  readonly payload: InferencePayload;
  readonly prices: ComponentPrices;
  readonly priceVersion: string;
  readonly worstCase: Decimal;
  readonly lines: readonly CostLine[];
}

/** What the operator bounds. */
export interface TermLimits {
  /** Tokens of output when the caller names none. */
  readonly defaultMaxOutputTokens: number;
  /** USD; undefined for no bound. */
  readonly maxCostPerCall: Decimal | undefined;
}

/** What terms are made from, at one moment. */
export interface Market {
  readonly catalogue: Pick<Catalogue, 'snapshot' | 'observedRegions'>;
  readonly providers: ReadonlyMap<string, ProviderInterface>;
  readonly limits: TermLimits;
  readonly nowMs: number;
}

/** Refuses or gives the terms; spends nothing and writes nothing. */
export function termsOf(request: LaunchRequest, market: Market): Terms | Refusal {
  const { providers, limits } = market;
  const offering = chooseOffering(request, market);
  if ('code' in offering) return offering;
  const blocked =
    blockedByPrice(request, offering, market) ?? blockedByRegion(request, offering, market);
  if (blocked !== undefined) return blocked;

  const provider = providers.get(offering.provider.id);
  const { price, model } = offering;
  const { registered } = offering.provider;
  if (
    provider === undefined ||
    model.task === undefined ||
    price?.components === undefined ||
    price.version === undefined
  ) {
    return refusal('TASK_UNSUPPORTED', 'This service has no way to launch this offering.');
  }
  const modelMaximum = model.listed?.maxOutputTokens;
  const wanted = request.parameters.maxOutputTokens;
  if (wanted !== undefined && modelMaximum !== undefined && wanted > modelMaximum) {
    return refusal(
      'INVALID_REQUEST',
      `\`maxOutputTokens\` takes at most ${modelMaximum} with this model.`,
    );
  }
  const maxOutputTokens =
    wanted ??
    Math.min(limits.defaultMaxOutputTokens, modelMaximum ?? limits.defaultMaxOutputTokens);
  const payload = payloadOf(request, {
    task: model.task,
    model: model.id,
    serviceTier: offering.serviceTier,
    endpoint: registered.customModels.find(({ id }) => id === model.id)?.endpoint,
    maxOutputTokens,
  });
  if ('code' in payload) return payload;
  const unbounded = unboundedBy(payload, price.components);
  if (unbounded !== undefined) return unbounded;

  const input = BigInt(inputBoundOf(provider, payload, offering));
  const output = 'maxOutputTokens' in payload ? BigInt(payload.maxOutputTokens) : 0n;
  const lines = worstCaseLines({ input, output }, price.components);
  const worstCase = sum(lines);
  for (const limit of [request.maxCost, limits.maxCostPerCall]) {
    if (limit !== undefined && worstCase.compare(limit) > 0) {
      return costLimit('COST_LIMIT', limit, worstCase, lines);
    }
  }
  return {
    kind: 'TERMS',
    offering,
    payload,
    prices: price.components,
    priceVersion: price.version,
    worstCase,
    lines,
  };
}

/** A refusal for money, with the largest output that would fit. */
export function costLimit(
  code: 'COST_LIMIT' | 'BUDGET_EXCEEDED',
  limit: Decimal,
  required: Decimal,
  lines: readonly CostLine[],
): Refusal {
  return refusal(
    code,
    `The worst case costs ${required.toString()} USD, ${limit.toString()} USD may be spent.`,
    {
      detail: {
        kind: 'LIMIT',
        limit,
        required,
        largestMaxOutputTokens: largestOutput(limit, lines),
      },
    },
  );
}

function largestOutput(limit: Decimal, lines: readonly CostLine[]): number | undefined {
  const output = lines.find(({ kind }) => kind === 'OUTPUT');
  if (output === undefined || output.unitPrice.isZero()) return undefined;
  const rest = limit.minus(sum(lines.filter((line) => line !== output)));
  if (rest.isNegative()) return undefined;
  const fits = rest.wholeTimes(output.unitPrice);
  return fits < 1n ? undefined : Number(fits);
}

function chooseOffering(request: LaunchRequest, market: Market): OfferingEntry | Refusal {
  const { snapshot } = market.catalogue;
  if (request.offeringId !== undefined) {
    const offering = snapshot.offerings.get(request.offeringId);
    if (offering === undefined) {
      return refusal('OFFERING_NOT_FOUND', 'There is no offering of this id.');
    }
    return refusedAsSuch(offering) ?? offering;
  }
  const id = request.modelId ?? '';
  const model = snapshot.models.get(id) ?? snapshot.modelsByAlias.get(id.toLowerCase());
  if (model === undefined) {
    return refusal('MODEL_NOT_FOUND', 'There is no model of this id.', {
      detail: { kind: 'MODEL', modelId: id, replacementId: undefined },
    });
  }
  if (model.lifecycle === 'DECOMMISSIONED' || model.lifecycle === 'NEVER_HOSTED') {
    return refusal(
      model.lifecycle === 'DECOMMISSIONED' ? 'MODEL_DECOMMISSIONED' : 'MODEL_NOT_FOUND',
      model.lifecycleNote ?? 'The model can not be had.',
      { detail: { kind: 'MODEL', modelId: model.id, replacementId: model.replacementId } },
    );
  }
  const fitting = snapshot.index
    .ofModel(model.id)
    .filter((offering) => fitsRoute(offering, request.route));
  const launchable = fitting.filter(
    (offering) =>
      refusedAsSuch(offering) === undefined &&
      blockedByPrice(request, offering, market) === undefined &&
      blockedByRegion(request, offering, market) === undefined,
  );
  const best = launchable.sort(byPreference(request.route.prefer))[0];
  if (best !== undefined) return best;
  const nearest = fitting[0];
  if (nearest === undefined) {
    return refusal('NO_OFFERING_FITS', 'No offering of this model fits the route.');
  }
  return refusedAsSuch(nearest) ?? nearest;
}

function fitsRoute(offering: OfferingEntry, route: LaunchRequest['route']): boolean {
  const tiers = route.serviceTiers ?? [offering.provider.registered.serviceTiers[0]?.id ?? ''];
  return (
    tiers.includes(offering.serviceTier) &&
    (route.providers?.includes(offering.provider.id) ?? true) &&
    (route.regions === undefined ||
      (offering.region !== undefined && route.regions.includes(offering.region)))
  );
}

function byPreference(
  prefer: 'COST' | 'THROUGHPUT',
): (left: OfferingEntry, right: OfferingEntry) => number {
  return (left, right) => {
    const byId = left.id < right.id ? -1 : 1;
    if (prefer === 'THROUGHPUT') {
      return (right.throughput ?? -1) - (left.throughput ?? -1) || byId;
    }
    const leftCost = left.price?.costPerToken;
    const rightCost = right.price?.costPerToken;
    if (leftCost === undefined || rightCost === undefined) {
      return Number(leftCost === undefined) - Number(rightCost === undefined) || byId;
    }
    return leftCost.compare(rightCost) || byId;
  };
}

/** Refuses what can't be launched whatever its price. */
function refusedAsSuch(offering: OfferingEntry): Refusal | undefined {
  const blocker = offeringBlockerOf(offering);
  const { model, provider } = offering;
  switch (blocker) {
    case 'MODEL_DECOMMISSIONED':
      return refusal(blocker, model.lifecycleNote ?? 'The model was shut down.', {
        detail: { kind: 'MODEL', modelId: model.id, replacementId: model.replacementId },
      });
    case 'OFFERING_UNAVAILABLE':
      return refusal(blocker, "The provider's newest list does not have the model as active.");
    case 'TASK_UNSUPPORTED':
      return refusal(blocker, 'The task of this model is unknown or not launched here.');
    case 'PROVIDER_UNCONFIGURED':
    case 'PROVIDER_UNAUTHORIZED':
      return refusal(blocker, provider.status.reason ?? 'The provider can not be used.');
    case undefined:
      return undefined;
  }
}

function blockedByPrice(
  request: LaunchRequest,
  offering: OfferingEntry,
  { nowMs }: Market,
): Refusal | undefined {
  const { price, provider } = offering;
  const { priceVersion } = request;
  const blocker = priceBlockerOf(price, nowMs, provider.pollIntervalMs);
  const matches = priceVersion !== undefined && price?.version === priceVersion;
  switch (blocker) {
    case 'PRICE_UNKNOWN':
      return refusal(blocker, 'No component price of this offering is known.');
    case 'PRICE_UNCONFIRMED':
      return refusal(
        blocker,
        `A new price waits to be confirmed: ${price?.pending?.reason ?? ''}.`,
        { retryAfterMs: 15_000 },
      );
    case 'PRICE_LISTED':
      return {
        ...refusal(
          blocker,
          'The price is from a list, not from the provider or a contract, and can not be charged.',
        ),
        retryable: mayYetGivePrices(provider),
      };
    case 'PRICE_EXPIRED':
      return refusal(blocker, 'The newest price is an hour old or older.');
    case 'PRICE_STALE':
      if (request.allowStalePrice || matches) break;
      return refusal(blocker, 'The price is not fresh; `allowStalePrice` would accept it.');
    case undefined:
      break;
  }
  if (priceVersion !== undefined && !matches) {
    return refusal('PRICE_CHANGED', 'The price is not the one that `priceVersion` names.', {
      detail: { kind: 'PRICE', offering, requestedVersion: priceVersion },
    });
  }
  return undefined;
}

/** Whether the provider's own list, once it is read, may give a price in place of a listed one. */
function mayYetGivePrices({ feeds }: ProviderEntry): boolean {
  // A feed that was never asked, as in the first moments of a process, is not among them.
  return !feeds.some(({ name, state }) => name === modelListFeed && state === 'OK');
}

const mismatchMemoryMs = 86_400_000;

function blockedByRegion(
  request: LaunchRequest,
  offering: OfferingEntry,
  { catalogue, nowMs }: Market,
): Refusal | undefined {
  const { allowedRegions } = request;
  if (allowedRegions === undefined) return undefined;
  if (offering.region === undefined || !allowedRegions.includes(offering.region)) {
    return refusal('REGION_NOT_ALLOWED', 'The offering is not declared for an allowed region.');
  }
  if (request.acceptUnverifiedRegion) return undefined;
  const elsewhere = catalogue
    .observedRegions(offering.provider.id)
    .find(
      ({ region, lastSeenAtMs }) =>
        region !== undefined &&
        !allowedRegions.includes(region) &&
        nowMs - lastSeenAtMs < mismatchMemoryMs,
    );
  if (elsewhere === undefined) return undefined;
  return refusal(
    'REGION_MISMATCH',
    `Answers came from ${elsewhere.region} (${elsewhere.code}) within the last 24 hours; the provider offers no choice of region. \`acceptUnverifiedRegion\` would accept it.`,
  );
}

function unboundedBy(payload: InferencePayload, prices: ComponentPrices): Refusal | undefined {
  const needsOutputPrice = payload.task === 'TEXT_GENERATION';
  if (prices.input === undefined || (needsOutputPrice && prices.output === undefined)) {
    return refusal('UNBOUNDED_COST', 'A component price is not known, so the cost has no bound.');
  }
  return undefined;
}

/** Longest audio that a reservation covers, in seconds: four hours. */
const maximumAudioSeconds = 14_400;

function inputBoundOf(
  provider: ProviderInterface,
  payload: InferencePayload,
  { model, provider: { registered } }: OfferingEntry,
): number {
  if (payload.task === 'TRANSCRIPTION') return maximumAudioSeconds;
  if (payload.task === 'SPEECH') return provider.inputBound(payload);
  const { inputMarginTokens, models } = registered.billing;
  const marginTokens = models.get(model.id)?.inputMarginTokens ?? inputMarginTokens;
  const bound = provider.inputBound(payload) + marginTokens;
  return Math.min(bound, model.listed?.contextWindow ?? bound);
}
