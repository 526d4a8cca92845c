import type { Decimal } from '../domain/decimal.ts';
import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { ProviderEntry, ModelEntry, OfferingEntry, FeedEntry, MeasuredPercentiles } from '../catalogue/snapshot.ts';
import type { PricingParent } from './resolvers/offering.ts';
import type { RequestContext } from './context.ts';
export type Maybe<T> = T | null | undefined;
export type InputMaybe<T> = T | null | undefined;
export type Omit<T, K extends keyof T> = Pick<T, Exclude<keyof T, K>>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** A moment in UTC with milliseconds, for example `2026-10-02T03:58:23.000Z`. */
  DateTime: { input: number; output: number; }
  /**
   * An exact decimal number as plain text: no exponent, no trailing zeros, for example `"0.0000002625"` or
   * `"0"`. Accepted on input as a string or a number.
   */
  Decimal: { input: Decimal; output: Decimal; }
  _FieldSet: { input: string; output: string; }
};

/** How a cost per token was made. */
export type CostMethod =
  /** `(3 × input + 1 × output) / 4`. */
  | 'BLEND_3_1'
  /** The one number that a feed gives. */
  | 'SINGLE';

/** One source of models or prices. */
export type Feed = {
  readonly __typename?: 'Feed';
  /** Seconds since `lastSuccessAt`. */
  readonly ageSeconds?: Maybe<Scalars['Int']['output']>;
  /** Why it does not answer; null when it does. */
  readonly error?: Maybe<Scalars['String']['output']>;
  /** When it last answered with usable rows; for a shipped list, its own date. */
  readonly lastSuccessAt?: Maybe<Scalars['DateTime']['output']>;
  /** `pricing` and `models` are the provider's own, `models.dev` is a public list, `declared` and `shipped` come with the configuration. */
  readonly name: Scalars['String']['output'];
  /** Rows of the last reading that were not taken, at most 100. */
  readonly rejected: ReadonlyArray<RejectedRow>;
  /** Where it is read. */
  readonly source: Scalars['String']['output'];
  /** Whether it answers. */
  readonly state: FeedState;
};

/** The states of a feed. */
export type FeedState =
  /** Its last reading failed; what it gave before is kept and ages. */
  | 'FAILING'
  /** Its last reading was good. */
  | 'OK'
  /** It has not been read yet. */
  | 'PENDING'
  /** It cannot be read for want of configuration, or it is switched off. */
  | 'UNCONFIGURED'
  /** The provider has no such endpoint; it is probed again now and then. */
  | 'UNSUPPORTED';

/** How old a price is. */
export type Freshness =
  /** One hour old or older. */
  | 'EXPIRED'
  /** Younger than two poll intervals. */
  | 'FRESH'
  /** Younger than one hour. */
  | 'STALE';

/** Why a launch is refused. */
export type LaunchRefusalCode =
  /** The provider shut the model down. */
  | 'MODEL_DECOMMISSIONED'
  /** The provider's newest list does not have the model as active. */
  | 'OFFERING_UNAVAILABLE'
  /** The price is older than one hour. */
  | 'PRICE_EXPIRED'
  /** The price comes from somebody's list, not from the provider or a contract. */
  | 'PRICE_LISTED'
  /** The price is too old to be trusted by default; `allowStalePrice` or a matching `priceVersion` accepts it. */
  | 'PRICE_STALE'
  /** The price moved by more than ten times or to or from zero, and is not confirmed yet. */
  | 'PRICE_UNCONFIRMED'
  /** No component price is known. */
  | 'PRICE_UNKNOWN'
  /** The provider refuses the key. */
  | 'PROVIDER_UNAUTHORIZED'
  /** There is no key for the provider. */
  | 'PROVIDER_UNCONFIGURED'
  /** This service does not launch the model's task, or its task is unknown. */
  | 'TASK_UNSUPPORTED';

/** A model whoever hosts it. */
export type Model = {
  readonly __typename?: 'Model';
  /** Tokens that fit into one request with its answer. */
  readonly contextWindow?: Maybe<Scalars['Int']['output']>;
  /** The best cost per token among its available on-demand offerings, in USD. */
  readonly costPerToken?: Maybe<Scalars['Decimal']['output']>;
  /** What its provider says that it supports, for example `tools`; null where it said nothing. */
  readonly features?: Maybe<ReadonlyArray<Scalars['String']['output']>>;
  /** The id that its providers use, for example `openai/gpt-oss-120b`. Stable. */
  readonly id: Scalars['ID']['output'];
  /** What it reads, for example `text` or `image`; null where no provider said. */
  readonly inputModalities?: Maybe<ReadonlyArray<Scalars['String']['output']>>;
  /** Where it stands. */
  readonly lifecycle: ModelLifecycle;
  /** What happened to it, where there is more to say than `lifecycle`. */
  readonly lifecycleNote?: Maybe<Scalars['String']['output']>;
  /** When `lifecycle` became what it is, where that is known. */
  readonly lifecycleSince?: Maybe<Scalars['DateTime']['output']>;
  /** The most tokens that it generates for one request. */
  readonly maxOutputTokens?: Maybe<Scalars['Int']['output']>;
  /** Its name for people; the id where nobody gave one. */
  readonly name: Scalars['String']['output'];
  /** When that source gave them. */
  readonly observedAt: Scalars['DateTime']['output'];
  /** Who offers it; the filter's `model` is set to it. */
  readonly offerings: OfferingConnection;
  /** What it writes, for example `text`, `speech` or `transcription`; null where no provider said. */
  readonly outputModalities?: Maybe<ReadonlyArray<Scalars['String']['output']>>;
  /** Who made it, as its provider says. */
  readonly ownedBy?: Maybe<Scalars['String']['output']>;
  /** The declared region of its offerings; null when they differ or there are none. */
  readonly region?: Maybe<Scalars['String']['output']>;
  /** Every declared region in which it is offered. */
  readonly regions: ReadonlyArray<Scalars['String']['output']>;
  /** What its provider recommends in its place. */
  readonly replacement?: Maybe<Model>;
  /** Where the facts on this model come from. */
  readonly source: Scalars['String']['output'];
  /** What it does; null where no provider said. */
  readonly task?: Maybe<Task>;
  /** The best throughput among its available on-demand offerings, in output tokens per second. */
  readonly throughput?: Maybe<Scalars['Float']['output']>;
};


/** A model whoever hosts it. */
export type ModelOfferingsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<OfferingFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  orderBy?: InputMaybe<OfferingOrder>;
};

/** A page of models. */
export type ModelConnection = {
  readonly __typename?: 'ModelConnection';
  /** The rows with their cursors. */
  readonly edges: ReadonlyArray<ModelEdge>;
  /** The rows alone. */
  readonly nodes: ReadonlyArray<Model>;
  /** Where this page stands. */
  readonly pageInfo: PageInfo;
  /** How many pass the filter on all pages. */
  readonly totalCount: Scalars['Int']['output'];
};

/** One row of a page. */
export type ModelEdge = {
  readonly __typename?: 'ModelEdge';
  /** Opaque; goes into `after` or `before`. */
  readonly cursor: Scalars['String']['output'];
  /** The row. */
  readonly node: Model;
};

/** Which models; everything given must hold, a list holds when one of its values does. */
export type ModelFilter = {
  /** Features that it must have, all of them. */
  readonly features?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** Where it stands. */
  readonly lifecycle?: InputMaybe<ReadonlyArray<ModelLifecycle>>;
  /** The smallest context window, in tokens. */
  readonly minContextWindow?: InputMaybe<Scalars['Int']['input']>;
  /** Offered by one of these providers. */
  readonly provider?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
  /** Words that must all occur in its name, id or owner; at most 100 characters. */
  readonly search?: InputMaybe<Scalars['String']['input']>;
  /** What the model does. */
  readonly task?: InputMaybe<ReadonlyArray<Task>>;
};

/** Where a model stands. */
export type ModelLifecycle =
  /** On the newest list of at least one provider. */
  | 'ACTIVE'
  /** Shut down by its provider. */
  | 'DECOMMISSIONED'
  /** Named in the marketplace's first specification, never found on its provider's list. */
  | 'NEVER_HOSTED'
  /** Gone from its provider's list without a word. */
  | 'REMOVED';

/** How models are sorted. */
export type ModelOrder = {
  /** Which way. */
  readonly direction?: SortDirection;
  /** By what. */
  readonly field?: ModelOrderField;
};

/** What models are sorted by. */
export type ModelOrderField =
  /** Its context window. */
  | 'CONTEXT_WINDOW'
  /** The best cost per token among its offerings. */
  | 'COST_PER_TOKEN'
  /** Its name. */
  | 'NAME'
  /** The best throughput among its offerings. */
  | 'THROUGHPUT';

/** A throughput as the provider publishes it. */
export type NominalThroughput = {
  readonly __typename?: 'NominalThroughput';
  /** When it was read there. */
  readonly observedAt: Scalars['DateTime']['output'];
  /** Where it is published. */
  readonly source: Scalars['String']['output'];
  /** Output tokens per second. */
  readonly tokensPerSecond: Scalars['Float']['output'];
};

/** One site code that the provider put on its answers. */
export type ObservedRegion = {
  readonly __typename?: 'ObservedRegion';
  /** The code as the provider sent it, for example `dls`. */
  readonly code: Scalars['String']['output'];
  /** How many answers carried the code. */
  readonly count: Scalars['Int']['output'];
  /** When it was last seen. */
  readonly lastSeenAt: Scalars['DateTime']['output'];
  /** The region that the registry maps the code to; null where it does not map it. */
  readonly region?: Maybe<Scalars['String']['output']>;
};

/** Model × provider × region × service tier: the unit that can be bought. */
export type Offering = {
  readonly __typename?: 'Offering';
  /** Whether the provider's newest list has the model as active. */
  readonly available: Scalars['Boolean']['output'];
  /** The provider's compliance flags. */
  readonly complianceFlags: ReadonlyArray<Scalars['String']['output']>;
  /**
   * The cost-per-token KPI in USD: `(3 × input + 1 × output) / 4`, or the one number that a feed gives;
   * `pricing.method` says which. For showing and sorting: charging uses the component prices.
   */
  readonly costPerToken?: Maybe<Scalars['Decimal']['output']>;
  /** Opaque and stable; nothing about price is in it. */
  readonly id: Scalars['ID']['output'];
  /** Why `launchable` is false, as the code that a launch would answer; null when it is true. */
  readonly launchBlocker?: Maybe<LaunchRefusalCode>;
  /** Whether a launch by a caller with the right to it would pass the checks on offering, price and provider now. */
  readonly launchable: Scalars['Boolean']['output'];
  /** What is sold. */
  readonly model: Model;
  /** Measured and nominal speed, apart. */
  readonly performance: Performance;
  /** The price in force at a moment; null where it is not known. */
  readonly priceAt?: Maybe<PricePoint>;
  /** How the price moved. The span is at most 400 days and 1,000 points or buckets. */
  readonly priceHistory: PriceHistory;
  /** The price with its origin; null where nobody gives one. */
  readonly pricing?: Maybe<Pricing>;
  /** Who sells it. */
  readonly provider: Provider;
  /** The declared region; null where the registry declares none. */
  readonly region?: Maybe<Scalars['String']['output']>;
  /** The provider's service tier, for example `on_demand`. */
  readonly serviceTier: Scalars['String']['output'];
  /** Output tokens per second: the median of what was measured, else the provider's nominal figure; `performance.basis` says which. */
  readonly throughput?: Maybe<Scalars['Float']['output']>;
};


/** Model × provider × region × service tier: the unit that can be bought. */
export type OfferingPriceAtArgs = {
  time: Scalars['DateTime']['input'];
};


/** Model × provider × region × service tier: the unit that can be bought. */
export type OfferingPriceHistoryArgs = {
  from?: InputMaybe<Scalars['DateTime']['input']>;
  resolution?: PriceResolution;
  to?: InputMaybe<Scalars['DateTime']['input']>;
};

/** A page of offerings. */
export type OfferingConnection = {
  readonly __typename?: 'OfferingConnection';
  /** The rows with their cursors. */
  readonly edges: ReadonlyArray<OfferingEdge>;
  /** The rows alone. */
  readonly nodes: ReadonlyArray<Offering>;
  /** Where this page stands. */
  readonly pageInfo: PageInfo;
  /** Version of the catalogue that this page was read from; it grows. */
  readonly snapshotVersion: Scalars['Int']['output'];
  /** How many pass the filter on all pages. */
  readonly totalCount: Scalars['Int']['output'];
};

/** One row of a page. */
export type OfferingEdge = {
  readonly __typename?: 'OfferingEdge';
  /** Opaque; goes into `after` or `before`. It holds while the order is the same, also after the catalogue changed. */
  readonly cursor: Scalars['String']['output'];
  /** The row. */
  readonly node: Offering;
};

/** Which offerings; everything given must hold, a list holds when one of its values does. */
export type OfferingFilter = {
  /** Whether the provider's newest list has it as active. */
  readonly available?: InputMaybe<Scalars['Boolean']['input']>;
  /** Features that the model must have, all of them. */
  readonly features?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** How old the price may be. */
  readonly freshness?: InputMaybe<ReadonlyArray<Freshness>>;
  /** Whether a launch would pass the checks on offering, price and provider. */
  readonly launchable?: InputMaybe<Scalars['Boolean']['input']>;
  /** The highest cost per token, in USD; offerings without one don't pass. */
  readonly maxCostPerToken?: InputMaybe<Scalars['Decimal']['input']>;
  /** The smallest context window, in tokens; models without one don't pass. */
  readonly minContextWindow?: InputMaybe<Scalars['Int']['input']>;
  /** The lowest throughput, in output tokens per second; offerings without one don't pass. */
  readonly minThroughput?: InputMaybe<Scalars['Float']['input']>;
  /** Model ids. */
  readonly model?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
  /** Provider ids. */
  readonly provider?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
  /** Declared regions, as the answers spell them, for example `us-east`. */
  readonly region?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** Words that must all occur in the model's name or id, the provider's name or the owner; at most 100 characters. */
  readonly search?: InputMaybe<Scalars['String']['input']>;
  /** Service tiers. */
  readonly serviceTier?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** What the model does. */
  readonly task?: InputMaybe<ReadonlyArray<Task>>;
};

/** How offerings are sorted. */
export type OfferingOrder = {
  /** Which way. */
  readonly direction?: SortDirection;
  /** By what. */
  readonly field?: OfferingOrderField;
};

/** What offerings are sorted by. */
export type OfferingOrderField =
  /** The model's context window. */
  | 'CONTEXT_WINDOW'
  /** The cost-per-token KPI. */
  | 'COST_PER_TOKEN'
  /** The model's name. */
  | 'NAME'
  /** When the price was observed. */
  | 'OBSERVED_AT'
  /** Output tokens per second. */
  | 'THROUGHPUT';

/** Where a page stands in its list. */
export type PageInfo = {
  readonly __typename?: 'PageInfo';
  /** The last row's cursor. */
  readonly endCursor?: Maybe<Scalars['String']['output']>;
  /** Whether rows follow this page. */
  readonly hasNextPage: Scalars['Boolean']['output'];
  /** Whether rows precede this page. */
  readonly hasPreviousPage: Scalars['Boolean']['output'];
  /** The first row's cursor. */
  readonly startCursor?: Maybe<Scalars['String']['output']>;
};

/** A price that moved by more than ten times, or to or from zero, and waits for a second reading. */
export type PendingPrice = {
  readonly __typename?: 'PendingPrice';
  /** One unit of cached input. */
  readonly cachedInput?: Maybe<Scalars['Decimal']['output']>;
  /** The one number of a feed that gives no component prices. */
  readonly costPerToken?: Maybe<Scalars['Decimal']['output']>;
  /** One unit of input. */
  readonly input?: Maybe<Scalars['Decimal']['output']>;
  /** When it was first seen. */
  readonly observedAt: Scalars['DateTime']['output'];
  /** One unit of output. */
  readonly output?: Maybe<Scalars['Decimal']['output']>;
  /** Why it is held. */
  readonly reason: Scalars['String']['output'];
  /** The version that it will have; null where there are no component prices. */
  readonly version?: Maybe<Scalars['String']['output']>;
};

/** Percentiles of a measurement. All but the median are null below 20 samples. */
export type Percentiles = {
  readonly __typename?: 'Percentiles';
  /** The newest sample. */
  readonly lastSampleAt: Scalars['DateTime']['output'];
  /** Median. */
  readonly p50: Scalars['Float']['output'];
  /** 75th percentile. */
  readonly p75?: Maybe<Scalars['Float']['output']>;
  /** 90th percentile. */
  readonly p90?: Maybe<Scalars['Float']['output']>;
  /** 99th percentile. */
  readonly p99?: Maybe<Scalars['Float']['output']>;
  /** How many samples. */
  readonly sampleCount: Scalars['Int']['output'];
  /** The span that samples are kept for, in seconds. */
  readonly windowSeconds: Scalars['Int']['output'];
};

/** Speed of an offering: what was measured beside what the provider publishes. */
export type Performance = {
  readonly __typename?: 'Performance';
  /** Which of the two `Offering.throughput` shows; null where neither is known. */
  readonly basis?: Maybe<ThroughputBasis>;
  /** The figure that the provider publishes. */
  readonly nominal?: Maybe<NominalThroughput>;
  /** Measured milliseconds that requests waited at the provider. */
  readonly queueMs?: Maybe<Percentiles>;
  /** Measured output tokens per second while generating. */
  readonly throughput?: Maybe<Percentiles>;
  /** Measured milliseconds from sending the request to the first token. */
  readonly timeToFirstTokenMs?: Maybe<Percentiles>;
};

/** How a price is known. */
export type PriceBasis =
  /** The operator's contract price in the registry. */
  | 'DECLARED'
  /** From somebody's list: models.dev, or the dated list that ships with this service. */
  | 'LISTED'
  /** From the provider's own feed. */
  | 'LIVE';

/** The KPI within a span of time, ready for a chart. */
export type PriceBucket = {
  readonly __typename?: 'PriceBucket';
  /** How often it changed within the span. */
  readonly changes: Scalars['Int']['output'];
  /** The cost per token in force at its start, or the first known within it. */
  readonly first?: Maybe<Scalars['Decimal']['output']>;
  /** The highest within it. */
  readonly highest?: Maybe<Scalars['Decimal']['output']>;
  /** The cost per token in force at its end. */
  readonly last?: Maybe<Scalars['Decimal']['output']>;
  /** The lowest within it. */
  readonly lowest?: Maybe<Scalars['Decimal']['output']>;
  /** Start of the span. */
  readonly start: Scalars['DateTime']['output'];
};

/** Two live feeds that differ by more than 1 %. */
export type PriceConflict = {
  readonly __typename?: 'PriceConflict';
  /** What it says, in USD per token. */
  readonly costPerToken: Scalars['Decimal']['output'];
  /** The feed that is not shown in `costPerToken`. */
  readonly feed: Scalars['String']['output'];
  /** When it said so. */
  readonly observedAt: Scalars['DateTime']['output'];
  /** Where it was read. */
  readonly source: Scalars['String']['output'];
};

/** How a price moved within a span. */
export type PriceHistory = {
  readonly __typename?: 'PriceHistory';
  /** For `HOUR` and `DAY`: spans in which a price was known, oldest first. Else empty. */
  readonly buckets: ReadonlyArray<PriceBucket>;
  /** Start of the span. */
  readonly from: Scalars['DateTime']['output'];
  /** For `CHANGE`: the price in force at `from`, then each change, oldest first. Else empty. */
  readonly points: ReadonlyArray<PricePoint>;
  /** How fine it is. */
  readonly resolution: PriceResolution;
  /** End of the span, exclusive. */
  readonly to: Scalars['DateTime']['output'];
  /** True when the limit cut the list; ask for a shorter span. */
  readonly truncated: Scalars['Boolean']['output'];
};

/** A price from a moment on. */
export type PricePoint = {
  readonly __typename?: 'PricePoint';
  /** When the source first gave it. */
  readonly at: Scalars['DateTime']['output'];
  /** How the price was known. */
  readonly basis?: Maybe<PriceBasis>;
  /** One unit of cached input, in USD. */
  readonly cachedInput?: Maybe<Scalars['Decimal']['output']>;
  /** The KPI at that time, in USD. */
  readonly costPerToken?: Maybe<Scalars['Decimal']['output']>;
  /** One unit of input, in USD. */
  readonly input?: Maybe<Scalars['Decimal']['output']>;
  /** How the KPI was made. */
  readonly method?: Maybe<CostMethod>;
  /** One unit of output, in USD. */
  readonly output?: Maybe<Scalars['Decimal']['output']>;
  /** Where it was read. */
  readonly source?: Maybe<Scalars['String']['output']>;
  /** What one unit is. */
  readonly unit?: Maybe<PriceUnit>;
  /** Its version; null where only a cost per token was known. */
  readonly version?: Maybe<Scalars['String']['output']>;
};

/** How fine a price history is. */
export type PriceResolution =
  /** Each single change. */
  | 'CHANGE'
  /** By the day, in UTC. */
  | 'DAY'
  /** By the hour. */
  | 'HOUR';

/** What one unit of a price buys. */
export type PriceUnit =
  /** A second of audio to be written down. */
  | 'AUDIO_SECOND'
  /** A character of text to be spoken. */
  | 'CHARACTER'
  /** A token. */
  | 'TOKEN';

/** Prices of an offering in USD per `unit`, with their origin. */
export type Pricing = {
  readonly __typename?: 'Pricing';
  /** Seconds since `observedAt`. */
  readonly ageSeconds: Scalars['Int']['output'];
  /** How the component prices are known. */
  readonly basis: PriceBasis;
  /** One unit of input that the provider found in its prompt cache. */
  readonly cachedInput?: Maybe<Scalars['Decimal']['output']>;
  /** Another live feed that differs by more than 1 %. */
  readonly conflict?: Maybe<PriceConflict>;
  /** When the source of a `SINGLE` cost per token answered. */
  readonly costPerTokenObservedAt?: Maybe<Scalars['DateTime']['output']>;
  /** The source of a `SINGLE` cost per token; null when it was blended from the component prices. */
  readonly costPerTokenSource?: Maybe<Scalars['String']['output']>;
  /** Always `USD`. */
  readonly currency: Scalars['String']['output'];
  /** Whether `observedAt` is recent enough. */
  readonly freshness: Freshness;
  /** One unit of input. */
  readonly input?: Maybe<Scalars['Decimal']['output']>;
  /** How `costPerToken` was made; null where there is none. */
  readonly method?: Maybe<CostMethod>;
  /** When the source answered; for a shipped list, its own date. */
  readonly observedAt: Scalars['DateTime']['output'];
  /** One unit of output; reasoning counts as output. */
  readonly output?: Maybe<Scalars['Decimal']['output']>;
  /** A new price that is held until it is confirmed. */
  readonly pending?: Maybe<PendingPrice>;
  /** How the source words a price whose unit is not ours, for example `0.111 USD per audio hour`. */
  readonly quotedAs?: Maybe<Scalars['String']['output']>;
  /** Where the component prices were read, or the cost per token where there are none. */
  readonly source: Scalars['String']['output'];
  /** What one unit is; null where only a cost per token is known. */
  readonly unit?: Maybe<PriceUnit>;
  /** Hash of component prices and unit, not of source or time; null where only a cost per token is known. */
  readonly version?: Maybe<Scalars['String']['output']>;
};

/** Who hosts models. */
export type Provider = {
  readonly __typename?: 'Provider';
  /** The offering behind `costPerToken`. */
  readonly cheapestOffering?: Maybe<Offering>;
  /** Flags for compliance filters, for example `region=us-east`; each rests on the basis named in `residency`. */
  readonly complianceFlags: ReadonlyArray<Scalars['String']['output']>;
  /** The best cost per token among its available on-demand text-generation offerings, in USD; `cheapestOffering` says whose. */
  readonly costPerToken?: Maybe<Scalars['Decimal']['output']>;
  /** The offering behind `throughput`. */
  readonly fastestOffering?: Maybe<Offering>;
  /** The sources of models and prices, most trusted first, with their present state. */
  readonly feeds: ReadonlyArray<Feed>;
  /** The registry's key, for example `groq`. Stable. */
  readonly id: Scalars['ID']['output'];
  /** What the provider rents out; `MODEL_HOSTING` for every provider of this subgraph. */
  readonly kind: Scalars['String']['output'];
  /** What this provider cannot do although it was asked for, with the reason. */
  readonly limitations: ReadonlyArray<ProviderLimitation>;
  /** The provider's name as people write it. */
  readonly name: Scalars['String']['output'];
  /** This provider's offerings; the filter's `provider` is set to it. */
  readonly offerings: OfferingConnection;
  /** The region that the operator's registry declares for this provider. Declared, not observed: see `residency`. */
  readonly region?: Maybe<Scalars['String']['output']>;
  /** What is declared and what was observed about where inference runs. */
  readonly residency: Residency;
  /** Whether this provider can be used now, and why not. */
  readonly status: ProviderStatus;
  /** The best throughput among its available on-demand text-generation offerings, in output tokens per second; `fastestOffering` says whose. */
  readonly throughput?: Maybe<Scalars['Float']['output']>;
};


/** Who hosts models. */
export type ProviderOfferingsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<OfferingFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  orderBy?: InputMaybe<OfferingOrder>;
};

/** Something that a provider does not do. */
export type ProviderLimitation = {
  readonly __typename?: 'ProviderLimitation';
  /** What was asked for, for example `CUSTOM_MODEL_UPLOAD`. */
  readonly feature: Scalars['String']['output'];
  /** Why it cannot be had. */
  readonly reason: Scalars['String']['output'];
  /** Where that is known from. */
  readonly source: Scalars['String']['output'];
};

/** The states of a provider. */
export type ProviderState =
  /** It can be used, but a feed fails or prices are ageing. */
  | 'DEGRADED'
  /** Its feeds answer and a key is in place. */
  | 'READY'
  /** It refuses the key. */
  | 'UNAUTHORIZED'
  /** It does not answer. */
  | 'UNAVAILABLE'
  /** There is no key for it. */
  | 'UNCONFIGURED';

/** Whether a provider can be used. */
export type ProviderStatus = {
  readonly __typename?: 'ProviderStatus';
  /** Why it is not `READY`; null when it is. */
  readonly reason?: Maybe<Scalars['String']['output']>;
  /** Since when it is so. */
  readonly since: Scalars['DateTime']['output'];
  /** The state in one word. */
  readonly state: ProviderState;
};

export type Query = {
  readonly __typename?: 'Query';
  /**
   * One model by the id that its providers use, for example `openai/gpt-oss-120b`. The names under which the
   * marketplace's first specification knew a model, such as `Llama-3-8B`, find it too. Null where there is none.
   */
  readonly model?: Maybe<Model>;
  /** Models whoever hosts them, decommissioned ones included; ordered by name unless asked otherwise. */
  readonly models: ModelConnection;
  /** One offering by its id; null where there is none. */
  readonly offering?: Maybe<Offering>;
  /** The purchasable units: cheapest first unless asked otherwise. Page size 20 when neither `first` nor `last` is given. */
  readonly offerings: OfferingConnection;
  /** One provider by its id, for example `groq`; null where there is none. */
  readonly provider?: Maybe<Provider>;
  /** Every provider of the registry, in its order. */
  readonly providers: ReadonlyArray<Provider>;
};


export type QueryModelArgs = {
  id: Scalars['ID']['input'];
};


export type QueryModelsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<ModelFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  orderBy?: InputMaybe<ModelOrder>;
};


export type QueryOfferingArgs = {
  id: Scalars['ID']['input'];
};


export type QueryOfferingsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<OfferingFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  orderBy?: InputMaybe<OfferingOrder>;
};


export type QueryProviderArgs = {
  id: Scalars['ID']['input'];
};

/** A row of a feed that was not taken. */
export type RejectedRow = {
  readonly __typename?: 'RejectedRow';
  /** The row's id, or its position such as `#3` where it has none. */
  readonly id: Scalars['String']['output'];
  /** Why it was not taken. */
  readonly reason: Scalars['String']['output'];
};

/** Where inference is declared to run, and where answers were seen to come from. */
export type Residency = {
  readonly __typename?: 'Residency';
  /** What the declaration rests on. */
  readonly basis?: Maybe<Scalars['String']['output']>;
  /** The region that the registry declares. */
  readonly declaredRegion?: Maybe<Scalars['String']['output']>;
  /** The provider's own site codes seen on its answers, most often seen first; at most 50. */
  readonly observed: ReadonlyArray<ObservedRegion>;
};

/** Which way to sort; unknown values come last either way. */
export type SortDirection =
  /** Smallest first. */
  | 'ASC'
  /** Largest first. */
  | 'DESC';

/** What a model does. */
export type Task =
  /** Speaks text. */
  | 'SPEECH'
  /** Labels text, for example prompt guards. */
  | 'TEXT_CLASSIFICATION'
  /** Writes text: chat, tools, reasoning. */
  | 'TEXT_GENERATION'
  /** Writes down what is said in audio. */
  | 'TRANSCRIPTION';

/** Where a throughput comes from. */
export type ThroughputBasis =
  /** The median of inference that ran through this service. */
  | 'MEASURED'
  /** The provider's published figure. */
  | 'NOMINAL';



export type ResolverTypeWrapper<T> = Promise<T> | T;

export type ReferenceResolver<TResult, TReference, TContext> = (
      reference: TReference,
      context: TContext,
      info: GraphQLResolveInfo
    ) => Promise<TResult> | TResult;

      type ScalarCheck<T, S> = S extends true ? T : NullableCheck<T, S>;
      type NullableCheck<T, S> = Maybe<T> extends T ? Maybe<ListCheck<NonNullable<T>, S>> : ListCheck<T, S>;
      type ListCheck<T, S> = T extends (infer U)[] ? NullableCheck<U, S>[] : GraphQLRecursivePick<T, S>;
      export type GraphQLRecursivePick<T, S> = { [K in keyof T & keyof S]: ScalarCheck<T[K], S[K]> };
    

export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

/** Mapping of federation types */
export type FederationTypes = {
  Model: Model;
  Offering: Offering;
  Provider: Provider;
};

/** Mapping of federation reference types */
export type FederationReferenceTypes = {
  Model:
    ( { __typename: 'Model' }
    & GraphQLRecursivePick<FederationTypes['Model'], {"id":true}> );
  Offering:
    ( { __typename: 'Offering' }
    & GraphQLRecursivePick<FederationTypes['Offering'], {"id":true}> );
  Provider:
    ( { __typename: 'Provider' }
    & GraphQLRecursivePick<FederationTypes['Provider'], {"id":true}> );
};



/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  CostMethod: CostMethod;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  Decimal: ResolverTypeWrapper<Scalars['Decimal']['output']>;
  Feed: ResolverTypeWrapper<FeedEntry>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  FeedState: FeedState;
  Freshness: Freshness;
  LaunchRefusalCode: LaunchRefusalCode;
  Model: ResolverTypeWrapper<ModelEntry>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  Float: ResolverTypeWrapper<Scalars['Float']['output']>;
  ModelConnection: ResolverTypeWrapper<Omit<ModelConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversTypes['ModelEdge']>, nodes: ReadonlyArray<ResolversTypes['Model']> }>;
  ModelEdge: ResolverTypeWrapper<Omit<ModelEdge, 'node'> & { node: ResolversTypes['Model'] }>;
  ModelFilter: ModelFilter;
  ModelLifecycle: ModelLifecycle;
  ModelOrder: ModelOrder;
  ModelOrderField: ModelOrderField;
  NominalThroughput: ResolverTypeWrapper<NominalThroughput>;
  ObservedRegion: ResolverTypeWrapper<ObservedRegion>;
  Offering: ResolverTypeWrapper<OfferingEntry>;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  OfferingConnection: ResolverTypeWrapper<Omit<OfferingConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversTypes['OfferingEdge']>, nodes: ReadonlyArray<ResolversTypes['Offering']> }>;
  OfferingEdge: ResolverTypeWrapper<Omit<OfferingEdge, 'node'> & { node: ResolversTypes['Offering'] }>;
  OfferingFilter: OfferingFilter;
  OfferingOrder: OfferingOrder;
  OfferingOrderField: OfferingOrderField;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  PendingPrice: ResolverTypeWrapper<PendingPrice>;
  Percentiles: ResolverTypeWrapper<MeasuredPercentiles>;
  Performance: ResolverTypeWrapper<OfferingEntry>;
  PriceBasis: PriceBasis;
  PriceBucket: ResolverTypeWrapper<PriceBucket>;
  PriceConflict: ResolverTypeWrapper<PriceConflict>;
  PriceHistory: ResolverTypeWrapper<PriceHistory>;
  PricePoint: ResolverTypeWrapper<PricePoint>;
  PriceResolution: PriceResolution;
  PriceUnit: PriceUnit;
  Pricing: ResolverTypeWrapper<PricingParent>;
  Provider: ResolverTypeWrapper<ProviderEntry>;
  ProviderLimitation: ResolverTypeWrapper<ProviderLimitation>;
  ProviderState: ProviderState;
  ProviderStatus: ResolverTypeWrapper<ProviderStatus>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  RejectedRow: ResolverTypeWrapper<RejectedRow>;
  Residency: ResolverTypeWrapper<ProviderEntry>;
  SortDirection: SortDirection;
  Task: Task;
  ThroughputBasis: ThroughputBasis;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  DateTime: Scalars['DateTime']['output'];
  Decimal: Scalars['Decimal']['output'];
  Feed: FeedEntry;
  Int: Scalars['Int']['output'];
  String: Scalars['String']['output'];
  Model: ModelEntry;
  ID: Scalars['ID']['output'];
  Float: Scalars['Float']['output'];
  ModelConnection: Omit<ModelConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversParentTypes['ModelEdge']>, nodes: ReadonlyArray<ResolversParentTypes['Model']> };
  ModelEdge: Omit<ModelEdge, 'node'> & { node: ResolversParentTypes['Model'] };
  ModelFilter: ModelFilter;
  ModelOrder: ModelOrder;
  NominalThroughput: NominalThroughput;
  ObservedRegion: ObservedRegion;
  Offering: OfferingEntry;
  Boolean: Scalars['Boolean']['output'];
  OfferingConnection: Omit<OfferingConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversParentTypes['OfferingEdge']>, nodes: ReadonlyArray<ResolversParentTypes['Offering']> };
  OfferingEdge: Omit<OfferingEdge, 'node'> & { node: ResolversParentTypes['Offering'] };
  OfferingFilter: OfferingFilter;
  OfferingOrder: OfferingOrder;
  PageInfo: PageInfo;
  PendingPrice: PendingPrice;
  Percentiles: MeasuredPercentiles;
  Performance: OfferingEntry;
  PriceBucket: PriceBucket;
  PriceConflict: PriceConflict;
  PriceHistory: PriceHistory;
  PricePoint: PricePoint;
  Pricing: PricingParent;
  Provider: ProviderEntry;
  ProviderLimitation: ProviderLimitation;
  ProviderStatus: ProviderStatus;
  Query: Record<PropertyKey, never>;
  RejectedRow: RejectedRow;
  Residency: ProviderEntry;
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export interface DecimalScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['Decimal'], any> {
  name: 'Decimal';
}

export type FeedResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Feed'] = ResolversParentTypes['Feed']> = {
  ageSeconds?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  error?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  lastSuccessAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  rejected?: Resolver<ReadonlyArray<ResolversTypes['RejectedRow']>, ParentType, ContextType>;
  source?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  state?: Resolver<ResolversTypes['FeedState'], ParentType, ContextType>;
};

export type ModelResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Model'] = ResolversParentTypes['Model'], FederationReferenceType extends FederationReferenceTypes['Model'] = FederationReferenceTypes['Model']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Model']> | FederationReferenceType, FederationReferenceType, ContextType>;
  contextWindow?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  costPerToken?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  features?: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  inputModalities?: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  lifecycle?: Resolver<ResolversTypes['ModelLifecycle'], ParentType, ContextType>;
  lifecycleNote?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  lifecycleSince?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  maxOutputTokens?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  observedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  offerings?: Resolver<ResolversTypes['OfferingConnection'], ParentType, ContextType, Partial<ModelOfferingsArgs>>;
  outputModalities?: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  ownedBy?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  region?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  regions?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  replacement?: Resolver<Maybe<ResolversTypes['Model']>, ParentType, ContextType>;
  source?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  task?: Resolver<Maybe<ResolversTypes['Task']>, ParentType, ContextType>;
  throughput?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
};

export type ModelConnectionResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['ModelConnection'] = ResolversParentTypes['ModelConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['ModelEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Model']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type ModelEdgeResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['ModelEdge'] = ResolversParentTypes['ModelEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Model'], ParentType, ContextType>;
};

export type NominalThroughputResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['NominalThroughput'] = ResolversParentTypes['NominalThroughput']> = {
  observedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  source?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  tokensPerSecond?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type ObservedRegionResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['ObservedRegion'] = ResolversParentTypes['ObservedRegion']> = {
  code?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  count?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  lastSeenAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  region?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type OfferingResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Offering'] = ResolversParentTypes['Offering'], FederationReferenceType extends FederationReferenceTypes['Offering'] = FederationReferenceTypes['Offering']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Offering']> | FederationReferenceType, FederationReferenceType, ContextType>;
  available?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  complianceFlags?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  costPerToken?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  launchBlocker?: Resolver<Maybe<ResolversTypes['LaunchRefusalCode']>, ParentType, ContextType>;
  launchable?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  model?: Resolver<ResolversTypes['Model'], ParentType, ContextType>;
  performance?: Resolver<ResolversTypes['Performance'], ParentType, ContextType>;
  priceAt?: Resolver<Maybe<ResolversTypes['PricePoint']>, ParentType, ContextType, RequireFields<OfferingPriceAtArgs, 'time'>>;
  priceHistory?: Resolver<ResolversTypes['PriceHistory'], ParentType, ContextType, RequireFields<OfferingPriceHistoryArgs, 'resolution'>>;
  pricing?: Resolver<Maybe<ResolversTypes['Pricing']>, ParentType, ContextType>;
  provider?: Resolver<ResolversTypes['Provider'], ParentType, ContextType>;
  region?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  serviceTier?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  throughput?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
};

export type OfferingConnectionResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['OfferingConnection'] = ResolversParentTypes['OfferingConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['OfferingEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Offering']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  snapshotVersion?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type OfferingEdgeResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['OfferingEdge'] = ResolversParentTypes['OfferingEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Offering'], ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  hasPreviousPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  startCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type PendingPriceResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['PendingPrice'] = ResolversParentTypes['PendingPrice']> = {
  cachedInput?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  costPerToken?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  input?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  observedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  output?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  reason?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  version?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type PercentilesResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Percentiles'] = ResolversParentTypes['Percentiles']> = {
  lastSampleAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  p50?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  p75?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  p90?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  p99?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  sampleCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  windowSeconds?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type PerformanceResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Performance'] = ResolversParentTypes['Performance']> = {
  basis?: Resolver<Maybe<ResolversTypes['ThroughputBasis']>, ParentType, ContextType>;
  nominal?: Resolver<Maybe<ResolversTypes['NominalThroughput']>, ParentType, ContextType>;
  queueMs?: Resolver<Maybe<ResolversTypes['Percentiles']>, ParentType, ContextType>;
  throughput?: Resolver<Maybe<ResolversTypes['Percentiles']>, ParentType, ContextType>;
  timeToFirstTokenMs?: Resolver<Maybe<ResolversTypes['Percentiles']>, ParentType, ContextType>;
};

export type PriceBucketResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['PriceBucket'] = ResolversParentTypes['PriceBucket']> = {
  changes?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  first?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  highest?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  last?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  lowest?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  start?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
};

export type PriceConflictResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['PriceConflict'] = ResolversParentTypes['PriceConflict']> = {
  costPerToken?: Resolver<ResolversTypes['Decimal'], ParentType, ContextType>;
  feed?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  observedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  source?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type PriceHistoryResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['PriceHistory'] = ResolversParentTypes['PriceHistory']> = {
  buckets?: Resolver<ReadonlyArray<ResolversTypes['PriceBucket']>, ParentType, ContextType>;
  from?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  points?: Resolver<ReadonlyArray<ResolversTypes['PricePoint']>, ParentType, ContextType>;
  resolution?: Resolver<ResolversTypes['PriceResolution'], ParentType, ContextType>;
  to?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  truncated?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type PricePointResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['PricePoint'] = ResolversParentTypes['PricePoint']> = {
  at?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  basis?: Resolver<Maybe<ResolversTypes['PriceBasis']>, ParentType, ContextType>;
  cachedInput?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  costPerToken?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  input?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  method?: Resolver<Maybe<ResolversTypes['CostMethod']>, ParentType, ContextType>;
  output?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  source?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  unit?: Resolver<Maybe<ResolversTypes['PriceUnit']>, ParentType, ContextType>;
  version?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type PricingResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Pricing'] = ResolversParentTypes['Pricing']> = {
  ageSeconds?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  basis?: Resolver<ResolversTypes['PriceBasis'], ParentType, ContextType>;
  cachedInput?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  conflict?: Resolver<Maybe<ResolversTypes['PriceConflict']>, ParentType, ContextType>;
  costPerTokenObservedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  costPerTokenSource?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  currency?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  freshness?: Resolver<ResolversTypes['Freshness'], ParentType, ContextType>;
  input?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  method?: Resolver<Maybe<ResolversTypes['CostMethod']>, ParentType, ContextType>;
  observedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  output?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  pending?: Resolver<Maybe<ResolversTypes['PendingPrice']>, ParentType, ContextType>;
  quotedAs?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  source?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  unit?: Resolver<Maybe<ResolversTypes['PriceUnit']>, ParentType, ContextType>;
  version?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type ProviderResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Provider'] = ResolversParentTypes['Provider'], FederationReferenceType extends FederationReferenceTypes['Provider'] = FederationReferenceTypes['Provider']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Provider']> | FederationReferenceType, FederationReferenceType, ContextType>;
  cheapestOffering?: Resolver<Maybe<ResolversTypes['Offering']>, ParentType, ContextType>;
  complianceFlags?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  costPerToken?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  fastestOffering?: Resolver<Maybe<ResolversTypes['Offering']>, ParentType, ContextType>;
  feeds?: Resolver<ReadonlyArray<ResolversTypes['Feed']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  limitations?: Resolver<ReadonlyArray<ResolversTypes['ProviderLimitation']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  offerings?: Resolver<ResolversTypes['OfferingConnection'], ParentType, ContextType, Partial<ProviderOfferingsArgs>>;
  region?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  residency?: Resolver<ResolversTypes['Residency'], ParentType, ContextType>;
  status?: Resolver<ResolversTypes['ProviderStatus'], ParentType, ContextType>;
  throughput?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
};

export type ProviderLimitationResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['ProviderLimitation'] = ResolversParentTypes['ProviderLimitation']> = {
  feature?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  reason?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  source?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type ProviderStatusResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['ProviderStatus'] = ResolversParentTypes['ProviderStatus']> = {
  reason?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  since?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  state?: Resolver<ResolversTypes['ProviderState'], ParentType, ContextType>;
};

export type QueryResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  model?: Resolver<Maybe<ResolversTypes['Model']>, ParentType, ContextType, RequireFields<QueryModelArgs, 'id'>>;
  models?: Resolver<ResolversTypes['ModelConnection'], ParentType, ContextType, Partial<QueryModelsArgs>>;
  offering?: Resolver<Maybe<ResolversTypes['Offering']>, ParentType, ContextType, RequireFields<QueryOfferingArgs, 'id'>>;
  offerings?: Resolver<ResolversTypes['OfferingConnection'], ParentType, ContextType, Partial<QueryOfferingsArgs>>;
  provider?: Resolver<Maybe<ResolversTypes['Provider']>, ParentType, ContextType, RequireFields<QueryProviderArgs, 'id'>>;
  providers?: Resolver<ReadonlyArray<ResolversTypes['Provider']>, ParentType, ContextType>;
};

export type RejectedRowResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['RejectedRow'] = ResolversParentTypes['RejectedRow']> = {
  id?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  reason?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type ResidencyResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Residency'] = ResolversParentTypes['Residency']> = {
  basis?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  declaredRegion?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  observed?: Resolver<ReadonlyArray<ResolversTypes['ObservedRegion']>, ParentType, ContextType>;
};

export type Resolvers<ContextType = RequestContext> = {
  DateTime?: GraphQLScalarType;
  Decimal?: GraphQLScalarType;
  Feed?: FeedResolvers<ContextType>;
  Model?: ModelResolvers<ContextType>;
  ModelConnection?: ModelConnectionResolvers<ContextType>;
  ModelEdge?: ModelEdgeResolvers<ContextType>;
  NominalThroughput?: NominalThroughputResolvers<ContextType>;
  ObservedRegion?: ObservedRegionResolvers<ContextType>;
  Offering?: OfferingResolvers<ContextType>;
  OfferingConnection?: OfferingConnectionResolvers<ContextType>;
  OfferingEdge?: OfferingEdgeResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  PendingPrice?: PendingPriceResolvers<ContextType>;
  Percentiles?: PercentilesResolvers<ContextType>;
  Performance?: PerformanceResolvers<ContextType>;
  PriceBucket?: PriceBucketResolvers<ContextType>;
  PriceConflict?: PriceConflictResolvers<ContextType>;
  PriceHistory?: PriceHistoryResolvers<ContextType>;
  PricePoint?: PricePointResolvers<ContextType>;
  Pricing?: PricingResolvers<ContextType>;
  Provider?: ProviderResolvers<ContextType>;
  ProviderLimitation?: ProviderLimitationResolvers<ContextType>;
  ProviderStatus?: ProviderStatusResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  RejectedRow?: RejectedRowResolvers<ContextType>;
  Residency?: ResidencyResolvers<ContextType>;
};

