import type { LaunchCaller, LaunchResult } from '../../src/inference/launcher.ts';
import type { LaunchRequest } from '../../src/inference/launch-request.ts';
import type { LedgerStore } from '../../src/inference/ledger-store.ts';
import { dayOf, isFinal } from '../../src/inference/run.ts';
import type { Run } from '../../src/inference/run.ts';
import { Decimal } from '../../src/domain/decimal.ts';
import { faultsInBooks } from '../support/ledger-books.ts';
import { Random } from './random.ts';
import { SimulatedDatabase } from './simulated-database.ts';
import type { DatabaseMisfortunes } from './simulated-database.ts';
import { SimulatedProcess } from './simulated-process.ts';
import type { SharedWorld } from './simulated-process.ts';
import { SimulatedProvider } from './simulated-provider.ts';
import { SimulatedTime } from './simulated-time.ts';

/** What a simulation found; no problem means that every promise held. */
export interface SimulationReport {
  readonly seed: number;
  readonly problems: readonly string[];
  readonly launches: number;
  readonly runs: number;
  readonly kills: number;
  readonly executions: number;
  readonly database: Readonly<DatabaseMisfortunes>;
  /** Runs by the state in which they ended. */
  readonly states: Readonly<Partial<Record<Run['state'], number>>>;
}

/** One thing that a caller wants done once, however often he asks. */
interface Intent {
  readonly caller: string;
  readonly key: string;
  readonly prompt: string;
  readonly mode: LaunchRequest['mode'];
}

/** What a caller was told of a run that had ended. */
interface Acknowledgement {
  readonly runId: string;
  readonly state: Run['state'];
  readonly charge: string;
}

const dailyBudget = Decimal.of('0.01');

/**
 * Plays one history that the seed decides: some replicas, callers who repeat themselves, a provider and a
 * database that fail, processes that die at any step, clocks that jump. When all is quiet the books are
 * compared with what the provider saw and what the callers were told.
 */
export async function runSimulation(
  seed: number,
  catalogue: SharedWorld['catalogue'],
): Promise<SimulationReport> {
  const random = new Random(seed);
  const time = new SimulatedTime();
  const database = new SimulatedDatabase(random, time);
  const { store } = database;
  const provider = new SimulatedProvider(random, time);
  const world: SharedWorld = {
    random,
    time,
    database,
    provider,
    catalogue,
    concurrency: random.integer(2, 6),
  };
  const replicas: SimulatedProcess[] = [];
  let processes = 0;
  let kills = 0;
  const startReplica = (place: number) => {
    processes += 1;
    const replica = new SimulatedProcess(world, `p${processes}`);
    replicas[place] = replica;
    void replica.start();
  };
  const replicaCount = random.integer(1, 3);
  for (let place = 0; place < replicaCount; place += 1) startReplica(place);

  const intents = intentsOf(random);
  const acknowledgements: Acknowledgement[] = [];
  let launches = 0;
  let open = 0;
  const ask = async (intent: Intent) => {
    await time.after(random.integer(0, 20_000));
    const replica = random.pick(replicas);
    if (!replica.isAlive) return;
    launches += 1;
    const result = await replica.launcher.launch(requestOf(intent, random), callerOf(intent));
    noteAcknowledgement(result, acknowledgements);
    if (result.kind !== 'LAUNCHED' || !random.chance(0.1)) return;
    await time.after(random.integer(0, 3000));
    await random.pick(replicas).launcher.cancel(result.view.run.id, callerOf(intent));
  };
  for (const intent of intents) {
    for (let repeat = random.integer(1, 5); repeat > 0; repeat -= 1) {
      open += 1;
      // A caller of a process that died never hears of it; a fault of ours would reject.
      void ask(intent).then(
        () => (open -= 1),
        () => (open -= 1),
      );
    }
  }
  const misfortune = async () => {
    for (let count = random.integer(0, 6); count > 0; count -= 1) {
      await time.after(random.integer(10, 8000));
      const place = random.integer(0, replicaCount - 1);
      switch (random.integer(0, 6)) {
        case 0:
        case 1:
          kills += 1;
          replicas[place]?.kill();
          await time.after(random.integer(1, 5000));
          startReplica(place);
          break;
        case 2:
          await database.goAway(random.integer(1, 8000));
          break;
        case 3:
          replicas[place]?.pause(random.integer(1000, 60_000));
          break;
        case 4:
          await database.stall(random.integer(1, 20_000));
          break;
        case 5:
          await database.failOver(random.integer(500, 10_000));
          break;
        default:
          replicas[place]?.jumpClock(random.integer(-3_600_000, 3_600_000));
      }
    }
  };
  let quiet = false;
  void misfortune().then(() => (quiet = true));

  const problems: string[] = [];
  // Long enough for every lease, deadline and retry after the last misfortune.
  await time.run(quietAfterMs, () => quiet && time.nowMs > 200_000 && open === 0);
  await time.run(time.nowMs + 60_000, () => false);

  const runs = await store.listRuns({ caller: undefined, limit: 10_000 });
  await checkRuns(store, runs, problems);
  checkExecutions(intents, runs, provider, problems);
  checkAcknowledgements(acknowledgements, runs, problems);
  await checkBudgets(store, runs, problems);
  problems.push(...(await faultsInBooks(store)));
  for (const replica of replicas) {
    for (const fault of replica.faults) problems.push(`a fault: ${String(fault)}`);
  }
  const states: Partial<Record<Run['state'], number>> = {};
  for (const { state } of runs) states[state] = (states[state] ?? 0) + 1;
  return {
    seed,
    problems,
    launches,
    runs: runs.length,
    kills,
    executions: [...provider.executions.values()].reduce((sum, count) => sum + count, 0),
    database: database.misfortunes,
    states,
  };
}

const quietAfterMs = 400_000;

function intentsOf(random: Random): Intent[] {
  const count = random.integer(3, 12);
  return Array.from({ length: count }, (_, number) => ({
    caller: `caller-${random.integer(1, 2)}`,
    key: `key-${number}`,
    prompt: `intent ${number}`,
    mode: random.pick(['SYNC', 'SYNC', 'ASYNC', 'STREAM'] as const),
  }));
}

function requestOf(intent: Intent, random: Random): LaunchRequest {
  return {
    idempotencyKey: intent.key,
    offeringId: undefined,
    modelId: 'simulated',
    route: { prefer: 'COST', providers: undefined, regions: undefined, serviceTiers: undefined },
    messages: undefined,
    prompt: intent.prompt,
    parameters: { maxOutputTokens: 100 },
    audioUrl: undefined,
    voice: undefined,
    priceVersion: undefined,
    maxCost: undefined,
    allowedRegions: undefined,
    acceptUnverifiedRegion: false,
    allowStalePrice: false,
    mode: intent.mode,
    waitMs: random.integer(0, 25_000),
    deadlineMs: random.chance(0.2) ? random.integer(500, 20_000) : undefined,
    supersedes: undefined,
    metadata: undefined,
  };
}

function callerOf({ caller }: Intent): LaunchCaller {
  return { id: caller, requestId: 'simulated', canLaunch: true, dailyBudget };
}

function noteAcknowledgement(result: LaunchResult, into: Acknowledgement[]): void {
  if (result.kind !== 'LAUNCHED') return;
  const { run } = result.view;
  if (!isFinal(run.state)) return;
  into.push({ runId: run.id, state: run.state, charge: run.charge.toString() });
}

/** Every run has ended, for a reason, and lacks nothing of what happened to it. */
async function checkRuns(
  store: LedgerStore,
  runs: readonly Run[],
  problems: string[],
): Promise<void> {
  for (const run of runs) {
    if (!isFinal(run.state)) problems.push(`${run.id} never ended: ${run.state}`);
    if (run.state === 'UNKNOWN' && run.failure === undefined) {
      problems.push(`${run.id} is UNKNOWN without a reason`);
    }
    const facts = await store.facts(run.id);
    if (facts.length !== run.facts) problems.push(`${run.id} lacks facts`);
    const events = await store.events(run.id, 0, 1000);
    if (events.some(({ position }, index) => position !== index + 1)) {
      problems.push(`${run.id} lacks events`);
    }
  }
}

/** No intent was executed twice, and the provider did nothing that the books do not know. */
function checkExecutions(
  intents: readonly Intent[],
  runs: readonly Run[],
  provider: SimulatedProvider,
  problems: string[],
): void {
  for (const { caller, key, prompt } of intents) {
    const executions = provider.executions.get(prompt) ?? 0;
    if (executions > 1) problems.push(`${key} was sent ${executions} times`);
    const run = runs.find((each) => each.caller === caller && each.idempotencyKey === key);
    if (executions > 0 && run === undefined) problems.push(`${key} was sent without a run`);
    if (executions > 0 && run?.retriable === true) {
      problems.push(`${key} was sent and may be tried again`);
    }
    if (executions === 0 && run?.state === 'SUCCEEDED') problems.push(`${key} never was sent`);
  }
}

/** What a caller was told stays true; only an unknown outcome may still be closed. */
function checkAcknowledgements(
  acknowledgements: readonly Acknowledgement[],
  runs: readonly Run[],
  problems: string[],
): void {
  const byId = new Map(runs.map((run) => [run.id, run]));
  for (const { runId, state, charge } of acknowledgements) {
    const run = byId.get(runId);
    if (run === undefined) problems.push(`${runId} was acknowledged and is lost`);
    else if (state !== 'UNKNOWN' && (run.state !== state || run.charge.toString() !== charge)) {
      problems.push(
        `${runId} was ${state} for ${charge}, is ${run.state} for ${run.charge.toString()}`,
      );
    }
  }
}

/** No budget is overdrawn. */
async function checkBudgets(
  store: LedgerStore,
  runs: readonly Run[],
  problems: string[],
): Promise<void> {
  const days = new Set(runs.map(({ caller, reservedAtMs }) => `${caller} ${dayOf(reservedAtMs)}`));
  for (const name of days) {
    const [caller = '', day = ''] = name.split(' ');
    const budget = await store.budgetOrSum(caller, day);
    if (budget.reserved.plus(budget.spent).compare(dailyBudget) > 0) {
      problems.push(`the budget of ${name} is overdrawn`);
    }
  }
}
