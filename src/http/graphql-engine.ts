import { ApolloServer, HeaderMap } from '@apollo/server';
import type {
  ApolloServerPlugin,
  BaseContext,
  GraphQLRequest,
  GraphQLRequestListener,
  HTTPGraphQLRequest,
} from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import type { GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { DocumentLimits } from '../graphql/document-limits.ts';
import { formatForClient, isFault, publicCodeOf } from '../graphql/errors.ts';
import type { PreparedDocuments } from '../graphql/prepared-documents.ts';
import { redact } from '../graphql/redaction.ts';
import type { HttpAnswer } from './answers.ts';
import { reportFault } from './fault-report.ts';
import type { GraphQLParameters } from './graphql-parameters.ts';
import type { RequestRecord } from './request-record.ts';

/** An accepted request, for the engine to execute. */
export interface EngineRequest<Context> {
  readonly parameters: GraphQLParameters;
  /** Of the answer. */
  readonly mediaType: string;
  readonly context: Context;
  readonly record: RequestRecord;
}

/** Apollo's view of a request, with what belongs to it on our side. */
interface RecordedGraphQLRequest<Context> extends HTTPGraphQLRequest {
  /** So that errors are logged under the request's id. */
  readonly record: RequestRecord;
  /** The context itself, of which Apollo would pass on a copy. */
  readonly context: Context;
}

/** Apollo looks at the method and at `accept`, which has no say here. */
const noHttp: HTTPGraphQLRequest = {
  method: 'POST',
  headers: new HeaderMap(),
  search: '',
  body: undefined,
};

/** Errors in the coercion of one request's variables that are reported. */
const MAX_COERCION_ERRORS = 10;

/** Executes operations; started, until it is stopped. */
export class GraphQLEngine<Context extends BaseContext> {
  readonly #server: ApolloServer<Context>;

  private constructor(server: ApolloServer<Context>) {
    this.#server = server;
  }

  static async start<Context extends BaseContext>(
    ...parts: Parameters<typeof createServer<Context>>
  ): Promise<GraphQLEngine<Context>> {
    const server = createServer<Context>(...parts);
    await server.start();
    return new GraphQLEngine(server);
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }

  async answer(request: EngineRequest<Context>): Promise<HttpAnswer> {
    const { parameters, mediaType, context, record } = request;
    const { query, operationName, variables, extensions } = parameters;
    const http: RecordedGraphQLRequest<Context> = { ...noHttp, record, context };
    // Not as an HTTP request: media types and what another site could cause were judged before.
    // To Apollo an undefined member is as good as an absent one.
    const operation = { query, operationName, variables, extensions, http } as GraphQLRequest;
    const { body, http: head } = await this.#server.executeOperation(operation, {
      contextValue: context,
    });
    if (body.kind !== 'single') throw new Error('An answer came in parts.');
    const headers: Record<string, string> = { 'content-type': mediaType };
    for (const [name, value] of head.headers) {
      if (name !== 'content-type') headers[name] = value;
    }
    const { errors, data, extensions: added } = body.singleResult;
    const text = JSON.stringify({ errors, data, extensions: added });
    return { status: head.status ?? 200, headers, body: text };
  }
}

/**
 * Apollo Server with everything off that a subgraph behind a router does not need: field
 * instrumentation (cache control, inline traces), reporting, landing pages, persisted queries, batching.
 *
 * @param documents - where Apollo finds documents already parsed and validated; one that is missing there
 *   it parses and validates itself, under the same bound on tokens.
 */
function createServer<Context extends BaseContext>(
  schema: GraphQLSchema,
  documents: PreparedDocuments,
  limits: DocumentLimits,
  log: Logger,
  onError: (code: string) => void,
): ApolloServer<Context> {
  const requestIds = new WeakMap<object, string>();
  return new ApolloServer<Context>({
    schema,
    introspection: true,
    nodeEnv: 'production',
    stopOnTerminationSignals: false,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    includeStacktraceInErrorResponses: false,
    hideSchemaDetailsFromClientErrors: true,
    parseOptions: { maxTokens: limits.maxTokens },
    executionOptions: { maxCoercionErrors: MAX_COERCION_ERRORS },
    documentStore: {
      // The key is a prefix of Apollo's and the SHA-256 of the text.
      get: (key) => Promise.resolve(documents.byHash(key.slice(-64))),
      set: () => Promise.resolve(),
      delete: () => Promise.resolve(),
    },
    formatError: (formatted, error) =>
      formatForClient(formatted, error, requestIds.get(error as object)),
    logger: {
      debug: (message) => log.debug(redact(String(message))),
      info: (message) => log.info(redact(String(message))),
      warn: (message) => log.warn(redact(String(message))),
      error: (message) => log.error(redact(String(message))),
    },
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      requestPlugin(requestIds, log, onError),
    ],
  });
}

/**
 * Hands resolvers the context as it was made, logs what the client will not be told, and lets the masked
 * error carry the request's id.
 */
function requestPlugin<Context extends BaseContext>(
  requestIds: WeakMap<object, string>,
  log: Logger,
  onError: (code: string) => void,
): ApolloServerPlugin<Context> {
  const recorded = (http: HTTPGraphQLRequest | undefined) =>
    http as RecordedGraphQLRequest<Context> | undefined;
  const listener: GraphQLRequestListener<Context> = {
    didEncounterErrors: async ({ errors, request }) => {
      const record = recorded(request.http)?.record;
      for (const error of errors) {
        const code = publicCodeOf(error);
        record?.noteError(code);
        onError(code);
        if (!isFault(error)) continue;
        if (record !== undefined) requestIds.set(error, record.id);
        reportFault(log, record, error);
      }
    },
  };
  return {
    requestDidStart: async (requestContext) => {
      // Apollo copies the properties of a context, which an object with private fields does not survive.
      const own = recorded(requestContext.request.http)?.context;
      if (own !== undefined) (requestContext as { contextValue: Context }).contextValue = own;
      return listener;
    },
  };
}
