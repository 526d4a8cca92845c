import type { Decimal } from '../domain/decimal.ts';
import { decimalOf, memberOf, objectOf, parseJson } from '../providers/json.ts';
import { knownScopes } from './caller.ts';
import type { Caller } from './caller.ts';
import { tokenRefused } from './refused.ts';

export interface ClaimNames {
  /** Undefined where callers are users, not tenants. */
  readonly tenant: string | undefined;
  readonly budget: string;
}

/** A caller who is one only until his token expires. */
export type TokenCaller = Caller & Required<Pick<Caller, 'expiresAtMs'>>;

/**
 * The caller that a token's claims mean. Only for claims whose signature, issuer, audience and times were
 * checked.
 *
 * @param payload - the text of the claims, from which a budget keeps every digit.
 * @param toleranceMs - for how long after its `exp` a token is still taken.
 * @throws GraphQLError UNAUTHENTICATED when a claim that counts is missing or not in its form.
 */
export function callerOfClaims(
  claims: Claims,
  payload: string,
  names: ClaimNames,
  toleranceMs: number,
): TokenCaller {
  const scopes = knownScopes(scopeNames(claims));
  const budget = budgetOf(claims, payload, names.budget);
  return {
    id: callerId(claims, names.tenant),
    scopes,
    ...(budget === undefined ? {} : { dailyBudgetUsd: budget }),
    mayIntrospect: scopes.has('inference:operate'),
    expiresAtMs: expiryOf(claims) * 1000 + toleranceMs,
  };
}

/**
 * The caller's id: issuer and tenant, else issuer and subject, else issuer and client. Two callers never
 * share one, because each part is percent-encoded and so cannot hold the separator.
 */
export function tokenCallerId(
  issuer: string,
  kind: 'tenant' | 'subject' | 'client',
  name: string,
): string {
  return `jwt:${encodeURIComponent(issuer)}:${kind}:${encodeURIComponent(name)}`;
}

type Claims = Readonly<Record<string, unknown>>;

/** The most that OpenID Connect lets a subject have (Core 1.0, section 2). */
const maximumNameLength = 255;
/** The end of the year 9999; a larger `exp` is not a time, and 1e999 would never end. */
const maximumNumericDate = 253_402_300_799;
/** OAuth's own claim, and those that common issuers use in its place. */
const scopeClaims = ['scope', 'scp', 'permissions'] as const;

function callerId(claims: Claims, tenantClaim: string | undefined): string {
  const issuer = nameIn(claims, 'iss');
  if (issuer === undefined) throw refusedClaim('iss');
  const subject = nameIn(claims, 'sub');
  const client = nameIn(claims, 'client_id') ?? nameIn(claims, 'azp');
  const tenant = tenantClaim === undefined ? undefined : nameIn(claims, tenantClaim);
  if (subject === undefined && client === undefined) throw refusedClaim('sub');
  if (tenant !== undefined) return tokenCallerId(issuer, 'tenant', tenant);
  if (subject !== undefined) return tokenCallerId(issuer, 'subject', subject);
  return tokenCallerId(issuer, 'client', client ?? '');
}

/** A claim that names somebody; undefined when it is absent. */
function nameIn(claims: Claims, claim: string): string | undefined {
  const value = memberOf(claims, claim);
  if (value === undefined) return undefined;
  if (
    typeof value !== 'string' ||
    value === '' ||
    value.length > maximumNameLength ||
    !value.isWellFormed()
  ) {
    throw refusedClaim(claim);
  }
  return value;
}

function expiryOf(claims: Claims): number {
  const value = memberOf(claims, 'exp');
  if (typeof value === 'number' && value >= 0 && value <= maximumNumericDate) return value;
  throw refusedClaim('exp');
}

/** Names in a claim of another form are passed over, which gives fewer rights and never more. */
function* scopeNames(claims: Claims): Generator<string> {
  for (const claim of scopeClaims) {
    const value = memberOf(claims, claim);
    if (typeof value === 'string') yield* value.split(' ');
    if (!Array.isArray(value)) continue;
    for (const name of value) {
      if (typeof name === 'string') yield name;
    }
  }
}

/** A budget that cannot be read must not become no budget. */
function budgetOf(claims: Claims, payload: string, claim: string): Decimal | undefined {
  const value = memberOf(claims, claim);
  if (value === undefined) return undefined;
  const budget = typeof value === 'number' ? exactNumber(payload, claim) : decimalOf(value);
  if (budget === undefined || budget.isNegative()) throw refusedClaim(claim);
  return budget;
}

/** The number as it was written, which the parsed claims may hold only as the nearest binary float. */
function exactNumber(payload: string, claim: string): Decimal | undefined {
  const parsed = parseJson(payload);
  const claims = parsed.ok ? objectOf(parsed.value) : undefined;
  return claims === undefined ? undefined : decimalOf(memberOf(claims, claim));
}

function refusedClaim(claim: string) {
  return tokenRefused('TOKEN_CLAIM', `The token's claim ${claim} is missing or not in its form.`);
}
