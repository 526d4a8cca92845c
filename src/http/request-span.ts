import type { IncomingHttpHeaders } from 'node:http';

import type { Span, Tracing } from '../domain/tracing.ts';
import type { RequestRecord } from './request-record.ts';

/** Asked every few seconds by machines: nothing of it belongs into a trace. */
const untraced: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics']);

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'OPTIONS']);

/** Begins the span of a request, below the one that `traceparent` names; its trace is the request's. */
export function beginRequestSpan(
  tracing: Tracing,
  record: RequestRecord,
  headers: IncomingHttpHeaders,
): Span | undefined {
  if (untraced.has(record.path)) return undefined;
  const method = methods.has(record.method) ? record.method : '_OTHER';
  // Any other path is a client's text.
  const route = record.path === '/graphql' ? record.path : undefined;
  const span = tracing.begin(
    route === undefined ? method : `${method} ${route}`,
    'SERVER',
    { 'http.request.method': method, 'http.route': route },
    { traceparent: single(headers['traceparent']), tracestate: single(headers['tracestate']) },
  );
  record.span = span;
  record.traceId = span.traceId;
  return span;
}

/** Says how a request ended: kind and codes come from closed sets, the name from its document. */
export function endRequestSpan(span: Span, record: RequestRecord, status: number): void {
  span.add({
    'http.response.status_code': status,
    'gpubroker.request.kind': record.kind,
    'graphql.operation.name': record.operationName,
  });
  const [code] = record.errorCodes;
  if (status >= 500 || code === 'INTERNAL_SERVER_ERROR') span.fail(code ?? String(status));
  else if (code !== undefined) span.add({ 'error.type': code });
  span.end();
}

function single(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}
