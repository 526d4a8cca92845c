import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A message as a router got it. */
export interface CallbackMessage {
  readonly kind: string;
  readonly action: string;
  readonly id: string;
  readonly verifier: string;
  readonly payload?: unknown;
  readonly errors?: unknown;
}

/** A loopback router: the receiving half of the HTTP callback protocol 1.0. */
export interface CallbackRouter {
  /** `127.0.0.1:<port>` */
  readonly host: string;
  readonly url: string;
  readonly messages: readonly CallbackMessage[];
  /** The `subscription-protocol` header of each message. */
  readonly protocols: readonly (string | undefined)[];
  /** What is answered from now on; by default 204 to `check` and 200 to the others. */
  answer(how: (message: CallbackMessage) => number | Promise<number>): void;
  /** Resolves when this many messages of an action have come. */
  received(action: string, count: number): Promise<readonly CallbackMessage[]>;
  close(): Promise<void>;
}

export async function startCallbackRouter(): Promise<CallbackRouter> {
  const messages: CallbackMessage[] = [];
  const protocols: (string | undefined)[] = [];
  let wake: () => void = () => undefined;
  let how = (message: CallbackMessage): number | Promise<number> =>
    message.action === 'check' ? 204 : 200;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const message = JSON.parse(Buffer.concat(chunks).toString()) as CallbackMessage;
      messages.push(message);
      protocols.push(request.headers['subscription-protocol'] as string | undefined);
      wake();
      void Promise.resolve(how(message)).then((status) => {
        response.writeHead(status, { 'subscription-protocol': 'callback/1.0' });
        response.end();
      });
    });
  });
  server.on('connection', (socket) => socket.on('error', () => socket.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const of = (action: string) => messages.filter((message) => message.action === action);
  return {
    host: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}/callback`,
    messages,
    protocols,
    answer(next) {
      how = next;
    },
    async received(action, count) {
      while (of(action).length < count) {
        await new Promise<void>((resolve) => {
          const before = wake;
          wake = () => {
            before();
            resolve();
          };
        });
      }
      return of(action);
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close').catch(() => undefined);
    },
  };
}
