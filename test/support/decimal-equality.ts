import { expect } from 'vitest';

import { Decimal } from '../../src/domain/decimal.ts';

// A decimal keeps its value in private fields, which `toEqual` can't see: without this all are equal.
expect.addEqualityTesters([
  (left: unknown, right: unknown) => {
    const decimals = [left, right].filter((value) => value instanceof Decimal);
    if (decimals.length === 0) return undefined;
    return left instanceof Decimal && right instanceof Decimal && left.equals(right);
  },
]);
