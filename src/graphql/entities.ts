import type { RunView } from '../inference/live-runs.ts';
import type { ModelEntry, OfferingEntry, ProviderEntry } from '../catalogue/snapshot.ts';
import type { RequestContext } from './context.ts';
import { clientError } from './errors.ts';
import { visibleRun } from './resolvers/inference-queries.ts';

/** What a router sends to name an entity. */
type Representation = Readonly<Record<string, unknown>>;

type Entity = ProviderEntry | ModelEntry | OfferingEntry | RunEntity;

/** A run with the type name that the engine looks for. */
type RunEntity = RunView & { readonly __typename: 'InferenceRun' };

/** Finds an entity by its key; undefined where there is none. */
type Lookup = (
  id: string,
  context: RequestContext,
) => Entity | null | undefined | Promise<Entity | null | undefined>;

/** Finds a row of the catalogue. */
type CatalogueLookup = (
  id: string,
  context: RequestContext,
) => ProviderEntry | ModelEntry | OfferingEntry | undefined;

/** How the entities that everybody may see are found, by their type name. */
const catalogueLookups: ReadonlyMap<unknown, CatalogueLookup> = new Map<unknown, CatalogueLookup>([
  ['Provider', (id, { snapshot }) => snapshot.providers.get(id)],
  ['Model', (id, { snapshot }) => snapshot.models.get(id)],
  ['Offering', (id, { snapshot }) => snapshot.offerings.get(id)],
]);

/** How the entities of this subgraph are found, by their type name. */
const lookups: ReadonlyMap<unknown, Lookup> = new Map<unknown, Lookup>([
  ...catalogueLookups,
  [
    'InferenceRun',
    async (id, context) => {
      const view = await visibleRun(id, context);
      return view === null ? null : { ...view, __typename: 'InferenceRun' };
    },
  ],
]);

/**
 * `Query._entities`: one answer for each representation, in their order. An unknown id is null; a
 * representation that can't be read is an error at its own place and leaves the others alone. It
 * stands in for the library's resolver, which fails the whole list instead.
 */
export async function resolveEntities(
  _root: unknown,
  { representations }: { readonly representations: readonly Representation[] },
  context: RequestContext,
): Promise<readonly (Entity | Error | null)[]> {
  return await Promise.all(
    representations.map(async (representation) => {
      try {
        return await resolveReference(representation, context);
      } catch (error) {
        return error instanceof Error ? error : new Error(String(error));
      }
    }),
  );
}

/**
 * What {@link resolveEntities} answers, at once; undefined where a representation can't be read or names
 * something beside the catalogue.
 */
export function catalogueEntities(
  representations: readonly Representation[],
  context: RequestContext,
): readonly (Entity | null)[] | undefined {
  const entities: (Entity | null)[] = [];
  for (const { __typename: typeName, id } of representations) {
    const lookup = catalogueLookups.get(typeName);
    if (lookup === undefined || typeof id !== 'string' || id === '') return undefined;
    entities.push(lookup(id, context) ?? null);
  }
  return entities;
}

/** Finds the entity that a representation names. Never throws before it has returned a promise. */
export async function resolveReference(
  representation: Representation,
  context: RequestContext,
): Promise<Entity | null> {
  const typeName = representation['__typename'];
  if (typeof typeName !== 'string') {
    throw clientError('BAD_USER_INPUT', 'The representation needs a string `__typename`.');
  }
  const lookup = lookups.get(typeName);
  if (lookup === undefined) {
    throw clientError('BAD_USER_INPUT', 'No entity type of this name in this subgraph.');
  }
  const { id } = representation;
  if (typeof id !== 'string' || id === '') {
    throw clientError('BAD_USER_INPUT', 'The representation needs a string `id`.');
  }
  return (await lookup(id, context)) ?? null;
}
