import type { InferencePayload } from '../domain/inference.ts';

/** What takes the place of content. */
const mark = '[content]';
/** Characters in a row that a message may have in common with content by chance. */
const windowLength = 16;
/** How far the windows of the first look lie apart: no quotation of 23 characters falls between them. */
const lookEvery = 8;
/** Shorter texts are words, which messages use in their own right. */
const minimumTextLength = 8;

/**
 * A provider's message about a request, without what it quotes of it: messages are kept with the receipt and
 * outlive the content. It rather takes out too much than too little.
 */
export function withoutContent(message: string, payload: InferencePayload): string {
  const texts = textsOf(payload).map(oneLine);
  let shown = message;
  for (const text of texts) {
    if (text.length >= minimumTextLength && text.length < windowLength) {
      shown = shown.replaceAll(text, mark);
    }
  }
  const isQuoted = (from: number): boolean => {
    const window = shown.slice(from, from + windowLength);
    return window.length === windowLength && texts.some((text) => text.includes(window));
  };
  if (!positions(shown, lookEvery).some(isQuoted)) return shown;
  return cutOut(shown, positions(shown, 1).filter(isQuoted));
}

/** Everything in a payload that is the caller's own. */
function textsOf(payload: InferencePayload): string[] {
  switch (payload.task) {
    case 'TRANSCRIPTION':
      return [payload.audioUrl, payload.prompt ?? ''];
    case 'SPEECH':
      return [payload.text];
    case 'TEXT_GENERATION':
    case 'TEXT_CLASSIFICATION':
      return [
        ...payload.messages.flatMap(({ content = '', toolCalls = [] }) => [
          content,
          ...toolCalls.map((call) => call.arguments),
        ]),
        ...(payload.stop ?? []),
        ...(payload.tools ?? []).flatMap(({ description = '', parameters = '' }) => [
          description,
          JSON.stringify(parameters),
        ]),
        'schema' in (payload.responseFormat ?? {}) ? JSON.stringify(payload.responseFormat) : '',
      ];
  }
}

function positions(text: string, step: number): number[] {
  const count = Math.max(0, Math.floor((text.length - windowLength) / step) + 1);
  return Array.from({ length: count }, (_, index) => index * step);
}

/** The text with one mark for each stretch that windows at these positions cover. */
function cutOut(text: string, starts: readonly number[]): string {
  let shown = '';
  let reached = 0;
  for (const start of starts) {
    if (start > reached || reached === 0) shown += text.slice(reached, start) + mark;
    reached = start + windowLength;
  }
  return shown + text.slice(reached);
}

/** As messages are made fit to show: on one line. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
}
