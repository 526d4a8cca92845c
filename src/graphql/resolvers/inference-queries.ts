import type { RunCriteria, UsageRow } from '../../inference/ledger-store.ts';
import type { RunView } from '../../inference/live-runs.ts';
import { dayOf } from '../../inference/run.ts';
import type { Run } from '../../inference/run.ts';
import type { Caller } from '../../callers/caller.ts';
import type { RequestContext } from '../context.ts';
import { clientError } from '../errors.ts';
import type {
  InferenceRunFilter,
  InferenceUsageRowResolvers,
  QueryInferenceRunsArgs,
  QueryResolvers,
  ViewerResolvers,
} from '../generated.ts';
import { checkedSizes, defaultPageSize } from '../paging.ts';
import type { Page } from '../paging.ts';
import { launchRequestOf } from './launch-input.ts';
import { refusalAnswer } from './refusals.ts';

const maximumUsageRows = 1000;

type InferenceQueries =
  'inferenceRun' | 'inferenceRuns' | 'inferenceUsage' | 'estimateInference' | 'viewer';

export const inferenceQueries: Pick<Required<QueryResolvers>, InferenceQueries> = {
  inferenceRun: async (_, { id }, context) => await visibleRun(id, context),

  inferenceRuns: async (_, args, context) => await runsPage(args, context),

  inferenceUsage: async (_, { filter, groupBy }, { caller, ledger }) => {
    const groups = groupBy ?? ['DAY'];
    const ofEverybody = groups.includes('CALLER');
    if (ofEverybody && !caller.scopes.has('inference:operate')) {
      throw clientError('FORBIDDEN', 'Grouping by caller takes the scope inference:operate.');
    }
    const criteria = criteriaOf(filter ?? {}, caller, ofEverybody);
    const rows = await ledger.usage({ ...criteria, groupBy: groups, limit: maximumUsageRows + 1 });
    if (rows.length <= maximumUsageRows) return rows;
    throw clientError(
      'BAD_USER_INPUT',
      `The usage has more than ${maximumUsageRows} rows; take a shorter time or fewer groups.`,
    );
  },

  estimateInference: async (_, { input }, context) => {
    const terms = context.launcher.estimate(launchRequestOf(input));
    if (terms.kind === 'REFUSED') {
      const answer = await refusalAnswer(terms, context);
      if (answer.__typename === 'IdempotencyConflict') throw new Error('An estimate has no key');
      return answer;
    }
    return {
      __typename: 'InferenceEstimate',
      offering: terms.offering,
      worstCase: terms.worstCase,
      lines: terms.lines,
      priceVersion: terms.priceVersion,
      maxOutputTokens:
        'maxOutputTokens' in terms.payload ? terms.payload.maxOutputTokens : undefined,
    };
  },

  viewer: (_, _args, { caller }) => (caller.id === undefined ? null : caller),
};

export const viewerResolvers: ViewerResolvers = {
  id: ({ id }) => id ?? '',
  scopes: ({ scopes }) => [...scopes].sort(),
  budget: async ({ id }, _, { dailyBudget, ledger, nowMs }) => {
    if (id === undefined || dailyBudget === undefined) return null;
    const day = dayOf(nowMs);
    const { reserved, spent } = await ledger.budgetOrSum(id, day);
    return { limit: dailyBudget, reserved, spent, resetsAt: Date.parse(day) + 86_400_000 };
  },
};

export const inferenceUsageRowResolvers: InferenceUsageRowResolvers = {
  day: ({ group }) => group.DAY,
  offeringId: ({ group }) => group.OFFERING,
  modelId: ({ group }) => group.MODEL,
  providerId: ({ group }) => group.PROVIDER,
  caller: ({ group }) => group.CALLER,
  priceVersion: ({ group }) => group.PRICE_VERSION,
} satisfies Partial<Record<string, (row: UsageRow) => unknown>>;

/** Whether a caller may see a run: his own, or with the scope `inference:operate` one that waits to be resolved. */
function maySee(caller: Caller, run: Run): boolean {
  if (run.state === 'UNKNOWN' && caller.scopes.has('inference:operate')) return true;
  return isOwn(caller, run) && caller.scopes.has('inference:read');
}

/** Whether a run belongs to a caller. What was asked and answered is shown to nobody else. */
export function isOwn(caller: Caller, run: Run): boolean {
  return caller.id !== undefined && run.caller === caller.id;
}

/** A run by its id; null for one that does not exist and for one of somebody else alike. */
export async function visibleRun(
  id: string,
  { caller, runs }: RequestContext,
): Promise<RunView | null> {
  if (caller.id === undefined) return null;
  const run = await runs.load(id);
  return run === undefined || !maySee(caller, run) ? null : { run, output: undefined };
}

async function runsPage(
  args: QueryInferenceRunsArgs,
  { caller, ledger }: RequestContext,
): Promise<Page<RunView>> {
  const { first, last } = checkedSizes(args);
  const states = args.filter?.state ?? [];
  const unresolvedOnly = states.length > 0 && states.every((state) => state === 'UNKNOWN');
  const ofEverybody = unresolvedOnly && caller.scopes.has('inference:operate');
  const criteria = criteriaOf(args.filter ?? {}, caller, ofEverybody);
  const size = first ?? last ?? defaultPageSize;
  const backwards = last !== undefined;
  const cursor = backwards ? args.before : args.after;
  const [found, totalCount] = await Promise.all([
    ledger.listRuns({
      ...criteria,
      limit: size + 1,
      oldestFirst: backwards,
      behind: cursor === undefined || cursor === null ? undefined : readCursor(cursor),
    }),
    ledger.countRuns(criteria),
  ]);
  const page = found.slice(0, size);
  if (backwards) page.reverse();
  const more = found.length > size;
  const given = cursor !== undefined && cursor !== null;
  const edges = page.map((run) => ({
    cursor: cursorOf(run),
    node: { run, output: undefined },
  }));
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    totalCount,
    pageInfo: {
      hasNextPage: backwards ? given : more,
      hasPreviousPage: backwards ? more : given,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

/** @param ofEverybody - for operators, who may see what they resolve and what callers used. */
function criteriaOf(filter: InferenceRunFilter, caller: Caller, ofEverybody: boolean): RunCriteria {
  if (caller.id === undefined) throw clientError('UNAUTHENTICATED', 'Runs belong to a caller.');
  if (!ofEverybody && !caller.scopes.has('inference:read')) {
    throw clientError('FORBIDDEN', 'Reading runs takes the scope inference:read.');
  }
  return {
    caller: ofEverybody ? undefined : caller.id,
    fromMs: filter.from ?? undefined,
    toMs: filter.to ?? undefined,
    states: filter.state ?? undefined,
    offeringIds: filter.offering ?? undefined,
  };
}

function cursorOf(run: Run): string {
  return Buffer.from(`${run.createdAtMs} ${run.id}`).toString('base64url');
}

function readCursor(cursor: string): { readonly createdAtMs: number; readonly id: string } {
  const text = Buffer.from(cursor.slice(0, 500), 'base64url').toString();
  const [createdAt = '', id = ''] = text.split(' ');
  if (!/^\d{1,15}$/.test(createdAt) || id === '') {
    throw clientError('BAD_USER_INPUT', 'Not a cursor of this list.');
  }
  return { createdAtMs: Number(createdAt), id };
}
