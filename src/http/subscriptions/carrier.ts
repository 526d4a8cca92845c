import type { GraphQLFormattedError } from 'graphql';

import type { Caller } from '../../callers/caller.ts';
import { clientError, formatErrorForClient } from '../../graphql/errors.ts';
import type { ResultStream } from '../../graphql/subscriptions/result-stream.ts';
import type { SubscriptionEnd } from '../metrics.ts';
import type { SubscriptionLimits } from './limits.ts';

/** What brings results to a subscriber, and has to end before the service does. */
export interface Carrier {
  /** Says that the service goes away; resolves when the other side was told, or had its time. */
  leave(): Promise<void>;
  /** Ends at once. */
  cut(): void;
}

/** A subscription that is to be carried by one HTTP exchange of its own. */
export interface Carried {
  readonly stream: ResultStream;
  readonly caller: Caller;
  /** Gives its place back. */
  readonly ended: (end: SubscriptionEnd) => void;
  readonly resultSent: () => void;
}

/** What all carriers share. */
export interface CarrierSurroundings {
  readonly limits: SubscriptionLimits;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Why a subscription is ended from here, in words for the client; he may subscribe again, with `after`. */
export const farewells = {
  expired: errorOf(
    clientError('UNAUTHENTICATED', 'The token has expired; subscribe again with a new one.', {
      reason: 'TOKEN_EXPIRED',
    }),
  ),
  drained: errorOf(
    clientError('SERVICE_UNAVAILABLE', 'This process is about to stop; subscribe again.'),
  ),
  too_slow: errorOf(
    clientError('SUBSCRIBER_TOO_SLOW', 'Results were taken too slowly; subscribe again.'),
  ),
} as const satisfies Partial<Record<SubscriptionEnd, GraphQLFormattedError>>;

function errorOf(error: unknown): GraphQLFormattedError {
  return formatErrorForClient(error);
}
