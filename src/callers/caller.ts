import type { Decimal } from '../domain/decimal.ts';

/** What a caller may do beyond reading the catalogue. */
export type Scope =
  /** Launch inference, and cancel what one launched. */
  | 'inference:launch'
  /** Read one's own runs, usage and events. */
  | 'inference:read'
  /** Resolve runs whose outcome is unknown, as an operator. */
  | 'inference:operate';

/** Who calls, and what he may do; the same for every transport. */
export interface Caller {
  /**
   * Whom runs, idempotency keys and budgets belong to. Undefined for an anonymous reader and for a router
   * that names nobody: they may read the catalogue and may not launch.
   */
  readonly id: string | undefined;
  readonly scopes: ReadonlySet<Scope>;
  /** USD for one UTC day, from the token; absent where the token sets none, so that the default counts. */
  readonly dailyBudgetUsd?: Decimal;
  /** Whether he may see `_service` and introspection where they are not open to everybody. */
  readonly mayIntrospect: boolean;
  /**
   * Milliseconds since the epoch from which this caller is refused; a connection that outlives a request
   * ends then. It may be further away than a timer of the runtime reaches (2^31 - 1 ms).
   */
  readonly expiresAtMs?: number;
}

export const noScopes: ReadonlySet<Scope> = new Set();

export const allScopes: ReadonlySet<Scope> = new Set<Scope>([
  'inference:launch',
  'inference:read',
  'inference:operate',
]);

/** The scopes among the given names; others are for somebody else's service. */
export function knownScopes(names: Iterable<string>): ReadonlySet<Scope> {
  const scopes = new Set<Scope>();
  for (const name of names) {
    if (isScope(name)) scopes.add(name);
  }
  return scopes;
}

function isScope(name: string): name is Scope {
  return (allScopes as ReadonlySet<string>).has(name);
}
