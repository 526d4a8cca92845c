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

const models = ['test/one', 'test/two', 'test/three'];
const price = { unit: 'TOKEN', input: '0.000001', output: '0.00001' };
const source = 'a contract of this test';
let service: LaunchingService;
let clock: ManualClock;

/** Starts on contract prices, which no clock makes stale. */
async function start(environment: Readonly<Record<string, string>>): Promise<LaunchingService> {
  clock = new ManualClock();
  return await startLaunching({
    clock,
    environment,
    models: models.map((model) => listedModel(model)),
    registry: registryWith({
      nominalThroughputs: [],
      declaredPrices: models.map((model) => ({ model, price, source, validFrom: '2026-01-01' })),
    }),
  });
}

const answered = (headers: Readonly<Record<string, string>> = {}) =>
  json(
    {
      id: 'chatcmpl-1',
      choices: [{ index: 0, message: { content: 'Yes.' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 10, completion_tokens: 2 },
    },
    { headers },
  );

describe('what Groq’s rate-limit headers say is honoured before Groq has to say no', () => {
  beforeAll(async () => {
    service = await start({});
    service.groq.reply(chatPath, answered());
  });
  afterAll(async () => {
    await service.close();
  });

  test('no request is left: the next launch of this model is refused until the reset, others go on', async () => {
    const [model] = models;
    service.groq.replyOnce(
      chatPath,
      answered({
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '2m11.152s',
      }),
    );
    const idempotencyKey = newKey();
    const last = await service.launch({ model, idempotencyKey });
    expect(last.run?.state).toBe('SUCCEEDED');
    const before = service.sent();
    expect(await service.launch({ model })).toMatchObject({
      code: 'PROVIDER_RATE_LIMITED',
      retryable: true,
      retryAfterSeconds: 132,
    });
    expect(await service.launch({ model, idempotencyKey })).toMatchObject({ replayed: true });
    expect(service.sent()).toBe(before);
    expect((await service.launch({ model: models[1] })).run?.state).toBe('SUCCEEDED');
    await clock.advance(132_000);
    expect((await service.launch({ model })).run?.state).toBe('SUCCEEDED');
  });

  test('too few tokens are left: a long request waits, a short one does not', async () => {
    const model = models[2];
    const headers = { 'x-ratelimit-remaining-tokens': '100', 'x-ratelimit-reset-tokens': '5.42s' };
    service.groq.replyOnce(chatPath, answered(headers));
    await service.launch({ model });
    const prompt = 'long '.repeat(4000);
    expect(await service.launch({ model, prompt })).toMatchObject({
      code: 'PROVIDER_RATE_LIMITED',
      retryAfterSeconds: 6,
    });
    service.groq.replyOnce(chatPath, answered(headers));
    expect((await service.launch({ model, prompt: 'short' })).run?.state).toBe('SUCCEEDED');
    await clock.advance(6_000);
    expect((await service.launch({ model, prompt })).run?.state).toBe('SUCCEEDED');
  });
});

test('a full flex tier holds back the flex tier alone', async () => {
  const [model] = models;
  service = await startLaunching({
    models: [listedModel(models[0] ?? '')],
    registry: registryWith({
      nominalThroughputs: [],
      serviceTiers: ['on_demand', 'flex'].map((id) => ({ id, source: 'Groq’s documentation' })),
      declaredPrices: [{ model, price, source, validFrom: '2026-01-01' }],
    }),
  });
  try {
    service.groq.reply(chatPath, answered());
    service.groq.replyOnce(
      chatPath,
      json({ error: { message: 'full' } }, { status: 498, headers: { 'retry-after': '20' } }),
    );
    const flex = { model, route: { serviceTier: ['flex'] } };
    const refused = { retryable: true, retryAfterSeconds: 20 };
    expect(await service.launch(flex)).toMatchObject({
      code: 'PROVIDER_OVER_CAPACITY',
      ...refused,
    });
    const before = service.sent();
    expect((await service.launch(flex)).code).toBe('PROVIDER_RATE_LIMITED');
    expect(service.sent()).toBe(before);
    expect((await service.launch({ model })).run?.state).toBe('SUCCEEDED');
  } finally {
    await service.close();
  }
});

describe('the operator’s limits', () => {
  afterAll(async () => {
    await service.close();
  });
  beforeAll(async () => {
    service = await start({ LAUNCHES_PER_MINUTE: '3', MAX_COST_USD_PER_CALL: '0.005' });
    service.groq.reply(chatPath, answered());
  });

  test('LAUNCHES_PER_MINUTE holds for each caller, replays not counted', async () => {
    const [model] = models;
    const who = { caller: 'eager' };
    const input = { model, idempotencyKey: newKey(), parameters: { maxOutputTokens: 10 } };
    for (let replays = 0; replays < 5; replays += 1) await service.launch(input, who);
    await service.launch({ ...input, idempotencyKey: newKey() }, who);
    await service.launch({ ...input, idempotencyKey: newKey() }, who);
    const before = service.sent();
    expect(await service.launch({ ...input, idempotencyKey: newKey() }, who)).toMatchObject({
      code: 'RATE_LIMITED',
      retryable: true,
      retryAfterSeconds: 60,
    });
    expect((await service.launch(input, who)).replayed).toBe(true);
    expect(service.sent()).toBe(before);
    expect((await service.launch(input, { caller: 'calm' })).run?.state).toBe('SUCCEEDED');
    await clock.advance(60_000);
    const later = await service.launch({ ...input, idempotencyKey: newKey() }, who);
    expect(later.run?.state).toBe('SUCCEEDED');
  });

  test('MAX_COST_USD_PER_CALL holds whatever the caller allows, and names what would fit', async () => {
    const [model] = models;
    const before = service.sent();
    const refused = await service.launch(
      { model, maxCost: '100', parameters: { maxOutputTokens: 4000 } },
      { caller: 'rich' },
    );
    expect(refused).toMatchObject({ code: 'COST_LIMIT', limit: '0.005', retryable: false });
    expect(service.sent()).toBe(before);
    const maxOutputTokens = refused.largestMaxOutputTokens ?? 0;
    const fits = await service.launch(
      { model, parameters: { maxOutputTokens } },
      { caller: 'rich' },
    );
    expect(fits.run?.state).toBe('SUCCEEDED');
    expect(Number(fits.run?.reserved)).toBeLessThanOrEqual(0.005);
  });
});

test('of N parallel calls against a budget for N-1 exactly N-1 go out, whoever is first', async () => {
  const [model] = models;
  const calls = 24;
  service = await start({});
  try {
    const input = { model, prompt: 'the same for all', parameters: { maxOutputTokens: 100 } };
    const { worstCase = '' } = await service.estimate(input);
    await service.restart({ BUDGET_USD_PER_DAY: (Number(worstCase) * (calls - 1)).toFixed(9) });
    const answering = Promise.withResolvers<void>();
    service.groq.reply(chatPath, after(answering.promise, answered()));
    const launches = Array.from({ length: calls }, async () => await service.launch(input));
    await expect.poll(() => service.sent()).toBe(calls - 1);
    const first = await Promise.race(launches);
    expect(first).toMatchObject({
      code: 'BUDGET_EXCEEDED',
      limit: '0',
      required: worstCase,
      retryable: true,
    });
    answering.resolve();
    const answers = await Promise.all(launches);
    expect(answers.filter(({ code }) => code === 'BUDGET_EXCEEDED')).toHaveLength(1);
    expect(answers.filter(({ run }) => run?.state === 'SUCCEEDED')).toHaveLength(calls - 1);
    expect(service.sent()).toBe(calls - 1);
    // What they really cost is less than they had reserved: there is room again.
    expect((await service.launch(input)).run?.state).toBe('SUCCEEDED');
  } finally {
    await service.close();
  }
});
