import {
  Kind,
  OperationTypeNode,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  getNamedType,
  isCompositeType,
} from 'graphql';
import type {
  DocumentNode,
  FieldNode,
  FragmentDefinitionNode,
  GraphQLCompositeType,
  GraphQLField,
  GraphQLSchema,
  OperationDefinitionNode,
  SelectionSetNode,
} from 'graphql';
import { FREE, fieldCost, spreadCost, sumCosts } from './document-cost.ts';
import type { CostPlan } from './document-cost.ts';

/**
 * What is known of an operation before its variables: computed in one walk over the document, each
 * fragment once, and kept as long as the document.
 */
export interface OperationFacts {
  readonly operation: OperationDefinitionNode;
  readonly type: 'query' | 'mutation' | 'subscription';
  readonly name: string | undefined;
  /** Levels of nested fields, through fragments; introspection is counted apart. */
  readonly depth: number;
  /** The same within `__schema` and `__type`. */
  readonly introspectionDepth: number;
  /** Aliases, each counted as often as its fragment is spread. */
  readonly aliases: number;
  readonly directives: number;
  /** Fields selected again beside themselves; comparing them in pairs is what makes validation slow. */
  readonly repeats: number;
  /** Fields of the root type, through fragments. */
  readonly rootFields: number;
  /** `__schema` and `__type` fields. */
  readonly introspectionFields: number;
  /** What they ask for, in objects, counted like {@link cost}. */
  readonly introspectionCost: CostPlan;
  /** `_service` fields. */
  readonly serviceFields: number;
  /** `_entities` fields with how often each is selected. */
  readonly entityFields: ReadonlyMap<FieldNode, number>;
  /** The cost without introspection and `_service`. */
  readonly cost: CostPlan;
}

/** Deeper than any limit; a walk stops here, so that no document can exhaust the stack. */
const WALK_CEILING = 1_000;

/** Keeps counts finite where fragments spread one another many times. */
const COUNT_CEILING = 1e9;

type FactsBySchema = Map<GraphQLSchema, Map<string | null, OperationFacts>>;

const factsByDocument = new WeakMap<DocumentNode, FactsBySchema>();

/**
 * The facts of the operation that `operationName` selects; undefined when it selects none. Works on
 * documents that are not validated, with unknown fields, unknown fragments and fragment cycles.
 */
export function operationFacts(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
): OperationFacts | undefined {
  let bySchema = factsByDocument.get(document);
  if (bySchema === undefined) factsByDocument.set(document, (bySchema = new Map()));
  let byName = bySchema.get(schema);
  if (byName === undefined) bySchema.set(schema, (byName = new Map()));

  const key = operationName ?? null;
  const known = byName.get(key);
  if (known !== undefined) return known;
  const operation = selectOperation(document, operationName);
  if (operation === undefined) return undefined;
  const facts = new OperationWalk(schema, document, operation).facts();
  byName.set(key, facts);
  return facts;
}

function selectOperation(
  document: DocumentNode,
  operationName: string | null | undefined,
): OperationDefinitionNode | undefined {
  const operations = document.definitions.filter(
    (definition) => definition.kind === Kind.OPERATION_DEFINITION,
  );
  if (operationName === null || operationName === undefined) {
    return operations.length === 1 ? operations[0] : undefined;
  }
  return operations.find((operation) => operation.name?.value === operationName);
}

/** The facts of a selection set, as its parent sees it. */
interface SelectionFacts {
  readonly depth: number;
  readonly introspectionDepth: number;
  readonly aliases: number;
  readonly directives: number;
  readonly repeats: number;
  readonly fields: number;
  readonly introspectionFields: number;
  readonly introspectionCost: CostPlan;
  readonly serviceFields: number;
  readonly entityFields: ReadonlyMap<FieldNode, number>;
  readonly cost: CostPlan;
}

const NO_ENTITY_FIELDS: ReadonlyMap<FieldNode, number> = new Map();

const NOTHING: SelectionFacts = {
  depth: 0,
  introspectionDepth: 0,
  aliases: 0,
  directives: 0,
  repeats: 0,
  fields: 0,
  introspectionFields: 0,
  introspectionCost: FREE,
  serviceFields: 0,
  entityFields: NO_ENTITY_FIELDS,
  cost: FREE,
};

/** The response names met so far in one selection set, each under the type condition it stands in. */
interface Neighbours {
  readonly seen: Set<string>;
  readonly scope: string;
}

class OperationWalk {
  readonly #schema: GraphQLSchema;
  readonly #operation: OperationDefinitionNode;
  readonly #fragments = new Map<string, FragmentDefinitionNode>();
  readonly #walkedFragments = new Map<string, SelectionFacts>();

  constructor(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) {
    this.#schema = schema;
    this.#operation = operation;
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) {
        this.#fragments.set(definition.name.value, definition);
      }
    }
  }

  facts(): OperationFacts {
    const operation = this.#operation;
    const rootType = this.#schema.getRootType(operation.operation) ?? undefined;
    const selected = this.#selectionSet(operation.selectionSet, rootType, 0);
    const onVariables = operation.variableDefinitions?.reduce(
      (sum, definition) => sum + (definition.directives?.length ?? 0),
      0,
    );
    return {
      operation,
      type: typeOf(operation.operation),
      name: operation.name?.value,
      depth: selected.depth,
      introspectionDepth: selected.introspectionDepth,
      aliases: selected.aliases,
      directives: selected.directives + (operation.directives?.length ?? 0) + (onVariables ?? 0),
      repeats: selected.repeats,
      rootFields: selected.fields,
      introspectionFields: selected.introspectionFields,
      introspectionCost: selected.introspectionCost,
      serviceFields: selected.serviceFields,
      entityFields: selected.entityFields,
      cost: selected.cost,
    };
  }

  #selectionSet(
    set: SelectionSetNode,
    type: GraphQLCompositeType | undefined,
    level: number,
    beside: Neighbours = { seen: new Set(), scope: '' },
  ): SelectionFacts {
    if (level > WALK_CEILING) return { ...NOTHING, depth: COUNT_CEILING };
    const parts: SelectionFacts[] = [];
    for (const selection of set.selections) {
      const directives = selection.directives?.length ?? 0;
      switch (selection.kind) {
        case Kind.FIELD:
          parts.push(this.#field(selection, type, directives, level, beside));
          break;
        case Kind.INLINE_FRAGMENT: {
          const condition = selection.typeCondition?.name.value;
          const inner = condition === undefined ? type : this.#compositeType(condition);
          const facts = this.#selectionSet(selection.selectionSet, inner, level + 1, {
            seen: beside.seen,
            scope: condition ?? beside.scope,
          });
          parts.push({ ...facts, directives: facts.directives + directives });
          break;
        }
        case Kind.FRAGMENT_SPREAD: {
          const facts = this.#fragment(selection.name.value, level);
          parts.push({
            ...facts,
            directives: facts.directives + directives,
            introspectionCost: spreadCost(facts.introspectionCost),
            cost: spreadCost(facts.cost),
          });
          break;
        }
      }
    }
    return sumSelections(parts);
  }

  #fragment(name: string, level: number): SelectionFacts {
    const walked = this.#walkedFragments.get(name);
    if (walked !== undefined) return walked;
    const fragment = this.#fragments.get(name);
    if (fragment === undefined) return NOTHING;
    // Stands in while the fragment is walked, which ends cycles; validation reports them.
    this.#walkedFragments.set(name, NOTHING);
    const type = this.#compositeType(fragment.typeCondition.name.value);
    const facts = this.#selectionSet(fragment.selectionSet, type, level + 1);
    const directives = facts.directives + (fragment.directives?.length ?? 0);
    const whole = { ...facts, directives };
    this.#walkedFragments.set(name, whole);
    return whole;
  }

  #field(
    node: FieldNode,
    parent: GraphQLCompositeType | undefined,
    directives: number,
    level: number,
    { seen, scope }: Neighbours,
  ): SelectionFacts {
    const name = node.name.value;
    const key = `${scope}.${node.alias?.value ?? name}`;
    const own = {
      ...NOTHING,
      fields: 1,
      aliases: node.alias === undefined ? 0 : 1,
      directives,
      repeats: seen.has(key) ? 1 : 0,
    };
    seen.add(key);
    if (node.selectionSet === undefined) return { ...own, depth: 1 };

    const field = fieldOf(parent, name);
    const fieldType = field === undefined ? undefined : getNamedType(field.type);
    const type = isCompositeType(fieldType) ? fieldType : undefined;
    const inner = this.#selectionSet(node.selectionSet, type, level + 1);
    const counted = {
      ...own,
      aliases: own.aliases + inner.aliases,
      directives: directives + inner.directives,
      repeats: own.repeats + inner.repeats,
    };
    if (name === '__schema' || name === '__type') {
      return {
        ...counted,
        depth: 1,
        introspectionDepth: 1 + inner.depth,
        introspectionFields: 1,
        introspectionCost: fieldCost(node, field, this.#operation, inner.cost),
      };
    }
    const nested = {
      ...counted,
      depth: 1 + inner.depth,
      introspectionDepth: inner.introspectionDepth,
      introspectionFields: inner.introspectionFields,
      introspectionCost: inner.introspectionCost,
    };
    if (name === '_service') return { ...nested, serviceFields: 1 };
    return {
      ...nested,
      entityFields: name === '_entities' ? new Map([[node, 1]]) : NO_ENTITY_FIELDS,
      cost: fieldCost(node, field, this.#operation, inner.cost),
    };
  }

  #compositeType(name: string): GraphQLCompositeType | undefined {
    const type = this.#schema.getType(name);
    return isCompositeType(type) ? type : undefined;
  }
}

function sumSelections(parts: readonly SelectionFacts[]): SelectionFacts {
  const only = parts.length === 1 ? parts[0] : undefined;
  if (only !== undefined) return only;
  const sum = {
    depth: 0,
    introspectionDepth: 0,
    aliases: 0,
    directives: 0,
    repeats: 0,
    fields: 0,
    introspectionFields: 0,
    serviceFields: 0,
  };
  let entityFields: Map<FieldNode, number> | undefined;
  for (const part of parts) {
    sum.depth = Math.max(sum.depth, part.depth);
    sum.introspectionDepth = Math.max(sum.introspectionDepth, part.introspectionDepth);
    sum.aliases = bounded(sum.aliases + part.aliases);
    sum.directives = bounded(sum.directives + part.directives);
    sum.repeats = bounded(sum.repeats + part.repeats);
    sum.fields = bounded(sum.fields + part.fields);
    sum.introspectionFields = bounded(sum.introspectionFields + part.introspectionFields);
    sum.serviceFields = bounded(sum.serviceFields + part.serviceFields);
    for (const [node, times] of part.entityFields) {
      entityFields ??= new Map();
      entityFields.set(node, bounded((entityFields.get(node) ?? 0) + times));
    }
  }
  return {
    ...sum,
    introspectionCost: sumCosts(parts.map(({ introspectionCost }) => introspectionCost)),
    entityFields: entityFields ?? NO_ENTITY_FIELDS,
    cost: sumCosts(parts.map(({ cost }) => cost)),
  };
}

function fieldOf(
  parent: GraphQLCompositeType | undefined,
  name: string,
): GraphQLField<unknown, unknown> | undefined {
  if (name === '__schema') return SchemaMetaFieldDef;
  if (name === '__type') return TypeMetaFieldDef;
  return parent !== undefined && 'getFields' in parent ? parent.getFields()[name] : undefined;
}

function typeOf(operation: OperationTypeNode): OperationFacts['type'] {
  switch (operation) {
    case OperationTypeNode.QUERY:
      return 'query';
    case OperationTypeNode.MUTATION:
      return 'mutation';
    case OperationTypeNode.SUBSCRIPTION:
      return 'subscription';
  }
}

function bounded(count: number): number {
  return Math.min(count, COUNT_CEILING);
}
