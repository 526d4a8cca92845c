import type { ChatPayload, InferencePayload } from '../../domain/inference.ts';
import type { Task } from '../../domain/model.ts';
import type { OutwardAnswer } from '../http.ts';
import type { AnswerContext, AnswerReading } from './answer-reading.ts';
import { readChatAnswer } from './chat-answer.ts';
import { chatRequestBody } from './chat-request.ts';
import { charactersOf, readSpeech, speechRequestBody } from './speech.ts';
import { readTranscription, transcriptionForm } from './transcription.ts';

/** Where Groq serves each task. */
export const ownEndpoints: ReadonlyMap<Task, string> = new Map([
  ['TEXT_GENERATION', '/openai/v1/chat/completions'],
  ['TEXT_CLASSIFICATION', '/openai/v1/chat/completions'],
  ['TRANSCRIPTION', '/openai/v1/audio/transcriptions'],
  ['SPEECH', '/openai/v1/audio/speech'],
]);

/** Only chat is ever streamed. */
export function isChat(payload: InferencePayload): payload is ChatPayload {
  return payload.task === 'TEXT_GENERATION' || payload.task === 'TEXT_CLASSIFICATION';
}

/** What is sent for a payload, but for the key. */
export function wireRequest(
  payload: InferencePayload,
  isStream: boolean,
): { readonly headers: Readonly<Record<string, string>>; readonly body: string } {
  const json = { 'content-type': 'application/json' };
  switch (payload.task) {
    case 'TEXT_GENERATION':
    case 'TEXT_CLASSIFICATION':
      return {
        headers: { ...json, accept: isStream ? 'text/event-stream' : 'application/json' },
        body: chatRequestBody(payload, isStream),
      };
    case 'TRANSCRIPTION': {
      const { contentType, body } = transcriptionForm(payload);
      return { headers: { 'content-type': contentType, accept: 'application/json' }, body };
    }
    case 'SPEECH':
      return { headers: { ...json, accept: 'audio/wav' }, body: speechRequestBody(payload) };
  }
}

/** Reads the whole answer to a payload. */
export function readWhole(
  payload: InferencePayload,
  body: OutwardAnswer,
  answer: AnswerContext,
): AnswerReading {
  switch (payload.task) {
    case 'TEXT_GENERATION':
    case 'TEXT_CLASSIFICATION':
      return readChatAnswer(body.text(), answer).reading;
    case 'TRANSCRIPTION':
      return readTranscription(body.text(), answer);
    case 'SPEECH':
      return readSpeech(body.body, payload, answer);
  }
}

/**
 * An upper bound of what a payload sends: for chat the bytes of the rendered request, since no token is less
 * than a byte; for speech its code points. 0 for a transcription, whose length only its caller can bound.
 *
 * What Groq puts around it is not in it: in recordings of older models with tools, up to 721 tokens more than
 * the bytes of the request.
 */
export function inputBoundOf(payload: InferencePayload): number {
  switch (payload.task) {
    case 'TEXT_GENERATION':
    case 'TEXT_CLASSIFICATION':
      return Buffer.byteLength(chatRequestBody(payload, true));
    case 'SPEECH':
      return charactersOf(payload.text);
    case 'TRANSCRIPTION':
      return 0;
  }
}
