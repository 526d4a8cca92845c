import type { ProviderFailure } from '../../domain/failure.ts';
import type { InferenceOutput, InferenceUsage, ProviderTiming } from '../../domain/inference.ts';
import type { AnswerHead } from '../http.ts';

/** An answer with a status of success, and what it takes to judge what is in it. */
export interface AnswerContext extends AnswerHead {
  /** The key that the call was made with, so that no answer can echo it. */
  readonly key: string;
  /** Milliseconds since the epoch at which the head of the answer came. */
  readonly nowMs: number;
}

/** What an answer with a status of success held, or why it is no answer; what it counted counts either way. */
export type AnswerReading = AnswerFacts &
  (
    | { readonly ok: true; readonly output: InferenceOutput }
    | {
        readonly ok: false;
        readonly failure: ProviderFailure;
        readonly output: InferenceOutput | undefined;
      }
  );

export interface AnswerFacts {
  readonly usage: InferenceUsage | undefined;
  readonly timing: ProviderTiming;
  /** Groq's id of the request, where the body says it. */
  readonly requestId: string | undefined;
  /** On the monotonic clock; streams only. */
  readonly firstPieceAtMs?: number | undefined;
}

/** The reading of an answer in which nothing could be read. */
export function unreadable(failure: ProviderFailure): AnswerReading {
  return { ...noFacts, ok: false, failure, output: undefined };
}

export const noFacts: AnswerFacts = { usage: undefined, timing: {}, requestId: undefined };
