import { fork } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { WebSocket } from 'ws';

import { json } from '../test/support/groq-responders.ts';
import { recordedExchange } from '../test/support/recorded-exchanges.ts';
import { startServiceOnRecordings } from '../test/support/service-process.ts';

/**
 * Five thousand WebSocket subscribers on one process of the service as it ships, and price changes at its
 * provider: how soon all are told, what queries take meanwhile, and what a subscriber costs in memory. The
 * subscribers are in processes of their own.
 *
 * `npm run bench:subscribers [-- <subscribers> <changes>]`
 */
const [first = '5000', second = '20', third = ''] = process.argv.slice(2);
const clientProcesses = 2;
const token = 'router-token-of-the-subscribers-bench';
const headers = { 'x-router-token': token, 'x-caller-id': 'bench' };
const modelId = 'openai/gpt-oss-20b';
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
  | { readonly kind: 'READY' }
  /** Milliseconds after the catalogue took the change at which each subscriber was told. */
  | { readonly kind: 'TOLD'; readonly waits: readonly number[]; readonly bytes: number };

if (first === 'client') await beClient(second, Number(third));
else await measure(Number(first), Number(second));

async function measure(subscriberCount: number, changeCount: number): Promise<void> {
  const { service, groq, close } = await startServiceOnRecordings({
    AUTH_MODE: 'router',
    ROUTER_TOKENS: token,
    POLL_INTERVAL_SECONDS: '1',
  });
  const before = await processOf(service.url);
  const startedAt = performance.now();
  const clients = await Promise.all(
    Array.from({ length: clientProcesses }, () =>
      startClient(service.url, subscriberCount / clientProcesses),
    ),
  );
  const connectedSeconds = (performance.now() - startedAt) / 1_000;
  const connected = await processOf(service.url);
  const calm = await queriesWhile(service.url, async () => await pause(changeCount * 200));

  const last: number[] = [];
  const median: number[] = [];
  const memory = [before.residentMb, connected.residentMb];
  let bytes = 0;
  const busyFrom = await processOf(service.url);
  const busy = await queriesWhile(service.url, async () => {
    for (let change = 1; change <= changeCount; change += 1) {
      const told = Promise.all(clients.map((client) => client.told()));
      const { data } = structuredClone(recordedExchange('models-list-2026-10-02-with-pricing'))
        .response.body as { data: { readonly id: string; pricing?: Record<string, string> }[] };
      const pricing = data.find(({ id }) => id === modelId)?.pricing;
      if (pricing === undefined) throw new Error(`No price of ${modelId}`);
      pricing['prompt'] = `0.0000000${76 + (change % 20)}`;
      groq.reply('/openai/v1/models', json({ object: 'list', data }));
      const words = await told;
      const waits = words.flatMap((word) => word.waits).sort((a, b) => a - b);
      last.push(waits.at(-1) ?? Number.NaN);
      median.push(waits[Math.floor(waits.length / 2)] ?? Number.NaN);
      bytes = words[0]?.bytes ?? 0;
      if (change % Math.ceil(changeCount / 4) === 0) {
        memory.push((await processOf(service.url)).residentMb);
      }
    }
  });
  const after = await processOf(service.url);
  for (const client of clients) client.stop();
  await close();

  const model = cpus()[0]?.model ?? 'unknown';
  print('machine', `${cpus().length} x ${model}, load ${loadavg()[0]?.toFixed(1)}`);
  print('subscribers, price changes', `${subscriberCount}, ${changeCount}`);
  print('connected and subscribed after, s', connectedSeconds.toFixed(1));
  print('one message, bytes', bytes);
  print('median subscriber told after, ms: median, worst', spread(median));
  print('last subscriber told after, ms: median, worst', spread(last));
  const inTime = last.filter((ms) => ms <= 1_000).length;
  print('changes of which all were told within a second', `${inTime} of ${changeCount}`);
  print('queries without a change: p50, p99, worst ms', timesOf(calm));
  print('queries during the changes: p50, p99, worst ms', timesOf(busy));
  print('queries answered', `${calm.length}, ${busy.length}`);
  const cpuMs = (1_000 * (after.cpuSeconds - busyFrom.cpuSeconds)) / changeCount;
  print('processor time for a change, queries included, ms', cpuMs.toFixed(0));
  const growth = connected.residentMb - before.residentMb;
  print('a subscriber, kB', ((growth * 1_024) / subscriberCount).toFixed(1));
  const megabytes = memory.map((mb) => mb.toFixed(0)).join(', ');
  print('memory before, with them, after each quarter, MB', megabytes);
}

/** Memory and processor time that the service says it takes. */
async function processOf(url: string) {
  const text = await (await fetch(new URL('/metrics', url))).text();
  const value = (name: string): number =>
    Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  return {
    residentMb: value('process_resident_memory_bytes') / 1024 / 1024,
    cpuSeconds: value('process_cpu_seconds_total'),
  };
}

/** Asks one query after the other, each with other variables than the last, until the work is done. */
async function queriesWhile(url: string, work: () => Promise<void>): Promise<readonly number[]> {
  const times: number[] = [];
  const done = new AbortController();
  const asking = (async () => {
    for (let count = 0; !done.signal.aborted; count += 1) {
      const askedAt = performance.now();
      const response = await fetch(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ query: listing, variables: { first: 1 + (count % 50) } }),
      });
      if (!response.ok) throw new Error(await response.text());
      await response.arrayBuffer();
      times.push(performance.now() - askedAt);
      await pause(2);
    }
  })();
  await work();
  done.abort();
  await asking;
  return times.sort((left, right) => left - right);
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
  let waits: number[] = [];
  const tell = (word: Word): void => void process.send?.(word);
  const onNext = (data: Buffer): void => {
    const now = Date.now();
    const at = /"at":"([^"]+)"/.exec(data.toString())?.[1] ?? '';
    waits.push(now - Date.parse(at));
    if (waits.length < count) return;
    tell({ kind: 'TOLD', waits, bytes: data.byteLength });
    waits = [];
  };
  const connectionsAtOnce = 50;
  for (let begun = 0; begun < count; begun += connectionsAtOnce) {
    const some = Math.min(connectionsAtOnce, count - begun);
    await Promise.all(Array.from({ length: some }, () => subscribe(url, onNext)));
  }
  tell({ kind: 'READY' });
}

async function subscribe(url: string, onNext: (data: Buffer) => void): Promise<void> {
  const address = url.replace('http:', 'ws:');
  const options = { headers, perMessageDeflate: false };
  const socket = new WebSocket(address, 'graphql-transport-ws', options);
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

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((left, right) => left - right);
  return `${sorted[Math.floor(sorted.length / 2)]}, ${sorted.at(-1)}`;
}

/** @param times - in order. */
function timesOf(times: readonly number[]): string {
  const at = (share: number): number => times[Math.floor((times.length - 1) * share)] ?? Number.NaN;
  return [at(0.5), at(0.99), at(1)].map((ms) => ms.toFixed(1)).join(', ');
}

function print(name: string, value: number | string): void {
  process.stdout.write(`${name.padEnd(54)} ${value}\n`);
}
