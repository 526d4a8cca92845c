import type { GraphQLError } from 'graphql';
import { clientError } from './errors.ts';

/** The variables of one operation, as JSON gave them. */
export type Variables = Readonly<Record<string, unknown>>;

export interface VariableLimits {
  /** Levels of lists and objects within `variables`; a flat set of scalars is one level deep. */
  readonly maxVariableDepth: number;
  /** Values of all kinds within `variables`, containers included. */
  readonly maxVariableValues: number;
}

/**
 * The first thing wrong with the size or shape of `variables`; their types are the engine's business.
 * Walks no further than the limits allow.
 */
export function checkVariables(
  variables: Variables,
  { maxVariableDepth, maxVariableValues }: VariableLimits,
): GraphQLError | undefined {
  let remaining = maxVariableValues;

  const walk = (value: object, depth: number): GraphQLError | undefined => {
    if (depth > maxVariableDepth) {
      return clientError(
        'VARIABLES_TOO_DEEP',
        `The variables nest more than ${maxVariableDepth} levels deep.`,
        { limit: maxVariableDepth },
      );
    }
    const isList = Array.isArray(value);
    const children: readonly unknown[] = isList ? value : Object.values(value);
    remaining -= children.length;
    if (remaining < 0) {
      return clientError(
        'VARIABLES_TOO_LARGE',
        `The variables hold more than ${maxVariableValues} values.`,
        { limit: maxVariableValues },
      );
    }
    // JSON.parse makes it a plain own property, but a later copy with Object.assign would set a prototype.
    if (!isList && Object.hasOwn(value, '__proto__')) {
      return clientError(
        'VARIABLES_FORBIDDEN_NAME',
        'The variables may not use the name "__proto__".',
      );
    }
    for (const child of children) {
      if (typeof child === 'object' && child !== null) {
        const error = walk(child, depth + 1);
        if (error !== undefined) return error;
      }
    }
    return undefined;
  };

  return walk(variables, 1);
}
