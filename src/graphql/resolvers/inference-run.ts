import { currency } from '../../domain/price.ts';
import { openedOutput } from '../../inference/content.ts';
import type { ContentSealer } from '../../inference/content.ts';
import { openedEvent } from '../../inference/event-writer.ts';
import type { RunEvent } from '../../inference/ledger-store.ts';
import type { RunView } from '../../inference/live-runs.ts';
import { endPosition } from '../../inference/run-events.ts';
import { isFinal } from '../../inference/run.ts';
import type { Run } from '../../inference/run.ts';
import type { RequestContext } from '../context.ts';
import { clientError } from '../errors.ts';
import { isOwn } from './inference-queries.ts';
import type {
  InferenceCostResolvers,
  InferenceEventResolvers,
  InferenceRunResolvers,
  ResidencyVerdict,
} from '../generated.ts';
import { pricePointAnswer } from './price-history.ts';

/** An event with the run that it belongs to. */
export interface EventParent {
  readonly runId: string;
  readonly event: RunEvent;
}

const maximumEvents = 1000;

export const inferenceRunResolvers: InferenceRunResolvers = {
  id: ({ run }) => run.id,
  state: ({ run }) => run.state,
  mode: ({ run }) => run.mode,
  idempotencyKey: ({ run }) => run.idempotencyKey,
  provider: ({ run }, _, { snapshot }) => snapshot.providers.get(run.providerId),
  model: ({ run }, _, { snapshot }) => snapshot.models.get(run.modelId),
  offering: ({ run }, _, { snapshot }) => snapshot.offerings.get(run.offeringId),
  offeringId: ({ run }) => run.offeringId,
  createdAt: ({ run }) => run.createdAtMs,
  startedAt: ({ run }) => run.startedAtMs,
  finishedAt: ({ run }) => run.finishedAtMs,
  output: (view, _, context) => outputOf(view, context),
  usage: ({ run }) => run.usage,
  cost: (view) => view,
  charge: ({ run }) => run.charge,
  reserved: ({ run }) => run.reserved,
  timing: ({ run }) => run.timing,
  residency: ({ run }, _, { snapshot }) => residencyOf(run, snapshot),
  attempts: ({ run }) =>
    run.attempts.map(({ number, sentAtMs, outcome }) => ({ number, sentAt: sentAtMs, outcome })),
  providerRequestId: ({ run }) => run.providerRequestId,
  failure: ({ run }) => {
    if (run.failure === undefined) return null;
    const { code, message, retryable, retryAfterMs } = run.failure;
    const retryAfterSeconds = retryAfterMs === undefined ? null : Math.ceil(retryAfterMs / 1000);
    return { code, message, retryable, retryAfterSeconds };
  },
  supersedes: ({ run }) => run.supersedes,
  metadata: ({ run }) => run.metadata,
  resolution: ({ run }) =>
    run.resolution === undefined ? null : { ...run.resolution, at: run.resolution.atMs },
  events: async ({ run }, { first, after }, { caller, events, launcher }) => {
    if (!isOwn(caller, run)) {
      throw clientError('FORBIDDEN', 'The events of a run are shown to its owner only.');
    }
    const limit = first;
    if (limit < 1 || limit > maximumEvents) {
      throw clientError('BAD_USER_INPUT', `\`first\` takes 1 to ${maximumEvents}.`);
    }
    const afterPosition = positionOf(run.id, after);
    const stored = await events.load({ runId: run.id, afterPosition, limit });
    const { sealer } = launcher.options;
    if (stored.length > 0) requireContentKey(sealer);
    return stored.map((event) => ({ runId: run.id, event: openedEvent(sealer, event) }));
  },
};

export const inferenceCostResolvers: InferenceCostResolvers = {
  total: ({ run }) => run.cost.total,
  minimum: ({ run }) => run.cost.minimum,
  maximum: ({ run }) => run.cost.maximum,
  currency: () => currency,
  certainty: ({ run }) => (isFinal(run.state) ? run.cost.certainty : 'BOUNDED'),
  priceVersion: ({ run }) => run.priceVersion,
  price: async ({ run: { offeringId, reservedAtMs, priceVersion } }, _, { priceAt }) => {
    const point = await priceAt.load({ offeringId, atMs: reservedAtMs, version: priceVersion });
    return point === undefined ? null : pricePointAnswer(point);
  },
  lines: ({ run }) => run.cost.lines,
};

export const inferenceEventResolvers: InferenceEventResolvers = {
  cursor: ({ runId, event }) => eventCursor(runId, event.isEnd ? endPosition : event.position),
  at: ({ event }) => event.atMs,
  kind: ({ event }) => (event.isEnd ? 'FINISHED' : (event.delta?.kind ?? 'TEXT')),
  text: ({ event: { delta } }) =>
    delta === undefined || delta.kind === 'TOOL_CALL' ? null : delta.text,
  toolCall: ({ event: { delta } }) => (delta?.kind === 'TOOL_CALL' ? delta.toolCall : null),
  run: async ({ runId, event }, _, { endedRuns }) => {
    if (!event.isEnd) return null;
    const run = await endedRuns.load(runId);
    return run === undefined ? null : { run, output: undefined };
  },
};

/** Opaque to callers; names the run so that a cursor of another one is noticed. */
function eventCursor(runId: string, position: number): string {
  return Buffer.from(`${runId} ${position}`).toString('base64url');
}

/**
 * The position that a cursor names; 0 without one.
 *
 * @throws a BAD_USER_INPUT error for a cursor that is not of this run.
 */
export function positionOf(runId: string, cursor: string | null | undefined): number {
  if (cursor === undefined || cursor === null) return 0;
  const [id, position = ''] = Buffer.from(cursor.slice(0, 500), 'base64url').toString().split(' ');
  if (id !== runId || !/^\d{1,12}$/.test(position)) {
    throw clientError('BAD_USER_INPUT', '`after` is not a cursor of this run.');
  }
  return Number(position);
}

/** What a run answered its owner: at hand, or from the stored content while that lives. */
function outputOf(view: RunView, context: RequestContext) {
  const { run, output } = view;
  if (!isFinal(run.state) || !isOwn(context.caller, run)) return null;
  return output ?? storedOutput(run, context);
}

async function storedOutput(run: Run, context: RequestContext) {
  // Asked for here alone: the context makes a loader at the first asking.
  const content = await context.contents.load(run.id);
  const { sealer } = context.launcher.options;
  if (content?.output !== undefined) requireContentKey(sealer);
  return openedOutput(sealer, content?.output);
}

/**
 * Lets stored content be read only while it can be: content that is there must not look like none.
 *
 * @throws a SERVICE_UNAVAILABLE error while the key that seals it is missing.
 */
export function requireContentKey(sealer: ContentSealer): void {
  if (sealer.hindrance() === undefined) return;
  throw clientError(
    'SERVICE_UNAVAILABLE',
    'Stored content can not be read now: the key that seals it is missing.',
  );
}

function residencyOf(run: Run, { providers }: RequestContext['snapshot']) {
  const region = providers.get(run.providerId)?.registered.region;
  const servedRegion =
    run.servedCode === undefined ? undefined : region?.observedCodes.get(run.servedCode);
  return {
    servedCode: run.servedCode,
    servedRegion,
    declaredRegion: run.declaredRegion,
    verdict: verdictOf(servedRegion, run.declaredRegion),
  };
}

function verdictOf(served: string | undefined, declared: string | undefined): ResidencyVerdict {
  if (served === undefined || declared === undefined) return 'UNVERIFIED';
  return served === declared ? 'MATCH' : 'MISMATCH';
}
