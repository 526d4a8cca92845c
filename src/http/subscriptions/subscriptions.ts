import type { IncomingHttpHeaders } from 'node:http';
import type { GraphQLError, GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';

import type { Caller } from '../../callers/caller.ts';
import type { RequestOrigin } from '../../graphql/context.ts';
import { clientError } from '../../graphql/errors.ts';
import type { SubscriptionEngine } from '../../graphql/subscriptions/subscription-engine.ts';
import type { OutwardHttp } from '../../providers/http.ts';
import type { AllowedHosts } from '../allowed-hosts.ts';
import { JSON_TYPE } from '../answers.ts';
import type { HttpAnswer } from '../answers.ts';
import { namesType } from '../content-negotiation.ts';
import type { GraphQLParameters } from '../graphql-parameters.ts';
import type { HttpMetrics } from '../metrics.ts';
import type { FoundOperation, OperationGate } from '../operation-gate.ts';
import type { RequestRecord } from '../request-record.ts';
import { callbackRequestOf } from './callback-request.ts';
import { CallbackSubscription, callbackProtocol } from './callback.ts';
import { EventStream } from './event-stream.ts';
import { defaultSubscriptionLimits } from './limits.ts';
import type { SubscriptionLimits } from './limits.ts';
import { isAllowedOrigin } from './origins.ts';
import { SubscriptionDesk } from './subscription-desk.ts';
import { WebSockets } from './websockets.ts';

/** What the transports of subscriptions need of the rest of the service. */
export interface SubscriptionArguments<Context> {
  readonly source: Pick<SubscriptionEngine, 'open'>;
  /** As for requests; a WebSocket's headers may come in its first message. */
  readonly authenticate: (headers: IncomingHttpHeaders) => Caller | Promise<Caller>;
  readonly contextOf: (caller: Caller, request: RequestOrigin) => Context;
  /** Whom a request's context was made for. */
  readonly callerOf: (context: Context) => Caller;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly limits?: Partial<SubscriptionLimits>;
  /** Absent: routers are not called back. */
  readonly callbacks?: {
    /** `host` or `host:port`. */
    readonly hosts: readonly string[];
    readonly http: Pick<OutwardHttp, 'call'>;
  };
}

export interface SubscriptionParts<Context> {
  readonly schema: GraphQLSchema;
  readonly gate: OperationGate<Context>;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly allowedHosts: AllowedHosts;
  readonly metrics: HttpMetrics;
  readonly log: Logger;
}

/** By what a subscription that comes as an HTTP request is to be carried. */
export type HttpSubscriptionTransport = 'event_stream' | 'callback';

/** A subscription that came as an HTTP request, checked and about to begin. */
export interface RequestedSubscription<Context> {
  readonly headers: IncomingHttpHeaders;
  readonly method: 'GET' | 'POST';
  readonly parameters: GraphQLParameters;
  readonly found: FoundOperation;
  readonly context: Context;
  readonly record: RequestRecord;
}

/** Subscriptions over every transport, behind the same checks and within the same bounds. */
export class Subscriptions<Context> {
  readonly webSockets: WebSockets<Context>;
  readonly #args: SubscriptionArguments<Context>;
  readonly #desk: SubscriptionDesk<Context>;
  readonly #callbackHosts: ReadonlySet<string>;

  constructor(args: SubscriptionArguments<Context>, parts: SubscriptionParts<Context>) {
    const { source, authenticate, contextOf, now, limits, callbacks } = args;
    this.#args = args;
    this.#callbackHosts = new Set(callbacks?.hosts.map((host) => host.toLowerCase()));
    this.#desk = new SubscriptionDesk<Context>({
      ...parts,
      source,
      authenticate,
      contextOf,
      surroundings: { limits: { ...defaultSubscriptionLimits, ...limits }, now },
    });
    this.webSockets = new WebSockets(this.#desk);
  }

  /** How an HTTP client wants to be told; undefined when it names no way that is served. */
  transportFor({ accept }: IncomingHttpHeaders): HttpSubscriptionTransport | undefined {
    if (namesType(accept, 'application/json', 'callbackSpec=1.0')) return 'callback';
    return namesType(accept, 'text/event-stream') ? 'event_stream' : undefined;
  }

  /** Begins; gives errors when it can not. */
  async begin(
    transport: HttpSubscriptionTransport,
    requested: RequestedSubscription<Context>,
  ): Promise<HttpAnswer | readonly GraphQLError[]> {
    return transport === 'callback'
      ? await this.#beginCallback(requested)
      : await this.#beginEventStream(requested);
  }

  /** Takes no more; resolves when every subscriber was told, or had his time. */
  leave(): Promise<void> {
    return this.#desk.leave();
  }

  /** Ends everything at once. */
  cut(): void {
    this.#desk.cut();
  }

  async #beginEventStream(
    requested: RequestedSubscription<Context>,
  ): Promise<HttpAnswer | readonly GraphQLError[]> {
    if (!isAllowedOrigin(requested.headers, this.#desk.allowedOrigins)) {
      return [clientError('FORBIDDEN', 'Pages of that origin may not subscribe.')];
    }
    const opening = await this.#open('event_stream', requested);
    if (!opening.ok) return opening.errors;
    const stream = new EventStream(opening.carried, this.#desk.surroundings);
    const left = this.#desk.enter(stream);
    void stream.closed.then(left);
    return stream.answer();
  }

  async #beginCallback(
    requested: RequestedSubscription<Context>,
  ): Promise<HttpAnswer | readonly GraphQLError[]> {
    const { callbacks } = this.#args;
    if (callbacks === undefined || this.#callbackHosts.size === 0 || requested.method !== 'POST') {
      const message = 'This service calls no router back; CALLBACK_HOSTS would name those it may.';
      return [clientError('CALLBACK_REFUSED', message)];
    }
    const extension = requested.parameters.extensions?.['subscription'];
    const request = callbackRequestOf(extension, this.#callbackHosts);
    const opening = await this.#open('callback', requested);
    if (!opening.ok) return opening.errors;
    const { surroundings } = this.#desk;
    const { http } = callbacks;
    const subscription = new CallbackSubscription(request, opening.carried, surroundings, http);
    const left = this.#desk.enter(subscription);
    try {
      await subscription.begin();
    } catch (error) {
      left();
      throw error;
    }
    void subscription.closed.then(left);
    return {
      status: 200,
      headers: { 'content-type': JSON_TYPE, ...callbackProtocol },
      body: '{"data":null}',
    };
  }

  #open(
    transport: HttpSubscriptionTransport,
    { parameters, found, context, record }: RequestedSubscription<Context>,
  ) {
    const { query = '', variables = {} } = parameters;
    const caller = this.#args.callerOf(context);
    return this.#desk.begin(transport, { query, variables }, found, { caller, record });
  }
}
