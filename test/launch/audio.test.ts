import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { binary, bigBody, json } from '../support/groq-responders.ts';
import { chatPath, listedModel, registryWith, startLaunching } from '../support/launching.ts';
import type { LaunchingService } from '../support/launching.ts';

const speechPath = '/openai/v1/audio/speech';
const transcriptionPath = '/openai/v1/audio/transcriptions';
const audioUrl = 'https://audio.example/a.mp3';
const whisper = { input_modalities: ['audio'], output_modalities: ['transcription'] };
/** $0.036 for an hour: a round $0.00001 for a second. */
const hourly = { unit: 'AUDIO_HOUR', input: '0.036' };

let service: LaunchingService;
beforeAll(async () => {
  const declared = (model: string, price: object) => ({
    model,
    price,
    source: 'a contract of this test',
    validFrom: '2024-01-01',
  });
  service = await startLaunching({
    models: [
      // The live price of a speech model: $22 for a million characters.
      listedModel(
        'canopylabs/orpheus-v1-english',
        { prompt: '0.000022' },
        { output_modalities: ['speech'], context_window: 4000 },
      ),
      listedModel('whisper-large-v3-turbo', undefined, whisper),
      listedModel('whisper-large-v3', undefined, whisper),
      listedModel('lora/answers-v2'),
    ],
    registry: registryWith({
      shippedList: undefined,
      nominalThroughputs: [],
      declaredPrices: [
        declared('whisper-large-v3-turbo', hourly),
        declared('whisper-large-v3', hourly),
      ],
      customModels: [
        {
          id: 'lora/answers-v2',
          name: 'Answers, second edition',
          baseModel: 'llama-3.1-8b-instant',
          task: 'TEXT_GENERATION',
          endpoint: '/v1/contracts/acme/completions',
          price: { unit: 'TOKEN', input: '0.000001', output: '0.000002' },
          source: 'a contract of this test',
          observedAt: '2026-10-01',
        },
        {
          id: 'lora/unpriced',
          name: 'Answers, third edition',
          baseModel: 'llama-3.1-8b-instant',
          task: 'TEXT_GENERATION',
          price: null,
          source: 'a contract of this test',
          observedAt: '2026-10-01',
        },
      ],
    }),
  });
});
afterAll(async () => {
  await service.close();
});

describe('speech', () => {
  const wav = Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVEfmt '), Buffer.alloc(64, 7)]);
  const input = { model: 'canopylabs/orpheus-v1-english', voice: 'tara' };

  test('comes back as audio and is charged by the character that was sent', async () => {
    service.groq.replyOnce(speechPath, binary(wav, { headers: { 'content-type': 'audio/wav' } }));
    // Twelve code points, one of them outside the basic plane.
    const { run } = await service.launch({ ...input, prompt: 'Hello 🌍, you' });
    expect(run).toMatchObject({
      state: 'SUCCEEDED',
      reserved: '0.000264',
      charge: '0.000264',
      usage: { characters: 12, inputTokens: null },
      cost: { certainty: 'EXACT', lines: [{ kind: 'INPUT', quantity: '12' }] },
      output: { text: null, audio: { base64: wav.toString('base64'), contentType: 'audio/wav' } },
    });
    expect(service.groq.requestsTo(speechPath).at(-1)?.json).toEqual({
      model: 'canopylabs/orpheus-v1-english',
      input: 'Hello 🌍, you',
      voice: 'tara',
      response_format: 'wav',
    });
  });

  test('needs a voice, and takes no conversation', async () => {
    const { voice: _voice, ...voiceless } = input;
    expect(await service.launch({ ...voiceless, prompt: 'x' })).toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringMatching(/voice/),
    });
    const messages = [{ role: 'USER', content: 'x' }];
    expect(await service.launch({ ...input, messages })).toMatchObject({ code: 'INVALID_REQUEST' });
  });

  test('beyond its bound is not kept, and its cost is not invented', async () => {
    service.groq.replyOnce(speechPath, bigBody(9 * 1024 * 1024, { declared: false }));
    const { run } = await service.launch({ ...input, prompt: 'Long.' });
    expect(run).toMatchObject({
      state: 'UNKNOWN',
      charge: '0',
      cost: { total: null, certainty: 'UNKNOWN' },
      failure: { code: 'ANSWER_TOO_LARGE' },
      output: null,
    });
  });

  test('is asked for once in every mode: there are no pieces of it', async () => {
    service.groq.replyOnce(speechPath, binary(wav, { headers: { 'content-type': 'audio/wav' } }));
    const { run } = await service.launch({ ...input, prompt: 'Later.', mode: 'STREAM' });
    const ended = await service.ended(run?.id ?? '');
    expect(ended.output?.audio?.base64).toBe(wav.toString('base64'));
    const { inferenceRun } = await service.data<{ inferenceRun: { events: object[] } }>(
      'query ($id: ID!) { inferenceRun(id: $id) { events { kind } } }',
      { id: ended.id },
    );
    expect(inferenceRun.events).toEqual([{ kind: 'FINISHED' }]);
  });
});

describe('a transcription', () => {
  const transcribed = (duration: unknown) =>
    json({ task: 'transcribe', language: 'en', duration, text: 'What was said.' });

  test('costs the seconds that the verbose answer says, digit for digit', async () => {
    service.groq.replyOnce(transcriptionPath, transcribed(12.34));
    const { run } = await service.launch({ model: 'whisper-large-v3-turbo', audioUrl });
    expect(run).toMatchObject({
      state: 'SUCCEEDED',
      charge: '0.0001234',
      usage: { audioSeconds: '12.34' },
      cost: { certainty: 'EXACT', lines: [{ quantity: '12.34', unitPrice: '0.00001' }] },
      output: { text: 'What was said.' },
    });
    const form = service.groq.requestsTo(transcriptionPath).at(-1)?.body;
    expect(form).toMatch(/name="response_format"\r\n\r\nverbose_json\r\n/);
    expect(form).toMatch(/name="url"\r\n\r\nhttps:\/\/audio\.example\/a\.mp3\r\n/);
  });

  test('shorter than the least that Groq bills costs that least, where the registry knows of one', async () => {
    service.groq.replyOnce(transcriptionPath, transcribed(3.2));
    const turbo = await service.launch({ model: 'whisper-large-v3-turbo', audioUrl });
    expect(turbo.run).toMatchObject({
      charge: '0.0001',
      usage: { audioSeconds: '3.2' },
      cost: { total: '0.0001', certainty: 'EXACT', lines: [{ kind: 'INPUT', quantity: '10' }] },
    });
    service.groq.replyOnce(transcriptionPath, transcribed(3.2));
    const large = await service.launch({ model: 'whisper-large-v3', audioUrl });
    expect(large.run).toMatchObject({ charge: '0.000032', cost: { lines: [{ quantity: '3.2' }] } });
  });

  test('shows that least beside its price, as a part of its version', async () => {
    const { offerings } = await service.data<{
      offerings: { nodes: readonly { pricing: { minimumQuantity: string; version: string } }[] };
    }>(`{ offerings(filter: { task: TRANSCRIPTION }, orderBy: { field: NAME }) {
      nodes { model { id } pricing { unit input minimumQuantity version } } } }`);
    const byModel = offerings.nodes.toSorted((left, right) =>
      JSON.stringify(left) < JSON.stringify(right) ? -1 : 1,
    );
    const price = { unit: 'AUDIO_SECOND', input: '0.00001' };
    expect(byModel).toMatchObject([
      { model: { id: 'whisper-large-v3' }, pricing: { ...price, minimumQuantity: null } },
      { model: { id: 'whisper-large-v3-turbo' }, pricing: { ...price, minimumQuantity: '10' } },
    ]);
    expect(byModel[0]?.pricing.version).not.toBe(byModel[1]?.pricing.version);
  });

  test('reserves four hours of audio, because its length is not known before the call', async () => {
    const estimate = await service.estimate({ model: 'whisper-large-v3-turbo', audioUrl });
    expect(estimate.worstCase).toBe('0.144');
    const capped = await service.launch({
      model: 'whisper-large-v3-turbo',
      audioUrl,
      maxCost: '0.1',
    });
    expect(capped).toMatchObject({
      code: 'COST_LIMIT',
      required: '0.144',
      largestMaxOutputTokens: null,
    });
  });

  test('without a length costs what is within bounds', async () => {
    service.groq.replyOnce(transcriptionPath, json({ text: 'What was said.' }));
    const { run } = await service.launch({ model: 'whisper-large-v3-turbo', audioUrl });
    expect(run).toMatchObject({
      state: 'SUCCEEDED',
      charge: '0',
      usage: null,
      cost: { total: null, minimum: '0', maximum: '0.144', certainty: 'BOUNDED' },
    });
  });
});

describe('a custom model of the registry', () => {
  test('is launched at its own endpoint, at its contract price', async () => {
    const endpoint = '/v1/contracts/acme/completions';
    service.groq.replyOnce(
      endpoint,
      json({
        id: 'chatcmpl-1',
        choices: [{ index: 0, message: { content: 'Custom.' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 11, completion_tokens: 3 },
      }),
    );
    const before = service.groq.requestsTo(chatPath).length;
    const { run } = await service.launch({ model: 'lora/answers-v2' });
    expect(run).toMatchObject({
      state: 'SUCCEEDED',
      charge: '0.000017',
      output: { text: 'Custom.' },
    });
    expect(service.groq.requestsTo(endpoint)).toHaveLength(1);
    expect(service.groq.requestsTo(endpoint)[0]?.json).toMatchObject({ model: 'lora/answers-v2' });
    expect(service.groq.requestsTo(chatPath)).toHaveLength(before);
  });

  test('without a price is shown, and refused', async () => {
    const shown = await service.data(
      '{ model(id: "lora/unpriced") { name offerings { nodes { launchBlocker } } } }',
    );
    expect(shown).toMatchObject({
      model: { name: 'Answers, third edition', offerings: { nodes: [{}] } },
    });
    const refused = await service.launch({ model: 'lora/unpriced' });
    expect(refused.code).toMatch(/^(?:PRICE_UNKNOWN|OFFERING_UNAVAILABLE)$/);
  });
});
