import { expect, test } from 'vitest';

import { RecentTexts } from '../../src/http/recent-texts.ts';

test('remembers what was asked about lately and forgets what was not, within its bound', () => {
  const recent = new RecentTexts(100);
  const texts = Array.from({ length: 50 }, (_, index) => `text ${String(index).padStart(5, '0')}`);
  for (const text of texts) expect(recent.remembers(text)).toBe(false);
  expect(recent.remembers('text 00049')).toBe(true);
  expect(recent.remembers('text 00045')).toBe(true);
  const remembered = texts.filter((text) => recent.remembers(text));
  expect(remembered.join('').length).toBeLessThanOrEqual(100);
});

test('a text as long as the bound is remembered by itself and drives out the others', () => {
  const recent = new RecentTexts(10);
  expect(recent.remembers('a')).toBe(false);
  expect(recent.remembers('b'.repeat(10))).toBe(false);
  expect(recent.remembers('c'.repeat(10))).toBe(false);
  expect(recent.remembers('a')).toBe(false);
});
