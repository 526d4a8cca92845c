import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { emptyMemory } from '../../src/catalogue/memory.ts';
import type { ProviderMemory } from '../../src/catalogue/memory.ts';
import {
  anyPolls,
  contentOf,
  KeptRows,
  later,
  memoryAfter,
  minuteMs,
  shuffled,
  take,
} from './readings.ts';

describe('what is remembered of any polls', () => {
  it('does not depend on the order of rows within a reading', () => {
    fc.assert(
      fc.property(anyPolls, fc.infiniteStream(fc.nat()), (polls, numbers) => {
        const order = (length: number): number[] =>
          Array.from({ length }, (_, position) => position)
            .map((position) => [numbers.next().value, position] as const)
            .sort(([left], [right]) => left - right)
            .map(([, position]) => position);
        expect(contentOf(memoryAfter(polls.map((poll) => shuffled(poll, order))))).toEqual(
          contentOf(memoryAfter(polls)),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('is the same when each is taken twice', () => {
    fc.assert(
      fc.property(anyPolls, (polls) => {
        const twice = polls.flatMap((poll) => [poll, poll]);
        expect(contentOf(memoryAfter(twice))).toEqual(contentOf(memoryAfter(polls)));
      }),
      { numRuns: 300 },
    );
  });

  it('stands still when the same rows are read again and again: then feeds alone change', () => {
    fc.assert(
      fc.property(anyPolls, (polls) => {
        const memory = memoryAfter(polls);
        const last = polls.at(-1) ?? { models: never, prices: [], nowMs: 0 };
        for (let round = 1; round <= 2; round += 1) take(memory, later(last, round * minuteMs));
        const before = rowsOf(memory);
        const changed = take(memory, later(last, 3 * minuteMs));
        expect(rowsOf(memory)).toEqual(before);
        expect([...changed.models]).toEqual([]);
        expect([...changed.prices.values()].flatMap((ids) => [...ids])).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('comes back from storage that was given nothing but what each poll says to have changed', () => {
    fc.assert(
      fc.property(anyPolls, (polls) => {
        const memory = emptyMemory();
        const kept = new KeptRows();
        for (const poll of polls) {
          kept.keep(memory, take(memory, poll));
          expect(contentOf(kept.restored())).toEqual(contentOf(memory));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('goes on from storage as if the process had never stopped', () => {
    fc.assert(
      fc.property(anyPolls, fc.nat(4), (polls, stop) => {
        let memory = emptyMemory();
        const kept = new KeptRows();
        for (const [position, poll] of polls.entries()) {
          if (position === stop) memory = kept.restored();
          kept.keep(memory, take(memory, poll));
        }
        expect(contentOf(memory)).toEqual(contentOf(memoryAfter(polls)));
      }),
      { numRuns: 300 },
    );
  });

  it('never loses a model or a price, whatever the feeds do', () => {
    fc.assert(
      fc.property(anyPolls, (polls) => {
        const memory = emptyMemory();
        for (const poll of polls) {
          const before = Object.keys(rowsOf(memory));
          take(memory, poll);
          expect(Object.keys(rowsOf(memory))).toEqual(expect.arrayContaining(before));
        }
      }),
    );
  });
});

const never = {
  ok: false,
  feed: 'models',
  source: '',
  failure: { code: 'TIMEOUT', message: '', execution: 'UNKNOWN', retryable: true },
} as const;

/** Models and prices alone. */
function rowsOf(memory: ProviderMemory): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(contentOf(memory)).filter(([key]) => /^(MODEL|PRICE) /.test(key)),
  );
}
