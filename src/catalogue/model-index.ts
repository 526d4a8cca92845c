import type { ModelLifecycle, Task } from '../domain/model.ts';
import { OrderedRows } from './ordered-rows.ts';
import type { SortDirection, SortedList } from './ordered-rows.ts';
import { RememberedLists } from './remembered-lists.ts';
import { RowDimension } from './row-dimension.ts';
import type { SortKey } from './row-order.ts';
import { intersectionOf, sieveOf } from './row-selection.ts';
import type { Selection } from './row-selection.ts';
import { RowTags } from './row-tags.ts';
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

/** What the filters of an index look at instead of the models. */
interface IndexParts {
  readonly ordered: OrderedRows<ModelEntry, ModelField>;
  readonly tasks: RowDimension;
  readonly lifecycles: RowDimension;
  readonly providers: RowTags;
  readonly features: RowTags;
  readonly texts: SearchTexts;
}

/** Answers filter, sort and page over the models of one snapshot. */
export class ModelIndex {
  readonly #parts: IndexParts;
  /** By position, its number: what sieves of flags by position look at. */
  readonly #positions: Uint32Array;
  /** Where a filter is worked out. */
  readonly #scratch: Uint32Array;
  readonly #found = new RememberedLists<SortedList<ModelEntry>>();

  private constructor(parts: IndexParts) {
    const { length } = parts.ordered.rows;
    this.#parts = parts;
    this.#positions = Uint32Array.from({ length }, (_, position) => position);
    this.#scratch = new Uint32Array(length);
  }

  /** @param before - the index of the snapshot before, from which is taken over what still holds. */
  static *build(models: readonly ModelEntry[], before?: ModelIndex): Generator<void, ModelIndex> {
    const known = before === undefined ? undefined : before.#parts;
    return new ModelIndex({
      ordered: yield* OrderedRows.build(models, keyOfField, known?.ordered),
      tasks: yield* RowDimension.build(models, ({ task }) => task, known?.tasks),
      lifecycles: yield* RowDimension.build(
        models,
        ({ lifecycle }) => lifecycle,
        known?.lifecycles,
      ),
      providers: yield* RowTags.build(models, ({ providerIds }) => providerIds),
      features: yield* RowTags.build(models, ({ listed }) => listed?.features),
      texts: new SearchTexts(models.map(({ searchText }) => searchText)),
    });
  }

  /** The models that match, in the order asked for. */
  find(
    criteria: ModelCriteria,
    field: ModelField,
    direction: SortDirection,
  ): SortedList<ModelEntry> {
    const key = `${field} ${direction} ${JSON.stringify(criteria)}`;
    const remembered = this.#found.get(key);
    if (remembered !== undefined) return remembered;
    const selection = intersectionOf(
      this.#scratch,
      this.#selectionsOf(criteria),
      this.#flagsOf(criteria).map((flags) => sieveOf(this.#positions, flags)),
    );
    const list = this.#parts.ordered.sorted(selection, field, direction);
    this.#found.remember(key, list, this.#scratch.length);
    return list;
  }

  #selectionsOf({ task, lifecycle, minContextWindow }: ModelCriteria): Selection[] {
    const { tasks, lifecycles, ordered } = this.#parts;
    const selections: Selection[] = [];
    if (task !== undefined) selections.push(tasks.of(task));
    if (lifecycle !== undefined) selections.push(lifecycles.of(lifecycle));
    if (minContextWindow !== undefined) {
      selections.push(ordered.within('CONTEXT_WINDOW', minContextWindow, undefined));
    }
    return selections;
  }

  /** By position, which models each of the other conditions lets through. */
  #flagsOf({ provider, features, searchWords }: ModelCriteria): Uint8Array[] {
    const parts = this.#parts;
    const flags = (searchWords ?? []).map((word) => parts.texts.flagsOf(word));
    if (features !== undefined) flags.unshift(parts.features.flagsOfAll(features));
    if (provider !== undefined) flags.unshift(parts.providers.flagsOf(provider));
    return flags;
  }
}
