import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { VaultClient } from '../../src/secrets/vault-client.ts';
import type { VaultAnswer } from '../../src/secrets/vault-failure.ts';
import { VaultKv } from '../../src/secrets/vault-kv.ts';
import { leaseOf, logIn } from '../../src/secrets/vault-login.ts';
import type { VaultOptions } from '../../src/secrets/vault-options.ts';
import { VaultTransport } from '../../src/secrets/vault-transport.ts';

interface Sample {
  readonly kind: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Readonly<Record<string, string>> | null;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
}

const folder = new URL('../fixtures/vault/', import.meta.url);
const samples = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({
    name,
    sample: JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Sample,
  }));

/** Serves one sample, and gives a way to make clients for it. */
async function serve({ response }: Sample): Promise<{
  connect: (token: string) => VaultClient;
  seen: { request: IncomingMessage; body: string }[];
}> {
  const seen: { request: IncomingMessage; body: string }[] = [];
  const server = createServer((request, reply) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      seen.push({ request, body: Buffer.concat(chunks).toString() });
      reply.writeHead(response.status, response.headers);
      reply.end(response.body === null ? undefined : JSON.stringify(response.body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const options: VaultOptions = {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    auth: { kind: 'token', token: { kind: 'value', read: () => 'unused' } },
    kvMount: 'secret',
    pollSeconds: 30,
    timeoutMs: 2_000,
    maxBodyBytes: 100_000,
  };
  const transport = new VaultTransport(options);
  onTestFinished(async () => {
    await transport.stop();
    server.close();
    server.closeAllConnections();
  });
  const connect = (token: string): VaultClient =>
    new VaultClient(options, (call) => transport.exchange(call), token);
  return { connect, seen };
}

/** Reads as the store does, from the version of the engine that the sample is of. */
function kvOf(client: VaultClient, version: 1 | 2, field?: string): VaultKv {
  return new VaultKv({
    mount: 'secret',
    version,
    ...(field === undefined ? {} : { field }),
    read: (apiPath) => client.read(apiPath),
    now: () => Date.parse('2026-11-23T12:00:00Z'),
  });
}

function failureOf(answer: VaultAnswer): unknown {
  return answer.ok ? answer : answer.failure;
}

type Connect = (token: string) => VaultClient;

/** What each kind of exchange has to come out as. Every sample must have an entry. */
const expectations: Readonly<Record<string, (connect: Connect, sample: Sample) => Promise<void>>> =
  {
    'auth.approle.login': async (connect, { request }) => {
      const { role_id: roleId = '', secret_id: secretId = '' } = request.body ?? {};
      const login = await logIn({ kind: 'approle', mount: 'approle', roleId, secretId }, connect);
      expect(login).toMatchObject({
        ok: true,
        value: {
          lease: { durationMs: 1_200_000, renewable: true },
          accessor: 'fd6c9a00-d2dc-3b11-0be5-af7ae0e1d374',
        },
      });
    },
    'auth.approle.login.rejected': async (connect, { request }) => {
      const { role_id: roleId = '', secret_id: secretId = '' } = request.body ?? {};
      const login = await logIn({ kind: 'approle', mount: 'approle', roleId, secretId }, connect);
      expect(login).toMatchObject({ ok: false, failure: { kind: 'LOGIN_REFUSED', status: 400 } });
    },
    'auth.kubernetes.login': async (connect, { request }) => {
      const { role = '', jwt = '' } = request.body ?? {};
      const login = await logIn({ kind: 'kubernetes', mount: 'kubernetes', role, jwt }, connect);
      expect(login).toMatchObject({
        ok: true,
        value: { lease: { durationMs: 2_764_800_000, renewable: true } },
      });
    },
    'auth.token.lookup-self': async (connect) => {
      const login = await logIn({ kind: 'token', token: 'a-token' }, connect);
      expect(login).toMatchObject({
        ok: true,
        value: { lease: { durationMs: 2_764_790_000, renewable: true } },
      });
    },
    'auth.token.renew-self': async (connect) => {
      const answer = await connect('a-token').renewSelf();
      expect(answer).toMatchObject({
        ok: true,
        body: { auth: { lease_duration: 3600, renewable: true } },
      });
    },
    'auth.token.renew-self.capped': async (connect) => {
      const answer = await connect('a-token').renewSelf();
      expect(answer).toMatchObject({ ok: true, body: { auth: { lease_duration: 720 } } });
      expect(leaseOf(720, true)).toEqual({ durationMs: 720_000, renewable: true });
    },
    'kv2.data.read': async (connect) => {
      const reading = await kvOf(connect('a-token'), 2).read('groq/api_key');
      expect(reading).toMatchObject({ ok: true, value: 'gsk_EXAMPLE_NOT_A_KEY', version: 10 });
    },
    'kv2.data.read.deleted': async (connect) => {
      const reading = await kvOf(connect('a-token'), 2).read('groq/api_key');
      expect(reading).toEqual({
        ok: false,
        failure: {
          code: 'NOT_FOUND',
          reason: 'groq/api_key: the newest version is deleted',
          isDecision: true,
        },
      });
    },
    'kv2.data.read.destroyed': async (connect) => {
      const answer = await connect('a-token').read('secret/data/groq/api_key?version=9');
      expect(failureOf(answer)).toMatchObject({
        kind: 'ABSENT',
        absence: 'DESTROYED',
        status: 404,
      });
    },
    'kv.read.not-found': async (connect) => {
      const reading = await kvOf(connect('a-token'), 2).read('groq/absent');
      expect(reading).toEqual({
        ok: false,
        failure: {
          code: 'NOT_FOUND',
          reason: 'groq/absent: nothing is stored there',
          isDecision: true,
        },
      });
    },
    'kv2.metadata.read': async (connect) => {
      const look = await kvOf(connect('a-token'), 2).look('my-secret');
      expect(look).toEqual({
        ok: true,
        mark: '[3,"2018-03-22T02:36:43.986212308Z","",false,false]',
      });
    },
    'kv1.read': async (connect) => {
      const reading = await kvOf(connect('a-token'), 1, 'foo').read('my-secret');
      expect(reading).toEqual({ ok: true, value: 'bar' });
    },
    'kv2.wrong-version-path': async (connect) => {
      const reading = await kvOf(connect('a-token'), 1).read('groq/api_key');
      expect(reading).toMatchObject({
        ok: false,
        failure: {
          code: 'NOT_FOUND',
          reason: 'the secrets engine there is of KV version 2',
          isDecision: false,
        },
      });
    },
    'sys.internal.ui.mounts': async (connect) => {
      const answer = await connect('a-token').read('sys/internal/ui/mounts/secret');
      expect(answer).toMatchObject({
        ok: true,
        body: { data: { path: 'secret/', options: { version: '2' } } },
      });
    },
    'auth.token.invalid': async (connect) => {
      const answer = await connect('a-token').read('secret/data/groq/api_key');
      expect(failureOf(answer)).toMatchObject({ kind: 'FORBIDDEN', status: 403 });
    },
    'acl.denied': async (connect) => {
      const answer = await connect('a-token').read('secret/data/other');
      expect(failureOf(answer)).toMatchObject({ kind: 'FORBIDDEN', status: 403 });
    },
    'sys.sealed': async (connect) => {
      const answer = await connect('a-token').read('secret/data/groq/api_key');
      expect(failureOf(answer)).toEqual({
        kind: 'UNREACHABLE',
        reason: 'Vault is sealed (HTTP 503)',
        status: 503,
      });
    },
    'ha.redirect': async (connect) => {
      const answer = await connect('a-token').read('secret/data/groq/api_key');
      expect(failureOf(answer)).toEqual({
        kind: 'UNREACHABLE',
        reason: 'Vault redirected to another scheme, which is not followed',
      });
    },
    'quota.rate-limit': async (connect) => {
      const answer = await connect('a-token').read('secret/metadata/groq/api_key');
      expect(failureOf(answer)).toEqual({
        kind: 'UNREACHABLE',
        reason: 'Vault limits our rate (HTTP 429)',
        status: 429,
        retryAfterMs: 1_000,
      });
    },
    'sys.health': async (connect) => {
      const answer = await connect('').read('sys/health');
      expect(answer).toMatchObject({ ok: true, body: { initialized: true, sealed: false } });
    },
  };

describe('published exchanges of Vault, replayed', () => {
  it('has twenty of them', () => {
    expect(samples).toHaveLength(20);
  });

  for (const { name, sample } of samples) {
    it(`${name}: ${sample.kind}`, async () => {
      const { connect, seen } = await serve(sample);
      const expectation = expectations[sample.kind];
      if (expectation === undefined) throw new Error(`nothing is expected of ${sample.kind}`);
      await expectation(connect, sample);

      expect(seen).toHaveLength(1);
      const { request, body } = seen[0] ?? {};
      expect(request?.method).toBe(sample.request.method);
      expect(request?.url).toBe(sample.request.path);
      expect(request?.headers['x-vault-request']).toBe('true');
      const needsToken = sample.request.headers['X-Vault-Token'] !== undefined;
      expect(request?.headers['x-vault-token']).toBe(needsToken ? 'a-token' : undefined);
      // A renewal asks for no increment of its own: the role's period is the operator's choice.
      const isLogin = /^auth\.(approle|kubernetes)\./.test(sample.kind);
      const sent: unknown = body === '' ? null : JSON.parse(body ?? '');
      expect(sent).toEqual(isLogin ? sample.request.body : null);
    });
  }
});
