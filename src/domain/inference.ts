import type { Decimal } from './decimal.ts';
import type { ProviderFailure } from './failure.ts';

/**
 * What is sent to a provider, in our words. Two payloads that mean the same have the same canonical text,
 * which idempotency compares; absent members are the provider's defaults.
 */
export type InferencePayload = ChatPayload | TranscriptionPayload | SpeechPayload;

/** What every payload says. */
interface PayloadBase {
  /** The provider's model id. */
  readonly model: string;
  readonly serviceTier: string;
  /** The path of a custom model; the provider's path for the task when absent. */
  readonly endpoint?: string;
}

/** A conversation to be continued. */
export interface ChatPayload extends PayloadBase {
  readonly task: 'TEXT_GENERATION' | 'TEXT_CLASSIFICATION';
  readonly messages: readonly ChatMessage[];
  /** Bounds the output, reasoning included; always sent. */
  readonly maxOutputTokens: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly stop?: readonly string[];
  readonly seed?: number;
  readonly tools?: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  readonly responseFormat?: ResponseFormat;
  readonly reasoning?: {
    readonly effort?: 'NONE' | 'DEFAULT' | 'LOW' | 'MEDIUM' | 'HIGH';
    readonly format?: 'HIDDEN' | 'RAW' | 'PARSED';
  };
}

/** Audio to be written down. */
export interface TranscriptionPayload extends PayloadBase {
  readonly task: 'TRANSCRIPTION';
  /** A public address that the provider itself fetches. */
  readonly audioUrl: string;
  readonly prompt?: string;
  readonly temperature?: number;
}

/** Text to be spoken. */
export interface SpeechPayload extends PayloadBase {
  readonly task: 'SPEECH';
  readonly text: string;
  readonly voice: string;
}

export interface ChatMessage {
  readonly role: 'SYSTEM' | 'USER' | 'ASSISTANT' | 'TOOL';
  readonly content?: string;
  readonly toolCalls?: readonly ToolCall[];
  readonly toolCallId?: string;
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text, as the model wrote it: it need not be valid. */
  readonly arguments: string;
}

export interface Tool {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema. */
  readonly parameters?: unknown;
}

export type ToolChoice =
  | { readonly mode: 'AUTO' | 'NONE' | 'REQUIRED' }
  | { readonly mode: 'FUNCTION'; readonly name: string };

export type ResponseFormat =
  | { readonly type: 'TEXT' | 'JSON_OBJECT' }
  | {
      readonly type: 'JSON_SCHEMA';
      readonly name: string;
      readonly schema: unknown;
      readonly strict?: boolean;
    };

/** What came back, whole or in part. */
export interface InferenceOutput {
  readonly text?: string;
  readonly reasoning?: string;
  readonly toolCalls: readonly ToolCall[];
  /** The provider's word: `stop`, `length`, `tool_calls`. */
  readonly finishReason?: string;
  readonly audio?: { readonly base64: string; readonly contentType: string };
}

/** What the provider counted. An absent member was not said; 0 was said to be zero. */
export interface InferenceUsage {
  /** Cached tokens included. */
  readonly inputTokens?: number;
  readonly cachedInputTokens?: number;
  /** Reasoning tokens included. */
  readonly outputTokens?: number;
  readonly reasoningTokens?: number;
  readonly characters?: number;
  readonly audioSeconds?: Decimal;
}

/** Where the provider says that the time went, in milliseconds. */
export interface ProviderTiming {
  readonly queueMs?: number;
  readonly promptMs?: number;
  readonly completionMs?: number;
}

/** One piece of a streamed answer. */
export type InferenceDelta =
  | { readonly kind: 'TEXT'; readonly text: string }
  | { readonly kind: 'REASONING'; readonly text: string }
  | { readonly kind: 'TOOL_CALL'; readonly toolCall: ToolCall };

/** What a provider's headers say about the room that is left. */
export interface RateLimitState {
  readonly requestsRemaining?: number;
  /** Milliseconds until the request window starts anew. */
  readonly requestsResetMs?: number;
  readonly tokensRemaining?: number;
  /** Milliseconds until the token window starts anew. */
  readonly tokensResetMs?: number;
}

/** How one attempt is carried out. */
export interface AttemptOptions {
  /** Whether deltas are wanted; the outcome is the same either way. */
  readonly stream: boolean;
  /** Aborts the call down to the socket. */
  readonly signal: AbortSignal;
  readonly limits: AttemptLimits;
  /** Called in order for each piece of a stream; the stream is read no further until it resolves. */
  readonly onDelta?: (delta: InferenceDelta) => void | Promise<void>;
}

/** Separate bounds of an attempt, in milliseconds and bytes. */
export interface AttemptLimits {
  readonly connectMs: number;
  /** From the last byte of the request to the first byte of the answer's body. */
  readonly firstTokenMs: number;
  /** Between two pieces of the answer. */
  readonly idleMs: number;
  readonly totalMs: number;
  readonly maximumBodyBytes: number;
}

/** What is known of an attempt once it has ended, however it ended. */
export interface AttemptReport {
  readonly output: InferenceOutput | undefined;
  readonly usage: InferenceUsage | undefined;
  readonly timing: ProviderTiming;
  /** Milliseconds from sending to the first non-empty piece; streams only. */
  readonly timeToFirstTokenMs: number | undefined;
  readonly totalMs: number;
  readonly servedCode: string | undefined;
  readonly providerRequestId: string | undefined;
  readonly rateLimit: RateLimitState | undefined;
}

/** How an attempt ended. `failure.execution` says what is certain about the work behind a failed one. */
export type AttemptOutcome =
  | ({ readonly ok: true; readonly output: InferenceOutput } & AttemptReport)
  | ({ readonly ok: false; readonly failure: ProviderFailure } & AttemptReport);
