import { Kind, OperationTypeNode, visit, BREAK } from 'graphql';
import type { DocumentNode, OperationDefinitionNode } from 'graphql';

/**
 * How long the answer to an operation stays the same for everybody.
 *
 * - `SNAPSHOT`: as long as the catalogue's snapshot says the same.
 * - `BRIEF`: it shows ages or the store, which move by themselves; a second at most.
 */
export type CachePolicy = 'SNAPSHOT' | 'BRIEF';

/** Root fields whose answers depend on the catalogue alone. Everything else belongs to its caller. */
const publicRootFields: ReadonlySet<string> = new Set([
  'providers',
  'provider',
  'models',
  'model',
  'offerings',
  'offering',
  '_entities',
  '__typename',
]);

/** Fields that change without a new snapshot. */
const briefFields: ReadonlySet<string> = new Set([
  'ageSeconds',
  'feeds',
  'priceHistory',
  'priceAt',
]);

/** The entity that belongs to its caller. */
const privateEntity = 'InferenceRun';

const policies = new WeakMap<OperationDefinitionNode, CachePolicy | undefined>();

/** The policy for an operation with its variables; undefined when its answer must not be shared. */
export function cachePolicyOf(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): CachePolicy | undefined {
  if (!policies.has(operation)) policies.set(operation, staticPolicyOf(document, operation));
  const policy = policies.get(operation);
  return policy !== undefined && JSON.stringify(variables).includes(privateEntity)
    ? undefined
    : policy;
}

function staticPolicyOf(
  document: DocumentNode,
  operation: OperationDefinitionNode,
): CachePolicy | undefined {
  if (operation.operation !== OperationTypeNode.QUERY) return undefined;
  // Root fields inside fragments are rare; such a document is simply not kept.
  const hasOnlyPublicRoots = operation.selectionSet.selections.every(
    (selection) => selection.kind === Kind.FIELD && publicRootFields.has(selection.name.value),
  );
  if (!hasOnlyPublicRoots) return undefined;
  let policy: CachePolicy | undefined = 'SNAPSHOT';
  visit(document, {
    enter(node) {
      if (node.kind === Kind.FIELD && briefFields.has(node.name.value)) policy = 'BRIEF';
      const namesPrivateEntity =
        // An enum value stands for its name where any value is taken, as in a representation.
        ((node.kind === Kind.STRING || node.kind === Kind.ENUM) &&
          node.value.includes(privateEntity)) ||
        (node.kind === Kind.NAMED_TYPE && node.name.value === privateEntity);
      if (!namesPrivateEntity) return undefined;
      policy = undefined;
      return BREAK;
    },
  });
  return policy;
}
