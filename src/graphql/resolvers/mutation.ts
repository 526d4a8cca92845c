import { Decimal } from '../../domain/decimal.ts';
import { isStorageAway } from '../../domain/storage-away.ts';
import type { LaunchCaller } from '../../inference/launcher.ts';
import { originOf } from '../../inference/reservation.ts';
import type { RunView } from '../../inference/live-runs.ts';
import type { RequestContext } from '../context.ts';
import type { LaunchInferenceInput, MutationResolvers } from '../generated.ts';
import { launchRequestOf } from './launch-input.ts';
import { refusalAnswer, refused } from './refusals.ts';

/** What `launchInference` resolves with. */
type LaunchAnswer = Awaited<ReturnType<typeof launchAnswer>>;

/** Launches that were made before the engine came to them, by their request. */
const launchesMade = new WeakMap<RequestContext, Promise<LaunchAnswer>>();

export const mutationResolvers: MutationResolvers = {
  launchInference: async (_, { input }, context) => {
    const made = launchesMade.get(context);
    launchesMade.delete(context);
    return await (made ?? launchAnswer(input, context));
  },

  cancelInference: async (_, { input }, context) => {
    const caller = launchCallerOf(context);
    if (!caller.canLaunch) {
      return refused(
        'FORBIDDEN',
        'Stopping runs takes a named caller with the scope inference:launch.',
      );
    }
    const view = await orAway(context.launcher.cancel(input.id, caller));
    if (view === 'AWAY') return ledgerAway();
    if (view === undefined) return noSuchRun();
    return { __typename: 'InferenceCancelled', run: view };
  },

  resolveInference: async (_, { input }, { caller, launcher, nowMs, request }) => {
    if (caller.id === undefined || !caller.scopes.has('inference:operate')) {
      return refused('FORBIDDEN', 'Resolving runs takes the scope inference:operate.');
    }
    const { id, outcome, cost, evidence } = input;
    if (evidence.trim().length < 10 || evidence.length > 2000) {
      return refused('INVALID_REQUEST', '`evidence` takes 10 to 2,000 characters.');
    }
    if (outcome === 'EXECUTED' && (cost === undefined || cost === null || cost.isNegative())) {
      return refused('INVALID_REQUEST', '`EXECUTED` needs the `cost` that was found out.');
    }
    const run = await orAway(
      launcher.options.ledger.resolve(
        id,
        { outcome, evidence, by: caller.id, atMs: nowMs, ...originOf(request) },
        outcome === 'EXECUTED' ? (cost ?? Decimal.zero) : Decimal.zero,
      ),
    );
    if (run === 'AWAY') return ledgerAway();
    if (run === undefined) {
      return refused('RUN_STATE', 'There is no run of unknown outcome with this id.');
    }
    launcher.options.log('launch.resolved', {
      runId: id,
      outcome,
      by: caller.id,
      ...originOf(request),
    });
    return { __typename: 'InferenceResolved', run: { run, output: undefined } satisfies RunView };
  },
};

/** Launches, and says what came of it. */
export async function launchAnswer(input: LaunchInferenceInput, context: RequestContext) {
  const { launcher } = context;
  const caller = launchCallerOf(context);
  const result = await launcher.launch(launchRequestOf(input), caller);
  if (result.kind === 'REFUSED') {
    const { code } = result;
    launcher.options.log('launch.refused', { code, caller: caller.id, ...originOf(caller) });
    return await refusalAnswer(result, context);
  }
  return { __typename: 'InferenceLaunched', run: result.view, replayed: result.replayed } as const;
}

/** Lets the engine, which executes the same request from its beginning, answer with a launch that was made. */
export function leaveToEngine(answer: Promise<LaunchAnswer>, context: RequestContext): void {
  launchesMade.set(context, answer);
}

/** The request's caller as the launcher knows him. */
function launchCallerOf({ caller, dailyBudget, request }: RequestContext): LaunchCaller {
  return {
    id: caller.id ?? '',
    ...originOf(request),
    canLaunch: caller.id !== undefined && caller.scopes.has('inference:launch'),
    dailyBudget,
  };
}

/** What the ledger did, or `'AWAY'` when it can't be reached: asking again does no harm. */
async function orAway<Result>(asked: Promise<Result>): Promise<Result | 'AWAY'> {
  try {
    return await asked;
  } catch (error) {
    if (isStorageAway(error)) return 'AWAY';
    throw error;
  }
}

function ledgerAway() {
  return refused('LEDGER_UNAVAILABLE', 'The ledger can not be reached now.');
}

function noSuchRun() {
  return refused('RUN_NOT_FOUND', 'The caller has no run of this id.');
}
