import { describe, expect, test } from 'vitest';

import { ChangeLog } from '../../src/catalogue/change-log.ts';
import type { SnapshotChange } from '../../src/catalogue/catalogue.ts';
import { Offerings } from '../../src/catalogue/offerings.ts';
import type { OfferingEntry, Snapshot } from '../../src/catalogue/snapshot.ts';
import { model, price } from '../catalogue/readings.ts';
import { changesOf, polled, snapshotOf } from '../catalogue/snapshots.ts';
import { aProvider } from '../support/registry-entries.ts';

const clock = { now: () => 1_000 };

/** As much of an entry as the log looks at. */
function entry(id: string): OfferingEntry {
  return { id } as OfferingEntry;
}

function swap(version: number, count: number, previous: unknown = {}): SnapshotChange {
  return {
    previous: previous as Snapshot | undefined,
    snapshot: { version } as Snapshot,
    changes: Array.from({ length: count }, (_, index) => ({
      before: entry(`${version}.${index}`),
      after: entry(`${version}.${index}`),
    })),
  };
}

/** What a reader gets from a position on, and where he then is. */
function readAll(log: ChangeLog, from: number): readonly string[] {
  const read: string[] = [];
  let position = from;
  for (;;) {
    const missed = log.since(position);
    position = missed.end;
    if (missed.kind === 'TOO_OLD') read.push('TOO_OLD');
    else if (missed.notices.length === 0) return read;
    else read.push(...missed.notices.map(({ offeringId, kind }) => offeringId ?? kind));
  }
}

describe('the log of changes', () => {
  test('gives a reader everything behind his position, in order', () => {
    const log = new ChangeLog(1, { clock });
    const start = log.end;
    log.append(swap(2, 120));
    log.append(swap(3, 1));
    const all = [...Array.from({ length: 120 }, (_, index) => `2.${index}`), '3.0'];
    expect(readAll(log, start)).toEqual(all);
    expect(readAll(log, start + 119)).toEqual(['2.119', '3.0']);
    expect(readAll(log, log.end)).toEqual([]);
  });

  test('tells who fell out of what is kept, once, and then what comes', () => {
    const log = new ChangeLog(1, { clock, maximumNotices: 10 });
    const start = log.end;
    log.append(swap(2, 8));
    expect(readAll(log, start)).toHaveLength(8);
    log.append(swap(3, 8));
    expect(readAll(log, start)).toEqual(['TOO_OLD']);
    expect(readAll(log, start + 6)).toHaveLength(10);
    expect(readAll(log, start + 5)).toEqual(['TOO_OLD']);
  });

  test('tells a snapshot that changed too much as one word', () => {
    const log = new ChangeLog(1, { clock, maximumPerSnapshot: 3 });
    const start = log.end;
    log.append(swap(2, 3));
    log.append(swap(3, 4));
    log.append(swap(4, 1));
    expect(readAll(log, start)).toEqual(['2.0', '2.1', '2.2', 'RELOAD', '4.0']);
  });

  test('takes the first snapshot, which changes nothing for anybody, for no news', () => {
    const log = new ChangeLog(1, { clock });
    let told = 0;
    log.onAppend(() => (told += 1));
    log.append({ ...swap(2, 5), previous: undefined });
    log.append(swap(3, 0));
    expect([log.end, told]).toEqual([0, 0]);
    log.append(swap(4, 1));
    expect([log.end, told]).toEqual([1, 1]);
  });

  test('knows its own cursors, those of others as such, and nothing else', () => {
    const log = new ChangeLog(1, { clock });
    const start = log.end;
    log.append(swap(2, 2));
    const missed = log.since(start);
    const cursors = missed.kind === 'NOTICES' ? missed.notices.map(({ cursor }) => cursor) : [];
    expect(cursors.map((cursor) => log.positionOf(cursor))).toEqual([1, 2]);
    expect(log.positionOf(log.reload().cursor)).toBe(log.end);
    const other = new ChangeLog(1, { clock });
    expect(other.positionOf(cursors[0] ?? '')).toBe('UNKNOWN');
    for (const nonsense of ['', 'x', 'c', cursors[0]?.slice(1) ?? '', 'A'.repeat(5_000)]) {
      expect(log.positionOf(nonsense)).toBeUndefined();
    }
  });

  describe('beside that of another process on the same storage', () => {
    const minuteMs = 60_000;

    /** Two logs whose processes began at the same version, and time that passes for both. */
    function twoLogs(options: { readonly maximumNotices?: number } = {}) {
      let nowMs = 0;
      const shared = { clock: { now: () => nowMs }, isShared: true, ...options };
      const [here, there] = [new ChangeLog(1, shared), new ChangeLog(1, shared)];
      return {
        here,
        there,
        startAnother: (version: number) => new ChangeLog(version, shared),
        pass: () => (nowMs += minuteMs),
      };
    }

    function lastCursor(log: ChangeLog): string {
      const missed = log.since(log.end - 1);
      return (missed.kind === 'NOTICES' ? missed.notices.at(-1)?.cursor : undefined) ?? '';
    }

    /** What the holder of a cursor of one log is told by the other. */
    function told(log: ChangeLog, cursor: string): readonly string[] {
      const position = log.positionOf(cursor);
      return typeof position === 'number' ? readAll(log, position) : [String(position)];
    }

    test('tells a reader what he missed; the newest that he had there, he may be told again', () => {
      const { here, there, pass } = twoLogs();
      for (const log of [here, there]) log.append(swap(2, 2));
      pass();
      for (const log of [here, there]) log.append(swap(3, 1));
      const cursor = lastCursor(here);
      pass();
      there.append(swap(4, 2));
      expect(told(there, cursor)).toEqual(['3.0', '4.0', '4.1']);
    });

    test('loses nothing to a process that saw several versions as one, or is behind', () => {
      const { here, there, pass } = twoLogs();
      here.append(swap(2, 1));
      here.append(swap(3, 1));
      const cursor = lastCursor(here);
      here.append(swap(4, 1));
      pass();
      expect(told(there, cursor)).toEqual([]);
      there.append(swap(4, 3));
      expect(told(there, cursor)).toEqual(['4.0', '4.1', '4.2']);
    });

    test('loses nothing that time alone changed, which has no version of its own', () => {
      const { here, there, pass } = twoLogs();
      for (const log of [here, there]) log.append(swap(5, 1));
      const cursor = lastCursor(here);
      pass();
      there.append(swap(5, 2));
      expect(told(there, cursor)).toEqual(['5.0', '5.0', '5.1']);
    });

    test('does not know what a reader missed before it began, or of what it keeps no more', () => {
      const { here, there, startAnother, pass } = twoLogs({ maximumNotices: 3 });
      here.append(swap(2, 1));
      const early = lastCursor(here);
      pass();
      expect(told(startAnother(3), early)).toEqual(['UNKNOWN']);
      expect(told(startAnother(2), early)).toEqual(['UNKNOWN']);
      there.append(swap(2, 1));
      pass();
      expect(told(there, early)).toEqual(['2.0']);
      there.append(swap(3, 3));
      expect(told(there, early)).toEqual(['UNKNOWN']);
    });
  });

  test('keeps of a snapshot nothing but the entries that changed', () => {
    const entries = { groq: aProvider() };
    const memory = (input: string) =>
      polled([model('one'), model('two')], [price('one', { input })]);
    const previous = snapshotOf(entries, { groq: memory('0.1') });
    const snapshot = snapshotOf(entries, { groq: memory('0.2') }, { previous });
    const log = new ChangeLog(1, { clock });
    log.append({ previous, snapshot, changes: changesOf(previous, snapshot) });
    const missed = log.since(0);
    const notices = missed.kind === 'NOTICES' ? missed.notices : [];
    expect(notices.map(({ offeringId }) => offeringId)).toEqual(['groq:anywhere:on_demand:one']);
    const kept = reachableFrom(notices);
    expect(kept).toContain(previous.models.get('one'));
    expect(kept).toContain(snapshot.models.get('one'));
    expect(kept).not.toContain(snapshot.models.get('two'));
    expect([...kept].filter((part) => part instanceof Offerings)).toEqual([]);
    expect([...kept].filter((part) => typeof part === 'function')).toEqual([]);
  });
});

/** Everything that objects lead to by their own properties, themselves included. */
function reachableFrom(start: unknown): Set<unknown> {
  const reached = new Set<unknown>();
  const waiting = [start];
  while (waiting.length > 0) {
    const part = waiting.pop();
    if (part === null || typeof part !== 'object' || reached.has(part)) {
      reached.add(part);
      continue;
    }
    reached.add(part);
    if (part instanceof Map || part instanceof Set) waiting.push(...part);
    for (const { value } of Object.values(Object.getOwnPropertyDescriptors(part))) {
      waiting.push(value);
    }
  }
  return reached;
}
