import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

import { Agent, request } from 'undici';

/** A real Vault or OpenBao of this test's own: in memory, on loopback, unsealed. */
export interface VaultProcess {
  readonly address: string;
  /** Of root. */
  readonly token: string;
  /** PEM file of the authority to trust; undefined without TLS. */
  readonly caCertPath: string | undefined;
  /** What it calls itself, for example `2.7.2`. */
  readonly version: string;
  /** Speaks to the server past the code under test, as an operator would; throws when that is refused. */
  operate(
    method: 'GET' | 'POST' | 'DELETE',
    apiPath: string,
    body?: unknown,
    namespace?: string,
  ): Promise<Readonly<Record<string, unknown>>>;
  seal(): Promise<void>;
  unseal(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a development server.
 *
 * @param binary - `bao` or `vault`, as a path or a name that `PATH` leads to.
 */
export async function startVaultProcess(
  binary: string,
  options: { readonly tls?: boolean } = {},
): Promise<VaultProcess> {
  const home = await mkdtemp(join(tmpdir(), 'vault-'));
  const port = await freePort();
  const token = `root-${randomUUID()}`;
  const isTls = options.tls === true;
  const child = spawn(
    binary,
    [
      'server',
      isTls ? '-dev-tls' : '-dev',
      ...(isTls ? [`-dev-tls-cert-dir=${home}`] : []),
      '-dev-no-store-token',
      `-dev-root-token-id=${token}`,
      `-dev-listen-address=127.0.0.1:${port}`,
    ],
    { env: { HOME: home, PATH: process.env['PATH'] }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const exited = once(child, 'exit');
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => lines.push(line));
  }
  const stop = async () => {
    if (child.exitCode === null) child.kill('SIGTERM');
    await exited;
    await rm(home, { recursive: true, force: true });
  };
  const lineThat = async (pattern: RegExp): Promise<string> => {
    for (let tries = 0; tries < 600; tries += 1) {
      const found = lines.map((line) => pattern.exec(line)?.[1]).find((text) => text !== undefined);
      if (found !== undefined) return found;
      if (child.exitCode !== null) break;
      await delay(50);
    }
    await stop();
    throw new Error(`${binary} did not start:\n${lines.join('\n')}`);
  };
  const unsealKey = await lineThat(/^Unseal Key(?: \d+)?: (\S+)$/);
  const address = `${isTls ? 'https' : 'http'}://127.0.0.1:${port}`;
  const caCertPath = isTls ? join(home, 'vault-ca.pem') : undefined;
  const ca = caCertPath === undefined ? {} : { ca: await readFile(caCertPath, 'utf8') };
  const dispatcher = new Agent({ connect: ca });

  const operate: VaultProcess['operate'] = async (method, apiPath, body, namespace) => {
    const response = await request(`${address}/v1/${apiPath}`, {
      dispatcher,
      method,
      headers: {
        'x-vault-token': token,
        ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.body.text();
    if (response.statusCode >= 300) {
      throw new Error(`${method} ${apiPath}: HTTP ${response.statusCode} ${text}`);
    }
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  };
  const { version } = await operate('GET', 'sys/health');
  return {
    address,
    token,
    caCertPath,
    version: String(version),
    operate,
    seal: async () => void (await operate('POST', 'sys/seal')),
    unseal: async () => void (await operate('POST', 'sys/unseal', { key: unsealKey })),
    stop: async () => {
      await dispatcher.close();
      await stop();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
