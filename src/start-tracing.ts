import type { Logger } from 'pino';

import type { Tracing } from './domain/tracing.ts';
import type { Metrics } from './http/metrics.ts';

/**
 * Starts tracing towards an OTLP collector. What traces is loaded here and nowhere else, so that a service
 * without a collector is spared it. A collector that is away is said once, and once that it is back.
 */
export async function startTracing(
  endpoint: string,
  version: string,
  { metrics, log }: { readonly metrics: Metrics; readonly log: Logger },
): Promise<{ readonly tracing: Tracing; readonly stop: () => Promise<void> }> {
  const { OtlpTracing } = await import('./tracing/otlp-tracing.ts');
  const spans = metrics.counter({
    name: 'trace_spans_total',
    help: 'Spans that were handed to the trace collector, by whether it took them.',
    labels: ['outcome'],
  });
  let isFailing = false;
  const tracing = new OtlpTracing({
    endpoint,
    serviceName: 'gpubroker-provider-subgraph',
    serviceVersion: version,
    onExport: ({ spanCount, failure }) => {
      spans.inc({ outcome: failure === undefined ? 'exported' : 'lost' }, spanCount);
      const wasFailing = isFailing;
      isFailing = failure !== undefined;
      if (isFailing && !wasFailing) log.warn({ reason: failure }, 'tracing.collector_away');
      if (wasFailing && !isFailing) log.info('tracing.collector_back');
    },
  });
  return { tracing, stop: async () => await tracing.close() };
}

/** What every log line within a span says of it. */
export function traceFields(tracing: Tracing | undefined): { readonly traceId?: string } {
  const traceId = tracing?.activeTraceId();
  return traceId === undefined ? {} : { traceId };
}
