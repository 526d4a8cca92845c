import { setImmediate as turn } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { inReadingPlace } from '../../src/providers/reading-places.ts';

/** Readings that a test ends itself, in the order in which they began. */
class Readings {
  readonly begun: { readonly end: () => void; readonly fail: (error: Error) => void }[] = [];

  /** Asks for so many more; resolves or fails as each of them does. */
  ask(count: number): Promise<void>[] {
    return Array.from({ length: count }, () =>
      inReadingPlace(
        () =>
          new Promise<void>((resolve, reject) => this.begun.push({ end: resolve, fail: reject })),
      ),
    );
  }

  endAll(): void {
    for (const { end } of this.begun) end();
  }
}

const places = 16;
const placeMs = 1_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('reading places', () => {
  it('let as many lists be under way as there are, and the next when one is read or has failed', async () => {
    const readings = new Readings();
    const asked = readings.ask(places + 2);
    expect(readings.begun).toHaveLength(places);
    readings.begun[3]?.end();
    await asked[3];
    await turn();
    expect(readings.begun).toHaveLength(places + 1);
    readings.begun[0]?.fail(new Error('cut off'));
    await expect(asked[0]).rejects.toThrow('cut off');
    await turn();
    expect(readings.begun).toHaveLength(places + 2);
    readings.endAll();
    await Promise.allSettled(asked);
  });

  it('are given up by those who take long, once each, and they go on', async () => {
    const readings = new Readings();
    const slow = readings.ask(places);
    const next = readings.ask(places + 1);
    expect(readings.begun).toHaveLength(places);
    await vi.advanceTimersByTimeAsync(placeMs - 1);
    expect(readings.begun).toHaveLength(places);
    await vi.advanceTimersByTimeAsync(1);
    expect(readings.begun).toHaveLength(2 * places);
    for (const { end } of readings.begun.slice(0, places)) end();
    await Promise.all(slow);
    await turn();
    // The places that they had are those of the others by now, one of whom still waits.
    expect(readings.begun).toHaveLength(2 * places);
    readings.begun[places]?.end();
    await turn();
    expect(readings.begun).toHaveLength(2 * places + 1);
    readings.endAll();
    await Promise.all(next);
  });

  it('are all free again afterwards', async () => {
    const readings = new Readings();
    const asked = readings.ask(places);
    expect(readings.begun).toHaveLength(places);
    readings.endAll();
    await Promise.all(asked);
  });
});
