import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ChatPayload, InferencePayload } from '../../src/domain/inference.ts';
import { withoutContent } from '../../src/inference/quoted-content.ts';

const base = { model: 'openai/gpt-oss-120b', serviceTier: 'on_demand' };
const chat = (content: string, more: Partial<ChatPayload> = {}): ChatPayload => ({
  ...base,
  task: 'TEXT_GENERATION',
  messages: [{ role: 'USER', content }],
  maxOutputTokens: 64,
  ...more,
});

const secret = 'The patient of room 7 has asked for Dr. Example again';

describe('a message about a request', () => {
  it('keeps everything that it does not quote', () => {
    const message = 'Groq does not accept the request (HTTP 400): `temperature` must be below 2';
    expect(withoutContent(message, chat(secret))).toBe(message);
    expect(withoutContent('', chat(secret))).toBe('');
  });

  it('loses what it quotes, whole or in part, and nothing beside it', () => {
    const payload = chat(secret);
    expect(withoutContent(`messages.0: "${secret}" is not allowed`, payload)).toBe(
      'messages.0: "[content]" is not allowed',
    );
    expect(withoutContent(`near: …${secret.slice(9, 40)}…, and ${secret}`, payload)).toBe(
      'near: …[content]…, and [content]',
    );
    expect(withoutContent(secret, payload)).toBe('[content]');
  });

  it('loses what was on several lines and is quoted on one', () => {
    const payload = chat('The patient of room 7\n\n  has asked\tfor Dr. Example again');
    expect(withoutContent(`got ${secret}`, payload)).toBe('got [content]');
  });

  it.each<readonly [string, InferencePayload]>([
    ['a short prompt', chat('hunter2!!')],
    ['a stop sequence', chat('Hello', { stop: ['hunter2!!'] })],
    [
      'the arguments of a tool call',
      chat('Hello', {
        messages: [
          {
            role: 'ASSISTANT',
            toolCalls: [{ id: 'call_1', name: 'f', arguments: '{"password":"hunter2!!"}' }],
          },
        ],
      }),
    ],
    [
      'the description of a tool',
      chat('Hello', { tools: [{ name: 'f', description: 'Knows hunter2!! by heart' }] }),
    ],
    [
      'a schema',
      chat('Hello', {
        responseFormat: { type: 'JSON_SCHEMA', name: 's', schema: { const: 'hunter2!! of mine' } },
      }),
    ],
    ['a text to be spoken', { ...base, task: 'SPEECH', voice: 'v', text: 'Say hunter2!! slowly' }],
    [
      'an address of audio',
      { ...base, task: 'TRANSCRIPTION', audioUrl: 'https://cdn.example/a?sign=hunter2!!' },
    ],
  ])('loses %s', (_, payload) => {
    const said = JSON.stringify(payload).replaceAll('\\"', '"');
    expect(said).toContain('hunter2!!');
    expect(withoutContent(`refused: ${said}`, payload)).not.toContain('hunter2!!');
  });

  it('never holds 23 characters of content in a row', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,9}$/), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(words, words, words, (before, content, after) => {
        const text = content.join(' ');
        const message = [...before, text, ...after].join(' ');
        const shown = withoutContent(message, chat(text));
        for (let at = 0; at + 23 <= text.length; at += 1) {
          expect(shown).not.toContain(text.slice(at, at + 23));
        }
      }),
    );
  });
});
