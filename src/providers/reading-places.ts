import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * How many lists are under way to be read at a time. Where hundreds of providers answer together, each answer
 * would be held until all those before it are read.
 */
const places = 16;
/** For how long a slow provider keeps its place from others, in milliseconds. */
const placeMs = 1_000;

// Of the process, because its memory and its event loop are.
let taken = 0;
const waiting: (() => void)[] = [];
let lastTurn: Promise<unknown> = Promise.resolve();

/** Fetches a list and reads it, as soon as there is a place. */
export async function inReadingPlace<Result>(read: () => Promise<Result>): Promise<Result> {
  if (taken < places) taken += 1;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  let isHeld = true;
  const leave = () => {
    if (!isHeld) return;
    isHeld = false;
    const next = waiting.shift();
    if (next === undefined) taken -= 1;
    else next();
  };
  const timer = setTimeout(leave, placeMs);
  try {
    return await read();
  } finally {
    clearTimeout(timer);
    leave();
  }
}

/**
 * A turn of the event loop for reading one list: all that have come, read in one turn, would hold up those who
 * ask meanwhile.
 */
export async function readingTurn(): Promise<void> {
  const turn = lastTurn.then(async () => {
    await nextTurn();
  });
  lastTurn = turn;
  await turn;
}
