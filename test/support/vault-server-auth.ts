import { randomUUID } from 'node:crypto';
import type { Clock } from '../../src/domain/clock.ts';
import { denied, failure, success, type VaultReply } from './vault-server-replies.ts';

interface Token {
  readonly accessor: string;
  readonly renewable: boolean;
  readonly numUses: number;
  /** Seconds; 0 for a token that never ends. */
  readonly ttl: number;
  readonly maxEndsAt: number;
  readonly isRoot: boolean;
  endsAt: number;
  usesLeft: number;
}

const lockoutWindowMs = 15 * 60_000;
const lockoutFailures = 5;

/** Tokens, AppRole and Kubernetes logins of the loopback Vault, with Vault's user lockout. */
export class LoopbackAuth {
  readonly roleId = 'role-59d6d1ca';
  readonly secretId = 'secret-id-MARKED-84896a0c';
  /** Secret ids that do, with the number of logins left for each. */
  readonly secretIds = new Map<string, number>([[this.secretId, Infinity]]);
  readonly kubernetesRole = 'gpubroker';
  readonly serviceAccountTokens = new Set<string>(['header.MARKED-JWT.signature']);
  approleMount = 'approle';
  kubernetesMount = 'kubernetes';
  /** Seconds that a login's token lives. */
  ttl = 3600;
  /** Seconds after which it can't be renewed further. */
  maxTtl = 2_764_800;
  renewable = true;
  numUses = 0;
  /** Marks every token that is issued, so that tests can search for it. */
  tokenPrefix = 'hvs.MARKED-TOKEN-';
  badTokenWording: 'BAD_TOKEN' | 'PLAIN' = 'BAD_TOKEN';
  hasDefaultPolicy = true;
  demandsSecondFactor = false;
  logins = 0;
  renewals = 0;
  readonly revoked: string[] = [];
  readonly #tokens = new Map<string, Token>();
  readonly #clock: Clock;
  #failedLogins: number[] = [];
  #lockedUntil = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get failedLogins(): number {
    return this.#failedLogins.length;
  }

  get isLocked(): boolean {
    return this.#clock.now() < this.#lockedUntil;
  }

  get liveTokens(): readonly string[] {
    return [...this.#tokens.keys()];
  }

  /** A token such as an operator makes by hand. `ttl` in seconds; 0 with `isRoot` for one that never ends. */
  issue(parts: Partial<Token> & { readonly ttl: number }): string {
    const now = this.#clock.now();
    const text = `${this.tokenPrefix}${randomUUID()}`;
    const endsAt = parts.ttl === 0 ? Infinity : now + parts.ttl * 1000;
    this.#tokens.set(text, {
      accessor: `accessor-${randomUUID()}`,
      renewable: true,
      numUses: 0,
      maxEndsAt: now + this.maxTtl * 1000,
      isRoot: false,
      usesLeft: Infinity,
      endsAt,
      ...parts,
    });
    return text;
  }

  /** Ends every token, as a restart of a development server or an operator would. */
  revokeAll(): void {
    this.#tokens.clear();
  }

  /** Refuses a request whose token is not valid; undefined lets it pass. */
  check(text: string | undefined): VaultReply | undefined {
    const token = this.#valid(text);
    if (token === undefined) return denied(this.badTokenWording);
    token.usesLeft -= 1;
    return token.usesLeft < 0 ? denied(this.badTokenWording) : undefined;
  }

  login(mount: string, body: Record<string, unknown>): VaultReply {
    if (mount === this.approleMount) return this.#approleLogin(body);
    if (mount === this.kubernetesMount) return this.#kubernetesLogin(body);
    return denied('PLAIN');
  }

  /** `token/lookup-self`, `renew-self` and `revoke-self`, for a token that was checked. */
  self(action: string, text: string): VaultReply {
    const token = this.#valid(text);
    if (token === undefined) return denied(this.badTokenWording);
    if (!this.hasDefaultPolicy) return denied('POLICY');
    if (action === 'revoke-self') {
      this.#tokens.delete(text);
      this.revoked.push(text);
      return { status: 204 };
    }
    return action === 'renew-self' ? this.#renew(text, token) : this.#lookup(text, token);
  }

  #approleLogin(body: Record<string, unknown>): VaultReply {
    if (this.isLocked) return denied('PLAIN');
    const secretId = String(body['secret_id']);
    const uses = this.secretIds.get(secretId) ?? 0;
    if (body['role_id'] !== this.roleId || uses <= 0) {
      const now = this.#clock.now();
      this.#failedLogins = this.#failedLogins.filter((at) => now - at < lockoutWindowMs);
      this.#failedLogins.push(now);
      if (this.#failedLogins.length >= lockoutFailures) this.#lockedUntil = now + lockoutWindowMs;
      // The one wording that quotes the credential.
      return failure(400, `invalid secret_id "${secretId}"`);
    }
    this.secretIds.set(secretId, uses - 1);
    this.#failedLogins = [];
    return this.#loggedIn();
  }

  #kubernetesLogin(body: Record<string, unknown>): VaultReply {
    if (body['role'] !== this.kubernetesRole) return failure(400, 'invalid role name "x"');
    return this.serviceAccountTokens.has(String(body['jwt'])) ? this.#loggedIn() : denied('PLAIN');
  }

  #loggedIn(): VaultReply {
    this.logins += 1;
    if (this.demandsSecondFactor) {
      return success({
        auth: { client_token: '', mfa_requirement: { mfa_request_id: 'x' }, lease_duration: 0 },
      });
    }
    const uses = this.numUses === 0 ? Infinity : this.numUses;
    const text = this.issue({
      ttl: this.ttl,
      renewable: this.renewable,
      numUses: this.numUses,
      usesLeft: uses,
    });
    return this.#authReply(text, this.ttl, null);
  }

  #renew(text: string, token: Token): VaultReply {
    if (!token.renewable) return failure(400, 'lease is not renewable');
    this.renewals += 1;
    const now = this.#clock.now();
    token.endsAt = Math.min(now + token.ttl * 1000, token.maxEndsAt);
    const seconds = Math.floor((token.endsAt - now) / 1000);
    const warnings =
      seconds < token.ttl ? ['TTL of "1h" exceeded the effective max_ttl of "12m"'] : null;
    return this.#authReply(text, seconds, warnings);
  }

  #lookup(text: string, token: Token): VaultReply {
    const ttl = token.endsAt === Infinity ? 0 : (token.endsAt - this.#clock.now()) / 1000;
    return success({
      data: {
        id: text,
        accessor: token.accessor,
        policies: ['default'],
        num_uses: token.numUses,
        ttl: Math.floor(ttl),
        expire_time: token.endsAt === Infinity ? null : new Date(token.endsAt).toISOString(),
        ...(token.isRoot ? {} : { renewable: token.renewable }),
      },
    });
  }

  #authReply(text: string, seconds: number, warnings: readonly string[] | null): VaultReply {
    const token = this.#tokens.get(text);
    return success({
      warnings,
      auth: {
        client_token: text,
        accessor: token?.accessor,
        policies: ['default'],
        metadata: null,
        lease_duration: seconds,
        renewable: token?.renewable,
        token_type: 'service',
        mfa_requirement: null,
        num_uses: token?.numUses,
      },
    });
  }

  #valid(text: string | undefined): Token | undefined {
    const token = text === undefined ? undefined : this.#tokens.get(text);
    if (text === undefined || token === undefined) return undefined;
    if (token.endsAt > this.#clock.now()) return token;
    this.#tokens.delete(text);
    return undefined;
  }
}
