import { Decimal } from './domain/decimal.ts';
import type { ListedModel, Task } from './domain/model.ts';
import type { BlendWeights, ComponentPrices, PriceRow } from './domain/price.ts';
import type { PriceFile, ProviderFile } from './registry-file.ts';

/** What the operator knows and declares about one provider. */
export interface RegisteredProvider {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly adapter: 'groq';
  readonly baseUrl: string;
  readonly pricingUrl: string | undefined;
  readonly secretPath: string;
  readonly modelsDevId: string | undefined;
  readonly region: RegisteredRegion;
  /** The standard tier first. */
  readonly serviceTiers: readonly RegisteredTier[];
  readonly blend: BlendWeights;
  /** Overrides the service-wide interval; milliseconds. */
  readonly pollIntervalMs: number | undefined;
  readonly limits: {
    readonly maximumBodyBytes: number;
    readonly connectTimeoutMs: number;
    readonly totalTimeoutMs: number;
  };
  readonly billing: RegisteredBilling;
  readonly endpoints: ReadonlyMap<Task, string>;
  readonly tasks: ReadonlyMap<string, Task>;
  readonly customModels: readonly CustomModel[];
  readonly declaredPrices: ReadonlyMap<string, readonly DeclaredPrice[]>;
  readonly nominalThroughputs: ReadonlyMap<string, NominalThroughput>;
  readonly modelFates: ReadonlyMap<string, ModelFate>;
  readonly limitations: readonly ProviderLimitation[];
  readonly shippedList: ShippedList | undefined;
}

/** How a provider counts what it bills. */
export interface RegisteredBilling {
  /** Tokens by which its framing of a request may exceed the request's bytes. */
  readonly inputMarginTokens: number;
  /** What differs for a model, by its id. */
  readonly models: ReadonlyMap<string, ModelBilling>;
}

/** How one model is billed where it differs. */
export interface ModelBilling {
  readonly inputMarginTokens: number | undefined;
  /** Characters, or seconds of audio, that one call is billed for at least. */
  readonly minimumQuantity: Decimal | undefined;
}

/** The declared region and how observed site codes map to regions. */
export interface RegisteredRegion {
  readonly declared: string | undefined;
  readonly basis: string;
  readonly complianceFlags: readonly string[];
  readonly observedCodes: ReadonlyMap<string, string>;
}

/** A tier that is offered at the price of the feeds. */
export interface RegisteredTier {
  readonly id: string;
  /** What is sold in it; undefined for every task. */
  readonly tasks: ReadonlySet<Task> | undefined;
}

/** A model that only the operator's account has. */
export interface CustomModel {
  readonly id: string;
  readonly name: string;
  readonly baseModel: string;
  readonly task: Task;
  readonly endpoint: string | undefined;
  readonly source: string;
  readonly observedAtMs: number;
}

/** A contract price; in force within its dates. */
export interface DeclaredPrice {
  readonly row: PriceRow;
  readonly source: string;
  readonly validFromMs: number;
  readonly validUntilMs: number | undefined;
}

/** A throughput as the provider publishes it. */
export interface NominalThroughput {
  readonly tokensPerSecond: number;
  readonly source: string;
  readonly observedAtMs: number;
}

/** What became of a model that people still ask for. */
export interface ModelFate {
  readonly id: string;
  readonly name: string;
  readonly lifecycle: 'DECOMMISSIONED' | 'NEVER_HOSTED';
  readonly sinceMs: number | undefined;
  readonly replacement: string | undefined;
  readonly note: string;
  readonly source: string;
  readonly observedAtMs: number;
}

/** Something that was asked of a provider and that it does not do. */
export interface ProviderLimitation {
  readonly feature: string;
  readonly reason: string;
  readonly source: string;
}

/** The dated list that answers while nothing better is known. */
export interface ShippedList {
  readonly source: string;
  readonly observedAtMs: number;
  readonly models: readonly ListedModel[];
  readonly prices: readonly PriceRow[];
}

/** A provider, from an entry of the registry without faults. */
export function providerOf(id: string, entry: ProviderFile): RegisteredProvider {
  return {
    id,
    name: entry.name,
    kind: entry.kind,
    adapter: entry.adapter,
    baseUrl: entry.baseUrl,
    pricingUrl: entry.pricingUrl,
    secretPath: entry.secretPath,
    modelsDevId: entry.modelsDevId,
    region: {
      declared: entry.region.declared,
      basis: entry.region.basis,
      complianceFlags: entry.region.complianceFlags,
      observedCodes: new Map(
        Object.entries(entry.region.observedCodes ?? {}).map(([code, { region }]) => [
          code,
          region,
        ]),
      ),
    },
    serviceTiers: entry.serviceTiers.map((tier) => ({
      id: tier.id,
      tasks: tier.tasks && new Set(tier.tasks),
    })),
    blend: { input: BigInt(entry.blend.inputWeight), output: BigInt(entry.blend.outputWeight) },
    pollIntervalMs:
      entry.pollIntervalSeconds === undefined ? undefined : entry.pollIntervalSeconds * 1000,
    limits: entry.limits,
    billing: billingOf(entry),
    endpoints: new Map(Object.entries(entry.endpoints) as [Task, string][]),
    tasks: new Map(Object.entries(entry.tasks ?? {}).map(([model, { task }]) => [model, task])),
    customModels: (entry.customModels ?? []).map((model) => ({
      id: model.id,
      name: model.name,
      baseModel: model.baseModel,
      task: model.task,
      endpoint: model.endpoint,
      source: model.source,
      observedAtMs: Date.parse(model.observedAt),
    })),
    declaredPrices: declaredPricesOf(entry),
    nominalThroughputs: new Map(
      (entry.nominalThroughputs ?? []).map((speed) => [
        speed.model,
        {
          tokensPerSecond: speed.tokensPerSecond,
          source: speed.source,
          observedAtMs: Date.parse(speed.observedAt),
        },
      ]),
    ),
    modelFates: new Map(
      (entry.modelFates ?? []).map((fate) => [
        fate.id,
        {
          id: fate.id,
          name: fate.name,
          lifecycle: fate.lifecycle,
          sinceMs: fate.since === undefined ? undefined : Date.parse(fate.since),
          replacement: fate.replacement,
          note: fate.note,
          source: fate.source,
          observedAtMs: Date.parse(fate.observedAt),
        },
      ]),
    ),
    limitations: entry.limitations ?? [],
    shippedList: shippedListOf(entry),
  };
}

const defaultInputMarginTokens = 1024;

function billingOf({ billing }: ProviderFile): RegisteredBilling {
  const models = Object.entries(billing?.models ?? {});
  return {
    inputMarginTokens: billing?.inputMargin?.tokens ?? defaultInputMarginTokens,
    models: new Map(
      models.map(([id, { inputMarginTokens, minimumQuantity }]) => [
        id,
        {
          inputMarginTokens,
          minimumQuantity: minimumQuantity === undefined ? undefined : Decimal.of(minimumQuantity),
        },
      ]),
    ),
  };
}

function declaredPricesOf(entry: ProviderFile): Map<string, DeclaredPrice[]> {
  const prices = new Map<string, DeclaredPrice[]>();
  const add = (modelId: string, price: DeclaredPrice) => {
    prices.set(modelId, [...(prices.get(modelId) ?? []), price]);
  };
  for (const declared of entry.declaredPrices ?? []) {
    add(declared.model, {
      row: priceRowOf(declared.model, declared.price),
      source: declared.source,
      validFromMs: Date.parse(declared.validFrom),
      validUntilMs: declared.validUntil === undefined ? undefined : Date.parse(declared.validUntil),
    });
  }
  for (const model of entry.customModels ?? []) {
    if (model.price === undefined || model.price === null) continue;
    add(model.id, {
      row: priceRowOf(model.id, model.price),
      source: model.source,
      validFromMs: Date.parse(model.observedAt),
      validUntilMs: undefined,
    });
  }
  return prices;
}

function shippedListOf({ shippedList }: ProviderFile): ShippedList | undefined {
  if (shippedList === undefined) return undefined;
  return {
    source: shippedList.source,
    observedAtMs: Date.parse(shippedList.observedAt),
    models: shippedList.models.map(({ price: _price, ...model }) => ({ ...model, active: true })),
    prices: shippedList.models.flatMap(({ id, price }) =>
      price === undefined ? [] : [priceRowOf(id, price)],
    ),
  };
}

const secondsPerHour = 3600n;
/** Digits after the point of a price per second that was quoted per hour. */
const convertedDigits = 18;

function priceRowOf(modelId: string, price: PriceFile): PriceRow {
  const convert = (text: string) =>
    price.unit === 'AUDIO_HOUR'
      ? Decimal.of(text).dividedRoundingUp(secondsPerHour, convertedDigits)
      : Decimal.of(text);
  const components: ComponentPrices = {
    unit: price.unit === 'AUDIO_HOUR' ? 'AUDIO_SECOND' : price.unit,
    ...(price.input === undefined ? {} : { input: convert(price.input) }),
    ...(price.output === undefined ? {} : { output: convert(price.output) }),
    ...(price.cachedInput === undefined ? {} : { cachedInput: convert(price.cachedInput) }),
  };
  return {
    modelId,
    components,
    ...(price.unit === 'AUDIO_HOUR' && price.input !== undefined
      ? { quotedAs: `${Decimal.of(price.input).toString()} USD per audio hour` }
      : {}),
  };
}
