import { setTimeout as sleep } from 'node:timers/promises';

import type { GraphQLFormattedError } from 'graphql';

import { clientError } from '../../graphql/errors.ts';
import type { OutwardHttp } from '../../providers/http.ts';
import type { SubscriptionEnd } from '../metrics.ts';
import type { CallbackRequest } from './callback-request.ts';
import { farewells } from './carrier.ts';
import type { Carried, Carrier, CarrierSurroundings } from './carrier.ts';
import { atExpiry } from './expiry.ts';

/** The version that is spoken, on every message. */
export const callbackProtocol = { 'subscription-protocol': 'callback/1.0' } as const;

/** What became of a message to the router. */
type Delivery =
  | 'TAKEN'
  /** The router knows the subscription no more. */
  | 'GONE'
  /** The router wants no more of it. */
  | 'REFUSED'
  /** No byte of it was sent, so that it may be sent again. */
  | 'NOT_SENT'
  | 'LOST';

/** Repeats of a message of which no byte was sent, with a pause before each, in milliseconds. */
const repeatAfterMs = [100, 300, 1_000] as const;
/** Heartbeats in a row that may fail. */
const maximumLostHeartbeats = 3;
/** The share of the router's interval after which it hears of us: within it, the way there included. */
const heartbeatShare = 0.75;
const maximumAnswerBytes = 64 * 1024;

/**
 * One subscription that a router is told of by HTTP callbacks, version 1.0: `check` before it begins and
 * as a heartbeat, `next` for each result, `complete` at the end; a 404 ends it.
 *
 * One message is under way at a time beside heartbeats, and a result is made when the one before it was
 * taken, so that a slow router makes nothing pile up here. What may have arrived is not sent again.
 */
export class CallbackSubscription implements Carrier {
  readonly #request: CallbackRequest;
  readonly #carried: Carried;
  readonly #surroundings: CarrierSurroundings;
  readonly #http: Pick<OutwardHttp, 'call'>;
  readonly #cut = new AbortController();
  readonly #callOff: (() => void)[] = [];
  #carrying: Promise<void> = Promise.resolve();
  #end: SubscriptionEnd | undefined;
  /** What the router is told at the end; undefined when it need not be told. */
  #farewell: readonly GraphQLFormattedError[] | undefined = [];

  constructor(
    request: CallbackRequest,
    carried: Carried,
    surroundings: CarrierSurroundings,
    http: Pick<OutwardHttp, 'call'>,
  ) {
    this.#request = request;
    this.#carried = carried;
    this.#surroundings = surroundings;
    this.#http = http;
  }

  /** Resolves when nothing more is sent. */
  get closed(): Promise<void> {
    return this.#carrying;
  }

  /**
   * Asks the router whether it waits for this subscription, and begins when it does.
   *
   * @throws CALLBACK_REFUSED
   */
  async begin(): Promise<void> {
    const delivery = await this.#send('check');
    if (delivery !== 'TAKEN') {
      this.#finish('failed', undefined);
      this.#carried.ended('failed');
      throw clientError(
        'CALLBACK_REFUSED',
        'The callback address did not confirm the subscription.',
      );
    }
    const { now } = this.#surroundings;
    this.#callOff.push(
      atExpiry(this.#carried.caller, now, () => this.#finish('expired', [farewells.expired])),
    );
    this.#carrying = this.#carry();
    void this.#beat();
  }

  leave(): Promise<void> {
    this.#finish('drained', [farewells.drained]);
    return this.closed;
  }

  cut(): void {
    this.#finish('drained', undefined);
    this.#cut.abort();
  }

  /** Never rejects. */
  async #carry(): Promise<void> {
    const { stream, ended, resultSent } = this.#carried;
    for (;;) {
      const step = await stream.next();
      if (this.#end !== undefined || step.kind === 'END') break;
      if (step.kind === 'FAILED') {
        this.#finish('failed', step.errors);
        break;
      }
      const delivery = await this.#deliver('next', `"payload":${step.json}`);
      if (delivery === 'TAKEN') resultSent();
      else this.#finish(delivery === 'GONE' ? 'left' : 'failed', undefined);
    }
    this.#finish('completed', []);
    if (this.#farewell !== undefined) {
      const errors = this.#farewell;
      await this.#deliver(
        'complete',
        errors.length === 0 ? undefined : `"errors":${JSON.stringify(errors)}`,
      );
    }
    ended(this.#end ?? 'completed');
  }

  async #beat(): Promise<void> {
    const { heartbeatIntervalMs } = this.#request;
    if (heartbeatIntervalMs === 0) return;
    const stopped = new AbortController();
    this.#callOff.push(() => stopped.abort());
    let lost = 0;
    while (this.#end === undefined) {
      const pause = sleep(heartbeatIntervalMs * heartbeatShare, undefined, {
        signal: stopped.signal,
      });
      await pause.catch(() => undefined);
      if (this.#end !== undefined) return;
      const delivery = await this.#send('check');
      lost = delivery === 'TAKEN' ? 0 : lost + 1;
      if (delivery === 'GONE' || delivery === 'REFUSED') this.#finish('left', undefined);
      if (lost >= maximumLostHeartbeats) this.#finish('failed', undefined);
    }
  }

  /** Ends the stream, upon which {@link #carry} ends; the first reason counts. */
  #finish(end: SubscriptionEnd, farewell: readonly GraphQLFormattedError[] | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#farewell = farewell;
    for (const callOff of this.#callOff) callOff();
    this.#carried.stream.close();
  }

  async #deliver(action: 'next' | 'complete', content?: string): Promise<Delivery> {
    for (const pauseMs of repeatAfterMs) {
      const delivery = await this.#send(action, content);
      if (delivery !== 'NOT_SENT' || this.#cut.signal.aborted) return delivery;
      await sleep(pauseMs, undefined, { signal: this.#cut.signal }).catch(() => undefined);
    }
    return await this.#send(action, content);
  }

  async #send(action: 'check' | 'next' | 'complete', content?: string): Promise<Delivery> {
    const { url, id, verifier } = this.#request;
    const { callbackTimeoutMs } = this.#surroundings.limits;
    const base = JSON.stringify({ kind: 'subscription', action, id, verifier });
    const call = this.#http.call({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', ...callbackProtocol },
      body: content === undefined ? base : `${base.slice(0, -1)},${content}}`,
      signal: this.#cut.signal,
      limits: {
        connectTimeoutMs: callbackTimeoutMs,
        firstByteTimeoutMs: callbackTimeoutMs,
        idleTimeoutMs: callbackTimeoutMs,
        totalTimeoutMs: callbackTimeoutMs,
        maxBodyBytes: maximumAnswerBytes,
      },
    });
    // A fault of ours ends this subscription, not the process.
    const result = await call.catch(() => undefined);
    if (result === undefined) return 'LOST';
    if (!result.ok) return result.failure.requestWritten ? 'LOST' : 'NOT_SENT';
    const { status } = result.answer;
    if (status >= 200 && status < 300) return 'TAKEN';
    return status === 404 ? 'GONE' : 'REFUSED';
  }
}
