import type { Task } from '../domain/model.ts';
import { nextFreshnessChange } from '../domain/price.ts';
import type { PriceRow } from '../domain/price.ts';
import type { Registry } from '../registry.ts';
import type { RegisteredProvider, RegisteredTier } from '../registered-provider.ts';
import { BestOfProvider, noteBestOfModel } from './best-offerings.ts';
import { choosePrice } from './choose-price.ts';
import type { Draft } from './draft.ts';
import { hostedModels } from './hosted-models.ts';
import type { ProviderMemory } from './memory.ts';
import { addFates, aliasesOf, draftModel, noteHost } from './model-entries.ts';
import { ModelIndex } from './model-index.ts';
import { OfferingIndex } from './offering-index.ts';
import type { ChosenPrice } from './offering-price.ts';
import { Offerings } from './offerings.ts';
import type { OfferingRow } from './offerings.ts';
import { draftProvider } from './provider-entry.ts';
import type { ProviderIngredients } from './provider-entry.ts';
import { offeringId } from './snapshot.ts';
import type { MeasuredPerformance, ModelEntry, ProviderEntry, Snapshot } from './snapshot.ts';

/** Everything that a snapshot is made from. */
export interface SnapshotIngredients extends ProviderIngredients {
  readonly registry: Registry;
  readonly memories: ReadonlyMap<string, ProviderMemory>;
  readonly measurements: ReadonlyMap<string, MeasuredPerformance>;
  readonly version: number;
  readonly defaultPollIntervalMs: number;
}

/** Models of providers after which {@link buildSnapshot} offers to pause. */
const modelsPerSlice = 500;

/**
 * Builds the next snapshot. A generator, so that a large catalogue can be built in slices between which the
 * caller lets other work run; the result is its return value.
 *
 * Rows of offerings that are what they were are taken over from the snapshot before.
 */
export function* buildSnapshot(ingredients: SnapshotIngredients): Generator<void, Snapshot> {
  const { registry, memories, measurements, previous, version, nowMs } = ingredients;
  const providers = new Map<string, Draft<ProviderEntry>>();
  const models = new Map<string, Draft<ModelEntry>>();
  const rows: OfferingRow[] = [];
  const rowsBefore = new RowsBefore(previous?.offerings);
  const boundary = new NextBoundary(nowMs);
  let hostedCount = 0;

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
    const region = registered.region.declared;
    const [standardTier] = registered.serviceTiers;
    const best = new BestOfProvider();
    for (const hosted of hostedModels(registered, memory)) {
      hostedCount += 1;
      if (hostedCount % modelsPerSlice === 0) yield;
      const model = models.get(hosted.listed.id) ?? draftModel(hosted);
      models.set(model.id, model);
      noteHost(model, hosted);
      let price: ChosenPrice | undefined;
      let isPriceChosen = false;
      for (const tier of registered.serviceTiers) {
        if (!isSoldIn(tier, model.task)) continue;
        const identity = { providerId, modelId: model.id, region, serviceTier: tier.id };
        const before = rowsBefore.find(identity);
        if (!isPriceChosen) {
          price = choosePrice({
            provider: registered,
            memory,
            shippedPrices,
            modelId: model.id,
            nowMs,
            pollIntervalMs,
            before: before?.price,
          });
          isPriceChosen = true;
          if (price?.seenAtMs !== undefined) {
            boundary.noteFreshness(price.seenAtMs, pollIntervalMs);
          }
        }
        const id = before?.id ?? offeringId(providerId, model.id, region, tier.id);
        const row: OfferingRow = {
          id,
          ...identity,
          available: hosted.available,
          price,
          // What a provider publishes is the speed of its standard tier.
          nominal: tier === standardTier ? registered.nominalThroughputs.get(model.id) : undefined,
          measured: measurements.get(id),
        };
        const kept = before !== undefined && isSame(before, row) ? before : row;
        rows.push(kept);
        noteBestOfModel(model, kept, tier === standardTier);
        if (tier === standardTier && model.task === 'TEXT_GENERATION') best.note(kept);
      }
    }
    best.describe(provider);
  }
  addFates(registry, models);
  yield;
  const offerings = yield* Offerings.build(rows, providers, models, previous?.offerings);
  const index = yield* OfferingIndex.build(offerings, nowMs, previous?.index);
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

type RowIdentity = Pick<OfferingRow, 'providerId' | 'modelId' | 'region' | 'serviceTier'>;

/** Finds the rows of the snapshot before, most of which come in the same order again. */
class RowsBefore {
  readonly #offerings: Offerings | undefined;
  #next = 0;

  constructor(offerings: Offerings | undefined) {
    this.#offerings = offerings;
  }

  find({ providerId, modelId, region, serviceTier }: RowIdentity): OfferingRow | undefined {
    const offerings = this.#offerings;
    if (offerings === undefined) return undefined;
    const next = offerings.rows[this.#next];
    if (
      next?.providerId === providerId &&
      next.modelId === modelId &&
      next.serviceTier === serviceTier &&
      next.region === region
    ) {
      this.#next += 1;
      return next;
    }
    const position = offerings.positionOf(offeringId(providerId, modelId, region, serviceTier));
    if (position === undefined) return undefined;
    this.#next = position + 1;
    return offerings.rows[position];
  }
}

/** Whether two rows of one offering say the same. */
function isSame(before: OfferingRow, row: OfferingRow): boolean {
  return (
    before.available === row.available &&
    before.price === row.price &&
    before.nominal === row.nominal &&
    before.measured === row.measured
  );
}

function isSoldIn({ tasks }: RegisteredTier, task: Task | undefined): boolean {
  return tasks === undefined || (task !== undefined && tasks.has(task));
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
