import { Kind, getVariableValues, visit } from 'graphql';
import type {
  DocumentNode,
  FragmentDefinitionNode,
  GraphQLSchema,
  OperationDefinitionNode,
} from 'graphql';

import { compileVariables, notCoerced } from './coercion.ts';
import type { CoerceVariables } from './coercion.ts';
import type { FragmentCache } from './fragment-cache.ts';
import { NotCompiled } from './json-writers.ts';
import type { Compilation } from './object-writer.ts';

/** Plans of one operation, for different values of the variables in its directives. */
const maximumPlans = 16;

/**
 * How an operation is carried out.
 *
 * @throws NotCompiled where the engine has to do it.
 */
type Compile<Plan> = (compilation: Compilation, operation: OperationDefinitionNode) => Plan;

/** One operation with its plans. */
export class CompiledOperation<Plan> {
  readonly #compileAnew: Compile<Plan>;
  readonly #schema: GraphQLSchema;
  readonly #document: DocumentNode;
  readonly #operation: OperationDefinitionNode;
  readonly #cache: FragmentCache;
  readonly #conditionNames: readonly string[];
  readonly #coerce: CoerceVariables;
  readonly #plans = new Map<string, Plan | undefined>();

  constructor(
    compile: Compile<Plan>,
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    cache: FragmentCache,
  ) {
    this.#compileAnew = compile;
    this.#schema = schema;
    this.#document = document;
    this.#operation = operation;
    this.#cache = cache;
    this.#conditionNames = conditionNamesOf(document);
    this.#coerce = compileVariables(schema, operation.variableDefinitions ?? []);
  }

  /** The plan for these inputs, and what the engine would make of them; undefined where the engine has to answer. */
  prepare(
    inputs: Readonly<Record<string, unknown>>,
  ): { readonly plan: Plan; readonly variables: Readonly<Record<string, unknown>> } | undefined {
    const variables = this.#coerced(inputs);
    if (variables === undefined) return undefined;
    const plan = this.#plan(variables);
    return plan === undefined ? undefined : { plan, variables };
  }

  #coerced(
    inputs: Readonly<Record<string, unknown>>,
  ): Readonly<Record<string, unknown>> | undefined {
    const coerced = this.#coerce(inputs);
    if (coerced !== notCoerced) return coerced;
    const definitions = this.#operation.variableDefinitions ?? [];
    return getVariableValues(this.#schema, definitions, inputs, { maxErrors: 1 }).coerced;
  }

  #plan(variables: Readonly<Record<string, unknown>>): Plan | undefined {
    const values = this.#conditionNames.map((name) => variables[name]);
    const key = values.length === 0 ? '' : JSON.stringify(values);
    const known = this.#plans.get(key);
    if (known !== undefined || this.#plans.has(key)) return known;
    if (this.#plans.size >= maximumPlans) return undefined;
    const conditions = Object.fromEntries(
      this.#conditionNames.map((name) => [name, variables[name]] as const),
    );
    const plan = this.#compile(conditions);
    this.#plans.set(key, plan);
    return plan;
  }

  #compile(conditions: Readonly<Record<string, unknown>>): Plan | undefined {
    const fragments: Record<string, FragmentDefinitionNode> = {};
    for (const definition of this.#document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION)
        fragments[definition.name.value] = definition;
    }
    const compilation = { schema: this.#schema, fragments, conditions, cache: this.#cache };
    try {
      return this.#compileAnew(compilation, this.#operation);
    } catch (error) {
      if (error instanceof NotCompiled) return undefined;
      throw error;
    }
  }
}

/** Variables on which `@skip` and `@include` depend, anywhere in the document. */
function conditionNamesOf(document: DocumentNode): readonly string[] {
  const names = new Set<string>();
  visit(document, {
    Directive(directive) {
      for (const { value } of directive.arguments ?? []) {
        if (value.kind === Kind.VARIABLE) names.add(value.name.value);
      }
    },
  });
  return [...names].sort();
}
