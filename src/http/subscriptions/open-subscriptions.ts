import type { SubscriptionTransport, SubscriptionEnd, HttpMetrics } from '../metrics.ts';

/** Counts the subscriptions of all transports, within a bound. */
export class OpenSubscriptions {
  readonly #maximum: number;
  readonly #metrics: HttpMetrics;
  #count = 0;

  constructor(maximum: number, metrics: HttpMetrics) {
    this.#maximum = maximum;
    this.#metrics = metrics;
  }

  get count(): number {
    return this.#count;
  }

  /** Takes a place; undefined when every one is taken. The place is given back once, with the reason. */
  take(transport: SubscriptionTransport): ((end: SubscriptionEnd) => void) | undefined {
    if (this.#count >= this.#maximum) return undefined;
    this.#count += 1;
    this.#metrics.subscriptionBegan(transport);
    let isGivenBack = false;
    return (end) => {
      if (isGivenBack) return;
      isGivenBack = true;
      this.#count -= 1;
      this.#metrics.subscriptionEnded(transport, end);
    };
  }
}
