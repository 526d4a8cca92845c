import { freshnessAt } from '../domain/price.ts';
import type { RegisteredProvider } from '../registered-provider.ts';
import { priceFeedsByTrust } from './choose-price.ts';
import type { Draft } from './draft.ts';
import { declaredFeed, modelListFeed, publicListFeed, shippedFeed } from './memory.ts';
import type { ProviderMemory } from './memory.ts';
import type {
  FeedEntry,
  ObservedRegion,
  ProviderEntry,
  ProviderStatus,
  Snapshot,
} from './snapshot.ts';

/** What an entry of a provider is made from beside what is known of the provider. */
export interface ProviderIngredients {
  readonly previous: Snapshot | undefined;
  readonly nowMs: number;
  /** Whether the settings switch the public price list off. */
  readonly isPublicListOff?: boolean;
}

/** A provider, to be completed by its offerings. */
export function draftProvider(
  ingredients: ProviderIngredients,
  registered: RegisteredProvider,
  memory: ProviderMemory,
  pollIntervalMs: number,
): Draft<ProviderEntry> {
  const previous = ingredients.previous?.providers.get(registered.id)?.status;
  return {
    __typename: 'Provider',
    id: registered.id,
    registered,
    pollIntervalMs,
    status: statusOf(memory, previous, ingredients.nowMs, pollIntervalMs),
    feeds: feedsOf(registered, memory, ingredients.isPublicListOff === true),
    observedRegions: observedRegionsOf(registered, memory),
    cheapestId: undefined,
    costPerToken: undefined,
    fastestId: undefined,
    throughput: undefined,
  };
}

/** The site codes that a provider's answers carried, the most frequent first. */
export function observedRegionsOf(
  { region }: RegisteredProvider,
  { regions }: ProviderMemory,
): ObservedRegion[] {
  return [...regions]
    .map(([code, { count, lastSeenAtMs }]): ObservedRegion => ({
      code,
      region: region.observedCodes.get(code),
      count,
      lastSeenAtMs,
    }))
    .sort((left, right) => right.count - left.count || (left.code < right.code ? -1 : 1));
}

function statusOf(
  memory: ProviderMemory,
  previous: ProviderStatus | undefined,
  nowMs: number,
  pollIntervalMs: number,
): ProviderStatus {
  const { state, reason } = presentState(memory, nowMs, pollIntervalMs);
  const sinceMs = previous?.state === state ? previous.sinceMs : nowMs;
  return { state, reason, sinceMs };
}

function presentState(
  memory: ProviderMemory,
  nowMs: number,
  pollIntervalMs: number,
): Omit<ProviderStatus, 'sinceMs'> {
  const list = memory.feeds.get(modelListFeed);
  const failure = list?.failure;
  if (list === undefined) {
    return { state: 'DEGRADED', reason: 'The provider has not been asked yet.' };
  }
  if (failure?.code === 'UNCONFIGURED') return { state: 'UNCONFIGURED', reason: failure.message };
  if (failure?.code === 'UNAUTHORIZED') return { state: 'UNAUTHORIZED', reason: failure.message };
  const fresh =
    list.lastSuccessAtMs !== undefined &&
    freshnessAt(nowMs, list.lastSuccessAtMs, pollIntervalMs) === 'FRESH';
  if (failure !== undefined) {
    return { state: fresh ? 'DEGRADED' : 'UNAVAILABLE', reason: failure.message };
  }
  if (!fresh) return { state: 'DEGRADED', reason: 'The newest reading is ageing.' };
  const reason = failingBesideList(memory);
  return { state: reason === undefined ? 'READY' : 'DEGRADED', reason };
}

/** Why another feed of the provider's own fails; the public list is somebody else's and says nothing of it. */
function failingBesideList({ feeds }: ProviderMemory): string | undefined {
  for (const [name, { failure, lastSuccessAtMs }] of feeds) {
    if (name === modelListFeed || name === publicListFeed) continue;
    if (feedState(failure?.code, lastSuccessAtMs) === 'FAILING') return failure?.message;
  }
  return undefined;
}

function feedsOf(
  registered: RegisteredProvider,
  memory: ProviderMemory,
  isPublicListOff: boolean,
): FeedEntry[] {
  return priceFeedsByTrust.flatMap((name): FeedEntry[] => {
    if (name === declaredFeed) {
      if (registered.declaredPrices.size === 0) return [];
      return [staticFeed(name, 'provider registry', undefined)];
    }
    if (name === shippedFeed) {
      const { shippedList } = registered;
      return shippedList === undefined
        ? []
        : [staticFeed(name, shippedList.source, shippedList.observedAtMs)];
    }
    const feed = memory.feeds.get(name);
    if (name === publicListFeed && isPublicListOff && registered.modelsDevId !== undefined) {
      return [
        {
          name,
          state: 'UNCONFIGURED',
          source: feed?.source ?? name,
          lastSuccessAtMs: feed?.lastSuccessAtMs,
          error: 'The settings switch this feed off.',
          rejected: feed?.rejected ?? [],
        },
      ];
    }
    if (feed === undefined) return [];
    return [
      {
        name,
        state: feedState(feed.failure?.code, feed.lastSuccessAtMs),
        source: feed.source,
        lastSuccessAtMs: feed.lastSuccessAtMs,
        error: feed.failure?.message,
        rejected: feed.rejected,
      },
    ];
  });
}

function staticFeed(name: string, source: string, lastSuccessAtMs: number | undefined): FeedEntry {
  return { name, state: 'OK', source, lastSuccessAtMs, error: undefined, rejected: [] };
}

function feedState(
  failureCode: string | undefined,
  lastSuccessAtMs: number | undefined,
): FeedEntry['state'] {
  if (failureCode === 'UNSUPPORTED' || failureCode === 'UNCONFIGURED') return failureCode;
  if (failureCode !== undefined) return 'FAILING';
  return lastSuccessAtMs === undefined ? 'PENDING' : 'OK';
}
