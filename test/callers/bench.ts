import type { IncomingHttpHeaders } from 'node:http';

import { GraphQLError } from 'graphql';

import type { AuthOptions } from '../../src/callers/auth-options.ts';
import { createAuthenticator } from '../../src/callers/authenticator.ts';
import type { Authenticator } from '../../src/callers/authenticator.ts';
import type { Caller } from '../../src/callers/caller.ts';
import { createOutwardHttp } from '../../src/providers/http.ts';
import type { OutwardHttp, OutwardLimits } from '../../src/providers/http.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { Issuer } from './issuer.ts';

/** An authenticator as it ships, with an issuer of its own and time that the test owns. */
export class Bench implements AsyncDisposable {
  readonly clock: ManualClock;
  readonly issuer: Issuer;
  /** What was logged, as text. */
  readonly logged: string[] = [];
  /** The bounds under which keys were fetched. */
  readonly fetchLimits: OutwardLimits[] = [];
  /** How many fetches of keys have come back, with whatever. */
  fetchesOver = 0;
  /** Stands in for the time that a fetch may wait for its first byte. */
  patienceMs: number | undefined;
  readonly #http: OutwardHttp;

  private constructor(clock: ManualClock, issuer: Issuer) {
    this.clock = clock;
    this.issuer = issuer;
    this.#http = createOutwardHttp({ clock });
  }

  static async open(): Promise<Bench> {
    const clock = new ManualClock();
    return new Bench(clock, await Issuer.open(clock));
  }

  authenticator(changes: Partial<AuthOptions> = {}): Authenticator {
    const options: AuthOptions = {
      ...settings('jwt'),
      jwtIssuer: this.issuer.name,
      jwtAudience: this.issuer.audience,
      jwksUrl: this.issuer.jwksUrl,
      ...changes,
    };
    return createAuthenticator(options, {
      clock: this.clock,
      http: {
        call: async (request) => {
          const firstByteTimeoutMs = this.patienceMs ?? request.limits.firstByteTimeoutMs;
          this.fetchLimits.push(request.limits);
          const limits = { ...request.limits, firstByteTimeoutMs };
          try {
            return await this.#http.call({ ...request, limits });
          } finally {
            this.fetchesOver += 1;
          }
        },
      },
      log: (event, fields) => this.logged.push(`${event} ${JSON.stringify(fields)}`),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http.close();
    await this.issuer[Symbol.asyncDispose]();
  }
}

/** The settings of a mode with nothing else given. */
export function settings(mode: string | undefined): AuthOptions {
  return {
    mode,
    routerTokens: () => [],
    jwtIssuer: undefined,
    jwtAudience: undefined,
    jwksUrl: undefined,
    jwtTenantClaim: undefined,
    jwtBudgetClaim: undefined,
    requireAuthForReads: false,
    allowInsecure: false,
  };
}

export function bearer(token: string): IncomingHttpHeaders {
  return { authorization: `Bearer ${token}` };
}

/** What came of asking who calls: the caller, or the refusal as `CODE REASON`. */
export async function outcome(
  authenticator: Authenticator,
  headers: IncomingHttpHeaders,
): Promise<Caller | string> {
  try {
    return await authenticator.authenticate(headers);
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    return [error.extensions['code'], error.extensions['reason']].join(' ');
  }
}

/** The refusal itself, with everything that a client would see of it. */
export async function refusal(
  authenticator: Authenticator,
  headers: IncomingHttpHeaders,
): Promise<GraphQLError> {
  try {
    await authenticator.authenticate(headers);
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
  throw new Error('the caller was not refused');
}
