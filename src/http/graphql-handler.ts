import { HeaderMap } from '@apollo/server';
import type { ApolloServer, BaseContext } from '@apollo/server';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { DocumentNode, GraphQLError, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import type { Logger } from 'pino';
import { cachePolicyOf } from '../graphql/cache-policy.ts';
import { checkOperation } from '../graphql/document-limits.ts';
import type { DocumentLimits } from '../graphql/document-limits.ts';
import type { OperationFacts } from '../graphql/document-facts.ts';
import { clientError, isMasked, publicCodeOf } from '../graphql/errors.ts';
import { PreparedDocuments } from '../graphql/prepared-documents.ts';
import type { Variables } from '../graphql/variable-limits.ts';
import { GRAPHQL_RESPONSE_TYPE, JSON_TYPE, errorAnswer } from './answers.ts';
import type { HttpAnswer } from './answers.ts';
import { preferredType } from './content-negotiation.ts';
import { createEngine, reportFault } from './graphql-engine.ts';
import type { RecordedGraphQLRequest } from './graphql-engine.ts';
import { parametersFromBody, parametersFromSearch } from './graphql-parameters.ts';
import type { GraphQLParameters } from './graphql-parameters.ts';
import { ClientDisconnected, readBody, requireJson } from './request-body.ts';
import type { RequestKind, RequestRecord } from './request-record.ts';

/** What a context is made from. */
export interface ContextRequest {
  readonly headers: IncomingHttpHeaders;
  /** The peer's address, which behind a proxy is the proxy's. */
  readonly remoteAddress: string | undefined;
  readonly requestId: string;
  readonly traceId: string | undefined;
  /** Aborts when the client is gone before its answer; never for a mutation. */
  readonly signal: AbortSignal;
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
 * May answer an exchange in the engine's place, or pass it on and look at the answer. A refused or
 * failed operation is an answer too, told by its status and `record.errorCodes`.
 */
export type Interceptor<Context> = (
  exchange: GraphQLExchange<Context>,
  next: () => Promise<HttpAnswer>,
) => HttpAnswer | Promise<HttpAnswer>;

/** The body of the answer to a checked, public query; undefined where the engine has to make it. */
export type ExecuteCompiled<Context> = (
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
  context: Context,
) => string | undefined;

export interface GraphQLHandlerOptions<Context extends BaseContext> {
  readonly schema: GraphQLSchema;
  readonly contextFor: (request: ContextRequest) => Context | Promise<Context>;
  readonly limits: DocumentLimits;
  readonly maxBodyBytes: number;
  readonly introspection: boolean;
  /** Why this caller may not run this operation; asked after the limits, before the engine. */
  readonly refuseOperation?:
    ((facts: OperationFacts, context: Context) => GraphQLError | undefined) | undefined;
  readonly intercept?: Interceptor<Context> | undefined;
  /** Answers public queries in the engine's place, as the engine would. */
  readonly executeCompiled?: ExecuteCompiled<Context> | undefined;
  readonly log: Logger;
  readonly onError: (code: string) => void;
}

const mediaTypes = ['application/json', 'application/graphql-response+json'] as const;

const fullMediaTypes = {
  'application/json': JSON_TYPE,
  'application/graphql-response+json': GRAPHQL_RESPONSE_TYPE,
} as const satisfies Record<(typeof mediaTypes)[number], string>;

/** Headers of which a form or a link of another site cannot send even one. */
const preflightHeaders = ['apollo-require-preflight', 'x-apollo-operation-name'] as const;

/** GraphQL over HTTP: POST with JSON, GET for queries. */
export class GraphQLHandler<Context extends BaseContext> {
  readonly #options: GraphQLHandlerOptions<Context>;
  readonly #documents: PreparedDocuments;
  readonly #engine: ApolloServer<Context>;

  constructor(options: GraphQLHandlerOptions<Context>) {
    const { schema, limits, log, onError } = options;
    this.#options = options;
    this.#documents = new PreparedDocuments(schema, limits);
    this.#engine = createEngine<Context>(schema, this.#documents, limits, log, onError);
  }

  start(): Promise<void> {
    return this.#engine.start();
  }

  stop(): Promise<void> {
    return this.#engine.stop();
  }

  /**
   * Answers one request; every refusal and fault is an answer.
   *
   * @param beforeReading - called when the headers are accepted and the body is about to be read.
   * @throws {@link ClientDisconnected} when there is nobody left to answer.
   */
  async handle(
    request: IncomingMessage,
    search: string,
    record: RequestRecord,
    beforeReading?: () => void,
  ): Promise<HttpAnswer> {
    record.kind = 'graphql_refused';
    let mediaType: string = JSON_TYPE;
    try {
      const method = request.method === 'GET' ? 'GET' : 'POST';
      mediaType = acceptedType(request.headers.accept);
      checkTransport(method, request.headers);
      const raw =
        method === 'GET'
          ? search
          : await readBody(request, this.#options.maxBodyBytes, beforeReading);
      const context = await this.#options.contextFor(contextRequest(request, record));
      const { headers } = request;
      const exchange = { method, raw, mediaType, headers, context, record } as const;
      const { intercept } = this.#options;
      return intercept === undefined
        ? await this.#answer(exchange)
        : await intercept(exchange, () => this.#answer(exchange));
    } catch (error) {
      if (error instanceof ClientDisconnected) throw error;
      return this.#refuse([error], record, mediaType);
    }
  }

  async #answer(exchange: GraphQLExchange<Context>): Promise<HttpAnswer> {
    try {
      return await this.#execute(exchange);
    } catch (error) {
      if (error instanceof ClientDisconnected) throw error;
      return this.#refuse([error], exchange.record, exchange.mediaType);
    }
  }

  async #execute(exchange: GraphQLExchange<Context>): Promise<HttpAnswer> {
    const { method, raw, mediaType, context, record } = exchange;
    const { limits } = this.#options;
    const refuse = (errors: readonly unknown[], headers = {}): HttpAnswer =>
      this.#refuse(errors, record, mediaType, headers);

    const parameters = method === 'GET' ? parametersFromSearch(raw) : parametersFromBody(raw);
    const { query, operationName, variables = {}, extensions } = parameters;
    // Apollo tells clients in their own protocol that persisted queries are off.
    if (extensions?.['persistedQuery'] !== undefined)
      return this.#engineAnswer(exchange, parameters);
    if (query === undefined || query === '') {
      return refuse([clientError('BAD_REQUEST', 'The request has to carry a "query".')]);
    }
    if (operationName !== undefined && operationName.length > limits.maxOperationNameLength) {
      const limit = limits.maxOperationNameLength;
      const message = `The operation name is longer than ${limit} characters.`;
      return refuse([clientError('OPERATION_NAME_TOO_LONG', message, { limit })]);
    }

    const preparation = this.#documents.prepare(query, operationName);
    if (!preparation.ok) return refuse(preparation.errors);
    const facts = preparation.prepared.operation(operationName);
    if (facts !== undefined) {
      record.operationName = facts.name?.slice(0, limits.maxOperationNameLength);
      if (method === 'GET' && facts.type === 'mutation') {
        const message = 'Mutations have to be sent by POST.';
        return refuse([clientError('METHOD_NOT_ALLOWED', message)], { allow: 'POST' });
      }
      if (facts.type === 'subscription') {
        const message =
          'Subscriptions need a transport that can carry them: WebSocket (graphql-transport-ws), ' +
          'server-sent events or a router callback.';
        return refuse([clientError('SUBSCRIPTION_TRANSPORT_REQUIRED', message)]);
      }
      const exceeded = checkOperation(facts, variables, limits);
      if (exceeded.length > 0) return refuse(exceeded);
      const refused = this.#refusedOperation(facts, context);
      if (refused !== undefined) return refuse([refused]);
      record.kind = kindOf(facts);
      record.cachePolicy = cachePolicyOf(preparation.prepared.document, facts.operation, variables);
    }
    if (record.clientGone)
      throw new ClientDisconnected('The client left before its operation began.');
    if (facts !== undefined && record.cachePolicy !== undefined) {
      const { document } = preparation.prepared;
      const body = this.#options.executeCompiled?.(document, facts.operation, variables, context);
      if (body !== undefined) return { status: 200, headers: { 'content-type': mediaType }, body };
    }
    return this.#engineAnswer(exchange, parameters);
  }

  #refusedOperation(facts: OperationFacts, context: Context): GraphQLError | undefined {
    if (facts.introspectionFields > 0 && !this.#options.introspection) {
      return clientError('INTROSPECTION_DISABLED', 'Introspection is switched off.');
    }
    return this.#options.refuseOperation?.(facts, context);
  }

  async #engineAnswer(
    { method, mediaType, headers, context, record }: GraphQLExchange<Context>,
    parameters: GraphQLParameters,
  ): Promise<HttpAnswer> {
    // Only what the engine itself reads; what the client sent was judged before, and resolvers know the
    // request by their context.
    const engineHeaders = new HeaderMap([
      ['content-type', 'application/json'],
      ['accept', headers.accept ?? '*/*'],
    ]);
    const httpGraphQLRequest: RecordedGraphQLRequest<Context> = {
      method: 'POST',
      headers: engineHeaders,
      search: '',
      body: {
        query: parameters.query ?? null,
        operationName: parameters.operationName ?? null,
        variables: parameters.variables ?? null,
        extensions: parameters.extensions ?? null,
      },
      record,
      context,
    };
    const answer = await this.#engine.executeHTTPGraphQLRequest({
      httpGraphQLRequest,
      context: () => Promise.resolve(context),
    });
    if (answer.body.kind !== 'complete') throw new Error(`An answer to ${method} came in parts.`);
    const answerHeaders: Record<string, string> = { 'content-type': mediaType };
    for (const [name, value] of answer.headers) {
      if (name !== 'content-type') answerHeaders[name] = value;
    }
    return { status: answer.status ?? 200, headers: answerHeaders, body: answer.body.string };
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
      if (isMasked(error)) reportFault(this.#options.log, record, error);
    }
    return errorAnswer(errors, record.id, { ...headers, 'content-type': mediaType });
  }
}

/** Checked before anything runs, so that no mutation is executed for an answer nobody can read. */
function acceptedType(accept: string | undefined): string {
  const type = preferredType(accept, mediaTypes);
  if (type !== undefined) return fullMediaTypes[type];
  throw clientError('NOT_ACCEPTABLE', `Answers come as ${mediaTypes.join(' or ')}.`);
}

function checkTransport(method: 'GET' | 'POST', headers: IncomingHttpHeaders): void {
  const contentType = headers['content-type'];
  if (method === 'POST' || contentType !== undefined) {
    requireJson(contentType);
    return;
  }
  if (preflightHeaders.some((name) => (headers[name] ?? '') !== '')) return;
  throw clientError(
    'CSRF_BLOCKED',
    `A GET needs the content type application/json or one of the headers ${preflightHeaders.join(', ')}, ` +
      'so that no other site can cause it.',
  );
}

/** Asks the socket and makes an abort signal only for those who want to know. */
function contextRequest(request: IncomingMessage, record: RequestRecord): ContextRequest {
  return {
    headers: request.headers,
    requestId: record.id,
    traceId: record.traceId,
    get remoteAddress() {
      return request.socket.remoteAddress;
    },
    get signal() {
      return record.signal;
    },
  };
}

function kindOf(facts: OperationFacts): RequestKind {
  if (facts.entityFields.size > 0) return 'entities';
  if (facts.introspectionFields > 0 || facts.serviceFields > 0) return 'introspection';
  return facts.type;
}
