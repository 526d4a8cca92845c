import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request of a call, as Apollo Router's endpoint reads it. */
export interface InvalidationRequest {
  readonly kind: string;
  readonly subgraph?: string;
  readonly subgraphs?: readonly string[];
  readonly cache_tag?: string;
}

/** A loopback stand-in for the invalidation endpoint of Apollo Router's response cache. */
export interface InvalidationEndpoint {
  readonly url: string;
  /** The bodies of the calls that were taken, in order. */
  readonly calls: readonly (readonly InvalidationRequest[])[];
  /** Every call's status so far, those that were not taken included. */
  readonly statuses: readonly number[];
  /** The statuses of the next calls that come with the key, before it takes them again; 0 breaks the connection off. */
  answerNext(...statuses: readonly number[]): void;
  /** Holds answers back until what it returns is called. */
  hold(): () => void;
  close(): Promise<void>;
}

export async function startInvalidationEndpoint(key: string): Promise<InvalidationEndpoint> {
  const calls: (readonly InvalidationRequest[])[] = [];
  const statuses: number[] = [];
  const next: number[] = [];
  let held: Promise<void> = Promise.resolve();

  function statusFor(method: string | undefined, authorization: string | undefined): number {
    if (authorization === undefined || authorization !== key) return 401;
    if (method !== 'POST') return 405;
    return next.shift() ?? 202;
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const status = statusFor(request.method, request.headers.authorization);
      statuses.push(status);
      if (status === 0) {
        request.socket.destroy();
        return;
      }
      if (status === 202) {
        calls.push(JSON.parse(Buffer.concat(chunks).toString()) as readonly InvalidationRequest[]);
      }
      void held.then(() => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(status === 202 ? '{"count":1}' : '{"errors":[]}');
      });
    });
  });
  server.on('connection', (socket) => socket.on('error', () => socket.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/invalidation`,
    calls,
    statuses,
    answerNext: (...given) => void next.push(...given),
    hold() {
      const gate = Promise.withResolvers<void>();
      held = gate.promise;
      return () => gate.resolve();
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
