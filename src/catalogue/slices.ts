import { setImmediate as nextTurn } from 'node:timers/promises';

/** The longest that a slice of work may hold up other work, in milliseconds. */
const sliceMs = 8;

/** Runs a generator to its end, letting other work run between slices. */
export async function inSlices<Result>(work: Generator<void, Result>): Promise<Result> {
  let sliceEnd = performance.now() + sliceMs;
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (performance.now() >= sliceEnd) {
      await nextTurn();
      sliceEnd = performance.now() + sliceMs;
    }
  }
}
