import { plainContent } from '../../src/inference/content.ts';
import { Launcher } from '../../src/inference/launcher.ts';
import type { LauncherOptions } from '../../src/inference/launcher.ts';
import { Ledger } from '../../src/inference/ledger.ts';
import { Recovery } from '../../src/inference/recovery.ts';
import { never } from './never.ts';
import type { Random } from './random.ts';
import type { SimulatedDatabase } from './simulated-database.ts';
import type { SimulatedProvider } from './simulated-provider.ts';
import type { SimulatedTime } from './simulated-time.ts';

/** What every process of a simulation shares. */
export interface SharedWorld {
  readonly random: Random;
  readonly time: SimulatedTime;
  readonly database: SimulatedDatabase;
  readonly provider: SimulatedProvider;
  readonly catalogue: LauncherOptions['catalogue'];
  readonly concurrency: number;
}

/**
 * One process of the service: the real launcher, ledger and recovery over a world that may fail. When it
 * dies, nothing of it goes on: whatever it waits for never comes.
 */
export class SimulatedProcess {
  readonly launcher: Launcher;
  readonly #world: SharedWorld;
  readonly #recovery: Recovery;
  #isAlive = true;
  #clockOffsetMs = 0;
  #pausedUntilMs = 0;
  faults: unknown[] = [];

  constructor(world: SharedWorld, name: string) {
    this.#world = world;
    const clock = world.time.clock(() => this.#clockOffsetMs);
    const store = world.database.connect(
      () => this.#goOn(),
      () => this.#isAlive,
    );
    const ledger = new Ledger({
      store,
      clock: this.#whileAlive(clock),
      owner: name,
      keyLifeMs: 90 * 86_400_000,
      launchesPerMinute: undefined,
      onOverrun: () => undefined,
    });
    let runs = 0;
    this.launcher = new Launcher({
      catalogue: world.catalogue,
      providers: new Map([['groq', world.provider.connection(() => this.#isAlive)]]),
      ledger,
      clock: this.#whileAlive(clock),
      newRunId: () => `${name}-${(runs += 1)}`,
      limits: {
        defaultMaxOutputTokens: 100,
        maxCostPerCall: undefined,
        concurrency: world.concurrency,
        queueLength: 4,
        contentLifeMs: 86_400_000,
        attempt: {
          connectMs: 1_000,
          firstTokenMs: 10_000,
          idleMs: 5_000,
          totalMs: 30_000,
          maximumBodyBytes: 1_000_000,
        },
      },
      sealer: plainContent,
      log: (event, { error }) => {
        if (event === 'launch.fault') this.faults.push(error);
      },
    });
    this.#recovery = new Recovery({
      ledger,
      launcher: this.launcher,
      sealer: plainContent,
      clock: this.#whileAlive(clock),
      isAlone: false,
      log: () => undefined,
    });
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  async start(): Promise<void> {
    await this.#recovery.start();
  }

  /** As `kill -9`: everything that is under way ends where it is. */
  kill(): void {
    this.#isAlive = false;
  }

  /** The machine stands still for a while, longer than its lease, and then goes on as if nothing was. */
  pause(ms: number): void {
    this.#pausedUntilMs = this.#world.time.nowMs + ms;
  }

  /** Somebody sets the machine's clock. */
  jumpClock(ms: number): void {
    this.#clockOffsetMs += ms;
  }

  #whileAlive(clock: ReturnType<SimulatedTime['clock']>): ReturnType<SimulatedTime['clock']> {
    return {
      ...clock,
      sleep: async (ms, signal) => {
        await clock.sleep(ms, signal);
        await this.#goOn();
      },
      alarm: (ms, ring) => {
        let isCancelled = false;
        const cancel = clock.alarm(ms, () => {
          void this.#goOn().then(() => {
            if (!isCancelled) ring();
          });
        });
        return () => {
          isCancelled = true;
          cancel();
        };
      },
    };
  }

  /** Resolves when the machine runs; never once the process is dead. */
  async #goOn(): Promise<void> {
    const { time } = this.#world;
    while (this.#isAlive && time.nowMs < this.#pausedUntilMs) {
      await time.after(this.#pausedUntilMs - time.nowMs);
    }
    if (!this.#isAlive) await never();
  }
}
