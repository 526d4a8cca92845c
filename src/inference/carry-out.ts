import { elapsedMs } from '../domain/clock.ts';
import type { AttemptOptions, AttemptOutcome, InferencePayload } from '../domain/inference.ts';
import type { ProviderInterface } from '../providers/provider.ts';
import { sealedOutput } from './content.ts';
import { endingOf, endingWithout, unsentEnding } from './endings.ts';
import { EventWriter } from './event-writer.ts';
import type { Ending } from './facts.ts';
import type { Launcher } from './launcher.ts';
import type { NewEvent } from './ledger-store.ts';
import type { RunView, StopReason } from './live-runs.ts';
import { persisted } from './persist.ts';
import type { Places } from './places.ts';
import type { Run } from './run.ts';
import { withoutContent } from './quoted-content.ts';
import { speedSampleOf } from './speed.ts';

/** A reserved run and what it takes to carry it out. */
export interface Errand {
  readonly launcher: Launcher;
  readonly places: Places;
  readonly run: Run;
  readonly payload: InferencePayload;
  /** On the monotonic clock: when its request arrived. */
  readonly arrivedAtMs: number;
  /** Gives its place back; undefined while it has none. */
  readonly giveBack: (() => void) | undefined;
  /** Leaves the queue; undefined when it is not in there. */
  readonly leaveQueue: (() => void) | undefined;
  /** Stops it; the reason is a {@link StopReason}. */
  readonly stop: AbortController;
}

/**
 * Carries a reserved run out to its end: waits for a place, sends it at most once in a way that may have
 * been executed, and settles it. Resolves when the end is durable.
 */
export async function carryOut(errand: Errand): Promise<RunView> {
  const { launcher, stop } = errand;
  const { clock, log } = launcher.options;
  const untilDeadlineMs = Math.max(0, errand.run.deadlineAtMs - clock.now());
  const cancelDeadline = clock.alarm(untilDeadlineMs, () => {
    stop.abort('DEADLINE' satisfies StopReason);
  });
  try {
    return await sendAndSettle(errand);
  } catch (error) {
    // Another owner carries the run, or the ledger is gone: recovery will find what became of it.
    log('launch.not_settled', { runId: errand.run.id, error });
    const present = await launcher.options.ledger.store.run(errand.run.id).catch(() => undefined);
    return { run: present ?? errand.run, output: undefined };
  } finally {
    cancelDeadline();
    errand.giveBack?.();
    errand.leaveQueue?.();
  }
}

async function sendAndSettle(errand: Errand): Promise<RunView> {
  const { places, stop } = errand;
  const { run } = errand;
  let giveBack = errand.giveBack;
  if (giveBack === undefined) {
    try {
      giveBack = await places.take(stop.signal);
    } catch {
      return await settle(errand, run, unsentEnding(stop.signal), [], undefined);
    } finally {
      errand.leaveQueue?.();
    }
  }
  try {
    const begun =
      run.state === 'RUNNING'
        ? { run, atMs: errand.arrivedAtMs }
        : await sendOncePossible(errand, run);
    if (begun === undefined) {
      return await settle(errand, run, unsentEnding(stop.signal), [], undefined);
    }
    errand.leaveQueue?.();
    return await attempt(errand, begun);
  } finally {
    giveBack();
  }
}

/** How often a place that other processes hold is asked for again, in milliseconds. */
const placeIntervalMs = 100;

/** A run whose attempt has begun in the ledger. */
interface Begun {
  readonly run: Run;
  /** On the monotonic clock: not later than the moment at which the ledger had it. */
  readonly atMs: number;
}

/**
 * For how long after its beginning an attempt may be sent, in milliseconds: well within the lease of a process,
 * so that one which stood still sends nothing that others may have given up, had resolved and sent again.
 */
const sendWithinMs = 5_000;

/** Notes that the run is sent once all processes together leave a place; undefined when it was stopped before. */
async function sendOncePossible(errand: Errand, run: Run): Promise<Begun | undefined> {
  const { launcher, stop } = errand;
  const { ledger, clock } = launcher.options;
  for (;;) {
    const begun = await written(errand, async () => {
      const atMs = clock.monotonic();
      const sent = await ledger.sendQueued(run, launcher.sharedConcurrency);
      return sent === undefined ? undefined : { run: sent, atMs };
    });
    if (begun !== undefined) return begun;
    try {
      await clock.sleep(placeIntervalMs, stop.signal);
    } catch {
      return undefined;
    }
  }
}

/**
 * Begins another attempt in place of one that certainly was not executed.
 *
 * @throws FactRefused when the run has been given up meanwhile.
 */
async function begunAnew(
  errand: Errand,
  run: Run,
  outcome: 'NOT_SENT' | 'NOT_EXECUTED',
): Promise<Begun> {
  const { ledger, clock } = errand.launcher.options;
  const voided = await written(errand, async () => ledger.voidAttempt(run, outcome));
  return await written(errand, async () => {
    const atMs = clock.monotonic();
    return { run: await ledger.beginAttempt(voided), atMs };
  });
}

async function attempt(errand: Errand, first: Begun): Promise<RunView> {
  const { launcher, stop, arrivedAtMs } = errand;
  const { ledger, clock, providers, limits, sealer } = launcher.options;
  const provider = providers.get(first.run.providerId);
  let begun = first;
  let { run } = begun;
  if (provider === undefined) {
    const failure = {
      code: 'UNCONFIGURED',
      message: 'The provider is not registered any more.',
      retryable: false,
    } as const;
    return await settle(errand, run, endingWithout('FAILED', 'NOT_SENT', failure), [], undefined);
  }
  const events =
    run.mode === 'STREAM'
      ? new EventWriter({
          runId: run.id,
          ledger,
          sealer,
          clock,
          expiresAtMs: run.reservedAtMs + limits.contentLifeMs,
          publish: (event) => launcher.live.publish(run.id, event),
        })
      : undefined;
  for (;;) {
    while (clock.monotonic() - begun.atMs > sendWithinMs && !stop.signal.aborted) {
      begun = await begunAnew(errand, run, 'NOT_SENT');
      ({ run } = begun);
    }
    const outcome = await launched(errand, provider, {
      stream: events !== undefined,
      signal: stop.signal,
      limits: limits.attempt,
      ...(events === undefined ? {} : { onDelta: async (delta) => await events.add(delta) }),
    });
    noteOutcome(errand, run, outcome);
    const repeat = await mayRepeat(provider, run, outcome, stop.signal);
    if (repeat !== undefined) {
      begun = await begunAnew(errand, run, repeat);
      ({ run } = begun);
      continue;
    }
    const ending = endingOf(outcome, stop.signal, elapsedMs(arrivedAtMs, clock.monotonic()));
    return await settle(errand, run, ending, (await events?.closing()) ?? [], outcome, events);
  }
}

/** The attempt's outcome; a fault of ours in it leaves the outcome unknown, never the run unsettled. */
async function launched(
  { launcher, payload, run }: Errand,
  provider: ProviderInterface,
  options: AttemptOptions,
): Promise<AttemptOutcome> {
  const { clock, log } = launcher.options;
  const startedAtMs = clock.monotonic();
  try {
    const outcome = await provider.launchInference(payload, options);
    if (outcome.ok) return outcome;
    const message = withoutContent(outcome.failure.message, payload);
    return { ...outcome, failure: { ...outcome.failure, message } };
  } catch (error) {
    log('launch.fault', { runId: run.id, error });
    return {
      ok: false,
      failure: {
        code: 'MALFORMED_ANSWER',
        message: 'A fault of this service ended the attempt.',
        execution: 'UNKNOWN',
        retryable: false,
      },
      output: undefined,
      usage: undefined,
      timing: {},
      timeToFirstTokenMs: undefined,
      totalMs: elapsedMs(startedAtMs, clock.monotonic()),
      servedCode: undefined,
      providerRequestId: undefined,
      rateLimit: undefined,
    };
  }
}

/** Attempts in one run: the first, one after a dead socket, one after a newer key. */
const maximumAttempts = 3;

/**
 * Whether the attempt certainly was not executed and another one may help at once: no byte went out, or
 * the provider refused a key that has been replaced since.
 */
async function mayRepeat(
  provider: ProviderInterface,
  run: Run,
  outcome: AttemptOutcome,
  signal: AbortSignal,
): Promise<'NOT_SENT' | 'NOT_EXECUTED' | undefined> {
  if (outcome.ok || signal.aborted || run.attempts.length >= maximumAttempts) return undefined;
  const { code, execution } = outcome.failure;
  if (execution === 'NOT_SENT' && code === 'UNREACHABLE') {
    const before = run.attempts.filter((attempt) => attempt.outcome === 'NOT_SENT').length;
    return before === 0 ? 'NOT_SENT' : undefined;
  }
  if (execution === 'NOT_EXECUTED' && code === 'UNAUTHORIZED') {
    return (await provider.renewKey()) ? 'NOT_EXECUTED' : undefined;
  }
  return undefined;
}

async function settle(
  errand: Errand,
  run: Run,
  ending: Ending,
  events: readonly NewEvent[],
  outcome: AttemptOutcome | undefined,
  writer?: EventWriter,
): Promise<RunView> {
  const { ledger, sealer, limits, clock } = errand.launcher.options;
  const output = outcome?.output;
  const expiresAtMs = run.reservedAtMs + limits.contentLifeMs;
  const speed =
    outcome?.ok === true ? speedSampleOf(run.offeringId, outcome, clock.now()) : undefined;
  const settled = await written(errand, async () =>
    ledger.end(run, ending, {
      speed,
      events,
      eventsExpireAtMs: expiresAtMs,
      content:
        output === undefined || limits.contentLifeMs === 0
          ? undefined
          : { request: undefined, output: sealedOutput(sealer, output), expiresAtMs },
    }),
  );
  if (speed !== undefined) errand.launcher.speed.add(speed);
  writer?.publish(events);
  noteEnd(errand, settled);
  return { run: settled, output };
}

/** The provider has answered, or is about to be asked: a ledger that is away for a while is waited for. */
async function written<Result>(
  { launcher, run }: Errand,
  write: () => Promise<Result>,
): Promise<Result> {
  const { clock, log } = launcher.options;
  return await persisted(clock, write, (error) => {
    log('launch.ledger_waits', { runId: run.id, error });
  });
}

function noteOutcome({ launcher }: Errand, run: Run, outcome: AttemptOutcome): void {
  const { catalogue, clock, log } = launcher.options;
  const nowMs = clock.now();
  if (outcome.servedCode !== undefined) {
    catalogue.noteServedCode(run.providerId, outcome.servedCode);
  }
  if (outcome.rateLimit !== undefined) {
    launcher.rateGate.note(run.offeringId, outcome.rateLimit, nowMs);
  }
  if (outcome.ok) return;
  const { code, retryAfterMs } = outcome.failure;
  if ((code === 'RATE_LIMITED' || code === 'OVER_CAPACITY') && retryAfterMs !== undefined) {
    launcher.rateGate.block(run.offeringId, nowMs + retryAfterMs);
  }
  if (code === 'MODEL_DECOMMISSIONED') {
    catalogue.noteDecommissioned(run.providerId, run.modelId).catch((error: unknown) => {
      log('catalogue.update_failed', { error });
    });
  }
}

function noteEnd({ launcher }: Errand, run: Run): void {
  launcher.options.tally?.ended(run);
  launcher.options.log('launch.ended', {
    runId: run.id,
    caller: run.caller,
    offering: run.offeringId,
    state: run.state,
    certainty: run.cost.certainty,
    charge: run.charge.toString(),
    attempts: run.attempts.length,
    failure: run.failure?.code,
    totalMs: run.timing.totalMs,
    overheadMs: run.timing.overheadMs,
  });
}
