import type { CatalogueChange, CatalogueStore, PricePoint } from './catalogue-store.ts';
import type { ProviderMemory } from './memory.ts';
import { rowsToStore } from './memory-rows.ts';
import { noChanges } from './normalise.ts';
import type { ChangedKeys } from './normalise.ts';
import { pricePointOf } from './offering-changes.ts';
import type { OfferingChange } from './offering-changes.ts';

export interface UnstoredOptions {
  readonly store: Pick<CatalogueStore, 'commitCatalogue'>;
  readonly memories: ReadonlyMap<string, ProviderMemory>;
  readonly log: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** What storage made of what was to be stored. */
export interface Written {
  /** The newest version. */
  readonly version: number;
  /** How many versions were made. */
  readonly commits: number;
}

/** What is remembered and not stored yet: what has changed of each provider, and price points. */
export class Unstored {
  readonly #options: UnstoredOptions;
  readonly #changed = new Map<string, ChangedKeys>();
  #points: PricePoint[] = [];
  #failure: string | undefined;

  constructor(options: UnstoredOptions) {
    this.#options = options;
  }

  /** Why the last state could not be stored; undefined while storage works. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Whether there is anything to store. */
  get hasAny(): boolean {
    return this.#points.length > 0 || [...this.#changed.values()].some((keys) => rowsOf(keys) > 0);
  }

  /** Begins anew with a provider of which nothing has changed. */
  begin(providerId: string): void {
    this.#changed.set(providerId, noChanges());
  }

  /** Where a reading notes what it changes. */
  changedOf(providerId: string): ChangedKeys {
    let changed = this.#changed.get(providerId);
    if (changed === undefined) this.#changed.set(providerId, (changed = noChanges()));
    return changed;
  }

  noteFailure(error: unknown): void {
    if (this.#failure === undefined) this.#options.log('catalogue.store_failed', { error });
    this.#failure = 'The catalogue could not be stored.';
  }

  noteSuccess(): void {
    if (this.#failure !== undefined) this.#options.log('catalogue.store_back', {});
    this.#failure = undefined;
  }

  /**
   * Writes what has changed, and the price points of these changes after those that wait; undefined when storage
   * failed. What can't be written now is kept for the next time.
   *
   * A large catalogue is written in several commits, each with whole providers, between which others use the
   * storage. Should this process end between them, the next one reads the other providers anew, and adds the
   * points that are missing when it compares the prices that it shows with those in force.
   */
  async write(changes: readonly OfferingChange[], nowMs: number): Promise<Written | undefined> {
    const { store, memories } = this.#options;
    const changed = [...this.#changed].filter(([, keys]) => rowsOf(keys) > 0);
    for (const [providerId] of changed) this.begin(providerId);
    const waiting = this.#points.splice(0);
    const points = iterable(function* () {
      yield* waiting;
      for (const change of changes) yield* pricePointOf(change, nowMs);
    });
    const written = { version: 0, commits: 0, providers: 0, points: 0 };
    try {
      for (const part of partsOf(changed, points)) {
        const change = changeOf(part, memories, nowMs);
        written.version = await store.commitCatalogue(change);
        written.commits += 1;
        written.providers += part.changed.length;
        written.points += part.points.length;
      }
      this.noteSuccess();
      return written;
    } catch (error) {
      for (const [providerId, keys] of changed.slice(written.providers)) {
        mergeInto(this.changedOf(providerId), keys);
      }
      this.#points = [...points].slice(written.points).slice(-maximumWaitingPoints);
      this.noteFailure(error);
      return undefined;
    }
  }
}

/** Price points that wait for storage to work again; the newest are kept. */
const maximumWaitingPoints = 100_000;

/** Rows and price points from which on a commit takes in no more: some tens of milliseconds of work. */
const rowsPerCommit = 4_000;

/** What is written in one commit. */
interface Part {
  readonly changed: [providerId: string, keys: ChangedKeys][];
  readonly points: PricePoint[];
}

function* partsOf(
  changed: readonly (readonly [providerId: string, keys: ChangedKeys])[],
  points: Iterable<PricePoint>,
): Generator<Part> {
  let part: Part = { changed: [], points: [] };
  let size = 0;
  for (const [providerId, keys] of changed) {
    if (size >= rowsPerCommit) {
      yield part;
      part = { changed: [], points: [] };
      size = 0;
    }
    part.changed.push([providerId, keys]);
    size += rowsOf(keys);
  }
  for (const point of points) {
    if (size >= rowsPerCommit) {
      yield part;
      part = { changed: [], points: [] };
      size = 0;
    }
    part.points.push(point);
    size += 1;
  }
  yield part;
}

function changeOf(
  part: Part,
  memories: ReadonlyMap<string, ProviderMemory>,
  atMs: number,
): CatalogueChange {
  const rows = iterable(function* () {
    for (const [providerId, keys] of part.changed) {
      const memory = memories.get(providerId);
      if (memory !== undefined) yield* rowsToStore(providerId, memory, keys);
    }
  });
  return { atMs, rows, pricePoints: part.points };
}

function rowsOf({ models, prices, feeds, regions }: ChangedKeys): number {
  let rows = models.size + feeds.size + regions.size;
  for (const modelIds of prices.values()) rows += modelIds.size;
  return rows;
}

function mergeInto(into: ChangedKeys, keys: ChangedKeys): void {
  for (const id of keys.models) into.models.add(id);
  for (const name of keys.feeds) into.feeds.add(name);
  for (const code of keys.regions) into.regions.add(code);
  for (const [feed, modelIds] of keys.prices) {
    const known = into.prices.get(feed) ?? new Set();
    into.prices.set(feed, known);
    for (const modelId of modelIds) known.add(modelId);
  }
}

/** What a generator gives, made anew each time that somebody goes through it, and never held as a whole. */
function iterable<Item>(generate: () => Generator<Item>): Iterable<Item> {
  return { [Symbol.iterator]: generate };
}
