import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { clientError } from '../graphql/errors.ts';
import type { IncomingRequest } from './incoming-request.ts';
import type { KnownBodies } from './known-bodies.ts';

/** The client went away before its request was complete: there is nobody to answer. */
export class ClientDisconnected extends Error {
  override readonly name = 'ClientDisconnected';
}

const inflaters = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const;

/** The content codings that a body may use, for an `accept-encoding` header. */
const ACCEPTED_CODINGS = 'gzip, deflate, br';

/**
 * How much of a refused body is read and thrown away, and for how long, so that an ordinary client gets to
 * read its refusal instead of a connection reset.
 */
const MAX_DISCARDED_BYTES = 8 * 1024 * 1024;
const MAX_DISCARD_MS = 1_000;

/**
 * Refuses a body that is not JSON in UTF-8.
 *
 * @throws UNSUPPORTED_MEDIA_TYPE
 */
export function requireJson(contentType: string | undefined): void {
  if (contentType === 'application/json') return;
  const [essence = '', ...parameters] = (contentType ?? '').split(';');
  if (essence.trim().toLowerCase() !== 'application/json') {
    throw clientError('UNSUPPORTED_MEDIA_TYPE', 'The body has to be application/json.');
  }
  for (const parameter of parameters) {
    const charset = /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/i.exec(parameter)?.[1];
    if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
      throw clientError('UNSUPPORTED_MEDIA_TYPE', 'The body has to be encoded in UTF-8.');
    }
  }
}

/** Takes a whole body as text, or the error that stands in its place. */
export type WhenRead = (body: string | Error) => void;

/**
 * Reads the whole body as text. What stands against it is given, not thrown: BODY_TOO_LARGE,
 * UNSUPPORTED_MEDIA_TYPE (coding), MALFORMED_BODY (coding or UTF-8), {@link ClientDisconnected}.
 *
 * @param maxBytes - bound on the body, as sent and inflated.
 * @param known - bodies that need not be decoded again.
 * @param beforeReading - called once the headers are found acceptable, for `expect: 100-continue`.
 */
export function readBody(
  request: IncomingRequest,
  maxBytes: number,
  known: KnownBodies,
  beforeReading: (() => void) | undefined,
  whenRead: WhenRead,
): void {
  const { headers } = request;
  const coding = codingOf(headers['content-encoding']);
  if (coding instanceof Error) return whenRead(coding);
  if (Number(headers['content-length'] ?? 0) > maxBytes) return whenRead(tooLarge(maxBytes));
  beforeReading?.();
  request.collectBody(maxBytes, (sent) => {
    if (sent === 'TOO_LARGE') whenRead(tooLarge(maxBytes));
    else if (sent === 'CLIENT_GONE') whenRead(new ClientDisconnected(goneWithinBody));
    else if (coding === undefined) whenRead(known.find(sent) ?? textOf(sent));
    else void inflateBody(sent, coding, maxBytes).then(whenRead);
  });
}

const goneWithinBody = 'The client closed the connection within its body.';

function textOf(body: Buffer): string | Error {
  return isUtf8(body)
    ? body.toString('utf8')
    : clientError('MALFORMED_BODY', 'The body is not valid UTF-8.');
}

/** Whether a request announces a body. */
export function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return (
    (length !== undefined && length !== '0') || request.headers['transfer-encoding'] !== undefined
  );
}

/** Reads and drops what is left of a refused request's body, within bounds. */
export async function discardBody(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return;
  await new Promise<void>((resolve) => {
    let discarded = 0;
    const timer = setTimeout(stop, MAX_DISCARD_MS);
    const onData = (chunk: Buffer): void => {
      discarded += chunk.length;
      if (discarded > MAX_DISCARDED_BYTES) stop();
    };
    function stop(): void {
      clearTimeout(timer);
      request.off('data', onData).off('end', stop).off('close', stop);
      resolve();
    }
    request.on('data', onData).on('end', stop).on('close', stop).on('error', ignore);
    request.resume();
  });
}

function codingOf(given: string | undefined): keyof typeof inflaters | Error | undefined {
  if (given === undefined) return undefined;
  const coding = given.trim().toLowerCase();
  if (coding === '' || coding === 'identity') return undefined;
  if (Object.hasOwn(inflaters, coding)) return coding as keyof typeof inflaters;
  return clientError(
    'UNSUPPORTED_MEDIA_TYPE',
    `The body's content coding is not supported; use one of ${ACCEPTED_CODINGS}, or none.`,
  );
}

async function inflateBody(
  body: Buffer,
  coding: keyof typeof inflaters,
  maxBytes: number,
): Promise<string | Error> {
  try {
    return textOf(await inflaters[coding](body, { maxOutputLength: maxBytes }));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
      ? tooLarge(maxBytes)
      : clientError('MALFORMED_BODY', `The body is not valid ${coding}.`);
  }
}

function tooLarge(maxBytes: number): Error {
  return clientError('BODY_TOO_LARGE', `The body is larger than ${maxBytes} bytes.`, {
    limit: maxBytes,
  });
}

/** A cut request reports both an error and a close; the close is what settles it. */
function ignore(): void {}
