import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';
import type { Logger } from 'pino';
import { expect, onTestFinished, test } from 'vitest';

import { systemClock } from '../../src/domain/clock.ts';
import { hang } from '../support/groq-responders.ts';
import { startGroqServer } from '../support/groq-server.ts';
import { chatPath, newKey, providerKey, startLaunching } from '../support/launching.ts';
import type { LaunchAnswer, LaunchingService } from '../support/launching.ts';
import { recordedExchange } from '../support/recorded-exchanges.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { LoopbackVault } from '../support/vault-server.ts';
import { until } from '../subscriptions/collected.ts';

const contentPath = 'gpubroker/content';
const anybody = {};

/** A Vault with a token that never ends, and with Groq's key unless told otherwise. */
async function startVault(port?: number): Promise<LoopbackVault> {
  const vault = await LoopbackVault.start({
    clock: systemClock,
    ...(port === undefined ? {} : { port }),
  });
  onTestFinished(async () => await vault.stop());
  vault.kv.put('groq/api_key', { value: providerKey });
  return vault;
}

async function startWith(
  vault: Pick<LoopbackVault, 'address' | 'auth'>,
  environment: Readonly<Record<string, string>> = {},
  log?: Logger,
): Promise<LaunchingService> {
  const service = await startLaunching({
    ...(log === undefined ? {} : { log }),
    environment: {
      // With a Vault this variable counts for nothing; empty, it also keeps the start from waiting for Groq.
      GROQ_API_KEY: '',
      VAULT_ADDR: vault.address,
      VAULT_ROLE_ID: vault.auth.roleId,
      VAULT_SECRET_ID: vault.auth.secretId,
      VAULT_POLL_SECONDS: '1',
      CONTENT_KEY_PATH: contentPath,
      ...environment,
    },
  });
  onTestFinished(async () => await service.close());
  return service;
}

async function degraded(service: LaunchingService): Promise<string> {
  const response = await fetch(new URL('/readyz', service.url));
  expect(response.status).toBe(200);
  return await response.text();
}

test.each([
  ['that is not there', async (vault: LoopbackVault) => await vault.stop()],
  ['that does not answer', async (vault: LoopbackVault) => void (vault.weather = 'hang')],
])(
  'a Vault %s at the start: the catalogue is served, launches are refused with the reason, and it recovers by itself',
  async (_, fail) => {
    const before = await startVault();
    before.kv.put(contentPath, { value: 'a key of 32 characters or so, ok.' });
    await fail(before);
    const service = await startWith(before);
    const { data } = await service.ask('{ offerings(first: 1) { totalCount } }');
    expect(data).toMatchObject({ offerings: { totalCount: expect.any(Number) as number } });
    await until(async () => /content key can not be read: .*Vault/.test(await degraded(service)));
    await until(async () => {
      const { message } = await service.launch({ idempotencyKey: newKey() });
      return /^No usable key for Groq: .*Vault/.test(message ?? '');
    });
    const refused = await service.launch({ idempotencyKey: newKey() });
    expect(refused).toMatchObject({ code: 'PROVIDER_UNCONFIGURED', retryable: true });
    expect(service.sent()).toBe(0);

    let { port } = before;
    if (before.weather === undefined) {
      const back = await startVault(port);
      back.kv.put(contentPath, { value: 'a key of 32 characters or so, ok.' });
      port = back.port;
    } else {
      before.weather = undefined;
    }
    await service.untilReady();
    await until(async () => !(await degraded(service)).includes('content key'));
    expect((await service.launch(anybody)).run?.state).toBe('SUCCEEDED');
  },
);

test('a content key that is missing: launches are refused with the reason until it is there', async () => {
  const vault = await startVault();
  const service = await startWith(vault);
  await service.untilReady();
  const input = { idempotencyKey: newKey() };
  expect(await service.launch(input)).toMatchObject({
    code: 'CONTENT_KEY_UNAVAILABLE',
    message: expect.stringMatching(/the content key can not be read: /) as string,
    retryable: true,
    retryAfterSeconds: 5,
  });
  expect(service.sent()).toBe(0);
  vault.kv.put(contentPath, { value: 'first' });
  await until(async () => (await service.launch(input)).__typename === 'InferenceLaunched');
  expect(service.sent()).toBe(1);
});

test('a content key that changes seals from then on, and what was sealed before stays readable', async () => {
  const vault = await startVault();
  vault.kv.put(contentPath, { value: 'first' });
  const lines: string[] = [];
  const service = await startWith(
    vault,
    {},
    pino({}, { write: (line: string) => lines.push(line) }),
  );
  const keysRead = () => lines.filter((line) => line.includes('"msg":"content.key"')).length;
  await service.untilReady();
  const first = await service.launch(anybody);
  expect(keysRead()).toBe(1);
  vault.kv.put(contentPath, { value: 'second' });
  await until(() => keysRead() === 2);
  const second = await service.launch(anybody);
  const outputOf = async ({ run }: LaunchAnswer) => (await service.run(run?.id ?? ''))?.output;
  expect(await outputOf(first)).toEqual(first.run?.output);
  expect(await outputOf(second)).toEqual(second.run?.output);

  // A new process knows the second key alone: what the first one sealed is as good as over.
  await service.restart();
  expect(await outputOf(first)).toBeNull();
  expect(await outputOf(second)).toEqual(second.run?.output);
});

test('content whose key is missing is not shown as none', async () => {
  const vault = await startVault();
  vault.kv.put(contentPath, { value: 'first' });
  const service = await startWith(vault);
  await service.untilReady();
  const { run } = await service.launch(anybody);
  vault.kv.wipe(contentPath);
  await service.restart();
  const query = 'query ($id: ID!) { inferenceRun(id: $id) { charge output { text } } }';
  const without = await service.ask(query, { id: run?.id });
  expect(without.data).toMatchObject({ inferenceRun: { charge: run?.charge, output: null } });
  expect(without.errors).toMatchObject([{ extensions: { code: 'SERVICE_UNAVAILABLE' } }]);
  vault.kv.put(contentPath, { value: 'first' });
  await until(async () => (await service.ask(query, { id: run?.id })).errors === undefined);
  expect((await service.run(run?.id ?? ''))?.output).toEqual(run?.output);
});

test('a Vault that is asked over the network in the clear is warned of', async () => {
  const lines: string[] = [];
  const vault = await startVault();
  // Nothing is sent there: the name belongs to nobody.
  const address = 'http://vault.invalid:8200';
  const log = pino({}, { write: (line: string) => lines.push(line) });
  await startWith({ address, auth: vault.auth }, { CONTENT_KEY_PATH: '' }, log);
  expect(lines.filter((line) => line.includes('vault.unsafe_address'))).toHaveLength(1);
});

test('a run that waited when its process died waits on while the content key is missing, and then goes on', async () => {
  const vault = await startVault();
  vault.kv.put(contentPath, { value: 'first' });
  const groq = await startGroqServer({ key: providerKey });
  groq.replay('models-list-2026-10-02-with-pricing');
  groq.reply(chatPath, hang);
  const dataDir = await mkdtemp(join(tmpdir(), 'content-key-'));
  onTestFinished(async () => {
    await groq.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const environment = {
    DATA_DIR: dataDir,
    GROQ_BASE_URL: groq.url,
    GROQ_PRICING_URL: `${groq.url}/v1/pricing`,
    MODELS_DEV_URL: '',
    VAULT_ADDR: vault.address,
    VAULT_ROLE_ID: vault.auth.roleId,
    VAULT_SECRET_ID: vault.auth.secretId,
    VAULT_POLL_SECONDS: '1',
    CONTENT_KEY_PATH: contentPath,
    LAUNCH_CONCURRENCY: '1',
  };
  const first = await startServiceProcess(environment);
  await until(async () => (await launchAsync(first.url)).includes('RUNNING'));
  const [, id = ''] = /"id":"([^"]+)","state":"QUEUED"/.exec(await launchAsync(first.url)) ?? [];
  await first.kill();

  vault.kv.wipe(contentPath);
  groq.reply(chatPath, recordedExchange('chat-cached-tokens-gpt-oss-120b'));
  const second = await startServiceProcess(environment);
  onTestFinished(async () => void (await second.stop()));
  const state = async () =>
    await asked(second.url, `{ inferenceRun(id: "${id}") { state output { text } } }`);
  await until(() => second.lines.some((line) => line.includes('launch.lost')));
  expect(await state()).toContain('QUEUED');
  vault.kv.put(contentPath, { value: 'first' });
  await until(async () => (await state()).includes('SUCCEEDED'));
}, 60_000);

let asyncLaunches = 0;
/** Launches without waiting for the answer; what is answered at once. */
async function launchAsync(url: string): Promise<string> {
  asyncLaunches += 1;
  return await asked(
    url,
    `mutation { launchInference(input: {
      idempotencyKey: "async-${asyncLaunches}", model: "openai/gpt-oss-120b", prompt: "Hello", mode: ASYNC,
      deadlineMs: 600000
    }) { ... on InferenceLaunched { run { id state } } ... on LaunchRefusal { code } } }`,
  );
}

async function asked(url: string, query: string): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return await response.text();
}
