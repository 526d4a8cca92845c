import type { Decimal } from '../domain/decimal.ts';
import type { ListedModel, ModelLifecycle, Task } from '../domain/model.ts';
import type { NominalThroughput, RegisteredProvider } from '../registered-provider.ts';
import type { RejectedRow } from '../providers/provider.ts';
import type { OfferingPrice } from './offering-price.ts';
import type { ModelIndex } from './model-index.ts';
import type { OfferingIndex } from './offering-index.ts';
import type { Offerings } from './offerings.ts';

/**
 * The whole catalogue at one version. It is built complete, swapped in by one assignment and never changed
 * afterwards, so a reader that holds one sees one truth for as long as it reads.
 */
export interface Snapshot {
  /** Grows with every snapshot, across restarts and replicas. */
  readonly version: number;
  readonly builtAtMs: number;
  /** When time alone will change what it says: the next freshness boundary; undefined for never. */
  readonly nextChangeAtMs: number | undefined;
  readonly providers: ReadonlyMap<string, ProviderEntry>;
  readonly models: ReadonlyMap<string, ModelEntry>;
  /** Models by the lower-case names under which the first specification knew them. */
  readonly modelsByAlias: ReadonlyMap<string, ModelEntry>;
  readonly offerings: Offerings;
  readonly index: OfferingIndex;
  readonly modelIndex: ModelIndex;
}

/** A provider as the catalogue knows it. */
export interface ProviderEntry {
  readonly __typename: 'Provider';
  readonly id: string;
  readonly registered: RegisteredProvider;
  readonly pollIntervalMs: number;
  readonly status: ProviderStatus;
  readonly feeds: readonly FeedEntry[];
  readonly observedRegions: readonly ObservedRegion[];
  /** The cheapest available standard-tier text-generation offering. */
  readonly cheapestId: string | undefined;
  readonly costPerToken: Decimal | undefined;
  /** The fastest available standard-tier text-generation offering. */
  readonly fastestId: string | undefined;
  readonly throughput: number | undefined;
}

/** Whether a provider can be used. */
export interface ProviderStatus {
  readonly state: ProviderState;
  readonly reason: string | undefined;
  readonly sinceMs: number;
}

export type ProviderState = 'READY' | 'DEGRADED' | 'UNAVAILABLE' | 'UNAUTHORIZED' | 'UNCONFIGURED';

/** The state of one feed of a provider. */
export interface FeedEntry {
  readonly name: string;
  readonly state: 'OK' | 'FAILING' | 'UNSUPPORTED' | 'UNCONFIGURED' | 'PENDING';
  readonly source: string;
  readonly lastSuccessAtMs: number | undefined;
  readonly error: string | undefined;
  readonly rejected: readonly RejectedRow[];
}

/** A site code seen on a provider's answers. */
export interface ObservedRegion {
  readonly code: string;
  readonly region: string | undefined;
  readonly count: number;
  readonly lastSeenAtMs: number;
}

/** A model whoever hosts it. */
export interface ModelEntry {
  readonly __typename: 'Model';
  readonly id: string;
  readonly name: string;
  readonly listed: ListedModel | undefined;
  readonly task: Task | undefined;
  readonly lifecycle: ModelLifecycle;
  readonly lifecycleNote: string | undefined;
  readonly lifecycleSinceMs: number | undefined;
  readonly replacementId: string | undefined;
  readonly source: string;
  readonly observedAtMs: number;
  /** Who offers it, in the order of the registry. */
  readonly providerIds: readonly string[];
  /** The best cost per token among available standard-tier offerings. */
  readonly costPerToken: Decimal | undefined;
  readonly throughput: number | undefined;
  /** Declared regions of its offerings, sorted. */
  readonly regions: readonly string[];
  /** Lower-case text that searches look through. */
  readonly searchText: string;
}

/** Model × provider × region × service tier. */
export interface OfferingEntry {
  readonly __typename: 'Offering';
  readonly id: string;
  readonly provider: ProviderEntry;
  readonly model: ModelEntry;
  readonly region: string | undefined;
  readonly serviceTier: string;
  readonly available: boolean;
  readonly price: OfferingPrice | undefined;
  readonly nominal: NominalThroughput | undefined;
  readonly measured: MeasuredPerformance | undefined;
  /** Median of what was measured, else nominal. */
  readonly throughput: number | undefined;
}

/** Speed measured on settled runs of an offering. */
export interface MeasuredPerformance {
  /** Output tokens per second. */
  readonly throughput: MeasuredPercentiles | undefined;
  readonly timeToFirstTokenMs: MeasuredPercentiles | undefined;
  readonly queueMs: MeasuredPercentiles | undefined;
}

/** Percentiles of samples; all but the median are undefined below 20 samples. */
export interface MeasuredPercentiles {
  readonly p50: number;
  readonly p75: number | undefined;
  readonly p90: number | undefined;
  readonly p99: number | undefined;
  readonly sampleCount: number;
  readonly windowSeconds: number;
  readonly lastSampleAtMs: number;
}

/** The id of an offering: opaque to callers, stable, free of anything about price. */
export function offeringId(
  providerId: string,
  modelId: string,
  region: string | undefined,
  serviceTier: string,
): string {
  return [providerId, region ?? 'anywhere', serviceTier, modelId].join(':');
}
