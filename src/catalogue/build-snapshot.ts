import type { ListedModel, ModelLifecycle, Task } from '../domain/model.ts';
import { freshnessAt, nextFreshnessChange } from '../domain/price.ts';
import type { PriceRow } from '../domain/price.ts';
import type { RegisteredProvider, RegisteredTier, Registry } from '../registry.ts';
import { choosePrice, priceFeedsByTrust } from './choose-price.ts';
import { declaredFeed, modelListFeed, publicListFeed, shippedFeed } from './memory.ts';
import type { ProviderMemory, RememberedModel } from './memory.ts';
import { ModelIndex } from './model-index.ts';
import { OfferingIndex } from './offering-index.ts';
import { offeringId } from './snapshot.ts';
import type {
  FeedEntry,
  MeasuredPerformance,
  ModelEntry,
  ObservedRegion,
  OfferingEntry,
  ProviderEntry,
  ProviderStatus,
  Snapshot,
} from './snapshot.ts';

/** Everything that a snapshot is made from. */
export interface SnapshotIngredients {
  readonly registry: Registry;
  readonly memories: ReadonlyMap<string, ProviderMemory>;
  readonly measurements: ReadonlyMap<string, MeasuredPerformance>;
  readonly previous: Snapshot | undefined;
  readonly version: number;
  readonly nowMs: number;
  readonly defaultPollIntervalMs: number;
  /** Whether the settings switch the public price list off. */
  readonly isPublicListOff?: boolean;
}

/** Rows after which {@link buildSnapshot} offers to pause. */
const rowsPerSlice = 500;

/**
 * Builds the next snapshot. A generator, so that a large catalogue can be built in slices between which the
 * caller lets other work run; the result is its return value.
 */
export function* buildSnapshot(ingredients: SnapshotIngredients): Generator<void, Snapshot> {
  const { registry, memories, version, nowMs } = ingredients;
  const providers = new Map<string, Draft<ProviderEntry>>();
  const models = new Map<string, Draft<ModelEntry>>();
  const offerings = new Map<string, OfferingEntry>();
  const boundary = new NextBoundary(nowMs);
  let rows = 0;

  for (const [providerId, registered] of registry) {
    const memory = memories.get(providerId);
    if (memory === undefined) continue;
    const pollIntervalMs = registered.pollIntervalMs ?? ingredients.defaultPollIntervalMs;
    const provider = draftProvider(ingredients, registered, memory, pollIntervalMs);
    providers.set(providerId, provider);
    noteBoundaries(boundary, registered, memory, pollIntervalMs);
    const shippedPrices = new Map(
      (registered.shippedList?.prices ?? []).map((row): [string, PriceRow] => [row.modelId, row]),
    );
    const offeringBefore = (serviceTier: string, { listed }: HostedModel) =>
      ingredients.previous?.offerings.get(
        offeringId(providerId, listed.id, registered.region.declared, serviceTier),
      );
    for (const hosted of hostedModels(registered, memory)) {
      rows += 1;
      if (rows % rowsPerSlice === 0) yield;
      const model = models.get(hosted.listed.id) ?? draftModel(hosted);
      models.set(model.id, model);
      if (lifecycleRank[hosted.lifecycle] < lifecycleRank[model.lifecycle]) {
        Object.assign(model, factsOf(hosted));
      }
      const [standardTier] = registered.serviceTiers;
      const price = choosePrice({
        provider: registered,
        memory,
        shippedPrices,
        modelId: model.id,
        nowMs,
        pollIntervalMs,
        before: offeringBefore(standardTier?.id ?? '', hosted)?.price,
      });
      if (price !== undefined) boundary.noteFreshness(price.observedAtMs, pollIntervalMs);
      for (const tier of registered.serviceTiers) {
        if (!isSoldIn(tier, model.task)) continue;
        const serviceTier = tier.id;
        const id =
          offeringBefore(serviceTier, hosted)?.id ??
          offeringId(providerId, model.id, registered.region.declared, serviceTier);
        // What a provider publishes is the speed of its standard tier.
        const nominal =
          tier === standardTier ? registered.nominalThroughputs.get(model.id) : undefined;
        const measured = ingredients.measurements.get(id);
        const offering: OfferingEntry = {
          __typename: 'Offering',
          id,
          provider,
          model,
          region: registered.region.declared,
          serviceTier,
          available: hosted.available,
          price,
          nominal,
          measured,
          throughput: measured?.throughput?.p50 ?? nominal?.tokensPerSecond,
        };
        offerings.set(id, offering);
        provider.offerings.push(offering);
        model.offerings.push(offering);
        noteBest(provider, model, offering, registered);
      }
    }
  }
  addFates(registry, models);
  yield;
  const { previous } = ingredients;
  const index = yield* OfferingIndex.build([...offerings.values()], previous?.index);
  const modelIndex = yield* ModelIndex.build([...models.values()], previous?.modelIndex);
  return {
    version,
    builtAtMs: nowMs,
    nextChangeAtMs: boundary.atMs,
    providers,
    models,
    modelsByAlias: aliasesOf(registry, models),
    offerings,
    index,
    modelIndex,
  };
}

/** Finds the next moment at which time alone changes what a snapshot says. */
class NextBoundary {
  readonly #nowMs: number;
  atMs: number | undefined;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  note(atMs: number | undefined): void {
    if (atMs === undefined || atMs <= this.#nowMs) return;
    this.atMs = Math.min(this.atMs ?? atMs, atMs);
  }

  noteFreshness(observedAtMs: number, pollIntervalMs: number): void {
    this.note(nextFreshnessChange(this.#nowMs, observedAtMs, pollIntervalMs));
  }
}

function noteBoundaries(
  boundary: NextBoundary,
  registered: RegisteredProvider,
  memory: ProviderMemory,
  pollIntervalMs: number,
): void {
  for (const { lastSuccessAtMs } of memory.feeds.values()) {
    if (lastSuccessAtMs !== undefined) boundary.noteFreshness(lastSuccessAtMs, pollIntervalMs);
  }
  for (const prices of registered.declaredPrices.values()) {
    for (const { validFromMs, validUntilMs } of prices) {
      boundary.note(validFromMs);
      boundary.note(validUntilMs);
    }
  }
}

type Draft<Entry> = {
  -readonly [Key in keyof Entry]: Entry[Key] extends readonly (infer Item)[] ? Item[] : Entry[Key];
};

/** A model as one provider hosts it. */
interface HostedModel {
  readonly listed: ListedModel;
  readonly task: Task | undefined;
  readonly available: boolean;
  readonly lifecycle: ModelLifecycle;
  readonly lifecycleNote: string | undefined;
  readonly lifecycleSinceMs: number | undefined;
  readonly replacementId: string | undefined;
  readonly source: string;
  readonly observedAtMs: number;
}

/** Where providers differ, the more useful word on a model wins. */
const lifecycleRank: Record<ModelLifecycle, number> = {
  ACTIVE: 0,
  REMOVED: 1,
  DECOMMISSIONED: 2,
  NEVER_HOSTED: 3,
};

function* hostedModels(
  registered: RegisteredProvider,
  memory: ProviderMemory,
): Generator<HostedModel> {
  const listSeenAtMs = memory.feeds.get(modelListFeed)?.lastSuccessAtMs;
  for (const [id, remembered] of memory.models) {
    yield hostedModel(registered, id, remembered, listSeenAtMs);
  }
  for (const custom of registered.customModels) {
    if (memory.models.has(custom.id)) continue;
    const base = memory.models.get(custom.baseModel)?.model;
    yield {
      listed: { ...base, id: custom.id, name: custom.name, active: true },
      task: custom.task,
      available: true,
      lifecycle: 'ACTIVE',
      lifecycleNote: `Custom model on ${custom.baseModel}, from the registry.`,
      lifecycleSinceMs: undefined,
      replacementId: undefined,
      source: custom.source,
      observedAtMs: custom.observedAtMs,
    };
  }
}

function hostedModel(
  registered: RegisteredProvider,
  id: string,
  remembered: RememberedModel,
  listSeenAtMs: number | undefined,
): HostedModel {
  const { model, missedReadings, decommissionedAtMs } = remembered;
  const fate = registered.modelFates.get(id);
  const observedAtMs = remembered.seenAtMs ?? listSeenAtMs ?? 0;
  const gone = decommissionedAtMs !== undefined || missedReadings >= 2;
  const common = {
    listed: model,
    task: taskOf(registered, model),
    source: remembered.source,
    observedAtMs,
  };
  if (!gone) {
    return {
      ...common,
      available: model.active,
      lifecycle: 'ACTIVE',
      lifecycleNote: undefined,
      lifecycleSinceMs: undefined,
      replacementId: undefined,
    };
  }
  const decommissioned = decommissionedAtMs !== undefined || fate?.lifecycle === 'DECOMMISSIONED';
  return {
    ...common,
    available: false,
    lifecycle: decommissioned ? 'DECOMMISSIONED' : 'REMOVED',
    lifecycleNote:
      fate?.note ??
      (decommissioned
        ? 'The provider answered a launch with the news that the model is shut down.'
        : "Missing from the provider's list in two readings or more."),
    lifecycleSinceMs: fate?.sinceMs ?? decommissionedAtMs ?? observedAtMs,
    replacementId: fate?.replacement,
  };
}

/** What a model does: as the registry says, else as its modalities tell. */
function taskOf(registered: RegisteredProvider, model: ListedModel): Task | undefined {
  const registeredTask = registered.tasks.get(model.id);
  if (registeredTask !== undefined) return registeredTask;
  const outputs = model.outputModalities;
  if (outputs === undefined) return undefined;
  if (outputs.includes('speech') || outputs.includes('audio')) return 'SPEECH';
  if (outputs.includes('transcription')) return 'TRANSCRIPTION';
  return outputs.includes('text') ? 'TEXT_GENERATION' : undefined;
}

function draftModel(hosted: HostedModel): Draft<ModelEntry> {
  return {
    __typename: 'Model',
    id: hosted.listed.id,
    ...factsOf(hosted),
    offerings: [],
    costPerToken: undefined,
    throughput: undefined,
    regions: [],
  };
}

/** What a model's entry takes from one provider. */
function factsOf(hosted: HostedModel) {
  const { listed } = hosted;
  return {
    name: listed.name ?? listed.id,
    listed,
    task: hosted.task,
    lifecycle: hosted.lifecycle,
    lifecycleNote: hosted.lifecycleNote,
    lifecycleSinceMs: hosted.lifecycleSinceMs,
    replacementId: hosted.replacementId,
    source: hosted.source,
    observedAtMs: hosted.observedAtMs,
    searchText: [listed.id, listed.name, listed.ownedBy].join('\n').toLowerCase(),
  };
}

function isSoldIn({ tasks }: RegisteredTier, task: Task | undefined): boolean {
  return tasks === undefined || (task !== undefined && tasks.has(task));
}

function noteBest(
  provider: Draft<ProviderEntry>,
  model: Draft<ModelEntry>,
  offering: OfferingEntry,
  registered: RegisteredProvider,
): void {
  const { region } = offering;
  if (region !== undefined && !model.regions.includes(region)) {
    model.regions.push(region);
    model.regions.sort();
  }
  if (!offering.available || offering.serviceTier !== registered.serviceTiers[0]?.id) return;
  const cost = offering.price?.costPerToken;
  const { throughput } = offering;
  if (cost !== undefined && cost.compare(model.costPerToken ?? cost) <= 0) {
    model.costPerToken = cost;
  }
  if (throughput !== undefined && throughput > (model.throughput ?? 0)) {
    model.throughput = throughput;
  }
  if (offering.model.task !== 'TEXT_GENERATION') return;
  const lowest = provider.cheapest?.price?.costPerToken;
  if (cost !== undefined && isBetter(offering, cost.compare(lowest ?? cost), provider.cheapest)) {
    provider.cheapest = offering;
  }
  const highest = provider.fastest?.throughput;
  if (
    throughput !== undefined &&
    isBetter(offering, (highest ?? throughput) - throughput, provider.fastest)
  ) {
    provider.fastest = offering;
  }
}

/** Ties go to the smaller id, so that the order of a provider's list decides nothing. */
function isBetter(
  offering: OfferingEntry,
  comparison: number,
  present: OfferingEntry | undefined,
): boolean {
  if (present === undefined || comparison < 0) return true;
  return comparison === 0 && offering.id < present.id;
}

/** Models that nobody lists and people ask for all the same. */
function addFates(registry: Registry, models: Map<string, Draft<ModelEntry>>): void {
  for (const registered of registry.values()) {
    for (const fate of registered.modelFates.values()) {
      if (models.has(fate.id)) continue;
      models.set(fate.id, {
        __typename: 'Model',
        id: fate.id,
        name: fate.name,
        listed: undefined,
        task: undefined,
        lifecycle: fate.lifecycle,
        lifecycleNote: fate.note,
        lifecycleSinceMs: fate.sinceMs,
        replacementId: fate.replacement,
        source: fate.source,
        observedAtMs: fate.observedAtMs,
        offerings: [],
        costPerToken: undefined,
        throughput: undefined,
        regions: [],
        searchText: [fate.id, fate.name].join('\n').toLowerCase(),
      });
    }
  }
}

function aliasesOf(
  registry: Registry,
  models: ReadonlyMap<string, ModelEntry>,
): Map<string, ModelEntry> {
  const aliases = new Map<string, ModelEntry>();
  for (const registered of registry.values()) {
    for (const fate of registered.modelFates.values()) {
      const model = models.get(fate.id);
      if (model !== undefined) aliases.set(fate.name.toLowerCase(), model);
    }
  }
  return aliases;
}

function draftProvider(
  ingredients: SnapshotIngredients,
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
    offerings: [],
    cheapest: undefined,
    fastest: undefined,
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
  return { state: 'READY', reason: undefined };
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
