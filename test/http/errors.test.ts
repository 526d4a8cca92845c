import { GraphQLError } from 'graphql';
import { describe, expect, it } from 'vitest';
import { clientError } from '../../src/graphql/errors.ts';
import { MARKED_SECRET, ask, startForThisTest } from './test-service.ts';

describe('errors', () => {
  it('mask a fault of ours, and name the request under which it is in the log', async () => {
    const { url, lines } = await startForThisTest();
    const { status, body, headers } = await ask(url, 'query Find { fault hello }');
    const requestId = headers.get('x-request-id');
    expect(status).toBe(200);
    expect(body).toEqual({
      data: { fault: null, hello: 'world' },
      errors: [
        {
          message: 'Internal server error',
          locations: [{ line: 1, column: 14 }],
          path: ['fault'],
          extensions: { code: 'INTERNAL_SERVER_ERROR', requestId },
        },
      ],
    });
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 50,
        requestId,
        operation: 'Find',
        path: 'fault',
        error: expect.objectContaining({
          message: 'upstream said no to [redacted]',
        }) as unknown,
      }),
    );
  });

  it('keep secrets out of answers and of the log', async () => {
    const { url, lines } = await startForThisTest();
    const answers = [await ask(url, '{ fault }'), await ask(url, '{ fatal }')];
    expect(JSON.stringify(answers.map(({ body }) => body))).not.toMatch(/marked|hunter2|postgres/);
    expect(lines.length).toBeGreaterThan(2);
    expect(JSON.stringify(lines)).not.toContain(MARKED_SECRET);
    expect(JSON.stringify(lines)).not.toContain('hunter2');
  });

  it('of storage that is away have a code that makes sense again, and are told in full in the log alone', async () => {
    const { url, lines } = await startForThisTest();
    const { status, body } = await ask(url, '{ stored hello }');
    expect(status).toBe(200);
    expect(body).toEqual({
      data: { stored: null, hello: 'world' },
      errors: [
        {
          message: 'What is stored can not be read or changed now.',
          locations: [{ line: 1, column: 3 }],
          path: ['stored'],
          extensions: {
            code: 'SERVICE_UNAVAILABLE',
            reason: 'STORAGE_UNAVAILABLE',
            retryable: true,
            retryAfterSeconds: 1,
          },
        },
      ],
    });
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 50,
        path: 'stored',
        error: expect.objectContaining({ message: 'The disk of /srv/data failed' }) as unknown,
      }),
    );
  });

  it('keep their message, code and data when they are meant for the client', async () => {
    const { url, lines } = await startForThisTest();
    const { status, body } = await ask(url, '{ refusal }');
    expect(status).toBe(200);
    expect(body.errors).toMatchObject([
      {
        message: 'That cursor is from another list.',
        path: ['refusal'],
        extensions: { code: 'BAD_USER_INPUT', hint: 'after' },
      },
    ]);
    expect(lines.filter(({ level }) => level === 50)).toEqual([]);
  });

  it('call a null that reaches a required argument the mistake of the client', async () => {
    const { url } = await startForThisTest();
    const { body } = await ask(url, 'query($n: Int = 1) { page(size: $n) }', { n: null });
    expect(body.errors?.[0]?.extensions['code']).toBe('BAD_USER_INPUT');
  });

  it('quote no more of a value than a line', async () => {
    const { url } = await startForThisTest();
    const { body } = await ask(url, 'query($n: Int) { items(first: $n) { totalCount } }', {
      n: 'x'.repeat(500_000),
    });
    expect(body.errors?.[0]?.message.length).toBeLessThan(600);
  });

  it('suggest nothing of the schema', async () => {
    const { url } = await startForThisTest();
    const asked = [
      await ask(url, '{ helo }'),
      await ask(url, 'query($f: ItemFilter) { items(filter: $f) { totalCount } }', {
        f: { color: 'RED' },
      }),
      await ask(url, 'query($f: ItemFilter) { items(filter: $f) { totalCount } }', {
        f: { colour: 'RD' },
      }),
    ];
    for (const { status, body } of asked) {
      expect(status).toBe(400);
      expect(JSON.stringify(body)).not.toMatch(/Did you mean|"hello"|"RED"/);
    }
  });
});

describe('the context', () => {
  it('may refuse a request, with the status of its code', async () => {
    const { url } = await startForThisTest(
      {},
      {
        contextFor: () => {
          throw clientError('RATE_LIMITED', 'Too many requests.', { retryAfterSeconds: 2.5 });
        },
      },
    );
    const { status, body, headers } = await ask(url, '{ hello }');
    expect(status).toBe(429);
    expect(headers.get('retry-after')).toBe('3');
    expect(body.errors?.[0]).toMatchObject({
      message: 'Too many requests.',
      extensions: { code: 'RATE_LIMITED' },
    });
  });

  it('fails as masked as anything else', async () => {
    const { url, lines } = await startForThisTest(
      {},
      {
        contextFor: async () => {
          await Promise.resolve();
          throw new Error(`no ${MARKED_SECRET}`);
        },
      },
    );
    const { status, body } = await ask(url, '{ hello }');
    expect(status).toBe(500);
    expect(body.errors?.[0]?.message).toBe('Internal server error');
    expect(JSON.stringify(lines)).toContain('no [redacted]');
  });

  it('reaches resolvers as it was made, private parts included', async () => {
    const test = await startForThisTest();
    const asked = ask(test.url, '{ slow(id: 7) }');
    await test.gate.waitFor(1);
    test.gate.open();
    expect((await asked).body).toEqual({ data: { slow: '7' } });
  });

  it('hears that a client of a query has gone', async () => {
    const test = await startForThisTest();
    const leaving = new AbortController();
    const asked = fetch(test.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ slow(id: 1) }' }),
      signal: leaving.signal,
    }).catch((error: unknown) => error);
    await test.gate.waitFor(1);
    leaving.abort();
    await expect.poll(() => test.gate.aborted).toBe(1);
    expect(await asked).toBeInstanceOf(Error);
    expect(test.lines).toContainEqual(expect.objectContaining({ kind: 'query', status: 499 }));
  });

  it('hears nothing of the sort in a mutation, which runs to its end', async () => {
    const test = await startForThisTest();
    const leaving = new AbortController();
    const asked = fetch(test.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'mutation { bump(id: 1) }' }),
      signal: leaving.signal,
    }).catch((error: unknown) => error);
    await test.gate.waitFor(1);
    leaving.abort();
    expect(await asked).toBeInstanceOf(Error);
    await expect.poll(() => test.lines.some(({ kind }) => kind === 'mutation')).toBe(true);
    expect(test.gate.aborted).toBe(0);
    test.gate.open();
  });
});

describe('an error that claims a code', () => {
  it('is shown only when the code is ours', async () => {
    const { url } = await startForThisTest(
      {},
      {
        refuseOperation: () =>
          new GraphQLError('the vault token is hvs.x', { extensions: { code: 'ECONNREFUSED' } }),
      },
    );
    const { status, body } = await ask(url, '{ hello }');
    expect(status).toBe(500);
    expect(body.errors?.[0]).toMatchObject({
      message: 'Internal server error',
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    });
  });
});
