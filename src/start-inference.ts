import { randomUUID } from 'node:crypto';

import type { Logger } from 'pino';

import type { Catalogue } from './catalogue/catalogue.ts';
import type { Config } from './config.ts';
import type { Clock } from './domain/clock.ts';
import type { Tracing } from './domain/tracing.ts';
import type { ContentSealer } from './inference/content.ts';
import { maximumDeadlineMs } from './inference/launch-request.ts';
import { Launcher } from './inference/launcher.ts';
import { Ledger } from './inference/ledger.ts';
import type { LaunchTally } from './inference/launch-tally.ts';
import type { StopReason } from './inference/live-runs.ts';
import { Recovery } from './inference/recovery.ts';
import { samplesPerOffering, speedWindowMs } from './inference/speed.ts';
import type { ProviderInterface } from './providers/provider.ts';
import type { Store } from './store/open-store.ts';

/** The launching side of the service. */
export interface Inference {
  readonly launcher: Launcher;
  /** Lets runs end within a bound, then stops. */
  readonly stop: () => Promise<void>;
}

/** How often measured speeds enter the catalogue, in milliseconds. */
const measurementIntervalMs = 10_000;
/** How long runs may go on once the service stops, in milliseconds. */
const stopGraceMs = 20_000;

/** Bounds of one attempt; the run's own deadline is usually the first of them. */
const attemptLimits = {
  connectMs: 5_000,
  firstTokenMs: 60_000,
  idleMs: 30_000,
  totalMs: maximumDeadlineMs,
  maximumBodyBytes: 8 * 1024 * 1024,
};

/** Opens ledger and launcher, recovers what an earlier process left behind, and keeps speeds fresh. */
export async function startInference(
  config: Config,
  sealer: ContentSealer,
  catalogue: Catalogue,
  providers: ReadonlyMap<string, ProviderInterface>,
  store: Store,
  {
    clock,
    log,
    tracing,
    tally,
  }: {
    readonly clock: Clock;
    readonly log: Logger;
    readonly tracing: Tracing | undefined;
    readonly tally: LaunchTally;
  },
): Promise<Inference> {
  const event = (name: string, fields: Readonly<Record<string, unknown>>) => {
    if (fields['error'] === undefined) log.info(fields, name);
    else log.warn(fields, name);
  };
  const { launches } = config;
  const ledger = new Ledger({
    store: store.ledger,
    clock,
    owner: randomUUID(),
    keyLifeMs: launches.keyLifeMs,
    launchesPerMinute: launches.perMinute,
    tracing,
    onOverrun: (run) => {
      tally.overran();
      log.error(
        { runId: run.id, cost: run.cost.total?.toString(), reserved: run.reserved.toString() },
        'OVERRUN: a run cost more than was reserved; its charge is capped',
      );
    },
  });
  const launcher = new Launcher({
    catalogue,
    providers,
    ledger,
    clock,
    newRunId: () => `run_${timeOrderedUuid(clock.now())}`,
    limits: {
      defaultMaxOutputTokens: launches.defaultMaxOutputTokens,
      maxCostPerCall: launches.maxCostPerCall,
      concurrency: launches.concurrency,
      queueLength: launches.queueLength,
      contentLifeMs: launches.contentLifeMs,
      ...(launches.audioHosts === undefined ? {} : { audioHosts: launches.audioHosts }),
      attempt: attemptLimits,
    },
    isAlone: store.engine === 'sqlite',
    sealer,
    log: event,
    tally,
  });
  const recovery = new Recovery({
    ledger,
    launcher,
    sealer,
    clock,
    isAlone: store.engine === 'sqlite',
    log: event,
  });
  await recovery.start();
  const readSamples = async () => {
    const sinceMs = clock.now() - speedWindowMs;
    const samples = await store.ledger.speedSamples(sinceMs, samplesPerOffering);
    for (const sample of samples) launcher.speed.add(sample);
  };
  const hasSamples = await readSamples().then(
    () => true,
    (error: unknown) => {
      if (store.engine === 'sqlite') throw error;
      event('speed.samples_unread', { error });
      return false;
    },
  );
  const stopMeasuring = startMeasuring(launcher, catalogue, clock, event, {
    read: readSamples,
    isRead: hasSamples,
  });
  const stopListening = store.notices.listen((notice) => {
    const [kind, runId = ''] = notice.split(':', 2);
    if (kind === 'run') launcher.live.wake(runId);
    if (kind !== 'cancel') return;
    launcher.live.get(runId)?.stop.abort('CANCEL' satisfies StopReason);
  });
  return {
    launcher,
    stop: async () => {
      stopListening();
      await launcher.close(stopGraceMs);
      await stopMeasuring();
      // What the last answers showed of the provider's sites is stored with the catalogue.
      await catalogue.refresh().catch((error: unknown) => {
        event('catalogue.update_failed', { error });
      });
      await recovery.stop();
    },
  };
}

/**
 * A UUID of version 7 (RFC 9562): it begins with its time, so that the rows of runs which begin together
 * lie together in every index, and few pages of it change with a commit.
 */
function timeOrderedUuid(nowMs: number): string {
  const time = nowMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

function startMeasuring(
  launcher: Launcher,
  catalogue: Catalogue,
  clock: Clock,
  log: (event: string, fields: Readonly<Record<string, unknown>>) => void,
  samples: { readonly read: () => Promise<void>; isRead: boolean },
): () => Promise<void> {
  const stopped = new AbortController();
  const loop = (async () => {
    while (!stopped.signal.aborted) {
      if (!samples.isRead) {
        samples.isRead = await samples.read().then(
          () => true,
          () => false,
        );
      }
      const changes = launcher.speed.takeChanges(clock.now());
      if (changes !== undefined) {
        await catalogue.takeMeasurements(changes).catch((error: unknown) => {
          log('catalogue.update_failed', { error });
        });
      }
      await clock.sleep(measurementIntervalMs, stopped.signal).catch(() => undefined);
    }
  })();
  return async () => {
    stopped.abort();
    await loop;
  };
}
