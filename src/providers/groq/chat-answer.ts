import type { InferenceDelta } from '../../domain/inference.ts';
import { malformedAnswer } from '../failures.ts';
import { parseJson } from '../json.ts';
import { type AnswerContext, type AnswerReading, unreadable } from './answer-reading.ts';
import { ChatAssembly } from './chat-assembly.ts';
import { parseChatAnswer } from './chat-wire.ts';
import { embeddedFailure } from './embedded-error.ts';

/** A whole answer of chat completions, with the pieces that a stream of the same answer would give. */
export function readChatAnswer(
  text: string,
  answer: AnswerContext,
): { readonly reading: AnswerReading; readonly deltas: readonly InferenceDelta[] } {
  const json = parseJson(text);
  if (!json.ok) return without(`Groq gave no answer: ${json.reason}`, answer);
  const failure = embeddedFailure(json.value, text, answer);
  if (failure !== undefined) return { reading: unreadable(failure), deltas: [] };
  const chat = parseChatAnswer(json.value);
  if (chat === undefined) return without('Groq gave no answer: the body has no message', answer);
  const assembly = new ChatAssembly();
  const deltas = [...assembly.take(chat), ...assembly.close()];
  const { usage, timing, requestId, output } = assembly;
  return { reading: { ok: true, output, usage, timing, requestId }, deltas };
}

function without(message: string, { status }: AnswerContext) {
  return { reading: unreadable(malformedAnswer(message, status)), deltas: [] };
}
