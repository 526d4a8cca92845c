import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** What came of sending requests for a while. */
export interface LoadResult {
  readonly requestCount: number;
  readonly seconds: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

export interface LoadOptions {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly durationMs: number;
  /** Milliseconds that each connection rests between an answer and its next request. */
  readonly restMs?: number;
  /** The body of the next request, in ASCII. */
  readonly body: () => string;
  /** Whether answers may differ in length, as receipts with their times do. */
  readonly answersVary?: boolean;
}

/**
 * Sends requests over kept connections, one at a time on each, and counts the answers. It is meant to cost
 * less than the cheapest server: requests are written whole, answers are read into one buffer, and of an
 * answer only its status and its length are looked at. Whatever is not a 200 as long as the first is a failure
 * of the measurement, unless answers may vary.
 */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const startMs = performance.now();
  const run: Run = { endMs: startMs + options.durationMs, latencies: [], answerLength: undefined };
  await Promise.all(Array.from({ length: options.connections }, () => drive(options, run)));
  const seconds = (performance.now() - startMs) / 1000;
  return { requestCount: run.latencies.length, seconds, ...percentiles(run.latencies) };
}

export function percentiles(latencies: readonly number[]): {
  readonly p50: number;
  readonly p99: number;
} {
  const sorted = Float64Array.from(latencies).sort();
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

/** What the connections of one run share. */
interface Run {
  readonly endMs: number;
  /** Milliseconds. */
  readonly latencies: number[];
  /** Bytes of the first answer's body. */
  answerLength: number | undefined;
}

/** Larger heads are not answers of ours. */
const maximumHeadLength = 4096;

/** What every connection reads into: nothing of it is looked at once its turn is over. */
const received = Buffer.allocUnsafe(256 * 1024);

/** Requests of one connection until the end. */
function drive(options: LoadOptions, run: Run): Promise<void> {
  const { hostname, port, pathname } = new URL(options.url);
  const head = [
    `POST ${pathname} HTTP/1.1`,
    `host: ${hostname}:${port}`,
    'content-type: application/json',
    'accept: application/json',
    ...Object.entries(options.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
    'content-length: ',
  ].join('\r\n');
  return new Promise((resolve, reject) => {
    let sentAtMs = 0;
    /** Bytes of the body that are still to come; -1 before its head is complete. */
    let missing = -1;
    let early = '';
    const fail = (reason: string): void => {
      socket.destroy();
      reject(new Error(`${options.url} answered ${reason}`));
    };
    const send = (): void => {
      const body = options.body();
      sentAtMs = performance.now();
      missing = -1;
      socket.write(`${head}${body.length}\r\n\r\n${body}`, 'latin1');
    };
    const answered = (): void => {
      const nowMs = performance.now();
      run.latencies.push(nowMs - sentAtMs);
      if (nowMs >= run.endMs) {
        socket.destroy();
        resolve();
      } else if (options.restMs === undefined) send();
      else setTimeout(send, options.restMs);
    };
    const receive = (length: number): void => {
      if (missing >= 0) {
        missing -= length;
      } else {
        const text = early + received.toString('latin1', 0, Math.min(length, maximumHeadLength));
        const headLength = text.indexOf('\r\n\r\n');
        if (headLength === -1) {
          early = text;
          return;
        }
        const bodyLength = lengthOf(text);
        if (!text.startsWith('HTTP/1.1 200 ') || bodyLength === undefined) {
          fail(text.slice(0, 600));
          return;
        }
        run.answerLength ??= bodyLength;
        if (bodyLength !== run.answerLength && options.answersVary !== true) {
          fail(`${bodyLength} bytes after ${run.answerLength}`);
          return;
        }
        missing = bodyLength - (early.length + length - headLength - 4);
        early = '';
      }
      if (missing === 0) answered();
    };
    const socket: Socket = connect({
      host: hostname,
      port: Number(port),
      noDelay: true,
      onread: {
        buffer: received,
        callback: (length) => {
          receive(length);
          return true;
        },
      },
    });
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`${options.url} closed a connection`)));
  });
}

function lengthOf(head: string): number | undefined {
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1];
  return length === undefined ? undefined : Number(length);
}
