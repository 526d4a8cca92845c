import type { ServerResponse } from 'node:http';
import type { GraphQLFormattedError } from 'graphql';

import { EVENT_STREAM_TYPE } from '../answers.ts';
import type { HttpAnswer } from '../answers.ts';
import type { SubscriptionEnd } from '../metrics.ts';
import { farewells } from './carrier.ts';
import type { Carried, Carrier, CarrierSurroundings } from './carrier.ts';
import { atExpiry } from './expiry.ts';

const headers = {
  'content-type': EVENT_STREAM_TYPE,
  // Buffering proxies would keep events until there are many.
  'x-accel-buffering': 'no',
} as const;

/** A comment: shows that the connection is alive, and makes browsers take note of the head. */
const sign = ':\n\n';
const completion = 'event: complete\ndata:\n\n';

/** An operation that was not begun, told in the stream's own way: clients read no other from a stream. */
export function refusedStream(errors: readonly GraphQLFormattedError[]): HttpAnswer {
  return { status: 200, headers, body: `${nextEvent(JSON.stringify({ errors }))}${completion}` };
}

/**
 * One subscription as server-sent events, in the "distinct connections" mode of the GraphQL over SSE
 * protocol: `next` for each result, `complete` at the end. What ends it from here is a `next` with the
 * error before that.
 *
 * Results are made only when the client has taken enough of those before.
 */
export class EventStream implements Carrier {
  readonly #carried: Carried;
  readonly #surroundings: CarrierSurroundings;
  readonly #callOff: (() => void)[] = [];
  readonly #closed = Promise.withResolvers<void>();
  #response: ServerResponse | undefined;
  #isEnding = false;

  constructor(carried: Carried, surroundings: CarrierSurroundings) {
    this.#carried = carried;
    this.#surroundings = surroundings;
  }

  /** Resolves when the response is closed. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  answer(): HttpAnswer {
    return { status: 200, headers, body: '', stream: (response) => this.#begin(response) };
  }

  leave(): Promise<void> {
    this.#end('drained', [farewells.drained]);
    return this.closed;
  }

  cut(): void {
    this.#response?.destroy();
  }

  #begin(response: ServerResponse | undefined): void {
    const { limits, now } = this.#surroundings;
    if (response === undefined || this.#isEnding) {
      response?.end();
      this.#end('left', undefined);
      return;
    }
    this.#response = response;
    response.on('close', () => {
      this.#end('left', undefined);
      this.#closed.resolve();
    });
    response.on('error', () => undefined);
    response.write(sign);
    const signs = setInterval(() => {
      if (response.writableLength === 0) response.write(sign);
    }, limits.keepAliveMs);
    this.#callOff.push(
      () => clearInterval(signs),
      atExpiry(this.#carried.caller, now, () => this.#end('expired', [farewells.expired])),
    );
    void this.#carry(response);
  }

  /** Never rejects: neither the stream nor waiting for room does. */
  async #carry(response: ServerResponse): Promise<void> {
    const { stream, resultSent } = this.#carried;
    for (;;) {
      const step = await stream.next();
      if (this.#isEnding) return;
      switch (step.kind) {
        case 'RESULT':
          response.write(nextEvent(step.json));
          resultSent();
          await this.#room(response);
          break;
        case 'END':
          this.#end('completed', []);
          return;
        case 'FAILED':
          this.#end('failed', step.errors);
          return;
      }
    }
  }

  /** Waits until little enough is left to be taken. */
  async #room(response: ServerResponse): Promise<void> {
    const { maxBufferedBytes, slowReaderMs } = this.#surroundings.limits;
    if (response.writableLength <= maxBufferedBytes || !response.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(() => this.#end('too_slow', [farewells.too_slow]), slowReaderMs);
      const settle = (): void => {
        clearTimeout(late);
        response.off('drain', settle).off('close', settle);
        resolve();
      };
      response.on('drain', settle).on('close', settle);
    });
  }

  /** @param errors - undefined when there is nobody left to be told. */
  #end(end: SubscriptionEnd, errors: readonly GraphQLFormattedError[] | undefined): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    for (const callOff of this.#callOff) callOff();
    this.#carried.stream.close();
    this.#carried.ended(end);
    const response = this.#response;
    if (response === undefined) {
      this.#closed.resolve();
      return;
    }
    if (errors === undefined) return;
    const last = errors.length === 0 ? '' : nextEvent(JSON.stringify({ errors }));
    response.end(`${last}${completion}`);
    const cut = setTimeout(() => response.destroy(), this.#surroundings.limits.closeGraceMs);
    response.on('close', () => clearTimeout(cut));
  }
}

function nextEvent(json: string): string {
  return `event: next\ndata: ${json}\n\n`;
}
