import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientError } from '../../src/graphql/errors.ts';
import { get, post, sendRaw, sendRawAll } from './raw-http.ts';
import { ask, startForThisTest, startTestService } from './test-service.ts';
import type { TestService } from './test-service.ts';

const hello = JSON.stringify({ query: '{ hello }' });
const preflight = { 'apollo-require-preflight': 'true' };

describe('an ordinary request', () => {
  let test: TestService;
  beforeAll(async () => {
    test = await startTestService();
  });
  afterAll(async () => {
    await test.service.close();
  });

  it('is answered by POST and by GET alike', async () => {
    const byPost = await ask(test.url, 'query($t: String!) { echo(text: $t) }', { t: 'é' });
    const query = encodeURIComponent('query($t: String!) { echo(text: $t) }');
    const byGet = await fetch(`${test.url}?query=${query}&variables={"t":"é"}`, {
      headers: preflight,
    });
    expect(byPost.body).toEqual({ data: { echo: 'é' } });
    expect(await byGet.json()).toEqual(byPost.body);
  });

  it('may be compressed', async () => {
    const response = await fetch(test.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: gzipSync(hello),
    });
    expect(await response.json()).toEqual({ data: { hello: 'world' } });
  });

  it('may come in chunks, cut within a character', async () => {
    const body = Buffer.from(JSON.stringify({ query: '{ echo(text: "é") }' }));
    const cut = body.indexOf(0xc3) + 1;
    const chunk = (part: Buffer): Buffer =>
      Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]);
    const answer = await sendRaw(test.port, [
      'POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
      chunk(body.subarray(0, cut)),
      { pauseMs: 20 },
      chunk(body.subarray(cut)),
      '0\r\n\r\n',
    ]);
    expect(JSON.parse(answer.body)).toEqual({ data: { echo: 'é' } });
  });

  it('may name its charset in any spelling of UTF-8', async () => {
    for (const type of ['application/json; charset=utf-8', 'Application/JSON;charset="UTF8"']) {
      const answer = await sendRaw(test.port, [post(hello, { 'content-type': type })]);
      expect(answer.status).toBe(200);
    }
  });

  it('may come over HTTP/1.0, without a host, and is answered there', async () => {
    const answer = await sendRaw(test.port, ['GET /livez HTTP/1.0\r\n\r\n']);
    expect(answer).toMatchObject({ status: 200, body: '{"status":"live"}' });
  });

  it('may be pipelined: answers come in order', async () => {
    const echo = (text: string): Buffer =>
      post(JSON.stringify({ query: `{ echo(text: "${text}") }` }), { connection: 'keep-alive' });
    const answers = await sendRawAll(test.port, [echo('a'), echo('b'), echo('c')], 3);
    expect(answers.map(({ body }) => body)).toEqual([
      '{"data":{"echo":"a"}}',
      '{"data":{"echo":"b"}}',
      '{"data":{"echo":"c"}}',
    ]);
  });

  it('is told to go on when it expects that, before it sends its body', async () => {
    const [head = '', body = ''] = post(hello, { expect: '100-continue' })
      .toString()
      .split(/(?<=\r\n\r\n)/);
    const answer = await sendRaw(test.port, [head, { pauseMs: 50 }, body]);
    expect(JSON.parse(answer.body)).toEqual({ data: { hello: 'world' } });
  });

  it('is not told to go on when its length is refused', async () => {
    const head = post('', { expect: '100-continue', 'content-length': '5000000' });
    const answer = await sendRaw(test.port, [head]);
    expect(answer.status).toBe(413);
  });

  it('gets the media type that it prefers', async () => {
    const typeFor = async (accept: string): Promise<string | null> =>
      (await ask(test.url, '{ hello }', undefined, { accept })).headers.get('content-type');
    expect(await typeFor('*/*')).toBe('application/json; charset=utf-8');
    expect(await typeFor('application/graphql-response+json, application/json;q=0.9')).toBe(
      'application/graphql-response+json; charset=utf-8',
    );
    expect(await typeFor('application/json; q=0.5, application/*;q=0.4, text/html')).toBe(
      'application/json; charset=utf-8',
    );
    expect(await typeFor('multipart/mixed; deferSpec=20220824, application/json')).toBe(
      'application/json; charset=utf-8',
    );
  });

  it('may ask the usual introspection query', async () => {
    const { getIntrospectionQuery } = await import('graphql');
    const { status, body } = await ask(test.url, getIntrospectionQuery());
    expect(status).toBe(200);
    expect(body.data?.['__schema']).toBeDefined();
  });

  it('may resolve 1,000 entities and read a page of 100 with what belongs to it', async () => {
    const entities = await ask(
      test.url,
      `query($r: [_Any!]!) { _entities(representations: $r) {
         ... on Item { id name parent { id parent { id name } } } } }`,
      { r: Array.from({ length: 1_000 }, (_, id) => ({ __typename: 'Item', id: String(id) })) },
    );
    expect(entities.body.errors).toBeUndefined();
    expect(entities.body.data?.['_entities']).toHaveLength(1_000);
    const page = await ask(
      test.url,
      `query($n: Int) { items(first: $n) { totalCount pageInfo { hasNextPage }
         edges { cursor node { id name parent { id name parent { id } } siblings { id } } } } }`,
      { n: 100 },
    );
    expect(page.body.errors).toBeUndefined();
  });

  it('is refused as a persisted query in the words of its protocol', async () => {
    const extensions = { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } };
    const { body } = await sendRaw(test.port, [post(JSON.stringify({ extensions }))]);
    expect(body).toContain('"code":"PERSISTED_QUERY_NOT_SUPPORTED"');
  });
});

describe('every answer', () => {
  it('forbids guessing, framing and keeping, and carries the request id', async () => {
    const { port } = await startForThisTest();
    const requests = [get('/livez'), get('/nothing'), post(hello), post('['), 'NONSENSE\r\n\r\n'];
    const answers = await Promise.all(
      requests.map(async (request) => await sendRaw(port, [request])),
    );
    for (const { headers } of answers) {
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
        'content-security-policy': expect.stringContaining("frame-ancestors 'none'") as string,
        'x-request-id': expect.stringMatching(/^[\da-f]{32}$/) as string,
      });
      expect(headers['access-control-allow-origin']).toBeUndefined();
      expect(headers['server']).toBeUndefined();
    }
  });

  it('echoes a well-formed request id, and replaces any other', async () => {
    const { port } = await startForThisTest();
    const idFor = async (given: string): Promise<string | undefined> =>
      (await sendRaw(port, [get('/livez', { 'x-request-id': given })])).headers['x-request-id'];
    expect(await idFor('router-1.a:b')).toBe('router-1.a:b');
    const bad = ['', 'a b', '<script>', 'ü', 'a'.repeat(129), 'a"b', '${jndi:x}'];
    for (const given of bad) {
      expect(await idFor(given)).toMatch(/^[\da-f]{32}$/);
    }
  });

  it('gives the context the id that the client sees', async () => {
    const { url } = await startForThisTest();
    const { body, headers } = await ask(url, '{ requestId }');
    expect(body.data?.['requestId']).toBe(headers.get('x-request-id'));
  });
});

describe('who may ask what', () => {
  it('is answered without introspection when that is off', async () => {
    const { url } = await startForThisTest({ introspection: false });
    for (const query of ['{ __schema { types { name } } }', '{ __type(name: "Item") { name } }']) {
      const { status, body } = await ask(url, query);
      expect(status).toBe(400);
      expect(body.errors?.[0]?.extensions['code']).toBe('INTROSPECTION_DISABLED');
    }
    expect((await ask(url, '{ __typename _service { sdl } }')).status).toBe(200);
  });

  it('can be decided by the caller, from the facts of the operation', async () => {
    const { url } = await startForThisTest(
      {},
      {
        refuseOperation: ({ serviceFields, introspectionFields }, { request }) =>
          serviceFields + introspectionFields > 0 && request.headers['x-router-token'] !== 'right'
            ? clientError('FORBIDDEN', 'Only the router reads the schema.')
            : undefined,
      },
    );
    const refused = await ask(url, '{ _service { sdl } }');
    const served = await ask(url, '{ _service { sdl } }', {}, { 'x-router-token': 'right' });
    expect(refused.status).toBe(403);
    expect(refused.body.errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
    expect(served.body.data?.['_service']).toBeDefined();
  });

  it('is served under its own host names only, when they are given', async () => {
    const { port } = await startForThisTest({ allowedHosts: ['localhost', '127.0.0.1'] });
    const statusFor = async (host: string): Promise<number> =>
      (await sendRaw(port, [get('/livez', { host })])).status;
    expect(await statusFor('localhost:4000')).toBe(200);
    expect(await statusFor('127.0.0.1')).toBe(200);
    expect(await statusFor('evil.example:4000')).toBe(421);
  });

  it('is told to browsers of the allowed origins only', async () => {
    const { port } = await startForThisTest({ allowedOrigins: ['https://market.example'] });
    const preflightFrom = async (origin: string): Promise<Record<string, string>> =>
      (
        await sendRaw(port, [
          get('/graphql', { origin, 'access-control-request-method': 'POST' }, 'OPTIONS'),
        ])
      ).headers;
    expect(await preflightFrom('https://market.example')).toMatchObject({
      'access-control-allow-origin': 'https://market.example',
      'access-control-allow-methods': 'GET, POST, OPTIONS',
      vary: 'origin',
    });
    const other = await preflightFrom('https://market.example.evil');
    expect(other['access-control-allow-origin']).toBeUndefined();
    expect(other['access-control-allow-methods']).toBeUndefined();
    const answer = await sendRaw(port, [post(hello, { origin: 'https://market.example' })]);
    expect(answer.headers['access-control-allow-origin']).toBe('https://market.example');
  });

  it('is what a route says of itself', async () => {
    const { port, url } = await startForThisTest();
    const options = await sendRaw(port, [get('/graphql', {}, 'OPTIONS')]);
    expect(options).toMatchObject({ status: 204, headers: { allow: 'GET, POST, OPTIONS' } });
    const whole = await sendRaw(port, [get('*', {}, 'OPTIONS')]);
    expect(whole.status).toBe(204);
    const wrong = await sendRaw(port, [get('/graphql', {}, 'DELETE')]);
    expect(wrong).toMatchObject({ status: 405, headers: { allow: 'GET, POST, OPTIONS' } });
    const head = await fetch(url, { method: 'HEAD' });
    expect(head.status).toBe(405);
  });
});

describe('an interceptor', () => {
  it('sees accepted requests raw, and may answer in the place of the engine', async () => {
    const seen: string[] = [];
    const { url, port } = await startForThisTest(
      {},
      {
        intercept: (exchange, next) => {
          const { method, raw, record } = exchange;
          seen.push(`${method} ${raw}`);
          if (!raw.includes('hello')) return next(exchange);
          record.kind = 'query';
          return { status: 200, headers: { 'content-type': 'application/json' }, body: '"kept"' };
        },
      },
    );
    expect((await ask(url, '{ hello }')).body).toBe('kept');
    expect((await ask(url, '{ requestId }')).body.data).toBeDefined();
    const refused = await sendRaw(port, [post('[')]);
    expect(refused.status).toBe(400);
    await sendRaw(port, [post(hello, { 'content-type': 'text/plain' })]);
    expect(seen).toEqual([`POST ${hello}`, 'POST {"query":"{ requestId }"}', 'POST [']);
  });
});
