import { elapsedMs, type Clock } from '../../domain/clock.ts';
import type { ProviderFailure } from '../../domain/failure.ts';
import type {
  AttemptLimits,
  AttemptOptions,
  AttemptOutcome,
  InferencePayload,
} from '../../domain/inference.ts';
import type { Task } from '../../domain/model.ts';
import { BrokenAnswer } from '../http-exchange.ts';
import type {
  AnswerHead,
  OutwardFailure,
  OutwardHttp,
  OutwardLimits,
  OutwardRequest,
} from '../http.ts';
import type { ApiKey } from '../provider.ts';
import { type AnswerContext, type AnswerReading, unreadable } from './answer-reading.ts';
import { readChatAnswer } from './chat-answer.ts';
import { readChatStream } from './chat-stream.ts';
import { failureOfBrokenExchange, failureOfRefusal } from './errors.ts';
import type { GroqApi } from './groq-api.ts';
import { rateLimitOf } from './rate-limit.ts';
import { servedCodeOf } from './region.ts';
import { requestIdOf } from './request-id.ts';
import { isChat, ownEndpoints, readWhole, wireRequest } from './tasks.ts';

export interface GroqLauncherOptions {
  readonly api: GroqApi;
  readonly http: OutwardHttp;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** The path that serves each task; Groq's own paths when undefined. */
  readonly endpoints: ReadonlyMap<Task, string> | undefined;
}

/** Sends inferences to Groq: one request for one call, never a second one. */
export class GroqLauncher {
  readonly #api: GroqApi;
  readonly #http: OutwardHttp;
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly #endpoints: ReadonlyMap<Task, string>;
  #refusedKey: ApiKey | undefined;

  constructor(options: GroqLauncherOptions) {
    this.#api = options.api;
    this.#http = options.http;
    this.#clock = options.clock;
    this.#endpoints = options.endpoints ?? ownEndpoints;
  }

  /**
   * Sends a payload once and reads what comes back. How it ended is data.
   *
   * @throws what `options.onDelta` throws, after the connection is closed.
   */
  async launch(payload: InferencePayload, options: AttemptOptions): Promise<AttemptOutcome> {
    const path = payload.endpoint ?? this.#endpoints.get(payload.task);
    if (!isPath(path)) return this.#outcome(unsent(noEndpoint(payload.task)), this.#now());
    const bearer = await this.#api.bearer();
    if (!bearer.ok) return this.#outcome(unsent(bearer.failure), this.#now());

    const { key, secret } = bearer;
    const isStream = options.stream && isChat(payload);
    const { headers, body } = wireRequest(payload, isStream);
    const request: OutwardRequest = {
      method: 'POST',
      url: this.#api.url(path),
      headers: { ...headers, authorization: `Bearer ${secret}` },
      body,
      signal: options.signal,
      limits: outwardLimits(options.limits),
    };
    const sentAtMs = this.#now();
    const ended = isStream
      ? await this.#stream(request, secret, options)
      : await this.#exchange(request, secret, payload);
    const { reading } = ended;
    if (!reading.ok && reading.failure.code === 'UNAUTHORIZED') this.#refusedKey = key;
    return this.#outcome(ended, sentAtMs);
  }

  /** Looks for a newer key than the one that was refused last; true when there is one. */
  async renewKey(): Promise<boolean> {
    return this.#refusedKey !== undefined && (await this.#api.hasNewerThan(this.#refusedKey));
  }

  /** One exchange whose answer is read as a whole. */
  async #exchange(request: OutwardRequest, key: string, payload: InferencePayload): Promise<Ended> {
    const result = await this.#http.call(request);
    if (!result.ok) return this.#broken(result.failure, key);
    const { status, headers } = result.answer;
    const answer = { status, headers, key, nowMs: this.#clock.now() };
    return isSuccess(answer)
      ? { head: answer, reading: readWhole(payload, result.answer, answer) }
      : refused(answer, result.answer.text());
  }

  /** One exchange whose answer is read as it comes. */
  async #stream(request: OutwardRequest, key: string, options: AttemptOptions): Promise<Ended> {
    const { maximumBodyBytes } = options.limits;
    const hangUp = new AbortController();
    const opened = await this.#http.open({
      ...request,
      signal: AbortSignal.any([request.signal, hangUp.signal]),
      limits: { ...request.limits, maxBodyBytes: maximumBodyBytes * streamFramingFactor },
    });
    if (!opened.ok) return this.#broken(opened.failure, key);
    const { status, headers, body } = opened.stream;
    const answer = { status, headers, key, nowMs: this.#clock.now() };
    if (isSuccess(answer) && !isJson(answer)) {
      const reading = await readChatStream(body, {
        answer,
        clock: this.#clock,
        maximumOutputBytes: maximumBodyBytes,
        onDelta: options.onDelta,
        hangUp: () => hangUp.abort(),
      });
      return { head: answer, reading };
    }
    const text = await wholeText(body, answer, maximumBodyBytes);
    if (typeof text !== 'string') return this.#broken(text, key);
    return isSuccess(answer)
      ? { head: answer, reading: await this.#handOutWhole(text, answer, options) }
      : refused(answer, text);
  }

  /** A stream was asked for and the whole answer came at once: the pieces are those of a stream. */
  async #handOutWhole(
    text: string,
    answer: AnswerContext,
    { onDelta }: AttemptOptions,
  ): Promise<AnswerReading> {
    const { reading, deltas } = readChatAnswer(text, answer);
    const firstPieceAtMs = deltas.length === 0 ? undefined : this.#now();
    for (const delta of deltas) await onDelta?.(delta);
    return { ...reading, firstPieceAtMs };
  }

  #broken(failure: OutwardFailure, key: string): Ended {
    const nowMs = this.#clock.now();
    const reading = unreadable(failureOfBrokenExchange(failure, { key, nowMs }));
    return { head: failure.head, reading };
  }

  #outcome({ head, reading }: Ended, sentAtMs: number): AttemptOutcome {
    const { usage, timing, firstPieceAtMs, output } = reading;
    const headers = head?.headers ?? new Map<string, string>();
    const providerRequestId = requestIdOf(headers) ?? reading.requestId;
    const report = {
      usage,
      timing,
      timeToFirstTokenMs:
        firstPieceAtMs === undefined ? undefined : elapsedMs(sentAtMs, firstPieceAtMs),
      totalMs: elapsedMs(sentAtMs, this.#now()),
      servedCode: servedCodeOf(headers),
      providerRequestId,
      rateLimit: rateLimitOf(headers),
    };
    if (reading.ok) return { ...report, ok: true, output: reading.output };
    const failure: ProviderFailure =
      providerRequestId === undefined ? reading.failure : { ...reading.failure, providerRequestId };
    return { ...report, ok: false, failure, output };
  }

  #now(): number {
    return this.#clock.monotonic();
  }
}

/** A call that has ended; without a head there was no answer. */
interface Ended {
  readonly head: AnswerHead | undefined;
  readonly reading: AnswerReading;
}

/** Bytes of a stream for each byte of output at most: a token of a few bytes comes in a chunk of some 300. */
const streamFramingFactor = 32;

function outwardLimits(limits: AttemptLimits): OutwardLimits {
  return {
    connectTimeoutMs: limits.connectMs,
    firstByteTimeoutMs: limits.firstTokenMs,
    idleTimeoutMs: limits.idleMs,
    totalTimeoutMs: limits.totalMs,
    maxBodyBytes: limits.maximumBodyBytes,
  };
}

/** The body of an answer that is no stream, or why it did not come whole. */
async function wholeText(
  body: AsyncIterable<Buffer>,
  { status, headers }: AnswerHead,
  maximumBytes: number,
): Promise<string | OutwardFailure> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of body) {
      bytes += piece.length;
      if (bytes > maximumBytes) {
        const message = `The answer is larger than ${maximumBytes} bytes`;
        const head = { status, headers };
        return { kind: 'ANSWER_TOO_LARGE', message, requestWritten: true, head };
      }
      pieces.push(piece);
    }
  } catch (error) {
    if (error instanceof BrokenAnswer) return error.failure;
    throw error;
  }
  return Buffer.concat(pieces).toString('utf8');
}

function refused(answer: AnswerContext, text: string): Ended {
  return { head: answer, reading: unreadable(failureOfRefusal({ ...answer, text })) };
}

function unsent(failure: ProviderFailure): Ended {
  return { head: undefined, reading: unreadable(failure) };
}

function noEndpoint(task: Task): ProviderFailure {
  return {
    code: 'UNSUPPORTED',
    message: `No usable endpoint is registered for ${task}`,
    execution: 'NOT_SENT',
    retryable: false,
  };
}

/** A path alone: nothing in it can lead to another host. */
function isPath(path: string | undefined): path is `/${string}` {
  return path !== undefined && /^\/[^\s?#\\]*$/.test(path);
}

function isSuccess({ status }: AnswerHead): boolean {
  return status >= 200 && status < 300;
}

function isJson({ headers }: AnswerHead): boolean {
  return /^application\/(?:[\w.]+\+)?json\b/i.test(headers.get('content-type') ?? '');
}
