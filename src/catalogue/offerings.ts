import type { NominalThroughput } from '../registered-provider.ts';
import { shownPrice } from './offering-price.ts';
import type { ChosenPrice } from './offering-price.ts';
import { haveSameIds } from './ordered-rows.ts';
import type { MeasuredPerformance, ModelEntry, OfferingEntry, ProviderEntry } from './snapshot.ts';

/**
 * What an offering is by itself: its model and its provider are named and not held, and the times of its
 * provider's feeds are not in it. So a row stays the same object from snapshot to snapshot while nothing of it
 * changes, and a poll that confirms a hundred thousand of them makes none anew.
 */
export interface OfferingRow {
  readonly id: string;
  readonly providerId: string;
  readonly modelId: string;
  readonly region: string | undefined;
  readonly serviceTier: string;
  readonly available: boolean;
  readonly price: ChosenPrice | undefined;
  readonly nominal: NominalThroughput | undefined;
  readonly measured: MeasuredPerformance | undefined;
}

/** Output tokens per second: the median of what was measured, else nominal. */
export function throughputOf({
  measured,
  nominal,
}: Pick<OfferingRow, 'measured' | 'nominal'>): number | undefined {
  return measured?.throughput?.p50 ?? nominal?.tokensPerSecond;
}

type ById<Entry> = ReadonlyMap<string, Entry>;

/**
 * The offerings of one snapshot, in the order of the registry. Their entries, in which a row meets the provider
 * and the model as they are in this snapshot, are made when somebody asks for one.
 */
export class Offerings {
  readonly rows: readonly OfferingRow[];
  readonly providers: ById<ProviderEntry>;
  readonly models: ById<ModelEntry>;
  readonly #positions: ById<number>;
  /** Those that somebody asked for, by position: whoever asks again gets the same object. */
  readonly #entries = new Map<number, OfferingEntry>();

  private constructor(
    rows: readonly OfferingRow[],
    providers: ById<ProviderEntry>,
    models: ById<ModelEntry>,
    positions: ById<number>,
  ) {
    this.rows = rows;
    this.providers = providers;
    this.models = models;
    this.#positions = positions;
  }

  /**
   * @param rows - their providers and models have to be among the others.
   * @param before - the offerings of the snapshot before, from which is taken over what still holds.
   */
  static *build(
    rows: readonly OfferingRow[],
    providers: ById<ProviderEntry>,
    models: ById<ModelEntry>,
    before?: Offerings,
  ): Generator<void, Offerings> {
    const positions =
      before !== undefined && haveSameIds(before.rows, rows)
        ? before.#positions
        : yield* positionsOf(rows);
    return new Offerings(rows, providers, models, positions);
  }

  get size(): number {
    return this.rows.length;
  }

  has(id: string): boolean {
    return this.#positions.has(id);
  }

  get(id: string): OfferingEntry | undefined {
    const position = this.#positions.get(id);
    return position === undefined ? undefined : this.at(position);
  }

  /** Where the row of an id is. */
  positionOf(id: string): number | undefined {
    return this.#positions.get(id);
  }

  /** @throws RangeError for a position that none has. */
  at(position: number): OfferingEntry {
    const known = this.#entries.get(position);
    if (known !== undefined) return known;
    const row = this.rows[position];
    if (row === undefined) throw new RangeError(`No offering at ${position}`);
    const entry = this.entryOf(row);
    this.#entries.set(position, entry);
    return entry;
  }

  keys(): Iterable<string> {
    return this.#positions.keys();
  }

  /** All entries, without keeping them: who goes through all of them holds none for others. */
  *values(): Generator<OfferingEntry> {
    for (const [position, row] of this.rows.entries()) {
      yield this.#entries.get(position) ?? this.entryOf(row);
    }
  }

  /** The entry of a row of this snapshot, made anew and not kept. */
  entryOf(row: OfferingRow): OfferingEntry {
    const provider = this.providerOf(row);
    const { id, region, serviceTier, available, price, nominal, measured } = row;
    return {
      __typename: 'Offering',
      id,
      provider,
      model: this.modelOf(row),
      region,
      serviceTier,
      available,
      price: price && shownPrice(price, provider.feeds),
      nominal,
      measured,
      throughput: throughputOf(row),
    };
  }

  providerOf({ providerId }: OfferingRow): ProviderEntry {
    return known(this.providers, providerId);
  }

  modelOf({ modelId }: OfferingRow): ModelEntry {
    return known(this.models, modelId);
  }
}

/** Rows after which {@link Offerings.build} offers to pause. */
const rowsPerSlice = 2_000;

function* positionsOf(rows: readonly OfferingRow[]): Generator<void, ById<number>> {
  const positions = new Map<string, number>();
  for (const [position, { id }] of rows.entries()) {
    if (position % rowsPerSlice === 0) yield;
    positions.set(id, position);
  }
  return positions;
}

function known<Entry>(entries: ById<Entry>, id: string): Entry {
  const entry = entries.get(id);
  if (entry === undefined) throw new RangeError(`${id} is not in this snapshot`);
  return entry;
}
