import type { ListedModel, Task } from './domain/model.ts';
import { parseMoment } from './domain/moment.ts';
import type { ProviderLimitation, RegisteredProvider } from './registered-provider.ts';

/** The file as the JSON Schema admits it. */
export type RegistryFile = Readonly<Record<string, ProviderFile | string>>;

/** A price as the file quotes it, in USD. */
export interface PriceFile {
  readonly unit: 'TOKEN' | 'CHARACTER' | 'AUDIO_SECOND' | 'AUDIO_HOUR';
  readonly input?: string;
  readonly output?: string;
  readonly cachedInput?: string;
}

/** An entry of the file. */
export interface ProviderFile {
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

/** Rules that JSON Schema can't say, for the parts of an entry that are there. */
export function faultsBeyondTheSchema(entry: Partial<ProviderFile>): string[] {
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
