import type { Clock } from '../../domain/clock.ts';
import type { ProviderFailure } from '../../domain/failure.ts';
import type { AttemptOptions, InferenceDelta } from '../../domain/inference.ts';
import { EventStreamParser, type ServerSentEvent } from '../event-stream.ts';
import { failureOfExchange, malformedAnswer } from '../failures.ts';
import { BrokenAnswer } from '../http-exchange.ts';
import type { OutwardFailure } from '../http.ts';
import { parseJson } from '../json.ts';
import type { AnswerContext, AnswerReading } from './answer-reading.ts';
import { ChatAssembly } from './chat-assembly.ts';
import { type GroqChat, parseChatChunk } from './chat-wire.ts';
import { embeddedFailure, stoppedEarly } from './embedded-error.ts';

/** A stream of chat completions that is being read. */
export interface ChatStreamCall {
  readonly answer: AnswerContext;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Bound of the whole output in bytes. */
  readonly maximumOutputBytes: number;
  readonly onDelta: AttemptOptions['onDelta'];
  /** Breaks the connection off. */
  readonly hangUp: () => void;
}

/**
 * Reads a streamed answer to its end, handing out each piece before the next is read.
 *
 * An answer is complete when the model has named the reason for its end, or at `[DONE]`; whatever happens to
 * the connection afterwards cannot take it away. The counts come at the very end and may be missing then.
 *
 * @throws what `onDelta` throws, after the connection is closed.
 */
export async function readChatStream(
  body: AsyncIterable<Buffer>,
  call: ChatStreamCall,
): Promise<AnswerReading> {
  const stream = new ChatStream(call);
  let broken: OutwardFailure | undefined;
  let leaving: NodeJS.Timeout | undefined;
  try {
    for await (const piece of body) {
      await stream.push(piece);
      // Leaving the loop closes the connection.
      if (stream.hasFailed) break;
      // A connection that is read to its end can serve the next call; a peer that keeps it open cannot delay us.
      if (stream.isDone) leaving ??= setTimeout(call.hangUp, farewellMs);
    }
  } catch (error) {
    if (!(error instanceof BrokenAnswer)) throw error;
    broken = error.failure;
  } finally {
    clearTimeout(leaving);
  }
  await stream.end();
  return stream.reading(broken);
}

/** How long the end of the body may take after `[DONE]`. */
const farewellMs = 100;

/** Bound of one event; the longest seen are web-search results of some ten kilobytes. */
const maximumEventBytes = 4 * 1024 * 1024;

class ChatStream {
  readonly #call: ChatStreamCall;
  readonly #parser = new EventStreamParser(maximumEventBytes);
  readonly #assembly = new ChatAssembly();
  #chunks = 0;
  #isDone = false;
  #failure: ProviderFailure | undefined;
  #firstPieceAtMs: number | undefined;

  constructor(call: ChatStreamCall) {
    this.#call = call;
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Whether Groq has said that nothing more will come. */
  get isDone(): boolean {
    return this.#isDone;
  }

  async push(piece: Buffer): Promise<void> {
    if (this.#isDone) return;
    await this.#takeAll(this.#parser.push(piece), 'WHOLE');
    if (this.#parser.fault !== undefined && !this.#isDone)
      this.#failAsMalformed(this.#parser.fault);
  }

  async end(): Promise<void> {
    if (this.#isDone || this.#failure !== undefined) return;
    await this.#takeAll(this.#parser.end(), 'PERHAPS_TORN');
  }

  /** @param broken how the connection ended, when not as it should. */
  reading(broken: OutwardFailure | undefined): AnswerReading {
    const { usage, timing, requestId, output, partialOutput } = this.#assembly;
    const facts = { usage, timing, requestId, firstPieceAtMs: this.#firstPieceAtMs };
    const failure = this.#failure ?? this.#failureOfEnd(broken);
    return failure === undefined
      ? { ...facts, ok: true, output }
      : { ...facts, ok: false, failure: this.#asCertain(failure), output: partialOutput };
  }

  async #takeAll(
    events: readonly ServerSentEvent[],
    state: 'WHOLE' | 'PERHAPS_TORN',
  ): Promise<void> {
    for (const event of events) {
      if (this.#isDone || this.#failure !== undefined) return;
      await this.#take(event, state);
    }
  }

  async #take({ name, data }: ServerSentEvent, state: 'WHOLE' | 'PERHAPS_TORN'): Promise<void> {
    if (data.trim() === '[DONE]') {
      this.#isDone = true;
      await this.#handOut(this.#assembly.close());
      return;
    }
    const json = parseJson(data);
    if (!json.ok) {
      if (state === 'WHOLE') this.#failAsMalformed(`an event is not JSON: ${json.reason}`);
      return;
    }
    this.#failure = embeddedFailure(json.value, data, this.#call.answer);
    if (this.#failure !== undefined) return;
    const chunk = parseChatChunk(json.value);
    if (chunk !== undefined) await this.#takeChunk(chunk);
    else if (name === 'error') this.#failure = stoppedEarly('', this.#call.answer.key);
    // Events under a name of their own are not part of the answer.
    else if (name === 'message') this.#failAsMalformed('an event is not part of an answer');
  }

  async #takeChunk(chunk: GroqChat): Promise<void> {
    this.#chunks += 1;
    const deltas = this.#assembly.take(chunk);
    if (this.#assembly.hasGenerated) this.#firstPieceAtMs ??= this.#call.clock.monotonic();
    if (this.#assembly.outputBytes > this.#call.maximumOutputBytes) {
      this.#failure = tooLarge(this.#call.maximumOutputBytes);
      return;
    }
    await this.#handOut(deltas);
    if (this.#assembly.fault !== undefined) this.#failAsMalformed(this.#assembly.fault);
    if (chunk.error !== undefined) {
      this.#failure = stoppedEarly(chunk.error, this.#call.answer.key);
    }
  }

  async #handOut(deltas: readonly InferenceDelta[]): Promise<void> {
    const { onDelta } = this.#call;
    if (onDelta === undefined) return;
    for (const delta of deltas) await onDelta(delta);
  }

  #failAsMalformed(reason: string): void {
    // After the model's own end there is nothing left to lose.
    if (this.#assembly.hasFinished) this.#isDone = true;
    else this.#failure ??= malformedAnswer(`The stream of Groq cannot be read: ${reason}`);
  }

  #failureOfEnd(broken: OutwardFailure | undefined): ProviderFailure | undefined {
    if (this.#assembly.hasFinished || (this.#isDone && this.#chunks > 0)) return undefined;
    if (broken !== undefined && !this.#isDone) return failureOfExchange(broken);
    const { status } = this.#call.answer;
    if (this.#chunks === 0) return malformedAnswer('The stream of Groq holds no answer', status);
    return {
      code: 'CUT_ANSWER',
      message: 'The stream of Groq ended before the answer did',
      execution: 'UNKNOWN',
      retryable: true,
      httpStatus: status,
    };
  }

  /** Output that has come is proof that the model worked. */
  #asCertain(failure: ProviderFailure): ProviderFailure {
    return this.#assembly.hasGenerated ? { ...failure, execution: 'EXECUTED' } : failure;
  }
}

function tooLarge(maximumBytes: number): ProviderFailure {
  return {
    code: 'ANSWER_TOO_LARGE',
    message: `The output is larger than ${maximumBytes} bytes`,
    execution: 'EXECUTED',
    retryable: false,
  };
}
