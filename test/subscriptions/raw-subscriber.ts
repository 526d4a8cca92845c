import { once } from 'node:events';

import { WebSocket } from 'ws';
import type { ClientOptions } from 'ws';

/** A message of graphql-transport-ws, as far as tests look at it. */
export interface Message {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

/** A WebSocket client without a protocol library: it says exactly what a test lets it say. */
export class RawSubscriber {
  readonly socket: WebSocket;
  readonly messages: Message[] = [];
  /** Resolves with code and reason. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  #wake: () => void = () => undefined;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer) => {
      this.messages.push(JSON.parse(data.toString()) as Message);
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
        this.#wake();
      });
    });
    socket.on('error', () => undefined);
  }

  /** Connects without a word; rejects with the HTTP status when the handshake is refused. */
  static async connect(
    url: string,
    options: ClientOptions = {},
    protocol: string | null = 'graphql-transport-ws',
  ): Promise<RawSubscriber> {
    const socket = new WebSocket(url, protocol ?? [], options);
    const subscriber = new RawSubscriber(socket);
    await new Promise<void>((resolve, reject) => {
      socket.on('open', resolve);
      socket.on('unexpected-response', (_request, response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () =>
          reject(new RefusedHandshake(response.statusCode ?? 0, JSON.parse(body) as unknown)),
        );
      });
    });
    return subscriber;
  }

  /** {@link connect}, and past `connection_init`. */
  static async ready(
    url: string,
    payload?: unknown,
    options: ClientOptions = {},
  ): Promise<RawSubscriber> {
    const subscriber = await RawSubscriber.connect(url, options);
    subscriber.send({ type: 'connection_init', payload });
    await subscriber.received(1);
    return subscriber;
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  subscribe(id: string, query: string, variables?: Readonly<Record<string, unknown>>): void {
    this.send({ id, type: 'subscribe', payload: { query, variables } });
  }

  /** Resolves when this many messages have come. */
  async received(count: number): Promise<readonly Message[]> {
    while (this.messages.length < count) {
      if (this.socket.readyState === WebSocket.CLOSED) {
        const { code, reason } = await this.closed;
        throw new Error(`Closed with ${code} ${reason} after ${this.messages.length} messages`);
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.messages;
  }

  /** Resolves when the answer to a ping is here, so that everything said before it was heard. */
  async settled(): Promise<void> {
    this.socket.ping();
    await once(this.socket, 'pong');
  }

  leave(): void {
    this.socket.terminate();
  }
}

/** The server answered a handshake with an ordinary response. */
export class RefusedHandshake extends Error {
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    super(`HTTP ${status}`);
    this.status = status;
    this.body = body;
  }
}
