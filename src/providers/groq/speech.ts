import type { SpeechPayload } from '../../domain/inference.ts';
import { malformedAnswer } from '../failures.ts';
import { parseJson } from '../json.ts';
import { type AnswerContext, type AnswerReading, noFacts, unreadable } from './answer-reading.ts';
import { embeddedFailure } from './embedded-error.ts';

/** The body of `POST /openai/v1/audio/speech`. WAV is the one format that every speech model of Groq has. */
export function speechRequestBody({ model, text, voice }: SpeechPayload): string {
  return JSON.stringify({ model, input: text, voice, response_format: 'wav' });
}

/** The Unicode code points of a text: what speech is priced by. */
export function charactersOf(text: string): number {
  let characters = 0;
  for (const _character of text) characters += 1;
  return characters;
}

/** A whole answer of speech: the audio itself. */
export function readSpeech(
  body: Buffer,
  payload: SpeechPayload,
  answer: AnswerContext,
): AnswerReading {
  const contentType = audioTypeOf(body, answer.headers);
  if (contentType === undefined) return unreadable(failureWithoutAudio(body, answer));
  return {
    ...noFacts,
    ok: true,
    output: { toolCalls: [], audio: { base64: body.toString('base64'), contentType } },
    // Groq's answer counts nothing: these are the code points of the text that was sent.
    usage: { characters: charactersOf(payload.text) },
  };
}

/** The type that the answer names, if it is audio; else what the bytes are. */
function audioTypeOf(body: Buffer, headers: ReadonlyMap<string, string>): string | undefined {
  if (body.length === 0) return undefined;
  const named = /^audio\/[a-z0-9][a-z0-9.+-]{0,60}/i.exec(headers.get('content-type') ?? '');
  if (named !== null) return named[0].toLowerCase();
  const isWav =
    body.toString('latin1', 0, 4) === 'RIFF' && body.toString('latin1', 8, 12) === 'WAVE';
  return isWav ? 'audio/wav' : undefined;
}

function failureWithoutAudio(body: Buffer, answer: AnswerContext) {
  const text = body.length > maximumErrorBytes ? '' : body.toString('utf8');
  const json = parseJson(text);
  const failure = json.ok ? embeddedFailure(json.value, text, answer) : undefined;
  return failure ?? malformedAnswer('Groq gave no audio', answer.status);
}

/** No error of Groq is longer. */
const maximumErrorBytes = 64 * 1024;
