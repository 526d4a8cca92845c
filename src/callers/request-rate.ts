import { clientError } from '../graphql/errors.ts';
import type { Clock } from '../domain/clock.ts';
import type { Authenticator } from './authenticator.ts';
import type { Caller } from './caller.ts';

/** Callers whose requests are counted at a time; who asked longest ago is forgotten first. */
const maximumCallers = 10_000;
const minuteMs = 60_000;

/**
 * The authenticator, but for callers who ask too often: a minute's requests may come at once, and each
 * minute brings as many again. Callers without a name share one allowance. Refused requests do not count.
 *
 * @param requestsPerMinute - undefined sets no limit.
 */
export function limitedByRate(
  authenticator: Authenticator,
  requestsPerMinute: number | undefined,
  clock: Pick<Clock, 'monotonic'>,
): Authenticator {
  if (requestsPerMinute === undefined) return authenticator;
  const rate = new RequestRate(requestsPerMinute, clock);
  return {
    authenticate(headers) {
      const caller = authenticator.authenticate(headers);
      return caller instanceof Promise
        ? caller.then((known) => rate.counted(known))
        : rate.counted(caller);
    },
    degradedReason: () => authenticator.degradedReason(),
  };
}

interface Allowance {
  readonly requests: number;
  /** On the monotonic clock: when it was so much. */
  readonly atMs: number;
}

class RequestRate {
  readonly #perMinute: number;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #allowances = new Map<string, Allowance>();

  constructor(perMinute: number, clock: Pick<Clock, 'monotonic'>) {
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  /** The caller, with one request less to his allowance. @throws GraphQLError RATE_LIMITED. */
  counted(caller: Caller): Caller {
    const name = caller.id ?? '';
    const atMs = this.#clock.monotonic();
    const before = this.#allowances.get(name) ?? { requests: this.#perMinute, atMs };
    const grown = before.requests + ((atMs - before.atMs) / minuteMs) * this.#perMinute;
    const requests = Math.min(grown, this.#perMinute);
    if (requests < 1) throw this.#refusal(requests);
    // Put in anew, so that the order of the map is that of the last requests.
    this.#allowances.delete(name);
    this.#allowances.set(name, { requests: requests - 1, atMs });
    if (this.#allowances.size > maximumCallers) {
      const [oldest = ''] = this.#allowances.keys();
      this.#allowances.delete(oldest);
    }
    return caller;
  }

  #refusal(requests: number) {
    const waitMs = ((1 - requests) / this.#perMinute) * minuteMs;
    const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
    return clientError('RATE_LIMITED', 'The caller asks too often.', {
      retryable: true,
      retryAfterSeconds,
    });
  }
}
