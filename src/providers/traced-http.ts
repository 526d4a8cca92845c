import type { Span, Tracing } from '../domain/tracing.ts';
import { BrokenAnswer } from './http-exchange.ts';
import type { OpenResult, OutwardFailure, OutwardHttp, OutwardRequest } from './http.ts';

/**
 * The same way out, with a span for each exchange. A span names the peer and the path, never a header, a
 * query or a body; nothing of the trace is sent along.
 */
export function tracedHttp(http: OutwardHttp, tracing: Tracing): OutwardHttp {
  return {
    async call(request) {
      const span = begin(tracing, request);
      const result = await tracing.within(span, async () => await http.call(request));
      noteHead(span, result.ok ? result.answer : result.failure.head);
      if (!result.ok) span.fail(result.failure.kind);
      span.end();
      return result;
    },

    async open(request) {
      const span = begin(tracing, request);
      const result = await tracing.within(span, async () => await http.open(request));
      noteHead(span, result.ok ? result.stream : result.failure.head);
      if (result.ok) return withSpan(result, span);
      span.fail(result.failure.kind);
      span.end();
      return result;
    },

    close: async () => {
      await http.close();
    },
  };
}

function begin(tracing: Tracing, { method, url }: OutwardRequest): Span {
  const { hostname, port, protocol, pathname } = url;
  return tracing.begin(`${method} ${pathname}`, 'CLIENT', {
    'http.request.method': method,
    'server.address': hostname,
    'server.port': port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
    'url.path': pathname,
  });
}

function noteHead(span: Span, head: OutwardFailure['head']): void {
  if (head === undefined) return;
  span.add({ 'http.response.status_code': head.status });
  if (head.status >= 400) span.fail(String(head.status));
}

/** The span of a stream lasts as long as its body. */
function withSpan(result: Extract<OpenResult, { readonly ok: true }>, span: Span): OpenResult {
  const { stream } = result;
  async function* body(): AsyncGenerator<Buffer> {
    try {
      yield* stream.body;
    } catch (error) {
      span.fail(error instanceof BrokenAnswer ? error.failure.kind : 'FAULT');
      throw error;
    } finally {
      span.end();
    }
  }
  return { ok: true, stream: { ...stream, body: body() } };
}
