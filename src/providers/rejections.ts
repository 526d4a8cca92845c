import type { RejectedRow } from './provider.ts';

/** Collects the rows of one reading that were not taken: the first ones, and the number of the rest. */
export class Rejections {
  readonly #rows: RejectedRow[] = [];
  #count = 0;

  add(id: string, reason: string): void {
    this.#count += 1;
    if (this.#rows.length < maximumRejectedRows) this.#rows.push({ id, reason });
  }

  /** At most {@link maximumRejectedRows} rows; where there were more, the last says how many. */
  rows(): readonly RejectedRow[] {
    if (this.#count <= maximumRejectedRows) return this.#rows;
    const shown = this.#rows.slice(0, maximumRejectedRows - 1);
    const rest = this.#count - shown.length;
    return [...shown, { id: `+${rest}`, reason: `${rest} more rows were rejected` }];
  }
}

/** Rows of one reading; later ones are rejected. */
export const maximumRows = 200_000;

/** Rejected rows that a reading reports. */
const maximumRejectedRows = 100;

/**
 * The id of a row, when it can serve as one: 1 to 200 characters of visible text.
 *
 * @returns the id, or why it is none.
 */
export function usableId(
  value: unknown,
): { readonly ok: true; readonly id: string } | { readonly ok: false; readonly reason: string } {
  if (value === undefined || value === null) return { ok: false, reason: 'the row has no id' };
  if (typeof value !== 'string') return { ok: false, reason: 'the id is not a string' };
  if (value.trim() === '') return { ok: false, reason: 'the id is empty' };
  if (value.length > maximumIdLength) {
    return { ok: false, reason: `the id is longer than ${maximumIdLength} characters` };
  }
  if (unprintable.test(value) || !value.isWellFormed()) {
    return { ok: false, reason: 'the id contains characters that cannot be shown' };
  }
  return { ok: true, id: value };
}

const maximumIdLength = 200;
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
