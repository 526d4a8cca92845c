import { errors, jwtVerify } from 'jose';
import type { CryptoKey, FlattenedJWSInput, JWSHeaderParameters } from 'jose';
import { GraphQLError } from 'graphql';

import type { Clock } from '../domain/clock.ts';
import type { Caller } from './caller.ts';
import { keysUnavailable, tokenRefused } from './refused.ts';
import type { TokenFault } from './refused.ts';
import type { KeySet, RemoteKeys } from './remote-keys.ts';
import { callerOfClaims } from './token-claims.ts';
import type { ClaimNames, TokenCaller } from './token-claims.ts';
import { VerifiedTokens, tokenDigest } from './verified-tokens.ts';
import type { VerifiedToken } from './verified-tokens.ts';

export interface TokenVerifierOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly claims: ClaimNames;
  readonly keys: RemoteKeys;
  readonly clock: Pick<Clock, 'now'>;
}

/** Signatures that the public key alone can check; no `none`, and no HMAC that the public key could forge. */
const allowedAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

/** How far the issuer's clock and ours may be apart. */
const clockToleranceMs = 5_000;

/** Verified tokens that are remembered at a time. */
const maximumVerifiedTokens = 10_000;

/**
 * Tells who calls by a signed token of the configured issuer.
 *
 * A verified token is remembered until it expires or its issuer publishes other keys than those that
 * vouched for it, of which this service learns within `keysLifeMs`. Refused ones are not remembered.
 */
export class TokenVerifier {
  readonly #options: TokenVerifierOptions;
  readonly #verified = new VerifiedTokens(maximumVerifiedTokens);

  constructor(options: TokenVerifierOptions) {
    this.#options = options;
  }

  /**
   * The caller of a token in compact form, at once where it is remembered.
   *
   * @throws GraphQLError UNAUTHENTICATED with a reason when the token does not hold; SERVICE_UNAVAILABLE with
   * `retryAfterSeconds` when the keys that would prove it can't be had.
   */
  callerOf(token: string): Caller | Promise<Caller> {
    const digest = tokenDigest(token);
    const known = this.#verified.get(digest);
    if (known === undefined) return this.#verifyAnew(token, digest);
    if (this.#isOver(known)) {
      this.#verified.delete(digest);
      throw expired();
    }
    if (known.keys === this.#options.keys.standing()) return known.caller;
    return this.#confirm(known, token, digest);
  }

  /** For a remembered token whose keys have been replaced, or have to be fetched to tell. */
  async #confirm(known: VerifiedToken, token: string, digest: string): Promise<Caller> {
    const keys = await this.#options.keys.present();
    // The fetch may have failed, or have brought the same keys.
    const stands = known.keys === this.#options.keys.standing();
    if (!stands) return await this.#verify(token, digest, keys);
    if (this.#isOver(known)) throw expired();
    return known.caller;
  }

  async #verifyAnew(token: string, digest: string): Promise<Caller> {
    return await this.#verify(token, digest, await this.#options.keys.present());
  }

  async #verify(
    token: string,
    digest: string,
    keys: Awaited<ReturnType<RemoteKeys['present']>>,
  ): Promise<Caller> {
    this.#verified.delete(digest);
    if (!('keyFor' in keys)) throw keysUnavailable(keys.retryAfterSeconds);
    try {
      return await this.#verifyBy(keys, token, digest);
    } catch (error) {
      if (!(error instanceof KeyNotInSet)) throw error;
    }
    const newer = await this.#options.keys.newest();
    if (!('keyFor' in newer)) throw keysUnavailable(newer.retryAfterSeconds);
    if (newer === keys) throw unknownKey();
    try {
      return await this.#verifyBy(newer, token, digest);
    } catch (error) {
      throw error instanceof KeyNotInSet ? unknownKey() : error;
    }
  }

  async #verifyBy(keys: KeySet, token: string, digest: string): Promise<Caller> {
    const caller = await this.#callerBy(keys, token);
    const verified = { caller, expiresAtMs: caller.expiresAtMs, keys };
    if (this.#isOver(verified)) throw expired();
    this.#verified.set(digest, verified);
    return caller;
  }

  async #callerBy(keys: KeySet, token: string): Promise<TokenCaller> {
    const { issuer, audience, claims, clock } = this.#options;
    try {
      const { payload } = await jwtVerify(token, (header, parts) => keyIn(keys, header, parts), {
        issuer,
        audience,
        algorithms: [...allowedAlgorithms],
        requiredClaims: ['exp'],
        clockTolerance: clockToleranceMs / 1000,
        currentDate: new Date(clock.now()),
      });
      return callerOfClaims(payload, payloadText(token), claims, clockToleranceMs);
    } catch (error) {
      throw error instanceof GraphQLError || error instanceof KeyNotInSet
        ? error
        : refusalOf(error);
    }
  }

  #isOver({ expiresAtMs }: VerifiedToken): boolean {
    return this.#options.clock.now() >= expiresAtMs;
  }
}

/** The token names a key that its issuer had not published when we asked. */
class KeyNotInSet extends Error {
  override readonly name = 'KeyNotInSet';
}

/** What issuers put into `typ`; other kinds of tokens are signed with the same keys (RFC 8725, 3.11). */
const tokenTypes: ReadonlySet<unknown> = new Set([
  undefined,
  'jwt',
  'at+jwt',
  'application/jwt',
  'application/at+jwt',
]);

/** Longer key ids name no key. */
const maximumKeyIdLength = 256;

/** The key by which to verify; what the token itself says about keys (`jwk`, `jku`, `x5u`) is not read. */
async function keyIn(
  keys: KeySet,
  header: JWSHeaderParameters,
  parts: FlattenedJWSInput,
): Promise<CryptoKey> {
  const type: unknown = header.typ;
  if (!tokenTypes.has(typeof type === 'string' ? type.toLowerCase() : type)) {
    throw tokenRefused('TOKEN_TYPE', 'The token is of another kind than an access token.');
  }
  const keyId: unknown = header.kid;
  const isKeyId = typeof keyId === 'string' && keyId.length <= maximumKeyIdLength;
  if (keyId !== undefined && !isKeyId) throw unknownKey();
  try {
    return await keys.keyFor(header, parts);
  } catch (error) {
    // Without a name there is nothing to find in a newer set.
    if (isKeyId && error instanceof errors.JWKSNoMatchingKey) throw new KeyNotInSet();
    throw unknownKey();
  }
}

function payloadText(token: string): string {
  return Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
}

/** The refusal for what jose says; its own message and cause may quote claims and stay here. */
function refusalOf(error: unknown): GraphQLError {
  if (error instanceof errors.JWTExpired) return expired();
  if (error instanceof errors.JWTClaimValidationFailed) {
    const [reason, message] = claimFaults[error.claim] ?? otherClaimFault;
    return tokenRefused(reason, message);
  }
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported) {
    const message = `The token has to be signed with one of ${allowedAlgorithms.join(', ')}.`;
    return tokenRefused('TOKEN_ALGORITHM', message);
  }
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) {
    return tokenRefused('TOKEN_MALFORMED', 'The token is not a signed JSON Web Token.');
  }
  return tokenRefused('TOKEN_SIGNATURE', 'The signature of the token does not hold.');
}

const claimFaults: Readonly<Record<string, readonly [TokenFault, string]>> = {
  nbf: ['TOKEN_NOT_YET_VALID', 'The token is not valid yet.'],
  iss: ['TOKEN_ISSUER', 'The token is of another issuer.'],
  aud: ['TOKEN_AUDIENCE', 'The token is for another audience.'],
};

const otherClaimFault = [
  'TOKEN_CLAIM',
  'A claim that the token needs is missing or not in its form.',
] as const;

function expired(): GraphQLError {
  return tokenRefused('TOKEN_EXPIRED', 'The token has expired.');
}

function unknownKey(): GraphQLError {
  return tokenRefused('TOKEN_KEY', 'The token is not signed with a key that its issuer publishes.');
}
