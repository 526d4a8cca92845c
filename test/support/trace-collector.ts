import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { readSpans } from './otlp-wire.ts';
import type { CollectedSpan } from './otlp-wire.ts';

/** A collector on loopback that takes traces as OTLP: protobuf, POSTed to `/v1/traces`. */
export interface TraceCollector {
  /** What `OTEL_EXPORTER_OTLP_ENDPOINT` is set to. */
  readonly url: string;
  /** Every span that came. */
  readonly spans: readonly CollectedSpan[];
  /** The bodies as they came. */
  readonly bodies: readonly Buffer[];
  /** Answers with this status from now on; undefined lets senders wait. */
  answerWith(status: number | undefined): void;
  /** Resolves with the spans so far once one of them is as wanted. */
  until(isWanted: (span: CollectedSpan) => boolean): Promise<readonly CollectedSpan[]>;
  /** Resolves once so many requests have come. */
  asked(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startTraceCollector(): Promise<TraceCollector> {
  const spans: CollectedSpan[] = [];
  const bodies: Buffer[] = [];
  const checks = new Set<() => void>();
  let status: number | undefined = 200;

  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('error', () => undefined);
    request.on('end', () => {
      const body = Buffer.concat(pieces);
      bodies.push(body);
      if (request.url === '/v1/traces' && status === 200) spans.push(...readSpans(body));
      for (const check of checks) check();
      if (status === undefined) return;
      response.writeHead(status, { 'content-type': 'application/x-protobuf' });
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  async function holds(condition: () => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      const check = () => {
        if (!condition()) return;
        checks.delete(check);
        resolve();
      };
      checks.add(check);
      check();
    });
  }

  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    bodies,
    answerWith: (given) => {
      status = given;
    },
    until: async (isWanted) => {
      await holds(() => spans.some(isWanted));
      return spans;
    },
    asked: async (count) => {
      await holds(() => bodies.length >= count);
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
