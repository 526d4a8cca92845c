import type { ChangeLog, LogPosition, OfferingNotice } from '../../catalogue/change-log.ts';
import type { TurnQueue } from './turn-queue.ts';

/** A result as JSON text; undefined where the notice is not one that was asked for. */
type NoticeResult = string | undefined;

/**
 * The results of one operation for everybody who subscribed to it with the same variables: each notice of
 * the log is executed and serialised once, before those who wait for it are woken, a few at a time.
 */
export class SharedResults {
  readonly #log: ChangeLog;
  readonly #resultOf: (notice: OfferingNotice) => Promise<NoticeResult> | NoticeResult;
  readonly #cache: ResultCache;
  readonly #queue: TurnQueue;
  #waiting = new Set<() => void>();
  #prepared: number;
  /** Subscribers at present. */
  readers = 0;

  constructor(
    log: ChangeLog,
    resultOf: (notice: OfferingNotice) => Promise<NoticeResult> | NoticeResult,
    cache: ResultCache,
    queue: TurnQueue,
  ) {
    this.#log = log;
    this.#resultOf = resultOf;
    this.#cache = cache;
    this.#queue = queue;
    this.#prepared = log.end;
  }

  /** Makes the results of new notices, then wakes who waits. */
  async advance(): Promise<void> {
    for (;;) {
      const missed = this.#log.since(this.#prepared);
      this.#prepared = missed.end;
      if (missed.kind === 'TOO_OLD' || missed.notices.length === 0) break;
      for (const notice of missed.notices) {
        // A fault is met, and told, by each reader himself.
        await Promise.resolve(this.#cached(notice)).catch(() => undefined);
      }
    }
    const woken = this.#waiting;
    this.#waiting = new Set();
    for (const wake of woken) this.#queue.add(wake);
  }

  /**
   * Results behind a position, for one reader, without an end until the signal aborts.
   *
   * @param position - `UNKNOWN` for a reader of whom nobody can tell what he missed.
   */
  async *behind(
    position: LogPosition | 'UNKNOWN',
    signal: AbortSignal,
  ): AsyncGenerator<string, void, undefined> {
    let reached = position === 'UNKNOWN' ? -1 : position;
    while (!signal.aborted) {
      const missed = this.#log.since(reached);
      const notices = missed.kind === 'TOO_OLD' ? [this.#log.reload()] : missed.notices;
      if (notices.length === 0) {
        await this.#more(signal);
        continue;
      }
      for (const notice of notices) {
        const result = await this.#cached(notice);
        if (signal.aborted) return;
        if (result !== undefined) yield result;
      }
      reached = missed.end;
    }
  }

  #cached(notice: OfferingNotice): Promise<NoticeResult> | NoticeResult {
    const known = this.#cache.get(this, notice);
    if (known !== undefined) return known.result;
    const result = this.#resultOf(notice);
    this.#cache.put(this, notice, result);
    return result;
  }

  async #more(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const stop = (): void => {
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', stop, { once: true });
    });
  }
}

/** Results of all operations, within a bound on their length altogether; the oldest are let go first. */
export class ResultCache {
  readonly #maximumLength: number;
  readonly #entries = new Map<string, CachedResult>();
  readonly #names = new WeakMap<object, string>();
  #length = 0;
  #lastName = 0;

  /** @param maximumLength - UTF-16 units, keys included. */
  constructor(maximumLength: number) {
    this.#maximumLength = maximumLength;
  }

  get(owner: object, notice: OfferingNotice): CachedResult | undefined {
    return this.#entries.get(this.#keyOf(owner, notice));
  }

  put(owner: object, notice: OfferingNotice, result: Promise<NoticeResult> | NoticeResult): void {
    const key = this.#keyOf(owner, notice);
    if (!(result instanceof Promise)) {
      this.#keep(key, { result, length: key.length + (result?.length ?? 0) });
      return;
    }
    const pending = { result, length: key.length };
    this.#keep(key, pending);
    result.then(
      (made) => {
        if (this.#entries.get(key) !== pending) return;
        this.#drop(key, pending);
        this.#keep(key, { result: made, length: key.length + (made?.length ?? 0) });
      },
      () => {
        if (this.#entries.get(key) === pending) this.#drop(key, pending);
      },
    );
  }

  #keep(key: string, entry: CachedResult): void {
    this.#entries.set(key, entry);
    this.#length += entry.length;
    for (const [oldest, kept] of this.#entries) {
      if (this.#length <= this.#maximumLength) break;
      this.#drop(oldest, kept);
    }
  }

  #drop(key: string, entry: CachedResult): void {
    this.#entries.delete(key);
    this.#length -= entry.length;
  }

  /** The kind belongs to it: a reader who is told to reload has the cursor of the newest change. */
  #keyOf(owner: object, { cursor, kind }: OfferingNotice): string {
    let name = this.#names.get(owner);
    if (name === undefined) {
      this.#lastName += 1;
      name = String(this.#lastName);
      this.#names.set(owner, name);
    }
    return `${name} ${kind} ${cursor}`;
  }
}

interface CachedResult {
  readonly result: Promise<NoticeResult> | NoticeResult;
  readonly length: number;
}
