import type {
  InferenceDelta,
  InferenceOutput,
  InferenceUsage,
  ProviderTiming,
  ToolCall,
} from '../../domain/inference.ts';
import type { GroqChat, GroqChoice, GroqToolCall } from './chat-wire.ts';
import { usableRequestId } from './request-id.ts';
import { timingOf, usageOf } from './usage.ts';

/**
 * Puts an answer together from its chunks; a whole answer is one chunk, so both kinds of answer give the
 * same output.
 */
export class ChatAssembly {
  #text: string | undefined;
  #reasoning = '';
  readonly #toolCalls: ToolCall[] = [];
  #openCall: OpenCall | undefined;
  readonly #closedIndexes = new Set<number>();
  #finishReason: string | undefined;
  #outputBytes = 0;
  #hasGenerated = false;
  #usage: InferenceUsage | undefined;
  #timing: ProviderTiming = {};
  #requestId: string | undefined;
  #fault: string | undefined;

  /** Takes a chunk; gives what it adds. A tool call is given once it is complete. */
  take(chat: GroqChat): readonly InferenceDelta[] {
    this.#requestId ??= usableRequestId(chat.requestId);
    const usage = usageOf(chat.usage);
    if (usage !== undefined) {
      // The last word counts, and is never added to an earlier one.
      this.#usage = usage;
      this.#timing = timingOf(chat.usage);
    }
    return chat.choice === undefined ? [] : this.#takeChoice(chat.choice);
  }

  /** Completes the last tool call at the end of a stream that named no reason for its end. */
  close(): readonly InferenceDelta[] {
    const deltas: InferenceDelta[] = [];
    this.#closeCall(deltas);
    return deltas;
  }

  /** Whether the model has made anything at all. */
  get hasGenerated(): boolean {
    return this.#hasGenerated;
  }

  /** Whether the model has said that it is done. */
  get hasFinished(): boolean {
    return this.#finishReason !== undefined;
  }

  /** Bytes that the output takes, roughly. */
  get outputBytes(): number {
    return this.#outputBytes;
  }

  /** Why the chunks do not fit together. */
  get fault(): string | undefined {
    return this.#fault;
  }

  get usage(): InferenceUsage | undefined {
    return this.#usage;
  }

  get timing(): ProviderTiming {
    return this.#timing;
  }

  get requestId(): string | undefined {
    return this.#requestId;
  }

  /** The output of a complete answer. An answer that is empty text is text; a tool call alone has none. */
  get output(): InferenceOutput {
    const text = this.#text === '' && this.#toolCalls.length > 0 ? undefined : this.#text;
    return {
      ...(text === undefined ? {} : { text }),
      ...(this.#reasoning === '' ? {} : { reasoning: this.#reasoning }),
      toolCalls: this.#toolCalls,
      ...(this.#finishReason === undefined ? {} : { finishReason: this.#finishReason }),
    };
  }

  /** The output of an answer that broke off; undefined when nothing had come. A torn tool call is left out. */
  get partialOutput(): InferenceOutput | undefined {
    if (!this.#hasGenerated) return undefined;
    const { text, ...rest } = this.output;
    return text === undefined || text === '' ? rest : { ...rest, text };
  }

  #takeChoice(choice: GroqChoice): readonly InferenceDelta[] {
    const deltas: InferenceDelta[] = [];
    if (choice.reasoning !== undefined && choice.reasoning !== '') {
      this.#note(choice.reasoning);
      this.#reasoning += choice.reasoning;
      deltas.push({ kind: 'REASONING', text: choice.reasoning });
    }
    if (choice.content !== undefined) {
      this.#text = (this.#text ?? '') + choice.content;
      if (choice.content !== '') {
        this.#note(choice.content);
        deltas.push({ kind: 'TEXT', text: choice.content });
      }
    }
    for (const piece of choice.toolCalls) this.#takeCallPiece(piece, deltas);
    if (choice.finishReason !== undefined) {
      this.#finishReason = choice.finishReason.slice(0, maximumReasonLength);
      this.#closeCall(deltas);
    }
    return deltas;
  }

  #takeCallPiece(piece: GroqToolCall, deltas: InferenceDelta[]): void {
    if (this.#openCall === undefined || isOfAnotherCall(piece, this.#openCall)) {
      this.#closeCall(deltas);
      const index = piece.index ?? this.#toolCalls.length;
      if (this.#closedIndexes.has(index)) {
        this.#fault ??= 'a piece of a tool call came after its end';
        return;
      }
      this.#openCall = { index, id: '', name: '', arguments: '' };
      this.#outputBytes += bytesOfEmptyCall;
    }
    const call = this.#openCall;
    if (call.id === '') call.id = piece.id ?? '';
    call.name += piece.name ?? '';
    call.arguments += piece.arguments ?? '';
    this.#note((piece.name ?? '') + (piece.arguments ?? ''));
  }

  #closeCall(deltas: InferenceDelta[]): void {
    if (this.#openCall === undefined) return;
    const { index, ...toolCall } = this.#openCall;
    this.#openCall = undefined;
    this.#closedIndexes.add(index);
    this.#toolCalls.push(toolCall);
    deltas.push({ kind: 'TOOL_CALL', toolCall });
  }

  #note(text: string): void {
    if (text === '') return;
    this.#hasGenerated = true;
    this.#outputBytes += Buffer.byteLength(text);
  }
}

interface OpenCall {
  readonly index: number;
  id: string;
  name: string;
  arguments: string;
}

/** A piece without an index belongs to the call before it, unless it brings an id of its own. */
function isOfAnotherCall(piece: GroqToolCall, open: OpenCall): boolean {
  if (piece.index !== undefined) return piece.index !== open.index;
  return piece.id !== undefined && piece.id !== '' && open.id !== '' && piece.id !== open.id;
}

/** So that empty tool calls without end are bounded too. */
const bytesOfEmptyCall = 100;
const maximumReasonLength = 50;
