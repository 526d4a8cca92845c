import { existsSync, readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

const root = new URL('../', import.meta.url);
const page = readFileSync(new URL('SECURITY.md', root), 'utf8');

it('SECURITY.md names tests that exist, for everything that it says is protected', () => {
  const protections = page.slice(
    page.indexOf('## What is protected'),
    page.indexOf('## What is not'),
  );
  const rows = protections
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2);
  expect(rows.length).toBeGreaterThan(10);
  for (const row of rows) expect(row).toMatch(/`test\/[\w/-]+\.test\.ts`/);
  const files = [...page.matchAll(/`(test\/[^`]+)`/g)].map(([, file = '']) => file);
  expect(files.filter((file) => !existsSync(new URL(file, root)))).toEqual([]);
});
