import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { after, json } from '../support/groq-responders.ts';
import { ManualClock } from '../support/manual-clock.ts';
import {
  chatPath,
  listedModel,
  newKey,
  registryWith,
  startLaunching,
} from '../support/launching.ts';
import type { LaunchingService } from '../support/launching.ts';

const model = 'test/contract';
const prompt = 'the-secret-question-of-this-test';
const text = 'the-secret-answer-of-this-test';
const answered = json({
  id: 'chatcmpl-1',
  choices: [{ index: 0, message: { content: text }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 2 },
});
/** A contract price stays FRESH however far the clock is moved. */
const atContractPrice = {
  models: [listedModel(model)],
  registry: registryWith({
    nominalThroughputs: [],
    declaredPrices: [
      {
        model,
        price: { unit: 'TOKEN', input: '0.000001', output: '0.00001' },
        source: 'a contract of this test',
        validFrom: '2026-01-01',
      },
    ],
  }),
};

async function storedBytes({ dataDir }: LaunchingService): Promise<string> {
  const names = (await readdir(dataDir)).filter((name) => name !== 'registry.json');
  const files = await Promise.all(
    names.map(async (name) => await readFile(join(dataDir, name), 'latin1')),
  );
  expect(files.length).toBeGreaterThan(0);
  return files.join('');
}

describe('with RUN_CONTENT_TTL_HOURS=0', () => {
  let service: LaunchingService;
  beforeAll(async () => {
    service = await startLaunching({
      ...atContractPrice,
      environment: { RUN_CONTENT_TTL_HOURS: '0' },
    });
    service.groq.reply(chatPath, answered);
  });
  afterAll(async () => {
    await service.close();
  });

  test('what is to be read later is refused', async () => {
    for (const mode of ['ASYNC', 'STREAM']) {
      expect(await service.launch({ model, prompt, mode })).toMatchObject({
        code: 'CONTENT_NOT_KEPT',
        message: expect.stringContaining('mode SYNC') as string,
        retryable: false,
      });
    }
    expect(service.sent()).toBe(0);
  });

  test('the answer is given once; a replay gives the receipt alone, and no file has held either', async () => {
    const input = { idempotencyKey: newKey(), model, prompt };
    const first = await service.launch(input);
    expect(first.run).toMatchObject({ state: 'SUCCEEDED', output: { text } });
    const again = await service.launch(input);
    expect(again.replayed).toBe(true);
    expect(again.run).toEqual({ ...first.run, output: null });
    const bytes = await storedBytes(service);
    expect(bytes).toContain(first.run?.id);
    expect(bytes).not.toContain(prompt);
    expect(bytes).not.toContain(text);
  });

  test('duplicates in flight all get the answer', async () => {
    const answering = Promise.withResolvers<void>();
    service.groq.replyOnce(chatPath, after(answering.promise, answered));
    const before = service.groq.requests.length;
    const input = { idempotencyKey: newKey(), model, prompt };
    const launches = Array.from({ length: 20 }, async () => await service.launch(input));
    await service.groq.waitForRequests(before + 1);
    await expect
      .poll(async () => (await service.launch({ ...input, waitMs: 0 })).run?.state)
      .toBe('RUNNING');
    answering.resolve();
    const answers = await Promise.all(launches);
    expect(answers.filter(({ run }) => run?.state !== 'SUCCEEDED')).toEqual([]);
    expect(answers.filter(({ replayed }) => replayed === false)).toHaveLength(1);
    expect(service.groq.requests.length).toBe(before + 1);
  });
});

test('content of a new try under an old key lives from the new try on', async () => {
  const clock = new ManualClock();
  const environment = { RUN_CONTENT_TTL_HOURS: '2' };
  const service = await startLaunching({ ...atContractPrice, clock, environment });
  try {
    service.groq.replyOnce(chatPath, json({ error: { message: 'full' } }, { status: 498 }));
    service.groq.reply(chatPath, answered);
    const input = { idempotencyKey: newKey(), model, prompt };
    expect((await service.launch(input)).code).toBe('PROVIDER_OVER_CAPACITY');
    await clock.advance(3 * 3_600_000);
    const again = await service.launch({ ...input, mode: 'STREAM' });
    const run = await service.ended(again.run?.id ?? '');
    await clock.advance(3_600_000);
    expect(await service.run(run.id)).toMatchObject({ state: 'SUCCEEDED', output: { text } });
  } finally {
    await service.close();
  }
});

test('content ends with its time: the receipt, its hash and its key stay', async () => {
  const clock = new ManualClock();
  const service = await startLaunching({
    ...atContractPrice,
    clock,
    environment: { RUN_CONTENT_TTL_HOURS: '2', IDEMPOTENCY_TTL_DAYS: '1' },
  });
  try {
    service.groq.reply(chatPath, answered);
    const input = { idempotencyKey: newKey(), model, prompt, mode: 'STREAM' };
    const launched = await service.launch(input);
    const run = await service.ended(launched.run?.id ?? '');
    expect(run.output?.text).toBe(text);
    const events = async () =>
      (
        await service.data<{ inferenceRun: { events: readonly object[] } }>(
          'query ($id: ID!) { inferenceRun(id: $id) { events { kind } } }',
          { id: run.id },
        )
      ).inferenceRun.events.length;
    expect(await events()).toBeGreaterThan(1);

    await clock.advance(2 * 3_600_000);
    await expect
      .poll(async () => {
        await clock.advance(5_000);
        return await events();
      })
      .toBe(0);
    expect(await service.run(run.id)).toEqual({ ...run, output: null });
    const replay = await service.launch(input);
    expect(replay).toMatchObject({ replayed: true, run: { id: run.id, charge: run.charge } });
    expect(await service.launch({ ...input, prompt: 'another' })).toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    });

    await clock.advance(86_400_000);
    const before = service.sent();
    expect(await service.launch(input)).toMatchObject({
      code: 'IDEMPOTENCY_KEY_EXPIRED',
      retryable: false,
    });
    expect(service.sent()).toBe(before);
  } finally {
    await service.close();
  }
});
