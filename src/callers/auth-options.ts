/** How callers prove who they are. */
export type AuthMode =
  /** Everybody is `local` and may do everything. */
  | 'none'
  /** A router proves itself and names the caller. */
  | 'router'
  /** A user's token says who. */
  | 'jwt'
  /** A router proves itself, and the user's token says who. */
  | 'router+jwt';

/** The settings about callers, as read; `authFaults` tells what is wrong with them. */
export interface AuthOptions {
  /** `AUTH_MODE` as written; undefined when it is not set, which means `none`. */
  readonly mode: string | undefined;
  /** `ROUTER_TOKENS`: one, or two while they are being changed. Read when checked and at construction. */
  readonly routerTokens: () => readonly string[];
  /** `JWT_ISSUER`: the exact `iss` of every token. */
  readonly jwtIssuer: string | undefined;
  /** `JWT_AUDIENCE`: has to be among the `aud` of every token. */
  readonly jwtAudience: string | undefined;
  /** `JWKS_URL`: where the issuer publishes its public keys. */
  readonly jwksUrl: string | undefined;
  /** `JWT_TENANT_CLAIM`: the claim that names whom users act for; undefined for none. */
  readonly jwtTenantClaim: string | undefined;
  /** `JWT_BUDGET_CLAIM`: the claim with USD per UTC day; undefined for {@link defaultBudgetClaim}. */
  readonly jwtBudgetClaim: string | undefined;
  /** `REQUIRE_AUTH_FOR_READS`: whether the catalogue needs a token too, in the modes with `jwt`. */
  readonly requireAuthForReads: boolean;
  /** `ALLOW_INSECURE`: whether mode `none` may listen beyond loopback, and keys may come over plain http. */
  readonly allowInsecure: boolean;
}

export const defaultBudgetClaim = 'gpubroker_budget_usd_per_day';

const authModes: readonly string[] = ['none', 'router', 'jwt', 'router+jwt'] satisfies AuthMode[];

/** The mode that the options mean; undefined for one that does not exist. */
export function authModeOf({ mode = 'none' }: Pick<AuthOptions, 'mode'>): AuthMode | undefined {
  return authModes.includes(mode) ? (mode as AuthMode) : undefined;
}

export function needsRouter(mode: AuthMode): boolean {
  return mode === 'router' || mode === 'router+jwt';
}

export function acceptsTokens(mode: AuthMode): boolean {
  return mode === 'jwt' || mode === 'router+jwt';
}
