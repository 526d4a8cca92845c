import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Responder } from './groq-responders.ts';

/** A loopback server that stands for a public list such as models.dev: one answer for every address. */
export interface PublicListServer {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly url: string;
  /** The headers of every request that came, in order. */
  readonly requests: readonly IncomingHttpHeaders[];
  /** What is answered from now on. */
  reply(responder: Responder): void;
  close(): Promise<void>;
}

export async function startPublicListServer(): Promise<PublicListServer> {
  const requests: IncomingHttpHeaders[] = [];
  let answer: Responder | undefined;
  const server = createServer((request, response) => {
    requests.push(request.headers);
    const { method = '', url: path = '/', headers } = request;
    const arrived = { method, path, headers, body: '', json: undefined };
    void answer?.({ ...arrived, authorized: true, connection: 0 }, response);
  });
  server.on('connection', (socket) => socket.on('error', () => socket.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    reply(responder) {
      answer = responder;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
