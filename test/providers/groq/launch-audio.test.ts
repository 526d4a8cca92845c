import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { SpeechPayload, TranscriptionPayload } from '../../../src/domain/inference.ts';
import {
  bigBody,
  binary,
  cutBody,
  empty,
  hang,
  html,
  json,
  jsonText,
} from '../../support/groq-responders.ts';
import { type LaunchBench, startLaunchBench } from '../../support/launches.ts';
import { recordedExchange } from '../../support/recorded-exchanges.ts';

let bench: LaunchBench;

beforeAll(async () => {
  bench = await startLaunchBench();
});

afterAll(async () => {
  await bench.stop();
});

const transcriptionPath = '/openai/v1/audio/transcriptions';
const speechPath = '/openai/v1/audio/speech';

const transcription: TranscriptionPayload = {
  task: 'TRANSCRIPTION',
  model: 'whisper-large-v3-turbo',
  serviceTier: 'on_demand',
  audioUrl: 'https://media.example/talk.mp3?part=1&of=2',
};

const speech: SpeechPayload = {
  task: 'SPEECH',
  model: 'canopylabs/orpheus-v1-english',
  serviceTier: 'on_demand',
  text: 'Grüß Gott 👋',
  voice: 'austin',
};

/** The fields of the last form that was sent, read by another parser than ours. */
async function lastForm(): Promise<Record<string, unknown>> {
  const { body, headers } = bench.groq.requestsTo(transcriptionPath).at(-1) ?? {};
  const contentType = String(headers?.['content-type']);
  const form = await new Response(body, { headers: { 'content-type': contentType } }).formData();
  return Object.fromEntries(form);
}

describe('a transcription', () => {
  it('that was recorded gives its text, and no count where none was given', async () => {
    const name = 'audio-transcription-whisper-turbo-json';
    const { text } = recordedExchange(name).response.body as { text: string };
    bench.groq.replayOnce(name);
    const outcome = await bench.launch(transcription);
    expect(outcome).toMatchObject({ ok: true, usage: undefined, timing: {} });
    expect(outcome.output).toEqual({ text, toolCalls: [] });
  });

  it('sends the address of the audio in a form, and asks for its length', async () => {
    bench.groq.replyOnce(transcriptionPath, json({ text: 'a' }));
    await bench.launch(transcription);
    expect(await lastForm()).toEqual({
      model: transcription.model,
      url: transcription.audioUrl,
      response_format: 'verbose_json',
    });
  });

  it('sends a prompt and a temperature as they are, whatever is in them', async () => {
    bench.groq.replyOnce(transcriptionPath, json({ text: 'a' }));
    const prompt = '--form-\r\ncontent-disposition: form-data; name="model"\r\n\r\nevil\r\n"ä"';
    await bench.launch({ ...transcription, prompt, temperature: 0 });
    expect(await lastForm()).toMatchObject({
      model: transcription.model,
      prompt,
      temperature: '0',
    });
  });

  it('sends even another form as a prompt unharmed', async () => {
    bench.groq.reply(transcriptionPath, json({ text: 'a' }));
    await bench.launch(transcription);
    const prompt = bench.groq.requestsTo(transcriptionPath).at(-1)?.body ?? '';
    await bench.launch({ ...transcription, prompt });
    expect(await lastForm()).toMatchObject({ model: transcription.model, prompt });
  });

  it.each([
    ['12.34', '12.34'],
    ['0', '0'],
    ['3599.9900000000000001', '3599.9900000000000001'],
    ['1e2', '100'],
  ])('of %s seconds counts exactly %s', async (digits, expected) => {
    const text = `{"task":"transcribe","duration":${digits},"text":" a","x_groq":{"id":"req_01k92s24e6f8patnm8xjbwg4xj"}}`;
    bench.groq.replyOnce(transcriptionPath, jsonText(text));
    const outcome = await bench.launch(transcription);
    expect(outcome.usage?.audioSeconds?.toString()).toBe(expected);
    expect(outcome.providerRequestId).toBe('req_01k92s24e6f8patnm8xjbwg4xj');
    expect(outcome.output?.text).toBe(' a');
  });

  it.each(['-1', 'null', '"12.5"', '[]'])('with the length %s counts nothing', async (digits) => {
    bench.groq.replyOnce(transcriptionPath, jsonText(`{"text":"a","duration":${digits}}`));
    expect(await bench.launch(transcription)).toMatchObject({ ok: true, usage: undefined });
  });

  it('is never a stream', async () => {
    bench.groq.replyOnce(transcriptionPath, json({ text: 'a' }));
    const { outcome, deltas } = await bench.stream(transcription);
    expect(outcome).toMatchObject({ ok: true, timeToFirstTokenMs: undefined });
    expect(deltas).toEqual([]);
  });

  it.each([
    ['a page', html(), 'MALFORMED_ANSWER', 'UNKNOWN'],
    ['an empty body', empty(), 'MALFORMED_ANSWER', 'UNKNOWN'],
    ['JSON without a text', json({ duration: 1 }), 'MALFORMED_ANSWER', 'UNKNOWN'],
    ['a cut', cutBody({ text: 'a'.repeat(99) }), 'CUT_ANSWER', 'UNKNOWN'],
    [
      'a recorded refusal',
      recordedExchange('error-400-model-terms-required'),
      'MODEL_TERMS_REQUIRED',
      'NOT_EXECUTED',
    ],
  ])('that ends in %s is %s, %4$s', async (_words, responder, code, execution) => {
    bench.groq.replyOnce(transcriptionPath, responder);
    const outcome = await bench.launch(transcription);
    expect(outcome).toMatchObject({ ok: false, failure: { code, execution } });
  });
});

describe('speech', () => {
  const wav = Buffer.concat([
    Buffer.from('RIFF\x24\0\0\0WAVEfmt ', 'latin1'),
    Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 256)),
  ]);

  it('gives the audio byte for byte, and counts the code points that were sent', async () => {
    const headers = { 'content-type': 'audio/wav', 'x-groq-region': 'dls' };
    bench.groq.replyOnce(speechPath, binary(wav, { headers }));
    const outcome = await bench.launch(speech);
    expect(outcome).toMatchObject({ ok: true, servedCode: 'dls', usage: { characters: 11 } });
    expect(outcome.output).toEqual({
      toolCalls: [],
      audio: { base64: wav.toString('base64'), contentType: 'audio/wav' },
    });
    expect(bench.groq.requestsTo(speechPath).at(-1)?.json).toEqual({
      model: speech.model,
      input: speech.text,
      voice: 'austin',
      response_format: 'wav',
    });
  });

  it.each([
    ['audio/mpeg; rate=44100', 'audio/mpeg'],
    ['Audio/WAV', 'audio/wav'],
    ['application/octet-stream', 'audio/wav'],
    ['', 'audio/wav'],
  ])('under the content type %j is %s', async (named, contentType) => {
    bench.groq.replyOnce(speechPath, binary(wav, { headers: { 'content-type': named } }));
    expect((await bench.launch(speech)).output?.audio?.contentType).toBe(contentType);
  });

  it.each([
    ['a page', html(), 'MALFORMED_ANSWER', 'UNKNOWN'],
    ['an empty body', empty(200, { 'content-type': 'audio/wav' }), 'MALFORMED_ANSWER', 'UNKNOWN'],
    ['JSON', json({ ok: true }), 'MALFORMED_ANSWER', 'UNKNOWN'],
    ['an error under 200', json({ error: { status_code: 498 } }), 'OVER_CAPACITY', 'NOT_EXECUTED'],
    ['too much', bigBody(2_000_000, { declared: false }), 'ANSWER_TOO_LARGE', 'UNKNOWN'],
    [
      'a recorded refusal',
      recordedExchange('error-429-tpm-gemma2-9b'),
      'RATE_LIMITED',
      'NOT_EXECUTED',
    ],
  ])('that ends in %s is a failure and counts nothing', async (...row) => {
    const [, responder, code, execution] = row;
    bench.groq.replyOnce(speechPath, responder);
    const outcome = await bench.launch(speech);
    expect(outcome).toMatchObject({ ok: false, failure: { code, execution } });
    expect(outcome).toMatchObject({ usage: undefined, output: undefined });
  });

  it('that hangs is given up, UNKNOWN', async () => {
    bench.groq.replyOnce(speechPath, hang);
    const outcome = await bench.launch(speech, { limits: { firstTokenMs: 60 } });
    expect(outcome).toMatchObject({ failure: { code: 'TIMEOUT', execution: 'UNKNOWN' } });
  });
});
