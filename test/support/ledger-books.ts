import { isDeepStrictEqual } from 'node:util';

import { Decimal } from '../../src/domain/decimal.ts';
import type { LedgerStore } from '../../src/inference/ledger-store.ts';
import { dayOf, holdsReservation, isFinal } from '../../src/inference/run.ts';
import type { Run } from '../../src/inference/run.ts';
import { foldOf } from './ledger-samples.ts';
import { spelled } from './spelled.ts';

const runsPerPage = 500;

/** Every run of a ledger, newest first. */
export async function allRuns(ledger: LedgerStore): Promise<Run[]> {
  const runs: Run[] = [];
  for (;;) {
    const last = runs.at(-1);
    const page = await ledger.listRuns({
      caller: undefined,
      limit: runsPerPage,
      ...(last === undefined ? {} : { behind: last }),
    });
    if (page.length === 0) return runs;
    runs.push(...page);
  }
}

/** What does not add up: runs that are not what their facts say, days that are not the sum of their runs. */
export async function faultsInBooks(ledger: LedgerStore): Promise<string[]> {
  const faults: string[] = [];
  const days = new Map<string, { readonly run: Run; held: Decimal; spent: Decimal }>();
  for (const run of await allRuns(ledger)) {
    const folded = foldOf(run, await ledger.facts(run.id));
    if (!isDeepStrictEqual(spelled(folded), spelled(run))) {
      faults.push(`${run.id} is not what its facts add up to`);
    }
    if (run.charge.compare(run.reserved) > 0) faults.push(`${run.id} charges too much`);
    const name = `${run.caller} ${dayOf(run.reservedAtMs)}`;
    const day = days.get(name) ?? { run, held: Decimal.zero, spent: Decimal.zero };
    days.set(name, day);
    if (holdsReservation(run)) day.held = day.held.plus(run.reserved);
    day.spent = day.spent.plus(run.charge);
  }
  for (const [name, { run, held, spent }] of days) {
    const budget = await ledger.budgetOrSum(run.caller, dayOf(run.reservedAtMs));
    if (!budget.reserved.equals(held) || !budget.spent.equals(spent)) {
      faults.push(
        `${name} holds ${budget.reserved} and has spent ${budget.spent}, its runs ${held} and ${spent}`,
      );
    }
  }
  return faults;
}

/** Runs that have not ended. */
export async function unendedRuns(ledger: LedgerStore): Promise<string[]> {
  return (await allRuns(ledger))
    .filter(({ state }) => !isFinal(state))
    .map(({ id, state }) => `${id} ${state}`);
}
