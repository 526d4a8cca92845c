import { execute, getArgumentValues, getVariableValues } from 'graphql';
import type { ExecutionResult, GraphQLError, GraphQLFormattedError, GraphQLSchema } from 'graphql';

import { noScopes } from '../../callers/caller.ts';
import type { Caller } from '../../callers/caller.ts';
import type { ChangeLog, LogPosition, OfferingNotice } from '../../catalogue/change-log.ts';
import { offeringTest } from '../../catalogue/offering-criteria.ts';
import { runEvents } from '../../inference/run-events.ts';
import type { RequestContext, RequestOrigin } from '../context.ts';
import type { OperationFacts } from '../document-facts.ts';
import {
  asGraphQLError,
  clientError,
  formatErrorForClient,
  formatForClient,
  isFault,
} from '../errors.ts';
import type {
  SubscriptionInferenceEventsArgs,
  SubscriptionOfferingChangedArgs,
} from '../generated.ts';
import { isOwn, visibleRun } from '../resolvers/inference-queries.ts';
import { positionOf, requireContentKey } from '../resolvers/inference-run.ts';
import type { EventParent } from '../resolvers/inference-run.ts';
import { criteriaOf } from '../resolvers/offerings.ts';
import type { PreparedDocument } from '../prepared-documents.ts';
import type { Variables } from '../variable-limits.ts';
import { resultStream } from './result-stream.ts';
import type { ResultStream } from './result-stream.ts';
import { rootFieldOf, sharingKeyOf } from './root-field.ts';
import { ResultCache, SharedResults } from './shared-results.ts';
import { TurnQueue } from './turn-queue.ts';

/** A subscription that has passed the checks which every operation passes. */
export interface SubscriptionOperation {
  /** The text that the client sent. */
  readonly query: string;
  readonly document: PreparedDocument['document'];
  readonly facts: OperationFacts;
  readonly variables: Variables;
}

/** Who subscribes. */
export interface Subscriber {
  readonly caller: Caller;
  readonly requestId: string;
  readonly traceId: string | undefined;
}

export interface SubscriptionEngineOptions {
  readonly schema: GraphQLSchema;
  readonly changes: ChangeLog;
  /** Makes a context with the present snapshot, as a request's. */
  readonly contextOf: (caller: Caller, request: RequestOrigin) => RequestContext;
  /** Told of what clients are not told. */
  readonly onFault: (error: unknown, requestId: string) => void;
}

/** A subscription that goes on, or why it does not begin. */
export type Opening =
  | { readonly ok: true; readonly stream: ResultStream }
  | { readonly ok: false; readonly errors: readonly GraphQLError[] };

/** Bound on the results that are kept to be sent to others, in UTF-16 units. */
const maximumSharedLength = 16 * 1024 * 1024;

/**
 * Runs subscriptions, for every transport. Each event is executed in a context of its own, so that a long
 * subscription holds no old snapshot; what is the same for many subscribers is executed once.
 */
export class SubscriptionEngine {
  readonly #options: SubscriptionEngineOptions;
  readonly #queue = new TurnQueue();
  readonly #cache = new ResultCache(maximumSharedLength);
  readonly #shared = new Map<string, SharedResults>();
  readonly #stopListening: () => void;

  constructor(options: SubscriptionEngineOptions) {
    this.#options = options;
    this.#stopListening = options.changes.onAppend(() => {
      for (const results of this.#shared.values()) {
        // It never rejects; each reader meets a fault himself.
        this.#queue.add(() => void results.advance());
      }
    });
  }

  /** Operations of which several subscribers may share the results. */
  get sharedOperations(): number {
    return this.#shared.size;
  }

  /** Begins a subscription; whatever the caller may not have is an error before anything is sent. */
  async open(operation: SubscriptionOperation, subscriber: Subscriber): Promise<Opening> {
    try {
      return { ok: true, stream: await this.#open(operation, subscriber) };
    } catch (error) {
      return { ok: false, errors: [asGraphQLError(error)] };
    }
  }

  /** Takes no more notice of the catalogue. */
  close(): void {
    this.#stopListening();
  }

  #open(
    operation: SubscriptionOperation,
    subscriber: Subscriber,
  ): ResultStream | Promise<ResultStream> {
    const { name, args } = this.#rootOf(operation);
    switch (name) {
      case 'offeringChanged':
        return this.#openChanges(operation, args as SubscriptionOfferingChangedArgs, subscriber);
      case 'inferenceEvents':
        return this.#openEvents(operation, args as SubscriptionInferenceEventsArgs, subscriber);
      default:
        throw new Error(`No source of events for Subscription.${name}`);
    }
  }

  /** The one field of the operation with its arguments. */
  #rootOf({ document, facts, variables }: SubscriptionOperation): {
    readonly name: string;
    readonly args: unknown;
  } {
    const { schema } = this.#options;
    const definitions = facts.operation.variableDefinitions ?? [];
    const coerced = getVariableValues(schema, definitions, variables, { maxErrors: 1 });
    if (coerced.errors?.[0] !== undefined) {
      throw clientError('BAD_USER_INPUT', coerced.errors[0].message);
    }
    const node = rootFieldOf(document, facts.operation);
    const field = schema.getSubscriptionType()?.getFields()[node.name.value];
    if (field === undefined) throw new Error(`No field Subscription.${node.name.value}`);
    return { name: field.name, args: getArgumentValues(field, node, coerced.coerced) };
  }

  #openChanges(
    operation: SubscriptionOperation,
    { filter, after }: SubscriptionOfferingChangedArgs,
    { requestId }: Subscriber,
  ): ResultStream {
    const { changes } = this.#options;
    const position =
      after === undefined || after === null ? changes.end : readPosition(after, changes);
    const key = sharingKeyOf(operation);
    let results = this.#shared.get(key);
    if (results === undefined) {
      const criteria = criteriaOf(filter ?? {});
      results = new SharedResults(
        changes,
        (notice) => {
          if (notice.kind !== 'RELOAD') {
            const matches = offeringTest(criteria, notice.atMs);
            const concerned = [notice.before, notice.after];
            if (!concerned.some((entry) => entry !== undefined && matches(entry))) return undefined;
          }
          return this.#execute(operation, { offeringChanged: notice }, everybody);
        },
        this.#cache,
        this.#queue,
      );
      this.#shared.set(key, results);
    }
    const shared = results;
    shared.readers += 1;
    const abort = new AbortController();
    return resultStream(
      shared.behind(position, abort.signal),
      abort,
      (error) => this.#failed(error, requestId),
      () => {
        shared.readers -= 1;
        if (shared.readers === 0) this.#shared.delete(key);
      },
    );
  }

  async #openEvents(
    operation: SubscriptionOperation,
    { id, after }: SubscriptionInferenceEventsArgs,
    subscriber: Subscriber,
  ): Promise<ResultStream> {
    const { caller, requestId, traceId } = subscriber;
    const abort = new AbortController();
    const request: RequestOrigin = { requestId, traceId, signal: abort.signal };
    const context = this.#options.contextOf(caller, request);
    const view = await visibleRun(id, context);
    if (view === null || !isOwn(caller, view.run))
      throw clientError('NOT_FOUND', 'The caller has no run of this id.');
    const position = positionOf(id, after);
    const { clock, sealer } = context.launcher.options;
    requireContentKey(sealer);
    const { live } = context.launcher;
    const events = runEvents(
      { store: context.ledger, live, sealer, clock },
      id,
      position,
      abort.signal,
    );
    return resultStream(
      this.#executed(operation, id, events, subscriber, request),
      abort,
      (error) => this.#failed(error, requestId),
      () => undefined,
    );
  }

  async *#executed(
    operation: SubscriptionOperation,
    runId: string,
    events: AsyncIterable<EventParent['event']>,
    subscriber: Subscriber,
    request: RequestOrigin,
  ): AsyncGenerator<string, void, undefined> {
    for await (const event of events) {
      const parent: EventParent = { runId, event };
      yield await this.#execute(operation, { inferenceEvents: parent }, subscriber, request);
    }
  }

  #execute(
    { document, facts, variables }: SubscriptionOperation,
    rootValue: Readonly<{ offeringChanged: OfferingNotice } | { inferenceEvents: EventParent }>,
    { caller, requestId, traceId }: Subscriber,
    request: RequestOrigin = { requestId, traceId, signal: neverAborted },
  ): Promise<string> | string {
    const { schema, contextOf } = this.#options;
    const result = execute({
      schema,
      document,
      operationName: facts.name ?? null,
      rootValue,
      contextValue: contextOf(caller, request),
      variableValues: variables,
    });
    return result instanceof Promise
      ? result.then((made) => this.#textOf(made, requestId))
      : this.#textOf(result, requestId);
  }

  #textOf({ data, errors }: ExecutionResult, requestId: string): string {
    if (errors === undefined) return JSON.stringify({ data });
    const shown = errors.map((error) => {
      if (isFault(error)) this.#options.onFault(error, requestId);
      return formatForClient(error.toJSON(), error, requestId);
    });
    return JSON.stringify({ data: data ?? null, errors: shown });
  }

  #failed(error: unknown, requestId: string): readonly GraphQLFormattedError[] {
    if (isFault(error)) this.#options.onFault(error, requestId);
    return [formatErrorForClient(error, requestId)];
  }
}

/** In whose name shared results are made: nothing in them may depend on a caller. */
const everybody: Subscriber = {
  caller: { id: undefined, scopes: noScopes, mayIntrospect: false },
  requestId: 'offering-changes',
  traceId: undefined,
};

const neverAborted = new AbortController().signal;

function readPosition(cursor: string, changes: ChangeLog): LogPosition | 'UNKNOWN' {
  const position = changes.positionOf(cursor);
  if (position !== undefined) return position;
  throw clientError('BAD_USER_INPUT', '`after` is not a cursor of `offeringChanged`.');
}
