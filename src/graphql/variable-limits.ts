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
    // A thousand representations are walked for each batch: no lists of names or values are made of them.
    let hasContainers = false;
    let hasForbiddenName = false;
    for (const name in value) {
      const child: unknown = value[name as keyof typeof value];
      remaining -= 1;
      if (typeof child === 'object' && child !== null) hasContainers = true;
      // JSON.parse makes it a plain own property, but a later copy with Object.assign would set a prototype.
      if (name === '__proto__') hasForbiddenName = true;
    }
    if (remaining < 0) {
      return clientError(
        'VARIABLES_TOO_LARGE',
        `The variables hold more than ${maxVariableValues} values.`,
        { limit: maxVariableValues },
      );
    }
    if (hasForbiddenName) {
      return clientError(
        'VARIABLES_FORBIDDEN_NAME',
        'The variables may not use the name "__proto__".',
      );
    }
    if (!hasContainers) return undefined;
    for (const name in value) {
      const child: unknown = value[name as keyof typeof value];
      if (typeof child !== 'object' || child === null) continue;
      const error = walk(child, depth + 1);
      if (error !== undefined) return error;
    }
    return undefined;
  };

  return walk(variables, 1);
}
