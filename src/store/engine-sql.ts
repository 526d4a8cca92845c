import { sql, type RawBuilder } from 'kysely';

import { StoreError } from './store-error.ts';

export type Engine = 'sqlite' | 'postgres';

/**
 * A table of one column `value` with one row for each list, read by `value ->> index` (as text, or
 * null). One parameter whatever the number of rows, so the statement's text never changes.
 */
export function jsonRows(engine: Engine, rows: JsonRows): RawBuilder<unknown> {
  return jsonRowsIn(engine, JSON.stringify(rows));
}

/** As {@link jsonRows}, for rows that are JSON text already. */
export function jsonRowsIn(engine: Engine, text: string): RawBuilder<unknown> {
  return engine === 'sqlite'
    ? sql`json_each(${text})`
    : sql`jsonb_array_elements(cast(${text} as jsonb))`;
}

export type JsonRows = readonly (readonly (string | number | null)[])[];

/** The database's own clock, milliseconds since the epoch: leases never compare clocks of two machines. */
export function databaseNowMs(engine: Engine): RawBuilder<number> {
  return engine === 'sqlite'
    ? sql<number>`cast(unixepoch('subsec') * 1000 as integer)`
    : sql<number>`cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`;
}

/**
 * Text that both engines give back unchanged.
 *
 * @throws StoreError `UNSTORABLE_VALUE` for a NUL character or half a surrogate pair.
 */
export function storableText(text: string, what: string): string {
  if (text.includes('\u0000') || !text.isWellFormed()) {
    throw new StoreError(
      'UNSTORABLE_VALUE',
      `${what} holds a NUL character or a broken surrogate pair and cannot be stored`,
    );
  }
  return text;
}

/**
 * An integer that both engines give back unchanged.
 *
 * @throws StoreError `UNSTORABLE_VALUE` beyond ±(2^53 - 1), or for a fraction.
 */
export function storableInteger(value: number, what: string): number {
  if (!Number.isSafeInteger(value)) {
    throw new StoreError('UNSTORABLE_VALUE', `${what} is not an exact integer`);
  }
  return value;
}
