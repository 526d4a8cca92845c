import { observedAtOf } from './offering-price.ts';
import { MomentStates } from './moment-states.ts';
import type { OfferingCriteria } from './offering-criteria.ts';
import { throughputOf } from './offerings.ts';
import type { OfferingRow, Offerings } from './offerings.ts';
import { OrderedRows } from './ordered-rows.ts';
import type { SortDirection, SortedList, SortedRows } from './ordered-rows.ts';
import { RememberedLists } from './remembered-lists.ts';
import { RowDimension } from './row-dimension.ts';
import type { SortKey } from './row-order.ts';
import { intersectionOf, sieveOf } from './row-selection.ts';
import type { Selection, Sieve } from './row-selection.ts';
import { RowTags } from './row-tags.ts';
import { SearchTexts } from './search-texts.ts';
import type { ModelEntry, OfferingEntry, ProviderEntry } from './snapshot.ts';

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

type Dimensions = Readonly<Record<DimensionName, RowDimension>>;

/** What the filters of an index look at instead of the offerings. */
interface IndexParts {
  readonly ordered: OrderedRows<OfferingRow, OfferingField>;
  readonly numbered: Dimensions;
  readonly states: MomentStates;
  /** By number in the dimension of models. */
  readonly features: RowTags;
  readonly modelTexts: SearchTexts;
  /** By number in the dimension of providers. */
  readonly providerTexts: SearchTexts;
}

/** Answers filter, sort and page over the offerings of one snapshot. */
export class OfferingIndex {
  readonly #offerings: Offerings;
  readonly #parts: IndexParts;
  /** Where a filter is worked out. */
  readonly #scratch: Uint32Array;
  readonly #found = new RememberedLists<SortedList<OfferingEntry>>();

  private constructor(offerings: Offerings, parts: IndexParts) {
    this.#offerings = offerings;
    this.#parts = parts;
    this.#scratch = new Uint32Array(offerings.size);
  }

  /**
   * @param nowMs - for which filters by what changes with time are prepared.
   * @param before - the index of the snapshot before, from which is taken over what still holds.
   */
  static *build(
    offerings: Offerings,
    nowMs: number,
    before?: OfferingIndex,
  ): Generator<void, OfferingIndex> {
    const { rows } = offerings;
    const partsBefore = before === undefined ? undefined : before.#parts;
    const ordered = yield* OrderedRows.build(rows, keysOf(offerings), partsBefore?.ordered);
    const numbered = {} as Record<DimensionName, RowDimension>;
    for (const name of dimensionNames) {
      const valueOf = dimensions[name];
      numbered[name] = yield* RowDimension.build(
        rows,
        (row) => valueOf(row, offerings),
        partsBefore?.numbered[name],
      );
    }
    const models = numbered.model.values.map((id) => offerings.models.get(id ?? ''));
    const providers = numbered.provider.values.map((id) => offerings.providers.get(id ?? ''));
    return new OfferingIndex(offerings, {
      ordered,
      numbered,
      states: yield* statesOf(rows, numbered, models, providers, nowMs),
      features: yield* RowTags.build(models, (model) => model?.listed?.features),
      modelTexts: new SearchTexts(models.map((model) => model?.searchText ?? '')),
      providerTexts: new SearchTexts(
        providers.map((provider) => provider?.registered.name.toLowerCase() ?? ''),
      ),
    });
  }

  /** The offerings of a model, in the order of the registry. */
  ofModel(id: string): OfferingEntry[] {
    const positions = this.#parts.numbered.model.of([id]).positions();
    return Array.from(positions, (position) => this.#offerings.at(position));
  }

  /** The offerings that match, in the order asked for. */
  find(
    criteria: OfferingCriteria,
    field: OfferingField,
    direction: SortDirection,
    nowMs: number,
  ): SortedList<OfferingEntry> {
    const { ordered, states } = this.#parts;
    const isTimeless = criteria.freshness === undefined && criteria.launchable === undefined;
    const stage = isTimeless ? '' : states.versionAt(nowMs);
    const key = `${field} ${direction} ${stage} ${JSON.stringify(criteria)}`;
    const remembered = this.#found.get(key);
    if (remembered !== undefined) return remembered;
    const selection = intersectionOf(
      this.#scratch,
      [
        ...this.#ofValues(criteria),
        ...this.#ofRanges(criteria),
        ...this.#ofStates(criteria, nowMs),
      ],
      [...this.#ofFeatures(criteria), ...this.#ofWords(criteria)],
    );
    const list = new OfferingList(this.#offerings, ordered.sorted(selection, field, direction));
    this.#found.remember(key, list, this.#scratch.length);
    return list;
  }

  #ofValues(criteria: OfferingCriteria): Selection[] {
    return dimensionNames.flatMap((name): Selection[] => {
      const wanted = criteria[name];
      return wanted === undefined ? [] : [this.#parts.numbered[name].of(wanted)];
    });
  }

  #ofRanges({ maxCostPerToken, minThroughput, minContextWindow }: OfferingCriteria): Selection[] {
    const { ordered } = this.#parts;
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

  #ofStates(criteria: OfferingCriteria, nowMs: number): Selection[] {
    const { available, launchable, freshness } = criteria;
    if (available === undefined && launchable === undefined && freshness === undefined) return [];
    return [this.#parts.states.select(criteria, nowMs)];
  }

  #ofFeatures({ features }: OfferingCriteria): Sieve[] {
    if (features === undefined || features.length === 0) return [];
    const { numbered, features: tags } = this.#parts;
    return [sieveOf(numbered.model.numberOf, tags.flagsOfAll(features))];
  }

  #ofWords({ searchWords }: OfferingCriteria): Sieve[] {
    return (searchWords ?? []).map((word) => this.#ofWord(word));
  }

  /** Lets offerings through whose model or provider has the word. */
  #ofWord(word: string): Sieve {
    const { numbered, modelTexts, providerTexts } = this.#parts;
    const inModel = modelTexts.flagsOf(word);
    const inProvider = providerTexts.flagsOf(word);
    const modelOf = numbered.model.numberOf;
    const providerOf = numbered.provider.numberOf;
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
}

/** @param models, providers - by their numbers in the dimensions. */
function statesOf(
  rows: readonly OfferingRow[],
  numbered: Dimensions,
  models: readonly (ModelEntry | undefined)[],
  providers: readonly (ProviderEntry | undefined)[],
  nowMs: number,
): Generator<void, MomentStates> {
  const { numberOf } = numbered.model;
  return MomentStates.build(
    rows,
    (position) => models[numberOf[position]!]!,
    providers.flatMap((provider, number) =>
      provider === undefined ? [] : [{ provider, positions: numbered.provider.withNumber(number) }],
    ),
    nowMs,
  );
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
