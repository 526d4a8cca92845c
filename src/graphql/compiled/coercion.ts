import { GraphQLNonNull, isInputObjectType, isListType, isNonNullType, typeFromAST } from 'graphql';
import type {
  GraphQLInputObjectType,
  GraphQLInputType,
  GraphQLSchema,
  VariableDefinitionNode,
} from 'graphql';

/** Stands in place of a value that only the engine knows what to make of: a wrong one, above all. */
export const notCoerced = Symbol('not coerced');

/** What the engine would make of an input value that is as it should be. */
type Coerce = (value: unknown) => unknown;

/** What the engine would make of an operation's variables; {@link notCoerced} where that is not plain. */
export type CoerceVariables = (
  inputs: Readonly<Record<string, unknown>>,
) => Readonly<Record<string, unknown>> | typeof notCoerced;

/**
 * Compiles the coercion of an operation's variables. The engine's own looks at types anew for each value,
 * which for a thousand representations takes as long as the answer.
 */
export function compileVariables(
  schema: GraphQLSchema,
  definitions: readonly VariableDefinitionNode[],
): CoerceVariables {
  const variables = definitions.map(({ variable, type: node, defaultValue }) => {
    const type = typeFromAST(schema, node) as GraphQLInputType | undefined;
    return {
      name: variable.name.value,
      hasDefault: defaultValue !== undefined,
      isRequired: isNonNullType(type),
      coerce: type === undefined ? () => notCoerced : compileInput(type),
    };
  });
  return (inputs) => {
    const coerced: Record<string, unknown> = {};
    for (const { name, hasDefault, isRequired, coerce } of variables) {
      if (!Object.hasOwn(inputs, name)) {
        if (hasDefault || isRequired) return notCoerced;
        continue;
      }
      const value = coerce(inputs[name]);
      if (value === notCoerced) return notCoerced;
      coerced[name] = value;
    }
    return coerced;
  };
}

function compileInput(type: GraphQLInputType): Coerce {
  if (type instanceof GraphQLNonNull) {
    const coerce = compileNullable(type.ofType);
    return (value) => (value === null || value === undefined ? notCoerced : coerce(value));
  }
  const coerce = compileNullable(type);
  return (value) => (value === null || value === undefined ? null : coerce(value));
}

/** An input type beside `!`. */
type NullableInput = Exclude<GraphQLInputType, GraphQLNonNull<never>>;

function compileNullable(type: NullableInput): Coerce {
  if (isListType(type)) return compileList(type.ofType);
  if (isInputObjectType(type)) return compileObject(type);
  return (value) => {
    try {
      const parsed: unknown = type.parseValue(value);
      return parsed === undefined ? notCoerced : parsed;
    } catch {
      return notCoerced;
    }
  };
}

/** A value that is no list stands for a list of itself. */
function compileList(itemType: GraphQLInputType): Coerce {
  const coerceItem = compileInput(itemType);
  return (value) => {
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    const coerced: unknown[] = [];
    for (const item of items) {
      const coercedItem = coerceItem(item);
      if (coercedItem === notCoerced) return notCoerced;
      coerced.push(coercedItem);
    }
    return coerced;
  };
}

function compileObject(type: GraphQLInputObjectType): Coerce {
  const fields = Object.values(type.getFields()).map(({ name, type: of, defaultValue }) => ({
    name,
    defaultValue,
    isNeeded: defaultValue === undefined && isNonNullType(of),
    coerce: compileOnce(of),
  }));
  return (value) => {
    if (type.isOneOf || typeof value !== 'object' || Array.isArray(value)) return notCoerced;
    const given = value as Readonly<Record<string, unknown>>;
    const coerced: Record<string, unknown> = {};
    let unknown = Object.keys(given).length;
    for (const { name, defaultValue, isNeeded, coerce } of fields) {
      const fieldValue = given[name];
      if (fieldValue === undefined) {
        if (isNeeded) return notCoerced;
        if (defaultValue !== undefined) coerced[name] = defaultValue;
        continue;
      }
      const coercedField = coerce()(fieldValue);
      if (coercedField === notCoerced) return notCoerced;
      coerced[name] = coercedField;
      unknown -= 1;
    }
    return unknown === 0 ? coerced : notCoerced;
  };
}

/** Compiles at the first use, since a type of input may hold itself. */
function compileOnce(type: GraphQLInputType): () => Coerce {
  let compiled: Coerce | undefined;
  return () => (compiled ??= compileInput(type));
}
