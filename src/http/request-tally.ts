import { Counter } from 'prom-client';
import type { Metric, Registry } from 'prom-client';

import type { RequestKind } from './request-record.ts';

/** What is shown of the tally. */
export interface TallyMetric {
  readonly name: string;
  readonly help: string;
}

/** Answered requests of one kind. */
interface Answered {
  readonly countByStatus: Map<number, number>;
  /** Requests whose duration was within each bound and beyond the one before it; the last has no bound. */
  readonly countByBound: number[];
  seconds: number;
}

/**
 * Counts requests by what they were, their status and their duration. The metrics library finds its counters
 * by the text of their labels, which costs a repeated answer a tenth of its time: here a request costs a few
 * additions, and the library's text is made when it is asked for.
 */
export class RequestTally {
  readonly #bounds: readonly number[];
  readonly #answered = new Map<RequestKind, Answered>();

  /** @param bounds - upper bounds of the durations that are told apart, in seconds, rising. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
  }

  add(kind: RequestKind, status: number, seconds: number): void {
    const answered = this.#ofKind(kind);
    answered.countByStatus.set(status, (answered.countByStatus.get(status) ?? 0) + 1);
    answered.seconds += seconds;
    let index = 0;
    while (index < this.#bounds.length && seconds > (this.#bounds[index] ?? 0)) index += 1;
    answered.countByBound[index] = (answered.countByBound[index] ?? 0) + 1;
  }

  /** Shows the tally as a counter with the labels `kind` and `status`, and as a histogram with `kind`. */
  register(registry: Registry, requests: TallyMetric, durations: TallyMetric): void {
    const answered = this.#answered;
    // oxlint-disable-next-line no-new -- a metric belongs to its registry
    new Counter({
      ...requests,
      labelNames: ['kind', 'status'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [kind, { countByStatus }] of answered) {
          for (const [status, count] of countByStatus) this.inc({ kind, status }, count);
        }
      },
    });
    // The library's own histogram can't be filled but one observation at a time. A registry asks a metric
    // for no more than these.
    const histogram = {
      ...durations,
      get: () =>
        Promise.resolve({ ...durations, type: 'histogram', values: this.#durations(durations) }),
      reset: () => undefined,
    };
    registry.registerMetric(histogram as unknown as Metric<'kind'>);
  }

  #ofKind(kind: RequestKind): Answered {
    const known = this.#answered.get(kind);
    if (known !== undefined) return known;
    const countByBound = Array.from({ length: this.#bounds.length + 1 }, () => 0);
    const answered = { countByStatus: new Map(), countByBound, seconds: 0 };
    this.#answered.set(kind, answered);
    return answered;
  }

  #durations({ name }: TallyMetric) {
    return [...this.#answered].flatMap(([kind, { countByBound, seconds }]) => {
      let count = 0;
      const buckets = countByBound.map((inBucket, index) => {
        count += inBucket;
        const le = this.#bounds[index] ?? '+Inf';
        return { labels: { le, kind }, value: count, metricName: `${name}_bucket` };
      });
      return [
        ...buckets,
        { labels: { kind }, value: seconds, metricName: `${name}_sum` },
        { labels: { kind }, value: count, metricName: `${name}_count` },
      ];
    });
  }
}
