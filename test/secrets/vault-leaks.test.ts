import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import nodeVault from 'node-vault';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { SecretStore } from '../../src/secrets/secret-store.ts';
import { VaultClient } from '../../src/secrets/vault-client.ts';
import type { VaultOptions } from '../../src/secrets/vault-options.ts';
import { VaultTransport } from '../../src/secrets/vault-transport.ts';
import { groqPath, VaultBench } from '../support/vault-bench.ts';
import type { Weather } from '../support/vault-server.ts';

/** Every way in which a thing commonly ends up in a log. */
function everyTextOf(...things: readonly unknown[]): string {
  return things
    .flatMap((thing) => [
      JSON.stringify(thing),
      inspect(thing, { depth: Infinity, showHidden: true, getters: true }),
      thing instanceof Error ? `${thing.message}\n${thing.stack}\n${inspect(thing.cause)}` : '',
    ])
    .join('\n');
}

/** What the process printed while the work ran. */
async function printed(work: () => Promise<unknown>): Promise<string> {
  const written: string[] = [];
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      written.push(String(chunk));
      return true;
    }),
  );
  try {
    await work();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return written.join('');
}

/** The debugging that `DEBUG=*` switches on, of the very module that node-vault loads. */
const debug = createRequire(import.meta.resolve('node-vault'))('debug') as {
  enable(namespaces: string): void;
  disable(): void;
};

afterEach(() => {
  debug.disable();
});

describe('no key, token, secret id or service account token', () => {
  const troubles: readonly (readonly [string, (bench: VaultBench) => void])[] = [
    ['in good weather', () => undefined],
    ['with a refused login that quotes the secret id', ({ vault }) => vault.auth.secretIds.clear()],
    ['with a refused token', ({ vault }) => vault.auth.revokeAll()],
    ['with a policy that says no', ({ vault }) => (vault.kv.policy = () => false)],
    ['with a deleted secret', ({ vault }) => vault.kv.delete(groqPath)],
    ['with a value that is no text', ({ vault }) => vault.kv.put(groqPath, { value: ['MARKED'] })],
    ...(['sealed', 'hang', 'drip', 'reset', 'oversize', 'html-502'] satisfies Weather[]).map(
      (weather) =>
        [`in weather: ${weather}`, ({ vault }: VaultBench) => (vault.weather = weather)] as const,
    ),
    [
      'with a redirect elsewhere',
      ({ vault }) => (vault.weather = { redirectTo: 'https://elsewhere.example' }),
    ],
  ];
  for (const moment of ['before the first login', 'after it'] as const) {
    for (const [name, trouble] of troubles) {
      it(`shows in results, logs, status or output ${name}, ${moment}`, async () => {
        debug.enable('*');
        await using bench = await VaultBench.open();
        const things: unknown[] = [];
        const output = await printed(async () => {
          const store: SecretStore = bench.store({ timeoutMs: 100 });
          if (moment === 'after it') {
            await store.start();
            things.push(await store.read(groqPath));
          }
          trouble(bench);
          await store.start();
          things.push(await store.read(groqPath), await store.refresh(groqPath));
          await bench.pass(31_000);
          things.push(store, store.status(), bench.events);
          await store.stop();
        });
        const text = everyTextOf(...things) + output;
        expect(text).not.toContain('MARKED');
        // The search is worth something: there is text, and the server did see the credentials.
        expect(text).toContain('secrets.state');
        expect(JSON.stringify(bench.vault.requests)).toContain('MARKED');
      });
    }
  }
});

describe('the search for marks', () => {
  it('finds what node-vault prints when it is left to itself', async () => {
    debug.enable('*');
    const output = await printed(async () => {
      const unguarded = nodeVault({
        endpoint: 'http://127.0.0.1:1',
        'request-promise': { defaults: () => () => Promise.resolve(undefined) },
      });
      const login = unguarded.approleLogin({ role_id: 'role', secret_id: 'MARKED' });
      await expect(login).rejects.toThrow('No response passed');
    });
    expect(output).toContain('MARKED');
  });
});

describe('a failure of the client', () => {
  it('carries neither the request nor its cause', async () => {
    await using bench = await VaultBench.open();
    const options: VaultOptions = {
      address: bench.vault.address,
      auth: bench.approle,
      kvMount: 'secret',
      pollSeconds: 30,
      timeoutMs: 200,
      maxBodyBytes: 1_000,
    };
    const transport = new VaultTransport(options);
    const client = new VaultClient(options, (call) => transport.exchange(call), 'hvs.MARKED');
    for (const weather of ['reset', 'hang', 'oversize', 'html-502', 'sealed'] as const) {
      bench.vault.weather = weather;
      const call = {
        method: 'POST',
        uri: `${bench.vault.address}/v1/auth/approle/login`,
        path: '/auth/approle/login',
        headers: { 'X-Vault-Token': 'hvs.MARKED' },
        json: { secret_id: 'MARKED' },
      };
      const thrown = await transport.exchange(call).catch((error: unknown) => error);
      expect(thrown).toBeInstanceOf(Error);
      const answer = await client.approleLogin('approle', 'role', 'MARKED');
      expect(answer).toMatchObject({ ok: false, failure: { kind: 'UNREACHABLE' } });
      expect(everyTextOf(thrown, answer, client, transport)).not.toContain('MARKED');
    }
    await transport.stop();
  });

  it("is given in our own words where node-vault's would quote the arguments", async () => {
    await using bench = await VaultBench.open();
    const options = { address: bench.vault.address } as VaultOptions;
    const exchange = (): Promise<never> =>
      Promise.reject(new Error('header X-Vault-Token: MARKED'));
    const client = new VaultClient(options, exchange, 'hvs.MARKED');
    const answer = await client.read('secret/data/groq/api_key');
    expect(answer).toEqual({
      ok: false,
      failure: { kind: 'REJECTED', reason: 'the Vault client refused the call' },
    });
  });
});
