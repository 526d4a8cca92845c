import { describe, expect, it } from 'vitest';

import { UpdateQueue } from '../../src/catalogue/update-queue.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** A queue whose updates end when the test says so, and what happened in it. */
function queueOf(options: { readonly takesAtOnce: boolean; readonly prepares?: boolean }) {
  const events: string[] = [];
  const gates: (() => void)[] = [];
  const stop = async (event: string) => {
    events.push(event);
    await new Promise<void>((resolve) => gates.push(resolve));
  };
  const queue = new UpdateQueue({
    takesAtOnce: options.takesAtOnce,
    clock: new ManualClock(),
    beforeUpdate: options.prepares === true ? () => stop('rests') : () => Promise.resolve(),
    update: () => stop('updates'),
  });
  return {
    events,
    queue,
    add: (name: string) => queue.add(() => events.push(name)),
    /** Lets what stands at the gate go on, once something does. */
    pass: async () => {
      while (gates.length === 0) await turn();
      gates.shift()?.();
    },
    until: async (event: string) => {
      while (!events.includes(event)) await turn();
    },
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a change', () => {
  it('is taken at once while no update runs, so that nobody holds what it came from', async () => {
    const { events, add, pass, until } = queueOf({ takesAtOnce: true, prepares: true });
    const first = add('first');
    expect(events).toEqual(['first']);
    await until('rests');
    const second = add('second');
    expect(events).toEqual(['first', 'rests', 'second']);
    await pass();
    await pass();
    await Promise.all([first, second]);
    expect(events).toEqual(['first', 'rests', 'second', 'updates']);
  });

  it('waits for the end of an update that runs, and is in the next one', async () => {
    const { events, add, pass, until } = queueOf({ takesAtOnce: true });
    const first = add('first');
    await until('updates');
    let isSecondSeen = false;
    const second = add('second').then(() => (isSecondSeen = true));
    const third = add('third');
    expect(events).toEqual(['first', 'updates']);
    await pass();
    await first;
    await until('third');
    expect(isSecondSeen).toBe(false);
    await pass();
    await Promise.all([second, third]);
    expect(events).toEqual(['first', 'updates', 'second', 'third', 'updates']);
  });

  it('is taken after what comes before an update where others write too', async () => {
    const { events, add, pass } = queueOf({ takesAtOnce: false, prepares: true });
    const first = add('first');
    await pass();
    await pass();
    await first;
    expect(events).toEqual(['rests', 'first', 'updates']);
  });

  it('keeps its own fault, and the others are taken', async () => {
    for (const takesAtOnce of [true, false]) {
      const { queue, events, add, pass } = queueOf({ takesAtOnce });
      const faulty = queue.add(() => {
        throw new RangeError('a fault of ours');
      });
      const other = add('other');
      await pass();
      await expect(faulty).rejects.toThrow('a fault of ours');
      await other;
      expect(events).toEqual(['other', 'updates']);
    }
  });

  it('throws what its update throws, and the next update runs', async () => {
    let attempts = 0;
    const queue = new UpdateQueue({
      takesAtOnce: true,
      clock: new ManualClock(),
      beforeUpdate: () => Promise.resolve(),
      update: () => {
        attempts += 1;
        return attempts === 1 ? Promise.reject(new Error('no room')) : Promise.resolve();
      },
    });
    await expect(queue.add(() => undefined)).rejects.toThrow('no room');
    await queue.add(() => undefined);
    expect(attempts).toBe(2);
  });
});
