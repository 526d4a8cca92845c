import { AsyncResource } from 'node:async_hooks';
import type { BaseContext } from '@apollo/server';
import type { IncomingHttpHeaders } from 'node:http';
import type { DocumentNode, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import type { Logger } from 'pino';
import { cachePolicyOf } from '../graphql/cache-policy.ts';
import type { DocumentLimits } from '../graphql/document-limits.ts';
import type { OperationFacts } from '../graphql/document-facts.ts';
import {
  clientError,
  formatErrorForClient,
  httpStatusOf,
  isFault,
  publicCodeOf,
} from '../graphql/errors.ts';
import type { Variables } from '../graphql/variable-limits.ts';
import { EVENT_STREAM_TYPE, GRAPHQL_RESPONSE_TYPE, JSON_TYPE, errorAnswer } from './answers.ts';
import type { HttpAnswer, Reply } from './answers.ts';
import type { ByteText } from '../graphql/byte-text.ts';
import { namesType, preferredType } from './content-negotiation.ts';
import { reportFault } from './fault-report.ts';
import type { GraphQLEngine } from './graphql-engine.ts';
import { parametersFromBody, parametersFromSearch } from './graphql-parameters.ts';
import type { GraphQLParameters } from './graphql-parameters.ts';
import type { IncomingRequest } from './incoming-request.ts';
import { KnownBodies } from './known-bodies.ts';
import type { FoundOperation, OperationGate } from './operation-gate.ts';
import { ClientDisconnected, readBody, requireJson } from './request-body.ts';
import type { RequestKind, RequestRecord } from './request-record.ts';
import { refusedStream } from './subscriptions/event-stream.ts';
import { subscriptionsOnly } from './subscriptions/subscription-desk.ts';
import type { Subscriptions } from './subscriptions/subscriptions.ts';

/** What a context is made from. Asks the socket and makes an abort signal only for those who want to know. */
export class ContextRequest {
  readonly #request: IncomingRequest;
  readonly #record: RequestRecord;

  constructor(request: IncomingRequest, record: RequestRecord) {
    this.#request = request;
    this.#record = record;
  }

  get headers(): IncomingHttpHeaders {
    return this.#request.headers;
  }

  /** The peer's address, which behind a proxy is the proxy's. */
  get remoteAddress(): string | undefined {
    return this.#request.socket.remoteAddress;
  }

  get requestId(): string {
    return this.#record.id;
  }

  get traceId(): string | undefined {
    return this.#record.traceId;
  }

  /** Aborts when the client is gone before its answer; never for a mutation. */
  get signal(): AbortSignal {
    return this.#record.signal;
  }
}

/** A request whose transport, body and caller are accepted, before its JSON is read. */
export interface GraphQLExchange<Context> {
  readonly method: 'GET' | 'POST';
  /** The raw body of a POST, the raw query string of a GET: together with the method, all it asks. */
  readonly raw: string;
  readonly mediaType: string;
  readonly headers: IncomingHttpHeaders;
  readonly context: Context;
  readonly record: RequestRecord;
}

/**
 * May answer an exchange in the engine's place, or pass it on and look at the answer, which comes at once
 * where nothing has to be waited for. A refused or failed operation is an answer too, told by its status and
 * `record.errorCodes`.
 */
export type Interceptor<Context> = (
  exchange: GraphQLExchange<Context>,
  next: (exchange: GraphQLExchange<Context>) => HttpAnswer | Promise<HttpAnswer>,
) => HttpAnswer | Promise<HttpAnswer>;

/** The body of the answer to a checked, public query; undefined where the engine has to make it. */
export type ExecuteCompiled<Context> = (
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
  context: Context,
) => ByteText | undefined;

/**
 * Carries out a checked operation in the engine's place where it launches an inference. Undefined for every
 * other one; resolves with undefined where the engine has to write the answer to what was done.
 */
export type ExecuteLaunch<Context> = (
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
  context: Context,
) => Promise<ByteText | undefined> | undefined;

/** What goes into the `extensions` of the answer to a public query; undefined for nothing. */
export type ExtensionsOf<Context> = (
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
  context: Context,
) => object | undefined;

export interface GraphQLHandlerOptions<Context extends BaseContext> {
  readonly schema: GraphQLSchema;
  readonly contextFor: (request: ContextRequest) => Context | Promise<Context>;
  readonly gate: OperationGate<Context>;
  readonly limits: DocumentLimits;
  readonly maxBodyBytes: number;
  /** Absent: subscriptions are refused. */
  readonly subscriptions?: Subscriptions<Context> | undefined;
  readonly intercept?: Interceptor<Context> | undefined;
  /** Answers public queries in the engine's place, as the engine would. */
  readonly executeCompiled?: ExecuteCompiled<Context> | undefined;
  /** Answers launches in the engine's place, as the engine would. */
  readonly executeLaunch?: ExecuteLaunch<Context> | undefined;
  /** Adds to public answers without errors, however they are made. */
  readonly extensionsOf?: ExtensionsOf<Context> | undefined;
  readonly log: Logger;
  readonly onError: (code: string) => void;
}

const mediaTypes = ['application/json', 'application/graphql-response+json'] as const;

const fullMediaTypes = {
  'application/json': JSON_TYPE,
  'application/graphql-response+json': GRAPHQL_RESPONSE_TYPE,
} as const satisfies Record<(typeof mediaTypes)[number], string>;

/** The same objects each time, so that what is made of them can be kept. */
const headersByType: Readonly<Record<string, HttpAnswer['headers']>> = {
  [JSON_TYPE]: { 'content-type': JSON_TYPE },
  [GRAPHQL_RESPONSE_TYPE]: { 'content-type': GRAPHQL_RESPONSE_TYPE },
};

/** Headers of which a form or a link of another site cannot send even one. */
const preflightHeaders = ['apollo-require-preflight', 'x-apollo-operation-name'] as const;

/** GraphQL over HTTP: POST with JSON, GET for queries. */
export class GraphQLHandler<Context extends BaseContext> {
  readonly #options: GraphQLHandlerOptions<Context>;
  /** Bodies that were answered with kept bytes. Others, a launch's above all, are not held any longer. */
  readonly #knownBodies = new KnownBodies();
  #engine: Promise<GraphQLEngine<Context>> | undefined;

  constructor(options: GraphQLHandlerOptions<Context>) {
    this.#options = options;
  }

  /** The engine, loaded when it is first asked for. */
  engine(): Promise<GraphQLEngine<Context>> {
    this.#engine ??= this.#startEngine();
    return this.#engine;
  }

  async stop(): Promise<void> {
    const engine = await this.#engine;
    await engine?.stop();
  }

  async #startEngine(): Promise<GraphQLEngine<Context>> {
    const { schema, gate, limits, log, onError } = this.#options;
    const { GraphQLEngine } = await import('./graphql-engine.ts');
    return await GraphQLEngine.start<Context>(schema, gate.documents, limits, log, onError);
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
    search: string,
    record: RequestRecord,
    reply: Reply,
    beforeReading?: () => void,
  ): void {
    record.kind = 'graphql_refused';
    const method = request.method === 'GET' ? 'GET' : 'POST';
    let mediaType: string = JSON_TYPE;
    try {
      mediaType = acceptedType(request.headers.accept, this.#options.subscriptions !== undefined);
      checkTransport(method, request.headers);
    } catch (error) {
      reply(this.#refuseRequest(error, record, mediaType));
      return;
    }
    if (method === 'GET') {
      reply(this.#answerRequest(request, search, mediaType, record));
      return;
    }
    const whenRead = (body: string | Error): void => {
      if (typeof body === 'string') {
        reply(this.#answerRequest(request, body, mediaType, record));
        if (record.isRepeated) this.#knownBodies.keep(body);
      } else if (body instanceof ClientDisconnected) reply(nobodyLeft(body));
      else reply(this.#refuseRequest(body, record, mediaType));
    };
    // The parser, which knows no span, calls.
    const continued = record.span === undefined ? whenRead : AsyncResource.bind(whenRead);
    readBody(request, this.#options.maxBodyBytes, this.#knownBodies, beforeReading, continued);
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
    const { intercept } = this.#options;
    return intercept === undefined ? this.#answer(exchange) : intercept(exchange, this.#answer);
  }

  #refuseUnlessGone(
    error: unknown,
    record: RequestRecord,
    mediaType: string,
  ): HttpAnswer | Promise<never> {
    return error instanceof ClientDisconnected
      ? nobodyLeft(error)
      : this.#refuseRequest(error, record, mediaType);
  }

  readonly #answer = (exchange: GraphQLExchange<Context>): HttpAnswer | Promise<HttpAnswer> => {
    const refuse = (error: unknown): HttpAnswer => {
      if (error instanceof ClientDisconnected) throw error;
      return this.#refuse([error], exchange.record, exchange.mediaType);
    };
    try {
      const answer = this.#execute(exchange);
      return answer instanceof Promise ? answer.catch(refuse) : answer;
    } catch (error) {
      return refuse(error);
    }
  };

  #execute(exchange: GraphQLExchange<Context>): HttpAnswer | Promise<HttpAnswer> {
    const { method, raw, mediaType, context, record } = exchange;
    const { gate, limits } = this.#options;
    const refuse = (errors: readonly unknown[], headers = {}): HttpAnswer =>
      this.#refuse(errors, record, mediaType, headers);

    const parameters = method === 'GET' ? parametersFromSearch(raw) : parametersFromBody(raw);
    // Apollo tells clients in their own protocol that persisted queries are off.
    if (parameters.extensions?.['persistedQuery'] !== undefined) {
      if (mediaType === EVENT_STREAM_TYPE) return refuse([subscriptionsOnly()]);
      return this.#engineAnswer(exchange, parameters);
    }
    const finding = gate.find(parameters);
    if (!finding.ok) return refuse(finding.errors);
    const { facts, document } = finding.found;
    if (facts !== undefined) {
      record.operationName = facts.name?.slice(0, limits.maxOperationNameLength);
      if (method === 'GET' && facts.type === 'mutation') {
        const message = 'Mutations have to be sent by POST.';
        return refuse([clientError('METHOD_NOT_ALLOWED', message)], { allow: 'POST' });
      }
      if (facts.type === 'subscription') {
        return this.#subscribe(exchange, parameters, finding.found, facts);
      }
      const errors = gate.errorsOf(facts, parameters, context);
      if (errors.length > 0) return refuse(errors);
      if (mediaType === EVENT_STREAM_TYPE) return refuse([subscriptionsOnly()]);
      const { variables = {} } = parameters;
      record.kind = kindOf(facts);
      record.cachePolicy = cachePolicyOf(document, facts.operation, variables);
      if (record.cachePolicy !== undefined) {
        return this.#publicAnswer(exchange, parameters, document, facts);
      }
    }
    if (mediaType === EVENT_STREAM_TYPE) return refuse([subscriptionsOnly()]);
    if (record.clientGone)
      throw new ClientDisconnected('The client left before its operation began.');
    if (facts?.type !== 'mutation') return this.#engineAnswer(exchange, parameters);
    return this.#mutationAnswer(exchange, parameters, document, facts);
  }

  async #mutationAnswer(
    exchange: GraphQLExchange<Context>,
    parameters: GraphQLParameters,
    document: DocumentNode,
    { operation }: OperationFacts,
  ): Promise<HttpAnswer> {
    const { mediaType, context } = exchange;
    const { variables = {} } = parameters;
    const body = await this.#options.executeLaunch?.(document, operation, variables, context);
    return body === undefined
      ? await this.#engineAnswer(exchange, parameters)
      : { status: 200, headers: headersByType[mediaType] ?? {}, body };
  }

  #publicAnswer(
    exchange: GraphQLExchange<Context>,
    parameters: GraphQLParameters,
    document: DocumentNode,
    { operation }: OperationFacts,
  ): HttpAnswer | Promise<HttpAnswer> {
    const { mediaType, context, record } = exchange;
    const { executeCompiled, extensionsOf } = this.#options;
    const { variables = {} } = parameters;
    const extended = (answer: HttpAnswer): HttpAnswer => {
      if (extensionsOf === undefined || answer.status !== 200 || record.errorCodes.length > 0) {
        return answer;
      }
      const extensions = extensionsOf(document, operation, variables, context);
      return extensions === undefined ? answer : withExtensions(answer, extensions);
    };
    const body = executeCompiled?.(document, operation, variables, context);
    if (body !== undefined) {
      return extended({ status: 200, headers: headersByType[mediaType] ?? {}, body });
    }
    if (record.clientGone)
      throw new ClientDisconnected('The client left before its operation began.');
    return this.#engineAnswer(exchange, parameters).then(extended);
  }

  async #subscribe(
    { method, headers, mediaType, context, record }: GraphQLExchange<Context>,
    parameters: GraphQLParameters,
    found: FoundOperation,
    facts: OperationFacts,
  ): Promise<HttpAnswer> {
    const { gate, subscriptions } = this.#options;
    const transport = subscriptions?.transportFor(headers);
    if (subscriptions === undefined || transport === undefined) {
      const message =
        'Subscriptions need a transport that can carry them: WebSocket (graphql-transport-ws), ' +
        'server-sent events or a router callback.';
      const error = clientError('SUBSCRIPTION_TRANSPORT_REQUIRED', message);
      return this.#refuse([error], record, mediaType);
    }
    const type = transport === 'event_stream' ? EVENT_STREAM_TYPE : mediaType;
    const errors = gate.errorsOf(facts, parameters, context);
    if (errors.length > 0) return this.#refuse(errors, record, type);
    if (record.clientGone)
      throw new ClientDisconnected('The client left before its operation began.');
    record.kind = 'subscription';
    const requested = { method, headers, parameters, found, context, record };
    const begun = await subscriptions.begin(transport, requested);
    return 'status' in begun ? begun : this.#refuse(begun, record, type);
  }

  async #engineAnswer(
    { mediaType, context, record }: GraphQLExchange<Context>,
    parameters: GraphQLParameters,
  ): Promise<HttpAnswer> {
    const engine = await this.engine();
    return await engine.answer({ parameters, mediaType, context, record });
  }

  /** Refuses a request before it is known what it asks for. */
  #refuseRequest(error: unknown, record: RequestRecord, mediaType: string): HttpAnswer {
    return this.#refuse([error], record, mediaType === EVENT_STREAM_TYPE ? JSON_TYPE : mediaType);
  }

  #refuse(
    errors: readonly unknown[],
    record: RequestRecord,
    mediaType: string,
    headers: Readonly<Record<string, string>> = {},
  ): HttpAnswer {
    for (const error of errors) {
      const code = publicCodeOf(error);
      record.noteError(code);
      this.#options.onError(code);
      if (isFault(error)) reportFault(this.#options.log, record, error);
    }
    if (mediaType !== EVENT_STREAM_TYPE) {
      return errorAnswer(errors, record.id, { ...headers, 'content-type': mediaType });
    }
    return toldInStreams.has(httpStatusOf(errors))
      ? refusedStream(errors.map((error) => formatErrorForClient(error, record.id)))
      : errorAnswer(errors, record.id, headers);
  }
}

/** Statuses of errors in an operation itself, which readers of event streams find only in the stream. */
const toldInStreams: ReadonlySet<number> = new Set([400, 404]);

/** Checked before anything runs, so that no mutation is executed for an answer nobody can read. */
function acceptedType(accept: string | undefined, hasSubscriptions: boolean): string {
  const type = preferredType(accept, mediaTypes);
  if (type !== undefined) return fullMediaTypes[type];
  if (hasSubscriptions && namesType(accept, 'text/event-stream')) return EVENT_STREAM_TYPE;
  throw clientError('NOT_ACCEPTABLE', `Answers come as ${mediaTypes.join(' or ')}.`);
}

function checkTransport(method: 'GET' | 'POST', headers: IncomingHttpHeaders): void {
  const contentType = headers['content-type'];
  if (method === 'POST' || contentType !== undefined) {
    requireJson(contentType);
    return;
  }
  if (preflightHeaders.some((name) => (headers[name] ?? '') !== '')) return;
  // Only subscriptions are carried that way, which change nothing and look at the origin themselves.
  if (acceptsStreamsOnly(headers.accept)) return;
  throw clientError(
    'CSRF_BLOCKED',
    `A GET needs the content type application/json or one of the headers ${preflightHeaders.join(', ')}, ` +
      'so that no other site can cause it.',
  );
}

function acceptsStreamsOnly(accept: string | undefined): boolean {
  return namesType(accept, 'text/event-stream') && preferredType(accept, mediaTypes) === undefined;
}

/** An answer of the engine's with extensions behind its data. It has none of its own. */
function withExtensions(answer: HttpAnswer, extensions: object): HttpAnswer {
  const text = String(answer.body);
  const end = text.lastIndexOf('}');
  return { ...answer, body: `${text.slice(0, end)},"extensions":${JSON.stringify(extensions)}}` };
}

async function nobodyLeft(error: ClientDisconnected): Promise<never> {
  throw error;
}

function kindOf(facts: OperationFacts): RequestKind {
  if (facts.entityFields.size > 0) return 'entities';
  if (facts.introspectionFields > 0 || facts.serviceFields > 0) return 'introspection';
  return facts.type;
}
