import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe } from 'vitest';
import { operation, refuseAll, sends, writes } from './hostile.ts';
import type { HostileCase } from './hostile.ts';
import { END, get, post } from './raw-http.ts';

const preflight = { 'apollo-require-preflight': 'true' };

const json = operation('{ hello }');

const bodies: readonly HostileCase[] = [
  sends('no body', 400, 'MALFORMED_JSON', ''),
  sends('bad JSON', 400, 'MALFORMED_JSON', '{"query": "{ hello }"'),
  sends('JSON with a comma too many', 400, 'MALFORMED_JSON', '{"query": "{ hello }",}'),
  sends('JSON after a byte order mark', 400, 'MALFORMED_JSON', `\uFEFF${json}`),
  sends('a JSON string', 400, 'BAD_REQUEST', '"{ hello }"'),
  sends('a JSON number', 400, 'BAD_REQUEST', '42'),
  sends('JSON null', 400, 'BAD_REQUEST', 'null'),
  sends('an empty object', 400, 'BAD_REQUEST', '{}'),
  sends('a query that is a list', 400, 'BAD_REQUEST', '{"query":["{ hello }"]}'),
  sends(
    'a query that is a parsed document',
    400,
    'BAD_REQUEST',
    '{"query":{"kind":"Document","definitions":[]}}',
  ),
  sends('an empty query', 400, 'BAD_REQUEST', '{"query":""}'),
  sends(
    'a query inherited through "__proto__"',
    400,
    'BAD_REQUEST',
    '{"__proto__":{"query":"{ hello }"}}',
  ),
  sends('a batch', 400, 'BATCHING_DISABLED', `[${json},${json}]`),
  sends('an empty batch', 400, 'BATCHING_DISABLED', '[]'),
  sends(
    'two queries under one name',
    400,
    'DUPLICATE_PARAMETER',
    '{"query":"{ hello }","query":"{ fault }"}',
  ),
  sends(
    'two queries, one name spelt with an escape',
    400,
    'DUPLICATE_PARAMETER',
    '{"query":"{ hello }","quer\\u0079":"{ fault }"}',
  ),
  sends(
    'variables given twice',
    400,
    'DUPLICATE_PARAMETER',
    '{"variables":{},"query":"{ hello }","variables":{"query":1}}',
  ),
  sends(
    'invalid UTF-8',
    400,
    'MALFORMED_BODY',
    Buffer.concat([
      Buffer.from('{"query":"{ echo(text: \\"'),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('\\") }"}'),
    ]),
  ),
  sends('UTF-16', 415, 'UNSUPPORTED_MEDIA_TYPE', Buffer.from(json, 'utf16le'), {
    'content-type': 'application/json; charset=utf-16',
  }),
  sends('Latin-1', 415, 'UNSUPPORTED_MEDIA_TYPE', json, {
    'content-type': 'application/json; charset="iso-8859-1"',
  }),
  sends('a text/plain form of another site', 415, 'UNSUPPORTED_MEDIA_TYPE', json, {
    'content-type': 'text/plain',
  }),
  sends('a text/plain form that says it was preflighted', 415, 'UNSUPPORTED_MEDIA_TYPE', json, {
    'content-type': 'text/plain',
    ...preflight,
  }),
  sends('an urlencoded form', 415, 'UNSUPPORTED_MEDIA_TYPE', 'query=%7Bhello%7D', {
    'content-type': 'application/x-www-form-urlencoded',
  }),
  sends('a multipart form', 415, 'UNSUPPORTED_MEDIA_TYPE', '--x--', {
    'content-type': 'multipart/form-data; boundary=x',
  }),
  sends('application/graphql', 415, 'UNSUPPORTED_MEDIA_TYPE', '{ hello }', {
    'content-type': 'application/graphql',
  }),
  sends('a content type that only begins with JSON', 415, 'UNSUPPORTED_MEDIA_TYPE', json, {
    'content-type': 'application/jsonp',
  }),
  sends('an empty content type', 415, 'UNSUPPORTED_MEDIA_TYPE', json, { 'content-type': '' }),
  sends(
    'an answer type that nobody can give',
    406,
    'NOT_ACCEPTABLE',
    operation('mutation { bump(id: 1) }'),
    { accept: 'image/png' },
  ),
  sends(
    'a body above the limit',
    413,
    'BODY_TOO_LARGE',
    operation(`{ echo(text: "${'a'.repeat(1_100_000)}") }`),
  ),
  writes(
    'a chunked body above the limit',
    413,
    'BODY_TOO_LARGE',
    'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
    ...Array.from({ length: 20 }, () => `10000\r\n${'a'.repeat(0x1_00_00)}\r\n`),
    '0\r\n\r\n',
  ),
  sends('a gzip bomb', 413, 'BODY_TOO_LARGE', gzipSync(Buffer.alloc(200_000_000)), {
    'content-encoding': 'gzip',
  }),
  sends('a brotli bomb', 413, 'BODY_TOO_LARGE', brotliCompressSync(Buffer.alloc(50_000_000)), {
    'content-encoding': 'br',
  }),
  sends('a deflate bomb', 413, 'BODY_TOO_LARGE', deflateSync(Buffer.alloc(50_000_000)), {
    'content-encoding': 'deflate',
  }),
  sends('gzip that is not gzip', 400, 'MALFORMED_BODY', json, { 'content-encoding': 'gzip' }),
  sends('gzip that is cut', 400, 'MALFORMED_BODY', gzipSync(json).subarray(0, 20), {
    'content-encoding': 'gzip',
  }),
  sends('an unknown content coding', 415, 'UNSUPPORTED_MEDIA_TYPE', json, {
    'content-encoding': 'compress',
  }),
  sends('gzip within gzip', 415, 'UNSUPPORTED_MEDIA_TYPE', gzipSync(gzipSync(json)), {
    'content-encoding': 'gzip, gzip',
  }),
  sends('the content coding "constructor"', 415, 'UNSUPPORTED_MEDIA_TYPE', json, {
    'content-encoding': 'constructor',
  }),
  writes(
    'a body that ends before its length',
    400,
    'BODY_CUT_SHORT',
    post(json, { 'content-length': '500' }),
    END,
  ),
  writes(
    'a chunked body that is cut',
    400,
    'BODY_CUT_SHORT',
    'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"que',
    END,
  ),
];

const gets: readonly HostileCase[] = [
  writes(
    'a GET that another site can cause',
    400,
    'CSRF_BLOCKED',
    get('/graphql?query=%7Bhello%7D'),
  ),
  writes(
    'a GET with an empty preflight header',
    400,
    'CSRF_BLOCKED',
    get('/graphql?query=%7Bhello%7D', { 'apollo-require-preflight': '' }),
  ),
  writes(
    'a GET with a form content type',
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    get('/graphql?query=%7Bhello%7D', { 'content-type': 'text/plain', ...preflight }),
  ),
  writes(
    'a mutation by GET',
    405,
    'METHOD_NOT_ALLOWED',
    get('/graphql?query=mutation%7Bbump(id:1)%7D', preflight),
  ),
  writes(
    'a mutation by GET, chosen by name',
    405,
    'METHOD_NOT_ALLOWED',
    get(
      '/graphql?query=query%20A%7Bhello%7D%20mutation%20B%7Bbump(id:1)%7D&operationName=B',
      preflight,
    ),
  ),
  writes('a GET without a query', 400, 'BAD_REQUEST', get('/graphql', preflight)),
  writes(
    'a GET with two queries',
    400,
    'DUPLICATE_PARAMETER',
    get('/graphql?query=%7Bhello%7D&query=%7Bfault%7D', preflight),
  ),
  writes(
    'a GET with bad JSON in its variables',
    400,
    'MALFORMED_JSON',
    get('/graphql?query=%7Bhello%7D&variables=%7B', preflight),
  ),
  writes(
    'a GET with a list as variables',
    400,
    'BAD_REQUEST',
    get('/graphql?query=%7Bhello%7D&variables=%5B1%5D', preflight),
  ),
  writes(
    'a GET with broken percent signs',
    400,
    'GRAPHQL_PARSE_FAILED',
    get('/graphql?query=%7Bhello%ZZ', preflight),
  ),
];

const requests: readonly HostileCase[] = [
  writes('an unknown path', 404, 'NOT_FOUND', get('/admin')),
  writes('a path named like a method of objects', 404, 'NOT_FOUND', get('/constructor')),
  writes('a path outside the explorer', 404, 'NOT_FOUND', get('/explorer/../../etc/passwd')),
  writes(
    'a path outside the explorer, encoded',
    404,
    'NOT_FOUND',
    get('/explorer/%2e%2e/%2e%2e/package.json'),
  ),
  writes(
    'a path outside the explorer, encoded twice',
    404,
    'NOT_FOUND',
    get('/explorer/2.0.2/..%252f..%252fpackage.json'),
  ),
  writes(
    'a path outside the explorer, with backslashes',
    404,
    'NOT_FOUND',
    get('/explorer/2.0.2/..\\..\\package.json'),
  ),
  writes('an explorer file named "__proto__"', 404, 'NOT_FOUND', get('/explorer/2.0.2/__proto__')),
  writes('a source map of the explorer', 404, 'NOT_FOUND', get('/explorer/2.0.2/ruru.js.map')),
  writes('a path of 8 kB', 404, 'NOT_FOUND', get(`/${'a'.repeat(8_000)}`)),
  writes('PUT', 405, 'METHOD_NOT_ALLOWED', get('/graphql', {}, 'PUT')),
  writes('TRACE', 405, 'METHOD_NOT_ALLOWED', get('/graphql', {}, 'TRACE')),
  writes('a POST to a health route', 405, 'METHOD_NOT_ALLOWED', get('/livez', {}, 'POST')),
  writes('CONNECT', 405, 'METHOD_NOT_ALLOWED', get('example.com:443', {}, 'CONNECT')),
  writes('an unknown method', 400, 'MALFORMED_HTTP', get('/graphql', {}, 'BREW')),
  writes('no host', 400, 'MISSING_HOST', 'GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n'),
  writes(
    'bytes that are not HTTP',
    400,
    'MALFORMED_HTTP',
    Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00]),
  ),
  writes(
    'an unknown HTTP version',
    400,
    'MALFORMED_HTTP',
    'GET /graphql HTTP/9.9\r\nhost: localhost\r\n\r\n',
  ),
  writes(
    'two content lengths',
    400,
    'MALFORMED_HTTP',
    'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n',
  ),
  writes(
    'a length and chunks at once',
    400,
    'MALFORMED_HTTP',
    'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  ),
  writes(
    'a negative content length',
    400,
    'MALFORMED_HTTP',
    'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-length: -5\r\n\r\n',
  ),
  writes(
    'a header with a line feed in it',
    400,
    'MALFORMED_HTTP',
    'GET /livez HTTP/1.1\r\nhost: localhost\r\nx-request-id: a\nset-cookie: b\r\n\r\n',
  ),
  writes(
    'a header with a null byte',
    400,
    'MALFORMED_HTTP',
    'GET /livez HTTP/1.1\r\nhost: localhost\r\nx-a: \u0000\r\n\r\n',
  ),
  writes(
    'a folded header',
    400,
    'MALFORMED_HTTP',
    'GET /livez HTTP/1.1\r\nhost : localhost\r\n\r\n',
  ),
  writes(
    'headers of 64 kB',
    431,
    'HEADERS_TOO_LARGE',
    get('/livez', { 'x-padding': 'a'.repeat(65_536) }),
  ),
  writes(
    '3,000 headers',
    431,
    'HEADERS_TOO_LARGE',
    get('/livez', Object.fromEntries(Array.from({ length: 3_000 }, (_, n) => [`x-${n}`, 'a']))),
  ),
  writes(
    'an expectation of something else',
    417,
    'EXPECTATION_FAILED',
    get('/livez', { expect: 'the-unexpected' }),
  ),
  writes(
    'headers that never end',
    408,
    'REQUEST_TIMEOUT',
    'POST /graphql HTTP/1.1\r\nhost: localhost\r\nx-slow: ',
  ),
  writes(
    'headers one byte at a time',
    408,
    'REQUEST_TIMEOUT',
    'POST',
    { pauseMs: 150 },
    ' /gr',
    { pauseMs: 150 },
    'aphql',
    { pauseMs: 150 },
    ' HTTP',
  ),
  writes('a connection that says nothing', 408, 'REQUEST_TIMEOUT', { pauseMs: 0 }),
  writes('a body that never comes', 408, 'REQUEST_TIMEOUT', post('', { 'content-length': '10' })),
  writes(
    'a body one byte at a time',
    408,
    'REQUEST_TIMEOUT',
    post('{', { 'content-length': '100' }),
    { pauseMs: 200 },
    '"',
    { pauseMs: 200 },
    'q',
    { pauseMs: 200 },
    'u',
  ),
];

describe('a hostile request is refused in JSON with a stable code', () => {
  refuseAll({ bodies, gets, requests });
});
