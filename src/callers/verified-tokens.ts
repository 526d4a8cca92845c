import { hash } from 'node:crypto';

import type { Caller } from './caller.ts';
import type { KeySet } from './remote-keys.ts';

/** The caller of a token, and the keys that vouched for it. */
export interface VerifiedToken {
  readonly caller: Caller;
  /** As in {@link Caller.expiresAtMs}. */
  readonly expiresAtMs: number;
  readonly keys: KeySet;
}

/**
 * The tokens that were found good, by digest: a token itself is never kept. The least recently used one
 * makes room.
 */
export class VerifiedTokens {
  readonly #byDigest = new Map<string, VerifiedToken>();
  readonly #maximum: number;

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  get size(): number {
    return this.#byDigest.size;
  }

  get(digest: string): VerifiedToken | undefined {
    const found = this.#byDigest.get(digest);
    if (found === undefined) return undefined;
    this.#byDigest.delete(digest);
    this.#byDigest.set(digest, found);
    return found;
  }

  set(digest: string, verified: VerifiedToken): void {
    this.#byDigest.delete(digest);
    this.#byDigest.set(digest, verified);
    if (this.#byDigest.size <= this.#maximum) return;
    const oldest = this.#byDigest.keys().next();
    if (oldest.done !== true) this.#byDigest.delete(oldest.value);
  }

  delete(digest: string): void {
    this.#byDigest.delete(digest);
  }
}

/** Under which a token is remembered; SHA-256, so that no other token has it. */
export function tokenDigest(token: string): string {
  return hash('sha256', token, 'base64url');
}
