import { readFileSync } from 'node:fs';

import { Ajv } from 'ajv';
import type { ErrorObject } from 'ajv';

import { Decimal } from './domain/decimal.ts';
import type { ListedModel, Task } from './domain/model.ts';
import { parseMoment } from './domain/moment.ts';
import type { BlendWeights, ComponentPrices, PriceRow } from './domain/price.ts';

/** The parsed provider registry: providers by id, in the order of the file. */
export type Registry = ReadonlyMap<string, RegisteredProvider>;

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

/** Every fault of a registry file at once, each with its path. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly faults: readonly string[];

  constructor(origin: string, faults: readonly string[]) {
    super(`The provider registry ${origin} is not usable:\n- ${faults.join('\n- ')}`);
    this.faults = faults;
  }
}

/**
 * Reads and checks the registry file against the JSON Schema beside this program.
 *
 * @throws RegistryError with all faults together.
 */
export function loadRegistry(path: string, schemaPath: string | URL): Registry {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new RegistryError(path, [error instanceof Error ? error.message : String(error)]);
  }
  return parseRegistry(content, JSON.parse(readFileSync(schemaPath, 'utf8')), path);
}

/** As {@link loadRegistry}, for a registry that was read already. */
export function parseRegistry(content: unknown, schema: object, origin: string): Registry {
  const validate = new Ajv({ allErrors: true, strictTypes: false }).compile<RegistryFile>(schema);
  if (!validate(content)) {
    const errors = validate.errors ?? [];
    const faults = [...errors.map(faultOf), ...faultsOfSoundParts(content, errors)];
    throw new RegistryError(origin, [...new Set(faults)]);
  }
  const faults: string[] = [];
  const registry = new Map<string, RegisteredProvider>();
  for (const [id, entry] of Object.entries(content)) {
    if (id === '$schema' || typeof entry === 'string') continue;
    faults.push(...faultsBeyondTheSchema(entry).map((fault) => `/${id}${fault}`));
    if (faults.length === 0) registry.set(id, providerOf(id, entry));
  }
  if (registry.size === 0 && faults.length === 0) faults.push('/: names no provider');
  if (faults.length > 0) throw new RegistryError(origin, faults);
  return registry;
}

function faultOf(error: ErrorObject): string {
  const extra = Object.values(error.params).filter((value) => typeof value === 'string');
  return `${error.instancePath || '/'}: ${error.message ?? error.keyword}${extra.length > 0 ? ` (${extra.join(', ')})` : ''}`;
}

/**
 * What is wrong beyond the schema in those parts of the file that the schema admits, so that a file with
 * faults of both kinds has to be corrected once only.
 */
function faultsOfSoundParts(content: unknown, errors: readonly ErrorObject[]): string[] {
  if (typeof content !== 'object' || content === null) return [];
  const faultyPaths = errors.map(({ instancePath }) => instancePath);
  const isSound = (path: string) =>
    !faultyPaths.some((faulty) => faulty === path || faulty.startsWith(`${path}/`));
  return Object.entries(content as Record<string, unknown>).flatMap(([id, entry]) => {
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return [];
    const sound = Object.entries(entry).filter(([part]) => isSound(`/${id}/${part}`));
    const faults = faultsBeyondTheSchema(Object.fromEntries(sound) as Partial<ProviderFile>);
    return faults.map((fault) => `/${id}${fault}`);
  });
}

/** Rules that JSON Schema can't say, for the parts of an entry that are there. */
function faultsBeyondTheSchema(entry: Partial<ProviderFile>): string[] {
  const faults: string[] = [];
  if (entry.blend !== undefined) {
    const sum = entry.blend.inputWeight + entry.blend.outputWeight;
    if (!dividesDecimals(sum)) {
      faults.push(`/blend: the weights add up to ${sum}, by which prices can't be divided exactly`);
    }
  }
  for (const [list, ids] of [
    ['customModels', (entry.customModels ?? []).map(({ id }) => id)],
    ['nominalThroughputs', (entry.nominalThroughputs ?? []).map(({ model }) => model)],
    ['modelFates', (entry.modelFates ?? []).map(({ id }) => id)],
    ['shippedList/models', (entry.shippedList?.models ?? []).map(({ id }) => id)],
    ['serviceTiers', (entry.serviceTiers ?? []).map(({ id }) => id)],
  ] as const) {
    const seen = new Set<string>();
    ids.forEach((id, position) => {
      if (seen.has(id)) faults.push(`/${list}/${position}: ${id} stands there twice`);
      seen.add(id);
    });
  }
  (entry.declaredPrices ?? []).forEach((price, position) => {
    if (
      price.validUntil !== undefined &&
      Date.parse(price.validUntil) <= Date.parse(price.validFrom)
    ) {
      faults.push(`/declaredPrices/${position}: validUntil is not after validFrom`);
    }
  });
  for (const [path, date] of datesOf(entry)) {
    if (parseMoment(date) === undefined) faults.push(`/${path}: ${date} is not a date`);
  }
  for (const [path, price] of pricesOf(entry)) {
    const { unit: _unit, ...components } = price;
    if (Object.keys(components).length === 0) faults.push(`/${path}: names no price`);
  }
  return faults;
}

function dividesDecimals(divisor: number): boolean {
  if (divisor <= 0) return false;
  let rest = divisor;
  while (rest % 2 === 0) rest /= 2;
  while (rest % 5 === 0) rest /= 5;
  return rest === 1;
}

function* pricesOf(entry: Partial<ProviderFile>): Generator<[string, PriceFile]> {
  for (const [position, { price }] of (entry.declaredPrices ?? []).entries()) {
    yield [`declaredPrices/${position}/price`, price];
  }
  for (const [position, { price }] of (entry.customModels ?? []).entries()) {
    if (price !== undefined && price !== null) yield [`customModels/${position}/price`, price];
  }
  for (const [position, { price }] of (entry.shippedList?.models ?? []).entries()) {
    if (price !== undefined) yield [`shippedList/models/${position}/price`, price];
  }
}

function* datesOf(entry: Partial<ProviderFile>): Generator<[string, string]> {
  for (const [position, price] of (entry.declaredPrices ?? []).entries()) {
    yield [`declaredPrices/${position}/validFrom`, price.validFrom];
    if (price.validUntil !== undefined) {
      yield [`declaredPrices/${position}/validUntil`, price.validUntil];
    }
  }
  for (const [position, fate] of (entry.modelFates ?? []).entries()) {
    yield [`modelFates/${position}/observedAt`, fate.observedAt];
    if (fate.since !== undefined) yield [`modelFates/${position}/since`, fate.since];
  }
  for (const [position, speed] of (entry.nominalThroughputs ?? []).entries()) {
    yield [`nominalThroughputs/${position}/observedAt`, speed.observedAt];
  }
  for (const [position, model] of (entry.customModels ?? []).entries()) {
    yield [`customModels/${position}/observedAt`, model.observedAt];
  }
  if (entry.shippedList !== undefined) {
    yield ['shippedList/observedAt', entry.shippedList.observedAt];
  }
}

function providerOf(id: string, entry: ProviderFile): RegisteredProvider {
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

/** The file as the JSON Schema admits it. */
type RegistryFile = Readonly<Record<string, ProviderFile | string>>;

interface PriceFile {
  readonly unit: 'TOKEN' | 'CHARACTER' | 'AUDIO_SECOND' | 'AUDIO_HOUR';
  readonly input?: string;
  readonly output?: string;
  readonly cachedInput?: string;
}

interface ProviderFile {
  readonly name: string;
  readonly kind: string;
  readonly adapter: 'groq';
  readonly baseUrl: string;
  readonly pricingUrl?: string;
  readonly secretPath: string;
  readonly modelsDevId?: string;
  readonly region: {
    readonly declared?: string;
    readonly basis: string;
    readonly complianceFlags: readonly string[];
    readonly observedCodes?: Readonly<Record<string, { readonly region: string }>>;
  };
  readonly serviceTiers: readonly { readonly id: string; readonly tasks?: readonly Task[] }[];
  readonly blend: { readonly inputWeight: number; readonly outputWeight: number };
  readonly pollIntervalSeconds?: number;
  readonly limits: RegisteredProvider['limits'];
  readonly billing?: {
    readonly inputMargin?: { readonly tokens: number };
    readonly models?: Readonly<
      Record<string, { readonly inputMarginTokens?: number; readonly minimumQuantity?: string }>
    >;
  };
  readonly endpoints: Readonly<Record<string, string>>;
  readonly tasks?: Readonly<Record<string, { readonly task: Task }>>;
  readonly customModels?: readonly {
    readonly id: string;
    readonly name: string;
    readonly baseModel: string;
    readonly task: Task;
    readonly endpoint?: string;
    readonly price?: PriceFile | null;
    readonly source: string;
    readonly observedAt: string;
  }[];
  readonly declaredPrices?: readonly {
    readonly model: string;
    readonly price: PriceFile;
    readonly source: string;
    readonly validFrom: string;
    readonly validUntil?: string;
  }[];
  readonly nominalThroughputs?: readonly {
    readonly model: string;
    readonly tokensPerSecond: number;
    readonly source: string;
    readonly observedAt: string;
  }[];
  readonly modelFates?: readonly {
    readonly id: string;
    readonly name: string;
    readonly lifecycle: 'DECOMMISSIONED' | 'NEVER_HOSTED';
    readonly since?: string;
    readonly replacement?: string;
    readonly note: string;
    readonly source: string;
    readonly observedAt: string;
  }[];
  readonly limitations?: readonly ProviderLimitation[];
  readonly shippedList?: {
    readonly source: string;
    readonly observedAt: string;
    readonly models: readonly (Omit<ListedModel, 'active'> & { readonly price?: PriceFile })[];
  };
}
