import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A server to be measured, in a process of its own. */
export interface Contender {
  readonly name: string;
  readonly url: string;
  readonly processId: number;
  stop(): Promise<void>;
}

const root = fileURLToPath(new URL('../', import.meta.url));
/** The arguments of `npm start`: flags of Node, and last the file. */
export const startArguments: readonly string[] = startScript().split(' ').slice(1);
export const routerToken = 'bench-router-token-0123456789abcdef';
const startPatienceMs = 30_000;

/** The service as it ships: limits, logging, callers told apart by a router's token. */
export async function startService(
  groqUrl: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Contender> {
  return await startProcess('this service', startArguments, {
    GROQ_BASE_URL: groqUrl,
    GROQ_PRICING_URL: `${groqUrl}/v1/pricing`,
    GROQ_API_KEY: 'bench',
    MODELS_DEV_URL: '',
    AUTH_MODE: 'router',
    ROUTER_TOKENS: routerToken,
    ...environment,
  });
}

function startScript(): string {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly scripts: { readonly start: string };
  };
  return scripts.start;
}

/** A server of another make on the same schema, resolvers and rows. */
export async function startPeer(
  name: string,
  file: string,
  groqUrl: string,
  ...args: readonly string[]
): Promise<Contender> {
  const command = ['--import', './bench/one-graphql.ts', `bench/contenders/${file}`, ...args];
  return await startProcess(name, command, { GROQ_BASE_URL: groqUrl });
}

/** Portkey's gateway, which keeps no ledger; it takes no port of its own choice and says none. */
export async function startPortkey(): Promise<Contender> {
  const port = await freePort();
  const script = 'bench/node_modules/@portkey-ai/gateway/build/start-server.js';
  const url = `http://127.0.0.1:${port}/v1/chat/completions`;
  return await startProcess("Portkey's gateway", [script, '--headless', `--port=${port}`], {}, url);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * Runs a Node process that says where it listens; what it writes goes to a file, as in production.
 *
 * @param knownUrl - where it will listen, for one that does not say so in the service's words.
 */
async function startProcess(
  name: string,
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  knownUrl?: string,
): Promise<Contender> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const logPath = join(folder, 'log');
  const log = openSync(logPath, 'a');
  const child = spawn(process.execPath, command, {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      DATA_DIR: join(folder, 'data'),
      HOST: '127.0.0.1',
      PORT: '0',
      DRAIN_DELAY_MS: '0',
      ...environment,
    },
    stdio: ['ignore', log, log],
  });
  const url =
    knownUrl === undefined
      ? await listeningUrl(name, child, logPath)
      : await untilListening(name, child, logPath, knownUrl);
  return {
    name,
    url,
    processId: child.pid ?? 0,
    async stop() {
      const exited = once(child, 'exit');
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        const killer = setTimeout(() => child.kill('SIGKILL'), 5000);
        await exited;
        clearTimeout(killer);
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function listeningUrl(name: string, child: ChildProcess, logPath: string): Promise<string> {
  const giveUpAtMs = Date.now() + startPatienceMs;
  while (Date.now() < giveUpAtMs && child.exitCode === null) {
    for (const line of readFileSync(logPath, 'utf8').split('\n')) {
      const url = /"url":"([^"]+)".*"msg":"listening"|"msg":"listening".*"url":"([^"]+)"/.exec(
        line,
      );
      if (url !== null) return url[1] ?? url[2] ?? '';
    }
    await delay(20);
  }
  child.kill('SIGKILL');
  throw new Error(`${name} did not start:\n${readFileSync(logPath, 'utf8')}`);
}

async function untilListening(
  name: string,
  child: ChildProcess,
  logPath: string,
  url: string,
): Promise<string> {
  const giveUpAtMs = Date.now() + startPatienceMs;
  while (Date.now() < giveUpAtMs && child.exitCode === null) {
    const isThere = await fetch(url).then(
      () => true,
      () => false,
    );
    if (isThere) return url;
    await delay(20);
  }
  child.kill('SIGKILL');
  throw new Error(`${name} did not start:\n${readFileSync(logPath, 'utf8')}`);
}
