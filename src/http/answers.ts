import type { ServerResponse } from 'node:http';
import type { GraphQLError } from 'graphql';
import {
  clientError,
  formatErrorForClient,
  httpStatusByCode,
  httpStatusOf,
} from '../graphql/errors.ts';
import type { ErrorCode } from '../graphql/errors.ts';
import { borrowMemory } from './answer-memory.ts';
import { ByteText } from '../graphql/byte-text.ts';
import type { RecordedResponse } from './request-record.ts';

/** A whole HTTP answer, before it is written. */
export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names. `cache-control` is `no-store` and the security headers are added unless given. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | ByteText;
  /**
   * Goes on writing after the head, in place of `body`, and ends the response by itself; given undefined, it
   * lets go of what it holds, because there is nobody to write to.
   */
  readonly stream?: (response: ServerResponse | undefined) => void;
  /** What {@link headOf} makes of `headers`, kept by those who send them often. */
  readonly head?: readonly string[];
}

/** Takes the answer to a request, or its promise. */
export type Reply = (answer: HttpAnswer | Promise<HttpAnswer>) => void;

export const JSON_TYPE = 'application/json; charset=utf-8';
export const EVENT_STREAM_TYPE = 'text/event-stream; charset=utf-8';
export const GRAPHQL_RESPONSE_TYPE = 'application/graphql-response+json; charset=utf-8';

/** Answers are data: nothing in them may run, be framed, or be guessed to be of another type. */
const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** Writes an answer. `closing` tells the client to use the connection no further. */
export function sendAnswer(response: RecordedResponse, answer: HttpAnswer, closing: boolean): void {
  const { status, body, stream } = answer;
  const head = answer.head?.slice() ?? headOf(answer.headers);
  head[REQUEST_ID_PLACE] = response.record.id;
  if (answer.headers['content-length'] === undefined && hasLength(answer)) {
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
    head.push('content-length', String(length));
  }
  if (closing) head.push('connection', 'close');
  response.writeHead(status, head);
  if (stream !== undefined) stream(response);
  else if (body instanceof ByteText) endWith(response, body);
  else response.end(body);
}

/** What is short goes out with its head in one piece of memory; what is long is not copied once more. */
function endWith(response: RecordedResponse, body: ByteText): void {
  const { onePart } = body;
  if (onePart === undefined) response.end(borrowedBytes(response, body));
  else response.end(onePart, 'latin1');
}

function borrowedBytes(response: RecordedResponse, text: ByteText): Buffer {
  const memory = borrowMemory(text.byteLength);
  response.borrowed = memory;
  text.writeTo(memory);
  return memory.subarray(0, text.byteLength);
}

function hasLength({ status, stream }: HttpAnswer): boolean {
  return stream === undefined && status !== 204 && status !== 304;
}

/** Where a head has room for the id of the request that it answers. */
const REQUEST_ID_PLACE = 1;

/** Names and values in turn, as they are written, but for the request's id. */
export function headOf(headers: HttpAnswer['headers']): string[] {
  const head = ['x-request-id', ''];
  for (const name in headers) head.push(name, headers[name] ?? '');
  if (headers['cache-control'] === undefined) head.push('cache-control', 'no-store');
  if (headers['content-security-policy'] === undefined) {
    head.push('content-security-policy', DATA_POLICY);
  }
  head.push('x-content-type-options', 'nosniff', 'referrer-policy', 'no-referrer');
  return head;
}

export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  return {
    status,
    headers: { ...headers, 'content-type': JSON_TYPE },
    body: JSON.stringify(value),
  };
}

/** Refuses a request with one error; the status follows from the code. */
export function refusal(
  code: Exclude<ErrorCode, 'INTERNAL_SERVER_ERROR'>,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer & { readonly body: string } {
  return errorAnswer([clientError(code, message)], undefined, headers);
}

/** The answer to a request that failed as a whole; the same JSON shape on every route. */
export function errorAnswer(
  errors: readonly unknown[],
  requestId: string | undefined,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer & { readonly body: string } {
  const body = JSON.stringify({
    errors: errors.map((error) => formatErrorForClient(error, requestId)),
  });
  return {
    status: httpStatusOf(errors),
    headers: {
      'content-type': JSON_TYPE,
      ...headers,
      ...retryAfter(errors[0]),
      ...challenge(errors[0]),
    },
    body,
  };
}

/** The same answer as bytes, for a request so malformed that there is no response object to write to. */
export function rawRefusal(
  code: Exclude<ErrorCode, 'INTERNAL_SERVER_ERROR'>,
  message: string,
  requestId: string,
): string {
  const { body } = refusal(code, message);
  const status = httpStatusByCode[code];
  return [
    `HTTP/1.1 ${status} ${reasonPhrases[status] ?? 'Error'}`,
    `content-type: ${JSON_TYPE}`,
    'cache-control: no-store',
    `content-security-policy: ${DATA_POLICY}`,
    'x-content-type-options: nosniff',
    'referrer-policy: no-referrer',
    `x-request-id: ${requestId}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}

const reasonPhrases: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  421: 'Misdirected Request',
  431: 'Request Header Fields Too Large',
  503: 'Service Unavailable',
};

/** Which proof is asked for, with the status 401 (RFC 9110, section 11.6.1; RFC 6750, section 3). */
function challenge(error: unknown): Readonly<Record<string, string>> {
  const extensions = (error as Partial<GraphQLError> | undefined)?.extensions;
  if (extensions?.['code'] !== 'UNAUTHENTICATED') return {};
  const { reason } = extensions;
  if (reason === 'ROUTER_TOKEN') return { 'www-authenticate': 'X-Router-Token' };
  const isRefused = typeof reason === 'string' && reason !== 'TOKEN_MISSING';
  return { 'www-authenticate': isRefused ? 'Bearer error="invalid_token"' : 'Bearer' };
}

/** `retry-after` from an error that says when to come back, in whole seconds. */
function retryAfter(error: unknown): Readonly<Record<string, string>> {
  const seconds = (error as Partial<GraphQLError> | undefined)?.extensions?.['retryAfterSeconds'];
  return typeof seconds === 'number' && Number.isFinite(seconds)
    ? { 'retry-after': String(Math.max(0, Math.ceil(seconds))) }
    : {};
}
