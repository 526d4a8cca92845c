import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock } from '../../src/domain/clock.ts';
import { Issuer } from '../callers/issuer.ts';
import type { IssuedKey } from '../callers/issuer.ts';
import { headersOf, startLaunching } from '../support/launching.ts';
import type { LaunchingService } from '../support/launching.ts';

const production = { NODE_ENV: 'production', DRAIN_DELAY_MS: '0' };
const schemaQuery = '{ __schema { queryType { name } } }';
const sdlQuery = '{ _service { sdl } }';

/** The codes of an answer's errors, or what it answered. */
async function outcome(
  service: LaunchingService,
  query: string,
  headers: Readonly<Record<string, string>>,
): Promise<unknown> {
  const response = await fetch(service.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = (await response.json()) as {
    readonly data?: Readonly<Record<string, unknown>> | null;
    readonly errors?: readonly { readonly extensions: { readonly code: string } }[];
  };
  return errors?.map(({ extensions }) => extensions.code) ?? Object.keys(data ?? {});
}

describe('in production, where callers come with tokens', () => {
  let issuer: Issuer;
  let key: IssuedKey;
  let service: LaunchingService;
  beforeAll(async () => {
    issuer = await Issuer.open(systemClock);
    key = await issuer.addKey('key-1');
    service = await startLaunching({
      environment: {
        ...production,
        AUTH_MODE: 'jwt',
        ROUTER_TOKENS: '',
        JWT_ISSUER: issuer.name,
        JWT_AUDIENCE: issuer.audience,
        JWKS_URL: issuer.jwksUrl,
        INTROSPECTION: '1',
      },
    });
  });
  afterAll(async () => {
    await service.close();
    await issuer[Symbol.asyncDispose]();
  });
  const bearer = async (scope: string) => ({
    authorization: `Bearer ${await issuer.token(key, { scope })}`,
  });

  it('the schema and `_service` are for callers with the right to them, introspection or not', async () => {
    const operator = await bearer('inference:operate');
    const user = await bearer('inference:launch inference:read');
    for (const [query, field] of [
      [schemaQuery, '__schema'],
      [sdlQuery, '_service'],
    ] as const) {
      expect(await outcome(service, query, operator)).toEqual([field]);
      expect(await outcome(service, query, user)).toEqual(['FORBIDDEN']);
      expect(await outcome(service, query, {})).toEqual(['FORBIDDEN']);
    }
  });

  it('the catalogue is for everybody, and runs for nobody without a token', async () => {
    expect(await outcome(service, '{ offerings { totalCount } }', {})).toEqual(['offerings']);
    expect(await outcome(service, '{ inferenceRuns { totalCount } }', {})).toEqual([
      'UNAUTHENTICATED',
    ]);
  });
});

describe('in production, behind a router, with nothing else set', () => {
  let service: LaunchingService;
  beforeAll(async () => {
    service = await startLaunching({ environment: production });
  });
  afterAll(async () => {
    await service.close();
  });

  it('nobody but the router is answered, and it gets the SDL without introspection', async () => {
    expect(await outcome(service, sdlQuery, {})).toEqual(['UNAUTHENTICATED']);
    expect(await outcome(service, sdlQuery, headersOf({ caller: '' }))).toEqual(['_service']);
    expect(await outcome(service, schemaQuery, headersOf())).toEqual(['INTROSPECTION_DISABLED']);
  });

  it('there is no explorer', async () => {
    const page = await fetch(service.url, { headers: { accept: 'text/html' } });
    expect(page.status).not.toBe(200);
    expect(page.headers.get('content-type')).toContain('application/json');
    const file = await fetch(new URL('/explorer/', service.url));
    expect(file.status).toBe(404);
  });

  it('the SDL has no directives about rights, on which an unlicensed router would not start', async () => {
    const { data } = await service.ask(sdlQuery);
    const { sdl } = (data ?? {})['_service'] as { readonly sdl: string };
    expect(sdl).toContain('type InferenceRun');
    expect(sdl).not.toMatch(/@authenticated|@requiresScopes/);
  });

  it('every answer carries the security headers, and names no product', async () => {
    const answers = await Promise.all([
      fetch(new URL('/livez', service.url)),
      fetch(new URL('/metrics', service.url)),
      fetch(new URL('/nothing-here', service.url)),
      fetch(service.url, { method: 'POST', body: '{' }),
    ]);
    for (const { headers } of answers) {
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('x-powered-by')).toBeNull();
      expect(headers.get('server')).toBeNull();
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});
