/** What subscribers may take. Every bound is on this process. */
export interface SubscriptionLimits {
  /** Subscriptions of all transports together; further ones are refused. */
  readonly maxSubscriptions: number;
  /** WebSocket connections; further ones are refused with 503. */
  readonly maxWebSockets: number;
  /** Subscriptions on one WebSocket connection. */
  readonly maxPerWebSocket: number;
  /** Bytes of one WebSocket message. */
  readonly maxMessageBytes: number;
  /** Messages that one WebSocket connection may send within ten seconds. */
  readonly maxMessagesPerTenSeconds: number;
  /** How long a WebSocket may wait with `connection_init`. */
  readonly initTimeoutMs: number;
  /** How often a connection is shown to be alive; a WebSocket that does not answer by then is cut. */
  readonly keepAliveMs: number;
  /** Bytes that may wait for one reader; nothing further is made for him until he has taken them. */
  readonly maxBufferedBytes: number;
  /** How long a reader may leave that much waiting before he is told so and dropped. */
  readonly slowReaderMs: number;
  /** How long the other side has to say goodbye before it is cut. */
  readonly closeGraceMs: number;
  /** How long a router may take to answer one callback. */
  readonly callbackTimeoutMs: number;
}

export const defaultSubscriptionLimits: SubscriptionLimits = {
  maxSubscriptions: 20_000,
  maxWebSockets: 8_000,
  maxPerWebSocket: 100,
  maxMessageBytes: 128 * 1024,
  maxMessagesPerTenSeconds: 500,
  initTimeoutMs: 10_000,
  keepAliveMs: 15_000,
  maxBufferedBytes: 64 * 1024,
  slowReaderMs: 15_000,
  closeGraceMs: 2_000,
  callbackTimeoutMs: 5_000,
};
