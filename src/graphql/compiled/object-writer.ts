import {
  GraphQLList,
  GraphQLNonNull,
  TypeNameMetaFieldDef,
  getArgumentValues,
  isAbstractType,
  isLeafType,
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

import { ByteText } from '../byte-text.ts';
import type { RequestContext } from '../context.ts';
import type { FragmentCache } from './fragment-cache.ts';

/** Thrown for whatever is not written here: an error, a promise, a null where there must be none. */
export class NotCompiled extends Error {
  override readonly name = 'NotCompiled';
}

/** What one execution depends on beside the rows. */
export interface Execution {
  readonly context: RequestContext;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Writes a value as JSON, in the characters of a {@link ByteText}. */
export type Writer = (value: unknown, execution: Execution) => string;

/** A writer, and whether what it writes follows from the value alone. */
export interface Compiled {
  readonly write: Writer;
  readonly isFixed: boolean;
}

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
function compileValue(
  compilation: Compilation,
  type: GraphQLOutputType,
  nodes: readonly FieldNode[],
): Compiled {
  if (type instanceof GraphQLNonNull) {
    const { write, isFixed } = compileValue(compilation, type.ofType, nodes);
    return {
      isFixed,
      write: (value, execution) => {
        if (value === null || value === undefined) throw new NotCompiled();
        return write(value, execution);
      },
    };
  }
  const { write, isFixed } = compileNullable(compilation, type, nodes);
  return {
    isFixed,
    write: (value, execution) =>
      value === null || value === undefined ? 'null' : write(value, execution),
  };
}

function compileNullable(
  compilation: Compilation,
  type: GraphQLOutputType,
  nodes: readonly FieldNode[],
): Compiled {
  if (type instanceof GraphQLList) {
    const item = compileValue(compilation, type.ofType, nodes);
    return { isFixed: item.isFixed, write: listWriter(item.write) };
  }
  if (isLeafType(type)) return { isFixed: true, write: leafWriter(type) };
  if (isObjectType(type)) return compileObject(compilation, type, nodes);
  if (isAbstractType(type)) return compileAbstract(compilation, type, nodes);
  throw new NotCompiled();
}

function listWriter(writeItem: Writer): Writer {
  return (value, execution) => {
    if (!Array.isArray(value)) throw new NotCompiled();
    let text = '[';
    for (let index = 0; index < value.length; index += 1) {
      if (index > 0) text += ',';
      text += writeItem(plain(value[index]), execution);
    }
    return `${text}]`;
  };
}

function leafWriter(type: GraphQLLeafType): Writer {
  return (value) => {
    const serialized: unknown = type.serialize(value);
    if (serialized === null || serialized === undefined) throw new NotCompiled();
    return ByteText.charactersOf(JSON.stringify(serialized));
  };
}

function compileAbstract(
  compilation: Compilation,
  type: GraphQLAbstractType,
  nodes: readonly FieldNode[],
): Compiled {
  const writers = new Map<unknown, Compiled>();
  return {
    isFixed: false,
    write: (value, execution) => {
      const name = (value as { readonly __typename?: unknown }).__typename;
      let compiled = writers.get(name);
      if (compiled === undefined) {
        const runtimeType = compilation.schema
          .getPossibleTypes(type)
          .find((possible) => possible.name === name);
        if (runtimeType === undefined) throw new NotCompiled();
        compiled = compileObject(compilation, runtimeType, nodes);
        writers.set(name, compiled);
      }
      return compiled.write(value, execution);
    },
  };
}

/** A field's own text: its key, then its value. */
interface CompiledField extends Compiled {
  readonly key: string;
}

function compileObject(
  compilation: Compilation,
  type: GraphQLObjectType,
  nodes: readonly FieldNode[],
): Compiled {
  if (type.isTypeOf !== undefined && type.isTypeOf !== null) throw new NotCompiled();
  const { schema, fragments, conditions, cache } = compilation;
  const selected = collectSubfields(schema, fragments, conditions, type, nodes);
  const fields: CompiledField[] = [];
  for (const [key, fieldNodes] of selected) {
    fields.push({
      key: `${JSON.stringify(key)}:`,
      ...compileField(compilation, type, fieldNodes),
    });
  }
  const isFixed = fields.every((field) => field.isFixed);
  const isRow = rowTypes.has(type.name);
  if (isFixed && isRow) {
    const keep = cache.part();
    const write = fieldsWriter(fields);
    return {
      isFixed,
      write: (row, execution) => keep(row as object, () => `{${write(row, execution)}}`),
    };
  }
  const write = isRow ? runsWriter(fields, cache) : fieldsWriter(fields);
  return { isFixed, write: (value, execution) => `{${write(value, execution)}}` };
}

/** Writes a row of which parts change with time: runs of fields that don't are kept. */
function runsWriter(fields: readonly CompiledField[], cache: FragmentCache): Writer {
  const runs: Writer[] = [];
  for (let start = 0; start < fields.length;) {
    const isFixed = fields[start]?.isFixed === true;
    let end = start + 1;
    while (end < fields.length && fields[end]?.isFixed === isFixed) end += 1;
    const write = fieldsWriter(fields.slice(start, end));
    const keep = cache.part();
    runs.push(
      isFixed ? (row, execution) => keep(row as object, () => write(row, execution)) : write,
    );
    start = end;
  }
  return (row, execution) => {
    let text = '';
    for (let index = 0; index < runs.length; index += 1) {
      if (index > 0) text += ',';
      text += runs[index]!(row, execution);
    }
    return text;
  };
}

function fieldsWriter(fields: readonly CompiledField[]): Writer {
  return (value, execution) => {
    let text = '';
    for (let index = 0; index < fields.length; index += 1) {
      const field = fields[index]!;
      if (index > 0) text += ',';
      text += field.key + field.write(value, execution);
    }
    return text;
  };
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
    return { isFixed: true, write: () => text };
  }
  const field = type.getFields()[name];
  if (field === undefined || storedFields.has(name)) throw new NotCompiled();
  const value = compileValue(compilation, field.type, nodes);
  const resolve = resolveInstead ?? (field.resolve as Resolve | undefined);
  if (resolve === undefined) return { isFixed: value.isFixed, write: propertyWriter(name, value) };
  const argumentsOf = compileArguments(field, node);
  return {
    // A resolver that takes no arguments and no context knows its object alone.
    isFixed: value.isFixed && resolve.length <= 1,
    write: (source, execution) =>
      value.write(plain(resolve(source, argumentsOf(execution), execution.context)), execution),
  };
}

/** @throws NotCompiled for what the engine would wait for or report. */
function plain(value: unknown): unknown {
  if (value instanceof Promise || value instanceof Error) throw new NotCompiled();
  return value;
}

/** A resolver; none of the catalogue's asks for the fourth argument. */
export type Resolve = (
  source: unknown,
  args: Readonly<Record<string, unknown>>,
  context: RequestContext,
) => unknown;

function propertyWriter(name: string, { write }: Compiled): Writer {
  return (source, execution) => {
    const property = (source as Readonly<Record<string, unknown>>)[name];
    if (typeof property === 'function') throw new NotCompiled();
    return write(plain(property), execution);
  };
}

const noArguments: Readonly<Record<string, unknown>> = {};

/** Reads a field's arguments: once where they hold no variable. */
function compileArguments(
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
): (execution: Execution) => Readonly<Record<string, unknown>> {
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
