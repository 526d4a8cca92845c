import type { ModelLifecycle, Task } from '../domain/model.ts';
import { OrderedRows } from './ordered-rows.ts';
import type { SortDirection, SortedList } from './ordered-rows.ts';
import type { SortKey } from './row-order.ts';
import { SearchTexts } from './search-texts.ts';
import type { ModelEntry } from './snapshot.ts';

/** Which models; everything given must hold, a list holds when one of its values does. */
export interface ModelCriteria {
  readonly provider?: readonly string[] | undefined;
  readonly task?: readonly Task[] | undefined;
  readonly features?: readonly string[] | undefined;
  readonly lifecycle?: readonly ModelLifecycle[] | undefined;
  readonly minContextWindow?: number | undefined;
  /** Lower-case words that must all occur. */
  readonly searchWords?: readonly string[] | undefined;
}

export type ModelField = 'NAME' | 'COST_PER_TOKEN' | 'THROUGHPUT' | 'CONTEXT_WINDOW';

const keyOfField: Readonly<Record<ModelField, (model: ModelEntry) => SortKey>> = {
  NAME: ({ name }) => name,
  COST_PER_TOKEN: ({ costPerToken }) => costPerToken,
  THROUGHPUT: ({ throughput }) => throughput,
  CONTEXT_WINDOW: ({ listed }) => listed?.contextWindow,
};

/** Answers filter, sort and page over the models of one snapshot. */
export class ModelIndex {
  readonly #ordered: OrderedRows<ModelEntry, ModelField>;
  readonly #texts: SearchTexts;

  private constructor(ordered: OrderedRows<ModelEntry, ModelField>) {
    this.#ordered = ordered;
    this.#texts = new SearchTexts(ordered.rows.map(({ searchText }) => searchText));
  }

  /** @param before - the index of the snapshot before, from which is taken over what still holds. */
  static *build(models: readonly ModelEntry[], before?: ModelIndex): Generator<void, ModelIndex> {
    const known = before === undefined ? undefined : before.#ordered;
    return new ModelIndex(yield* OrderedRows.build(models, keyOfField, known));
  }

  /** The models that match, in the order asked for. */
  find(
    criteria: ModelCriteria,
    field: ModelField,
    direction: SortDirection,
  ): SortedList<ModelEntry> {
    const { rows } = this.#ordered;
    const tests = testsOf(criteria);
    const words = (criteria.searchWords ?? []).map((word) => this.#texts.flagsOf(word));
    if (tests.length + words.length === 0) {
      return this.#ordered.sorted(undefined, field, direction);
    }
    const positions = rows.flatMap((model, position) =>
      words.every((flags) => flags[position] === 1) && tests.every((test) => test(model))
        ? [position]
        : [],
    );
    return this.#ordered.sorted(Uint32Array.from(positions), field, direction);
  }
}

function testsOf(criteria: ModelCriteria): ((model: ModelEntry) => boolean)[] {
  const tests: ((model: ModelEntry) => boolean)[] = [];
  const { provider, task, features, lifecycle, minContextWindow } = criteria;
  if (provider !== undefined) {
    const wanted = new Set(provider);
    tests.push(({ providerIds }) => providerIds.some((id) => wanted.has(id)));
  }
  if (task !== undefined)
    tests.push((model) => model.task !== undefined && task.includes(model.task));
  if (lifecycle !== undefined) tests.push((model) => lifecycle.includes(model.lifecycle));
  if (minContextWindow !== undefined) {
    tests.push(({ listed }) => (listed?.contextWindow ?? -1) >= minContextWindow);
  }
  if (features !== undefined) {
    tests.push(({ listed }) => features.every((name) => listed?.features?.includes(name) === true));
  }
  return tests;
}
