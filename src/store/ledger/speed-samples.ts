import { sql, type Kysely } from 'kysely';

import type { SpeedSample } from '../../inference/ledger-store.ts';
import { storableInteger, storableText } from '../engine-sql.ts';
import type { SpeedSampleTable, Tables } from '../tables.ts';
import { nextTurn } from '../transactions.ts';

/** How long samples are kept, and how many of an offering at least; older ones tell nothing of today. */
const keptMs = 86_400_000;
const keptPerOffering = 1_000;
/** Offerings that one cleaning looks at; the next one goes on behind them. */
const offeringsPerCleaning = 20;

export function sampleRowOf(sample: SpeedSample): SpeedSampleTable {
  return {
    offering: storableText(sample.offeringId, 'The id of an offering'),
    at_ms: storableInteger(sample.atMs, 'The time of a sample'),
    tokens_per_second: sample.tokensPerSecond ?? null,
    time_to_first_token_ms: sample.timeToFirstTokenMs ?? null,
    queue_ms: sample.queueMs ?? null,
  };
}

/** The newest samples of each offering since a moment, each offering's oldest first. */
export async function newestSamples(
  database: Kysely<Tables>,
  sinceMs: number,
  perOffering: number,
): Promise<SpeedSample[]> {
  const samples: SpeedSample[] = [];
  for (let offering = await offeringAfter(database, ''); offering !== undefined;) {
    const rows = await database
      .selectFrom('speed_sample')
      .selectAll()
      .where('offering', '=', offering)
      .where('at_ms', '>=', sinceMs)
      .orderBy('at_ms', 'desc')
      .limit(perOffering)
      .execute();
    for (const row of rows.toReversed()) samples.push(sampleOf(row));
    await nextTurn();
    offering = await offeringAfter(database, offering);
  }
  return samples;
}

/** Keeps the table small, a few offerings at a time. */
export class SampleCleaner {
  readonly #database: Kysely<Tables>;
  #last = '';

  constructor(database: Kysely<Tables>) {
    this.#database = database;
  }

  /** Removes what is too old or beyond the newest, at most `limit` samples of each offering. */
  async clean(nowMs: number, limit: number): Promise<void> {
    for (let count = 0; count < offeringsPerCleaning; count += 1) {
      const offering = await offeringAfter(this.#database, this.#last);
      this.#last = offering ?? '';
      if (offering === undefined) return;
      await this.#removeBefore(offering, await this.#oldestKept(offering, nowMs), limit);
    }
  }

  async #oldestKept(offering: string, nowMs: number): Promise<number> {
    const oldest = await this.#database
      .selectFrom('speed_sample')
      .select('at_ms')
      .where('offering', '=', offering)
      .orderBy('at_ms', 'desc')
      .offset(keptPerOffering - 1)
      .limit(1)
      .executeTakeFirst();
    return Math.max(oldest?.at_ms ?? 0, nowMs - keptMs);
  }

  async #removeBefore(offering: string, atMs: number, limit: number): Promise<void> {
    await sql`
      delete from speed_sample where offering = ${offering} and at_ms in (
        select at_ms from speed_sample
        where offering = ${offering} and at_ms < ${atMs} order by at_ms limit ${limit}
      )
    `.execute(this.#database);
  }
}

/** Offerings one by one, each found in the index. */
async function offeringAfter(
  database: Kysely<Tables>,
  offering: string,
): Promise<string | undefined> {
  const row = await database
    .selectFrom('speed_sample')
    .select('offering')
    .where('offering', '>', offering)
    .orderBy('offering')
    .limit(1)
    .executeTakeFirst();
  return row?.offering;
}

function sampleOf(row: SpeedSampleTable): SpeedSample {
  return {
    offeringId: row.offering,
    atMs: row.at_ms,
    tokensPerSecond: row.tokens_per_second ?? undefined,
    timeToFirstTokenMs: row.time_to_first_token_ms ?? undefined,
    queueMs: row.queue_ms ?? undefined,
  };
}
