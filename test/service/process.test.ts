import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const mainFile = join(root, 'src', 'main.ts');
/** What the service is made of, beside what it depends on. */
const parts = [
  'src',
  'package.json',
  'schema.graphql',
  'provider_registry.json',
  'provider_registry.schema.json',
];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'process-'));
});

afterAll(async () => await rm(folder, { recursive: true, force: true }));

interface Run {
  readonly child: ChildProcessWithoutNullStreams;
  readonly output: () => string;
  readonly errors: () => string;
  readonly exit: Promise<number | null>;
}

/** Runs the main file in an empty folder with these settings and nothing else. */
function run(environment: Readonly<Record<string, string>>, file = mainFile): Run {
  const child = spawn(process.execPath, [file], { cwd: folder, env: environment });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  // Not 'exit', which may come before the last of what it has written.
  const exit = once(child, 'close').then(([code]) => code as number | null);
  return { child, output: () => output, errors: () => errors, exit };
}

/** The address that the log names once the service listens. */
async function listening(started: Run): Promise<string> {
  return await said(started, /"url":"([^"]+)"/);
}

/** What the log says of this, as soon as it does. */
async function said({ child, output, errors, exit }: Run, what: RegExp): Promise<string> {
  let ended = false;
  void exit.then(() => {
    ended = true;
  });
  for (;;) {
    const found = what.exec(output())?.[1];
    if (found !== undefined) return found;
    if (ended) throw new Error(`It ended: ${errors()}`);
    await Promise.race([once(child.stdout, 'data'), exit]);
  }
}

async function post(url: string, query: string): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return await response.json();
}

describe('the process', () => {
  it('needs no settings: it serves the shipped list, and ends with 0 when it is told to', async () => {
    // The port is the only setting; the public list is out of reach, as it is without a network.
    const started = run({ PORT: '0', MODELS_DEV_URL: 'http://127.0.0.1:9/' });
    const url = await listening(started);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/graphql$/);
    expect(
      await post(
        url,
        '{ offerings(filter: { provider: "groq", region: "us-east" }) { totalCount nodes { pricing { basis } } } }',
      ),
    ).toMatchObject({ data: { offerings: { totalCount: 11 } } });
    expect((await fetch(new URL('/livez', url))).status).toBe(200);
    expect((await fetch(new URL('/readyz', url))).status).toBe(200);
    started.child.kill('SIGTERM');
    expect(await started.exit).toBe(0);
    expect(started.errors()).toBe('');
  });

  it('may stand in a folder of any name', async () => {
    const elsewhere = join(folder, 'a clone with bläñks & 100%');
    await mkdir(elsewhere);
    for (const part of parts) {
      await cp(join(root, part), join(elsewhere, part), { recursive: true });
    }
    await symlink(join(root, 'node_modules'), join(elsewhere, 'node_modules'));
    const started = run({ PORT: '0', MODELS_DEV_URL: '' }, join(elsewhere, 'src', 'main.ts'));
    const url = await listening(started);
    expect(await post(url, '{ offerings { totalCount } }')).toEqual({
      data: { offerings: { totalCount: 11 } },
    });
    started.child.kill('SIGTERM');
    expect(await started.exit).toBe(0);
  });

  it('answers the request that is under way when it is told to end', async () => {
    const started = run({ PORT: '0', MODELS_DEV_URL: '' });
    const url = await listening(started);
    const answer = post(
      url,
      '{ offerings(first: 100) { nodes { id priceHistory { truncated } } } }',
    );
    started.child.kill('SIGINT');
    const settled = await answer.catch((error: unknown) => error);
    expect(await started.exit).toBe(0);
    // It either came in time and was answered whole, or found nobody listening: never half an answer.
    const isRefused = settled instanceof TypeError;
    expect(
      isRefused ||
        (settled as { data: { offerings: { nodes: unknown[] } } }).data.offerings.nodes.length ===
          11,
    ).toBe(true);
  });

  it('refuses bad settings with 1, all of them on stderr, no stack and no secret', async () => {
    const refused = run({
      PORT: 'eighty',
      POLL_INTERVAL_SECONDS: '0',
      GROQ_BASE_URL: 'https://someone:marked@api.groq.com',
      LOG_LEVEL: 'loud',
      DATABASE_URL: 'mysql://someone:marked@db/x',
    });
    expect(await refused.exit).toBe(1);
    expect(refused.errors().trimEnd().split('\n')).toEqual([
      'The settings are not usable:',
      '- PORT must be a whole number from 0 to 65535',
      '- DATABASE_URL must be a postgres: or postgresql: URL',
      '- GROQ_BASE_URL must not hold credentials',
      '- POLL_INTERVAL_SECONDS must be a whole number from 1 to 86400',
      '- LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent',
    ]);
    expect(refused.output()).toBe('');
  });

  it('refuses a bad registry with 1, every fault with its path on stderr', async () => {
    const path = join(folder, 'registry.json');
    await writeFile(
      path,
      JSON.stringify({
        groq: { name: 7, blend: { inputWeight: 2, outputWeight: 1, source: 's' } },
      }),
    );
    const refused = run({ PORT: '0', PROVIDER_REGISTRY: path });
    expect(await refused.exit).toBe(1);
    expect(refused.errors()).toContain(path);
    expect(refused.errors()).toMatch(/- \/groq\/name: .*\n/);
    expect(refused.errors()).toMatch(/- \/groq\/blend: .*\n/);
    expect(refused.errors()).not.toMatch(/ at .*\.ts:/);
  });

  it('says that its port is taken, with 1', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const refused = run({ PORT: String(port), MODELS_DEV_URL: '' });
    expect(await refused.exit).toBe(1);
    expect(refused.errors()).toBe(
      `EADDRINUSE: The service cannot listen on 127.0.0.1, port ${port}: another program has the port; stop that one, or set another PORT\n`,
    );
    other.close();
  });

  it('says with the code of the documentation, without a stack, that its data can not be had', async () => {
    const path = join(folder, 'no-folder');
    await writeFile(path, '');
    const refused = run({ PORT: '0', MODELS_DEV_URL: '', DATA_DIR: path });
    expect(await refused.exit).toBe(1);
    expect(refused.errors()).toMatch(
      /^FOLDER_NOT_WRITABLE: The data folder .*no-folder cannot be used: .*\n$/,
    );
  });

  it('logs the state of each provider at the start, and each one that becomes another', async () => {
    const groq = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(groq, 'listening');
    const { port } = groq.address() as AddressInfo;
    const started = run({
      PORT: '0',
      MODELS_DEV_URL: '',
      DATA_DIR: join(folder, 'states'),
      GROQ_API_KEY: 'gsk_unheard',
      GROQ_BASE_URL: `http://127.0.0.1:${port}`,
      GROQ_PRICING_URL: `http://127.0.0.1:${port}/v1/pricing`,
    });
    await listening(started);
    await said(started, /"msg":"(feed\.state)"/);
    started.child.kill('SIGTERM');
    expect(await started.exit).toBe(0);
    groq.close();

    const states = started
      .output()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ msg }) => msg === 'provider.state' || msg === 'feed.state')
      .map(({ level, msg, provider, state, feed, reason }) => ({
        level,
        msg,
        provider,
        state,
        feed,
        reason,
      }));
    expect(states[0]).toEqual({
      level: 40,
      msg: 'provider.state',
      provider: 'groq',
      state: 'DEGRADED',
      feed: undefined,
      reason: 'The provider has not been asked yet.',
    });
    expect(states).toContainEqual({
      level: 40,
      msg: 'provider.state',
      provider: 'groq',
      state: 'UNAVAILABLE',
      feed: undefined,
      reason: expect.stringMatching(/./),
    });
    expect(states).toContainEqual({
      level: 40,
      msg: 'feed.state',
      provider: 'groq',
      state: 'FAILING',
      feed: 'models',
      reason: expect.stringMatching(/./),
    });
  });
});
