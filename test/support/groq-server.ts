import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { json, plays, type Responder, respondTo } from './groq-responders.ts';
import { recordedExchange, type RecordedExchange } from './recorded-exchanges.ts';

/** A request that came to the server, whether it was authorised or not. */
export interface GroqRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown;
  readonly authorized: boolean;
  /** Number of the connection it came on, from 1. */
  readonly connection: number;
}

/** A loopback server that stands for Groq: it plays recorded exchanges and faults, by path. */
export interface GroqServer {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly url: string;
  /** Every request that came, in order. */
  readonly requests: readonly GroqRequest[];
  /** Requests whose path (without query) is this one. */
  requestsTo(path: string): readonly GroqRequest[];
  /** Answers every request to a path like this from now on. */
  reply(path: string, responder: Responder | RecordedExchange): void;
  /** Answers the next request to a path like this, before what {@link reply} says; calls queue up. */
  replyOnce(path: string, responder: Responder | RecordedExchange): void;
  /** {@link reply} with a recording of `test/fixtures/groq`, at the path where it was recorded. */
  replay(name: string): void;
  /** {@link replyOnce} with a recording. */
  replayOnce(name: string): void;
  /** The keys that are accepted from now on. */
  acceptKeys(...keys: readonly string[]): void;
  /** Closes every connection that is open now, as a peer that goes away. */
  dropConnections(): void;
  /** Resolves once `count` requests have come in all. */
  waitForRequests(count: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts the server. A request without one of the accepted bearer keys gets Groq's recorded 401; a path
 * without an answer gets Groq's recorded 404 for unknown addresses.
 */
export async function startGroqServer(options: { readonly key: string }): Promise<GroqServer> {
  let keys: readonly string[] = [options.key];
  const requests: GroqRequest[] = [];
  const standing = new Map<string, Responder>();
  const queued = new Map<string, Responder[]>();
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const connections = new WeakMap<object, number>();
  let connectionCount = 0;

  const server = createServer((request, response) => {
    void handle(request, response);
  });
  server.keepAliveTimeout = 5_000;
  server.on('connection', (socket) => {
    connectionCount += 1;
    connections.set(socket, connectionCount);
    // A test that breaks connections off must not bring the server down.
    socket.on('error', () => socket.destroy());
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    if (body === undefined) return;
    const path = request.url ?? '/';
    const authorized = keys.some((key) => request.headers.authorization === `Bearer ${key}`);
    const arrived: GroqRequest = {
      method: request.method ?? '',
      path,
      headers: request.headers,
      body,
      json: jsonOf(body),
      authorized,
      connection: connections.get(request.socket) ?? 0,
    };
    requests.push(arrived);
    for (const waiter of waiting) if (requests.length >= waiter.count) waiter.resolve();
    const pathname = withoutQuery(path);
    const responder = authorized
      ? (queued.get(pathname)?.shift() ?? standing.get(pathname) ?? unknownUrl)
      : invalidKey;
    await responder(arrived, response);
  }

  function replyOnce(path: string, responder: Responder | RecordedExchange): void {
    queued.set(path, [...(queued.get(path) ?? []), respondTo(responder)]);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    requestsTo: (path) => requests.filter((request) => withoutQuery(request.path) === path),
    reply(path, responder) {
      standing.set(path, respondTo(responder));
    },
    replyOnce,
    replay(name) {
      const exchange = recordedExchange(name);
      standing.set(pathOf(exchange), plays(exchange));
    },
    replayOnce(name) {
      const exchange = recordedExchange(name);
      replyOnce(pathOf(exchange), exchange);
    },
    acceptKeys(...accepted) {
      keys = accepted;
    },
    dropConnections: () => server.closeAllConnections(),
    waitForRequests: (count) =>
      new Promise((resolve) => {
        if (requests.length >= count) resolve();
        else waiting.push({ count, resolve });
      }),
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

const invalidKey = plays(recordedExchange('error-401-invalid-api-key'));

/** The recorded 404 of unknown addresses, with the words for the address that was asked for. */
const unknownUrl: Responder = (request, response) =>
  json(
    {
      error: {
        message: `Unknown request URL: ${request.method} ${request.path}. Please check the URL for typos, or see the docs at https://console.groq.com/docs/`,
        type: 'invalid_request_error',
        code: 'unknown_url',
      },
    },
    { status: 404 },
  )(request, response);

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of request) pieces.push(piece as Buffer);
  } catch {
    // The client went away while it was sending; there is nobody to answer.
    return undefined;
  }
  return Buffer.concat(pieces).toString('utf8');
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function pathOf(exchange: RecordedExchange): string {
  return new URL(exchange.request.url).pathname;
}

function withoutQuery(path: string): string {
  return path.split('?', 1)[0] ?? path;
}
