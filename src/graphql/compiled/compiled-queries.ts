import type { DocumentNode, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import { collectFields } from 'graphql/execution/collectFields.js';

import { ByteTextBuilder } from '../byte-text.ts';
import type { ByteText } from '../byte-text.ts';
import type { RequestContext } from '../context.ts';
import { catalogueEntities } from '../entities.ts';
import { CompiledOperation } from './compiled-operation.ts';
import { FragmentCache } from './fragment-cache.ts';
import { NotCompiled, writerOf } from './json-writers.ts';
import type { Writer } from './json-writers.ts';
import { compileField } from './object-writer.ts';
import type { Compilation, Resolve } from './object-writer.ts';

/** Text of all fragments together. */
const maximumFragmentCharacters = 64 * 1024 * 1024;

/**
 * Answers queries to the catalogue without the engine: a document that comes again is compiled into
 * writers of JSON text, which assemble an answer from parts kept by row. Resolvers, scalars, arguments and
 * the collecting of fields are the schema's and the engine's own; whatever is not an ordinary answer, an
 * error above all, is left to the engine, so that nobody can tell the two apart.
 */
export class CompiledQueries {
  readonly #schema: GraphQLSchema;
  readonly #cache = new FragmentCache(maximumFragmentCharacters);
  readonly #operations = new WeakMap<OperationDefinitionNode, CompiledOperation<Writer>>();
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
      this.#operations.set(
        operation,
        new CompiledOperation(compileQuery, this.#schema, document, operation, this.#cache),
      );
      return undefined;
    }
    if (context.snapshot !== this.#snapshot) {
      this.#snapshot = context.snapshot;
      this.#cache.forget();
    }
    const prepared = known.prepare(variables);
    if (prepared === undefined) return undefined;
    try {
      const output = new ByteTextBuilder();
      prepared.plan(undefined, { context, variables: prepared.variables }, output);
      return output.build();
    } catch {
      // Whatever went wrong goes wrong in the engine again, which knows how to say it.
      return undefined;
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
