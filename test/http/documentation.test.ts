import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { httpStatusByCode } from '../../src/graphql/errors.ts';

const page = readFileSync(new URL('../../docs/http.md', import.meta.url), 'utf8');

describe("the operators' page", () => {
  it.each(Object.keys(httpStatusByCode))('names the code %s', (code) => {
    expect(page).toContain(`\`${code}\``);
  });

  it('names no code that does not exist', () => {
    const errors = page.slice(page.indexOf('## Errors'), page.indexOf('## Log'));
    const named = [...errors.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map((match) => match[1]);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((code) => !Object.hasOwn(httpStatusByCode, code ?? ''))).toEqual([]);
  });
});
