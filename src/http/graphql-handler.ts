import { AsyncResource } from 'node:async_hooks';
import type { BaseContext } from '@apollo/server';

import { JSON_TYPE } from './answers.ts';
import type { HttpAnswer, Reply } from './answers.ts';
import { ContextRequest } from './graphql-exchange.ts';
import type { Interceptor } from './graphql-exchange.ts';
import type { GraphQLExecutor } from './graphql-executor.ts';
import { acceptedType, checkTransport } from './graphql-transport.ts';
import type { IncomingRequest } from './incoming-request.ts';
import { KnownBodies } from './known-bodies.ts';
import type { Refusals } from './refusals.ts';
import { ClientDisconnected, readBody } from './request-body.ts';
import type { RequestRecord } from './request-record.ts';

export interface GraphQLHandlerOptions<Context extends BaseContext> {
  readonly contextFor: (request: ContextRequest) => Context | Promise<Context>;
  readonly executor: GraphQLExecutor<Context>;
  readonly intercept: Interceptor<Context> | undefined;
  /** Bound on a body, as sent and inflated. */
  readonly maxBodyBytes: number;
  /** Whether answers may be streams of events. */
  readonly takesSubscriptions: boolean;
  readonly refusals: Refusals;
}

/** GraphQL over HTTP: POST with JSON, GET for queries. */
export class GraphQLHandler<Context extends BaseContext> {
  readonly #options: GraphQLHandlerOptions<Context>;
  /** Bodies that were answered with kept bytes. Others, a launch's above all, are not held any longer. */
  readonly #knownBodies = new KnownBodies();

  constructor(options: GraphQLHandlerOptions<Context>) {
    this.#options = options;
  }

  /**
   * Answers one request; every refusal and fault is an answer. What need not wait does not: an answer that
   * is kept is given in the turn in which the last byte of its request was read.
   *
   * @param reply - given what rejects with {@link ClientDisconnected} when there is nobody left to answer.
   * @param beforeReading - called when the headers are accepted and the body is about to be read.
   */
  handle(
    request: IncomingRequest,
    record: RequestRecord,
    reply: Reply,
    beforeReading?: () => void,
  ): void {
    const { maxBodyBytes, refusals, takesSubscriptions } = this.#options;
    record.kind = 'graphql_refused';
    const method = request.method === 'GET' ? 'GET' : 'POST';
    let mediaType: string = JSON_TYPE;
    try {
      mediaType = acceptedType(request.headers.accept, takesSubscriptions);
      checkTransport(method, request.headers);
    } catch (error) {
      reply(refusals.ofRequest(error, record, mediaType));
      return;
    }
    if (method === 'GET') {
      reply(this.#answerRequest(request, searchOf(request), mediaType, record));
      return;
    }
    const whenRead = (body: string | Error): void => {
      if (typeof body === 'string') {
        reply(this.#answerRequest(request, body, mediaType, record));
        if (record.isRepeated) this.#knownBodies.keep(body);
      } else if (body instanceof ClientDisconnected) reply(nobodyLeft(body));
      else reply(refusals.ofRequest(body, record, mediaType));
    };
    // The parser, which knows no span, calls.
    const continued = record.span === undefined ? whenRead : AsyncResource.bind(whenRead);
    readBody(request, maxBodyBytes, this.#knownBodies, beforeReading, continued);
  }

  /** Answers a request that is complete. */
  #answerRequest(
    request: IncomingRequest,
    raw: string,
    mediaType: string,
    record: RequestRecord,
  ): HttpAnswer | Promise<HttpAnswer> {
    try {
      const context = this.#options.contextFor(new ContextRequest(request, record));
      const answer =
        context instanceof Promise
          ? context.then((known) => this.#answerFor(known, request, raw, mediaType, record))
          : this.#answerFor(context, request, raw, mediaType, record);
      return answer instanceof Promise
        ? answer.catch((error: unknown) => this.#refuseUnlessGone(error, record, mediaType))
        : answer;
    } catch (error) {
      return this.#refuseUnlessGone(error, record, mediaType);
    }
  }

  #answerFor(
    context: Context,
    { method: given, headers }: IncomingRequest,
    raw: string,
    mediaType: string,
    record: RequestRecord,
  ): HttpAnswer | Promise<HttpAnswer> {
    const method = given === 'GET' ? 'GET' : 'POST';
    const exchange = { method, raw, mediaType, headers, context, record } as const;
    const { executor, intercept } = this.#options;
    return intercept === undefined
      ? executor.execute(exchange)
      : intercept(exchange, executor.execute);
  }

  #refuseUnlessGone(
    error: unknown,
    record: RequestRecord,
    mediaType: string,
  ): HttpAnswer | Promise<never> {
    return error instanceof ClientDisconnected
      ? nobodyLeft(error)
      : this.#options.refusals.ofRequest(error, record, mediaType);
  }
}

async function nobodyLeft(error: ClientDisconnected): Promise<never> {
  throw error;
}

/** The query string of a GET, from its question mark on. */
function searchOf({ url = '' }: IncomingRequest): string {
  const questionMark = url.indexOf('?');
  return questionMark === -1 ? '' : url.slice(questionMark);
}
