import type { IncomingHttpHeaders } from 'node:http';
import type { GraphQLError, GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';

import type { Caller } from '../../callers/caller.ts';
import type { RequestOrigin } from '../../graphql/context.ts';
import { asGraphQLError, clientError, isFault, publicCodeOf } from '../../graphql/errors.ts';
import type { ErrorCode } from '../../graphql/errors.ts';
import type { SubscriptionEngine } from '../../graphql/subscriptions/subscription-engine.ts';
import type { AllowedHosts } from '../allowed-hosts.ts';
import { reportFault } from '../fault-report.ts';
import type { HttpMetrics, SubscriptionTransport } from '../metrics.ts';
import type { FoundOperation, OperationGate } from '../operation-gate.ts';
import type { RequestRecord } from '../request-record.ts';
import type { Carried, Carrier, CarrierSurroundings } from './carrier.ts';
import { OpenSubscriptions } from './open-subscriptions.ts';

export interface SubscriptionDeskOptions<Context> {
  readonly schema: GraphQLSchema;
  readonly gate: OperationGate<Context>;
  readonly source: Pick<SubscriptionEngine, 'open'>;
  readonly authenticate: (headers: IncomingHttpHeaders) => Caller | Promise<Caller>;
  readonly contextOf: (caller: Caller, request: RequestOrigin) => Context;
  readonly surroundings: CarrierSurroundings;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly allowedHosts: AllowedHosts;
  readonly metrics: HttpMetrics;
  readonly log: Logger;
}

/** What a client asked for, in the words of any transport. */
export interface AskedOperation {
  readonly query?: string | null | undefined;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/** Who asks, and under which ids it is logged. */
interface Asking {
  readonly caller: Caller;
  readonly record: RequestRecord;
}

/** A subscription that begins, or why it does not. */
export type DeskOpening =
  | {
      readonly ok: true;
      readonly carried: Carried;
      readonly document: FoundOperation['document'];
      readonly operationName: string | undefined;
    }
  | { readonly ok: false; readonly errors: readonly GraphQLError[] };

/** Where every transport has its subscriptions opened, counted and, when the service stops, ended. */
export class SubscriptionDesk<Context> {
  readonly #options: SubscriptionDeskOptions<Context>;
  readonly #places: OpenSubscriptions;
  readonly #carriers = new Set<Carrier>();
  isLeaving = false;

  constructor(options: SubscriptionDeskOptions<Context>) {
    this.#options = options;
    this.#places = new OpenSubscriptions(
      options.surroundings.limits.maxSubscriptions,
      options.metrics,
    );
  }

  get schema(): GraphQLSchema {
    return this.#options.schema;
  }

  get surroundings(): CarrierSurroundings {
    return this.#options.surroundings;
  }

  get allowedOrigins(): ReadonlySet<string> {
    return this.#options.allowedOrigins;
  }

  get allowedHosts(): AllowedHosts {
    return this.#options.allowedHosts;
  }

  get log(): Logger {
    return this.#options.log;
  }

  authenticate(headers: IncomingHttpHeaders): Caller | Promise<Caller> {
    return this.#options.authenticate(headers);
  }

  /** Finds the operation, checks it as any other, and begins it. Never rejects. */
  async open(
    transport: SubscriptionTransport,
    asked: AskedOperation,
    asking: Asking,
  ): Promise<DeskOpening> {
    try {
      return await this.#find(transport, asked, asking);
    } catch (error) {
      // A document can make the validation itself throw.
      return refused(asGraphQLError(error));
    }
  }

  async #find(
    transport: SubscriptionTransport,
    { query, operationName, variables }: AskedOperation,
    asking: Asking,
  ): Promise<DeskOpening> {
    const { gate, contextOf } = this.#options;
    const parameters = {
      query: query ?? undefined,
      operationName: operationName || undefined,
      variables: variables ?? undefined,
      extensions: undefined,
    };
    const finding = gate.find(parameters);
    if (!finding.ok) return finding;
    const { facts } = finding.found;
    if (facts === undefined) {
      const message = 'The name of the operation selects none of the document.';
      return refused(clientError('OPERATION_RESOLUTION_FAILURE', message));
    }
    if (facts.type !== 'subscription') return refused(subscriptionsOnly());
    const { caller, record } = asking;
    const signal = record.signal;
    const context = contextOf(caller, { requestId: record.id, traceId: record.traceId, signal });
    const errors = gate.errorsOf(facts, parameters, context);
    if (errors.length > 0) return { ok: false, errors };
    return await this.begin(
      transport,
      { query: parameters.query ?? '', variables: parameters.variables ?? {} },
      finding.found,
      asking,
    );
  }

  /** Begins an operation that was found and checked. */
  async begin(
    transport: SubscriptionTransport,
    asked: {
      readonly query: string;
      readonly variables: Readonly<Record<string, unknown>>;
    },
    { document, facts }: FoundOperation,
    { caller, record }: Asking,
  ): Promise<DeskOpening> {
    if (facts === undefined) throw new Error('An operation without facts cannot begin');
    if (this.isLeaving) {
      return refused(clientError('SERVICE_UNAVAILABLE', 'This process is about to stop.'));
    }
    const ended = this.#places.take(transport);
    if (ended === undefined) {
      const message = 'This process carries as many subscriptions as it may.';
      return refused(clientError('TOO_MANY_SUBSCRIPTIONS', message));
    }
    const opening = await this.#options.source.open(
      { ...asked, document, facts },
      { caller, requestId: record.id, traceId: record.traceId },
    );
    if (!opening.ok) {
      ended('failed');
      return opening;
    }
    const { metrics } = this.#options;
    return {
      ok: true,
      carried: {
        stream: opening.stream,
        caller,
        ended,
        resultSent: () => metrics.resultSent(transport),
      },
      document,
      operationName: facts.name,
    };
  }

  /** Counts a carrier among those that have to end before the service does. */
  enter(carrier: Carrier): () => void {
    this.#carriers.add(carrier);
    return () => this.#carriers.delete(carrier);
  }

  /** Takes no more, and lets every carrier say goodbye, some in each turn of the event loop. */
  async leave(): Promise<void> {
    this.isLeaving = true;
    const leaving: Promise<void>[] = [];
    for (const carrier of this.#carriers) {
      leaving.push(carrier.leave());
      if (leaving.length % goodbyesPerTurn === 0) await nextTurn();
    }
    await Promise.all(leaving);
  }

  cut(): void {
    this.isLeaving = true;
    for (const carrier of this.#carriers) carrier.cut();
  }

  /** Counts and logs an error that a client is about to be told; gives its public code. */
  noteError(error: unknown, record: RequestRecord): ErrorCode {
    const code = publicCodeOf(error);
    record.noteError(code);
    this.#options.metrics.errorAnswered(code);
    if (isFault(error)) reportFault(this.#options.log, record, error);
    return code;
  }

  noteConnectionClosed(
    record: RequestRecord,
    facts: Readonly<Record<string, string | number>>,
  ): void {
    const durationMs = Math.round(performance.now() - record.startedAtMs);
    this.#options.log.info(
      {
        kind: 'websocket',
        ...facts,
        durationMs,
        requestId: record.id,
        traceId: record.traceId,
        ...(record.errorCodes.length === 0 ? {} : { errors: record.errorCodes }),
      },
      'connection closed',
    );
  }
}

const goodbyesPerTurn = 64;

/** The answer to a query or a mutation where only subscriptions are carried. */
export function subscriptionsOnly(): GraphQLError {
  return clientError(
    'SUBSCRIPTIONS_ONLY',
    'Here only subscriptions are carried; send queries and mutations by POST and accept application/json.',
  );
}

function refused(error: GraphQLError): DeskOpening {
  return { ok: false, errors: [error] };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
