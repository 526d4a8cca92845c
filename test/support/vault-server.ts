import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../src/domain/clock.ts';
import { LoopbackAuth } from './vault-server-auth.ts';
import { LoopbackKv } from './vault-server-kv.ts';
import { failure, type VaultReply } from './vault-server-replies.ts';

/** A request as the server saw it. */
export interface SeenRequest {
  /** Milliseconds since the epoch, on the server's clock. */
  readonly at: number;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What the network or the cluster does to every request, in place of the answer. */
export type Weather =
  | 'sealed'
  | 'no-active-node'
  | 'quota'
  | 'hang'
  | 'drip'
  | 'reset'
  | 'oversize'
  | 'html-200'
  | 'html-403'
  | 'html-404'
  | 'html-502'
  | { readonly redirectTo: string; readonly status?: number };

export interface LoopbackVaultOptions {
  readonly clock: Clock;
  /** Port 0, any free one, unless a server has to come back where it was. */
  readonly port?: number;
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A Vault on loopback that follows the published HTTP API as far as this service uses it. */
export class LoopbackVault {
  readonly auth: LoopbackAuth;
  readonly kv: LoopbackKv;
  /** Applies to every request, or to those whose path it is asked about. */
  weather: Weather | undefined;
  weatherApplies: (path: string) => boolean = () => true;
  /** When set, requests need this value of `X-Vault-Namespace`. */
  namespace: string | undefined;
  /** What stands before `/v1/` in every path, as behind a proxy. */
  pathPrefix = '';
  /** Whether there is a route that shows mounts; ancient servers have none. */
  knowsMounts = true;
  readonly requests: SeenRequest[] = [];
  readonly #server: ReturnType<typeof createServer>;
  readonly #scheme: 'http' | 'https';
  readonly #clock: Clock;
  #port = 0;
  readonly #drips = new Set<NodeJS.Timeout>();

  private constructor(options: LoopbackVaultOptions) {
    this.#clock = options.clock;
    this.auth = new LoopbackAuth(options.clock);
    this.kv = new LoopbackKv(options.clock);
    this.#scheme = options.tls === undefined ? 'http' : 'https';
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#handle(request, response);
    };
    this.#server =
      options.tls === undefined ? createServer(handle) : createTlsServer(options.tls, handle);
  }

  static async start(options: LoopbackVaultOptions): Promise<LoopbackVault> {
    const vault = new LoopbackVault(options);
    vault.#server.listen(options.port ?? 0, '127.0.0.1');
    await once(vault.#server, 'listening');
    vault.#port = (vault.#server.address() as AddressInfo).port;
    return vault;
  }

  /** Where it listens, or listened. */
  get port(): number {
    return this.#port;
  }

  get address(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  /** How many requests went to paths that start so, `/v1/` left out. */
  count(prefix: string): number {
    return this.requests.filter(({ path }) => path.startsWith(`/v1/${prefix}`)).length;
  }

  async stop(): Promise<void> {
    for (const drip of this.#drips) clearInterval(drip);
    this.#server.closeAllConnections();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const seen: SeenRequest = {
      at: this.#clock.now(),
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    };
    this.requests.push(seen);
    if (this.weather !== undefined && this.weatherApplies(seen.path)) {
      this.#storm(this.weather, seen, response);
      return;
    }
    send(response, this.#reply(seen));
  }

  #reply({ method, path, headers, body }: SeenRequest): VaultReply {
    if (headers['x-vault-request'] !== 'true') {
      return failure(412, 'missing "X-Vault-Request" header');
    }
    if (this.namespace !== undefined && headers['x-vault-namespace'] !== this.namespace) {
      return failure(404, 'namespace not found');
    }
    const start = `${this.pathPrefix}/v1/`;
    if (!path.startsWith(start)) return failure(404);
    const apiPath = decodeURIComponent(path.slice(start.length).replace(/\?.*$/, ''));
    const login = /^auth\/(.+)\/login$/.exec(apiPath);
    if (login !== null && method === 'POST') {
      return this.auth.login(login[1] ?? '', JSON.parse(body) as Record<string, unknown>);
    }
    const token = headers['x-vault-token'];
    const text = typeof token === 'string' ? token : undefined;
    const refusal = this.auth.check(text);
    if (refusal !== undefined) return refusal;
    const self = /^auth\/token\/((?:lookup|renew|revoke)-self)$/.exec(apiPath);
    if (self !== null) return this.auth.self(self[1] ?? '', text ?? '');
    const mount = /^sys\/internal\/ui\/mounts\/(.+)$/.exec(apiPath);
    if (mount !== null && this.knowsMounts) return this.kv.mountReply(mount[1] ?? '');
    return (
      this.kv.reply(apiPath) ??
      failure(404, `no handler for route "${apiPath}". route entry not found.`)
    );
  }

  #storm(weather: Weather, seen: SeenRequest, response: ServerResponse): void {
    if (typeof weather === 'object') {
      const location = weather.redirectTo + seen.path;
      response.writeHead(weather.status ?? 307, { location, 'cache-control': 'no-store' }).end();
      return;
    }
    switch (weather) {
      case 'sealed':
        return send(response, failure(503, 'Vault is sealed'));
      case 'no-active-node':
        return send(response, failure(503, 'no active Vault instance found'));
      case 'quota':
        return send(response, {
          ...failure(429, 'request path "x": rate limit quota exceeded'),
          headers: { 'retry-after': '7' },
        });
      case 'hang':
        return;
      case 'reset':
        response.destroy();
        return;
      case 'drip': {
        response.writeHead(200, { 'content-type': 'application/json' });
        this.#drips.add(setInterval(() => response.write(' '), 20));
        return;
      }
      case 'oversize':
        return send(response, { status: 200, body: { data: { value: 'x'.repeat(400_000) } } });
      case 'html-200':
      case 'html-403':
      case 'html-404':
      case 'html-502': {
        const page = '<html><body>default backend</body></html>';
        response.writeHead(Number(weather.slice(5)), { 'content-type': 'text/html' }).end(page);
      }
    }
  }
}

function send(response: ServerResponse, reply: VaultReply): void {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  response.writeHead(reply.status, { ...headers, ...reply.headers });
  response.end(reply.body === undefined ? undefined : JSON.stringify(reply.body));
}
