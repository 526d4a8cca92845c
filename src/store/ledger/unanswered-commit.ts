import { setTimeout as delay } from 'node:timers/promises';

import { sql } from 'kysely';

import { StoreError } from '../store-error.ts';
import type { StoreTransaction, Transactions } from '../transactions.ts';
import type { Mark } from './ledger-transaction.ts';

/** For how long an answer is looked for: longer than a server holds on to a connection that is gone. */
export const lookForMs = 30_000;
const firstPauseMs = 20;
const longestPauseMs = 1_000;

/** Whether this says that the connection was lost during the commit. */
export function isUnansweredCommit(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'COMMIT_UNKNOWN';
}

/**
 * Whether the transaction that left a mark was committed. The server may still be at it, so reading is
 * not enough: the key of the mark is taken, which waits for a transaction that is under way, and given
 * back at once.
 *
 * @returns undefined when the database did not answer in time.
 */
export async function wasCommitted(
  transactions: Transactions,
  mark: Mark,
  forMs: number,
): Promise<boolean | undefined> {
  const giveUpAt = performance.now() + forMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    try {
      return await look(transactions, mark);
    } catch {
      if (performance.now() >= giveUpAt) return undefined;
    }
    await delay(pauseMs);
  }
}

async function look(transactions: Transactions, mark: Mark): Promise<boolean> {
  try {
    return await transactions.run(async (transaction) => {
      if (await takesKey(transaction, mark)) throw new GiveBack();
      return await isOwn(transaction, mark);
    });
  } catch (error) {
    if (error instanceof GiveBack) return false;
    throw error;
  }
}

/** Undoes the transaction that holds the key. */
class GiveBack extends Error {}

/** False when the key is taken, by the transaction in question or by another one. */
async function takesKey({ kysely }: StoreTransaction, mark: Mark): Promise<boolean> {
  const { rows } =
    mark.kind === 'FACT'
      ? await sql`
          insert into run_fact (run_id, number, kind, at_ms, step, body)
          values (${mark.runId}, ${mark.number}, '', 0, '', '')
          on conflict (run_id, number) do nothing returning number
        `.execute(kysely)
      : await sql`
          insert into run_event (run_id, position, at_ms, expires_at_ms)
          values (${mark.runId}, ${mark.event.position}, 0, 0)
          on conflict (run_id, position) do nothing returning position
        `.execute(kysely);
  return rows.length > 0;
}

async function isOwn({ kysely }: StoreTransaction, mark: Mark): Promise<boolean> {
  if (mark.kind === 'FACT') {
    const { step } = await kysely
      .selectFrom('run_fact')
      .select('step')
      .where('run_id', '=', mark.runId)
      .where('number', '=', mark.number)
      .executeTakeFirstOrThrow();
    return step === mark.step;
  }
  const { position, atMs, body } = mark.event;
  const event = await kysely
    .selectFrom('run_event')
    .select(['at_ms', 'body'])
    .where('run_id', '=', mark.runId)
    .where('position', '=', position)
    .executeTakeFirst();
  // Only the owner of a run writes its events, so the same words at the same moment are his.
  return event !== undefined && event.at_ms === atMs && event.body === body;
}
