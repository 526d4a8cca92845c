import type { Logger } from 'pino';

import type { Catalogue, PollOutcome } from './catalogue/catalogue.ts';
import { pollInTurn } from './catalogue/poll-turns.ts';
import { Poller } from './catalogue/poller.ts';
import type { PollerOptions } from './catalogue/poller.ts';
import type { Clock } from './domain/clock.ts';
import { inSpan } from './domain/tracing.ts';
import type { Tracing } from './domain/tracing.ts';
import type { Metrics } from './http/metrics.ts';
import type { Registry } from './registry.ts';
import type { RegisteredProvider } from './registered-provider.ts';
import type { SecretStore } from './secrets/secret-store.ts';
import { pollTurnsOf } from './start-following.ts';
import type { Store } from './store/open-store.ts';

export interface PollingOptions {
  readonly registry: Registry;
  readonly secretPathOf: (registered: RegisteredProvider) => string;
  /** Where the registry gives a provider no interval of its own. */
  readonly intervalMs: number;
  readonly clock: Clock;
  /** Between 0 and 1, for jitter. */
  readonly random: () => number;
  readonly tracing: Tracing | undefined;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** The public price list among the feeds that are polled. */
const publicPriceList = 'public-price-list';

/** Starts a poller for each provider and one for the public list; gives what stops them. */
export function startPolling(
  catalogue: Catalogue,
  store: Store,
  secrets: Pick<SecretStore, 'onChange'>,
  options: PollingOptions,
): () => Promise<void> {
  const { registry, clock, random, tracing, metrics, log } = options;
  const polls = metrics.counter({
    name: 'polls_total',
    help: 'Polls of this process by what came of them.',
    labels: ['feed', 'outcome'],
  });
  const turns = store.engine === 'postgres' ? pollTurnsOf(store) : undefined;

  const pollerOf = (
    feed: string,
    intervalMs: number,
    poll: (signal: AbortSignal) => Promise<PollOutcome>,
  ): Poller => {
    const counted: PollerOptions['poll'] = async (signal) => {
      try {
        const outcome = await poll(signal);
        polls.inc({ feed, outcome: outcome.succeeded ? 'read' : 'not_read' });
        return outcome;
      } catch (error) {
        polls.inc({ feed, outcome: 'fault' });
        throw error;
      }
    };
    const traced: PollerOptions['poll'] = async (signal) =>
      await inSpan(tracing, 'catalogue.poll', { 'gpubroker.feed': feed }, () => counted(signal), {
        parent: 'NONE',
        failureOf: ({ succeeded }) => (succeeded ? undefined : 'NOT_READ'),
      });
    return new Poller({
      poll:
        turns === undefined
          ? traced
          : async (signal) =>
              await pollInTurn(
                { turns, feed, intervalMs, clock, random },
                signal,
                async () => await traced(signal),
              ),
      intervalMs,
      clock,
      random,
      onFault: (error) => log.error({ error }, 'poll.failed'),
    });
  };

  const pollers = new Map<string, Poller>();
  for (const { id, pollIntervalMs } of registry.values()) {
    const poll = async (signal: AbortSignal) => await catalogue.poll(id, signal);
    pollers.set(id, pollerOf(id, pollIntervalMs ?? options.intervalMs, poll));
  }
  const publicList = pollerOf(
    publicPriceList,
    options.intervalMs,
    async (signal) => await catalogue.pollPublicPriceList(signal),
  );
  const stopWatching = secrets.onChange((path) => {
    for (const registered of registry.values()) {
      if (options.secretPathOf(registered) === path) pollers.get(registered.id)?.wake();
    }
  });
  const all = [...pollers.values(), publicList];
  for (const poller of all) poller.start();
  return async () => {
    stopWatching();
    await Promise.all(all.map(async (poller) => await poller.stop()));
  };
}
