import type { IncomingHttpHeaders } from 'node:http';
import type { DocumentNode, OperationDefinitionNode } from 'graphql';

import type { ByteText } from '../graphql/byte-text.ts';
import type { Variables } from '../graphql/variable-limits.ts';
import type { HttpAnswer } from './answers.ts';
import type { IncomingRequest } from './incoming-request.ts';
import type { RequestRecord } from './request-record.ts';

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
