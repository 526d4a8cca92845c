import type { BudgetDay, LedgerTransaction } from './ledger-store.ts';
import type { Reservation, ReservationResult } from './reservation.ts';
import { dayOf, holdsReservation } from './run.ts';
import type { Run } from './run.ts';

/** The caller's budget for the day; undefined when there is none to be kept. */
export async function presentBudget(
  ledger: LedgerTransaction,
  { caller, dailyBudget }: Reservation,
  nowMs: number,
): Promise<BudgetDay | undefined> {
  const day = dayOf(nowMs);
  return dailyBudget === undefined
    ? await ledger.budget(caller, day)
    : await ledger.beginBudget(caller, day);
}

/** Says why the worst case does not fit into the caller's budget for the day. */
export function refusalBy(
  budget: BudgetDay | undefined,
  { dailyBudget, worstCase }: Reservation,
): ReservationResult | undefined {
  if (budget === undefined || dailyBudget === undefined) return undefined;
  const available = dailyBudget.minus(budget.reserved).minus(budget.spent);
  return worstCase.compare(available) > 0
    ? { kind: 'BUDGET_EXCEEDED', limit: dailyBudget, available }
    : undefined;
}

/** Adds the worst case to what the day's budget holds. */
export async function holdInBudget(
  ledger: LedgerTransaction,
  budget: BudgetDay,
  { caller, worstCase }: Reservation,
  nowMs: number,
): Promise<void> {
  const reserved = budget.reserved.plus(worstCase);
  await ledger.putBudget(caller, dayOf(nowMs), { ...budget, reserved });
}

/** Moves what a run held to what it was charged, on the day of its reservation. */
export async function releaseFromBudget(
  ledger: LedgerTransaction,
  before: Run,
  after: Run,
): Promise<void> {
  const day = dayOf(before.reservedAtMs);
  const budget = await ledger.budget(before.caller, day);
  if (budget === undefined) return;
  await ledger.putBudget(before.caller, day, budgetAfter(budget, before, after));
}

function budgetAfter(budget: BudgetDay, before: Run, after: Run): BudgetDay {
  const released = holdsReservation(before) && !holdsReservation(after);
  return {
    reserved: released ? budget.reserved.minus(before.reserved) : budget.reserved,
    spent: budget.spent.plus(after.charge).minus(before.charge),
  };
}
