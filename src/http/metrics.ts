import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { RequestKind } from './request-record.ts';
import { RequestTally } from './request-tally.ts';

/** What the HTTP server counts. Labels come from closed sets, never from a request's text. */
export interface HttpMetrics {
  requestStarted(): void;
  requestFinished(kind: RequestKind, status: number, seconds: number): void;
  /** One error in an answer, by its public code. */
  errorAnswered(code: string): void;
  subscriptionBegan(transport: SubscriptionTransport): void;
  subscriptionEnded(transport: SubscriptionTransport, end: SubscriptionEnd): void;
  /** One result that was sent to one subscriber. */
  resultSent(transport: SubscriptionTransport): void;
}

/** By what a subscription is carried. */
export type SubscriptionTransport = 'websocket' | 'event_stream' | 'callback';

/** Why a subscription ended. */
export type SubscriptionEnd =
  /** There was nothing more to come. */
  | 'completed'
  /** The client left, or wanted no more. */
  | 'left'
  /** It could not go on. */
  | 'failed'
  /** The client took what was sent too slowly. */
  | 'too_slow'
  /** The caller's token ran out. */
  | 'expired'
  /** The service went away. */
  | 'drained';

/** A metric that another part of the service registers; its label values have to be a bounded set. */
export interface MetricDefinition<Label extends string> {
  /** Without the service's prefix, unit last, e.g. `catalogue_snapshot_age_seconds`. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
}

export interface Metrics {
  readonly registry: Registry;
  readonly http: HttpMetrics;
  /** A number that goes up and down; `read` is asked at each scrape where given. */
  gauge<Label extends string>(
    definition: MetricDefinition<Label>,
    read?: (gauge: Gauge<Label>) => void,
  ): Gauge<Label>;
  /** A number that only goes up; `read` is asked at each scrape where given. */
  counter<Label extends string>(
    definition: MetricDefinition<Label>,
    read?: (counter: Counter<Label>) => void,
  ): Counter<Label>;
  histogram<Label extends string>(
    definition: MetricDefinition<Label> & { readonly buckets: readonly number[] },
  ): Histogram<Label>;
  /** The Prometheus text format. */
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
}

const PREFIX = 'gpubroker_';

/** Seconds: a cached answer takes less than the first, a launch that waits takes up to the last. */
const DURATION_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 25];

/** A registry of our own, so that nothing global is shared between services of one process. */
export function createMetrics(build: { readonly version: string }): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: `${PREFIX}build_info`,
    help: 'Constant 1, with the version of the service and of Node in its labels.',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version: build.version, node: process.versions.node }, 1);

  const metrics: Omit<Metrics, 'http'> = {
    registry,
    gauge: ({ name, help, labels }, read) =>
      new Gauge({
        name: PREFIX + name,
        help,
        labelNames: labels ?? [],
        registers,
        ...collecting(read),
      }),
    counter: ({ name, help, labels }, read) =>
      new Counter({
        name: PREFIX + name,
        help,
        labelNames: labels ?? [],
        registers,
        ...collecting(read),
      }),
    histogram: ({ name, help, labels, buckets }) =>
      new Histogram({
        name: PREFIX + name,
        help,
        labelNames: labels ?? [],
        buckets: [...buckets],
        registers,
      }),
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
  return { ...metrics, http: httpMetrics(metrics) };
}

/** Lets a metric be read anew at each scrape. */
function collecting<Metric>(read: ((metric: Metric) => void) | undefined): {
  collect?: (this: Metric) => void;
} {
  if (read === undefined) return {};
  return {
    collect(): void {
      read(this);
    },
  };
}

function httpMetrics(metrics: Omit<Metrics, 'http'>): HttpMetrics {
  let inFlightCount = 0;
  metrics.gauge(
    { name: 'http_requests_in_flight', help: 'Requests being answered now.' },
    (gauge) => gauge.set(inFlightCount),
  );
  const tally = new RequestTally(DURATION_BUCKETS);
  tally.register(
    metrics.registry,
    {
      name: `${PREFIX}http_requests_total`,
      help: 'Requests by what they were and by HTTP status; 499 is a client that left before its answer.',
    },
    {
      name: `${PREFIX}http_request_duration_seconds`,
      help: 'Time from the end of the request headers to the end of the answer.',
    },
  );
  const errors = metrics.counter({
    name: 'graphql_errors_total',
    help: 'Errors in answers, by public code.',
    labels: ['code'],
  });
  const open = metrics.gauge({
    name: 'subscriptions_open',
    help: 'Subscriptions that go on now.',
    labels: ['transport'],
  });
  const ends = metrics.counter({
    name: 'subscription_ends_total',
    help: 'Subscriptions that ended, by why they did.',
    labels: ['transport', 'reason'],
  });
  const results = metrics.counter({
    name: 'subscription_results_total',
    help: 'Results sent to subscribers.',
    labels: ['transport'],
  });
  return {
    subscriptionBegan: (transport) => open.inc({ transport }),
    subscriptionEnded: (transport, reason) => {
      open.dec({ transport });
      ends.inc({ transport, reason });
    },
    resultSent: (transport) => results.inc({ transport }),
    requestStarted: () => {
      inFlightCount += 1;
    },
    requestFinished: (kind, status, seconds) => {
      inFlightCount -= 1;
      tally.add(kind, status, seconds);
    },
    errorAnswered: (code) => errors.inc({ code }),
  };
}
