import type { Clock } from '../domain/clock.ts';
import type { PollOutcome } from './catalogue.ts';

export interface PollerOptions {
  /** One poll; bounded in time by itself, stops on the signal. */
  readonly poll: (signal: AbortSignal) => Promise<PollOutcome>;
  readonly intervalMs: number;
  readonly clock: Clock;
  /** Between 0 and 1, for jitter. */
  readonly random: () => number;
  readonly onFault: (error: unknown) => void;
}

/** How soon a held price is read again, in milliseconds. */
export const confirmationDelayMs = 15_000;

/** The first wait after a failure, in milliseconds; it doubles with each further failure. */
const firstBackoffMs = 5_000;

/** The longest wait that a provider can ask for, in milliseconds. */
const longestRetryAfterMs = 3_600_000;

/** Share of the interval by which polls are spread. */
const jitter = 0.1;

/**
 * Decides when to poll. Polls never overlap; each wait counts from the end of the poll before it.
 */
export class Poller {
  readonly #options: PollerOptions;
  readonly #stopped = new AbortController();
  #failures = 0;
  #running: Promise<PollOutcome | undefined> | undefined;
  #wait = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: PollerOptions) {
    this.#options = options;
  }

  /** Polls now and from then on in its own time, until {@link stop}. */
  start(): void {
    this.#loop = this.#repeat();
  }

  /** Polls once; a poll that is under way already is waited for instead. */
  async run(): Promise<PollOutcome | undefined> {
    this.#running ??= this.#poll().finally(() => {
      this.#running = undefined;
    });
    return await this.#running;
  }

  /** Polls at once: ends the present wait, or repeats the poll under way should it fail. */
  wake(): void {
    this.#wait.abort();
  }

  /** Aborts what is under way and waits until it has ended. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#wait.abort();
    await this.#loop;
  }

  async #repeat(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stopped.signal.aborted) {
      this.#wait = new AbortController();
      const outcome = await this.run();
      if (this.#stopped.signal.aborted) return;
      // What woke us while the poll went well, such as the key that it found, is in it already.
      if (outcome?.succeeded === true) this.#wait = new AbortController();
      await clock.sleep(this.#delayAfter(outcome), this.#wait.signal).catch(() => undefined);
    }
  }

  async #poll(): Promise<PollOutcome | undefined> {
    try {
      return await this.#options.poll(this.#stopped.signal);
    } catch (error) {
      if (!this.#stopped.signal.aborted) this.#options.onFault(error);
      return undefined;
    }
  }

  #delayAfter(outcome: PollOutcome | undefined): number {
    const { intervalMs, random } = this.#options;
    if (outcome?.succeeded === true) {
      this.#failures = 0;
      if (outcome.nextInMs !== undefined) return outcome.nextInMs;
      const spread = intervalMs * (1 + jitter * (2 * random() - 1));
      return outcome.holdsPrices ? Math.min(confirmationDelayMs, spread) : spread;
    }
    this.#failures += 1;
    const backoffMs = firstBackoffMs * 2 ** Math.min(this.#failures - 1, 20);
    const spreadBackoffMs = Math.min(backoffMs, intervalMs) * (1 + jitter * random());
    const askedMs = Math.min(outcome?.retryAfterMs ?? 0, longestRetryAfterMs);
    return Math.max(spreadBackoffMs, askedMs);
  }
}
