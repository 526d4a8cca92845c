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
import { fieldCost, spreadCost } from './document-cost.ts';
import { COUNT_CEILING, NOTHING, sumSelections } from './selection-facts.ts';
import type { SelectionFacts } from './selection-facts.ts';

/**
 * What is known of an operation before its variables: computed in one walk over the document, each
 * fragment once, and kept as long as the document.
 */
export interface OperationFacts extends Omit<SelectionFacts, 'fields'> {
  readonly operation: OperationDefinitionNode;
  readonly type: 'query' | 'mutation' | 'subscription';
  readonly name: string | undefined;
  /** Fields of the root type, through fragments. */
  readonly rootFields: number;
}

/** Deeper than any limit; a walk stops here, so that no document can exhaust the stack. */
const WALK_CEILING = 1_000;

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
    const { fields, ...selected } = this.#selectionSet(operation.selectionSet, rootType, 0);
    const onVariables = operation.variableDefinitions?.reduce(
      (sum, definition) => sum + (definition.directives?.length ?? 0),
      0,
    );
    return {
      ...selected,
      operation,
      type: typeOf(operation.operation),
      name: operation.name?.value,
      directives: selected.directives + (operation.directives?.length ?? 0) + (onVariables ?? 0),
      rootFields: fields,
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
      entityFields: name === '_entities' ? new Map([[node, 1]]) : NOTHING.entityFields,
      cost: fieldCost(node, field, this.#operation, inner.cost),
    };
  }

  #compositeType(name: string): GraphQLCompositeType | undefined {
    const type = this.#schema.getType(name);
    return isCompositeType(type) ? type : undefined;
  }
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
