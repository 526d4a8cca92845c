import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { PollOutcome } from '../../src/catalogue/catalogue.ts';
import { confirmationDelayMs, Poller } from '../../src/catalogue/poller.ts';
import { ManualClock } from '../support/manual-clock.ts';

const intervalMs = 300_000;
const good: PollOutcome = { succeeded: true, retryAfterMs: undefined, holdsPrices: false };
const bad: PollOutcome = { succeeded: false, retryAfterMs: undefined, holdsPrices: false };
const held: PollOutcome = { succeeded: true, retryAfterMs: undefined, holdsPrices: true };
const asked = (retryAfterMs: number): PollOutcome => ({ ...bad, retryAfterMs });

/** One poll that is under way, for the test to end. */
interface Call {
  readonly startedAtMs: number;
  readonly signal: AbortSignal;
  end(outcome: PollOutcome): Promise<void>;
  fail(error: Error): Promise<void>;
}

/** A poller whose polls, time and luck are the test's. */
class Bench {
  readonly clock = new ManualClock();
  readonly calls: Call[] = [];
  readonly faults: unknown[] = [];
  luck = 0.5;
  readonly poller: Poller;

  constructor(pollEveryMs = intervalMs) {
    this.poller = new Poller({
      poll: (signal) => this.#poll(signal),
      intervalMs: pollEveryMs,
      clock: this.clock,
      random: () => this.luck,
      onFault: (error) => this.faults.push(error),
    });
  }

  /** The poll that is under way. */
  get call(): Call {
    const call = this.calls.at(-1);
    if (call === undefined) throw new Error('No poll has begun');
    return call;
  }

  /** Milliseconds until the next poll; undefined while one is under way. */
  get waitMs(): number | undefined {
    return this.clock.pendingMs[0];
  }

  /** Ends the poll that is under way and tells how long the poller waits then. */
  async waitAfter(outcome: PollOutcome): Promise<number | undefined> {
    await this.call.end(outcome);
    return this.waitMs;
  }

  /** Ends polls one after the other and tells how long the poller waited after each. */
  async waitsAfter(outcomes: readonly PollOutcome[]): Promise<(number | undefined)[]> {
    const waits: (number | undefined)[] = [];
    for (const outcome of outcomes) {
      const waitMs = await this.waitAfter(outcome);
      waits.push(waitMs);
      await this.clock.advance(waitMs ?? 0);
    }
    return waits;
  }

  #poll(signal: AbortSignal): Promise<PollOutcome> {
    const { promise, resolve, reject } = Promise.withResolvers<PollOutcome>();
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    this.calls.push({
      startedAtMs: this.clock.now(),
      signal,
      end: async (outcome) => {
        resolve(outcome);
        await turn();
      },
      fail: async (error) => {
        reject(error);
        await turn();
      },
    });
    return promise;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function started(pollEveryMs?: number): Bench {
  const bench = new Bench(pollEveryMs);
  bench.poller.start();
  return bench;
}

describe('polls', () => {
  it('begin at once, and go on an interval after the end of each', async () => {
    const bench = started();
    expect(bench.calls).toHaveLength(1);
    await bench.clock.advance(20_000);
    expect(await bench.waitAfter(good)).toBe(intervalMs);
    await bench.clock.advance(intervalMs - 1);
    expect(bench.calls).toHaveLength(1);
    await bench.clock.advance(1);
    expect(bench.calls).toHaveLength(2);
    await bench.poller.stop();
  });

  it('never overlap, however long one takes and whoever asks', async () => {
    const bench = started();
    const first = bench.poller.run();
    const second = bench.poller.run();
    await bench.clock.advance(10 * intervalMs);
    bench.poller.wake();
    await turn();
    expect(bench.calls).toHaveLength(1);
    await bench.call.end(good);
    expect(await Promise.all([first, second])).toEqual([good, good]);
    await bench.poller.stop();
  });

  it('are spread by at most a tenth of the interval either way', () =>
    fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: 1_000, max: 86_400_000 }),
        async (luck, everyMs) => {
          const bench = started(everyMs);
          bench.luck = luck;
          const waitMs = await bench.waitAfter(good);
          // A millisecond of grace: the clock adds to a number of 13 digits.
          expect(waitMs).toBeGreaterThan(0.9 * everyMs - 1);
          expect(waitMs).toBeLessThan(1.1 * everyMs + 1);
          await bench.poller.stop();
        },
      ),
      { numRuns: 100 },
    ));

  it('come at both ends of that spread', async () => {
    const bench = started();
    bench.luck = 0;
    expect(await bench.waitAfter(good)).toBe(270_000);
    await bench.clock.advance(270_000);
    bench.luck = 1;
    expect(await bench.waitAfter(good)).toBeCloseTo(330_000, 6);
    await bench.poller.stop();
  });
});

describe('a poll that fails', () => {
  it('is repeated after 5 s, then twice as long each time, and never later than the interval', async () => {
    const bench = started();
    bench.luck = 0;
    const waits = await bench.waitsAfter(Array.from({ length: 9 }, () => bad));
    expect(waits).toEqual([
      5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000,
    ]);
    await bench.poller.stop();
  });

  it('is repeated after the interval where that is shorter', async () => {
    const bench = started(1_000);
    bench.luck = 0;
    expect(await bench.waitsAfter([bad, bad])).toEqual([1_000, 1_000]);
    await bench.poller.stop();
  });

  it('is repeated up to a tenth later, never earlier, so that replicas do not come together', async () => {
    const bench = started();
    bench.luck = 1;
    expect(await bench.waitAfter(bad)).toBe(5_500);
    await bench.poller.stop();
  });

  it('is forgotten by one that succeeds', async () => {
    const bench = started();
    bench.luck = 0;
    const waits = await bench.waitsAfter([bad, bad, good, bad]);
    expect(waits).toEqual([5_000, 10_000, 270_000, 5_000]);
    await bench.poller.stop();
  });

  it('goes on failing for years without harm', async () => {
    const bench = started();
    bench.luck = 0;
    const waits = await bench.waitsAfter(Array.from({ length: 2_000 }, () => bad));
    expect(new Set(waits.slice(10))).toEqual(new Set([300_000]));
    await bench.poller.stop();
  });
});

describe('a provider that asks to wait', () => {
  it.each([
    ['longer than the backoff', 60_000, 60_000],
    ['longer than the interval', 1_200_000, 1_200_000],
    ['less than the backoff', 1_000, 5_000],
    ['for no time', 0, 5_000],
    ['for a day: an hour is the most', 86_400_000, 3_600_000],
    ['for ever', Number.POSITIVE_INFINITY, 3_600_000],
  ])('%s (%d ms) is asked again after %d ms', async (_, retryAfterMs, waitMs) => {
    const bench = started();
    bench.luck = 0;
    expect(await bench.waitAfter(asked(retryAfterMs))).toBe(waitMs);
    await bench.poller.stop();
  });
});

describe('a price that is held', () => {
  it('is read again 15 s later, and then in the usual time', async () => {
    const bench = started();
    expect(confirmationDelayMs).toBe(15_000);
    expect(await bench.waitsAfter([held, good])).toEqual([15_000, intervalMs]);
    await bench.poller.stop();
  });

  it('is read again with the next poll where that comes first', async () => {
    const bench = started(10_000);
    expect(await bench.waitAfter(held)).toBe(10_000);
    await bench.poller.stop();
  });

  it('waits out the backoff when the second reading fails', async () => {
    const bench = started();
    bench.luck = 0;
    expect(await bench.waitsAfter([held, { ...bad, holdsPrices: true }])).toEqual([15_000, 5_000]);
    await bench.poller.stop();
  });
});

describe('a poller that is woken', () => {
  it('polls at once, and only once', async () => {
    const bench = started();
    await bench.call.end(good);
    bench.poller.wake();
    bench.poller.wake();
    await turn();
    expect(bench.calls).toHaveLength(2);
    expect(await bench.waitAfter(good)).toBe(intervalMs);
    expect(bench.calls).toHaveLength(2);
    await bench.poller.stop();
  });

  it('while a poll is under way polls once more when that fails: what woke it may have come too late', async () => {
    const bench = started();
    bench.poller.wake();
    expect(bench.calls).toHaveLength(1);
    await bench.call.end(bad);
    expect(bench.calls).toHaveLength(2);
    expect(await bench.waitAfter(good)).toBe(intervalMs);
    await bench.poller.stop();
  });

  it('by what the poll under way found itself does not poll again', async () => {
    const bench = started();
    bench.poller.wake();
    expect(await bench.waitAfter(good)).toBe(intervalMs);
    expect(bench.calls).toHaveLength(1);
    await bench.poller.stop();
  });

  it('out of a long backoff polls at once too', async () => {
    const bench = started();
    await bench.call.end(asked(3_600_000));
    bench.poller.wake();
    await turn();
    expect(bench.calls).toHaveLength(2);
    await bench.poller.stop();
  });
});

describe('a poller that is stopped', () => {
  it('while it waits polls no more', async () => {
    const bench = started();
    await bench.call.end(good);
    await bench.poller.stop();
    await bench.clock.advance(10 * intervalMs);
    expect(bench.calls).toHaveLength(1);
    expect(bench.clock.pendingMs).toEqual([]);
  });

  it('while a poll is under way aborts it, waits until it has ended, and takes that for no fault', async () => {
    const bench = started();
    const stopped = bench.poller.stop();
    expect(bench.call.signal.aborted).toBe(true);
    await stopped;
    await bench.clock.advance(10 * intervalMs);
    expect(bench.calls).toHaveLength(1);
    expect(bench.faults).toEqual([]);
  });

  it('does not end before the poll that it aborts has ended', async () => {
    const clock = new ManualClock();
    const { promise, resolve } = Promise.withResolvers<PollOutcome>();
    const poller = new Poller({
      poll: () => promise,
      intervalMs,
      clock,
      random: () => 0.5,
      onFault: () => undefined,
    });
    poller.start();
    let ended = false;
    const stopped = poller.stop().then(() => {
      ended = true;
    });
    await turn();
    expect(ended).toBe(false);
    resolve(good);
    await stopped;
    expect(clock.pendingMs).toEqual([]);
  });

  it('may be stopped before it was started, and twice', async () => {
    const bench = new Bench();
    await bench.poller.stop();
    bench.poller.start();
    await turn();
    await bench.poller.stop();
    expect(bench.calls).toHaveLength(0);
  });
});

describe('a poll that throws', () => {
  it('is a fault that is told, and counts as a failure: polling goes on', async () => {
    const bench = started();
    bench.luck = 0;
    const fault = new Error('a fault of ours');
    await bench.call.fail(fault);
    expect(bench.faults).toEqual([fault]);
    expect(bench.waitMs).toBe(5_000);
    await bench.clock.advance(5_000);
    expect(bench.calls).toHaveLength(2);
    expect(await bench.waitAfter(good)).toBe(270_000);
    await bench.poller.stop();
  });

  it('gives whoever asked for it nothing', async () => {
    const bench = new Bench();
    const outcome = bench.poller.run();
    await bench.call.fail(new Error('a fault of ours'));
    expect(await outcome).toBeUndefined();
  });
});

describe('the clock of a machine that sleeps or is set', () => {
  it('wakes the poller once, however many intervals have gone by', async () => {
    const bench = started();
    await bench.call.end(good);
    await bench.clock.advance(10 * intervalMs);
    expect(bench.calls).toHaveLength(2);
    await bench.poller.stop();
  });
});
