import type { ModelCriteria } from '../../catalogue/model-index.ts';
import type { ModelEntry } from '../../catalogue/snapshot.ts';
import type { RequestContext } from '../context.ts';
import type { ModelFilter, QueryModelsArgs } from '../generated.ts';
import { pageOf } from '../paging.ts';
import type { Page } from '../paging.ts';
import { boundedFilter, searchWordsOf } from './offerings.ts';

/** Answers `Query.models`. */
export function modelsPage(args: QueryModelsArgs, { snapshot }: RequestContext): Page<ModelEntry> {
  const field = args.orderBy?.field ?? 'NAME';
  const direction = args.orderBy?.direction ?? 'ASC';
  const list = snapshot.modelIndex.find(criteriaOf(args.filter ?? {}), field, direction);
  return pageOf(list, { field, direction }, args);
}

function criteriaOf(filter: ModelFilter): ModelCriteria {
  boundedFilter(filter);
  return {
    provider: filter.provider ?? undefined,
    task: filter.task ?? undefined,
    features: filter.features ?? undefined,
    lifecycle: filter.lifecycle ?? undefined,
    minContextWindow: filter.minContextWindow ?? undefined,
    searchWords: searchWordsOf(filter.search),
  };
}
