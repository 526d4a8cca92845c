import { Kind, valueFromASTUntyped } from 'graphql';
import type {
  DocumentNode,
  FieldNode,
  FragmentDefinitionNode,
  InlineFragmentNode,
  OperationDefinitionNode,
  SelectionSetNode,
} from 'graphql';

import type { OfferingChange } from '../catalogue/offering-changes.ts';
import type { OfferingEntry, Snapshot } from '../catalogue/snapshot.ts';

/**
 * The part of an answer's `extensions` by which a router's cache knows what the answer shows: one list for
 * the root fields, or one for each entity in the order of the representations.
 */
export type CacheTags =
  | { readonly apolloCacheTags: readonly string[] }
  | { readonly apolloEntityCacheTags: readonly (readonly string[])[] };

type EntityType = 'Offering' | 'Model' | 'Provider';

/** What everything carries that shows rows which it does not name: lists above all. */
const catalogueTag = 'catalogue';

/**
 * The tags that a change makes stale: those of the offering, of the model and the provider that sum their
 * offerings up, and of every list.
 */
export function tagsOfChange({ before, after }: OfferingChange): readonly string[] {
  const row = after ?? before;
  return row === undefined ? [] : [...rowTags(row), catalogueTag];
}

function rowTags({ id, model, provider }: OfferingEntry): readonly string[] {
  return [tagOf('Offering', id), tagOf('Model', model.id), tagOf('Provider', provider.id)];
}

function tagOf(type: EntityType, id: string): string {
  return `${type.toLowerCase()}-${id}`;
}

/** Longer ids belong to nothing here, and are not repeated in an answer. */
const longestId = 300;

/** The root fields that show one row, by the type of the row. */
const rowFields: ReadonlyMap<string, EntityType> = new Map([
  ['offering', 'Offering'],
  ['model', 'Model'],
  ['provider', 'Provider'],
]);

/** Fields of entities that no change of an offering touches. */
const constantFields: ReadonlySet<string> = new Set(['__typename', 'id', 'name', 'kind']);

/** What a selection on an entity shows beside the entity's own row. */
interface Reach {
  /** The offering's model. */
  readonly model: boolean;
  /** The offering's provider. */
  readonly provider: boolean;
  /** Other rows. */
  readonly others: boolean;
}

/** How the tags of one root field are found. */
type RootPlan =
  | { readonly kind: 'LIST' }
  | {
      readonly kind: 'ROW';
      readonly type: EntityType;
      readonly field: FieldNode;
      readonly reach: Reach;
    }
  | {
      readonly kind: 'ENTITIES';
      readonly field: FieldNode;
      readonly reaches: ReadonlyMap<unknown, Reach>;
    };

const plans = new WeakMap<OperationDefinitionNode, readonly RootPlan[]>();

/**
 * The tags of the answer to a query that {@link cachePolicyOf} calls public; undefined where it shows no row.
 * Beside a list of entities nothing else is tagged: routers ask for nothing beside it.
 */
export function cacheTagsOf(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  inputs: Readonly<Record<string, unknown>>,
  snapshot: Snapshot,
): CacheTags | undefined {
  let plan = plans.get(operation);
  if (plan === undefined) plans.set(operation, (plan = planOf(document, operation)));
  const variables = withDefaults(operation, inputs);
  const tags = new Set<string>();
  for (const root of plan) {
    if (root.kind === 'ENTITIES') {
      return plan.length > 1
        ? undefined
        : { apolloEntityCacheTags: entityTags(root, variables, snapshot) };
    }
    if (root.kind === 'LIST') {
      tags.add(catalogueTag);
      continue;
    }
    const id = idOf(argumentOf(root.field, 'id', variables));
    const row = root.type === 'Model' ? (modelOf(id, snapshot)?.id ?? id) : id;
    for (const tag of tagsOfRow(root.type, row, root.reach, snapshot)) tags.add(tag);
  }
  return tags.size === 0 ? undefined : { apolloCacheTags: [...tags] };
}

function entityTags(
  { field, reaches }: RootPlan & { readonly kind: 'ENTITIES' },
  variables: Readonly<Record<string, unknown>>,
  snapshot: Snapshot,
): readonly (readonly string[])[] {
  const representations = argumentOf(field, 'representations', variables);
  const list = Array.isArray(representations) ? representations : [representations];
  return list.map((representation: { readonly __typename?: unknown; readonly id?: unknown }) => {
    const { __typename: type, id } = representation;
    const reach = reaches.get(type);
    return reach === undefined ? [] : tagsOfRow(type as EntityType, idOf(id), reach, snapshot);
  });
}

/** A row that does not exist has its tag too: once it does, the answer that it does not is stale. */
function tagsOfRow(
  type: EntityType,
  id: string | undefined,
  { model, provider, others }: Reach,
  { offerings }: Snapshot,
): readonly string[] {
  if (id === undefined) return [];
  const offering = type === 'Offering' ? offerings.get(id) : undefined;
  return [
    tagOf(type, id),
    ...(offering !== undefined && model ? [tagOf('Model', offering.model.id)] : []),
    ...(offering !== undefined && provider ? [tagOf('Provider', offering.provider.id)] : []),
    ...(others ? [catalogueTag] : []),
  ];
}

function modelOf(id: string | undefined, { models, modelsByAlias }: Snapshot) {
  return id === undefined ? undefined : (models.get(id) ?? modelsByAlias.get(id.toLowerCase()));
}

function idOf(value: unknown): string | undefined {
  const id = typeof value === 'number' ? String(value) : value;
  return typeof id === 'string' && id !== '' && id.length <= longestId ? id : undefined;
}

function argumentOf(
  field: FieldNode,
  name: string,
  variables: Readonly<Record<string, unknown>>,
): unknown {
  const argument = field.arguments?.find((given) => given.name.value === name);
  return argument === undefined ? undefined : valueFromASTUntyped(argument.value, variables);
}

function withDefaults(
  { variableDefinitions = [] }: OperationDefinitionNode,
  inputs: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const defaults: Record<string, unknown> = {};
  for (const { variable, defaultValue } of variableDefinitions) {
    if (defaultValue !== undefined)
      defaults[variable.name.value] = valueFromASTUntyped(defaultValue);
  }
  return { ...defaults, ...inputs };
}

function planOf(
  { definitions }: DocumentNode,
  { selectionSet }: OperationDefinitionNode,
): readonly RootPlan[] {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION)
      fragments.set(definition.name.value, definition);
  }
  const roots = fieldsOf(selectionSet, 'Query', fragments);
  const showing = roots.filter(({ name }) => name.value !== '__typename');
  return showing.map((field): RootPlan => {
    const name = field.name.value;
    if (name === '_entities') {
      const types: readonly EntityType[] = ['Offering', 'Model', 'Provider'];
      const reaches = new Map(
        types.map((type) => [type, reachOf(field, type, fragments)] as const),
      );
      return { kind: 'ENTITIES', field, reaches };
    }
    const type = rowFields.get(name);
    return type === undefined
      ? { kind: 'LIST' }
      : { kind: 'ROW', type, field, reach: reachOf(field, type, fragments) };
  });
}

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

function reachOf({ selectionSet }: FieldNode, type: EntityType, fragments: Fragments): Reach {
  const moving = fieldsOf(selectionSet, type, fragments).filter((field) =>
    isMoving(field, fragments),
  );
  const ofOffering = (name: string): readonly FieldNode[] =>
    type === 'Offering' ? moving.filter((field) => field.name.value === name) : [];
  const [models, providers] = [ofOffering('model'), ofOffering('provider')];
  const rest = moving.filter((field) => !models.includes(field) && !providers.includes(field));
  return {
    model: models.length > 0,
    provider: providers.length > 0,
    others:
      rest.some(({ name }) => name.value === 'replacement') ||
      moving.some((field) => showsOtherRows(field, fragments)),
  };
}

/** Fields that lead from a row to another one that it does not sum up. */
const leadingFields: ReadonlySet<string> = new Set(['model', 'provider', 'replacement']);

/** Whether, at any depth, something is shown of rows that the tag of the row above does not stand for. */
function showsOtherRows({ selectionSet }: FieldNode, fragments: Fragments): boolean {
  return fieldsOf(selectionSet, undefined, fragments).some(
    (field) =>
      (leadingFields.has(field.name.value) && isMoving(field, fragments)) ||
      showsOtherRows(field, fragments),
  );
}

/** Whether a field shows more than constants. */
function isMoving({ name, selectionSet }: FieldNode, fragments: Fragments): boolean {
  if (selectionSet === undefined) return !constantFields.has(name.value);
  return fieldsOf(selectionSet, undefined, fragments).some((field) => isMoving(field, fragments));
}

/**
 * The fields that a selection has on a type, whatever its conditions; on every type where none is given. A
 * fragment counts once, however often it is spread.
 */
function fieldsOf(
  selectionSet: SelectionSetNode | undefined,
  type: string | undefined,
  fragments: Fragments,
  spread = new Set<string>(),
): readonly FieldNode[] {
  return (selectionSet?.selections ?? []).flatMap((selection): readonly FieldNode[] => {
    if (selection.kind === Kind.FIELD) return [selection];
    let fragment: FragmentDefinitionNode | InlineFragmentNode | undefined;
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      fragment = selection;
    } else if (!spread.has(selection.name.value)) {
      spread.add(selection.name.value);
      fragment = fragments.get(selection.name.value);
    }
    const condition = fragment?.typeCondition?.name.value;
    const isOfAnother = type !== undefined && condition !== undefined && condition !== type;
    // An abstract type may hold any of them.
    if (fragment === undefined || (isOfAnother && entityTypes.has(condition))) return [];
    return fieldsOf(fragment.selectionSet, type, fragments, spread);
  });
}

const entityTypes: ReadonlySet<string> = new Set(['Offering', 'Model', 'Provider', 'InferenceRun']);
