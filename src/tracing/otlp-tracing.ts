import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

import { ROOT_CONTEXT, SpanKind as OtelSpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Context, Span as OtelSpan, TextMapGetter, Tracer } from '@opentelemetry/api';
import { ExportResultCode, W3CTraceContextPropagator } from '@opentelemetry/core';
import type { ExportResult } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';

import type { Span, SpanAttributes, SpanKind, SpanParent, Tracing } from '../domain/tracing.ts';

/** Bounds of what is kept for a collector and of how long it is tried. */
const limits = {
  /** Finished spans that wait; more are dropped. */
  queueLength: 2_048,
  spansPerExport: 512,
  delayMs: 1_000,
  /** One export, repeats included. */
  exportTimeoutMs: 3_000,
  /** What is left when the service stops gets this long. */
  closeTimeoutMs: 2_000,
  attributeLength: 256,
};

export interface OtlpTracingOptions {
  /** The collector's address for OTLP over HTTP; `/v1/traces` is appended. */
  readonly endpoint: string;
  readonly serviceName: string;
  readonly serviceVersion: string;
  /** Told of each export that ended; the reason of a failed one is a code. */
  readonly onExport: (outcome: ExportOutcome) => void;
}

export interface ExportOutcome {
  readonly spanCount: number;
  /** Why the spans are lost; undefined when the collector took them. */
  readonly failure: string | undefined;
}

/** Spans in OTLP (protobuf over HTTP). It owns nothing global: services of one process don't meet in it. */
export class OtlpTracing implements Tracing {
  readonly #tracer: Tracer;
  readonly #provider: TracerProvider;
  readonly #active = new AsyncLocalStorage<Context>();

  constructor(options: OtlpTracingOptions) {
    const exporter = new OTLPTraceExporter({
      url: `${options.endpoint.replace(/\/+$/, '')}/v1/traces`,
      timeoutMillis: limits.exportTimeoutMs,
    });
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({
        'service.name': options.serviceName,
        'service.version': options.serviceVersion,
        'service.instance.id': randomUUID(),
      }),
      spanLimits: { attributeValueLengthLimit: limits.attributeLength },
      spanProcessors: [
        new BatchSpanProcessor({
          exporter: watched(exporter, options.onExport),
          maxQueueSize: limits.queueLength,
          maxExportBatchSize: limits.spansPerExport,
          scheduledDelayMillis: limits.delayMs,
          exportTimeoutMillis: limits.exportTimeoutMs + 1_000,
        }),
      ],
    });
    this.#tracer = this.#provider.getTracer(options.serviceName, options.serviceVersion);
  }

  begin(
    name: string,
    kind: SpanKind,
    attributes: SpanAttributes = {},
    parent: SpanParent = 'ACTIVE',
  ): Span {
    const context = this.#contextOf(parent);
    const span = this.#tracer.startSpan(
      name,
      { kind: OtelSpanKind[kind], attributes: { ...attributes } },
      context,
    );
    return new BegunSpan(span, trace.setSpan(context, span));
  }

  within<Result>(span: Span, work: () => Result): Result {
    return span instanceof BegunSpan ? this.#active.run(span.context, work) : work();
  }

  activeTraceId(): string | undefined {
    const context = this.#active.getStore();
    return context === undefined ? undefined : trace.getSpanContext(context)?.traceId;
  }

  /** Sends what is left, within a bound, and ends. */
  async close(): Promise<void> {
    const givenUp = Promise.withResolvers<void>();
    const timer = setTimeout(givenUp.resolve, limits.closeTimeoutMs);
    await Promise.race([this.#provider.shutdown().catch(() => undefined), givenUp.promise]);
    clearTimeout(timer);
  }

  #contextOf(parent: SpanParent): Context {
    if (parent === 'NONE') return ROOT_CONTEXT;
    if (parent === 'ACTIVE') return this.#active.getStore() ?? ROOT_CONTEXT;
    return traceContext.extract(ROOT_CONTEXT, parent, traceHeaders);
  }
}

class BegunSpan implements Span {
  readonly context: Context;
  readonly #span: OtelSpan;

  constructor(span: OtelSpan, context: Context) {
    this.#span = span;
    this.context = context;
  }

  get traceId(): string {
    return this.#span.spanContext().traceId;
  }

  add(attributes: SpanAttributes): void {
    this.#span.setAttributes({ ...attributes });
  }

  fail(code: string): void {
    this.#span.setAttribute('error.type', code);
    this.#span.setStatus({ code: SpanStatusCode.ERROR });
  }

  end(): void {
    this.#span.end();
  }
}

const traceContext = new W3CTraceContextPropagator();

const traceHeaders: TextMapGetter<Exclude<SpanParent, string>> = {
  keys: (headers) => Object.keys(headers),
  get: (headers, name) =>
    name === 'traceparent' || name === 'tracestate' ? headers[name] : undefined,
};

/** Tells of each export; the exporter itself says nothing of its failures. */
function watched(exporter: SpanExporter, onExport: (outcome: ExportOutcome) => void): SpanExporter {
  return {
    export: (spans: ReadableSpan[], done: (result: ExportResult) => void) => {
      exporter.export(spans, (result) => {
        const failed = result.code !== ExportResultCode.SUCCESS;
        onExport({
          spanCount: spans.length,
          failure: failed ? exportFailureOf(result.error) : undefined,
        });
        done(result);
      });
    },
    shutdown: async () => await exporter.shutdown(),
  };
}

/** A code or status: the message may quote what the collector wrote. */
function exportFailureOf(error: Error | undefined): string {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  if (typeof code === 'number') return `HTTP ${code}`;
  return typeof code === 'string' ? code : 'NOT_TAKEN';
}
