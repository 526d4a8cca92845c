import type { Clock } from '../domain/clock.ts';
import type { VaultFailure } from './vault-failure.ts';

/**
 * Longer than the 15 minutes in which Vault counts failed AppRole logins, and than the 15 minutes for
 * which five of them lock the role, good secret ids included.
 */
const lockoutWindowMs = 16 * 60_000;
const maximumRefusals = 3;
const maximumRefusalsOfOne = 2;
const secondTryMs = 60_000;

const weatherBackoffMs = { first: 1_000, longest: 15_000 };
const refusalBackoffMs = { first: 10_000, longest: 5 * 60_000 };

/**
 * When the next login may be sent. After weather it waits briefly. After a refusal of AppRole
 * credentials it stays far below the five failures that lock the role, since every replica of this
 * service counts towards the same five; new credentials may be tried at once within that limit.
 */
export class LoginGate {
  readonly #clock: Clock;
  readonly #hasLockout: boolean;
  #refusals: { readonly at: number; readonly credentials: string }[] = [];
  #failures = 0;
  #notBefore = 0;

  constructor(clock: Clock, hasLockout: boolean) {
    this.#clock = clock;
    this.#hasLockout = hasLockout;
  }

  /** Milliseconds until these credentials may be sent; 0 when they may be sent now. */
  waitMs(credentials: string): number {
    const now = this.#clock.monotonic();
    return Math.max(0, this.#notBefore - now, this.#lockoutEnd(credentials, now) - now);
  }

  succeeded(): void {
    this.#refusals = [];
    this.#failures = 0;
    this.#notBefore = 0;
  }

  failed(failure: VaultFailure, credentials: string): void {
    const now = this.#clock.monotonic();
    const isRefusal = failure.kind === 'LOGIN_REFUSED';
    if (isRefusal && this.#hasLockout) {
      this.#refusals.push({ at: now, credentials });
      this.#failures = 0;
      return;
    }
    const { first, longest } = isRefusal ? refusalBackoffMs : weatherBackoffMs;
    const backoff = jittered(Math.min(longest, first * 2 ** this.#failures));
    this.#failures = Math.min(this.#failures + 1, 20);
    this.#notBefore = now + Math.max(backoff, failure.retryAfterMs ?? 0);
  }

  #lockoutEnd(credentials: string, now: number): number {
    this.#refusals = this.#refusals.filter(({ at }) => now - at < lockoutWindowMs);
    const all = this.#refusals.map(({ at }) => at);
    const same = this.#refusals
      .filter((refusal) => refusal.credentials === credentials)
      .map(({ at }) => at);
    return Math.max(
      (same.at(-1) ?? -Infinity) + secondTryMs,
      (same.at(-maximumRefusalsOfOne) ?? -Infinity) + lockoutWindowMs,
      (all.at(-maximumRefusals) ?? -Infinity) + lockoutWindowMs,
    );
  }
}

/** Spread over 75 to 100 %, so that replicas don't come back together. */
export function jittered(ms: number): number {
  return ms * (0.75 + Math.random() / 4);
}
