import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { modelCount } from './marketplace.ts';
import { startPeer, startArguments } from './contenders.ts';
import { processorMs, residentBytes } from './process-cost.ts';
import { machine, median } from './report.ts';

/**
 * From starting the process to its first answer, out of what an earlier process stored and without any
 * network: from sources, and as built. And what it holds in memory once it idles.
 */
const { values } = parseArgs({
  options: {
    /** Only whether both start and answer with what was stored. */
    smoke: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '9' },
    idleSeconds: { type: 'string', default: '15' },
  },
});

const root = fileURLToPath(new URL('../', import.meta.url));
const entries = ['src/main.ts', 'dist/main.js'] as const;
const patienceMs = 30_000;
const query = `{ offerings(filter: { search: "bench" }, first: 10) {
  totalCount nodes { id region costPerToken throughput pricing { basis freshness } model { name } }
} }`;

interface Start {
  readonly answerMs: number;
  /** Processor time that the process had used by then. */
  readonly processorMs: number;
  readonly residentMb: number;
}

const folder = await mkdtemp(join(tmpdir(), 'bench-'));
const results = new Map(entries.map((entry) => [entry, [] as Start[]]));
let idleMb = 0;
try {
  await storeCatalogue();
  // The first start of each fills the compile cache, as the first start on a machine does.
  for (const entry of entries) await startOnce(entry, 0);
  const rounds = values.smoke ? 1 : Number(values.rounds);
  for (let turn = 0; turn < rounds; turn += 1) {
    for (const entry of entries) {
      const idleMs = turn === 0 && !values.smoke ? Number(values.idleSeconds) * 1000 : 0;
      results.get(entry)?.push(await startOnce(entry, idleMs));
    }
  }
  report();
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Lets a first process read a provider once, and keeps what it stored. */
async function storeCatalogue(): Promise<void> {
  const groq = await startPeer('provider', 'groq.ts', '');
  const port = await freePort();
  const child = start('src/main.ts', port, new URL(groq.url).origin);
  try {
    await untilAnswered(port, (text) => text.includes(`"totalCount":${modelCount}`));
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
    await groq.stop();
  }
}

async function startOnce(entry: (typeof entries)[number], idleMs: number): Promise<Start> {
  const port = await freePort();
  const beganAtMs = performance.now();
  // Nobody listens there: a network that refuses.
  const child = start(entry, port, 'http://127.0.0.1:9');
  try {
    await untilAnswered(port, (text) => {
      if (text.includes(`"totalCount":${modelCount}`)) return true;
      throw new Error(`The first answer of ${entry} is not what was stored: ${text}`);
    });
    const result = {
      answerMs: performance.now() - beganAtMs,
      processorMs: processorMs(child.pid ?? 0),
      residentMb: residentBytes(child.pid ?? 0) / 1024 / 1024,
    };
    await delay(idleMs);
    if (idleMs > 0) idleMb = Math.max(idleMb, residentBytes(child.pid ?? 0) / 1024 / 1024);
    return result;
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

function start(entry: string, port: number, groqUrl: string) {
  return spawn(process.execPath, [...startArguments.slice(0, -1), entry], {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      DATA_DIR: join(folder, 'data'),
      DRAIN_DELAY_MS: '0',
      GROQ_BASE_URL: groqUrl,
      GROQ_PRICING_URL: `${groqUrl}/v1/pricing`,
      GROQ_API_KEY: 'bench',
      MODELS_DEV_URL: '',
      NODE_COMPILE_CACHE: join(folder, 'compile-cache'),
    },
    stdio: 'ignore',
  });
}

/** Asks again and again, as a client does that waits for the service. */
async function untilAnswered(port: number, isWanted: (text: string) => boolean): Promise<void> {
  const giveUpAtMs = performance.now() + patienceMs;
  while (performance.now() < giveUpAtMs) {
    const text = await ask(port);
    if (text !== undefined && isWanted(text)) return;
    await delay(2);
  }
  throw new Error('The service did not answer in time');
}

function ask(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port,
        path: '/graphql',
        method: 'POST',
        headers: { 'content-type': 'application/json' },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => (text += piece));
        response.on('end', () => resolve(text));
      },
    );
    asked.on('error', () => resolve(undefined));
    asked.end(JSON.stringify({ query }));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function report(): void {
  const lines = [
    '| Started as | first answer, median ms | fastest ms | slowest ms | processor ms until then | MB then |',
    '| --- | ---: | ---: | ---: | ---: | ---: |',
  ];
  for (const [entry, starts] of results) {
    const times = starts.map(({ answerMs }) => answerMs);
    const cells = [
      `\`node ${entry}\``,
      median(times).toFixed(0),
      Math.min(...times).toFixed(0),
      Math.max(...times).toFixed(0),
      median(starts.map((one) => one.processorMs)).toFixed(0),
      median(starts.map((one) => one.residentMb)).toFixed(0),
    ];
    lines.push(`| ${cells.join(' | ')} |`);
  }
  if (values.smoke) lines.length = 0;
  else lines.push('', `Idle after ${values.idleSeconds} s: ${idleMb.toFixed(0)} MB. ${machine()}`);
  lines.push(`Every start answered first with the ${modelCount} offerings that were stored.`);
  process.stdout.write(`${lines.join('\n')}\n`);
}
