import { Server as NetServer } from 'node:net';
import type { Server, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';

type DrainableServer = NetServer & Pick<Server, 'closeAllConnections' | 'closeIdleConnections'>;

export interface DrainOptions {
  /** How long everything is served as before while readiness already says no. */
  readonly drainDelayMs: number;
  /** How long idle connections stay open after that, for requests that are already on their way. */
  readonly idleLingerMs: number;
  /** How long requests in flight may take once no new connections are accepted. */
  readonly drainGraceMs: number;
}

/**
 * Takes an HTTP server out of service without dropping a request: readiness says no, the delay passes,
 * the listener closes, answers ask clients to leave, what is in flight is finished, idle connections are
 * closed, and what exceeds the grace period is cut.
 */
export class Drain {
  readonly #server: DrainableServer;
  readonly #options: DrainOptions;
  readonly #log: Pick<Logger, 'info' | 'warn'>;
  readonly #steps: (() => Promise<void> | void)[] = [];
  readonly #inFlight = new Set<ServerResponse>();
  #onIdle: (() => void) | undefined;
  #draining: Promise<void> | undefined;
  #closing = false;

  constructor(server: DrainableServer, options: DrainOptions, log: Pick<Logger, 'info' | 'warn'>) {
    this.#server = server;
    this.#options = options;
    this.#log = log;
  }

  /** Whether readiness has to say no. */
  get draining(): boolean {
    return this.#draining !== undefined;
  }

  /**
   * Whether an answer has to be the last on its connection. One that has other requests waiting behind it
   * is not, or those would be dropped.
   */
  isLast(response: ServerResponse): boolean {
    if (!this.#closing) return false;
    const { socket } = response.req;
    for (const other of this.#inFlight) {
      if (other !== response && other.req.socket === socket) return false;
    }
    return true;
  }

  requestStarted(response: ServerResponse): void {
    this.#inFlight.add(response);
  }

  requestEnded(response: ServerResponse): void {
    this.#inFlight.delete(response);
    if (this.#inFlight.size === 0) this.#onIdle?.();
  }

  /** Adds what has to end beside requests, such as WebSocket connections; it shares the grace period. */
  addStep(step: () => Promise<void> | void): void {
    this.#steps.push(step);
  }

  /** Runs once; later calls wait for the first. Resolves when the last connection is closed. */
  run(): Promise<void> {
    this.#draining ??= this.#run();
    return this.#draining;
  }

  async #run(): Promise<void> {
    const { drainDelayMs, idleLingerMs, drainGraceMs } = this.#options;
    if (!this.#server.listening) return;
    this.#log.info({ drainDelayMs, drainGraceMs }, 'draining');
    if (drainDelayMs > 0) await sleep(drainDelayMs);

    this.#closing = true;
    const closed = new Promise<void>((resolve) => {
      // Unlike http's own close, net's leaves idle connections alone: a request may be travelling on one.
      NetServer.prototype.close.call(this.#server, () => resolve());
    });
    const grace = new AbortController();
    const finished = Promise.all([
      this.#finishRequests(closed, Math.min(idleLingerMs, drainGraceMs), grace.signal),
      ...this.#steps.map((step) => step()),
    ]);
    const inTime = await Promise.race([
      finished.then(() => true),
      sleep(drainGraceMs, false, { signal: grace.signal }).catch(() => false),
    ]).finally(() => grace.abort());
    if (!inTime) {
      this.#log.warn({ requestsCut: this.#inFlight.size }, 'drain exceeded its grace period');
    }
    this.#server.closeAllConnections();
    this.#log.info('drained');
  }

  async #finishRequests(
    closed: Promise<void>,
    lingerMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    await Promise.race([closed, sleep(lingerMs, undefined, { signal }).catch(() => {})]);
    while (this.#inFlight.size > 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    this.#server.closeIdleConnections();
  }
}
