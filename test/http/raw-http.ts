import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What to write, in order: bytes, or a pause in milliseconds, or the end of our side. */
export type RawStep = string | Buffer | { readonly pauseMs: number } | typeof END;

/** Ends our side of the connection and goes on listening. */
export const END = Symbol('end of our side');

/**
 * Writes bytes that no HTTP client would, and reads the first answer that is not 100 Continue.
 *
 * @throws Error when the connection closes without an answer.
 */
export async function sendRaw(port: number, steps: readonly RawStep[]): Promise<RawAnswer> {
  const [answer] = await sendRawAll(port, steps, 1);
  if (answer === undefined) throw new Error('the connection closed without an answer');
  return answer;
}

/** {@link sendRaw} for several answers on one connection; fewer when it closes before. */
export async function sendRawAll(
  port: number,
  steps: readonly RawStep[],
  count: number,
): Promise<readonly RawAnswer[]> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  try {
    const reading = readAnswers(socket, count);
    await writeSteps(socket, steps);
    return await reading;
  } finally {
    socket.destroy();
  }
}

/** A POST of a body to /graphql, as text to be changed; the connection is not kept. */
export function post(
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): Buffer {
  const all: Record<string, string> = {
    host: 'localhost',
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([
    Buffer.from(`POST /graphql HTTP/1.1\r\n${lines.join('')}\r\n`),
    Buffer.from(body),
  ]);
}

/** A request without a body, as text. */
export function get(
  target: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): string {
  const all = { host: 'localhost', connection: 'close', ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

async function writeSteps(socket: Socket, steps: readonly RawStep[]): Promise<void> {
  for (const step of steps) {
    if (step === END) socket.end();
    else if (typeof step === 'object' && 'pauseMs' in step) {
      await new Promise((resolve) => setTimeout(resolve, step.pauseMs));
    } else if (!socket.destroyed) socket.write(step);
  }
}

async function readAnswers(socket: Socket, count: number): Promise<readonly RawAnswer[]> {
  return await new Promise((resolve) => {
    let received = Buffer.alloc(0);
    const answers: RawAnswer[] = [];
    const settle = (): void => resolve(answers);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      for (;;) {
        const parsed = parseAnswer(received);
        if (parsed === undefined) break;
        received = received.subarray(parsed.end);
        if (parsed.answer.status !== 100) answers.push(parsed.answer);
      }
      if (answers.length >= count) settle();
    });
    // A refused writer may meet a reset after the answer was read; what was read counts.
    socket.on('error', settle);
    socket.on('end', settle);
    socket.on('close', settle);
  });
}

function parseAnswer(
  received: Buffer,
): { readonly answer: RawAnswer; readonly end: number } | undefined {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const [statusLine = '', ...headerLines] = received
    .subarray(0, headEnd)
    .toString('latin1')
    .split('\r\n');
  const headers = Object.fromEntries(
    headerLines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const end = headEnd + 4 + Number(headers['content-length'] ?? 0);
  if (received.length < end) return undefined;
  return {
    answer: {
      status: Number(statusLine.split(' ')[1]),
      headers,
      body: received.subarray(headEnd + 4, end).toString('utf8'),
    },
    end,
  };
}
