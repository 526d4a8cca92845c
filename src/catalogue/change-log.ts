import { randomBytes } from 'node:crypto';

import type { Clock } from '../domain/clock.ts';
import type { OfferingChange } from './offering-changes.ts';
import type { OfferingEntry } from './snapshot.ts';
import type { SnapshotChange } from './catalogue.ts';

/** What subscribers are told: one change of one offering, or that changes were missed. */
export interface OfferingNotice {
  /** Opaque; the place of a reader who has had this notice. */
  readonly cursor: string;
  readonly kind: 'ADDED' | 'CHANGED' | 'REMOVED' | 'RELOAD';
  /** The snapshot that has the change. */
  readonly version: number;
  readonly atMs: number;
  /** Undefined with `RELOAD`. */
  readonly offeringId: string | undefined;
  readonly before: OfferingEntry | undefined;
  readonly after: OfferingEntry | undefined;
}

/** A place in the log: readers have had everything up to it. */
export type LogPosition = number;

export interface ChangeLogOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** Whether snapshots of other processes with the same version show what is stored alike. */
  readonly isShared?: boolean;
  /** Notices that are kept for readers who are late or come back. */
  readonly maximumNotices?: number;
  /** Changes of one snapshot that are told one by one; more of them are told as `RELOAD`. */
  readonly maximumPerSnapshot?: number;
}

/** What a reader at some position has missed: notices in order up to `end`, or too many of them. */
export type MissedNotices =
  | {
      readonly kind: 'NOTICES';
      readonly notices: readonly OfferingNotice[];
      readonly end: LogPosition;
    }
  | { readonly kind: 'TOO_OLD'; readonly end: LogPosition };

/**
 * The newest changes of the catalogue in the order in which this process saw them. A reader is a position
 * in it, so that readers cost nothing however slow they are: one who falls out of what is kept is told to
 * reload.
 *
 * Each process sees changes in its own order and may see several as one. A reader who comes from another
 * process is therefore set back to before everything that he may not have had: some of it he is told twice.
 */
export class ChangeLog {
  readonly #origin = randomBytes(6).toString('base64url');
  readonly #options: Required<ChangeLogOptions>;
  readonly #notices: OfferingNotice[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #begin: Moment;
  #lastDropped: Moment | undefined;
  #end: LogPosition = 0;
  #version: number;

  constructor(presentVersion: number, options: ChangeLogOptions) {
    this.#version = presentVersion;
    this.#begin = { version: presentVersion, atMs: options.clock.now() };
    this.#options = {
      isShared: false,
      maximumNotices: 2_000,
      maximumPerSnapshot: 500,
      ...options,
    };
  }

  /** The position behind the newest notice. */
  get end(): LogPosition {
    return this.#end;
  }

  /** Called after each snapshot that changed something. */
  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes what changed with a snapshot. The first one changes nothing for anybody. */
  append({ previous, snapshot, changes }: SnapshotChange): void {
    this.#version = snapshot.version;
    if (previous === undefined || changes.length === 0) return;
    const atMs = this.#options.clock.now();
    if (changes.length > this.#options.maximumPerSnapshot) {
      this.#push(this.#reload(this.#end + 1, snapshot.version));
    } else {
      for (const change of changes) {
        const moment = { version: snapshot.version, atMs };
        const cursor = this.#cursorOf(this.#end + 1, moment);
        this.#push({ ...noticeOf(change), ...moment, cursor });
      }
    }
    const superfluous = this.#notices.length - this.#options.maximumNotices;
    if (superfluous > 0) this.#lastDropped = this.#notices.splice(0, superfluous).at(-1);
    for (const listener of this.#listeners) listener();
  }

  /** The first notices behind a position. */
  since(position: LogPosition): MissedNotices {
    const start = this.#notices.length - (this.#end - position);
    if (position > this.#end || start < 0) return { kind: 'TOO_OLD', end: this.#end };
    const notices = this.#notices.slice(start, start + noticesAtOnce);
    return { kind: 'NOTICES', notices, end: position + notices.length };
  }

  /**
   * The position from which the holder of a cursor has missed nothing; `UNKNOWN` where that can not be
   * told, undefined for what is no cursor of this list.
   */
  positionOf(cursor: string): LogPosition | 'UNKNOWN' | undefined {
    if (cursor.length > longestCursor) return undefined;
    const text = Buffer.from(cursor, 'base64url').toString('latin1');
    const parts = /^c ([\w-]{8}) (\d{1,15}) (\d{1,15}) (\d{1,15})$/.exec(text);
    if (parts === null) return undefined;
    const [, origin, position, version, atMs] = parts;
    if (origin === this.#origin) {
      return Number(position) <= this.#end ? Number(position) : 'UNKNOWN';
    }
    if (!this.#options.isShared) return 'UNKNOWN';
    return this.#positionFrom({ version: Number(version), atMs: Number(atMs) }) ?? 'UNKNOWN';
  }

  /** Before everything that a reader of another process may not have had by his last notice there. */
  #positionFrom(last: Moment): LogPosition | undefined {
    const mayBeNews = ({ version, atMs }: Moment): boolean =>
      version >= last.version || atMs >= last.atMs - clockToleranceMs;
    if (last.version < this.#begin.version || last.atMs < this.#begin.atMs) return undefined;
    if (this.#lastDropped !== undefined && mayBeNews(this.#lastDropped)) return undefined;
    const first = this.#notices.findIndex(mayBeNews);
    return first === -1 ? this.#end : this.#end - this.#notices.length + first;
  }

  /** Tells a reader that he missed changes; he goes on from the end of the log. */
  reload(): OfferingNotice {
    return this.#reload(this.#end, this.#version);
  }

  #reload(position: LogPosition, version: number): OfferingNotice {
    const moment = { version, atMs: this.#options.clock.now() };
    return {
      ...moment,
      cursor: this.#cursorOf(position, moment),
      kind: 'RELOAD',
      offeringId: undefined,
      before: undefined,
      after: undefined,
    };
  }

  #push(notice: OfferingNotice): void {
    this.#notices.push(notice);
    this.#end += 1;
  }

  #cursorOf(position: LogPosition, { version, atMs }: Moment): string {
    return Buffer.from(`c ${this.#origin} ${position} ${version} ${atMs}`).toString('base64url');
  }
}

/** When, and in which version of the catalogue, a notice was given. */
type Moment = Pick<OfferingNotice, 'version' | 'atMs'>;

/**
 * By how much clocks of two processes may differ, and one may be behind the other with what is stored, in
 * milliseconds: changes that time alone makes have no version of their own.
 */
const clockToleranceMs = 10_000;

const longestCursor = 100;

/** Notices that a reader is given at a time, so that a slow one keeps few of them. */
const noticesAtOnce = 50;

function noticeOf({
  before,
  after,
}: OfferingChange): Pick<OfferingNotice, 'kind' | 'offeringId' | 'before' | 'after'> {
  return {
    kind: before === undefined ? 'ADDED' : after === undefined ? 'REMOVED' : 'CHANGED',
    offeringId: (after ?? before)?.id,
    before,
    after,
  };
}
