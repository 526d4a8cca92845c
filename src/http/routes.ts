import type { IncomingMessage } from 'node:http';
import type { BaseContext } from '@apollo/server';
import type { AllowedHosts } from './allowed-hosts.ts';
import { refusal } from './answers.ts';
import type { HttpAnswer, Reply } from './answers.ts';
import { preferredType } from './content-negotiation.ts';
import { optionsAnswer } from './cors.ts';
import { EXPLORER_PATH } from './explorer.ts';
import type { Explorer } from './explorer.ts';
import type { GraphQLHandler } from './graphql-handler.ts';
import { livenessAnswer, readinessAnswer } from './health.ts';
import type { HealthReport } from './health.ts';
import type { IncomingRequest } from './incoming-request.ts';
import type { RequestRecord } from './request-record.ts';

export interface RoutesOptions<Context extends BaseContext> {
  readonly graphql: GraphQLHandler<Context>;
  readonly explorer: Explorer | undefined;
  readonly health: () => HealthReport;
  readonly draining: () => boolean;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly allowedHosts: AllowedHosts;
}

const readingMethods = 'GET, HEAD, OPTIONS';

/** Methods by route; a path that is not here, and not a file of the explorer, does not exist. */
const methodsByPath: Readonly<Record<string, string>> = {
  '/graphql': 'GET, POST, OPTIONS',
  '/livez': readingMethods,
  '/readyz': readingMethods,
  '/metrics': readingMethods,
  '*': readingMethods,
};

/** Which part of the service answers a request. */
export class Routes<Context extends BaseContext> {
  readonly #options: RoutesOptions<Context>;

  constructor(options: RoutesOptions<Context>) {
    this.#options = options;
  }

  /**
   * @param reply - called once, unless this throws.
   * @param beforeReading - see {@link GraphQLHandler.handle}.
   */
  answer(
    request: IncomingRequest,
    record: RequestRecord,
    reply: Reply,
    beforeReading?: () => void,
  ): void {
    const refused = this.#options.allowedHosts.refusal(request);
    if (refused !== undefined) reply(refused);
    else if (record.path !== '/graphql') reply(this.#other(request, record));
    else if (request.method === 'POST') {
      this.#options.graphql.handle(request, record, reply, beforeReading);
    } else this.#graphql(request, record, reply);
  }

  #graphql(request: IncomingRequest, record: RequestRecord, reply: Reply): void {
    const { graphql, explorer } = this.#options;
    const { method, headers } = request;
    const isReading = method === 'GET' || method === 'HEAD';
    if (isReading && explorer !== undefined && asksForPage(headers.accept)) {
      record.kind = 'explorer';
      reply(explorer.page());
    } else if (method === 'GET') graphql.handle(request, record, reply);
    else reply(this.#otherMethod(request, methodsByPath['/graphql'] ?? ''));
  }

  #other(request: IncomingMessage, record: RequestRecord): HttpAnswer | Promise<HttpAnswer> {
    const { path } = record;
    const { explorer, health, draining } = this.#options;
    const isFile = explorer !== undefined && path.startsWith(EXPLORER_PATH);
    const methods = isFile ? readingMethods : methodsOf(path);
    if (methods === undefined) {
      return refusal('NOT_FOUND', 'There is nothing here; GraphQL is served at /graphql.');
    }
    const isReading = request.method === 'GET' || request.method === 'HEAD';
    if (!isReading || path === '*') return this.#otherMethod(request, methods);
    if (isFile) {
      record.kind = 'explorer';
      return explorerFile(explorer, request, path);
    }
    if (path === '/metrics') {
      record.kind = 'metrics';
      return this.#metrics();
    }
    record.kind = 'health';
    return path === '/livez' ? livenessAnswer() : readinessAnswer(health(), draining());
  }

  async #metrics(): Promise<HttpAnswer> {
    const { contentType, text } = await this.#options.metrics();
    return { status: 200, headers: { 'content-type': contentType }, body: text };
  }

  #otherMethod({ method, headers }: IncomingMessage, methods: string): HttpAnswer {
    if (method === 'OPTIONS') return optionsAnswer(headers, methods, this.#options.allowedOrigins);
    return refusal('METHOD_NOT_ALLOWED', `This route takes ${methods}.`, { allow: methods });
  }
}

async function explorerFile(
  explorer: Explorer,
  { headers }: IncomingMessage,
  path: string,
): Promise<HttpAnswer> {
  const encoding = headers['accept-encoding'];
  const accepted = Array.isArray(encoding) ? encoding.join(',') : encoding;
  const file = await explorer.file(path, accepted, headers['if-none-match']);
  return file ?? refusal('NOT_FOUND', 'The explorer has no such file.');
}

function methodsOf(path: string): string | undefined {
  return Object.hasOwn(methodsByPath, path) ? methodsByPath[path] : undefined;
}

/** Whether a browser asks for something to look at. Programs that ask for JSON, or for anything, do not. */
function asksForPage(accept: string | undefined): boolean {
  if (accept === undefined || !accept.includes('text/html')) return false;
  const offered = ['application/json', 'application/graphql-response+json', 'text/html'] as const;
  return preferredType(accept, offered) === 'text/html';
}
