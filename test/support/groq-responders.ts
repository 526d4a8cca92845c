import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { createGzip, gzipSync } from 'node:zlib';

import type { GroqRequest } from './groq-server.ts';
import type { RecordedExchange } from './recorded-exchanges.ts';

/** What the loopback server does with one request. */
export type Responder = (request: GroqRequest, response: ServerResponse) => void | Promise<void>;

interface AnswerOptions {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Plays a recording; an event stream at once, or as {@link streamed} does. */
export function plays(exchange: RecordedExchange): Responder {
  const { status, headers, body, sse } = exchange.response;
  const text = sse ?? (typeof body === 'string' ? body : JSON.stringify(body));
  return answers(text, { status, headers: withoutTransport(headers) });
}

/** A responder as it is, a recording as {@link plays} has it. */
export function respondTo(responder: Responder | RecordedExchange): Responder {
  return typeof responder === 'function' ? responder : plays(responder);
}

/** Answers with a JSON value. */
export function json(value: unknown, options: AnswerOptions = {}): Responder {
  return jsonText(JSON.stringify(value), options);
}

/** Answers with JSON text as it is, digits of numbers included; also for text that is not JSON at all. */
export function jsonText(text: string, options: AnswerOptions = {}): Responder {
  return answers(text, {
    ...options,
    headers: { 'content-type': 'application/json', ...options.headers },
  });
}

/** Answers with a web page, as an edge or a captive portal does. */
export function html(status = 200): Responder {
  return answers('<!DOCTYPE html>\n<html><head><title>Bad gateway</title></head></html>\n', {
    status,
    headers: { 'content-type': 'text/html; charset=UTF-8' },
  });
}

/** Answers with a status and no body. */
export function empty(status = 200, headers: Readonly<Record<string, string>> = {}): Responder {
  return answers('', { status, headers });
}

/** Sends the client elsewhere. */
export function redirectTo(location: string, status = 302): Responder {
  return empty(status, { location });
}

/** Answers with JSON under gzip. */
export function gzipped(value: unknown): Responder {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
    response.end(gzipSync(JSON.stringify(value)));
  };
}

/** Never answers. */
export const hang: Responder = () => {};

/** Breaks the connection off without a byte of an answer. */
export const hangUp: Responder = (_request, response) => {
  response.socket?.destroy();
};

/** Sends the head and half of the body of a JSON value, then nothing. */
export function hangMidBody(value: unknown, options: AnswerOptions = {}): Responder {
  return (_request, response) => {
    writeHalf(response, JSON.stringify(value), options);
  };
}

/** Sends the head and half of the body of a JSON value, then breaks the connection off. */
export function cutBody(value: unknown, options: AnswerOptions = {}): Responder {
  return (_request, response) => {
    writeHalf(response, JSON.stringify(value), options);
    setImmediate(() => response.socket?.destroy());
  };
}

/** A body of this many bytes, with or without saying so in advance. */
export function bigBody(bytes: number, options: { readonly declared: boolean }): Responder {
  return async (_request, response) => {
    response.on('error', () => {});
    response.writeHead(200, {
      'content-type': 'application/json',
      ...(options.declared ? { 'content-length': String(bytes) } : {}),
    });
    const piece = Buffer.alloc(64 * 1024, ' ');
    for (let sent = 0; sent < bytes && !response.destroyed; sent += piece.length) {
      if (!response.write(piece.subarray(0, bytes - sent))) await drained(response);
    }
    response.end();
  };
}

/** A small gzip body that inflates to this many bytes. */
export function gzipBomb(bytes: number): Responder {
  return (_request, response) => {
    response.on('error', () => {});
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
    const gzip = createGzip();
    gzip.pipe(response);
    const piece = Buffer.alloc(1024 * 1024, ' ');
    for (let sent = 0; sent < bytes; sent += piece.length) gzip.write(piece);
    gzip.end();
  };
}

/** Bytes that are not HTTP. */
export const notHttp: Responder = (_request, response) => {
  response.socket?.end('SSH-2.0-OpenSSH_9.2\r\n\r\n');
};

/**
 * Plays a recorded event stream event by event.
 *
 * @param options.delayMs before each event.
 * @param options.events how many events are sent before the ending; all when absent.
 * @param options.ending what happens after them: the answer ends, hangs, or is cut.
 */
export function streamed(
  exchange: RecordedExchange,
  options: {
    readonly delayMs?: number;
    readonly events?: number;
    readonly ending?: 'END' | 'HANG' | 'CUT';
  } = {},
): Responder {
  const { status, headers, sse = '' } = exchange.response;
  const events = sse.split(/(?<=\n\n)/).slice(0, options.events);
  return async (_request, response) => {
    response.writeHead(status, withoutTransport(headers));
    response.flushHeaders();
    for (const event of events) {
      if (response.destroyed) return;
      if (options.delayMs !== undefined) await delay(options.delayMs);
      response.write(event);
    }
    if (options.ending === 'HANG') return;
    if (options.ending === 'CUT') response.socket?.destroy();
    else response.end();
  };
}

/**
 * Answers with an event stream, whatever the text is.
 *
 * @param options.pieceBytes the stream is written in pieces of this size; at once when absent.
 * @param options.delayMs before each piece.
 * @param options.ending what happens after the text: the answer ends, hangs, or is cut.
 */
export function eventStream(
  text: string,
  options: {
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly pieceBytes?: number;
    readonly delayMs?: number;
    readonly ending?: 'END' | 'HANG' | 'CUT';
  } = {},
): Responder {
  const bytes = Buffer.from(text);
  const pieceBytes = options.pieceBytes ?? Math.max(1, bytes.length);
  return async (_request, response) => {
    response.on('error', () => {});
    response.writeHead(options.status ?? 200, {
      'content-type': 'text/event-stream',
      ...options.headers,
    });
    response.flushHeaders();
    for (let at = 0; at < bytes.length && !response.destroyed; at += pieceBytes) {
      if (options.delayMs !== undefined) await delay(options.delayMs);
      if (!response.write(bytes.subarray(at, at + pieceBytes))) await drained(response);
    }
    if (options.ending === 'HANG') return;
    if (options.ending === 'CUT') await cut(response);
    else response.end();
  };
}

/** Answers with bytes that are no text. */
export function binary(bytes: Buffer, options: AnswerOptions = {}): Responder {
  return (_request, response) => {
    response.writeHead(options.status ?? 200, {
      ...options.headers,
      'content-length': String(bytes.length),
    });
    response.end(bytes);
  };
}

/** The same responder, and a promise of the moment at which its client has gone. */
export function watched(responder: Responder): {
  readonly responder: Responder;
  readonly clientGone: Promise<void>;
} {
  let gone = () => {};
  const clientGone = new Promise<void>((resolve) => (gone = resolve));
  return {
    clientGone,
    responder: (request, response) => {
      response.once('close', gone);
      return responder(request, response);
    },
  };
}

/** Waits, then answers; for answers that must overlap. */
export function after(wait: Promise<unknown>, responder: Responder | RecordedExchange): Responder {
  return async (request, response) => {
    await wait;
    await respondTo(responder)(request, response);
  };
}

function answers(text: string, options: AnswerOptions): Responder {
  return (_request, response) => {
    const bytes = Buffer.from(text);
    response.writeHead(options.status ?? 200, {
      ...options.headers,
      'content-length': String(bytes.length),
    });
    response.end(bytes);
  };
}

function writeHalf(response: ServerResponse, text: string, options: AnswerOptions): void {
  const bytes = Buffer.from(text);
  response.writeHead(options.status ?? 200, {
    'content-type': 'application/json',
    ...options.headers,
    'content-length': String(bytes.length),
  });
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)));
}

/** Headers that describe one connection or one encoding are the server's own business. */
function withoutTransport(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept = { ...headers };
  for (const name of ['content-length', 'content-encoding', 'transfer-encoding', 'connection']) {
    delete kept[name];
  }
  return kept;
}

/** Breaks the connection off once everything that was written has left. */
async function cut(response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => response.write('', () => resolve()));
  response.socket?.destroy();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      response.off('drain', go).off('close', go);
      resolve();
    };
    response.on('drain', go).on('close', go);
  });
}
