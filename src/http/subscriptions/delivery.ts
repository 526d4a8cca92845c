import type { GraphQLFormattedError } from 'graphql';

import type { ResultStream } from '../../graphql/subscriptions/result-stream.ts';
import type { SubscriptionEnd } from '../metrics.ts';
import type { BoundedSocket } from './bounded-socket.ts';

/** Ends an operation with errors that are in a client's form already. */
export class SubscriptionFailed extends Error {
  override readonly name = 'SubscriptionFailed';
  readonly errors: readonly GraphQLFormattedError[];

  constructor(errors: readonly GraphQLFormattedError[]) {
    super('The subscription could not go on');
    this.errors = errors;
  }
}

/**
 * Brings the results of one subscription to a WebSocket.
 *
 * It stands where the protocol's library expects a generator of results, and gives it none: the library
 * would serialise each result for each subscriber, while here the text that many share is put into their
 * messages as it is. When, and under which id, messages may be sent is the library's business still.
 */
export class Delivery implements AsyncGenerator<never, void, undefined> {
  readonly #stream: ResultStream;
  readonly #socket: BoundedSocket;
  readonly #head: string;
  readonly #ended: (end: SubscriptionEnd) => void;
  readonly #resultSent: () => void;
  #isClosed = false;

  constructor(
    stream: ResultStream,
    socket: BoundedSocket,
    id: string,
    ended: (end: SubscriptionEnd) => void,
    resultSent: () => void,
  ) {
    this.#stream = stream;
    this.#socket = socket;
    this.#head = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
    this.#ended = ended;
    this.#resultSent = resultSent;
  }

  /** Resolves at the end of the subscription; rejects with {@link SubscriptionFailed}. */
  async next(): Promise<IteratorResult<never, void>> {
    for (;;) {
      const step = await this.#stream.next();
      if (!this.#isClosed && step.kind === 'RESULT') {
        this.#socket.send(`${this.#head}${step.json}}`);
        this.#resultSent();
        await this.#socket.room();
      }
      // The client wants no more of it and may have used its id again, so that nothing may be said of its end.
      if (this.#isClosed) return await new Promise<never>(() => undefined);
      if (step.kind === 'FAILED') {
        this.#close('failed');
        throw new SubscriptionFailed(step.errors);
      }
      if (step.kind === 'END') {
        this.#close('completed');
        return { done: true, value: undefined };
      }
    }
  }

  /** The client wants no more, or the connection is closed. */
  return(): Promise<IteratorResult<never, void>> {
    this.#close(this.#socket.closedFor?.end ?? 'left');
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(): Promise<IteratorResult<never, void>> {
    return this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.asyncDispose](): Promise<void> {
    void this.return();
    return Promise.resolve();
  }

  #close(end: SubscriptionEnd): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stream.close();
    this.#ended(end);
  }
}
