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

/** What an operation's own text says of its answer. */
interface TextPolicy {
  readonly policy: CachePolicy;
  /** Whether its variables may name entities. */
  readonly takesEntities: boolean;
}

const policies = new WeakMap<OperationDefinitionNode, TextPolicy | undefined>();

/** The policy for an operation with its variables; undefined when its answer must not be shared. */
export function cachePolicyOf(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): CachePolicy | undefined {
  let known = policies.get(operation);
  if (known === undefined && !policies.has(operation)) {
    known = textPolicyOf(document, operation);
    policies.set(operation, known);
  }
  if (known === undefined) return undefined;
  return known.takesEntities && Object.values(variables).some(namesPrivateEntity)
    ? undefined
    : known.policy;
}

/**
 * Whether a variable names the private entity: as a list of representations, as one of them, or as the type
 * name within one that the document writes out.
 */
function namesPrivateEntity(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(namesPrivateEntity);
  if (typeof value !== 'object' || value === null) return value === privateEntity;
  return (value as { readonly __typename?: unknown }).__typename === privateEntity;
}

function textPolicyOf(
  document: DocumentNode,
  operation: OperationDefinitionNode,
): TextPolicy | undefined {
  const policy = staticPolicyOf(document, operation);
  if (policy === undefined) return undefined;
  const takesEntities = operation.selectionSet.selections.some(
    (selection) => selection.kind === Kind.FIELD && selection.name.value === '_entities',
  );
  return { policy, takesEntities };
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
