import type { Decimal } from '../domain/decimal.ts';
import type { Task } from '../domain/model.ts';
import type { Freshness } from '../domain/price.ts';
import { launchBlockerOf, priceFreshnessAt } from './launch-blocker.ts';
import { OfferingText } from './offering-text.ts';
import { OrderedRows } from './ordered-rows.ts';
import type { Selection, SortDirection, SortedList, SortKey } from './ordered-rows.ts';
import type { OfferingEntry } from './snapshot.ts';

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

const keyOfField: Readonly<Record<OfferingField, (offering: OfferingEntry) => SortKey>> = {
  COST_PER_TOKEN: ({ price }) => price?.costPerToken,
  THROUGHPUT: ({ throughput }) => throughput,
  CONTEXT_WINDOW: ({ model }) => model.listed?.contextWindow,
  NAME: ({ model }) => model.name,
  OBSERVED_AT: ({ price }) => price?.observedAtMs,
};

/** Dimensions whose values are looked up instead of compared. */
const dimensions = {
  provider: ({ provider }: OfferingEntry) => provider.id,
  region: ({ region }: OfferingEntry) => region,
  model: ({ model }: OfferingEntry) => model.id,
  task: ({ model }: OfferingEntry) => model.task,
  serviceTier: ({ serviceTier }: OfferingEntry) => serviceTier,
} satisfies Record<string, (offering: OfferingEntry) => string | undefined>;

type Dimension = keyof typeof dimensions;
const dimensionNames = Object.keys(dimensions) as Dimension[];

/**
 * Answers filter, sort and page over the offerings of one snapshot. What a filter matches is remembered
 * within a bound, so that the pages of a listing cost the same however many offerings there are.
 */
export class OfferingIndex {
  readonly #ordered: OrderedRows<OfferingEntry, OfferingField>;
  readonly #postings: Readonly<Record<Dimension, ReadonlyMap<string, Uint32Array>>>;
  readonly #text: OfferingText;
  readonly #matches = new Map<string, SortedList<OfferingEntry>>();
  #rememberedPositions = 0;

  private constructor(
    ordered: OrderedRows<OfferingEntry, OfferingField>,
    postings: Readonly<Record<Dimension, ReadonlyMap<string, Uint32Array>>>,
    text: OfferingText,
  ) {
    this.#ordered = ordered;
    this.#postings = postings;
    this.#text = text;
  }

  static *build(offerings: readonly OfferingEntry[]): Generator<void, OfferingIndex> {
    const ordered = yield* OrderedRows.build(offerings, keyOfField);
    const postings = {} as Record<Dimension, ReadonlyMap<string, Uint32Array>>;
    for (const name of dimensionNames) {
      postings[name] = postingsOf(offerings, dimensions[name]);
      yield;
    }
    return new OfferingIndex(ordered, postings, yield* OfferingText.build(offerings));
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
    const list = this.#ordered.sorted(selection, field, direction);
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
   * Positions of the matching rows, or undefined for all: the shortest selection, cut down by one test after
   * the other, those of objects last.
   */
  #select(criteria: OfferingCriteria, nowMs: number): Uint32Array | undefined {
    const { rows } = this.#ordered;
    const [shortest, ...others] = [...this.#ofValues(criteria), ...this.#ofRanges(criteria)].sort(
      (left, right) => left.positions.length - right.positions.length,
    );
    const tests = [
      ...others.map(({ has }) => has),
      ...this.#text.testsOf(criteria.searchWords ?? []),
      ...valueTestsOf({ ...criteria, searchWords: undefined }, nowMs).map(
        (test) => (position: number) => test(rows[position]!),
      ),
    ];
    if (tests.length === 0) return shortest?.positions;
    return tests.reduce(kept, shortest?.positions ?? this.#text.positions);
  }

  #ofValues(criteria: OfferingCriteria): Selection[] {
    const { rows } = this.#ordered;
    return dimensionNames.flatMap((name): Selection[] => {
      const wanted = criteria[name];
      if (wanted === undefined) return [];
      const values = new Set<string | undefined>(wanted);
      return [
        {
          positions: union(this.#postings[name], wanted),
          has: (position) => values.has(dimensions[name](rows[position]!)),
        },
      ];
    });
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

/** The positions that pass a test. */
function kept(positions: Uint32Array, passes: (position: number) => boolean): Uint32Array {
  const found = new Uint32Array(positions.length);
  let count = 0;
  for (const position of positions) {
    if (passes(position)) found[count++] = position;
  }
  return found.subarray(0, count);
}

/** Tests single offerings for what {@link OfferingIndex.find} would match at a moment. */
export function offeringTest(
  criteria: OfferingCriteria,
  nowMs: number,
): (offering: OfferingEntry) => boolean {
  const tests = [...rangeTestsOf(criteria), ...valueTestsOf(criteria, nowMs)];
  for (const name of dimensionNames) {
    const wanted = criteria[name];
    if (wanted === undefined) continue;
    const values = new Set<string | undefined>(wanted);
    tests.push((offering) => values.has(dimensions[name](offering)));
  }
  return (offering) => tests.every((test) => test(offering));
}

/** Filters whose matches are remembered for a snapshot, and positions over all of them (4 bytes each). */
const maximumRememberedFilters = 500;
const maximumRememberedPositions = 4_000_000;
/** Longer filters, which no listing has, are worked out each time: their text would be kept too. */
const maximumRememberedKeyLength = 2_000;

type OfferingTest = (offering: OfferingEntry) => boolean;

function rangeTestsOf(criteria: OfferingCriteria): OfferingTest[] {
  const tests: OfferingTest[] = [];
  const { maxCostPerToken, minThroughput, minContextWindow } = criteria;
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

function valueTestsOf(criteria: OfferingCriteria, nowMs: number): OfferingTest[] {
  const tests: OfferingTest[] = [];
  const { available, launchable } = criteria;
  if (available !== undefined) tests.push((offering) => offering.available === available);
  if (criteria.features !== undefined && criteria.features.length > 0) {
    const wanted = criteria.features;
    tests.push(({ model }) => wanted.every((name) => model.listed?.features?.includes(name)));
  }
  if (criteria.searchWords !== undefined && criteria.searchWords.length > 0) {
    const words = criteria.searchWords;
    tests.push(({ model, provider }) => {
      const providerText = provider.registered.name.toLowerCase();
      return words.every((word) => model.searchText.includes(word) || providerText.includes(word));
    });
  }
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

function postingsOf(
  offerings: readonly OfferingEntry[],
  valueOf: (offering: OfferingEntry) => string | undefined,
): Map<string, Uint32Array> {
  const lists = new Map<string, number[]>();
  offerings.forEach((offering, position) => {
    const value = valueOf(offering);
    if (value === undefined) return;
    const list = lists.get(value);
    if (list === undefined) lists.set(value, [position]);
    else list.push(position);
  });
  return new Map([...lists].map(([value, list]) => [value, Uint32Array.from(list)]));
}

function union(postings: ReadonlyMap<string, Uint32Array>, values: readonly string[]): Uint32Array {
  const distinct = [...new Set(values)];
  if (distinct.length === 1) return postings.get(distinct[0]!) ?? new Uint32Array();
  return Uint32Array.from(distinct.flatMap((value) => [...(postings.get(value) ?? [])]));
}
