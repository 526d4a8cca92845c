import { setImmediate as nextTurn } from 'node:timers/promises';

/** One for the process, because its event loop is one. */
let lastTurn: Promise<unknown> = Promise.resolve();

/**
 * A turn of the event loop for reading one long answer. Hundreds of providers answer at the same time, and
 * all their rows read in one turn would hold up those who ask meanwhile.
 */
export async function readingTurn(): Promise<void> {
  const turn = lastTurn.then(async () => {
    await nextTurn();
  });
  lastTurn = turn;
  await turn;
}
