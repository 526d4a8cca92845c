import { readFileSync } from 'node:fs';
import { isEnumType } from 'graphql';
import { describe, expect, it } from 'vitest';

import { createSchema } from '../../src/graphql/schema.ts';
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

describe("the orchestrators' page", () => {
  const launchPage = readFileSync(new URL('../../docs/launch.md', import.meta.url), 'utf8');
  const schema = createSchema(new URL('../../schema.graphql', import.meta.url), {
    authDirectives: false,
  });
  const codes = schema.getType('LaunchRefusalCode');
  if (!isEnumType(codes)) throw new Error('LaunchRefusalCode is no enum');
  const table = launchPage.slice(launchPage.indexOf('| Refusal'), launchPage.indexOf('## States'));

  it.each(codes.getValues().map(({ name }) => name))('says once what helps against %s', (code) => {
    const rows = table.split('\n').filter((row) => row.split('|')[1]?.includes(`\`${code}\``));
    expect(rows).toHaveLength(1);
    const [, , , helps = ''] = rows[0]?.split('|') ?? [];
    expect(helps.trim()).not.toBe('');
  });
});
