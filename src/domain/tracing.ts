/**
 * What a span may say: numbers, codes and names of ours. Never text of a request or an answer, a key, a
 * token, or an organisation's id; undefined members are left out.
 */
export type SpanAttributes = Readonly<Record<string, string | number | undefined>>;

/** `SERVER`: somebody asked us. `CLIENT`: we ask somebody. `INTERNAL`: our own work. */
export type SpanKind = 'SERVER' | 'CLIENT' | 'INTERNAL';

/** One piece of work in a trace. It is told once that it is over; what is said later is ignored. */
export interface Span {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  add(attributes: SpanAttributes): void;
  /** Marks the work as failed. The code is one of a closed set, never a message. */
  fail(code: string): void;
  end(): void;
}

/** Where a span belongs: below the span that is active, below a peer's, or at the start of a trace. */
export type SpanParent =
  | 'ACTIVE'
  | 'NONE'
  /** W3C trace context as it came in; what is malformed counts as absent. */
  | { readonly traceparent: string | undefined; readonly tracestate: string | undefined };

/** Tells an operator's collector what was done when, and because of what. Never fails and never waits. */
export interface Tracing {
  begin(name: string, kind: SpanKind, attributes?: SpanAttributes, parent?: SpanParent): Span;
  /** Does the work, and everything that it starts, with the span as the active one. */
  within<Result>(span: Span, work: () => Result): Result;
  /** The trace of the active span; undefined outside of any. */
  activeTraceId(): string | undefined;
}

/** Does the work within a span of its own; without tracing, just does it. */
export async function inSpan<Result>(
  tracing: Tracing | undefined,
  name: string,
  attributes: SpanAttributes,
  work: () => Promise<Result>,
  options: {
    readonly parent?: SpanParent;
    /** Why a result is a failure, as a code; undefined when it is none. */
    readonly failureOf?: (result: Result) => string | undefined;
  } = {},
): Promise<Result> {
  if (tracing === undefined) return await work();
  const span = tracing.begin(name, 'INTERNAL', attributes, options.parent);
  try {
    const result = await tracing.within(span, work);
    const failure = options.failureOf?.(result);
    if (failure !== undefined) span.fail(failure);
    return result;
  } catch (error) {
    span.fail(codeOf(error));
    throw error;
  } finally {
    span.end();
  }
}

/** A code for what was thrown: its own where it has one, else the name of its class. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : error.name;
}
