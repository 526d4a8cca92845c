import { once } from 'node:events';
import { createServer, request as sendRequest } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request that a gateway sent to the service. */
export interface TappedRequest {
  readonly headers: IncomingHttpHeaders;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Stands between the gateways and the service, passes everything on unchanged and remembers it. */
export interface Tap {
  readonly url: string;
  /** The requests since the last {@link forget}, in order. */
  readonly requests: readonly TappedRequest[];
  /** The bodies of the service's answers since the last {@link forget}, in the order in which they ended. */
  readonly answers: readonly string[];
  forget(): void;
  /** From now on connections are broken off without an answer, as when the service is gone. */
  cut(): void;
  /** Ends {@link cut}. */
  mend(): void;
  close(): Promise<void>;
}

/** @param target - the service's GraphQL address. */
export async function startTap(target: string): Promise<Tap> {
  const requests: TappedRequest[] = [];
  const answers: string[] = [];
  let isCut = false;

  const server = createServer((request, response) => {
    void pass(request, response);
  });
  server.on('connection', (socket) => socket.on('error', () => socket.destroy()));

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces);
    requests.push({ headers: request.headers, ...operationOf(body) });
    if (isCut) {
      response.destroy();
      return;
    }
    const { host: _host, ...headers } = request.headers;
    const { method } = request;
    const onward = sendRequest(target, { ...(method === undefined ? {} : { method }), headers });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      const answered: Buffer[] = [];
      answer.on('data', (piece: Buffer) => answered.push(piece));
      answer.on('end', () => {
        if (answer.headers['content-encoding'] === undefined) {
          answers.push(Buffer.concat(answered).toString());
        }
      });
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    onward.end(body);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    requests,
    answers,
    forget() {
      requests.length = 0;
      answers.length = 0;
    },
    cut() {
      isCut = true;
    },
    mend() {
      isCut = false;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function operationOf(body: Buffer): Pick<TappedRequest, 'query' | 'variables'> {
  const { query = '', variables } = JSON.parse(body.toString('utf8')) as {
    readonly query?: string;
    readonly variables?: Readonly<Record<string, unknown>> | null;
  };
  return { query, variables: variables ?? {} };
}
