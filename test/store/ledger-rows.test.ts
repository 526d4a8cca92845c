import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { factColumnsOf, factOf } from '../../src/store/ledger/fact-row.ts';
import { rowOf, runOf } from '../../src/store/ledger/run-row.ts';
import { anyFact, anyRun } from '../support/ledger-arbitraries.ts';
import { runOfReservation } from '../support/ledger-samples.ts';
import { spelled } from '../support/spelled.ts';

describe('rows of the ledger', () => {
  test('every run comes back as it was, each decimal to its last digit', () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        expect(spelled(runOf(rowOf(run)))).toStrictEqual(spelled(run));
      }),
    );
  });

  test('every kind of fact comes back as it was, each decimal to its last digit', () => {
    fc.assert(
      fc.property(anyFact, (fact) => {
        expect(spelled(factOf(factColumnsOf(fact)))).toStrictEqual(spelled(fact));
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([
    ['a NUL character', 'a\u0000'],
    ['half a surrogate pair', 'a\ud800'],
  ])('a key with %s is refused, because not every engine would keep it', (_what, key) => {
    const run = runOfReservation();
    expect(() => rowOf({ ...run, idempotencyKey: key })).toThrow(/cannot be stored/);
  });

  test('a time or a count that is no exact integer is refused', () => {
    const run = runOfReservation();
    expect(() => rowOf({ ...run, createdAtMs: 0.5 })).toThrow(/exact integer/);
    expect(() => rowOf({ ...run, usage: { inputTokens: 2 ** 53 } })).toThrow(/exact integer/);
    expect(() => factColumnsOf({ kind: 'QUEUED', atMs: Number.NaN })).toThrow(/exact integer/);
  });
});
