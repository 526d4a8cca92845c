import { describe, expect, it } from 'vitest';

import type { PollOutcome } from '../../src/catalogue/catalogue.ts';
import { pollInTurn } from '../../src/catalogue/poll-turns.ts';
import type { PollTurns } from '../../src/catalogue/poll-turns.ts';
import { ManualClock } from '../support/manual-clock.ts';

const intervalMs = 300_000;
const good: PollOutcome = { succeeded: true, retryAfterMs: undefined, holdsPrices: false };

/** Turns in memory, whose storage a test takes away. */
class Bench {
  readonly clock = new ManualClock();
  readonly done: number[] = [];
  polls = 0;
  isAway = false;
  isOurs = true;

  readonly #turns: PollTurns = {
    claim: async () => {
      this.#reach();
      return this.isOurs;
    },
    finish: async (_feed, slot) => {
      this.#reach();
      this.done.push(slot);
    },
  };

  async poll(outcome = good, whilePolling: () => void = () => undefined) {
    const options = {
      turns: this.#turns,
      feed: 'groq',
      intervalMs,
      clock: this.clock,
      random: () => 0,
    };
    return await pollInTurn(options, new AbortController().signal, async () => {
      this.polls += 1;
      whilePolling();
      return outcome;
    });
  }

  get slot(): number {
    return Math.floor(this.clock.now() / intervalMs);
  }

  #reach(): void {
    if (this.isAway) throw new Error('The database is away');
  }
}

describe('a poll in turn', () => {
  it('polls in a slot that falls to this process, says that it is done, and waits for the next one', async () => {
    const bench = new Bench();
    await bench.clock.advance(1_000);
    expect(await bench.poll()).toEqual({ ...good, nextInMs: intervalMs - 1_000 });
    expect(bench.polls).toBe(1);
    expect(bench.done).toEqual([bench.slot]);
  });

  it('lets a slot of another process pass, and looks again once a holder that died has given it up', async () => {
    const bench = new Bench();
    bench.isOurs = false;
    expect(await bench.poll()).toEqual({ ...good, nextInMs: 60_000 });
    expect(bench.polls).toBe(0);
  });

  it.each([
    { ...good, succeeded: false },
    { ...good, holdsPrices: true },
  ])('keeps the slot of a reading that has to be done again: %j', async (outcome) => {
    const bench = new Bench();
    expect(await bench.poll(outcome)).toEqual(outcome);
    expect(bench.done).toEqual([]);
  });

  it('polls nobody while storage is away, and asks for the slot again within seconds', async () => {
    const bench = new Bench();
    bench.isAway = true;
    const { nextInMs = Infinity } = await bench.poll();
    expect(nextInMs).toBeLessThanOrEqual(3_000);
    expect(bench.polls).toBe(0);
  });

  it('polls once in a slot although storage is away when it says that the slot is done', async () => {
    const bench = new Bench();
    const polled = bench.poll(good, () => {
      bench.isAway = true;
    });
    await bench.clock.advance(10);
    expect(bench.done).toEqual([]);
    bench.isAway = false;
    await bench.clock.advance(2_000);
    expect((await polled).nextInMs).toBeLessThan(intervalMs);
    expect(bench.done).toEqual([bench.slot]);
    expect(bench.polls).toBe(1);
  });
});
