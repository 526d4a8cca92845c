import type { Clock } from '../domain/clock.ts';
import type { PriceReading, ProviderInterface } from '../providers/provider.ts';
import type { Registry } from '../registry.ts';
import type { RegisteredProvider } from '../registered-provider.ts';
import { buildSnapshot } from './build-snapshot.ts';
import type { CatalogueStore, StoredCatalogue } from './catalogue-store.ts';
import { emptyMemory, modelListFeed } from './memory.ts';
import type { ProviderMemory } from './memory.ts';
import { rememberedRow, restoreRow } from './memory-rows.ts';
import type { RememberedRow } from './memory-rows.ts';
import { holdsPrices, rememberPoll, rememberPrices, rememberServedCode } from './normalise.ts';
import { changedOfferings, pricePointOf } from './offering-changes.ts';
import type { OfferingChange } from './offering-changes.ts';
import { observedRegionsOf } from './provider-entry.ts';
import { SharedFacts } from './shared-facts.ts';
import { inSlices } from './slices.ts';
import type { MeasuredPerformance, ObservedRegion, Snapshot } from './snapshot.ts';
import { Unstored } from './unstored.ts';
import { UpdateQueue } from './update-queue.ts';

/** Public price lists that name several providers at once, such as models.dev. */
export interface PublicPriceList {
  /** One reading for each provider that it was made for, by the list's own provider ids. */
  read(signal: AbortSignal): Promise<ReadonlyMap<string, PriceReading>>;
}

/** What a poll found, for the poller to choose the next time. */
export interface PollOutcome {
  /** Whether the provider gave its model list. */
  readonly succeeded: boolean;
  /** Milliseconds that the provider asked us to wait. */
  readonly retryAfterMs: number | undefined;
  /** Whether a price waits for a second reading. */
  readonly holdsPrices: boolean;
  /** When to poll next, where that is not the poller's own choice; milliseconds. */
  readonly nextInMs?: number;
}

export interface CatalogueOptions {
  readonly registry: Registry;
  readonly providers: ReadonlyMap<string, ProviderInterface>;
  readonly publicPriceList: PublicPriceList | undefined;
  readonly store: CatalogueStore;
  /** Whether other processes write to the same storage; see {@link Catalogue.follow}. */
  readonly isShared?: boolean;
  readonly clock: Clock;
  readonly defaultPollIntervalMs: number;
  readonly log: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

/**
 * The catalogue: what is remembered of every provider, and the one snapshot that readers see.
 *
 * Updates run one after the other: readings change the memory, the next snapshot is built from it, what
 * changed is stored, and the snapshot is swapped. A reader never waits for any of this.
 *
 * Where processes share storage, a version names what is stored: each process takes in what the others
 * stored before it builds on it, and gives a snapshot the version of the rows that it was built from.
 */
export class Catalogue {
  readonly #options: CatalogueOptions;
  readonly #memories = new Map<string, ProviderMemory>();
  /** What the memories hold together. */
  #shared = new SharedFacts();
  readonly #unstored: Unstored;
  readonly #listeners = new Set<(change: SnapshotChange) => void>();
  #measurements: ReadonlyMap<string, MeasuredPerformance> = new Map();
  #snapshot: Snapshot | undefined;
  readonly #updates: UpdateQueue;
  #lastUpdateMs = 0;
  /** The version up to which the memory has everything that is stored. */
  #storedVersion = 0;
  #nextRefresh: AbortController | undefined;
  readonly #closing = new AbortController();

  constructor(options: CatalogueOptions) {
    this.#options = options;
    const { store, log } = options;
    this.#unstored = new Unstored({ store, memories: this.#memories, log });
    this.#updates = new UpdateQueue({
      // What others have stored is taken in first, so that what is read here is the later word.
      takesAtOnce: options.isShared !== true,
      clock: options.clock,
      beforeUpdate: async () => {
        await this.#rest();
        if (options.isShared === true) await this.#catchUp().catch(() => undefined);
      },
      update: async (nowMs) => {
        await this.#update(nowMs, this.snapshot.version);
      },
    });
  }

  /**
   * Loads the last stored state, else the shipped lists, and builds the first snapshot. Shared storage that
   * is away is waited for in service: {@link follow} loads its state.
   */
  async open(): Promise<void> {
    this.#beginMemories();
    const version = await this.#restoreStored();
    for (const registered of this.#options.registry.values()) {
      this.#seedFromShippedList(registered);
    }
    await this.#update(this.#options.clock.now(), version);
  }

  /**
   * Takes in what other processes have stored since, and swaps when that was something.
   *
   * @throws what storage throws; readers keep the snapshot that they have.
   */
  async follow(): Promise<void> {
    await this.#updates.inTurn(async () => {
      const wasAway = this.#unstored.failure !== undefined;
      const isNews = await this.#catchUp();
      const nowMs = this.#options.clock.now();
      if (!isNews && !(wasAway && this.#unstored.hasAny)) return;
      await this.#swap(nowMs, this.#storedVersion, 'OTHERS');
    });
  }

  /** The newest snapshot. */
  get snapshot(): Snapshot {
    if (this.#snapshot === undefined) throw new Error('The catalogue is not open');
    return this.#snapshot;
  }

  /** Whether {@link open} has built the first snapshot. */
  get isOpen(): boolean {
    return this.#snapshot !== undefined;
  }

  /** Why the last state could not be stored; undefined while storage works. */
  get storeFailure(): string | undefined {
    return this.#unstored.failure;
  }

  /** Called after each swap with what changed in it. */
  onChange(listener: (change: SnapshotChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads the feeds of one provider and takes what they give. Never throws for what a provider does. */
  async poll(providerId: string, signal: AbortSignal): Promise<PollOutcome> {
    const provider = this.#options.providers.get(providerId);
    const memory = this.#memories.get(providerId);
    if (provider === undefined || memory === undefined) {
      throw new RangeError(`No provider ${providerId}`);
    }
    const reading = await this.#read(provider, memory, signal);
    await reading.update;
    const { isTaken, retryAfterMs } = reading;
    return { succeeded: isTaken, retryAfterMs, holdsPrices: holdsPrices(memory) };
  }

  /** Reads a provider and gives what was read away, so that nobody holds it while the update is waited for. */
  async #read(
    provider: ProviderInterface,
    memory: ProviderMemory,
    signal: AbortSignal,
  ): Promise<TakenReading> {
    const [models, prices] = await Promise.all([
      provider.listModels(signal),
      provider.getPricing(signal),
    ]);
    const reading: TakenReading = {
      isTaken: models.ok,
      retryAfterMs: models.ok ? undefined : models.failure.retryAfterMs,
      update: undefined,
    };
    if (signal.aborted) return reading;
    reading.update = this.#updates.add((nowMs) => {
      reading.isTaken = rememberPoll(
        memory,
        models,
        prices,
        nowMs,
        this.#unstored.changedOf(provider.id),
      );
    });
    return reading;
  }

  /** Reads the public price list for every provider that it knows. */
  async pollPublicPriceList(signal: AbortSignal): Promise<PollOutcome> {
    const { publicPriceList, registry } = this.#options;
    if (publicPriceList === undefined) {
      return { succeeded: true, retryAfterMs: undefined, holdsPrices: false };
    }
    const listed = [...registry.values()].flatMap(({ id, modelsDevId }) =>
      modelsDevId === undefined ? [] : [{ id, modelsDevId }],
    );
    const readings = await publicPriceList.read(signal);
    if (!signal.aborted) {
      await this.#updates.add((nowMs) => {
        for (const { id, modelsDevId } of listed) {
          const reading = readings.get(modelsDevId);
          const memory = this.#memories.get(id);
          if (reading === undefined || memory === undefined) continue;
          rememberPrices(memory, reading, nowMs, this.#unstored.changedOf(id));
        }
      });
    }
    const failures = [...readings.values()].flatMap((reading) =>
      reading.ok ? [] : [reading.failure],
    );
    return {
      succeeded: failures.length === 0,
      retryAfterMs: failures[0]?.retryAfterMs,
      holdsPrices: false,
    };
  }

  /** Counts an answer that carried a provider's site code. It shows with the next snapshot. */
  noteServedCode(providerId: string, code: string): void {
    const memory = this.#memories.get(providerId);
    if (memory === undefined) return;
    const changed = this.#unstored.changedOf(providerId);
    rememberServedCode(memory, code, this.#options.clock.now(), changed);
  }

  /** The sites that answered so far, those that the next snapshot will show included. */
  observedRegions(providerId: string): readonly ObservedRegion[] {
    const registered = this.#options.registry.get(providerId);
    const memory = this.#memories.get(providerId);
    if (registered === undefined || memory === undefined) return [];
    return observedRegionsOf(registered, memory);
  }

  /** Takes the news, learnt from a launch, that a model is shut down. */
  async noteDecommissioned(providerId: string, modelId: string): Promise<void> {
    const memory = this.#memories.get(providerId);
    const isNews = () => {
      const known = memory?.models.get(modelId);
      return known !== undefined && known.decommissionedAtMs === undefined;
    };
    if (!isNews()) return;
    await this.#updates.add((nowMs) => {
      const known = memory?.models.get(modelId);
      if (memory === undefined || known === undefined || !isNews()) return;
      memory.models.set(modelId, { ...known, decommissionedAtMs: nowMs });
      this.#unstored.changedOf(providerId).models.add(modelId);
    });
  }

  /** Stops waiting for the next moment at which time alone changes the catalogue. */
  close(): void {
    this.#closing.abort();
    this.#nextRefresh?.abort();
  }

  /** Brings newly measured speeds into the next snapshot. */
  async takeMeasurements(measurements: ReadonlyMap<string, MeasuredPerformance>): Promise<void> {
    await this.#updates.add(() => {
      this.#measurements = measurements;
    });
  }

  /** Builds a snapshot anew because time alone changed what it should say. */
  async refresh(): Promise<void> {
    await this.#updates.add(() => undefined);
  }

  #seedFromShippedList(registered: RegisteredProvider): void {
    const memory = this.#memories.get(registered.id);
    const { shippedList } = registered;
    if (memory === undefined || shippedList === undefined) return;
    if (memory.feeds.get(modelListFeed)?.lastSuccessAtMs !== undefined) return;
    for (const model of shippedList.models) {
      if (memory.models.has(model.id)) continue;
      memory.models.set(model.id, {
        model,
        source: shippedList.source,
        seenAtMs: shippedList.observedAtMs,
        missedReadings: 0,
      });
    }
  }

  /** Swaps, and keeps how long that took. */
  async #update(nowMs: number, presentVersion: number): Promise<void> {
    const beganAtMs = performance.now();
    await this.#swap(nowMs, presentVersion);
    this.#lastUpdateMs = performance.now() - beganAtMs;
  }

  /** Lets a large catalogue rest between updates, so that building it takes a fifth of the process at most. */
  async #rest(): Promise<void> {
    if (this.snapshot.offerings.size < largeCatalogue) return;
    const restMs = Math.min(this.#lastUpdateMs * 4, longestRestMs);
    await this.#options.clock.sleep(restMs, this.#closing.signal).catch(() => undefined);
  }

  #beginMemories(): void {
    this.#shared = new SharedFacts();
    for (const providerId of this.#options.registry.keys()) {
      this.#memories.set(providerId, emptyMemory(this.#shared));
      this.#unstored.begin(providerId);
    }
  }

  /** Takes in what is stored; its version. */
  async #restoreStored(): Promise<number> {
    const shared = this.#shared;
    try {
      const { store } = this.#options;
      this.#restore(await store.loadCatalogue((row) => rememberedRow(row, shared)));
    } catch (error) {
      if (this.#options.isShared !== true) throw error;
      this.#unstored.noteFailure(error);
    }
    return this.#storedVersion;
  }

  /** Takes in what others have stored; whether there was anything. */
  async #catchUp(): Promise<boolean> {
    let stored;
    try {
      stored = await this.#options.store.catalogueChangesSince(this.#storedVersion);
    } catch (error) {
      this.#unstored.noteFailure(error);
      throw error;
    }
    this.#unstored.noteSuccess();
    if (stored.version <= this.#storedVersion) return false;
    // What was shipped counts for nothing beside a first state that is stored.
    if (this.#storedVersion === 0 && stored.rows.length > 0) this.#beginMemories();
    this.#restore({
      version: stored.version,
      rows: stored.rows.map((row) => rememberedRow(row, this.#shared)),
    });
    return true;
  }

  #restore({ version, rows }: StoredCatalogue<RememberedRow>): void {
    for (const row of rows) {
      const memory = this.#memories.get(row.provider);
      if (memory !== undefined) restoreRow(memory, row);
    }
    this.#storedVersion = version;
  }

  /** @param origin whose changes these are: price points of `OTHERS` are stored already. */
  async #swap(
    nowMs: number,
    presentVersion: number,
    origin: 'OWN' | 'OTHERS' = 'OWN',
  ): Promise<void> {
    const previous = this.#snapshot;
    const built = await this.#build(nowMs, presentVersion + 1);
    const changes = await inSlices(changedOfferings(previous, built));
    if (this.#options.isShared !== true) {
      const written = await this.#unstored.write(changes, nowMs);
      this.#show(previous, Math.max(written?.version ?? 0, built.version), built, changes);
      return;
    }
    const own = origin === 'OWN' ? changes : [];
    const hasNews =
      this.#unstored.hasAny || own.some((change) => pricePointOf(change, nowMs).length > 0);
    const written = hasNews ? await this.#unstored.write(own, nowMs) : undefined;
    if (written !== undefined && written.version > this.#storedVersion + written.commits) {
      // Others stored something in between: it is in this version and has to be in its snapshot.
      await this.#catchUp().catch(() => undefined);
      const rebuilt = await this.#build(nowMs, this.#storedVersion);
      const all = await inSlices(changedOfferings(previous, rebuilt));
      this.#show(previous, this.#storedVersion, rebuilt, all);
      return;
    }
    this.#storedVersion = written?.version ?? this.#storedVersion;
    this.#show(previous, this.#storedVersion, built, changes);
  }

  async #build(nowMs: number, version: number): Promise<Snapshot> {
    const { registry, defaultPollIntervalMs, publicPriceList } = this.#options;
    return await inSlices(
      buildSnapshot({
        registry,
        memories: this.#memories,
        measurements: this.#measurements,
        previous: this.#snapshot,
        version,
        nowMs,
        defaultPollIntervalMs,
        isPublicListOff: publicPriceList === undefined,
      }),
    );
  }

  #show(
    previous: Snapshot | undefined,
    version: number,
    built: Snapshot,
    changes: readonly OfferingChange[],
  ): void {
    const snapshot = { ...built, version };
    this.#snapshot = snapshot;
    this.#refreshAt(snapshot.nextChangeAtMs);
    for (const listener of this.#listeners) listener({ previous, snapshot, changes });
  }

  /** A price that nobody reads any more ages all the same: the snapshot is built anew when it does. */
  #refreshAt(atMs: number | undefined): void {
    this.#nextRefresh?.abort();
    if (atMs === undefined || this.#closing.signal.aborted) return;
    const { clock, log } = this.#options;
    const wait = new AbortController();
    this.#nextRefresh = wait;
    const waitMs = Math.min(Math.max(0, atMs - clock.now()), longestWaitMs);
    clock
      .sleep(waitMs, wait.signal)
      .then(async () => {
        await this.refresh();
      })
      .catch((error: unknown) => {
        if (!wait.signal.aborted) log('catalogue.update_failed', { error });
      });
  }
}

/** What a reading of a provider came to. */
interface TakenReading {
  /** Whether its model list was taken; known once `update` is. */
  isTaken: boolean;
  readonly retryAfterMs: number | undefined;
  /** Settles when readers see it; undefined when it was not taken at all. */
  update: Promise<void> | undefined;
}

/** Offerings from which on updates rest, and the longest rest in milliseconds. */
const largeCatalogue = 10_000;
const longestRestMs = 10_000;

/** A swap: the snapshot before, the one after, and what differs. */
export interface SnapshotChange {
  readonly previous: Snapshot | undefined;
  readonly snapshot: Snapshot;
  readonly changes: readonly OfferingChange[];
}

/** Timers are no longer than this, in milliseconds. */
const longestWaitMs = 86_400_000;
