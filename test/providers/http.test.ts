import { getEventListeners, once } from 'node:events';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { BrokenAnswer } from '../../src/providers/http-exchange.ts';
import {
  type CallResult,
  createOutwardHttp,
  type OutwardHttp,
  type OutwardLimits,
  type OutwardRequest,
  publicAddress,
} from '../../src/providers/http.ts';
import {
  after,
  bigBody,
  cutBody,
  empty,
  gzipBomb,
  gzipped,
  hang,
  hangMidBody,
  hangUp,
  json,
  jsonText,
  notHttp,
  redirectTo,
  streamed,
} from '../support/groq-responders.ts';
import { type GroqServer, startGroqServer } from '../support/groq-server.ts';
import { recordedExchange } from '../support/recorded-exchanges.ts';

const key = 'gsk_testKeyOfTheHttpTests';
const nowMs = 1_700_000_000_000;

/** Limits that no test runs into by accident. */
const wide: OutwardLimits = {
  connectTimeoutMs: 15_000,
  firstByteTimeoutMs: 15_000,
  idleTimeoutMs: 15_000,
  totalTimeoutMs: 15_000,
  maxBodyBytes: 1_000_000,
};

let server: GroqServer;
let http: OutwardHttp;

beforeEach(async () => {
  server = await startGroqServer({ key });
  http = createOutwardHttp({ clock: { now: () => nowMs } });
});

afterEach(async () => {
  await http.close();
  await server.close();
});

function request(path: string, overrides: Partial<OutwardRequest> = {}): OutwardRequest {
  return {
    method: 'GET',
    url: new URL(path, server.url),
    headers: { authorization: `Bearer ${key}` },
    signal: new AbortController().signal,
    limits: wide,
    ...overrides,
  };
}

function limits(overrides: Partial<OutwardLimits>): { readonly limits: OutwardLimits } {
  return { limits: { ...wide, ...overrides } };
}

/** The pool takes a connection back one turn of the event loop after the answer's end. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

function failureOf(result: CallResult) {
  if (result.ok) throw new Error(`An answer came: HTTP ${result.answer.status}`);
  return result.failure;
}

function answerOf(result: CallResult) {
  if (!result.ok) throw new Error(`No answer: ${result.failure.message}`);
  return result.answer;
}

describe('a whole answer', () => {
  it('comes with status, lower-case headers, body and the time of its end', async () => {
    server.reply('/x', json({ a: 1 }, { status: 418, headers: { 'X-Groq-Region': 'dls' } }));
    const answer = answerOf(await http.call(request('/x?y=1')));
    expect(answer.status).toBe(418);
    expect(answer.headers.get('x-groq-region')).toBe('dls');
    expect(answer.text()).toBe('{"a":1}');
    expect(answer.receivedAtMs).toBe(nowMs);
    expect(server.requests[0]?.path).toBe('/x?y=1');
  });

  it('is decompressed when it comes as gzip', async () => {
    server.reply('/x', gzipped({ text: 'ä'.repeat(5_000) }));
    const answer = answerOf(await http.call(request('/x')));
    expect(JSON.parse(answer.text())).toEqual({ text: 'ä'.repeat(5_000) });
    expect(server.requests[0]?.headers['accept-encoding']).toBe('gzip');
  });

  it('carries the body of a POST', async () => {
    server.reply('/x', json({}));
    await http.call(request('/x', { method: 'POST', body: '{"model":"m"}' }));
    expect(server.requests[0]?.json).toEqual({ model: 'm' });
  });

  it('is a redirect where one comes: nothing follows it', async () => {
    server.reply('/x', redirectTo(`${server.url}/y`));
    server.reply('/y', json({}));
    const answer = answerOf(await http.call(request('/x')));
    expect(answer.status).toBe(302);
    expect(server.requests.map(({ path }) => path)).toEqual(['/x']);
  });

  it('leaves the connection for the next call', async () => {
    server.reply('/x', json({}));
    await http.call(request('/x'));
    await settled();
    await http.call(request('/x'));
    expect(server.requests.map(({ connection }) => connection)).toEqual([1, 1]);
  });

  it('leaves nothing behind on the signal of the caller', async () => {
    server.reply('/x', json({}));
    const { signal } = new AbortController();
    await http.call(request('/x', { signal }));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('comes straight from the address, whatever proxy the environment names', async () => {
    server.reply('/x', json({}));
    const before = process.env['HTTP_PROXY'];
    process.env['HTTP_PROXY'] = 'http://127.0.0.1:1';
    try {
      expect(answerOf(await http.call(request('/x'))).status).toBe(200);
    } finally {
      if (before === undefined) delete process.env['HTTP_PROXY'];
      else process.env['HTTP_PROXY'] = before;
    }
  });
});

describe('a request of which no byte was written', () => {
  it('is one whose connection is refused', async () => {
    const { url } = server;
    await server.close();
    const failure = failureOf(await http.call(request('/x', { url: new URL('/x', url) })));
    expect(failure).toMatchObject({ kind: 'UNREACHABLE', requestWritten: false });
    server = await startGroqServer({ key });
  });

  it('is one whose host has no address', async () => {
    const url = new URL('http://no-such-host.invalid/x');
    const failure = failureOf(await http.call(request('/x', { url })));
    expect(failure).toMatchObject({ kind: 'UNREACHABLE', requestWritten: false });
  });

  it('is one whose TLS handshake never ends', async () => {
    const { port, stop } = await startTcpServer(() => {});
    const url = new URL(`https://127.0.0.1:${port}/x`);
    const result = await http.call(request('/x', { url, ...limits({ connectTimeoutMs: 60 }) }));
    expect(failureOf(result)).toMatchObject({ kind: 'TIMEOUT', requestWritten: false });
    await stop();
  });

  it('is one whose peer speaks no TLS', async () => {
    const { port, stop } = await startTcpServer((socket) => socket.end('HTTP/1.1 400 No\r\n\r\n'));
    const url = new URL(`https://127.0.0.1:${port}/x`);
    const failure = failureOf(await http.call(request('/x', { url })));
    expect(failure).toMatchObject({ kind: 'UNREACHABLE', requestWritten: false });
    await stop();
  });

  it('is one that was cancelled before', async () => {
    const result = await http.call(request('/x', { signal: AbortSignal.abort() }));
    expect(failureOf(result)).toMatchObject({ kind: 'CANCELLED', requestWritten: false });
    expect(server.requests).toEqual([]);
  });

  it('is one that was cancelled while it waited for a connection, and it is never sent later', async () => {
    const single = createOutwardHttp({ clock: { now: () => nowMs }, maxConnections: 1 });
    let release = () => {};
    server.reply('/slow', after(new Promise<void>((resolve) => (release = resolve)), json({})));
    server.reply('/x', json({}));
    server.reply('/last', json({}));
    const first = single.call(request('/slow'));
    await server.waitForRequests(1);
    const abort = new AbortController();
    const second = single.call(request('/x', { signal: abort.signal }));
    const timed = single.call(request('/x', limits({ connectTimeoutMs: 30 })));
    abort.abort();
    expect(failureOf(await second)).toMatchObject({ kind: 'CANCELLED', requestWritten: false });
    expect(failureOf(await timed)).toMatchObject({ kind: 'TIMEOUT', requestWritten: false });
    release();
    await first;
    await single.call(request('/last'));
    expect(server.requests.map(({ path }) => path)).toEqual(['/slow', '/last']);
    await single.close();
  });

  it('is one that finds its pooled connection dead and no other', async () => {
    server.reply('/x', json({}));
    await http.call(request('/x'));
    await settled();
    const { url } = server;
    await server.close();
    const failure = failureOf(await http.call(request('/x', { url: new URL('/x', url) })));
    expect(failure).toMatchObject({ kind: 'UNREACHABLE', requestWritten: false });
    server = await startGroqServer({ key });
  });
});

describe('a pooled connection that died', () => {
  it('is replaced without a word when nothing was written on it', async () => {
    server.reply('/x', json({}));
    await http.call(request('/x'));
    await settled();
    server.dropConnections();
    expect(answerOf(await http.call(request('/x'))).status).toBe(200);
    expect(server.requests.map(({ connection }) => connection)).toEqual([1, 2]);
  });
});

describe('a request that may have been written', () => {
  it('is reported as cut when the peer hangs up, and is not sent again', async () => {
    server.reply('/x', hangUp);
    const failure = failureOf(await http.call(request('/x')));
    expect(failure).toMatchObject({ kind: 'CUT_ANSWER', requestWritten: true });
    expect(server.requests).toHaveLength(1);
  });

  it('is not sent again either when a used connection breaks under it', async () => {
    server.reply('/x', json({}));
    await http.call(request('/x'));
    await settled();
    server.reply('/x', hangUp);
    const failure = failureOf(await http.call(request('/x')));
    expect(failure).toMatchObject({ kind: 'CUT_ANSWER', requestWritten: true });
    expect(server.requests.map(({ connection }) => connection)).toEqual([1, 1]);
  });

  it('times out when no answer begins', async () => {
    server.reply('/x', hang);
    const failure = failureOf(await http.call(request('/x', limits({ firstByteTimeoutMs: 400 }))));
    expect(failure).toMatchObject({ kind: 'TIMEOUT', requestWritten: true });
    expect(failure.head).toBeUndefined();
  });

  it('times out when a head comes and no body after it', async () => {
    server.reply('/x', (_arrived, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
    });
    const failure = failureOf(await http.call(request('/x', limits({ firstByteTimeoutMs: 500 }))));
    expect(failure).toMatchObject({ kind: 'TIMEOUT', requestWritten: true, head: { status: 200 } });
  });

  it('times out when the body stops coming, and keeps the status that had come', async () => {
    server.reply('/x', hangMidBody({ a: 'b'.repeat(100) }, { status: 429 }));
    const failure = failureOf(await http.call(request('/x', limits({ idleTimeoutMs: 400 }))));
    expect(failure).toMatchObject({ kind: 'TIMEOUT', requestWritten: true, head: { status: 429 } });
  });

  it('times out as a whole when the body drips', async () => {
    const drip = streamed(recordedExchange('chat-stream-gpt-oss-120b'), { delayMs: 50 });
    server.reply('/x', drip);
    const failure = failureOf(await http.call(request('/x', limits({ totalTimeoutMs: 500 }))));
    expect(failure).toMatchObject({ kind: 'TIMEOUT', requestWritten: true });
  });

  it('is reported as cut when the body ends early', async () => {
    server.reply('/x', cutBody({ a: 'b'.repeat(100) }));
    const failure = failureOf(await http.call(request('/x')));
    expect(failure).toMatchObject({ kind: 'CUT_ANSWER', requestWritten: true });
  });

  it('is cancelled by its signal, and the connection closes', async () => {
    server.reply('/x', hang);
    const abort = new AbortController();
    const call = http.call(request('/x', { signal: abort.signal }));
    await server.waitForRequests(1);
    abort.abort();
    const failure = failureOf(await call);
    expect(failure).toMatchObject({ kind: 'CANCELLED', requestWritten: true });
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });

  it.each([
    ['with a length', 'content-length: 10\r\n\r\nabc'],
    ['in pieces', 'transfer-encoding: chunked\r\n\r\n5\r\nabc'],
    [
      'with a length, on a connection that closes',
      'connection: close\r\ncontent-length: 10\r\n\r\nabc',
    ],
    [
      'in pieces, on a connection that closes',
      'connection: close\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc',
    ],
  ])('is reported as cut when a body %s ends early', async (_words, answer) => {
    const { port, stop } = await startTcpServer((socket) => {
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\n${answer}`));
    });
    const url = new URL(`http://127.0.0.1:${port}/x`);
    const failure = failureOf(await http.call(request('/x', { url })));
    expect(failure).toMatchObject({ kind: 'CUT_ANSWER', requestWritten: true });
    await stop();
  });

  it.each([true, false])(
    'survives a body over the limit in one piece, keep-alive %s',
    async (keep) => {
      const { port, stop } = await startTcpServer((socket) => {
        const body = `${keep ? '' : 'connection: close\r\n'}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`;
        socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\n${body}`));
      });
      const url = new URL(`http://127.0.0.1:${port}/x`);
      const result = await http.call(request('/x', { url, ...limits({ maxBodyBytes: 2 }) }));
      expect(failureOf(result).kind).toBe('ANSWER_TOO_LARGE');
      await stop();
    },
  );

  it('is answered once, whatever hints come before the answer', async () => {
    const { port, stop } = await startTcpServer((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n');
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
      });
    });
    const url = new URL(`http://127.0.0.1:${port}/x`);
    expect(answerOf(await http.call(request('/x', { url }))).status).toBe(200);
    await stop();
  });

  it('is reported as malformed when the answer is not HTTP', async () => {
    server.reply('/x', notHttp);
    const failure = failureOf(await http.call(request('/x')));
    expect(failure).toMatchObject({ kind: 'MALFORMED_ANSWER', requestWritten: true });
  });
});

describe('an answer that is too large', () => {
  it('is refused at its head when it says so', async () => {
    server.reply('/x', bigBody(200_000_000, { declared: true }));
    const failure = failureOf(await http.call(request('/x')));
    expect(failure).toMatchObject({ kind: 'ANSWER_TOO_LARGE', head: { status: 200 } });
  });

  it('is given up at the limit when it does not', async () => {
    server.reply('/x', bigBody(200_000_000, { declared: false }));
    expect(failureOf(await http.call(request('/x'))).kind).toBe('ANSWER_TOO_LARGE');
  });

  it('is given up at the limit when it only inflates to it', async () => {
    server.reply('/x', gzipBomb(200_000_000));
    expect(failureOf(await http.call(request('/x'))).kind).toBe('ANSWER_TOO_LARGE');
  });

  it('may be exactly as large as the limit', async () => {
    server.reply('/x', jsonText(' '.repeat(1_000)));
    const call = (maxBodyBytes: number) => http.call(request('/x', limits({ maxBodyBytes })));
    expect(answerOf(await call(1_000)).body).toHaveLength(1_000);
    expect(failureOf(await call(999)).kind).toBe('ANSWER_TOO_LARGE');
  });
});

describe('an encoding that is not what it says', () => {
  it('is malformed', async () => {
    server.reply('/x', jsonText('{"a":1}', { headers: { 'content-encoding': 'gzip' } }));
    expect(failureOf(await http.call(request('/x'))).kind).toBe('MALFORMED_ANSWER');
  });

  it('does not matter for an empty body', async () => {
    server.reply('/x', empty(200, { 'content-encoding': 'gzip' }));
    expect(answerOf(await http.call(request('/x'))).text()).toBe('');
  });
});

describe('what is told of a failure', () => {
  it('never holds the key, an address with its query, or an error of the library', async () => {
    server.reply('/x', hangUp);
    const failure = failureOf(await http.call(request('/x?token=abcdef')));
    const told = inspect(failure, { depth: 10, showHidden: true });
    expect(told).not.toContain(key);
    expect(told).not.toContain('abcdef');
    expect(told).not.toContain('Error:');
  });

  it('is a fault of ours, without the value, when a header cannot be written', async () => {
    const headers = { authorization: `Bearer ${key}\r\nx: y` };
    const fault: unknown = await http.call(request('/x', { headers })).catch((error) => error);
    expect(fault).toBeInstanceOf(TypeError);
    expect(inspect(fault, { depth: 10 })).not.toContain(key);
    expect(server.requests).toEqual([]);
  });

  it('shows an address without credentials and query', () => {
    expect(publicAddress(new URL('https://user:pass@host.example:8443/v1/x?key=1#y'))).toBe(
      'https://host.example:8443/v1/x',
    );
  });
});

describe('closing', () => {
  it('ends what is under way as cancelled, and whatever is asked later', async () => {
    server.reply('/x', hang);
    const running = http.call(request('/x'));
    await server.waitForRequests(1);
    await http.close();
    expect(failureOf(await running)).toMatchObject({ kind: 'CANCELLED', requestWritten: true });
    const later = failureOf(await http.call(request('/x')));
    expect(later).toMatchObject({ kind: 'CANCELLED', requestWritten: false });
  });
});

describe('a streamed answer', () => {
  const recording = recordedExchange('chat-stream-gpt-oss-120b');

  async function open(overrides: Partial<OutwardRequest> = {}) {
    const result = await http.open(request('/x', overrides));
    if (!result.ok) throw new Error(result.failure.message);
    return result.stream;
  }

  /** Reads a body to its end; the failure that ended it, where one did. */
  async function drain(body: AsyncIterable<Buffer>) {
    const pieces: Buffer[] = [];
    try {
      for await (const piece of body) pieces.push(piece);
    } catch (error) {
      if (!(error instanceof BrokenAnswer)) throw error;
      return { text: Buffer.concat(pieces).toString(), failure: error.failure };
    }
    return { text: Buffer.concat(pieces).toString(), failure: undefined };
  }

  it('gives its head first and every byte after it, without an encoding', async () => {
    server.reply('/x', streamed(recording, { delayMs: 1 }));
    const stream = await open();
    expect(stream.status).toBe(200);
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    expect(await drain(stream.body)).toEqual({ text: recording.response.sse, failure: undefined });
    expect(server.requests[0]?.headers['accept-encoding']).toBe('identity');
  });

  it('tells of a cut only after what did come', async () => {
    server.reply('/x', streamed(recording, { events: 3, delayMs: 5, ending: 'CUT' }));
    const { text, failure } = await drain((await open()).body);
    expect(recording.response.sse?.startsWith(text)).toBe(true);
    expect(text).toContain('data: ');
    expect(failure).toMatchObject({ kind: 'CUT_ANSWER', requestWritten: true });
  });

  it('ends by its idle limit when it falls silent', async () => {
    server.reply('/x', streamed(recording, { events: 2, ending: 'HANG' }));
    const { text, failure } = await drain((await open(limits({ idleTimeoutMs: 400 }))).body);
    expect(text).toContain('data: ');
    expect(failure).toMatchObject({ kind: 'TIMEOUT', head: { status: 200 } });
  });

  it('ends by its signal, down to the connection', async () => {
    const abort = new AbortController();
    const closed = new Promise<void>((resolve) => {
      server.reply('/x', async (arrived, response) => {
        response.on('close', resolve);
        await streamed(recording, { events: 2, ending: 'HANG' })(arrived, response);
      });
    });
    const { body } = await open({ signal: abort.signal });
    const read = drain(body);
    abort.abort();
    expect((await read).failure).toMatchObject({ kind: 'CANCELLED', requestWritten: true });
    await closed;
  });

  it('closes its connection when the reader leaves', async () => {
    const closed = new Promise<void>((resolve) => {
      server.reply('/x', async (arrived, response) => {
        response.on('close', resolve);
        await streamed(recording, { events: 2, ending: 'HANG' })(arrived, response);
      });
    });
    let pieces = 0;
    for await (const piece of (await open()).body) {
      pieces += piece.length;
      break;
    }
    expect(pieces).toBeGreaterThan(0);
    await closed;
  });

  it('is bounded in bytes', async () => {
    server.reply('/x', bigBody(200_000_000, { declared: false }));
    const { text, failure } = await drain((await open()).body);
    expect(text.length).toBeLessThanOrEqual(1_000_000);
    expect(failure).toMatchObject({ kind: 'ANSWER_TOO_LARGE' });
  });

  it('makes the sender wait for a slow reader, whose slowness is not idleness of the sender', async () => {
    const bytes = 40_000_000;
    let stalled = () => {};
    const senderStalled = new Promise<void>((resolve) => (stalled = resolve));
    server.reply('/x', async (_arrived, response) => {
      response.writeHead(200);
      const piece = Buffer.alloc(1_000_000, 'x');
      for (let sent = 0; sent < bytes; sent += piece.length) {
        if (response.write(piece)) continue;
        const drained = once(response, 'drain').then(() => 'drained');
        const waited = new Promise((resolve) => setTimeout(resolve, 150, 'stalled'));
        if ((await Promise.race([drained, waited])) === 'stalled') stalled();
        await drained;
      }
      response.end();
    });
    const { body } = await open(limits({ idleTimeoutMs: 1_000, maxBodyBytes: bytes }));
    await senderStalled;
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    const { text, failure } = await drain(body);
    expect(failure).toBeUndefined();
    expect(text).toHaveLength(bytes);
  });

  it('says that nothing was written when it cannot be opened', async () => {
    const url = new URL('http://no-such-host.invalid/x');
    const result = await http.open(request('/x', { method: 'POST', url, body: '{}' }));
    expect(result).toMatchObject({
      ok: false,
      failure: { kind: 'UNREACHABLE', requestWritten: false },
    });
  });
});

describe('under peers that break off at any moment', () => {
  it('no request is sent twice, and what is said not to be written never arrives', async () => {
    const seen = new Map<string, number>();
    let moment = 0;
    const { port, stop } = await startTcpServer((socket) => {
      moment += 1;
      if (moment % 7 === 0) {
        socket.destroy();
        return;
      }
      socket.on('data', (bytes) => {
        for (const [, path = ''] of bytes.toString('latin1').matchAll(/GET (\S+) HTTP/g)) {
          seen.set(path, (seen.get(path) ?? 0) + 1);
        }
        moment += 1;
        if (moment % 5 === 0) socket.destroy();
        else if (moment % 11 === 0) socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab');
        else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
        // An idle connection that closes while the next request may be on its way.
        if (moment % 3 === 0) setTimeout(() => socket.end(), moment % 4);
      });
    });
    const outcomes = new Map<string, CallResult>();
    async function callMany(first: number): Promise<void> {
      for (let number = first; number < first + 150; number += 1) {
        const url = new URL(`http://127.0.0.1:${port}/${number}`);
        outcomes.set(url.pathname, await http.call(request('/', { url })));
        if (number % 2 === 0) await new Promise((resolve) => setTimeout(resolve, number % 5));
      }
    }
    await Promise.all([callMany(0), callMany(1_000), callMany(2_000)]);
    await stop();

    const failures = [...outcomes].flatMap(([path, result]) =>
      result.ok ? [] : [{ path, failure: result.failure }],
    );
    expect(failures.length).toBeGreaterThan(20);
    expect([...seen].filter(([, times]) => times > 1)).toEqual([]);
    const unwritten = failures.filter(({ failure }) => !failure.requestWritten);
    expect(unwritten.filter(({ path }) => seen.has(path))).toEqual([]);
  });
});

async function startTcpServer(onConnection: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const tcp: Server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    onConnection(socket);
  });
  tcp.listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const { port } = tcp.address() as AddressInfo;
  const stop = async () => {
    const closed = once(tcp, 'close');
    tcp.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { port, stop };
}
