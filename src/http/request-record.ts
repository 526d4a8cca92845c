import type { Span } from '../domain/tracing.ts';
import type { CachePolicy } from '../graphql/cache-policy.ts';
import { ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { IncomingRequest } from './incoming-request.ts';
import { newRequestId } from './request-id.ts';

/** What a request turned out to be; a bounded set, because metrics are labelled with it. */
export type RequestKind =
  | 'query'
  | 'mutation'
  | 'subscription'
  | 'entities'
  | 'introspection'
  | 'graphql_refused'
  | 'explorer'
  | 'health'
  | 'metrics'
  | 'other';

/** How many error codes of one request the access log names. */
const MAX_LOGGED_CODES = 5;

const REQUEST_ID = /^[\w.:@+=/-]{1,128}$/;
const TRACE_PARENT = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/;

/** One request on its way through the server: its ids, what it is, and whether its client still waits. */
export class RequestRecord {
  /** The caller's `x-request-id` where it is well-formed, else a new one; echoed in the answer. */
  readonly id: string;
  /** From a W3C `traceparent`, where one is present; with tracing on, that of the request's span. */
  traceId: string | undefined;
  readonly method: string;
  /** Without the query string, which may hold variables. */
  readonly path: string;
  readonly startedAtMs: number;

  kind: RequestKind = 'other';
  operationName: string | undefined;
  /** How long the answer stays the same for everybody; undefined when it must not be shared. */
  cachePolicy: CachePolicy | undefined;
  /** Whether finished bytes were sent again. */
  isRepeated = false;
  /** Codes of the errors in the answer, the first few. */
  readonly errorCodes: string[] = [];
  /** The request's own span; undefined without tracing. */
  span: Span | undefined;
  /** The status written for a request that the parser cut short, past the ordinary answer. */
  cutStatus: number | undefined;
  clientGone = false;

  #abortController: AbortController | undefined;

  constructor(request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>) {
    const { headers } = request;
    const givenId = headers['x-request-id'];
    this.id = typeof givenId === 'string' && REQUEST_ID.test(givenId) ? givenId : newRequestId();
    this.traceId = traceIdOf(headers['traceparent']);
    this.method = request.method ?? '';
    this.path = pathOf(request);
    this.startedAtMs = performance.now();
  }

  /** Aborts when the client is gone, unless the operation is a mutation: a launch runs to its end. */
  get signal(): AbortSignal {
    this.#abortController ??= new AbortController();
    if (this.clientGone) this.#abortController.abort();
    return this.#abortController.signal;
  }

  noteError(code: string): void {
    if (this.errorCodes.length < MAX_LOGGED_CODES && !this.errorCodes.includes(code)) {
      this.errorCodes.push(code);
    }
  }

  noteClientGone(): void {
    if (this.kind === 'mutation') return;
    this.clientGone = true;
    this.#abortController?.abort();
  }
}

/** A response that knows its request's record, so that parser errors find it too. */
export class RecordedResponse extends ServerResponse<IncomingRequest> {
  readonly record = new RequestRecord(this.req);
  /** Memory that the answer is sent from, to be given back when it is out. */
  borrowed: Buffer | undefined;
}

/** The path that a request names, as it was sent. */
export function pathOf({ url = '/' }: Pick<IncomingMessage, 'url'>): string {
  const questionMark = url.indexOf('?');
  return questionMark === -1 ? url : url.slice(0, questionMark);
}

function traceIdOf(traceParent: string | readonly string[] | undefined): string | undefined {
  const traceId = typeof traceParent === 'string' ? TRACE_PARENT.exec(traceParent)?.[1] : undefined;
  return traceId === undefined || /^0+$/.test(traceId) ? undefined : traceId;
}
