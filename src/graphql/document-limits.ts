import type { DocumentNode, GraphQLError, GraphQLSchema } from 'graphql';
import { evaluateCost, representationCount } from './document-cost.ts';
import { operationFacts } from './document-facts.ts';
import type { OperationFacts } from './document-facts.ts';
import { clientError } from './errors.ts';
import type { ErrorCode } from './errors.ts';
import { checkVariables } from './variable-limits.ts';
import type { VariableLimits, Variables } from './variable-limits.ts';

/** What one operation may ask for. Every limit is checked before anything is executed. */
export interface DocumentLimits extends VariableLimits {
  /** Lexical tokens of a document, comments left out. */
  readonly maxTokens: number;
  /** Levels of nested fields, counted through fragments. */
  readonly maxDepth: number;
  /** Aliases, each counted as often as its fragment is spread. */
  readonly maxAliases: number;
  /** Applied directives, counted like aliases. */
  readonly maxDirectives: number;
  /** Fields selected again beside themselves, as `{ id id }` does once. */
  readonly maxRepeats: number;
  /** Fields of the root type. */
  readonly maxRootFields: number;
  /** Representations of all `_entities` fields of an operation together. */
  readonly maxRepresentations: number;
  /** Objects that the answer may hold; see `document-cost.ts`. */
  readonly maxCost: number;
  /** UTF-16 units of an operation's name. */
  readonly maxOperationNameLength: number;
}

export const defaultDocumentLimits: DocumentLimits = {
  maxTokens: 2_000,
  maxDepth: 12,
  maxAliases: 30,
  maxDirectives: 50,
  maxRepeats: 50,
  maxRootFields: 20,
  maxRepresentations: 1_000,
  maxCost: 20_000,
  maxOperationNameLength: 200,
  maxVariableDepth: 32,
  maxVariableValues: 20_000,
};

/** Levels below `__schema` and `__type`: the usual introspection query takes 15. */
const MAX_INTROSPECTION_DEPTH = 20;

/** Objects that introspection may ask for by the same estimate: the usual query takes some 16,500. */
const MAX_INTROSPECTION_COST = 20_000;

/** An operation may read the whole schema this often; each reading takes its share of the cost. */
const SCHEMA_READINGS = 4;

/**
 * What is wrong with an operation's size, before it is executed: an empty list when it may run. Takes
 * time in proportion to the document once, and to its variables afterwards; the document need not be
 * valid. Every error's code maps to HTTP 400.
 *
 * @param operationName - which operation of the document; one that selects none is left to the engine.
 */
export function checkDocument(
  document: DocumentNode,
  operationName: string | null | undefined,
  variables: Variables,
  limits: DocumentLimits,
  schema: GraphQLSchema,
): GraphQLError[] {
  const facts = operationFacts(schema, document, operationName);
  return facts === undefined ? [] : checkOperation(facts, variables, limits);
}

/** {@link checkDocument} for an operation whose facts are at hand; cheap enough for every request. */
export function checkOperation(
  facts: OperationFacts,
  variables: Variables,
  limits: DocumentLimits,
): GraphQLError[] {
  return [...checkFacts(facts, limits), ...checkWithVariables(facts, variables, limits)];
}

/** The part of {@link checkDocument} that no variable changes. */
export function checkFacts(facts: OperationFacts, limits: DocumentLimits): GraphQLError[] {
  const errors: GraphQLError[] = [];
  const limit = (code: ErrorCodeOfLimit, actual: number, allowed: number, what: string): void => {
    if (actual > allowed) errors.push(tooMuch(code, actual, allowed, what));
  };
  limit('DOCUMENT_TOO_DEEP', facts.depth, limits.maxDepth, 'levels of fields');
  limit(
    'DOCUMENT_TOO_DEEP',
    facts.introspectionDepth,
    MAX_INTROSPECTION_DEPTH,
    'levels of introspection',
  );
  limit(
    'DOCUMENT_TOO_COSTLY',
    evaluateCost(facts.introspectionCost, {}),
    MAX_INTROSPECTION_COST,
    'objects of the schema',
  );
  limit('DOCUMENT_TOO_MANY_ALIASES', facts.aliases, limits.maxAliases, 'aliases');
  limit('DOCUMENT_TOO_MANY_DIRECTIVES', facts.directives, limits.maxDirectives, 'directives');
  limit('DOCUMENT_TOO_MANY_REPEATS', facts.repeats, limits.maxRepeats, 'repeated fields');
  limit('DOCUMENT_TOO_MANY_ROOT_FIELDS', facts.rootFields, limits.maxRootFields, 'root fields');
  return errors;
}

/** The part of {@link checkDocument} that depends on variables. */
function checkWithVariables(
  facts: OperationFacts,
  variables: Variables,
  limits: DocumentLimits,
): GraphQLError[] {
  const badVariables = checkVariables(variables, limits);
  if (badVariables !== undefined) return [badVariables];

  let representations = 0;
  for (const [node, times] of facts.entityFields) {
    representations += times * representationCount(node, variables);
  }
  if (representations > limits.maxRepresentations) {
    const allowed = limits.maxRepresentations;
    return [
      tooMuch('DOCUMENT_TOO_MANY_REPRESENTATIONS', representations, allowed, 'representations'),
    ];
  }

  const readings = facts.introspectionFields + facts.serviceFields;
  const cost = evaluateCost(facts.cost, variables) + (readings * limits.maxCost) / SCHEMA_READINGS;
  if (cost > limits.maxCost) {
    return [tooMuch('DOCUMENT_TOO_COSTLY', Math.ceil(cost), limits.maxCost, 'objects')];
  }
  return [];
}

type ErrorCodeOfLimit = Extract<ErrorCode, `DOCUMENT_TOO_${string}`>;

function tooMuch(
  code: ErrorCodeOfLimit,
  actual: number,
  limit: number,
  what: string,
): GraphQLError {
  return clientError(
    code,
    `The operation asks for ${actual} ${what}; at most ${limit} are allowed.`,
    {
      limit,
      actual,
    },
  );
}
