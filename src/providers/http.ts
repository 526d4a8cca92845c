import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import { Agent } from 'undici';

import type { Clock } from '../domain/clock.ts';
import { Exchange } from './http-exchange.ts';

/** One request to somebody else's server. */
export interface OutwardRequest {
  readonly method: 'GET' | 'POST';
  /** An absolute `http:` or `https:` address. Credentials in it are not sent. */
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly signal: AbortSignal;
  readonly limits: OutwardLimits;
}

/** Bounds of one exchange. There is no call without them. */
export interface OutwardLimits {
  /** From asking for a connection (a place in the pool included) to writing the request. */
  readonly connectTimeoutMs: number;
  /** From writing the request to the first byte of the answer's body, or its end where it has none. */
  readonly firstByteTimeoutMs: number;
  /** Between two pieces of the body, not counting time in which the reader keeps the sender waiting. */
  readonly idleTimeoutMs: number;
  /** The whole exchange, reading included. */
  readonly totalTimeoutMs: number;
  /** Bytes of the body, as sent and again after decompression. */
  readonly maxBodyBytes: number;
}

export type OutwardFailureKind =
  /** A limit of {@link OutwardLimits} ran out. */
  | 'TIMEOUT'
  /** No connection: unknown host, refused, no route, TLS refused. */
  | 'UNREACHABLE'
  /** The connection ended before the answer was whole. */
  | 'CUT_ANSWER'
  | 'ANSWER_TOO_LARGE'
  /** What came is not HTTP, or not what its content-encoding says. */
  | 'MALFORMED_ANSWER'
  /** The caller's signal, or {@link OutwardHttp.close}. */
  | 'CANCELLED';

/** Why an exchange gave no whole answer. Holds nothing of the request but the host's name. */
export interface OutwardFailure {
  readonly kind: OutwardFailureKind;
  readonly message: string;
  /** False only when it is certain that no byte of the request was written, nor will be. */
  readonly requestWritten: boolean;
  /** The head of the answer, when the failure came after it. */
  readonly head?: AnswerHead;
}

export interface AnswerHead {
  readonly status: number;
  /** By lower-case name; repeated headers are joined with `, `. */
  readonly headers: ReadonlyMap<string, string>;
}

/** A whole answer, whatever its status. Redirects are answers too: they are never followed. */
export interface OutwardAnswer extends AnswerHead {
  /** After decompression. */
  readonly body: Buffer;
  /** The body as UTF-8. */
  text(): string;
  /** Milliseconds since the epoch at which the last byte had come. */
  readonly receivedAtMs: number;
}

/** An answer whose head has come and whose body is still coming. */
interface OutwardStream extends AnswerHead {
  /**
   * The body as it comes, to be read once. Leaving the loop early closes the connection.
   *
   * @throws BrokenAnswer once the pieces that did come are read, when the answer was not whole.
   */
  readonly body: AsyncIterable<Buffer>;
}

export type CallResult =
  | { readonly ok: true; readonly answer: OutwardAnswer }
  | { readonly ok: false; readonly failure: OutwardFailure };

export type OpenResult =
  | { readonly ok: true; readonly stream: OutwardStream }
  | { readonly ok: false; readonly failure: OutwardFailure };

/** The one way out of this service to a provider or a public list. */
export interface OutwardHttp {
  /** One exchange, read to its end. Asks for gzip. Never sends a request twice. */
  call(request: OutwardRequest): Promise<CallResult>;
  /** One exchange whose body is read as it comes. Asks for no encoding. Never sends a request twice. */
  open(request: OutwardRequest): Promise<OpenResult>;
  /** Ends every exchange as CANCELLED and closes every connection. Later calls are CANCELLED. */
  close(): Promise<void>;
}

export interface OutwardHttpOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** Connections to one origin at a time; further requests wait within their connect timeout. */
  readonly maxConnections?: number;
  /** Idle time after which a connection is closed when the peer names no shorter one. */
  readonly keepAliveMs?: number;
}

/**
 * Makes the client: HTTP/1.1 only, one request on a connection at a time, no proxy from the environment, no
 * redirects, no hidden repeats.
 *
 * HTTP/2 stays off because a closing HTTP/2 peer makes the library send requests again by itself.
 */
export function createOutwardHttp(options: OutwardHttpOptions): OutwardHttp {
  const agent = new Agent({
    connections: options.maxConnections ?? 128,
    pipelining: 1,
    allowH2: false,
    useMilo: false,
    // Under the 5 s after which common servers close; a peer's own hint is undercut by the threshold.
    keepAliveTimeout: options.keepAliveMs ?? 4_000,
    keepAliveMaxTimeout: 60_000,
    keepAliveTimeoutThreshold: 2_000,
    maxHeaderSize: 32 * 1024,
    // Said here, so that NODE_TLS_REJECT_UNAUTHORIZED has no say.
    connect: { timeout: maximumConnectMs, rejectUnauthorized: true },
    // Exchange keeps its own time: one clock for all phases, and exact about what was written.
    headersTimeout: 0,
    bodyTimeout: 0,
  });

  return {
    open: (request) => new Exchange(request, 'identity').start(agent),

    async call(request) {
      const whole = await new Exchange(request, 'gzip').startWhole(agent);
      if (!whole.ok) return whole;
      const { status, headers, body } = whole;
      const plain = await decoded(body, headers, request.limits.maxBodyBytes);
      if (!Buffer.isBuffer(plain)) {
        const failure = { ...plain, requestWritten: true, head: { status, headers } };
        return { ok: false, failure };
      }
      const receivedAtMs = options.clock.now();
      const text = () => utf8.decode(plain);
      return { ok: true, answer: { status, headers, body: plain, text, receivedAtMs } };
    },

    close: () => agent.destroy(),
  };
}

const utf8 = new TextDecoder();

/** An address as it may be shown: without credentials, query and fragment. */
export function publicAddress(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

const maximumConnectMs = 30_000;

const gunzipBuffer = promisify(gunzip);

async function decoded(
  body: Buffer,
  headers: ReadonlyMap<string, string>,
  maxBodyBytes: number,
): Promise<Buffer | Pick<OutwardFailure, 'kind' | 'message'>> {
  const encoding = headers.get('content-encoding')?.trim().toLowerCase();
  if ((encoding !== 'gzip' && encoding !== 'x-gzip') || body.length === 0) return body;
  try {
    return await gunzipBuffer(body, { maxOutputLength: maxBodyBytes });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      const message = `The answer inflates to more than ${maxBodyBytes} bytes`;
      return { kind: 'ANSWER_TOO_LARGE', message };
    }
    if (code === 'Z_BUF_ERROR') {
      return { kind: 'CUT_ANSWER', message: 'The compressed answer ends too early' };
    }
    return { kind: 'MALFORMED_ANSWER', message: 'The answer is not the gzip that it says it is' };
  }
}
