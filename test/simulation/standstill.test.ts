import { expect, it } from 'vitest';

import { Decimal } from '../../src/domain/decimal.ts';
import type { LaunchRequest } from '../../src/inference/launch-request.ts';
import { Ledger } from '../../src/inference/ledger.ts';
import type { LedgerStore } from '../../src/inference/ledger-store.ts';
import type { ProviderInterface } from '../../src/providers/provider.ts';
import { Random } from './random.ts';
import { simulatedCatalogue } from './simulated-catalogue.ts';
import { SimulatedDatabase } from './simulated-database.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { SimulatedProvider } from './simulated-provider.ts';
import { SimulatedTime } from './simulated-time.ts';

/** How long the first process stands still: for longer than its lease. */
const standstillMs = 60_000;

/** Lets the first process stand still once the ledger has its first run, before it hears of that. */
class StoppingDatabase extends SimulatedDatabase {
  #stop: (() => void) | undefined;

  stopOnce(stop: () => void): void {
    this.#stop = stop;
  }

  override connect(goOn: () => Promise<void>, isAlive: () => boolean): LedgerStore {
    const store = super.connect(goOn, isAlive);
    const transaction = store.transaction.bind(store);
    store.transaction = async (work) => {
      const result = await transaction(work);
      const isReservation = (result as { readonly kind?: string } | undefined)?.kind === 'RESERVED';
      if (isReservation && this.#stop !== undefined) {
        this.#stop();
        this.#stop = undefined;
        await goOn();
      }
      return result;
    };
    return store;
  }
}

/** Counts what each process, in the order of their connections, sends. */
class CountingProvider extends SimulatedProvider {
  readonly sent: number[] = [];

  override connection(isAlive: () => boolean): ProviderInterface {
    const connection = super.connection(isAlive);
    const place = this.sent.push(0) - 1;
    return {
      ...connection,
      launchInference: async (payload, options) => {
        this.sent[place] = (this.sent[place] ?? 0) + 1;
        return await connection.launchInference(payload, options);
      },
    };
  }
}

/** No misfortune but the one in question. */
class CalmRandom extends Random {
  override chance(): boolean {
    return false;
  }
}

const request: LaunchRequest = {
  idempotencyKey: 'one',
  offeringId: undefined,
  modelId: 'simulated',
  route: { prefer: 'COST', providers: undefined, regions: undefined, serviceTiers: undefined },
  messages: undefined,
  prompt: 'One',
  parameters: { maxOutputTokens: 100 },
  audioUrl: undefined,
  voice: undefined,
  priceVersion: undefined,
  maxCost: undefined,
  allowedRegions: undefined,
  acceptUnverifiedRegion: false,
  allowStalePrice: false,
  mode: 'SYNC',
  waitMs: 1_000,
  deadlineMs: undefined,
  supersedes: undefined,
  metadata: undefined,
};
const caller = {
  id: 'orchestrator',
  requestId: 'request',
  canLaunch: true,
  dailyBudget: Decimal.of('1'),
} as const;

async function pass(time: SimulatedTime, ms: number): Promise<void> {
  let isOver = false;
  void time.after(ms).then(() => (isOver = true));
  await time.run(Infinity, () => isOver);
}

it('what was given up, resolved as NOT_EXECUTED and sent again is not sent by a process that stood still just before sending', async () => {
  const random = new CalmRandom(1);
  const time = new SimulatedTime();
  const database = new StoppingDatabase(random, time);
  const provider = new CountingProvider(random, time);
  const catalogue = await simulatedCatalogue();
  const world = { random, time, database, provider, catalogue, concurrency: 4 };
  const stalled = new SimulatedProcess(world, 'stalled');
  const other = new SimulatedProcess(world, 'other');
  void stalled.start();
  void other.start();
  database.stopOnce(() => stalled.pause(standstillMs));

  const waited = stalled.launcher.launch(request, caller);
  const operator = new Ledger({
    store: database.store,
    clock: time.clock(() => 0),
    owner: 'operator',
    keyLifeMs: 86_400_000,
    launchesPerMinute: undefined,
    onOverrun: () => undefined,
  });
  const present = async () => await database.store.runByKey(caller.id, request.idempotencyKey);
  await pass(time, standstillMs - 10_000);
  const lost = await present();
  expect([lost?.state, provider.sent]).toEqual(['UNKNOWN', [0, 0]]);
  await operator.resolve(
    lost?.id ?? '',
    {
      outcome: 'NOT_EXECUTED',
      evidence: 'Nothing of it in the log of the provider',
      by: 'olga',
      atMs: time.clock(() => 0).now(),
      requestId: 'resolution',
    },
    Decimal.zero,
  );
  const again = other.launcher.launch(request, caller);
  await pass(time, 5_000);
  expect(provider.sent).toEqual([0, 1]);

  await pass(time, 10 * standstillMs);
  expect(provider.sent[0]).toBe(0);
  await Promise.all([waited, again]);
  expect(await present()).toMatchObject({ owner: 'other' });
});
