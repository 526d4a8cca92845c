import type { WebSocket } from 'ws';

import type { SubscriptionEnd } from '../metrics.ts';
import type { SubscriptionLimits } from './limits.ts';

/** Close codes beside those of the protocol (RFC 6455, 7.4.1); clients take all of them as "try again". */
export const closeCodes = {
  goingAway: 1001,
  policy: 1008,
  tryAgain: 1013,
  /** graphql-transport-ws. */
  badRequest: 4400,
  unauthenticated: 4401,
  forbidden: 4403,
  idInUse: 4409,
  fault: 4500,
} as const;

/** Why a connection was closed from here. */
interface Closing {
  readonly code: number;
  /** What it means for the subscriptions on it. */
  readonly end: SubscriptionEnd;
}

/** Even answers to pings are kept for a reader no longer than up to this multiple of his bound. */
const hardBoundFactor = 4;

/**
 * A WebSocket that keeps no more for its reader than it may: a bound on bytes that wait, a time in which
 * he has to take them, pings that have to be answered.
 */
export class BoundedSocket {
  readonly #socket: WebSocket;
  readonly #limits: SubscriptionLimits;
  readonly #pings: NodeJS.Timeout;
  #isAlive = true;
  #waiting: (() => void)[] = [];
  #lateTimer: NodeJS.Timeout | undefined;
  /** Why it was closed from here; undefined while it was not. */
  closedFor: Closing | undefined;

  constructor(socket: WebSocket, limits: SubscriptionLimits) {
    this.#socket = socket;
    this.#limits = limits;
    this.#pings = setInterval(() => this.#ping(), limits.keepAliveMs);
    socket.on('pong', () => {
      this.#isAlive = true;
    });
    socket.on('close', () => {
      clearInterval(this.#pings);
      clearTimeout(this.#lateTimer);
      this.#giveRoom();
    });
    // What is wrong is told by the close that follows.
    socket.on('error', () => undefined);
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  send(text: string): void {
    if (!this.isOpen) return;
    const waiting = this.#socket.bufferedAmount;
    if (waiting > this.#limits.maxBufferedBytes * hardBoundFactor) this.#dropSlowReader();
    else this.#socket.send(text, this.#sent);
  }

  /** Resolves when there is room for something more, or when the socket is closed. */
  async room(): Promise<void> {
    while (this.isOpen && this.#socket.bufferedAmount > this.#limits.maxBufferedBytes) {
      this.#lateTimer ??= setTimeout(() => this.#dropSlowReader(), this.#limits.slowReaderMs);
      await this.#nextRoom();
    }
  }

  /** Says goodbye; who does not answer in time is cut. The first reason counts. */
  close(code: number, reason: string, end: SubscriptionEnd = 'failed'): void {
    if (this.closedFor !== undefined) return;
    this.closedFor = { code, end };
    this.#socket.close(code, reason);
    const cut = setTimeout(() => this.#socket.terminate(), this.#limits.closeGraceMs);
    this.#socket.on('close', () => clearTimeout(cut));
  }

  cut(): void {
    this.closedFor ??= { code: closeCodes.goingAway, end: 'left' };
    this.#socket.terminate();
  }

  readonly #sent = (): void => {
    if (this.#socket.bufferedAmount > this.#limits.maxBufferedBytes) return;
    clearTimeout(this.#lateTimer);
    this.#lateTimer = undefined;
    this.#giveRoom();
  };

  #nextRoom(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #giveRoom(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #dropSlowReader(): void {
    this.close(closeCodes.tryAgain, 'Results were taken too slowly; subscribe again', 'too_slow');
    this.#giveRoom();
  }

  #ping(): void {
    if (!this.isOpen) return;
    if (!this.#isAlive) {
      this.cut();
      return;
    }
    this.#isAlive = false;
    this.#socket.ping();
  }
}
