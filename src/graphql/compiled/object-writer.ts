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
import type { ByteTextBuilder } from '../byte-text.ts';
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

/** Writes a value as JSON, one character for each byte in UTF-8. */
type TextOf = (value: unknown, execution: Execution) => string;

/** The same, behind what is written already. */
export type Writer = (value: unknown, execution: Execution, output: ByteTextBuilder) => void;

/** How a value is written: what follows from the value alone has a text that can be kept. */
export type Compiled =
  | { readonly isFixed: true; readonly textOf: TextOf }
  | { readonly isFixed: false; readonly write: Writer };

export function writerOf(compiled: Compiled): Writer {
  if (!compiled.isFixed) return compiled.write;
  const { textOf } = compiled;
  return (value, execution, output) => output.add(textOf(value, execution));
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
export function compileValue(
  compilation: Compilation,
  type: GraphQLOutputType,
  nodes: readonly FieldNode[],
): Compiled {
  if (!(type instanceof GraphQLNonNull)) {
    const compiled = compileNullable(compilation, type, nodes);
    if (compiled.isFixed) {
      const { textOf } = compiled;
      return {
        isFixed: true,
        textOf: (value, execution) =>
          value === null || value === undefined ? 'null' : textOf(value, execution),
      };
    }
    const { write } = compiled;
    return {
      isFixed: false,
      write: (value, execution, output) => {
        if (value === null || value === undefined) output.add('null');
        else write(value, execution, output);
      },
    };
  }
  const compiled = compileNullable(compilation, type.ofType, nodes);
  if (compiled.isFixed) {
    const { textOf } = compiled;
    return { isFixed: true, textOf: (value, execution) => textOf(present(value), execution) };
  }
  const { write } = compiled;
  return {
    isFixed: false,
    write: (value, execution, output) => write(present(value), execution, output),
  };
}

/** @throws NotCompiled for a null where there must be none. */
function present(value: unknown): unknown {
  if (value === null || value === undefined) throw new NotCompiled();
  return value;
}

function compileNullable(
  compilation: Compilation,
  type: Exclude<GraphQLOutputType, GraphQLNonNull<never>>,
  nodes: readonly FieldNode[],
): Compiled {
  if (isListType(type)) return compileList(compileValue(compilation, type.ofType, nodes));
  if (isLeafType(type)) return { isFixed: true, textOf: leafText(type) };
  if (isObjectType(type)) return compileObject(compilation, type, nodes);
  return { isFixed: false, write: abstractWriter(compilation, type, nodes) };
}

function compileList(item: Compiled): Compiled {
  if (item.isFixed) {
    const { textOf } = item;
    return {
      isFixed: true,
      textOf: (value, execution) => {
        let text = '';
        for (const one of itemsOf(value)) {
          text += text === '' ? '[' : ',';
          text += textOf(plain(one), execution);
        }
        return text === '' ? '[]' : `${text}]`;
      },
    };
  }
  const { write } = item;
  return {
    isFixed: false,
    write: (value, execution, output) => {
      let before = '[';
      for (const one of itemsOf(value)) {
        output.add(before);
        write(plain(one), execution, output);
        before = ',';
      }
      output.add(before === '[' ? '[]' : ']');
    },
  };
}

function itemsOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new NotCompiled();
  return value;
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

/** A field with its key as it is written. */
interface CompiledField {
  readonly key: string;
  readonly value: Compiled;
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
  const runs = runsOf(fields);
  const keepsParts = rowTypes.has(type.name);
  const [first] = runs;
  if (runs.length === 1 && first?.isFixed === true) {
    const { textOf } = first;
    const whole: TextOf = (value, execution) => `{${textOf(value, execution)}}`;
    return { isFixed: true, textOf: keepsParts ? kept(cache, whole) : whole };
  }
  const writers = runs.map((run) =>
    writerOf(run.isFixed && keepsParts ? { ...run, textOf: kept(cache, run.textOf) } : run),
  );
  return {
    isFixed: false,
    write: (value, execution, output) => {
      let before = '{';
      for (const write of writers) {
        output.add(before);
        write(value, execution, output);
        before = ',';
      }
      output.add(before === '{' ? '{}' : '}');
    },
  };
}

/** Makes one of neighbouring fields whose text follows from their object alone. */
function runsOf(fields: readonly CompiledField[]): readonly Compiled[] {
  const runs: Compiled[] = [];
  for (const { key, value } of fields) {
    if (!value.isFixed) {
      const { write } = value;
      runs.push({
        isFixed: false,
        write: (source, execution, output) => {
          output.add(key);
          write(source, execution, output);
        },
      });
      continue;
    }
    const { textOf } = value;
    const before = runs.at(-1);
    if (before?.isFixed !== true) {
      runs.push({ isFixed: true, textOf: (source, execution) => key + textOf(source, execution) });
      continue;
    }
    const { textOf: textBefore } = before;
    runs[runs.length - 1] = {
      isFixed: true,
      textOf: (source, execution) =>
        `${textBefore(source, execution)},${key}${textOf(source, execution)}`,
    };
  }
  return runs;
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

/** @throws NotCompiled for what the engine would wait for or report. */
function plain(value: unknown): unknown {
  if (value instanceof Promise) {
    // The engine asks again and tells of a failure; here nobody waits for it.
    value.catch(() => undefined);
    throw new NotCompiled();
  }
  if (value instanceof Error) throw new NotCompiled();
  return value;
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
