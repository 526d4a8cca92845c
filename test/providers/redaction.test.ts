import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { quoted, redacted } from '../../src/providers/redaction.ts';

const ulid = fc.stringMatching(/^01[0-9a-hjkmnp-tv-z]{24}$/);
const words = fc.string({ maxLength: 60 });

describe('text of a provider that is shown', () => {
  it('keeps what a reader needs and loses the id of the organisation', () => {
    const text =
      'Rate limit reached for model `openai/gpt-oss-120b` in organization `org_01k6k8jkqve95tcvtkrx7f72fa` service tier `on_demand` on tokens per minute (TPM): Limit 8000, Used 6644, Requested 2931. Please try again in 11.8125s. Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing';
    expect(redacted(text)).toBe(text.replace('org_01k6k8jkqve95tcvtkrx7f72fa', '[redacted]'));
  });

  it.each([
    'org_01k6k8jkqve95tcvtkrx7f72fa',
    'ORG_01K6K8JKQVE95TCVTKRX7F72FA',
    'org_canary',
    'org-AbCdEf123456',
    'project_01k6k8jkqve95tcvtkrx7f72fa',
    'project_canary',
    'proj_Ab12Cd34',
    'gsk_abcDEF123',
    'sk-proj-abc123',
    'hvs.CAESIJ1234567890abcdefghij',
    'user_01k6k8jkqve95tcvtkrx7f72fa',
    '6f9619ff-8b86-d011-b42d-00cf4fc964ff',
    'admin@example.com',
    'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9',
  ])('never holds %s, wherever it stands', (secret) => {
    for (const text of [secret, `in (${secret}).`, `x=${secret}&y`, `"id":"${secret}"`]) {
      expect(redacted(text)).not.toContain(secret);
    }
  });

  it('loses an organisation that is only named in quotation marks', () => {
    expect(redacted('in organization `acme` on tokens')).toBe(
      'in organization `[redacted]` on tokens',
    );
    expect(redacted('organisation id: "acme corp" is restricted')).toBe(
      'organisation id: "[redacted]" is restricted',
    );
  });

  it('loses bearer tokens, credentials in addresses and keys in queries', () => {
    expect(redacted('Authorization: Bearer abc.def rejected')).toBe(
      'Authorization: Bearer [redacted] rejected',
    );
    expect(redacted('see https://me:secret@host.example/x')).toBe(
      'see https://[redacted]@host.example/x',
    );
    expect(redacted('https://host.example/x?api_key=abc&b=1')).toBe(
      'https://host.example/x?api_key=[redacted]&b=1',
    );
  });

  it('never holds an organisation id or a key, whatever stands around it', () => {
    fc.assert(
      fc.property(
        words,
        ulid,
        words,
        fc.constantFrom('org_', 'gsk_', 'project_'),
        (a, id, b, prefix) => {
          expect(redacted(`${a}${prefix}${id}${b}`)).not.toContain(id);
        },
      ),
    );
  });

  it('never holds the key of the call, even when it looks like a word', () => {
    expect(redacted('the key swordfish is wrong', { secrets: ['swordfish'] })).toBe(
      'the key [redacted] is wrong',
    );
  });

  it('does not lose an id to invisible characters put into it', () => {
    const split = 'org_01k6k8\u200bjkqve95tc\u00advtkrx7f72fa';
    expect(redacted(split)).toBe('[redacted]');
  });

  it('is one bounded line of well-formed text without control characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3_000 }), (text) => {
        const shown = redacted(text);
        expect(shown.length).toBeLessThanOrEqual(500);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(shown.isWellFormed()).toBe(true);
      }),
    );
  });

  it('stays as it is when it goes through again', () => {
    fc.assert(
      fc.property(words, ulid, words, (a, id, b) => {
        const once = redacted(`${a} org_${id} ${b} Bearer ${id}`);
        expect(redacted(once)).toBe(once);
      }),
    );
  });

  it('does not show half an id where a long text is cut', () => {
    const id = 'org_01k6k8jkqve95tcvtkrx7f72fa';
    for (let before = 3_960; before <= 4_000; before += 1) {
      expect(redacted(`${'x '.repeat(10)}${' '.repeat(before - 20)}${id}`)).not.toMatch(
        /org_|01k6/,
      );
    }
  });

  it('is bounded to some words where a value of a feed is quoted', () => {
    expect(quoted('x '.repeat(500)).length).toBeLessThanOrEqual(42);
  });
});
