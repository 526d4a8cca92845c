import { priceFreshnessAt } from './catalogue/launch-blocker.ts';
import type { FeedEntry, OfferingEntry, ProviderState, Snapshot } from './catalogue/snapshot.ts';
import type { Clock } from './domain/clock.ts';
import type { Metrics } from './http/metrics.ts';

/** Offerings whose price and throughput are shown one by one: labels have to stay a bounded set. */
const shownOfferings = 500;

const providerStates = [
  'READY',
  'DEGRADED',
  'UNAVAILABLE',
  'UNAUTHORIZED',
  'UNCONFIGURED',
] as const satisfies readonly ProviderState[];

const feedStates = [
  'OK',
  'FAILING',
  'UNSUPPORTED',
  'UNCONFIGURED',
  'PENDING',
] as const satisfies readonly FeedEntry['state'][];

/**
 * Shows the newest snapshot as gauges, read at each scrape. Prices are floating-point numbers there, for
 * charts; the exact ones are in the answers.
 */
export function showCatalogue(
  metrics: Metrics,
  snapshotOf: () => Snapshot | undefined,
  clock: Pick<Clock, 'now'>,
): void {
  const show = <Label extends string>(
    definition: Parameters<typeof metrics.gauge<Label>>[0],
    rows: (snapshot: Snapshot, nowMs: number) => Iterable<readonly [Record<Label, string>, number]>,
  ): void => {
    metrics.gauge(definition, (gauge) => {
      gauge.reset();
      const snapshot = snapshotOf();
      if (snapshot === undefined) return;
      for (const [labels, value] of rows(snapshot, clock.now())) gauge.set(labels, value);
    });
  };

  show(
    { name: 'catalogue_version', help: 'Version of the catalogue that is served.' },
    ({ version }) => [[{}, version]],
  );
  show(
    {
      name: 'provider_state',
      help: '1 for the state that a provider is in, 0 for the others.',
      labels: ['provider', 'state'],
    },
    function* ({ providers }) {
      for (const { id, status } of providers.values()) {
        for (const state of providerStates) {
          yield [{ provider: id, state }, status.state === state ? 1 : 0];
        }
      }
    },
  );
  show(
    {
      name: 'feed_state',
      help: '1 for the state that a feed is in, 0 for the others.',
      labels: ['provider', 'feed', 'state'],
    },
    function* (snapshot) {
      for (const [provider, feed] of feedsOf(snapshot)) {
        for (const state of feedStates) {
          yield [{ provider, feed: feed.name, state }, feed.state === state ? 1 : 0];
        }
      }
    },
  );
  show(
    {
      name: 'feed_age_seconds',
      help: 'Since a feed last answered with usable rows; of a list, since its own date.',
      labels: ['provider', 'feed'],
    },
    function* (snapshot, nowMs) {
      for (const [provider, { name, lastSuccessAtMs }] of feedsOf(snapshot)) {
        if (lastSuccessAtMs === undefined) continue;
        yield [{ provider, feed: name }, (nowMs - lastSuccessAtMs) / 1_000];
      }
    },
  );
  show(
    {
      name: 'feed_rejected_rows',
      help: 'Rows of the last reading of a feed that were not taken, up to 100.',
      labels: ['provider', 'feed'],
    },
    function* (snapshot) {
      for (const [provider, { name, rejected }] of feedsOf(snapshot)) {
        yield [{ provider, feed: name }, rejected.length];
      }
    },
  );
  show(
    {
      name: 'offerings',
      help: 'Available offerings by basis and freshness of their price; NONE is no price.',
      labels: ['provider', 'basis', 'freshness'],
    },
    offeringCounts,
  );
  show(
    {
      name: 'offering_cost_per_token_usd',
      help: `The cost-per-token KPI of an available offering, of the first ${shownOfferings}.`,
      labels: ['offering'],
    },
    function* (snapshot) {
      for (const { id, price } of shown(snapshot)) {
        if (price?.costPerToken !== undefined) {
          yield [{ offering: id }, price.costPerToken.toApproximateNumber()];
        }
      }
    },
  );
  show(
    {
      name: 'offering_throughput_tokens_per_second',
      help: `Measured, else nominal throughput of an available offering, of the first ${shownOfferings}.`,
      labels: ['offering'],
    },
    function* (snapshot) {
      for (const { id, throughput } of shown(snapshot)) {
        if (throughput !== undefined) yield [{ offering: id }, throughput];
      }
    },
  );
}

function* feedsOf({ providers }: Snapshot): Generator<[string, FeedEntry]> {
  for (const { id, feeds } of providers.values()) {
    for (const feed of feeds) yield [id, feed];
  }
}

function* shown({ offerings }: Snapshot): Generator<OfferingEntry> {
  let count = 0;
  for (const offering of offerings.values()) {
    if (!offering.available) continue;
    yield offering;
    count += 1;
    if (count === shownOfferings) return;
  }
}

function* offeringCounts(
  { offerings }: Snapshot,
  nowMs: number,
): Generator<[Record<'provider' | 'basis' | 'freshness', string>, number]> {
  const counts = new Map<string, number>();
  for (const { available, price, provider } of offerings.values()) {
    if (!available) continue;
    const key =
      price === undefined
        ? `${provider.id} NONE NONE`
        : `${provider.id} ${price.basis} ${priceFreshnessAt(price, nowMs, provider.pollIntervalMs)}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  for (const [key, count] of counts) {
    const [provider = '', basis = '', freshness = ''] = key.split(' ');
    yield [{ provider, basis, freshness }, count];
  }
}
