import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { systemClock } from '../../src/domain/clock.ts';
import { chatPath, startLaunching } from '../support/launching.ts';
import type { LaunchAnswer, LaunchingService } from '../support/launching.ts';
import { LoopbackVault } from '../support/vault-server.ts';
import { until } from '../subscriptions/collected.ts';

const batches = 10;
const batchSize = 100;
const keyOf = (version: number) => `gsk_rotation_${version}_0123456789abcdef`;

const lines: Readonly<Record<string, unknown>>[] = [];
let vault: LoopbackVault;
let service: LaunchingService;

beforeAll(async () => {
  vault = await LoopbackVault.start({ clock: systemClock });
  vault.kv.put('groq/api_key', { value: keyOf(0) });
  const write = (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>);
  service = await startLaunching({
    log: pino({}, { write }),
    environment: {
      GROQ_API_KEY: '',
      VAULT_ADDR: vault.address,
      VAULT_ROLE_ID: vault.auth.roleId,
      VAULT_SECRET_ID: vault.auth.secretId,
      VAULT_POLL_SECONDS: '1',
    },
  });
  service.groq.acceptKeys(keyOf(0));
  await service.untilReady();
});
afterAll(async () => {
  await service.close();
  await vault.stop();
});

/** How many times the service has taken a key up. */
const keysTaken = () => lines.filter(({ msg }) => msg === 'secret.changed').length;

/** The keys that Groq got with the calls from here on, each once. */
function keysSince(first: number): string[] {
  const requests = service.groq.requestsTo(chatPath).slice(first);
  return [...new Set(requests.map(({ headers }) => String(headers['authorization'])))];
}

async function launchBatch(whenHalfSent: () => void): Promise<LaunchAnswer[]> {
  const half = service.sent() + batchSize / 2;
  const launches = Array.from({ length: batchSize }, async () => await service.launch({}));
  await until(() => service.sent() >= half);
  whenHalfSent();
  return await Promise.all(launches);
}

test('1,000 launches with the key rotated five times in the middle: none fails, and after each overlap all carry the newest key', async () => {
  const answers: LaunchAnswer[] = [];
  let version = 0;
  for (let batch = 0; batch < batches; batch += 1) {
    const first = service.sent();
    const isRotated = batch % 2 === 1;
    // Every other rotation takes the old key back at once, so that it is the 401 that brings the new one.
    const isAbrupt = batch % 4 === 1;
    answers.push(
      ...(await launchBatch(() => {
        if (!isRotated) return;
        version += 1;
        vault.kv.put('groq/api_key', { value: keyOf(version) });
        service.groq.acceptKeys(keyOf(version), ...(isAbrupt ? [] : [keyOf(version - 1)]));
      })),
    );
    await until(() => keysTaken() === version + 1);
    service.groq.acceptKeys(keyOf(version));
    if (!isRotated) expect(keysSince(first)).toEqual([`Bearer ${keyOf(version)}`]);
  }

  expect(version).toBe(5);
  expect(answers).toHaveLength(batches * batchSize);
  const failed = answers.filter(({ run }) => run?.state !== 'SUCCEEDED');
  expect(failed).toEqual([]);
  const taken = service.groq.requestsTo(chatPath).filter(({ authorized }) => authorized);
  expect(taken).toHaveLength(batches * batchSize);
  const repeated = answers.filter(({ run }) => run?.attempts.length === 2);
  expect(service.sent()).toBe(batches * batchSize + repeated.length);
  for (const { run } of repeated) {
    expect(run?.attempts.map(({ outcome }) => outcome)).toEqual(['NOT_EXECUTED', 'COMPLETED']);
  }
});

test('a key that is refused and has no successor is not read again for each call, and nothing is repeated', async () => {
  const readings = vault.count('secret/data/groq/api_key');
  const sent = service.sent();
  service.groq.acceptKeys('gsk_another_0123456789abcdef');
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => await service.launch({})),
  );
  expect(new Set(answers.map(({ code }) => code))).toEqual(new Set(['PROVIDER_UNAUTHORIZED']));
  expect(service.sent() - sent).toBe(20);
  expect(vault.count('secret/data/groq/api_key') - readings).toBeLessThan(5);
});
