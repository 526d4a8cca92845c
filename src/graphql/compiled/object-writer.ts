import {
  GraphQLNonNull,
  TypeNameMetaFieldDef,
  getArgumentValues,
  isLeafType,
  isListType,
  isObjectType,
} from 'graphql';
import type {
  FieldNode,
  FragmentDefinitionNode,
  GraphQLAbstractType,
  GraphQLField,
  GraphQLLeafType,
  GraphQLObjectType,
  GraphQLOutputType,
  GraphQLSchema,
} from 'graphql';
import { collectSubfields } from 'graphql/execution/collectFields.js';

import { bytesOf } from '../byte-text.ts';
import type { RequestContext } from '../context.ts';
import type { FragmentCache } from './fragment-cache.ts';
import {
  NotCompiled,
  listOf,
  nonNull,
  nullable,
  objectOf,
  plain,
  writerOf,
} from './json-writers.ts';
import type { Compiled, CompiledField, Execution, TextOf, Writer } from './json-writers.ts';

/** What a document is compiled with. */
export interface Compilation {
  readonly schema: GraphQLSchema;
  readonly fragments: Record<string, FragmentDefinitionNode>;
  /** The variables on which directives depend; another plan is made for other values. */
  readonly conditions: Readonly<Record<string, unknown>>;
  readonly cache: FragmentCache;
}

/** Types whose objects live as long as a snapshot and are never changed. */
const rowTypes: ReadonlySet<string> = new Set(['Provider', 'Model', 'Offering']);

/** Fields that ask the store, and are left to the engine. */
const storedFields: ReadonlySet<string> = new Set(['priceHistory', 'priceAt']);

/** Writes values of one type with the selections of these fields. */
export function compileValue(
  compilation: Compilation,
  type: GraphQLOutputType,
  nodes: readonly FieldNode[],
): Compiled {
  return type instanceof GraphQLNonNull
    ? nonNull(compileNullable(compilation, type.ofType, nodes))
    : nullable(compileNullable(compilation, type, nodes));
}

function compileNullable(
  compilation: Compilation,
  type: Exclude<GraphQLOutputType, GraphQLNonNull<never>>,
  nodes: readonly FieldNode[],
): Compiled {
  if (isListType(type)) return listOf(compileValue(compilation, type.ofType, nodes));
  if (isLeafType(type)) return { isFixed: true, textOf: leafText(type) };
  if (isObjectType(type)) return compileObject(compilation, type, nodes);
  return { isFixed: false, write: abstractWriter(compilation, type, nodes) };
}

function leafText(type: GraphQLLeafType): TextOf {
  return (value) => {
    const serialized: unknown = type.serialize(value);
    if (serialized === null || serialized === undefined) throw new NotCompiled();
    return bytesOf(JSON.stringify(serialized));
  };
}

function abstractWriter(
  compilation: Compilation,
  type: GraphQLAbstractType,
  nodes: readonly FieldNode[],
): Writer {
  const writers = new Map<unknown, Writer>();
  return (value, execution, output) => {
    const name = (value as { readonly __typename?: unknown }).__typename;
    let write = writers.get(name);
    if (write === undefined) {
      const runtimeType = compilation.schema
        .getPossibleTypes(type)
        .find((possible) => possible.name === name);
      if (runtimeType === undefined) throw new NotCompiled();
      write = writerOf(compileObject(compilation, runtimeType, nodes));
      writers.set(name, write);
    }
    write(value, execution, output);
  };
}

function compileObject(
  compilation: Compilation,
  type: GraphQLObjectType,
  nodes: readonly FieldNode[],
): Compiled {
  if (type.isTypeOf !== undefined && type.isTypeOf !== null) throw new NotCompiled();
  const { schema, fragments, conditions, cache } = compilation;
  const selected = collectSubfields(schema, fragments, conditions, type, nodes);
  const fields = [...selected].map(([key, fieldNodes]): CompiledField => ({
    key: `${JSON.stringify(key)}:`,
    value: compileField(compilation, type, fieldNodes),
  }));
  return objectOf(
    fields,
    rowTypes.has(type.name) ? (textOf) => kept(cache, textOf) : (textOf) => textOf,
  );
}

/** Keeps the text of a part of a row. */
function kept(cache: FragmentCache, textOf: TextOf): TextOf {
  const keep = cache.part();
  return (row, execution) => keep(row as object, () => textOf(row, execution));
}

/** Writes one field of an object of this type, from that object. */
export function compileField(
  compilation: Compilation,
  type: GraphQLObjectType,
  nodes: readonly FieldNode[],
  resolveInstead?: Resolve,
): Compiled {
  const [node] = nodes;
  if (node === undefined) throw new NotCompiled();
  const name = node.name.value;
  if (name === TypeNameMetaFieldDef.name) {
    const text = JSON.stringify(type.name);
    return { isFixed: true, textOf: () => text };
  }
  const field = type.getFields()[name];
  if (field === undefined || storedFields.has(name)) throw new NotCompiled();
  const value = compileValue(compilation, field.type, nodes);
  const resolve = resolveInstead ?? (field.resolve as Resolve | undefined);
  const argumentsOf = compileArguments(field, node);
  const valueOf =
    resolve === undefined
      ? (source: unknown) => propertyOf(source, name)
      : (source: unknown, execution: Execution) =>
          plain(resolve(source, argumentsOf(execution), execution.context));
  // A resolver that takes no arguments and no context knows its object alone.
  if (value.isFixed && (resolve === undefined || resolve.length <= 1)) {
    const { textOf } = value;
    return {
      isFixed: true,
      textOf: (source, execution) => textOf(valueOf(source, execution), execution),
    };
  }
  const write = writerOf(value);
  return {
    isFixed: false,
    write: (source, execution, output) => write(valueOf(source, execution), execution, output),
  };
}

/** A resolver; none of the catalogue's asks for the fourth argument. */
export type Resolve = (
  source: unknown,
  args: Readonly<Record<string, unknown>>,
  context: RequestContext,
) => unknown;

function propertyOf(source: unknown, name: string): unknown {
  const property = (source as Readonly<Record<string, unknown>>)[name];
  if (typeof property === 'function') throw new NotCompiled();
  return plain(property);
}

const noArguments: Readonly<Record<string, unknown>> = {};

/** Reads a field's arguments: once where they hold no variable. */
export function compileArguments(
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
): (execution: Pick<Execution, 'variables'>) => Readonly<Record<string, unknown>> {
  if (field.args.length === 0) return () => noArguments;
  let fixed: Readonly<Record<string, unknown>> | undefined;
  const isFixed = !JSON.stringify(node.arguments ?? []).includes('"Variable"');
  return ({ variables }) => {
    if (fixed !== undefined) return fixed;
    const values = getArgumentValues(field, node, variables);
    if (isFixed) fixed = values;
    return values;
  };
}
