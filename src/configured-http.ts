import type { GraphQLError } from 'graphql';

import type { Config } from './config.ts';
import type { RequestContext } from './graphql/context.ts';
import type { OperationFacts } from './graphql/document-facts.ts';
import { clientError } from './graphql/errors.ts';
import { exampleQuery } from './graphql/example.ts';
import type { Metrics } from './http/metrics.ts';
import { defaultHttpOptions } from './http/options.ts';
import { ResponseCache } from './http/response-cache.ts';

/** The HTTP side's settings: its own defaults where the environment has no say. */
export function httpOptionsOf(config: Config) {
  const { documents } = config;
  const loopbackHosts = ['localhost', '127.0.0.1', '::1', '[::1]'];
  return {
    ...defaultHttpOptions,
    host: config.host,
    port: config.port,
    introspection: config.introspection,
    ...(config.explorer ? { explorer: { exampleQuery } } : {}),
    limits: {
      ...defaultHttpOptions.limits,
      maxDepth: documents.maxDepth,
      maxTokens: documents.maxTokens,
      maxAliases: documents.maxAliases,
      maxRepresentations: documents.maxRepresentations,
      maxCost: documents.maxCost,
    },
    maxBodyBytes: documents.maxBodyBytes,
    drainDelayMs: config.drainDelayMs,
    ...(loopbackHosts.includes(config.host) ? { allowedHosts: loopbackHosts } : {}),
  };
}

/** Finished bytes of public answers, ended by the snapshot that they were made from. */
export function responseCacheOf(config: Config, metrics: Metrics): ResponseCache<RequestContext> {
  const counts = { hit: 0, miss: 0 };
  metrics.counter(
    {
      name: 'response_cache_lookups_total',
      help: 'Requests that were answered from finished bytes, or not.',
      labels: ['outcome'],
    },
    (counter) => {
      counter.reset();
      counter.inc({ outcome: 'hit' }, counts.hit);
      counter.inc({ outcome: 'miss' }, counts.miss);
    },
  );
  return new ResponseCache({
    momentOf: ({ snapshot, nowMs }) => ({
      state: snapshot,
      nowMs,
      validUntilMs: snapshot.nextChangeAtMs,
    }),
    maximumBytes: config.responseCacheBytes,
    onLookup: (outcome) => {
      counts[outcome] += 1;
    },
  });
}

/** In production, the schema is shown to callers who may see it: `_service` too, which no switch turns off. */
export function refuseSchemaReading(
  config: Config,
): (facts: OperationFacts, context: RequestContext) => GraphQLError | undefined {
  return ({ introspectionFields, serviceFields }, { caller }) =>
    config.production && introspectionFields + serviceFields > 0 && !caller.mayIntrospect
      ? clientError('FORBIDDEN', 'The caller has no right to read the schema.')
      : undefined;
}
