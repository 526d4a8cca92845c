import type { RateLimitState } from '../domain/inference.ts';

/**
 * Holds back launches that a provider has already said it would refuse, from its rate-limit headers and
 * from its refusals. Keeps one state for each model of a provider.
 */
export class RateGate {
  readonly #states = new Map<string, GateState>();

  /** Milliseconds until a request of at least `leastTokens` can pass; 0 when it may pass now. */
  waitMs(providerId: string, modelId: string, leastTokens: number, nowMs: number): number {
    const state = this.#states.get(`${providerId}\n${modelId}`);
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
    providerId: string,
    modelId: string,
    { requestsRemaining, requestsResetMs, tokensRemaining, tokensResetMs }: RateLimitState,
    nowMs: number,
  ): void {
    this.#put(providerId, modelId, {
      blockedUntilMs: this.#states.get(`${providerId}\n${modelId}`)?.blockedUntilMs ?? 0,
      requestsRemaining,
      requestsResetAtMs: nowMs + (requestsResetMs ?? 0),
      tokensRemaining,
      tokensResetAtMs: nowMs + (tokensResetMs ?? 0),
    });
  }

  /** Takes a refusal that says when to come back. */
  block(providerId: string, modelId: string, untilMs: number): void {
    const known = this.#states.get(`${providerId}\n${modelId}`);
    this.#put(providerId, modelId, { ...(known ?? openGate), blockedUntilMs: untilMs });
  }

  #put(providerId: string, modelId: string, state: GateState): void {
    if (this.#states.size >= maximumStates) this.#states.clear();
    this.#states.set(`${providerId}\n${modelId}`, state);
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

/** Models whose state is kept; forgetting only means that the provider has to say it again. */
const maximumStates = 10_000;
