import { Kind, isListType, isNonNullType } from 'graphql';
import type { FieldNode, GraphQLField, OperationDefinitionNode, ValueNode } from 'graphql';
import type { Variables } from './variable-limits.ts';

/** Objects that a list is taken to hold where no argument says how many. */
const ASSUMED_LIST_SIZE = 10;

/** Page size of a paginated field that is asked without `first` and `last`. */
const DEFAULT_PAGE_SIZE = 20;

/** The largest page that a paginated field serves; it refuses more, so more costs nothing. */
const MAX_PAGE_SIZE = 100;

/** Keeps sums and products finite, so that nothing becomes NaN. */
const COST_CEILING = 1e15;

/**
 * What a selection set costs, in objects: every object that an answer may hold counts 1, scalars 0, and
 * the contents of a list count once for each item.
 *
 * `fixed` is independent of the parent; `perItem` is what one item of the lists directly in this set
 * costs, because it is the parent's page size that says how many items those lists hold (`edges` and
 * `nodes` of a connection). `dynamic` holds what depends on variables.
 */
export interface CostPlan {
  readonly fixed: number;
  readonly perItem: number;
  readonly dynamic: readonly DynamicCost[];
}

/** A field whose cost is known with the variables only, or a fragment that contains one. */
type DynamicCost =
  | {
      readonly kind: 'FIELD';
      readonly shape: FieldShape;
      readonly size: Size;
      readonly inner: CostPlan;
    }
  | { readonly kind: 'FRAGMENT'; readonly inner: CostPlan };

/**
 * How a field multiplies what it contains: `OBJECT` hands its page size to the lists inside, `SIZED_LIST`
 * holds as many items as its own argument says, `LIST` as many as the parent's page size says.
 */
type FieldShape = 'OBJECT' | 'SIZED_LIST' | 'LIST';

/** A number of items: known from the document, or the greatest of what variables will say. */
type Size = number | readonly (number | VariableSize)[];

interface VariableSize {
  readonly variable: string;
  /** Takes effect when the variable is absent. */
  readonly fallback: number;
  /** Whether the variable is a number of items or the list of items itself. */
  readonly counts: 'VALUE' | 'LENGTH';
}

export const FREE: CostPlan = { fixed: 0, perItem: 0, dynamic: [] };

/** A flat cost, in objects, whatever is selected inside. */
function flatCost(cost: number): CostPlan {
  return { fixed: cost, perItem: 0, dynamic: [] };
}

/** The cost of selections beside each other in one selection set. */
export function sumCosts(parts: readonly CostPlan[]): CostPlan {
  let fixed = 0;
  let perItem = 0;
  const dynamic: DynamicCost[] = [];
  for (const part of parts) {
    fixed = ceiling(fixed + part.fixed);
    perItem = ceiling(perItem + part.perItem);
    dynamic.push(...part.dynamic);
  }
  return { fixed, perItem, dynamic };
}

/**
 * The cost of a fragment where it is spread. One that depends on variables stays a single shared node,
 * so that a plan never grows beyond the document it comes from.
 */
export function spreadCost(inner: CostPlan): CostPlan {
  if (inner.dynamic.length === 0) return inner;
  return { fixed: 0, perItem: 0, dynamic: [{ kind: 'FRAGMENT', inner }] };
}

/** The cost of a field that has a selection set. */
export function fieldCost(
  node: FieldNode,
  field: GraphQLField<unknown, unknown> | undefined,
  operation: OperationDefinitionNode,
  inner: CostPlan,
): CostPlan {
  const ownSize = ownSizeOf(node, field, operation);
  const shape = shapeOf(field, ownSize !== undefined);
  const size = ownSize ?? ASSUMED_LIST_SIZE;
  if (typeof size === 'number' && inner.dynamic.length === 0) {
    return fieldTotal(shape, size, inner.fixed, inner.perItem);
  }
  return { fixed: 0, perItem: 0, dynamic: [{ kind: 'FIELD', shape, size, inner }] };
}

/** What an operation costs with these variables, in objects. */
export function evaluateCost(plan: CostPlan, variables: Variables): number {
  const total = evaluate(plan, variables, new Map());
  return ceiling(total.fixed + total.perItem * ASSUMED_LIST_SIZE);
}

/** How many representations an `_entities` field asks for, inline or by a variable. */
export function representationCount(node: FieldNode, variables: Variables): number {
  return sizeWith(representationsOf(node), variables);
}

function representationsOf(node: FieldNode): Size {
  const value = argumentValue(node, 'representations');
  if (value === undefined) return 0;
  if (value.kind === Kind.LIST) return value.values.length;
  if (value.kind !== Kind.VARIABLE) return 1;
  return [{ variable: value.name.value, fallback: 0, counts: 'LENGTH' }];
}

interface CostTotal {
  readonly fixed: number;
  readonly perItem: number;
}

function evaluate(
  plan: CostPlan,
  variables: Variables,
  known: Map<CostPlan, CostTotal>,
): CostTotal {
  let { fixed, perItem } = plan;
  for (const part of plan.dynamic) {
    let total = known.get(part.inner);
    if (total === undefined) {
      total = evaluate(part.inner, variables, known);
      if (part.kind === 'FRAGMENT') known.set(part.inner, total);
    }
    const added =
      part.kind === 'FRAGMENT'
        ? total
        : fieldTotal(part.shape, sizeWith(part.size, variables), total.fixed, total.perItem);
    fixed = ceiling(fixed + added.fixed);
    perItem = ceiling(perItem + added.perItem);
  }
  return { fixed, perItem };
}

function fieldTotal(shape: FieldShape, size: number, fixed: number, perItem: number): CostPlan {
  switch (shape) {
    case 'OBJECT':
      return flatCost(ceiling(1 + fixed + perItem * size));
    case 'SIZED_LIST':
      return flatCost(ceiling(size * (1 + fixed + perItem * ASSUMED_LIST_SIZE)));
    case 'LIST':
      return { fixed: 0, perItem: ceiling(1 + fixed + perItem * ASSUMED_LIST_SIZE), dynamic: [] };
  }
}

function shapeOf(
  field: GraphQLField<unknown, unknown> | undefined,
  hasOwnSize: boolean,
): FieldShape {
  if (field === undefined) return 'OBJECT';
  const type = isNonNullType(field.type) ? field.type.ofType : field.type;
  if (!isListType(type)) return 'OBJECT';
  return hasOwnSize ? 'SIZED_LIST' : 'LIST';
}

function ownSizeOf(
  node: FieldNode,
  field: GraphQLField<unknown, unknown> | undefined,
  operation: OperationDefinitionNode,
): Size | undefined {
  if (node.name.value === '_entities') return representationsOf(node);
  const isPaged = field?.args.some(({ name }) => name === 'first' || name === 'last') ?? false;
  if (!isPaged) return undefined;
  const given = ['first', 'last'].flatMap((name) => pageSizeOf(node, name, operation) ?? []);
  if (given.length === 0) return DEFAULT_PAGE_SIZE;
  const numbers = given.filter((size) => typeof size === 'number');
  return numbers.length === given.length ? Math.max(...numbers) : given;
}

function pageSizeOf(
  node: FieldNode,
  name: string,
  operation: OperationDefinitionNode,
): number | VariableSize | undefined {
  const value = argumentValue(node, name);
  if (value === undefined) return undefined;
  if (value.kind === Kind.VARIABLE) {
    const variable = value.name.value;
    const definition = operation.variableDefinitions?.find(
      (candidate) => candidate.variable.name.value === variable,
    );
    const fallback = literalPageSize(definition?.defaultValue) ?? DEFAULT_PAGE_SIZE;
    return { variable, fallback, counts: 'VALUE' };
  }
  return literalPageSize(value);
}

function literalPageSize(value: ValueNode | undefined): number | undefined {
  return value?.kind === Kind.INT ? pageSize(Number(value.value)) : undefined;
}

function sizeWith(size: Size, variables: Variables): number {
  if (typeof size === 'number') return size;
  return Math.max(
    ...size.map((part) => (typeof part === 'number' ? part : variableSize(part, variables))),
  );
}

function variableSize({ variable, fallback, counts }: VariableSize, variables: Variables): number {
  const value = Object.hasOwn(variables, variable) ? variables[variable] : undefined;
  if (value === undefined || value === null) return fallback;
  if (counts === 'LENGTH') return Array.isArray(value) ? value.length : 1;
  return typeof value === 'number' ? pageSize(value) : fallback;
}

function pageSize(asked: number): number {
  return Number.isNaN(asked) ? DEFAULT_PAGE_SIZE : Math.min(Math.max(asked, 0), MAX_PAGE_SIZE);
}

function argumentValue(node: FieldNode, name: string): ValueNode | undefined {
  return node.arguments?.find((argument) => argument.name.value === name)?.value;
}

function ceiling(cost: number): number {
  return Math.min(cost, COST_CEILING);
}
