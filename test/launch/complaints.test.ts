import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Decimal } from '../../src/domain/decimal.ts';
import { after, empty, eventStream, hangUp, json, watched } from '../support/groq-responders.ts';
import { chunks, delta, openChunks } from '../support/launches.ts';
import { ManualClock } from '../support/manual-clock.ts';
import {
  chatPath,
  listedModel,
  newKey,
  registryWith,
  startLaunching,
  usualPricing,
} from '../support/launching.ts';
import type { LaunchingService, ReceiptAnswer } from '../support/launching.ts';

/**
 * What users of other gateways complain of, by its number in the collection of such complaints, where it
 * concerns a launch. What is left out concerns the catalogue alone: 10, prices that are out of date.
 */

const model = 'openai/gpt-oss-120b';
const whisper = { input_modalities: ['audio'], output_modalities: ['transcription'] };
const caller = 'complains';
const prompt = 'a-question-that-no-log-may-hold';
let service: LaunchingService;
const logged: string[] = [];

beforeAll(async () => {
  service = await startLaunching({
    log: pino({ level: 'trace' }, { write: (line: string) => logged.push(line) }),
    environment: { LOG_LEVEL: 'trace' },
    models: [
      listedModel(model, usualPricing),
      listedModel('test/other', { prompt: '0.001', completion: '0.002' }),
      listedModel('test/unpriced'),
      listedModel('whisper-large-v3', undefined, whisper),
    ],
    registry: registryWith({
      shippedList: undefined,
      nominalThroughputs: [],
      serviceTiers: [
        { id: 'on_demand', source: 'the default tier' },
        { id: 'flex', source: 'the same price, more often full' },
      ],
      declaredPrices: [
        {
          model: 'whisper-large-v3',
          price: { unit: 'AUDIO_HOUR', input: '0.036' },
          source: 'a contract of this test',
          validFrom: '2026-01-01',
        },
      ],
    }),
  });
  service.groq.reply(chatPath, answered({ prompt_tokens: 10, completion_tokens: 5 }));
});
afterAll(async () => {
  await service.close();
});

/** An answer that counts so. */
function answered(usage: object | undefined) {
  return json({
    id: 'chatcmpl-1',
    choices: [{ index: 0, message: { content: 'Yes.' }, finish_reason: 'stop' }],
    ...(usage === undefined ? {} : { usage }),
  });
}

async function launched(input: Readonly<Record<string, unknown>> = {}): Promise<ReceiptAnswer> {
  const { run } = await service.launch({ model, ...input }, { caller });
  if (run === undefined) throw new Error('The launch was refused');
  return await service.ended(run.id, { caller });
}

async function cancelled(id: string): Promise<void> {
  await service.data(
    'mutation ($id: ID!) { cancelInference(input: { id: $id }) { __typename } }',
    { id },
    { caller },
  );
}

test('complaint 1, concurrent requests pass the same budget check: of parallel calls only those that fit go out', async () => {
  const input = { model, prompt: 'the same for all', parameters: { maxOutputTokens: 50 } };
  const estimate = await service.estimate(input, { caller });
  const budget = Decimal.of(estimate.worstCase ?? '').times(3n);
  const budgeted = await startLaunching({ environment: { BUDGET_USD_PER_DAY: budget.toString() } });
  try {
    const answering = Promise.withResolvers<void>();
    budgeted.groq.reply(chatPath, after(answering.promise, answered(undefined)));
    let refused = 0;
    const launches = Array.from({ length: 10 }, async () => {
      const answer = await budgeted.launch(input);
      if (answer.code !== undefined) refused += 1;
      return answer;
    });
    // All are decided before the first answer comes: what that leaves of its reservation is room for another.
    await expect.poll(() => [budgeted.sent(), refused]).toEqual([3, 7]);
    answering.resolve();
    const codes = (await Promise.all(launches)).map(({ code }) => code ?? 'launched');
    expect(codes.filter((code) => code === 'BUDGET_EXCEEDED')).toHaveLength(7);
    expect(budgeted.sent()).toBe(3);
  } finally {
    await budgeted.close();
  }
});

describe('complaints 2 and 3, an aborted stream is billed in full, or is not recorded at all', () => {
  test('aborting reaches the provider, and the receipt says what came, what is billed and how certain that is', async () => {
    const text = openChunks(delta({ content: 'Half.' }));
    const { responder, clientGone } = watched(eventStream(text, { ending: 'HANG' }));
    service.groq.replyOnce(chatPath, responder);
    const { run } = await service.launch({ model, mode: 'STREAM' }, { caller });
    const id = run?.id ?? '';
    await expect
      .poll(async () =>
        JSON.stringify(
          await service.ask(
            'query ($id: ID!) { inferenceRun(id: $id) { events { text } } }',
            { id },
            { caller },
          ),
        ),
      )
      .toContain('Half.');
    await cancelled(id);
    await clientGone;
    const receipt = await service.ended(id, { caller });
    expect(receipt).toMatchObject({
      state: 'CANCELLED',
      charge: '0',
      output: { text: 'Half.' },
      cost: { certainty: 'BOUNDED', total: null, maximum: receipt.reserved },
    });
    expect(receipt.failure?.message).toMatch(/Whether the provider bills .* is not documented/);
  });

  test('a stream without its last chunk is in the books, with the most that it may cost', async () => {
    service.groq.replyOnce(
      chatPath,
      eventStream(openChunks(delta({ content: 'Cut.' })), { ending: 'CUT' }),
    );
    const run = await launched({ mode: 'STREAM' });
    expect(run).toMatchObject({ state: 'FAILED', cost: { certainty: 'BOUNDED' } });
    const { inferenceUsage } = await service.data<{
      inferenceUsage: readonly { costMaximum: string }[];
    }>('{ inferenceUsage(groupBy: []) { costMinimum costMaximum } }', {}, { caller });
    expect(Number(inferenceUsage[0]?.costMaximum)).toBeGreaterThanOrEqual(Number(run.reserved));
  });
});

test('complaint 4, explicit zero usage is taken for missing and estimated: zero is zero, missing is not', async () => {
  service.groq.replyOnce(chatPath, answered({ prompt_tokens: 0, completion_tokens: 0 }));
  expect(await launched()).toMatchObject({
    charge: '0',
    usage: { inputTokens: 0, outputTokens: 0 },
    cost: { total: '0', certainty: 'EXACT' },
  });
  service.groq.replyOnce(chatPath, answered(undefined));
  expect(await launched()).toMatchObject({
    usage: null,
    cost: { total: null, certainty: 'BOUNDED' },
  });
});

test('complaint 5, spend says 0 while the breakdown says $45: one figure, the sum of its lines, in receipt and sums', async () => {
  const who = { caller: 'sums' };
  const usage = {
    prompt_tokens: 336,
    completion_tokens: 96,
    prompt_tokens_details: { cached_tokens: 256 },
  };
  service.groq.replyOnce(chatPath, answered(usage));
  service.groq.replyOnce(
    chatPath,
    eventStream(chunks(delta({ content: 'Yes.' }), { ...delta({}, 'stop'), usage })),
  );
  const whole = await service.launch({ model }, who);
  const streamed = await service.launch({ model, mode: 'STREAM' }, who);
  const runs = [
    await service.ended(whole.run?.id ?? '', who),
    await service.ended(streamed.run?.id ?? '', who),
  ];
  for (const run of runs) {
    expect(run.cost).toMatchObject({ total: '0.0000888', certainty: 'EXACT' });
    const lines = run.cost.lines.reduce(
      (sum, { amount }) => sum.plus(Decimal.of(amount)),
      Decimal.zero,
    );
    expect([lines.toString(), run.charge]).toEqual(['0.0000888', '0.0000888']);
  }
  const sums = await service.data('{ inferenceUsage(groupBy: [MODEL]) { runs charge } }', {}, who);
  expect(sums).toEqual({ inferenceUsage: [{ runs: 2, charge: '0.0001776' }] });
});

test('complaint 6, a missing price becomes $0 or a default: it is null, and a launch is refused', async () => {
  const before = service.sent();
  expect(await service.launch({ model: 'test/unpriced' }, { caller })).toMatchObject({
    code: 'PRICE_UNKNOWN',
    retryable: false,
  });
  expect(service.sent()).toBe(before);
  const shown = await service.data(
    '{ model(id: "test/unpriced") { costPerToken offerings { nodes { costPerToken pricing { input } } } } }',
  );
  expect(shown).toMatchObject({
    model: { costPerToken: null, offerings: { nodes: [{ pricing: null }, { pricing: null }] } },
  });
});

test('complaint 7, reasoning is counted a second time and Whisper costs 0.0: output once, audio by the second', async () => {
  const usage = {
    prompt_tokens: 100,
    completion_tokens: 50,
    completion_tokens_details: { reasoning_tokens: 40 },
  };
  service.groq.replyOnce(chatPath, answered(usage));
  const thought = await launched();
  // 100 tokens at $0.15 and 50 at $0.60 for a million.
  expect(thought).toMatchObject({
    charge: '0.000045',
    usage: { outputTokens: 50, reasoningTokens: 40 },
  });
  service.groq.replyOnce(
    '/openai/v1/audio/transcriptions',
    json({ text: 'Heard.', duration: 42.5 }),
  );
  const heard = await launched({
    model: 'whisper-large-v3',
    audioUrl: 'https://audio.example/a.mp3',
  });
  expect(heard).toMatchObject({ charge: '0.000425', usage: { audioSeconds: '42.5' } });
});

test('complaint 8, a charge can not be recomputed later: each has its price version and its prices', async () => {
  const { worstCase: _worst, priceVersion } = await service.estimate({ model }, { caller });
  const run = await launched();
  expect(run.cost.priceVersion).toBe(priceVersion);
  expect(run.cost.lines).toEqual([
    { kind: 'INPUT', quantity: '10', unitPrice: '0.00000015', amount: '0.0000015' },
    { kind: 'OUTPUT', quantity: '5', unitPrice: '0.0000006', amount: '0.000003' },
  ]);
  const { inferenceUsage } = await service.data<{ inferenceUsage: readonly object[] }>(
    '{ inferenceUsage(groupBy: [PRICE_VERSION], filter: { }) { priceVersion } }',
    {},
    { caller },
  );
  expect(inferenceUsage).toContainEqual({ priceVersion });
});

test('complaint 9, a failed reload puts stale prices in place and reports success: the last good one ages, and is refused', async () => {
  const clock = new ManualClock();
  const aging = await startLaunching({ clock, models: [listedModel(model, usualPricing)] });
  try {
    const fresh = await aging.estimate({ model });
    aging.groq.reply('/openai/v1/models', empty(503));
    await clock.advance(11 * 60_000);
    expect(await aging.launch({ model })).toMatchObject({ code: 'PRICE_STALE', retryable: true });
    expect(aging.sent()).toBe(0);
    const shown = await aging.data<{
      provider: { status: { state: string } };
      model: object;
    }>(
      `{ provider(id: "groq") { status { state } }
         model(id: "${model}") { offerings { nodes { pricing { version freshness } } } } }`,
    );
    expect(shown.provider.status.state).not.toBe('READY');
    expect(shown.model).toEqual({
      offerings: {
        nodes: [{ pricing: { version: fresh.priceVersion, freshness: 'STALE' } }],
      },
    });
  } finally {
    await aging.close();
  }
});

test('complaint 11, standard traffic gets the price of the flex tier: the tier is part of what is bought', async () => {
  const standard = await launched();
  expect(standard.offeringId).toContain('on_demand');
  expect(service.groq.requestsTo(chatPath).at(-1)?.json).toMatchObject({
    service_tier: 'on_demand',
  });
  const flex = await launched({ route: { serviceTier: ['flex'] } });
  expect(flex.offeringId).toContain('flex');
  expect(service.groq.requestsTo(chatPath).at(-1)?.json).toMatchObject({ service_tier: 'flex' });
});

test('complaint 12, prices a token and a million tokens are mixed up: a price that jumps is not charged', async () => {
  const [other, ...rest] = [
    listedModel('test/other', { prompt: '0.00000001', completion: '0.00000002' }),
    listedModel(model, usualPricing),
  ];
  const jumping = await startLaunching({
    models: [listedModel('test/other', { prompt: '0.01', completion: '0.02' })],
    environment: { POLL_INTERVAL_SECONDS: '5' },
  });
  try {
    jumping.groq.reply('/openai/v1/models', json({ object: 'list', data: [other, ...rest] }));
    await expect
      .poll(async () => (await jumping.launch({ model: 'test/other' })).code, {
        interval: 100,
      })
      .toBe('PRICE_UNCONFIRMED');
  } finally {
    await jumping.close();
  }
});

describe('complaint 13, the usage of Groq’s streams is NaN, or is counted twice', () => {
  const usage = { prompt_tokens: 10, completion_tokens: 5 };
  test.each([
    ['x_groq alone', { x_groq: { id: 'req_1', usage } }],
    ['the top level alone', { usage }],
    ['both', { usage, x_groq: { id: 'req_1', usage } }],
  ])('in %s it is counted once', async (_, end) => {
    service.groq.replyOnce(
      chatPath,
      eventStream(chunks(delta({ content: 'Yes.' }), { ...delta({}, 'stop'), ...end })),
    );
    expect(await launched({ mode: 'STREAM' })).toMatchObject({
      charge: '0.0000045',
      usage: { inputTokens: 10, outputTokens: 5 },
    });
    expect(service.groq.requestsTo(chatPath).at(-1)?.json).toMatchObject({
      stream_options: { include_usage: true },
    });
  });
});

test('complaint 14, a client times out while the gateway succeeds: the result is there under its id and its key', async () => {
  const answering = Promise.withResolvers<void>();
  service.groq.replyOnce(chatPath, after(answering.promise, answered(undefined)));
  const idempotencyKey = newKey();
  const input = { model, idempotencyKey, waitMs: 50 };
  const running = await service.launch(input, { caller });
  expect(running.run?.state).toBe('RUNNING');
  answering.resolve();
  const ended = await service.ended(running.run?.id ?? '', { caller });
  expect(ended).toMatchObject({ state: 'SUCCEEDED', output: { text: 'Yes.' } });
  const again = await service.launch(input, { caller });
  expect(again).toMatchObject({ replayed: true, run: { id: ended.id, output: { text: 'Yes.' } } });
});

describe('complaint 15, routers and browsers repeat mutations', () => {
  test('without a key nothing is launched', async () => {
    const answer = await service.ask(
      `mutation { launchInference(input: { model: "${model}", prompt: "x" }) { __typename } }`,
    );
    expect(answer.errors?.[0]?.message).toMatch(/idempotencyKey/);
  });

  test('a duplicate in flight gets the running launch, a later one its result', async () => {
    const answering = Promise.withResolvers<void>();
    service.groq.replyOnce(chatPath, after(answering.promise, answered(undefined)));
    const before = service.sent();
    const input = { model, idempotencyKey: newKey() };
    const both = [service.launch(input, { caller }), service.launch(input, { caller })];
    await expect.poll(() => service.sent()).toBe(before + 1);
    answering.resolve();
    const answers = [...(await Promise.all(both)), await service.launch(input, { caller })];
    expect(new Set(answers.map(({ run }) => run?.id)).size).toBe(1);
    expect(answers.map(({ run }) => run?.state)).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
    expect(service.sent()).toBe(before + 1);
  });

  test('the same key with another request is an error', async () => {
    const idempotencyKey = newKey();
    await service.launch({ model, idempotencyKey, prompt: 'one' }, { caller });
    expect(
      await service.launch({ model, idempotencyKey, prompt: 'two' }, { caller }),
    ).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT', retryable: false });
  });
});

test('complaint 16, a retry after a lost answer bills twice: the run is UNKNOWN and is never sent again', async () => {
  service.groq.replyOnce(chatPath, hangUp);
  const before = service.sent();
  const input = { model, idempotencyKey: newKey() };
  const first = await service.launch(input, { caller });
  expect(first.run).toMatchObject({ state: 'UNKNOWN', charge: '0' });
  for (let retry = 0; retry < 3; retry += 1) {
    expect(await service.launch(input, { caller })).toMatchObject({
      replayed: true,
      run: { id: first.run?.id, state: 'UNKNOWN' },
    });
  }
  expect(service.sent()).toBe(before + 1);
});

test('complaint 17, secrets and bodies stand in logs and errors: neither the key nor what was said does, at any level', async () => {
  const secret = service.providerKey;
  service.groq.replyOnce(
    chatPath,
    json(
      { error: { message: `Invalid API Key ${secret}`, code: 'invalid_api_key' } },
      { status: 401 },
    ),
  );
  const refused = await service.launch({ model, prompt }, { caller });
  expect(refused.code).toBe('PROVIDER_UNAUTHORIZED');
  service.groq.replyOnce(
    chatPath,
    json(
      {
        error: {
          message: `Bad tool call for ${secret}`,
          code: 'tool_use_failed',
          failed_generation: prompt,
        },
      },
      { status: 400 },
    ),
  );
  const failed = await service.launch({ model, prompt }, { caller });
  expect(failed.run?.failure?.code).toBe('TOOL_USE_FAILED');
  expect(logged.length).toBeGreaterThan(10);
  for (const text of [JSON.stringify([refused, failed]), logged.join('')]) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain(prompt);
  }
});

test('complaint 18, a new key takes a restart: a refused key is replaced under the run, which shows both attempts', async () => {
  const nextKey = 'gsk_the_next_0123456789';
  service.groq.acceptKeys(service.providerKey, nextKey);
  const replaced = Promise.withResolvers<void>();
  const refusal = json({ error: { code: 'invalid_api_key' } }, { status: 401 });
  service.groq.replyOnce(chatPath, after(replaced.promise, refusal));
  const before = service.sent();
  const launching = service.launch({ model }, { caller });
  await expect.poll(() => service.sent()).toBe(before + 1);
  service.setKey(nextKey);
  replaced.resolve();
  expect((await launching).run).toMatchObject({
    state: 'SUCCEEDED',
    attempts: [
      { number: 1, outcome: 'NOT_EXECUTED' },
      { number: 2, outcome: 'COMPLETED' },
    ],
  });
  const bearers = service.groq.requestsTo(chatPath).slice(before);
  expect(bearers.map(({ headers }) => headers['authorization'])).toEqual([
    `Bearer ${service.providerKey}`,
    `Bearer ${nextKey}`,
  ]);
});

test('complaint 19, a region can not be pinned and nobody answers: each receipt has its evidence, and may be refused', async () => {
  service.groq.replyOnce(
    chatPath,
    json(
      {
        id: 'chatcmpl-1',
        choices: [{ index: 0, message: { content: 'Yes.' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 1, completion_tokens: 1 },
      },
      { headers: { 'x-groq-region': 'bom' } },
    ),
  );
  const run = await launched({ allowedRegions: ['us-east'] });
  expect(run.residency).toEqual({
    servedCode: 'bom',
    servedRegion: 'ap-south',
    declaredRegion: 'us-east',
    verdict: 'MISMATCH',
  });
  const refused = await service.launch({ model, allowedRegions: ['us-east'] }, { caller });
  expect(refused.code).toBe('REGION_MISMATCH');
});

test('complaint 20, the cost is that of the model’s name and not of who served it: the receipt names the offering', async () => {
  const run = await launched();
  const { inferenceRun } = await service.data<{ inferenceRun: object }>(
    `query ($id: ID!) { inferenceRun(id: $id) { offering { id provider { id } model { id } serviceTier region
      pricing { version } } cost { priceVersion } } }`,
    { id: run.id },
    { caller },
  );
  expect(inferenceRun).toMatchObject({
    offering: {
      id: run.offeringId,
      provider: { id: 'groq' },
      model: { id: model },
      serviceTier: 'on_demand',
      pricing: { version: run.cost.priceVersion },
    },
    cost: { priceVersion: run.cost.priceVersion },
  });
});

test('next in line, a limit on the output is forced where none applies: the default is the model’s and shown before', async () => {
  const { maxOutputTokens } = await service.estimate({ model }, { caller });
  expect(maxOutputTokens).toBe(4096);
  await launched();
  expect(service.groq.requestsTo(chatPath).at(-1)?.json).toMatchObject({
    max_completion_tokens: 4096,
  });
});
