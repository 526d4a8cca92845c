import { GraphQLError } from 'graphql';
import { describe, expect, it } from 'vitest';
import { redact, redactError } from '../../src/graphql/redaction.ts';
import { formatErrorForClient, httpStatusOf, publicCodeOf } from '../../src/graphql/errors.ts';

describe('a text for the log', () => {
  it.each([
    ['a provider key', 'key gsk_abcdEFGH1234 was refused', 'key [redacted] was refused'],
    [
      'a bearer token',
      'authorization was Bearer abc.def-123',
      'authorization was Bearer [redacted]',
    ],
    ['a Vault token', 'token hvs.CAESIJ1234567890abcdefgh expired', 'token [redacted] expired'],
    ['a JWT', 'got eyJhbGciOiJI.eyJzdWIi.c2ln', 'got [redacted]'],
    ['an organisation', 'limit for org_01abcdefgh reached', 'limit for [redacted] reached'],
    ['a password in an address', 'at postgres://me:pw@db/x', 'at postgres://[redacted]@db/x'],
    ['a named secret', '{"secret_id":"abcdef"}', '{"secret_id":"[redacted]"}'],
    ['a named header', 'x-vault-token: abcdef, x: y', 'x-vault-token: [redacted], x: y'],
  ])('hides %s', (_, text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it('leaves ordinary words alone', () => {
    const text = 'openai/gpt-oss-120b answered 503 at https://api.groq.com/openai/v1/models';
    expect(redact(text)).toBe(text);
  });

  it('is bounded', () => {
    expect(redact('gsk_a'.repeat(100_000)).length).toBeLessThanOrEqual(4_000);
  });
});

describe('an error for the log', () => {
  it('is its name, message, stack and causes, without the properties that libraries add', () => {
    const error = Object.assign(
      new TypeError('fetch failed', { cause: new Error('gsk_abcd1234') }),
      {
        request: { headers: { authorization: 'Bearer private' } },
      },
    );
    const logged = redactError(error);
    expect(logged).toMatchObject({
      type: 'TypeError',
      message: 'fetch failed',
      cause: { type: 'Error', message: '[redacted]' },
    });
    expect(JSON.stringify(logged)).not.toMatch(/private|gsk_/);
  });

  it('ends with causes in a circle', () => {
    const error = new Error('a');
    error.cause = error;
    expect(JSON.stringify(redactError(error)).length).toBeLessThan(20_000);
  });

  it('may be anything that was thrown', () => {
    expect(redactError('gsk_abcd1234')).toEqual({ type: 'string', message: '[redacted]' });
    expect(redactError(undefined)).toEqual({ type: 'undefined', message: 'undefined' });
  });
});

describe('an error for the client', () => {
  it('is masked unless its code is one of ours', () => {
    for (const error of [
      new Error('secret'),
      'secret',
      undefined,
      new GraphQLError('secret'),
      new GraphQLError('secret', { extensions: { code: 'ECONNRESET' } }),
      new GraphQLError('secret', { extensions: { code: 'constructor' } }),
      new GraphQLError('secret', {
        extensions: { code: 'INTERNAL_SERVER_ERROR', token: 'secret' },
      }),
    ]) {
      expect(publicCodeOf(error)).toBe('INTERNAL_SERVER_ERROR');
      expect(httpStatusOf([error])).toBe(500);
      expect(formatErrorForClient(error, 'r-1')).toEqual({
        message: 'Internal server error',
        extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'r-1' },
      });
    }
  });

  it('carries neither HTTP details nor stack', () => {
    const error = new GraphQLError('no', {
      extensions: { code: 'FORBIDDEN', http: { status: 403 }, stacktrace: ['a'] },
    });
    expect(formatErrorForClient(error)).toEqual({
      message: 'no',
      extensions: { code: 'FORBIDDEN' },
    });
  });
});
