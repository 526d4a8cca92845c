import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ExecutionArgs, GraphQLError, GraphQLFormattedError } from 'graphql';
import { handleProtocols, makeServer } from 'graphql-ws';
import type {
  Context as ProtocolContext,
  Server as ProtocolServer,
  SubscribePayload,
} from 'graphql-ws';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';

import type { Caller } from '../../callers/caller.ts';
import { clientError, formatErrorForClient, publicCodeOf } from '../../graphql/errors.ts';
import { rawRefusal } from '../answers.ts';
import { reportFault } from '../fault-report.ts';
import { RequestRecord, pathOf } from '../request-record.ts';
import { BoundedSocket, closeCodes } from './bounded-socket.ts';
import type { Carrier } from './carrier.ts';
import { connectionHeaders } from './connection-headers.ts';
import { Delivery, SubscriptionFailed } from './delivery.ts';
import { atExpiry } from './expiry.ts';
import { isAllowedOrigin } from './origins.ts';
import type { SubscriptionDesk } from './subscription-desk.ts';

/** One connection, from its handshake on. */
class Connection implements Carrier {
  readonly request: IncomingMessage;
  readonly record: RequestRecord;
  readonly socket: BoundedSocket;
  readonly closed = Promise.withResolvers<void>();
  caller: Caller | undefined;
  callOffExpiry: () => void = () => undefined;
  subscriptions = 0;
  /** Ids of subscriptions that are being opened. */
  readonly opening = new Set<string>();
  /** Subscriptions since the handshake, for the log. */
  subscribed = 0;
  #messages = 0;
  #countedFrom = 0;

  constructor(request: IncomingMessage, record: RequestRecord, socket: BoundedSocket) {
    this.request = request;
    this.record = record;
    this.socket = socket;
  }

  /** Counts a message; false when there were too many of late. */
  takesMessage(maximum: number): boolean {
    const now = performance.now();
    if (now - this.#countedFrom > 10_000) {
      this.#countedFrom = now;
      this.#messages = 0;
    }
    this.#messages += 1;
    return this.#messages <= maximum;
  }

  leave(): Promise<void> {
    this.socket.close(closeCodes.goingAway, 'This process is about to stop', 'drained');
    return this.closed.promise;
  }

  cut(): void {
    this.socket.cut();
  }
}

const longestSubscriptionId = 200;

/** Subscriptions over WebSocket, subprotocol `graphql-transport-ws`, at `/graphql`. */
export class WebSockets<Context> {
  readonly #desk: SubscriptionDesk<Context>;
  readonly #upgrades: WebSocketServer;
  readonly #protocol: ProtocolServer<Connection>;
  #count = 0;

  constructor(desk: SubscriptionDesk<Context>) {
    const { limits } = desk.surroundings;
    this.#desk = desk;
    this.#upgrades = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: limits.maxMessageBytes,
      // Compression would keep a window of memory for each connection.
      perMessageDeflate: false,
      handleProtocols: (protocols) => handleProtocols(protocols),
    });
    this.#protocol = makeServer<Record<string, unknown>, Connection>({
      connectionInitWaitTimeout: limits.initTimeoutMs,
      onConnect: (context) => this.#connect(context),
      onSubscribe: (context, id, payload) => this.#subscribe(context, id, payload),
      subscribe: ({ contextValue }) => contextValue as Delivery,
      onError: (context, _id, _payload, errors) => this.#shown(context.extra, errors),
    });
  }

  /** Whether a request that asks for an upgrade means a WebSocket; others are answered as if it did not ask. */
  static isAskedFor({ headers }: IncomingMessage): boolean {
    return headers.upgrade?.toLowerCase() === 'websocket';
  }

  get size(): number {
    return this.#count;
  }

  /** Takes over a connection whose handshake has come. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    stream.on('error', () => stream.destroy());
    const refused = this.#refusal(request);
    if (refused === undefined) {
      this.#upgrades.handleUpgrade(request, stream, head, (socket) => this.#open(request, socket));
      return;
    }
    const record = new RequestRecord(request);
    this.#desk.noteError(refused, record);
    stream.end(rawRefusal(publicCodeOf(refused) as never, refused.message, record.id), () =>
      stream.destroy(),
    );
  }

  #refusal(request: IncomingMessage): GraphQLError | undefined {
    const { allowedOrigins, allowedHosts, isLeaving, surroundings } = this.#desk;
    if (pathOf(request) !== '/graphql') {
      return clientError('NOT_FOUND', 'WebSockets are served at /graphql.');
    }
    if (allowedHosts.refusal(request) !== undefined) {
      return clientError('HOST_NOT_ALLOWED', 'This service is not served under that host name.');
    }
    if (!isAllowedOrigin(request.headers, allowedOrigins)) {
      return clientError('FORBIDDEN', 'Pages of that origin may not subscribe.');
    }
    if (isLeaving || this.#count >= surroundings.limits.maxWebSockets) {
      return clientError('SERVICE_UNAVAILABLE', 'No more connections are taken now.');
    }
    return undefined;
  }

  #open(request: IncomingMessage, webSocket: WebSocket): void {
    const { limits } = this.#desk.surroundings;
    const record = new RequestRecord(request);
    const socket = new BoundedSocket(webSocket, limits);
    const connection = new Connection(request, record, socket);
    const leave = this.#desk.enter(connection);
    this.#count += 1;
    const handled = this.#protocol.opened(
      {
        protocol: webSocket.protocol,
        send: (text) => socket.send(text),
        close: (code = closeCodes.fault, reason = '') => socket.close(code, reason),
        onMessage: (take) => {
          webSocket.on('message', (data: Buffer, isBinary: boolean) => {
            void this.#take(connection, data, isBinary, take);
          });
        },
      },
      connection,
    );
    webSocket.on('close', (code: number, reason: Buffer) => {
      this.#count -= 1;
      leave();
      connection.callOffExpiry();
      connection.closed.resolve();
      this.#desk.noteConnectionClosed(record, {
        code: socket.closedFor?.code ?? code,
        closedBy: socket.closedFor === undefined ? 'client' : 'service',
        subscriptions: connection.subscribed,
      });
      // It rejects only when one of the callbacks above does, and none is called here.
      void handled(code, reason.toString());
    });
  }

  /** Never rejects. */
  async #take(
    connection: Connection,
    data: Buffer,
    isBinary: boolean,
    take: (text: string) => Promise<void>,
  ): Promise<void> {
    const { socket, record } = connection;
    if (!connection.takesMessage(this.#desk.surroundings.limits.maxMessagesPerTenSeconds)) {
      socket.close(closeCodes.policy, 'Too many messages');
      return;
    }
    if (!socket.isOpen) return;
    if (isBinary) {
      socket.close(closeCodes.badRequest, 'Messages have to be text');
      return;
    }
    try {
      await take(data.toString());
    } catch (error) {
      reportFault(this.#desk.log, record, error);
      socket.close(closeCodes.fault, 'Internal server error');
    }
  }

  /** Authenticates; who may not come in is told by the code with which the connection is closed. */
  async #connect({
    extra,
    connectionParams,
  }: ProtocolContext<Record<string, unknown>, Connection>) {
    const { socket, request } = extra;
    try {
      const headers = connectionHeaders(request.headers, connectionParams);
      const caller = await this.#desk.authenticate(headers);
      extra.caller = caller;
      if (!socket.isOpen) return false;
      extra.callOffExpiry = atExpiry(caller, this.#desk.surroundings.now, () =>
        socket.close(closeCodes.forbidden, 'The token has expired', 'expired'),
      );
      return true;
    } catch (error) {
      const code = this.#desk.noteError(error, extra.record);
      const { message } = formatErrorForClient(error);
      socket.close(closeCodeOf(code), `${code}: ${message}`.slice(0, longestCloseReason));
      return false;
    }
  }

  async #subscribe(
    { extra }: ProtocolContext<Record<string, unknown>, Connection>,
    id: string,
    payload: SubscribePayload,
  ): Promise<ExecutionArgs | readonly GraphQLError[] | void> {
    const { caller, record, socket } = extra;
    const { limits } = this.#desk.surroundings;
    if (caller === undefined) throw new Error('A subscription before the connection is accepted');
    if (id.length > longestSubscriptionId) {
      socket.close(closeCodes.badRequest, 'The id of a subscription is too long');
      return [clientError('BAD_REQUEST', 'The id is too long.')];
    }
    if (extra.opening.has(id)) {
      // The library looks only at what has begun, and would run both.
      socket.close(closeCodes.idInUse, `Subscriber for ${id} already exists`.slice(0, 120));
      return [clientError('BAD_REQUEST', 'The id is in use.')];
    }
    if (extra.subscriptions >= limits.maxPerWebSocket) {
      const message = `A connection carries at most ${limits.maxPerWebSocket} subscriptions.`;
      return [clientError('TOO_MANY_SUBSCRIPTIONS', message, { limit: limits.maxPerWebSocket })];
    }
    // Counted before anything is awaited, so that many at once are not taken for few.
    extra.subscriptions += 1;
    extra.opening.add(id);
    const opening = await this.#desk.open('websocket', payload, { caller, record });
    extra.opening.delete(id);
    if (!opening.ok) {
      extra.subscriptions -= 1;
      return opening.errors;
    }
    extra.subscribed += 1;
    const { carried, document, operationName } = opening;
    const delivery = new Delivery(
      carried.stream,
      socket,
      id,
      (end) => {
        extra.subscriptions -= 1;
        carried.ended(end);
      },
      carried.resultSent,
    );
    return {
      schema: this.#desk.schema,
      document,
      operationName: operationName ?? null,
      contextValue: delivery,
    };
  }

  #shown(
    { record }: Connection,
    errors: readonly GraphQLError[],
  ): readonly GraphQLFormattedError[] {
    return errors.flatMap((error) => {
      const { originalError } = error;
      if (originalError instanceof SubscriptionFailed) return originalError.errors;
      this.#desk.noteError(error, record);
      return [formatErrorForClient(error, record.id)];
    });
  }
}

/** Bytes that a close frame has room for, in ASCII. */
const longestCloseReason = 120;

function closeCodeOf(code: string): number {
  switch (code) {
    case 'UNAUTHENTICATED':
      return closeCodes.unauthenticated;
    case 'SERVICE_UNAVAILABLE':
      return closeCodes.tryAgain;
    case 'INTERNAL_SERVER_ERROR':
      return closeCodes.fault;
    default:
      return closeCodes.forbidden;
  }
}
