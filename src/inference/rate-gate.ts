import type { RateLimitState } from '../domain/inference.ts';

/**
 * Holds back launches that a provider has already said it would refuse, from its rate-limit headers and
 * from its refusals. Keeps one state for each offering: service tiers have limits of their own.
 */
export class RateGate {
  readonly #states = new Map<string, GateState>();

  /** Milliseconds until a request of at least `leastTokens` can pass; 0 when it may pass now. */
  waitMs(offeringId: string, leastTokens: number, nowMs: number): number {
    const state = this.#states.get(offeringId);
    if (state === undefined) return 0;
    const until = Math.max(
      state.blockedUntilMs,
      state.requestsRemaining === 0 ? state.requestsResetAtMs : 0,
      (state.tokensRemaining ?? Infinity) < leastTokens ? state.tokensResetAtMs : 0,
    );
    return Math.max(0, until - nowMs);
  }

  /** Takes what the headers of an answer say. */
  note(
    offeringId: string,
    { requestsRemaining, requestsResetMs, tokensRemaining, tokensResetMs }: RateLimitState,
    nowMs: number,
  ): void {
    this.#put(offeringId, {
      blockedUntilMs: this.#states.get(offeringId)?.blockedUntilMs ?? 0,
      requestsRemaining,
      requestsResetAtMs: nowMs + (requestsResetMs ?? 0),
      tokensRemaining,
      tokensResetAtMs: nowMs + (tokensResetMs ?? 0),
    });
  }

  /** Takes a refusal that says when to come back. */
  block(offeringId: string, untilMs: number): void {
    const known = this.#states.get(offeringId);
    this.#put(offeringId, { ...(known ?? openGate), blockedUntilMs: untilMs });
  }

  #put(offeringId: string, state: GateState): void {
    if (this.#states.size >= maximumStates) this.#states.clear();
    this.#states.set(offeringId, state);
  }
}

interface GateState {
  readonly blockedUntilMs: number;
  readonly requestsRemaining: number | undefined;
  readonly requestsResetAtMs: number;
  readonly tokensRemaining: number | undefined;
  readonly tokensResetAtMs: number;
}

const openGate: GateState = {
  blockedUntilMs: 0,
  requestsRemaining: undefined,
  requestsResetAtMs: 0,
  tokensRemaining: undefined,
  tokensResetAtMs: 0,
};

/** Offerings whose state is kept; forgetting only means that the provider has to say it again. */
const maximumStates = 10_000;
