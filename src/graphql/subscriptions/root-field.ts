import { Kind, visit } from 'graphql';
import type { DocumentNode, FieldNode, OperationDefinitionNode, SelectionSetNode } from 'graphql';

import { clientError } from '../errors.ts';
import type { OperationFacts } from '../document-facts.ts';
import type { Variables } from '../variable-limits.ts';

/**
 * The one field that a valid subscription selects.
 *
 * @throws a BAD_USER_INPUT error when directives could leave it out: what a subscription is about may not
 * depend on variables.
 */
export function rootFieldOf(document: DocumentNode, operation: OperationDefinitionNode): FieldNode {
  const field = firstField(document, operation.selectionSet);
  if (field === undefined) throw clientError('BAD_USER_INPUT', 'The subscription has no field.');
  return field;
}

/**
 * The same for all subscriptions that get the same results: the text, the operation and the variables,
 * but for a cursor, which says only where to begin.
 */
export function sharingKeyOf({
  query,
  document,
  facts: { operation, name },
  variables,
}: {
  readonly query: string;
  readonly document: DocumentNode;
  readonly facts: OperationFacts;
  readonly variables: Variables;
}): string {
  const cursorName = cursorVariableOf(document, operation);
  const telling = Object.entries(variables).filter(([variable]) => variable !== cursorName);
  return JSON.stringify([name, telling, query]);
}

function firstField(document: DocumentNode, set: SelectionSetNode): FieldNode | undefined {
  for (const selection of set.selections) {
    if ((selection.directives?.length ?? 0) > 0) {
      throw clientError('BAD_USER_INPUT', 'The field of a subscription takes no directives.');
    }
    const field =
      selection.kind === Kind.FIELD ? selection : firstField(document, setOf(document, selection));
    if (field !== undefined) return field;
  }
  return undefined;
}

function setOf(
  document: DocumentNode,
  selection: Exclude<SelectionSetNode['selections'][number], FieldNode>,
): SelectionSetNode {
  if (selection.kind === Kind.INLINE_FRAGMENT) return selection.selectionSet;
  const fragment = document.definitions.find(
    (definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION &&
      definition.name.value === selection.name.value,
  );
  if (fragment?.kind !== Kind.FRAGMENT_DEFINITION) throw new Error('A valid document has it');
  return fragment.selectionSet;
}

const cursorVariables = new WeakMap<OperationDefinitionNode, string | undefined>();

/** The variable that is the `after` of the root field and nothing else. */
function cursorVariableOf(
  document: DocumentNode,
  operation: OperationDefinitionNode,
): string | undefined {
  if (!cursorVariables.has(operation)) {
    cursorVariables.set(operation, findCursorVariable(document, operation));
  }
  return cursorVariables.get(operation);
}

function findCursorVariable(
  document: DocumentNode,
  operation: OperationDefinitionNode,
): string | undefined {
  const { arguments: given } = rootFieldOf(document, operation);
  const value = given?.find(({ name }) => name.value === 'after')?.value;
  if (value?.kind !== Kind.VARIABLE) return undefined;
  const { value: variable } = value.name;
  let uses = 0;
  visit(document, {
    VariableDefinition: () => false,
    Variable: ({ name }) => {
      if (name.value === variable) uses += 1;
    },
  });
  return uses === 1 ? variable : undefined;
}
