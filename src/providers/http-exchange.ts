import { type Agent, type Dispatcher, errors } from 'undici';

import type {
  AnswerHead,
  OpenResult,
  OutwardFailure,
  OutwardFailureKind,
  OutwardRequest,
} from './http.ts';

/** Thrown to the reader of a body that did not come whole. */
export class BrokenAnswer extends Error {
  override readonly name = 'BrokenAnswer';
  readonly failure: OutwardFailure;

  constructor(failure: OutwardFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

/**
 * One request and its answer on undici's dispatch interface, which is the only one that tells when a request
 * is written: `onRequestStart` runs in the same turn as, and right before, the first byte goes to a
 * connected socket. Until then nothing was written, and aborting there keeps it so.
 *
 * A failure is settled once; whatever undici reports afterwards is the echo of our own abort.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: OutwardRequest;
  readonly #encoding: string;
  #settleOpening: (result: OpenResult) => void = () => {};
  /** Set where nobody reads the pieces as they come. */
  #settleWhole: ((result: WholeResult) => void) | undefined;
  #rejectOpening: (fault: Error) => void = () => {};

  #controller: Dispatcher.DispatchController | undefined;
  #head: AnswerHead | undefined;
  #failure: OutwardFailure | undefined;
  #ended = false;

  #pieces: Buffer[] = [];
  #waitingBytes = 0;
  #receivedBytes = 0;
  #wakeReader: (() => void) | undefined;

  #phaseTimer: NodeJS.Timeout | undefined;
  #totalTimer: NodeJS.Timeout | undefined;

  constructor(request: OutwardRequest, encoding: string) {
    this.#request = request;
    this.#encoding = encoding;
  }

  /** Sends the request; resolves with the head of the answer or with why there is none. */
  start(agent: Agent): Promise<OpenResult> {
    return new Promise((resolve, reject) => {
      this.#settleOpening = resolve;
      this.#rejectOpening = reject;
      this.#dispatch(agent);
    });
  }

  /** Sends the request; resolves with the whole answer or with why there is none. */
  startWhole(agent: Agent): Promise<WholeResult> {
    return new Promise((resolve, reject) => {
      this.#settleWhole = resolve;
      this.#rejectOpening = reject;
      this.#dispatch(agent);
    });
  }

  #dispatch(agent: Agent): void {
    const { url, method, headers, body, signal, limits } = this.#request;
    if (signal.aborted) {
      this.#fail('CANCELLED', 'The call was cancelled before it was made');
      return;
    }
    signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#totalTimer = setTimeout(() => {
      this.#fail('TIMEOUT', `${this.#peer}: no whole answer within ${limits.totalTimeoutMs} ms`);
    }, limits.totalTimeoutMs);
    agent.dispatch(
      {
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers: { 'user-agent': userAgent, ...headers, 'accept-encoding': this.#encoding },
        body: body ?? null,
      },
      this,
    );
    // To a connection at hand it has been written by now.
    if (this.#controller === undefined && this.#failure === undefined) {
      this.#startPhase(limits.connectTimeoutMs, 'no connection');
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Aborted here, the request is dropped unwritten. A second start would be a repeat by the library.
    if (this.#failure !== undefined || this.#controller !== undefined) {
      controller.abort(new Error('Not sent'));
      return;
    }
    this.#controller = controller;
    this.#startPhase(this.#request.limits.firstByteTimeoutMs, 'no answer');
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    const head = { status, headers: headerMap(headers) };
    this.#head = head;
    const declaredBytes = Number(head.headers.get('content-length') ?? 0);
    if (declaredBytes > this.#request.limits.maxBodyBytes) {
      this.#failTooLarge();
      return;
    }
    if (this.#settleWhole === undefined) {
      this.#settleOpening({ ok: true, stream: { ...head, body: this.#read() } });
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, piece: Buffer): void {
    const isFirst = this.#receivedBytes === 0;
    this.#receivedBytes += piece.length;
    if (this.#receivedBytes > this.#request.limits.maxBodyBytes) {
      this.#failTooLarge();
      return;
    }
    this.#pieces.push(piece);
    if (this.#settleWhole === undefined) this.#waitingBytes += piece.length;
    if (this.#waitingBytes > readAheadBytes) {
      controller.pause();
      clearTimeout(this.#phaseTimer);
    } else if (isFirst) {
      this.#startIdlePhase();
    } else {
      this.#phaseTimer?.refresh();
    }
    this.#wake();
  }

  onResponseEnd(): void {
    if (this.#failure !== undefined) return;
    this.#ended = true;
    this.#release();
    this.#wake();
    if (this.#head === undefined) return;
    this.#settleWhole?.({ ok: true, ...this.#head, body: Buffer.concat(this.#pieces) });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#failure !== undefined) return;
    const code = codeOf(error);
    if (faultCodes.has(code)) {
      // The error's own text may hold a header, so it stays here.
      this.#release();
      this.#rejectOpening(new TypeError(`The request cannot be sent as it was given (${code})`));
      return;
    }
    const [kind, words] = explained(error, code, this.#controller !== undefined);
    this.#fail(kind, `${this.#peer}: ${words}${code === '' ? '' : ` (${code})`}`);
  }

  async *#read(): AsyncGenerator<Buffer, void, undefined> {
    try {
      for (;;) {
        for (let piece = this.#pieces.shift(); piece !== undefined; piece = this.#pieces.shift()) {
          this.#waitingBytes -= piece.length;
          yield piece;
        }
        if (this.#failure !== undefined) throw new BrokenAnswer(this.#failure);
        if (this.#ended) return;
        this.#letComeOn();
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve;
        });
      }
    } finally {
      if (!this.#ended) this.#fail('CANCELLED', 'The reader left before the end of the answer');
    }
  }

  /** Lets the sender go on after the reader has caught up. */
  #letComeOn(): void {
    if (this.#controller?.paused !== true) return;
    this.#startIdlePhase();
    this.#controller.resume();
  }

  #failTooLarge(): void {
    const { maxBodyBytes } = this.#request.limits;
    this.#fail(
      'ANSWER_TOO_LARGE',
      `${this.#peer}: the answer is larger than ${maxBodyBytes} bytes`,
    );
  }

  #fail(kind: OutwardFailureKind, message: string): void {
    if (this.#failure !== undefined || this.#ended) return;
    const requestWritten = this.#controller !== undefined;
    const head = this.#head === undefined ? {} : { head: this.#head };
    const failure = { kind, message, requestWritten, ...head };
    this.#failure = failure;
    this.#release();
    // Without effect once the head has been handed out: then the reader learns of it.
    this.#settleOpening({ ok: false, failure });
    this.#settleWhole?.({ ok: false, failure });
    this.#wake();
    this.#controller?.abort(new Error('Given up'));
  }

  readonly #onAbort = (): void => {
    this.#fail('CANCELLED', 'The call was cancelled');
  };

  #startIdlePhase(): void {
    this.#startPhase(this.#request.limits.idleTimeoutMs, 'no further byte');
  }

  #startPhase(timeoutMs: number, missing: string): void {
    clearTimeout(this.#phaseTimer);
    this.#phaseTimer = setTimeout(() => {
      this.#fail('TIMEOUT', `${this.#peer}: ${missing} within ${timeoutMs} ms`);
    }, timeoutMs);
  }

  #release(): void {
    clearTimeout(this.#phaseTimer);
    clearTimeout(this.#totalTimer);
    this.#request.signal.removeEventListener('abort', this.#onAbort);
  }

  #wake(): void {
    this.#wakeReader?.();
    this.#wakeReader = undefined;
  }

  get #peer(): string {
    return this.#request.url.host;
  }
}

/** An answer as it was sent, to its end. */
type WholeResult =
  | ({ readonly ok: true; readonly body: Buffer } & AnswerHead)
  | { readonly ok: false; readonly failure: OutwardFailure };

const userAgent = 'gpubroker-provider-subgraph';

/** Bytes that may wait for a slow reader before the sender is made to wait. */
const readAheadBytes = 256 * 1024;

/** What undici says when the request itself is wrong: a fault of ours, not of the peer. */
const faultCodes = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
]);

function explained(
  error: Error,
  code: string,
  requestWritten: boolean,
): [OutwardFailureKind, string] {
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') {
    return ['CANCELLED', 'the client was closed'];
  }
  if (!requestWritten) {
    if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') {
      return ['TIMEOUT', 'no connection in time'];
    }
    if (code === 'ECONNREFUSED') return ['UNREACHABLE', 'the connection was refused'];
    if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
      return ['UNREACHABLE', 'the host name could not be resolved'];
    }
    return ['UNREACHABLE', 'no connection'];
  }
  // The parser reports the end of a chunked answer in its middle as an error of the protocol.
  const notHttp = error instanceof errors.HTTPParserError && !/\bEOF\b/.test(error.message);
  if (notHttp || code === 'UND_ERR_HEADERS_OVERFLOW') {
    return ['MALFORMED_ANSWER', 'the answer is not valid HTTP'];
  }
  return ['CUT_ANSWER', 'the connection ended before the whole answer had come'];
}

/** The machine-readable code of an error; the only part of a library's error that is passed on. */
function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : '';
}

function headerMap(
  headers: Record<string, string | string[] | undefined>,
): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) map.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return map;
}
