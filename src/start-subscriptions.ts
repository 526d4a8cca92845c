import type { GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';

import type { Authenticator } from './callers/authenticator.ts';
import type { Caller } from './callers/caller.ts';
import type { Catalogue } from './catalogue/catalogue.ts';
import { ChangeLog } from './catalogue/change-log.ts';
import type { Clock } from './domain/clock.ts';
import type { RequestContext, RequestOrigin } from './graphql/context.ts';
import { SubscriptionEngine } from './graphql/subscriptions/subscription-engine.ts';
import { reportFault } from './http/fault-report.ts';
import type { SubscriptionLimits } from './http/subscriptions/limits.ts';
import type { SubscriptionArguments } from './http/subscriptions/subscriptions.ts';
import type { OutwardHttp } from './providers/http.ts';

export interface SubscriptionParts {
  readonly schema: GraphQLSchema;
  /** Open. */
  readonly catalogue: Catalogue;
  /** Whether other processes serve the same catalogue from the same storage. */
  readonly isShared: boolean;
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  readonly contextOf: (caller: Caller, request: RequestOrigin) => RequestContext;
  readonly clock: Clock;
  readonly outward: Pick<OutwardHttp, 'call'>;
  /** `CALLBACK_HOSTS`. */
  readonly callbackHosts: readonly string[];
  readonly limits?: Partial<SubscriptionLimits> | undefined;
  readonly log: Logger;
}

/** The live side of the service. */
export interface RunningSubscriptions {
  /** For the HTTP service, which carries them. */
  readonly transports: SubscriptionArguments<RequestContext>;
  readonly stop: () => void;
}

/** Follows the catalogue from now on, for whoever subscribes. */
export function startSubscriptions(parts: SubscriptionParts): RunningSubscriptions {
  const { schema, catalogue, isShared, authenticator, contextOf, clock, outward, log } = parts;
  const changes = new ChangeLog(catalogue.snapshot.version, { clock, isShared });
  const stopFollowing = catalogue.onChange((change) => changes.append(change));
  const engine = new SubscriptionEngine({
    schema,
    changes,
    contextOf,
    onFault: (error, requestId) => reportFault(log, { id: requestId }, error),
  });
  return {
    transports: {
      source: engine,
      authenticate: (headers) => authenticator.authenticate(headers),
      contextOf,
      callerOf: ({ caller }) => caller,
      now: () => clock.now(),
      ...(parts.limits === undefined ? {} : { limits: parts.limits }),
      callbacks: { hosts: parts.callbackHosts, http: outward },
    },
    stop: () => {
      stopFollowing();
      engine.close();
    },
  };
}
