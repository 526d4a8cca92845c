import type { LedgerStore } from '../../src/inference/ledger-store.ts';
import { MemoryLedgerStore } from '../support/memory-ledger-store.ts';
import type { Random } from './random.ts';
import type { SimulatedTime } from './simulated-time.ts';

/** How often each kind of misfortune struck a statement or a transaction. */
export interface DatabaseMisfortunes {
  /** Cut before anything was done, or because the database was away. */
  refused: number;
  /** Cut when all was done but the commit: undone. */
  undone: number;
  /** Cut after the commit: what was written stays, and nobody hears of it. */
  unanswered: number;
  stalls: number;
  failovers: number;
}

/**
 * The database of a simulation, which is slow, stalls, is cut off and fails over. What was committed stays,
 * as with a synchronous standby; what was under way when it failed over is undone, and every connection cut.
 */
export class SimulatedDatabase {
  /** As an observer sees it whom nothing befalls. */
  readonly store: LedgerStore;
  readonly misfortunes: DatabaseMisfortunes = {
    refused: 0,
    undone: 0,
    unanswered: 0,
    stalls: 0,
    failovers: 0,
  };
  readonly #memory: MemoryLedgerStore;
  readonly #random: Random;
  readonly #time: SimulatedTime;
  #isAway = false;
  #stalledUntilMs = 0;
  /** Counts the servers that have been primary: a connection ends with its own. */
  #primary = 1;

  constructor(random: Random, time: SimulatedTime) {
    this.#random = random;
    this.#time = time;
    // The database goes by its own clock, whatever the machines' clocks say.
    this.#memory = new MemoryLedgerStore({}, () => time.clock(() => 0).now());
    this.store = this.#memory.connect();
  }

  /** It cannot be reached for a while. */
  async goAway(ms: number): Promise<void> {
    this.#isAway = true;
    await this.#time.after(ms);
    this.#isAway = false;
  }

  /** It takes what it is sent and answers nothing for a while, then goes on with all of it. */
  async stall(ms: number): Promise<void> {
    this.misfortunes.stalls += 1;
    this.#stalledUntilMs = this.#time.nowMs + ms;
    await this.#time.after(ms);
  }

  /** Another server takes its place, which lasts a while. */
  async failOver(ms: number): Promise<void> {
    this.misfortunes.failovers += 1;
    this.#primary += 1;
    await this.goAway(ms);
  }

  /**
   * The store of one process, over connections that last as long as their server.
   *
   * @param goOn resolves while the process runs, and never once it is dead.
   */
  connect(goOn: () => Promise<void>, isAlive: () => boolean): LedgerStore {
    const random = this.#random;
    const travel = async () => {
      await goOn();
      if (random.chance(0.3)) await this.#time.after(random.integer(1, 30));
      await this.#answers();
      await goOn();
    };
    const begin = async () => {
      await travel();
      if (!this.#isAway && !random.chance(0.01)) return;
      this.misfortunes.refused += 1;
      throw new Error('The database is away');
    };
    return this.#memory.connect({
      beforeTransaction: begin,
      beforeRead: begin,
      // Others wait for a transaction that is under way; that of a dead process ends here.
      beforeCommit: async () => {
        const primary = this.#primary;
        if (random.chance(0.1)) await this.#time.after(random.integer(1, 50));
        await this.#answers();
        if (primary === this.#primary && isAlive() && !random.chance(0.01)) return;
        this.misfortunes.undone += 1;
        throw new Error('The connection was lost before the commit');
      },
      // Dying after the commit leaves what was written and loses the answer.
      afterCommit: async () => {
        const primary = this.#primary;
        await travel();
        if (primary === this.#primary && !random.chance(0.01)) return;
        this.misfortunes.unanswered += 1;
        throw new Error('The connection was lost during the commit');
      },
      beforeFailure: goOn,
    });
  }

  async #answers(): Promise<void> {
    const waitMs = this.#stalledUntilMs - this.#time.nowMs;
    if (waitMs > 0) await this.#time.after(waitMs);
  }
}
