import { createHash } from 'node:crypto';

import type { InferenceUsage, TranscriptionPayload } from '../../domain/inference.ts';
import { malformedAnswer } from '../failures.ts';
import { memberOf, objectOf, parseJson } from '../json.ts';
import { type AnswerContext, type AnswerReading, unreadable } from './answer-reading.ts';
import { embeddedFailure } from './embedded-error.ts';
import { usableRequestId } from './request-id.ts';
import { amountOf } from './usage.ts';

/** A form for `POST /openai/v1/audio/transcriptions`. Groq fetches the audio itself; nothing is uploaded. */
export interface TranscriptionForm {
  readonly contentType: string;
  readonly body: string;
}

/** The form of a payload. The verbose format is asked for because only it says how long the audio is. */
export function transcriptionForm(payload: TranscriptionPayload): TranscriptionForm {
  const { model, audioUrl, prompt, temperature } = payload;
  const fields: readonly (readonly [string, string | undefined])[] = [
    ['model', model],
    ['url', audioUrl],
    ['response_format', 'verbose_json'],
    ['prompt', prompt],
    ['temperature', temperature === undefined ? undefined : String(temperature)],
  ];
  const given = fields.filter((field): field is [string, string] => field[1] !== undefined);
  // A digest of the values cannot occur in one of them.
  const digest = createHash('sha256').update(JSON.stringify(given)).digest('hex');
  const boundary = `form-${digest.slice(0, 40)}`;
  const parts = given.map(
    ([name, value]) =>
      `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: `${parts.join('')}--${boundary}--\r\n`,
  };
}

/** A whole answer of a transcription. */
export function readTranscription(text: string, answer: AnswerContext): AnswerReading {
  const { status } = answer;
  const json = parseJson(text);
  if (!json.ok)
    return unreadable(malformedAnswer(`Groq gave no transcript: ${json.reason}`, status));
  const failure = embeddedFailure(json.value, text, answer);
  if (failure !== undefined) return unreadable(failure);
  const fields = objectOf(json.value) ?? {};
  const transcript = memberOf(fields, 'text');
  if (typeof transcript !== 'string') {
    return unreadable(malformedAnswer('Groq gave no transcript: the body has no text', status));
  }
  return {
    ok: true,
    output: { text: transcript, toolCalls: [] },
    usage: usageOfAudio(memberOf(fields, 'duration')),
    timing: {},
    requestId: usableRequestId(memberOf(objectOf(memberOf(fields, 'x_groq')) ?? {}, 'id')),
  };
}

/** The length of the audio as Groq measured it, in seconds, digit for digit. */
function usageOfAudio(duration: unknown): InferenceUsage | undefined {
  const audioSeconds = amountOf(duration);
  return audioSeconds === undefined ? undefined : { audioSeconds };
}
