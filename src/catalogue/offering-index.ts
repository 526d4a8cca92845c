import type { Decimal } from '../domain/decimal.ts';
import type { Task } from '../domain/model.ts';
import type { Freshness } from '../domain/price.ts';
import { observedAtOf } from './choose-price.ts';
import { launchBlockerOf, priceFreshnessAt } from './launch-blocker.ts';
import { OrderedRows } from './ordered-rows.ts';
import type { SortDirection, SortedList, SortedRows } from './ordered-rows.ts';
import type { OfferingRow, Offerings } from './offerings.ts';
import { throughputOf } from './offerings.ts';
import { RowDimension } from './row-dimension.ts';
import type { SortKey } from './row-order.ts';
import { sieveOf } from './row-selection.ts';
import type { Selection, Sieve } from './row-selection.ts';
import { SearchTexts } from './search-texts.ts';
import type { ModelEntry, OfferingEntry } from './snapshot.ts';

/** Which offerings; everything given must hold, a list holds when one of its values does. */
export interface OfferingCriteria {
  readonly provider?: readonly string[] | undefined;
  readonly region?: readonly string[] | undefined;
  readonly model?: readonly string[] | undefined;
  readonly task?: readonly Task[] | undefined;
  readonly serviceTier?: readonly string[] | undefined;
  readonly features?: readonly string[] | undefined;
  readonly freshness?: readonly Freshness[] | undefined;
  readonly maxCostPerToken?: Decimal | undefined;
  readonly minThroughput?: number | undefined;
  readonly minContextWindow?: number | undefined;
  readonly available?: boolean | undefined;
  readonly launchable?: boolean | undefined;
  /** Lower-case words that must all occur. */
  readonly searchWords?: readonly string[] | undefined;
}

export type OfferingField =
  'COST_PER_TOKEN' | 'THROUGHPUT' | 'CONTEXT_WINDOW' | 'NAME' | 'OBSERVED_AT';

type KeyOfField = Readonly<Record<OfferingField, (row: OfferingRow) => SortKey>>;

function keysOf(offerings: Offerings): KeyOfField {
  return {
    COST_PER_TOKEN: ({ price }) => price?.costPerToken,
    THROUGHPUT: throughputOf,
    CONTEXT_WINDOW: (row) => offerings.modelOf(row).listed?.contextWindow,
    NAME: (row) => offerings.modelOf(row).name,
    OBSERVED_AT: (row) => row.price && observedAtOf(row.price, offerings.providerOf(row).feeds),
  };
}

/** Dimensions whose values are looked up instead of compared. */
const dimensions = {
  provider: ({ providerId }: OfferingRow) => providerId,
  region: ({ region }: OfferingRow) => region,
  model: ({ modelId }: OfferingRow) => modelId,
  task: ({ modelId }: OfferingRow, { models }: Offerings) => models.get(modelId)?.task,
  serviceTier: ({ serviceTier }: OfferingRow) => serviceTier,
} satisfies Record<string, (row: OfferingRow, offerings: Offerings) => string | undefined>;

type DimensionName = keyof typeof dimensions;
const dimensionNames = Object.keys(dimensions) as DimensionName[];

/** What the filters of an index look at instead of the offerings. */
type Dimensions = Readonly<Record<DimensionName, RowDimension>>;

/**
 * Answers filter, sort and page over the offerings of one snapshot. What a filter matches is remembered
 * within a bound, so that the pages of a listing cost the same however many offerings there are.
 */
export class OfferingIndex {
  readonly #offerings: Offerings;
  readonly #ordered: OrderedRows<OfferingRow, OfferingField>;
  readonly #dimensions: Dimensions;
  /** By number in the dimension of models. */
  readonly #models: readonly (ModelEntry | undefined)[];
  readonly #modelTexts: SearchTexts;
  readonly #providerTexts: SearchTexts;
  /** Where a filter is worked out. */
  readonly #scratch: Uint32Array;
  readonly #matches = new Map<string, SortedList<OfferingEntry>>();
  #rememberedPositions = 0;

  private constructor(
    offerings: Offerings,
    ordered: OrderedRows<OfferingRow, OfferingField>,
    numbered: Dimensions,
  ) {
    const { rows, models, providers } = offerings;
    this.#offerings = offerings;
    this.#ordered = ordered;
    this.#dimensions = numbered;
    this.#models = numbered.model.values.map((id) => models.get(id ?? ''));
    this.#modelTexts = new SearchTexts(this.#models.map((model) => model?.searchText ?? ''));
    this.#providerTexts = new SearchTexts(
      numbered.provider.values.map(
        (id) => providers.get(id ?? '')?.registered.name.toLowerCase() ?? '',
      ),
    );
    this.#scratch = new Uint32Array(rows.length);
  }

  /** @param before - the index of the snapshot before, from which is taken over what still holds. */
  static *build(offerings: Offerings, before?: OfferingIndex): Generator<void, OfferingIndex> {
    const { rows } = offerings;
    const orderedBefore = before === undefined ? undefined : before.#ordered;
    const numberedBefore = before === undefined ? undefined : before.#dimensions;
    const ordered = yield* OrderedRows.build(rows, keysOf(offerings), orderedBefore);
    const numbered = {} as Record<DimensionName, RowDimension>;
    for (const name of dimensionNames) {
      const valueOf = dimensions[name];
      numbered[name] = yield* RowDimension.build(
        rows,
        (row) => valueOf(row, offerings),
        numberedBefore?.[name],
      );
    }
    return new OfferingIndex(offerings, ordered, numbered);
  }

  /** The offerings of a model, in the order of the registry. */
  ofModel(id: string): OfferingEntry[] {
    const { positions } = this.#dimensions.model.of([id]);
    return Array.from(positions, (position) => this.#offerings.at(position));
  }

  /** The offerings that match, in the order asked for. */
  find(
    criteria: OfferingCriteria,
    field: OfferingField,
    direction: SortDirection,
    nowMs: number,
  ): SortedList<OfferingEntry> {
    const timeless = criteria.freshness === undefined && criteria.launchable === undefined;
    const key = timeless ? `${field} ${direction} ${JSON.stringify(criteria)}` : undefined;
    const remembered = key === undefined ? undefined : this.#matches.get(key);
    if (remembered !== undefined) return remembered;
    const selection = this.#select(criteria, nowMs);
    const list = new OfferingList(
      this.#offerings,
      this.#ordered.sorted(selection, field, direction),
    );
    if (key !== undefined && key.length <= maximumRememberedKeyLength) {
      this.#remember(key, list, selection?.length ?? 0);
    }
    return list;
  }

  #remember(key: string, list: SortedList<OfferingEntry>, positions: number): void {
    if (
      this.#matches.size >= maximumRememberedFilters ||
      this.#rememberedPositions + positions > maximumRememberedPositions
    ) {
      this.#matches.clear();
      this.#rememberedPositions = 0;
    }
    if (positions > maximumRememberedPositions) return;
    this.#matches.set(key, list);
    this.#rememberedPositions += positions;
  }

  /**
   * Positions of the matching rows, or undefined for all: the shortest selection, put through one sieve after
   * the other, those that look at objects last.
   */
  #select(criteria: OfferingCriteria, nowMs: number): Uint32Array | undefined {
    const { rows } = this.#ordered;
    const [shortest, ...others] = [...this.#ofValues(criteria), ...this.#ofRanges(criteria)].sort(
      (left, right) => left.positions.length - right.positions.length,
    );
    const sieves = [
      ...others.map(({ keep }) => keep),
      ...this.#ofModels(criteria),
      ...(criteria.searchWords ?? []).map((word) => this.#ofWord(word)),
      ...this.#ofAvailability(criteria),
      ...momentTestsOf(criteria, nowMs).map((passes) =>
        sieveOf((position) => passes(this.#offerings.entryOf(rows[position]!))),
      ),
    ];
    if (sieves.length === 0) return shortest?.positions;
    const scratch = this.#scratch;
    let count = shortest?.positions.length ?? rows.length;
    if (shortest !== undefined) scratch.set(shortest.positions);
    else for (let position = 0; position < count; position += 1) scratch[position] = position;
    for (const keep of sieves) count = keep(scratch, count);
    return scratch.slice(0, count);
  }

  #ofValues(criteria: OfferingCriteria): Selection[] {
    return dimensionNames.flatMap((name): Selection[] => {
      const wanted = criteria[name];
      return wanted === undefined ? [] : [this.#dimensions[name].of(wanted)];
    });
  }

  #ofAvailability({ available }: OfferingCriteria): Sieve[] {
    if (available === undefined) return [];
    const { rows } = this.#ordered;
    return [sieveOf((position) => rows[position]!.available === available)];
  }

  #ofModels({ features }: OfferingCriteria): Sieve[] {
    if (features === undefined || features.length === 0) return [];
    const flags = Uint8Array.from(this.#models, (model) =>
      Number(model !== undefined && hasAll(model, features)),
    );
    return [this.#dimensions.model.sieve(flags)];
  }

  /** Lets offerings through whose model or provider has the word. */
  #ofWord(word: string): Sieve {
    const inModel = this.#modelTexts.flagsOf(word);
    const inProvider = this.#providerTexts.flagsOf(word);
    const modelOf = this.#dimensions.model.numberOf;
    const providerOf = this.#dimensions.provider.numberOf;
    return (positions, count) => {
      let kept = 0;
      for (let index = 0; index < count; index += 1) {
        const position = positions[index]!;
        positions[kept] = position;
        kept += inModel[modelOf[position]!]! | inProvider[providerOf[position]!]!;
      }
      return kept;
    };
  }

  #ofRanges({ maxCostPerToken, minThroughput, minContextWindow }: OfferingCriteria): Selection[] {
    const ordered = this.#ordered;
    const selections: Selection[] = [];
    if (maxCostPerToken !== undefined) {
      selections.push(ordered.within('COST_PER_TOKEN', undefined, maxCostPerToken));
    }
    if (minThroughput !== undefined) {
      selections.push(ordered.within('THROUGHPUT', minThroughput, undefined));
    }
    if (minContextWindow !== undefined) {
      selections.push(ordered.within('CONTEXT_WINDOW', minContextWindow, undefined));
    }
    return selections;
  }
}

/** Sorted rows, shown as the entries of their snapshot. */
class OfferingList implements SortedList<OfferingEntry> {
  readonly #offerings: Offerings;
  readonly #rows: SortedRows<OfferingRow>;

  constructor(offerings: Offerings, rows: SortedRows<OfferingRow>) {
    this.#offerings = offerings;
    this.#rows = rows;
  }

  get length(): number {
    return this.#rows.length;
  }

  at(place: number): OfferingEntry {
    return this.#offerings.at(this.#rows.positionAt(place));
  }

  slice(start: number, end: number): OfferingEntry[] {
    const entries: OfferingEntry[] = [];
    for (let place = start; place < end; place += 1) entries.push(this.at(place));
    return entries;
  }

  keyAt(place: number): SortKey {
    return this.#rows.keyAt(place);
  }

  placeOf(key: SortKey, id: string): number {
    return this.#rows.placeOf(key, id);
  }
}

/** Tests single offerings for what {@link OfferingIndex.find} would match at a moment. */
export function offeringTest(
  criteria: OfferingCriteria,
  nowMs: number,
): (offering: OfferingEntry) => boolean {
  const tests = [
    ...ownTestsOf(criteria),
    ...wordTestsOf(criteria),
    ...momentTestsOf(criteria, nowMs),
  ];
  for (const name of dimensionNames) {
    const wanted = criteria[name];
    if (wanted === undefined) continue;
    const values = new Set<string | undefined>(wanted);
    tests.push((offering) => values.has(valueOfEntry[name](offering)));
  }
  return (offering) => tests.every((test) => test(offering));
}

const valueOfEntry: Readonly<
  Record<DimensionName, (offering: OfferingEntry) => string | undefined>
> = {
  provider: ({ provider }) => provider.id,
  region: ({ region }) => region,
  model: ({ model }) => model.id,
  task: ({ model }) => model.task,
  serviceTier: ({ serviceTier }) => serviceTier,
};

/** Filters whose matches are remembered for a snapshot, and positions over all of them (4 bytes each). */
const maximumRememberedFilters = 500;
const maximumRememberedPositions = 4_000_000;
/** Longer filters, which no listing has, are worked out each time: their text would be kept too. */
const maximumRememberedKeyLength = 2_000;

type OfferingTest = (offering: OfferingEntry) => boolean;

function ownTestsOf(criteria: OfferingCriteria): OfferingTest[] {
  const tests: OfferingTest[] = [];
  const { maxCostPerToken, minThroughput, minContextWindow, available } = criteria;
  if (available !== undefined) tests.push((offering) => offering.available === available);
  if (minThroughput !== undefined) {
    tests.push(({ throughput }) => throughput !== undefined && throughput >= minThroughput);
  }
  if (minContextWindow !== undefined) {
    tests.push(({ model }) => {
      const contextWindow = model.listed?.contextWindow;
      return contextWindow !== undefined && contextWindow >= minContextWindow;
    });
  }
  if (maxCostPerToken !== undefined) {
    tests.push(({ price }) => {
      const cost = price?.costPerToken;
      return cost !== undefined && cost.compare(maxCostPerToken) <= 0;
    });
  }
  return tests;
}

function wordTestsOf({ features, searchWords }: OfferingCriteria): OfferingTest[] {
  const tests: OfferingTest[] = [];
  if (features !== undefined) tests.push(({ model }) => hasAll(model, features));
  if (searchWords !== undefined) {
    tests.push(({ model, provider }) => {
      const providerText = provider.registered.name.toLowerCase();
      return searchWords.every(
        (word) => model.searchText.includes(word) || providerText.includes(word),
      );
    });
  }
  return tests;
}

function hasAll({ listed }: ModelEntry, features: readonly string[]): boolean {
  return features.every((name) => listed?.features?.includes(name) === true);
}

/** Tests of what an offering is at a moment. */
function momentTestsOf(criteria: OfferingCriteria, nowMs: number): OfferingTest[] {
  const tests: OfferingTest[] = [];
  const { launchable } = criteria;
  if (criteria.freshness !== undefined) {
    const wanted = new Set<Freshness>(criteria.freshness);
    tests.push(
      ({ price, provider }) =>
        price !== undefined && wanted.has(priceFreshnessAt(price, nowMs, provider.pollIntervalMs)),
    );
  }
  if (launchable !== undefined) {
    tests.push((offering) => (launchBlockerOf(offering, nowMs) === undefined) === launchable);
  }
  return tests;
}
