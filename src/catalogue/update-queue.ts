import type { Clock } from '../domain/clock.ts';
import { inSlices } from './slices.ts';

/** A change of what is remembered. */
export type Change = (nowMs: number) => void;

export interface UpdateQueueOptions {
  /** Whether a change is taken as soon as it comes, while no update reads what is remembered. */
  readonly takesAtOnce: boolean;
  readonly clock: Pick<Clock, 'now'>;
  /** Runs before each update; changes that come meanwhile are in it. */
  readonly beforeUpdate: () => Promise<void>;
  /** Brings what is remembered to readers. Nothing is changed while it runs. */
  readonly update: (nowMs: number) => Promise<void>;
}

/**
 * Changes of what is remembered, and the updates that bring them to readers, one after the other. Hundreds of
 * providers that are read at the same time take one update, not hundreds: all changes that have come by the
 * time it begins are in it. Those that come while it runs wait for its end, and are in the next.
 */
export class UpdateQueue {
  readonly #options: UpdateQueueOptions;
  readonly #waiting: WaitingChange[] = [];
  #turns: Promise<unknown> = Promise.resolve();
  #next: Promise<void> | undefined;
  #isUpdating = false;

  constructor(options: UpdateQueueOptions) {
    this.#options = options;
  }

  /**
   * Takes a change; settles when readers see it.
   *
   * @throws what the change throws, and what its update throws.
   */
  add(change: Change): Promise<void> {
    const waiting: WaitingChange = { change, fault: undefined };
    const { takesAtOnce, clock } = this.#options;
    if (takesAtOnce && !this.#isUpdating && this.#waiting.length === 0) take(waiting, clock.now());
    else this.#waiting.push(waiting);
    this.#next ??= this.inTurn(() => this.#update());
    return settled(waiting, this.#next);
  }

  /** Runs work that no update may overlap. */
  async inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turns.then(work);
    this.#turns = turn.catch(() => undefined);
    await turn;
  }

  async #update(): Promise<void> {
    const { takesAtOnce, clock, beforeUpdate, update } = this.#options;
    if (takesAtOnce) await inSlices(this.#takeWaiting(clock.now()));
    await beforeUpdate();
    this.#next = undefined;
    this.#isUpdating = true;
    try {
      const nowMs = clock.now();
      await inSlices(this.#takeWaiting(nowMs));
      await update(nowMs);
    } finally {
      this.#isUpdating = false;
    }
  }

  /** Those that wait when it begins; later ones belong to the next update. */
  *#takeWaiting(nowMs: number): Generator<void, void> {
    for (let count = this.#waiting.length; count > 0; count -= 1) {
      const waiting = this.#waiting.shift();
      if (waiting !== undefined) take(waiting, nowMs);
      yield;
    }
  }
}

/** A change, until it is taken, and the fault of ours that it met. */
interface WaitingChange {
  change: Change | undefined;
  fault: { readonly error: unknown } | undefined;
}

/** Takes a change and lets go of it, and so of the reading that it came from. */
function take(waiting: WaitingChange, nowMs: number): void {
  try {
    waiting.change?.(nowMs);
  } catch (error) {
    waiting.fault = { error };
  }
  waiting.change = undefined;
}

/** Waits for the update of a change, of which it holds nothing. */
async function settled(waiting: WaitingChange, update: Promise<void>): Promise<void> {
  await update;
  if (waiting.fault !== undefined) throw waiting.fault.error;
}
