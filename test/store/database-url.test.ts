import { describe, expect, test } from 'vitest';

import { parseDatabaseUrl } from '../../src/store/postgres/database-url.ts';

describe('a database URL', () => {
  test('is shown without user and password', () => {
    const { shown } = parseDatabaseUrl(
      'postgres://u%40x:p%40ss@db.example:5433/gpubroker?sslmode=verify-full',
    );
    expect(shown).toBe('postgres://db.example:5433/gpubroker');
  });

  test('may name a socket folder in place of a host', () => {
    const { shown } = parseDatabaseUrl('postgresql:///gpubroker?host=/var/run/postgresql');
    expect(shown).toBe('postgres:///var/run/postgresql/gpubroker');
  });

  test.each(['require', 'verify-full', 'disable'])('gives sslmode=%s libpq’s meaning', (mode) => {
    const { connectionString } = parseDatabaseUrl(`postgres://u:p@h/d?sslmode=${mode}`);
    expect(new URL(connectionString).searchParams.get('uselibpqcompat')).toBe('true');
  });

  test.each([
    ['nothing', ''],
    ['no URL', 'localhost:5432'],
    ['another scheme', 'mysql://user:hunter2@host/db'],
    ['no database', 'postgres://user:hunter2@host'],
    ['an unknown sslmode', 'postgres://user:hunter2@host/db?sslmode=requires'],
    ['an sslmode that may fall back to none', 'postgres://user:hunter2@host/db?sslmode=prefer'],
    [
      'an authority to check against, but not which',
      'postgres://user:hunter2@host/db?sslmode=verify-ca',
    ],
  ])('with %s is refused with the reason, and not repeated', (_what, url) => {
    let refusal: unknown;
    try {
      parseDatabaseUrl(url);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({ code: 'INVALID_DATABASE_URL' });
    expect(String(refusal)).toContain('DATABASE_URL is not usable');
    expect(String(refusal)).not.toContain('hunter2');
  });
});
