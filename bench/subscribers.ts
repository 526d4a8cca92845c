import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { WebSocket } from 'ws';

import { startLiveService } from '../test/support/live-service.ts';

/**
 * Five thousand WebSocket subscribers on one process, and a price change: how soon all are told, what
 * queries take meanwhile, and what a subscriber costs in memory. The subscribers are in processes of their
 * own.
 *
 * `node --expose-gc bench/subscribers.ts [subscribers] [changes]`
 */
const subscriberCount = Number(process.argv[2] ?? 5_000);
const changeCount = Number(process.argv[3] ?? 10);
const clientProcesses = 2;
const subscription = `subscription {
  offeringChanged {
    cursor kind snapshotVersion at offeringId
    before { available throughput price { input output costPerToken version basis } }
    after { available throughput price { input output costPerToken version basis } }
    offering { id region costPerToken throughput model { id name } provider { id } pricing { input output freshness } }
  }
}`;
const listing = `query List($first: Int) {
  offerings(first: $first) { nodes { id region costPerToken throughput model { name } pricing { input output freshness } } }
}`;

/** What the measuring process and the subscribers' processes tell each other. */
type Word =
  | { readonly kind: 'READY'; readonly count: number }
  /** Milliseconds since the epoch at which each subscriber was told, and the length of what he was told. */
  | { readonly kind: 'TOLD'; readonly atMs: readonly number[]; readonly bytes: number };

if (process.argv[2] === 'client') await beClient(process.argv[3] ?? '', Number(process.argv[4]));
else await measure();

async function measure(): Promise<void> {
  const service = await startLiveService();
  const memoryBefore = memoryMb();
  const started = performance.now();
  const clients = await Promise.all(
    Array.from({ length: clientProcesses }, () =>
      startClient(service.webSocketUrl, subscriberCount / clientProcesses),
    ),
  );
  print('subscribers', subscriberCount);
  print('connected and subscribed, s', (performance.now() - started) / 1_000);
  const memoryConnected = memoryMb();
  print('memory before, MB', memoryBefore);
  print('memory with them, MB', memoryConnected);
  print('a subscriber, kB', ((memoryConnected - memoryBefore) * 1_024) / subscriberCount);

  const calm = await queriesWhile(service.url, async () => await pause(1_000));
  print('queries without a change: p50, p99 ms', `${calm.p50.toFixed(2)}, ${calm.p99.toFixed(2)}`);

  const lastTold: number[] = [];
  const medianTold: number[] = [];
  let bytes = 0;
  const busy = await queriesWhile(service.url, async () => {
    for (let change = 1; change <= changeCount; change += 1) {
      const told = Promise.all(clients.map((client) => client.told()));
      let changedAt = 0;
      const stop = service.catalogue.onChange(() => {
        changedAt = Date.now();
      });
      await service.setInputPrice('openai/gpt-oss-20b', `0.0000000${70 + (change % 20)}`);
      stop();
      const words = await told;
      const waits = words
        .flatMap(({ atMs }) => atMs.map((at) => at - changedAt))
        .sort((a, b) => a - b);
      lastTold.push(waits.at(-1) ?? Number.NaN);
      medianTold.push(waits[Math.floor(waits.length / 2)] ?? Number.NaN);
      bytes = words[0]?.bytes ?? 0;
      await pause(200);
    }
  });
  print('one message, bytes', bytes);
  print('median subscriber told after, ms (each change)', medianTold.join(' '));
  print('last subscriber told after, ms (each change)', lastTold.join(' '));
  print('queries meanwhile: count', busy.count);
  print(
    'queries meanwhile: p50, p99, worst ms',
    [busy.p50, busy.p99, busy.worst].map((ms) => ms.toFixed(2)).join(', '),
  );
  print('memory after all changes, MB', memoryMb());
  print('heap in use after all changes, MB', process.memoryUsage().heapUsed / 1024 / 1024);
  for (const client of clients) client.stop();
  await service.stop();
}

function memoryMb(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().rss / 1024 / 1024;
}

/** Asks one query after the other on one connection, each with other variables, until the work is done. */
async function queriesWhile(url: string, work: () => Promise<void>) {
  const times: number[] = [];
  const done = new AbortController();
  const asking = (async () => {
    for (let count = 0; !done.signal.aborted; count += 1) {
      const startedAt = performance.now();
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: listing, variables: { first: 1 + (count % 50) } }),
      });
      await response.arrayBuffer();
      times.push(performance.now() - startedAt);
      await pause(2);
    }
  })();
  await work();
  done.abort();
  await asking;
  times.sort((left, right) => left - right);
  const at = (share: number): number => times[Math.floor((times.length - 1) * share)] ?? Number.NaN;
  return { count: times.length, p50: at(0.5), p99: at(0.99), worst: at(1) };
}

interface ClientProcess {
  /** Resolves when every subscriber of it was told of the next change. */
  told(): Promise<Word & { readonly kind: 'TOLD' }>;
  stop(): void;
}

async function startClient(url: string, count: number): Promise<ClientProcess> {
  const child = fork(fileURLToPath(import.meta.url), ['client', url, String(count)]);
  const next = <Kind extends Word['kind']>(kind: Kind) =>
    new Promise<Word & { readonly kind: Kind }>((resolve) => {
      const listen = (word: Word): void => {
        if (word.kind !== kind) return;
        child.off('message', listen);
        resolve(word as Word & { readonly kind: Kind });
      };
      child.on('message', listen);
    });
  await next('READY');
  return { told: async () => await next('TOLD'), stop: () => child.kill() };
}

async function beClient(url: string, count: number): Promise<void> {
  let toldAt: number[] = [];
  const tell = (word: Word): void => void process.send?.(word);
  const onNext = (data: Buffer): void => {
    toldAt.push(Date.now());
    if (toldAt.length < count) return;
    tell({ kind: 'TOLD', atMs: toldAt, bytes: data.byteLength });
    toldAt = [];
  };
  const connectionsAtOnce = 50;
  for (let begun = 0; begun < count; begun += connectionsAtOnce) {
    const some = Math.min(connectionsAtOnce, count - begun);
    await Promise.all(Array.from({ length: some }, () => subscribe(url, onNext)));
  }
  tell({ kind: 'READY', count });
}

async function subscribe(url: string, onNext: (data: Buffer) => void): Promise<void> {
  const socket = new WebSocket(url, 'graphql-transport-ws', { perMessageDeflate: false });
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => socket.send('{"type":"connection_init"}'));
    socket.once('message', () => {
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: subscription } }));
      socket.ping();
      socket.once('pong', () => resolve());
      socket.on('message', onNext);
    });
  });
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

function print(name: string, value: number | string): void {
  const text = typeof value === 'number' ? String(Math.round(value * 100) / 100) : value;
  process.stdout.write(`${name.padEnd(52)} ${text}\n`);
}
