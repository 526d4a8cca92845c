import type { Clock } from '../domain/clock.ts';
import type { PollOutcome } from './catalogue.ts';

/** Who may poll a feed in a slot of time, where several processes share one catalogue. */
export interface PollTurns {
  /**
   * Takes a slot that nobody has finished and nobody holds; asking again extends an own hold.
   *
   * @returns whether this process polls in the slot.
   */
  claim(feed: string, slot: number, leaseMs: number): Promise<boolean>;

  /** Marks a slot as done: nobody polls in it again. */
  finish(feed: string, slot: number): Promise<void>;
}

export interface TurnOptions {
  readonly turns: PollTurns;
  readonly feed: string;
  /** The length of a slot. */
  readonly intervalMs: number;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  /** Between 0 and 1, for jitter. */
  readonly random: () => number;
}

/** How long a slot stays with a process that says nothing more, in milliseconds; longer than a poll. */
const leaseMs = 60_000;

/** Share of a slot within which the processes ask for it. */
const spread = 0.1;

/** How often shared storage that is away is asked again, in milliseconds. */
const storageRetryMs = 2_000;

/**
 * Polls if the present slot of time falls to this process, else lets it pass. A slot is done with the
 * first good reading; after a failure, or while a price waits for its second reading, its holder goes on.
 *
 * While storage is away nobody gets a slot, so nobody polls, and the provider is not asked by all of them
 * at once.
 */
export async function pollInTurn(
  { turns, feed, intervalMs, clock, random }: TurnOptions,
  signal: AbortSignal,
  poll: () => Promise<PollOutcome>,
): Promise<PollOutcome> {
  const slot = Math.floor(clock.now() / intervalMs);
  const slotEndMs = (slot + 1) * intervalMs;
  const untilNextMs = () => Math.max(0, slotEndMs - clock.now()) + random() * spread * intervalMs;
  let isOurs: boolean;
  try {
    isOurs = await turns.claim(feed, slot, leaseMs);
  } catch {
    return { ...passed, nextInMs: storageRetryMs * (0.5 + random()) };
  }
  if (!isOurs) {
    // A holder that ended before it was done has given the slot up by then.
    return { ...passed, nextInMs: Math.min(untilNextMs(), leaseMs) };
  }
  const outcome = await poll();
  if (!outcome.succeeded || outcome.holdsPrices) return outcome;
  await finished(async () => await turns.finish(feed, slot), slotEndMs, clock, signal);
  return { ...outcome, nextInMs: untilNextMs() };
}

const passed = { succeeded: true, retryAfterMs: undefined, holdsPrices: false } as const;

/** Says that a slot is done, again and again while storage is away: what was read is not read twice. */
async function finished(
  finish: () => Promise<void>,
  slotEndMs: number,
  clock: Pick<Clock, 'now' | 'sleep'>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      return await finish();
    } catch {
      if (clock.now() >= slotEndMs) return;
      await clock.sleep(storageRetryMs, signal).catch(() => undefined);
    }
  }
}
