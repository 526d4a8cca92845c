import { Kind, getVariableValues, visit } from 'graphql';
import type {
  DocumentNode,
  FragmentDefinitionNode,
  GraphQLSchema,
  OperationDefinitionNode,
} from 'graphql';
import { collectFields } from 'graphql/execution/collectFields.js';

import { ByteTextBuilder } from '../byte-text.ts';
import type { ByteText } from '../byte-text.ts';
import type { RequestContext } from '../context.ts';
import { catalogueEntities } from '../entities.ts';
import { compileVariables, notCoerced } from './coercion.ts';
import type { CoerceVariables } from './coercion.ts';
import { FragmentCache } from './fragment-cache.ts';
import { NotCompiled, compileField, writerOf } from './object-writer.ts';
import type { Compilation, Resolve, Writer } from './object-writer.ts';

/** Text of all fragments together. */
const maximumFragmentCharacters = 64 * 1024 * 1024;

/** Plans of one operation, for different values of the variables in its directives. */
const maximumPlans = 16;

/**
 * Answers queries to the catalogue without the engine: a document that comes again is compiled into
 * writers of JSON text, which assemble an answer from parts kept by row. Resolvers, scalars, arguments and
 * the collecting of fields are the schema's and the engine's own; whatever is not an ordinary answer, an
 * error above all, is left to the engine, so that nobody can tell the two apart.
 */
export class CompiledQueries {
  readonly #schema: GraphQLSchema;
  readonly #cache = new FragmentCache(maximumFragmentCharacters);
  readonly #operations = new WeakMap<OperationDefinitionNode, CompiledOperation>();
  #snapshot: object | undefined;

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  /**
   * The answer's body as JSON; undefined where the engine has to answer.
   *
   * @param document - valid for the schema, within the limits, and asking for nothing that belongs to a
   *   caller.
   */
  execute(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Readonly<Record<string, unknown>>,
    context: RequestContext,
  ): ByteText | undefined {
    const known = this.#operations.get(operation);
    if (known === undefined) {
      // Documents that come once are not worth compiling.
      this.#operations.set(operation, new CompiledOperation(this.#schema, document, operation));
      return undefined;
    }
    if (context.snapshot !== this.#snapshot) {
      this.#snapshot = context.snapshot;
      this.#cache.forget();
    }
    return known.execute(variables, context, this.#cache);
  }
}

/** One operation with its plans. */
class CompiledOperation {
  readonly #schema: GraphQLSchema;
  readonly #document: DocumentNode;
  readonly #operation: OperationDefinitionNode;
  readonly #conditionNames: readonly string[];
  readonly #coerce: CoerceVariables;
  readonly #plans = new Map<string, Writer | undefined>();

  constructor(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) {
    this.#schema = schema;
    this.#document = document;
    this.#operation = operation;
    this.#conditionNames = conditionNamesOf(document);
    this.#coerce = compileVariables(schema, operation.variableDefinitions ?? []);
  }

  execute(
    inputs: Readonly<Record<string, unknown>>,
    context: RequestContext,
    cache: FragmentCache,
  ): ByteText | undefined {
    const coerced = this.#coerced(inputs);
    if (coerced === undefined) return undefined;
    const plan = this.#plan(coerced, cache);
    if (plan === undefined) return undefined;
    try {
      const output = new ByteTextBuilder();
      plan(undefined, { context, variables: coerced }, output);
      return output.build();
    } catch {
      // Whatever went wrong goes wrong in the engine again, which knows how to say it.
      return undefined;
    }
  }

  #coerced(
    inputs: Readonly<Record<string, unknown>>,
  ): Readonly<Record<string, unknown>> | undefined {
    const coerced = this.#coerce(inputs);
    if (coerced !== notCoerced) return coerced;
    const definitions = this.#operation.variableDefinitions ?? [];
    return getVariableValues(this.#schema, definitions, inputs, { maxErrors: 1 }).coerced;
  }

  #plan(variables: Readonly<Record<string, unknown>>, cache: FragmentCache): Writer | undefined {
    const values = this.#conditionNames.map((name) => variables[name]);
    const key = values.length === 0 ? '' : JSON.stringify(values);
    const known = this.#plans.get(key);
    if (known !== undefined || this.#plans.has(key)) return known;
    if (this.#plans.size >= maximumPlans) return undefined;
    const conditions = Object.fromEntries(
      this.#conditionNames.map((name) => [name, variables[name]] as const),
    );
    const plan = this.#compile(conditions, cache);
    this.#plans.set(key, plan);
    return plan;
  }

  #compile(
    conditions: Readonly<Record<string, unknown>>,
    cache: FragmentCache,
  ): Writer | undefined {
    const fragments: Record<string, FragmentDefinitionNode> = {};
    for (const definition of this.#document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION)
        fragments[definition.name.value] = definition;
    }
    try {
      return compileQuery({ schema: this.#schema, fragments, conditions, cache }, this.#operation);
    } catch (error) {
      if (error instanceof NotCompiled) return undefined;
      throw error;
    }
  }
}

/** Root fields that are answered here. */
const catalogueFields: ReadonlyMap<string, Resolve | undefined> = new Map([
  ['providers', undefined],
  ['provider', undefined],
  ['models', undefined],
  ['model', undefined],
  ['offerings', undefined],
  ['offering', undefined],
  ['__typename', undefined],
  ['_entities', entities],
]);

function entities(
  _source: unknown,
  args: Readonly<Record<string, unknown>>,
  context: RequestContext,
): unknown {
  const found = catalogueEntities(
    args['representations'] as readonly Readonly<Record<string, unknown>>[],
    context,
  );
  if (found === undefined) throw new NotCompiled();
  return found;
}

function compileQuery(compilation: Compilation, operation: OperationDefinitionNode): Writer {
  const { schema, fragments, conditions } = compilation;
  const type = schema.getQueryType();
  if (type === undefined || type === null) throw new NotCompiled();
  const selected = collectFields(schema, fragments, conditions, type, operation.selectionSet);
  const fields = [...selected].map(([key, nodes]) => {
    const name = nodes[0]?.name.value ?? '';
    if (!catalogueFields.has(name)) throw new NotCompiled();
    const value = compileField(compilation, type, nodes, catalogueFields.get(name));
    return { key: `${JSON.stringify(key)}:`, write: writerOf(value) };
  });
  return (source, execution, output) => {
    output.add('{"data":{');
    let before = '';
    for (const { key, write } of fields) {
      output.add(before + key);
      write(source, execution, output);
      before = ',';
    }
    output.add('}}');
  };
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
