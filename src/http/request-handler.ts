import type { BaseContext } from '@apollo/server';
import type { Logger } from 'pino';

import type { Tracing } from '../domain/tracing.ts';
import { logRequest } from './access-log.ts';
import { giveBackMemory } from './answer-memory.ts';
import { errorAnswer, sendAnswer } from './answers.ts';
import type { HttpAnswer, Reply } from './answers.ts';
import { withCors } from './cors.ts';
import type { Drain } from './drain.ts';
import { reportFault } from './fault-report.ts';
import type { HttpMetrics } from './metrics.ts';
import { ClientDisconnected, discardBody, hasBody } from './request-body.ts';
import type { RecordedResponse } from './request-record.ts';
import { beginRequestSpan, endRequestSpan } from './request-span.ts';
import type { Routes } from './routes.ts';

export interface RequestHandlerOptions<Context extends BaseContext> {
  readonly routes: Routes<Context>;
  readonly drain: Drain;
  readonly metrics: HttpMetrics;
  readonly log: Logger;
  readonly tracing: Tracing | undefined;
  readonly allowedOrigins: ReadonlySet<string>;
}

/** The status under which a request is logged whose client left before its answer. */
const CLIENT_CLOSED_REQUEST = 499;

/** Sees each request through, from its headers to its line in the access log: whatever fails, it is answered. */
export class RequestHandler<Context extends BaseContext> {
  readonly #options: RequestHandlerOptions<Context>;

  constructor(options: RequestHandlerOptions<Context>) {
    this.#options = options;
  }

  /**
   * Answers the request of this response by its route.
   *
   * @param beforeReading - called when the headers are accepted and the body is about to be read.
   */
  handle(response: RecordedResponse, beforeReading?: () => void): void {
    this.#began(response);
    const { req: request, record } = response;
    const { routes, tracing } = this.#options;
    const reply: Reply = (answer) => {
      if (answer instanceof Promise) {
        answer.then(
          (known) => this.#reply(response, known),
          (error: unknown) => this.#fail(response, error),
        );
      } else this.#reply(response, answer);
    };
    try {
      const span = tracing && beginRequestSpan(tracing, record, request.headers);
      if (tracing === undefined || span === undefined) {
        routes.answer(request, record, reply, beforeReading);
      } else tracing.within(span, () => routes.answer(request, record, reply, beforeReading));
    } catch (error) {
      this.#fail(response, error);
    }
  }

  /** Gives this answer, whatever was asked. */
  refuse(response: RecordedResponse, answer: HttpAnswer): void {
    this.#began(response);
    this.#reply(response, answer);
  }

  #began(response: RecordedResponse): void {
    const { drain, metrics } = this.#options;
    drain.requestStarted(response);
    metrics.requestStarted();
    response.on('close', () => this.#ended(response));
  }

  #reply(response: RecordedResponse, answer: HttpAnswer): void {
    try {
      this.#send(response, answer);
    } catch (error) {
      this.#fail(response, error);
    }
  }

  #fail(response: RecordedResponse, error: unknown): void {
    if (error instanceof ClientDisconnected) return;
    const { record } = response;
    reportFault(this.#options.log, record, error);
    if (response.headersSent || response.destroyed) response.destroy();
    else this.#send(response, errorAnswer([error], record.id));
  }

  /** Sends an answer, after what is left of its request's body is out of the way. */
  #send(response: RecordedResponse, answer: HttpAnswer): void {
    const { req: request } = response;
    if (request.complete || !hasBody(request)) this.#write(response, answer);
    else
      discardBody(request)
        .then(() => this.#write(response, answer))
        .catch(() => response.destroy());
  }

  #write(response: RecordedResponse, answer: HttpAnswer): void {
    const { req: request, record } = response;
    if (response.destroyed || record.cutStatus !== undefined) {
      answer.stream?.(undefined);
      return;
    }
    const { drain, allowedOrigins } = this.#options;
    const closing = drain.isLast(response) || (!request.complete && hasBody(request));
    sendAnswer(response, withCors(answer, request.headers, allowedOrigins), closing);
  }

  #ended(response: RecordedResponse): void {
    const { record } = response;
    const { drain, metrics, log } = this.#options;
    if (response.borrowed !== undefined) giveBackMemory(response.borrowed);
    const isAnswered = response.writableFinished;
    if (!isAnswered) record.noteClientGone();
    const status = record.cutStatus ?? (isAnswered ? response.statusCode : CLIENT_CLOSED_REQUEST);
    const durationMs = performance.now() - record.startedAtMs;
    drain.requestEnded(response);
    metrics.requestFinished(record.kind, status, durationMs / 1_000);
    if (record.span !== undefined) endRequestSpan(record.span, record, status);
    logRequest(log, record, status, durationMs);
  }
}
