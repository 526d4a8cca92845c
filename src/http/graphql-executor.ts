import type { BaseContext } from '@apollo/server';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';

import { cachePolicyOf } from '../graphql/cache-policy.ts';
import type { OperationFacts } from '../graphql/document-facts.ts';
import type { DocumentLimits } from '../graphql/document-limits.ts';
import { clientError } from '../graphql/errors.ts';
import { EVENT_STREAM_TYPE, GRAPHQL_RESPONSE_TYPE, JSON_TYPE } from './answers.ts';
import type { HttpAnswer } from './answers.ts';
import type { GraphQLEngine } from './graphql-engine.ts';
import type {
  ExecuteCompiled,
  ExecuteLaunch,
  ExtensionsOf,
  GraphQLExchange,
} from './graphql-exchange.ts';
import { parametersFromBody, parametersFromSearch } from './graphql-parameters.ts';
import type { GraphQLParameters } from './graphql-parameters.ts';
import type { FoundOperation, OperationGate } from './operation-gate.ts';
import type { Refusals } from './refusals.ts';
import { ClientDisconnected } from './request-body.ts';
import type { RequestKind, RequestRecord } from './request-record.ts';
import { subscriptionsOnly } from './subscriptions/subscription-desk.ts';
import type { Subscriptions } from './subscriptions/subscriptions.ts';

export interface GraphQLExecutorOptions<Context extends BaseContext> {
  readonly schema: GraphQLSchema;
  readonly gate: OperationGate<Context>;
  readonly limits: DocumentLimits;
  /** Absent: subscriptions are refused. */
  readonly subscriptions: Subscriptions<Context> | undefined;
  /** Answers public queries in the engine's place, as the engine would. */
  readonly executeCompiled: ExecuteCompiled<Context> | undefined;
  /** Answers launches in the engine's place, as the engine would. */
  readonly executeLaunch: ExecuteLaunch<Context> | undefined;
  /** Adds to public answers without errors, however they are made. */
  readonly extensionsOf: ExtensionsOf<Context> | undefined;
  readonly refusals: Refusals;
  readonly log: Logger;
  readonly onError: (code: string) => void;
}

/** The same objects each time, so that what is made of them can be kept. */
const headersByType: Readonly<Record<string, HttpAnswer['headers']>> = {
  [JSON_TYPE]: { 'content-type': JSON_TYPE },
  [GRAPHQL_RESPONSE_TYPE]: { 'content-type': GRAPHQL_RESPONSE_TYPE },
};

/**
 * Makes the answer to a request whose transport and caller are accepted: finds its operation, holds it
 * against the limits, and has it answered by what is made for it.
 */
export class GraphQLExecutor<Context extends BaseContext> {
  readonly #options: GraphQLExecutorOptions<Context>;
  #engine: Promise<GraphQLEngine<Context>> | undefined;

  constructor(options: GraphQLExecutorOptions<Context>) {
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

  /** Answers a request; one that is refused, or met a fault, is answered too. @throws ClientDisconnected */
  readonly execute = (exchange: GraphQLExchange<Context>): HttpAnswer | Promise<HttpAnswer> => {
    const refuse = (error: unknown): HttpAnswer => {
      if (error instanceof ClientDisconnected) throw error;
      return this.#options.refusals.ofOperation([error], exchange.record, exchange.mediaType);
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
    const { gate, limits, refusals } = this.#options;
    const refuse = (errors: readonly unknown[], headers = {}): HttpAnswer =>
      refusals.ofOperation(errors, record, mediaType, headers);

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
    requireClient(record);
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
    requireClient(record);
    return this.#engineAnswer(exchange, parameters).then(extended);
  }

  async #subscribe(
    { method, headers, mediaType, context, record }: GraphQLExchange<Context>,
    parameters: GraphQLParameters,
    found: FoundOperation,
    facts: OperationFacts,
  ): Promise<HttpAnswer> {
    const { gate, subscriptions, refusals } = this.#options;
    const transport = subscriptions?.transportFor(headers);
    if (subscriptions === undefined || transport === undefined) {
      const message =
        'Subscriptions need a transport that can carry them: WebSocket (graphql-transport-ws), ' +
        'server-sent events or a router callback.';
      const error = clientError('SUBSCRIPTION_TRANSPORT_REQUIRED', message);
      return refusals.ofOperation([error], record, mediaType);
    }
    const type = transport === 'event_stream' ? EVENT_STREAM_TYPE : mediaType;
    const errors = gate.errorsOf(facts, parameters, context);
    if (errors.length > 0) return refusals.ofOperation(errors, record, type);
    requireClient(record);
    record.kind = 'subscription';
    const requested = { method, headers, parameters, found, context, record };
    const begun = await subscriptions.begin(transport, requested);
    return 'status' in begun ? begun : refusals.ofOperation(begun, record, type);
  }

  async #engineAnswer(
    { mediaType, context, record }: GraphQLExchange<Context>,
    parameters: GraphQLParameters,
  ): Promise<HttpAnswer> {
    const engine = await this.engine();
    return await engine.answer({ parameters, mediaType, context, record });
  }
}

/** @throws ClientDisconnected where there is nobody left to run an operation for. */
function requireClient(record: RequestRecord): void {
  if (record.clientGone) {
    throw new ClientDisconnected('The client left before its operation began.');
  }
}

/** An answer of the engine's with extensions behind its data. It has none of its own. */
function withExtensions(answer: HttpAnswer, extensions: object): HttpAnswer {
  const text = String(answer.body);
  const end = text.lastIndexOf('}');
  return { ...answer, body: `${text.slice(0, end)},"extensions":${JSON.stringify(extensions)}}` };
}

function kindOf(facts: OperationFacts): RequestKind {
  if (facts.entityFields.size > 0) return 'entities';
  if (facts.introspectionFields > 0 || facts.serviceFields > 0) return 'introspection';
  return facts.type;
}
