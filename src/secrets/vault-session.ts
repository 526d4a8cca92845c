import type { Clock } from '../domain/clock.ts';
import { digest } from './digest.ts';
import type { SecretLog } from './secret-store.ts';
import type { VaultClient } from './vault-client.ts';
import type { VaultAnswer, VaultFailure } from './vault-failure.ts';
import { keepLease } from './vault-lease.ts';
import { credentialsDigest, logIn, readCredentials, type Login } from './vault-login.ts';
import { LoginGate } from './vault-login-gate.ts';
import type { VaultAuth } from './vault-options.ts';

export interface VaultSessionsOptions {
  readonly auth: VaultAuth;
  /** Makes the client for a token; an empty token for the login itself. */
  readonly connect: (token: string) => VaultClient;
  readonly clock: Clock;
  readonly log: SecretLog;
}

interface Session {
  readonly login: Login;
  /** Ends the watch over this session's lease. */
  readonly ended: AbortController;
  warning: string | undefined;
}

type SessionOutcome =
  | { readonly ok: true; readonly session: Session }
  | { readonly ok: false; readonly failure: VaultFailure };

/** A path refused even with a fresh token is not worth another login before this, doubled each time. */
const denialMs = { first: 60_000, longest: 15 * 60_000 };

/**
 * The one token that this store has, got when first needed and replaced when it ends or is refused.
 * However many calls find it refused, one login follows, and the old token serves until it succeeds.
 */
export class VaultSessions {
  readonly #options: VaultSessionsOptions;
  readonly #gate: LoginGate;
  readonly #denials = new Map<string, { readonly until: number; readonly lastMs: number }>();
  readonly #farewells = new Set<Promise<unknown>>();
  #current: Session | undefined;
  #flight: Promise<SessionOutcome> | undefined;
  #failure: VaultFailure | undefined;
  #isStopped = false;

  constructor(options: VaultSessionsOptions) {
    this.#options = options;
    this.#gate = new LoginGate(options.clock, options.auth.kind === 'approle');
  }

  /**
   * Reads an API path with the session's token. A 403 is answered by one login and one more reading;
   * after that `FORBIDDEN` means that the policy says no. With `probe`, a 403 is given as it comes.
   */
  async read(apiPath: string, options: { readonly probe?: boolean } = {}): Promise<VaultAnswer> {
    const first = await this.#acquire();
    if (!first.ok) return first;
    const answer = await first.session.login.client.read(apiPath);
    if (answer.ok) return this.#readWell(apiPath, answer);
    if (answer.failure.kind !== 'FORBIDDEN' || options.probe === true) return answer;
    if ((this.#denials.get(apiPath)?.until ?? 0) > this.#options.clock.monotonic()) return answer;

    const second = await this.#replace(first.session);
    if (!second.ok) {
      if (second.failure.kind === 'FORBIDDEN') this.#rememberDenial(apiPath);
      return second;
    }
    const again = await second.session.login.client.read(apiPath);
    if (again.ok) return this.#readWell(apiPath, again);
    if (again.failure.kind === 'FORBIDDEN') this.#rememberDenial(apiPath);
    return again;
  }

  /** Logs in where that has not happened, and takes up a token file that was rewritten. */
  async ensure(): Promise<void> {
    const { auth } = this.#options;
    const current = this.#current;
    if (current !== undefined && auth.kind === 'token' && auth.token.kind === 'file') {
      const credentials = await readCredentials(auth);
      if (credentials.ok && credentials.value.kind === 'token') {
        const isNew = digest(credentials.value.token) !== current.login.tokenDigest;
        if (isNew) await this.#inFlight(() => this.#attempt());
      }
      return;
    }
    await this.#acquire();
  }

  /** What is wrong with the login or will soon be, or undefined. */
  trouble(): { readonly failure?: VaultFailure; readonly warning?: string } | undefined {
    if (this.#failure !== undefined) return { failure: this.#failure };
    if (this.#current === undefined) return { warning: 'Vault has not answered yet' };
    const { warning } = this.#current;
    return warning === undefined ? undefined : { warning };
  }

  /** Ends the watch over the lease and revokes the token where we logged in for it. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#current?.ended.abort();
    // A login under way would otherwise leave a token behind that nobody revokes.
    await this.#flight;
    const current = this.#current;
    this.#current = undefined;
    if (current !== undefined) this.#dismiss(current);
    await Promise.all(this.#farewells);
  }

  async #acquire(): Promise<SessionOutcome> {
    if (this.#current !== undefined) return { ok: true, session: this.#current };
    return this.#inFlight(() => this.#attempt());
  }

  /** A session other than the given one, whose token Vault refused or soon will. */
  async #replace(refused: Session): Promise<SessionOutcome> {
    if (this.#current !== refused) return this.#acquire();
    return this.#inFlight(() =>
      this.#options.auth.kind === 'token' ? this.#replaceToken(refused) : this.#attempt(),
    );
  }

  #inFlight(work: () => Promise<SessionOutcome>): Promise<SessionOutcome> {
    this.#flight ??= work().finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  async #attempt(): Promise<SessionOutcome> {
    if (this.#isStopped) return failed('UNREACHABLE', 'the secret store is stopped');
    const credentials = await readCredentials(this.#options.auth);
    if (!credentials.ok) return this.#failed(credentials.failure);
    const name = credentialsDigest(credentials.value);
    if (this.#gate.waitMs(name) > 0) {
      return { ok: false, failure: this.#failure ?? tooSoon };
    }
    const login = await logIn(credentials.value, this.#options.connect);
    if (!login.ok) {
      this.#gate.failed(login.failure, name);
      const retryInSeconds = Math.ceil(this.#gate.waitMs(name) / 1000);
      this.#options.log('vault.login.failed', {
        method: this.#options.auth.kind,
        reason: login.failure.reason,
        retryInSeconds,
      });
      return this.#failed(login.failure);
    }
    this.#gate.succeeded();
    return { ok: true, session: this.#adopt(login.value) };
  }

  /** A token given from outside: its file may hold a newer one, else Vault is asked what is wrong. */
  async #replaceToken(refused: Session): Promise<SessionOutcome> {
    const credentials = await readCredentials(this.#options.auth);
    if (!credentials.ok) return this.#failed(credentials.failure);
    if (
      credentials.value.kind === 'token' &&
      digest(credentials.value.token) !== refused.login.tokenDigest
    ) {
      return this.#attempt();
    }
    const lookup = await refused.login.client.lookupSelf();
    if (lookup.ok) return failed('FORBIDDEN', 'the policy of the Vault token does not allow it');
    if (lookup.failure.kind !== 'FORBIDDEN') return { ok: false, failure: lookup.failure };
    return this.#failed({
      kind: 'LOGIN_REFUSED',
      reason:
        'Vault refuses the token: it is unknown, expired or revoked, and has to be given anew',
      status: 403,
    });
  }

  #adopt(login: Login): Session {
    const previous = this.#current;
    const session: Session = { login, ended: new AbortController(), warning: login.warning };
    this.#current = session;
    this.#failure = undefined;
    if (this.#isStopped) return session;
    const { auth, clock, log } = this.#options;
    log('vault.login', {
      method: auth.kind,
      accessor: login.accessor,
      leaseSeconds: login.lease.durationMs / 1000,
      ...(login.warning === undefined ? {} : { reason: login.warning }),
    });
    if (previous !== undefined) this.#dismiss(previous);
    // An agent that writes the token file renews the token too.
    const isKeptByOthers = auth.kind === 'token' && auth.token.kind === 'file';
    if (login.lease.durationMs > 0 && !isKeptByOthers) {
      void keepLease({
        login,
        clock,
        log,
        signal: session.ended.signal,
        replace: auth.kind === 'token' ? undefined : async () => (await this.#replace(session)).ok,
        warn: (warning) => {
          session.warning = warning;
        },
      });
    }
    return session;
  }

  /** Stops keeping a session and gives its token back, unless it is somebody else's. */
  #dismiss(session: Session): void {
    session.ended.abort();
    if (this.#options.auth.kind === 'token') return;
    const farewell = session.login.client.revokeSelf().finally(() => {
      this.#farewells.delete(farewell);
    });
    this.#farewells.add(farewell);
  }

  #readWell(apiPath: string, answer: VaultAnswer): VaultAnswer {
    this.#denials.delete(apiPath);
    this.#failure = undefined;
    return answer;
  }

  #rememberDenial(apiPath: string): void {
    const lastMs = this.#denials.get(apiPath)?.lastMs ?? denialMs.first / 2;
    const nextMs = Math.min(lastMs * 2, denialMs.longest);
    const until = this.#options.clock.monotonic() + nextMs;
    this.#denials.set(apiPath, { until, lastMs: nextMs });
  }

  #failed(failure: VaultFailure): SessionOutcome {
    this.#failure = failure;
    return { ok: false, failure };
  }
}

const tooSoon: VaultFailure = {
  kind: 'UNREACHABLE',
  reason: 'the next Vault login is not due yet',
};

function failed(kind: VaultFailure['kind'], reason: string): SessionOutcome {
  return { ok: false, failure: { kind, reason } };
}
