import { connect } from 'node:net';

/** What came of sending requests for a while. */
export interface LoadResult {
  readonly requestsPerSecond: number;
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
  /** The body of the next request. */
  readonly body: () => string;
}

/**
 * Sends requests over kept connections, one at a time on each, and counts answers by their
 * `content-length`; anything but 200 is a failure of the measurement.
 */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const latencies: number[] = [];
  const startMs = performance.now();
  const endMs = startMs + options.durationMs;
  await Promise.all(
    Array.from({ length: options.connections }, () => drive(options, endMs, latencies)),
  );
  const seconds = (performance.now() - startMs) / 1000;
  return { requestsPerSecond: latencies.length / seconds, ...percentiles(latencies) };
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

/** Requests of one connection until the end. */
function drive(options: LoadOptions, endMs: number, latencies: number[]): Promise<void> {
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
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    let sentAtMs = 0;
    let missing = -1;
    let early = '';
    const send = (): void => {
      const body = options.body();
      sentAtMs = performance.now();
      missing = -1;
      socket.write(`${head}${Buffer.byteLength(body)}\r\n\r\n${body}`);
    };
    const answered = (): void => {
      const nowMs = performance.now();
      latencies.push(nowMs - sentAtMs);
      if (nowMs >= endMs) {
        socket.destroy();
        resolve();
      } else if (options.restMs === undefined) send();
      else setTimeout(send, options.restMs);
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      if (missing >= 0) {
        missing -= chunk.length;
      } else {
        const text = early + chunk.toString('latin1', 0, 4096);
        const headLength = text.indexOf('\r\n\r\n');
        if (headLength === -1) {
          early = text;
          return;
        }
        const status = text.slice(9, 12);
        const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
        if (status !== '200' || length === undefined) {
          socket.destroy();
          reject(new Error(`${options.url} answered ${text.slice(0, 600)}`));
          return;
        }
        missing = Number(length) - (early.length + chunk.length - headLength - 4);
        early = '';
      }
      if (missing === 0) answered();
    });
  });
}
