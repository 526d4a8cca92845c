import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { BaseContext } from '@apollo/server';
import type { GraphQLError, GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { Tracing } from '../domain/tracing.ts';
import type { OperationFacts } from '../graphql/document-facts.ts';
import { AllowedHosts } from './allowed-hosts.ts';
import { refusal } from './answers.ts';
import type { HttpAnswer } from './answers.ts';
import { Drain } from './drain.ts';
import { createExplorer } from './explorer.ts';
import type {
  ContextRequest,
  ExecuteCompiled,
  ExecuteLaunch,
  ExtensionsOf,
  Interceptor,
} from './graphql-exchange.ts';
import { GraphQLExecutor } from './graphql-executor.ts';
import { GraphQLHandler } from './graphql-handler.ts';
import type { HealthReport } from './health.ts';
import { ListenError } from './listen-error.ts';
import { answerConnect, answerMalformed } from './malformed-http.ts';
import type { HttpMetrics } from './metrics.ts';
import { OperationGate } from './operation-gate.ts';
import { defaultHttpOptions } from './options.ts';
import type { HttpOptions } from './options.ts';
import { IncomingRequest } from './incoming-request.ts';
import { Refusals } from './refusals.ts';
import { RequestHandler } from './request-handler.ts';
import { RecordedResponse } from './request-record.ts';
import { Routes } from './routes.ts';
import { Subscriptions } from './subscriptions/subscriptions.ts';
import type { SubscriptionArguments } from './subscriptions/subscriptions.ts';
import { WebSockets } from './subscriptions/websockets.ts';

export interface HttpServiceArguments<Context extends BaseContext> {
  readonly schema: GraphQLSchema;
  /**
   * Makes the context of one operation; called once the request's body is complete. What it throws
   * refuses the request: with the error's own code and status if it is a client's error, else masked.
   */
  readonly contextFor: (request: ContextRequest) => Context | Promise<Context>;
  readonly options?: Partial<HttpOptions>;
  readonly health: () => HealthReport;
  readonly metrics: {
    readonly http: HttpMetrics;
    render(): Promise<{ readonly contentType: string; readonly text: string }>;
  };
  readonly log: Logger;
  /** Why this caller may not run this operation, e.g. introspection or `_service` in production. */
  readonly refuseOperation?: (facts: OperationFacts, context: Context) => GraphQLError | undefined;
  /** Stands between an accepted request and the engine; the place of a response cache. */
  readonly intercept?: Interceptor<Context>;
  /** Answers public queries in the engine's place, as the engine would. */
  readonly executeCompiled?: ExecuteCompiled<Context>;
  /** Answers launches in the engine's place, as the engine would. */
  readonly executeLaunch?: ExecuteLaunch<Context>;
  /** Adds to public answers without errors, however they are made. */
  readonly extensionsOf?: ExtensionsOf<Context>;
  /** Gives each request a span. */
  readonly tracing?: Tracing | undefined;
  /** Absent: subscriptions are refused on every transport. */
  readonly subscriptions?: SubscriptionArguments<Context>;
}

export interface HttpService {
  /** For transports that upgrade connections. */
  readonly server: Server;
  listen(): Promise<{ readonly url: string; readonly port: number }>;
  /** Adds what a drain has to end beside requests, such as WebSocket connections. */
  onDrain(step: () => Promise<void> | void): void;
  /** Goes out of service without dropping a request; see `docs/http.md`. Later calls wait for the first. */
  drain(): Promise<void>;
  /** Ends at once, cutting what is in flight. */
  close(): Promise<void>;
}

/** The HTTP side of the service: routes, limits on connections, answers in JSON, drain. */
export function createHttpService<Context extends BaseContext>(
  args: HttpServiceArguments<Context>,
): HttpService {
  return new Service(args);
}

type RecordingServer = Server<typeof IncomingRequest, typeof RecordedResponse>;

class Service<Context extends BaseContext> implements HttpService {
  readonly #server: RecordingServer;
  readonly #args: HttpServiceArguments<Context>;
  readonly #options: HttpOptions;
  readonly #executor: GraphQLExecutor<Context>;
  readonly #requests: RequestHandler<Context>;
  readonly #drain: Drain;
  readonly #subscriptions: Subscriptions<Context> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(args: HttpServiceArguments<Context>) {
    const { schema, contextFor, refuseOperation, intercept, health, metrics, log } = args;
    const { executeCompiled, executeLaunch, extensionsOf } = args;
    const options = { ...defaultHttpOptions, ...args.options };
    const { limits, maxBodyBytes, introspection, explorer } = options;
    const allowedHosts = new AllowedHosts(options.allowedHosts);
    this.#args = args;
    this.#options = options;
    const allowedOrigins = new Set(options.allowedOrigins);
    const gate = new OperationGate<Context>({ schema, limits, introspection, refuseOperation });
    if (args.subscriptions !== undefined) {
      this.#subscriptions = new Subscriptions(args.subscriptions, {
        schema,
        gate,
        allowedOrigins,
        allowedHosts,
        metrics: metrics.http,
        log,
      });
    }
    const onError = (code: string): void => metrics.http.errorAnswered(code);
    const refusals = new Refusals(log, onError);
    this.#executor = new GraphQLExecutor<Context>({
      schema,
      gate,
      limits,
      subscriptions: this.#subscriptions,
      executeCompiled,
      executeLaunch,
      extensionsOf,
      refusals,
      log,
      onError,
    });
    const graphql = new GraphQLHandler<Context>({
      contextFor,
      executor: this.#executor,
      intercept,
      maxBodyBytes,
      takesSubscriptions: this.#subscriptions !== undefined,
      refusals,
    });
    this.#server = this.#createServer();
    this.#drain = new Drain(this.#server, options, log);
    const routes = new Routes({
      graphql,
      explorer: explorer === undefined ? undefined : createExplorer(explorer),
      health,
      draining: () => this.#drain.draining,
      metrics: () => metrics.render(),
      allowedOrigins,
      allowedHosts,
    });
    this.#requests = new RequestHandler({
      routes,
      drain: this.#drain,
      metrics: metrics.http,
      log,
      tracing: args.tracing,
      allowedOrigins,
    });
    this.#drain.addStep(async () => await this.#subscriptions?.leave());
  }

  get server(): Server {
    return this.#server as Server;
  }

  async listen(): Promise<{ readonly url: string; readonly port: number }> {
    const { host, port } = this.#options;
    // To load it takes a tenth of a second in which nothing else runs, and nobody is served yet.
    await this.#executor.engine();
    await new Promise<void>((resolve, reject) => {
      const refuse = (error: Error): void => reject(new ListenError(host, port, error));
      this.#server.once('error', refuse);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', refuse);
        resolve();
      });
    });
    const address = this.#server.address() as AddressInfo;
    const name = host.includes(':') ? `[${host}]` : host;
    return { url: `http://${name}:${address.port}/graphql`, port: address.port };
  }

  onDrain(step: () => Promise<void> | void): void {
    this.#drain.addStep(step);
  }

  async drain(): Promise<void> {
    await this.#drain.run();
    await this.#stop();
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#subscriptions?.cut();
    this.#server.closeAllConnections();
    await this.#stop();
  }

  #stop(): Promise<void> {
    this.#stopped ??= this.#executor.stop();
    return this.#stopped;
  }

  #createServer(): RecordingServer {
    const { headersTimeoutMs, requestTimeoutMs } = this.#options;
    const server = createServer(
      {
        IncomingMessage: IncomingRequest,
        ServerResponse: RecordedResponse,
        keepAliveTimeout: this.#options.keepAliveTimeoutMs,
        headersTimeout: headersTimeoutMs,
        requestTimeout: requestTimeoutMs,
        connectionsCheckingInterval: Math.min(1_000, Math.ceil(headersTimeoutMs / 4)),
        maxHeaderSize: this.#options.maxHeaderBytes,
        // Else the second of two tokens would vanish, and with it the sign that something is wrong.
        joinDuplicateHeaders: true,
        // Node would refuse a missing host itself, with an empty body.
        requireHostHeader: false,
        // Without this, a client that merely offers HTTP/2 would get no answer at all.
        shouldUpgradeCallback: (request) =>
          this.#subscriptions !== undefined && WebSockets.isAskedFor(request),
      },
      (_request, response) => this.#requests.handle(response),
    );
    server.maxConnections = this.#options.maxConnections;
    server.timeout = this.#options.socketIdleTimeoutMs;
    const { log, metrics } = this.#args;
    server.on('clientError', (error, socket) => {
      answerMalformed(error, socket, log, (code) => metrics.http.errorAnswered(code));
    });
    server.on('checkContinue', (_request, response) => {
      this.#requests.handle(response, () => response.writeContinue());
    });
    server.on('checkExpectation', (_request, response) => {
      this.#requests.refuse(response, unknownExpectation());
    });
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#subscriptions?.webSockets.upgrade(request, socket, head);
    });
    server.on('connect', (_request, socket) => answerConnect(socket));
    return server;
  }
}

function unknownExpectation(): HttpAnswer {
  return refusal('EXPECTATION_FAILED', 'The only expectation that is met is 100-continue.');
}
