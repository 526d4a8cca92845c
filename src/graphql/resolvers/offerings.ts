import type { OfferingCriteria } from '../../catalogue/offering-criteria.ts';
import type { OfferingEntry } from '../../catalogue/snapshot.ts';
import type { RequestContext } from '../context.ts';
import { clientError } from '../errors.ts';
import type { InputMaybe, OfferingFilter, OfferingOrder } from '../generated.ts';
import { pageOf } from '../paging.ts';
import type { Page, PageArguments } from '../paging.ts';

/** The arguments of every `offerings` field. */
export interface OfferingsArguments extends PageArguments {
  readonly filter?: InputMaybe<OfferingFilter>;
  readonly orderBy?: InputMaybe<OfferingOrder>;
}

/** A page of offerings with the version of the catalogue that it was read from. */
export type OfferingPage = Page<OfferingEntry> & { readonly snapshotVersion: number };

/** Answers an `offerings` field; `fixed` is what the parent object decides. */
export function offeringsPage(
  args: OfferingsArguments,
  { snapshot, nowMs }: RequestContext,
  fixed: Pick<OfferingCriteria, 'provider' | 'model'> = {},
): OfferingPage {
  const field = args.orderBy?.field ?? 'COST_PER_TOKEN';
  const direction = args.orderBy?.direction ?? 'ASC';
  const criteria = { ...criteriaOf(args.filter ?? {}), ...fixed };
  const list = snapshot.index.find(criteria, field, direction, nowMs);
  const page = pageOf(list, { field, direction }, args);
  return Object.assign(page, { snapshotVersion: snapshot.version });
}

/** Values that one list of a filter may hold. */
const maximumFilterValues = 100;
const maximumSearchLength = 100;

/** @throws a BAD_USER_INPUT error when a list of a filter is too long. */
export function boundedFilter(filter: object): void {
  for (const name in filter) {
    const value: unknown = filter[name as keyof typeof filter];
    if (Array.isArray(value) && value.length > maximumFilterValues) {
      throw clientError(
        'BAD_USER_INPUT',
        `\`filter.${name}\` takes at most ${maximumFilterValues} values.`,
      );
    }
  }
}

/** @throws a BAD_USER_INPUT error for a filter beyond its bounds. */
export function criteriaOf(filter: OfferingFilter): OfferingCriteria {
  boundedFilter(filter);
  return {
    provider: filter.provider ?? undefined,
    region: filter.region ?? undefined,
    model: filter.model ?? undefined,
    task: filter.task ?? undefined,
    serviceTier: filter.serviceTier ?? undefined,
    features: filter.features ?? undefined,
    freshness: filter.freshness ?? undefined,
    maxCostPerToken: filter.maxCostPerToken ?? undefined,
    minThroughput: filter.minThroughput ?? undefined,
    minContextWindow: filter.minContextWindow ?? undefined,
    available: filter.available ?? undefined,
    launchable: filter.launchable ?? undefined,
    searchWords: searchWordsOf(filter.search),
  };
}

/** Lower-case words of a search text; undefined for none. */
export function searchWordsOf(search: string | null | undefined): readonly string[] | undefined {
  if (search === undefined || search === null) return undefined;
  if (search.length > maximumSearchLength) {
    throw clientError(
      'BAD_USER_INPUT',
      `\`filter.search\` takes at most ${maximumSearchLength} characters.`,
    );
  }
  const words = search
    .toLowerCase()
    .split(/\s+/u)
    .filter((word) => word !== '');
  return words.length === 0 ? undefined : words;
}
