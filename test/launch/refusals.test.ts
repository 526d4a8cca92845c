import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { empty, hang, json, respondTo } from '../support/groq-responders.ts';
import { ManualClock } from '../support/manual-clock.ts';
import {
  chatPath,
  listedModel,
  newKey,
  startLaunching,
  usualPricing,
} from '../support/launching.ts';
import type { LaunchingService } from '../support/launching.ts';
import { recordedExchange } from '../support/recorded-exchanges.ts';

/** Everything that `inferenceRuns` knows: what was refused before it was sent leaves nothing there. */
async function runsOf(service: LaunchingService): Promise<readonly object[]> {
  const { inferenceRuns } = await service.data<{ inferenceRuns: { nodes: object[] } }>(
    '{ inferenceRuns { nodes { state charge } } }',
  );
  return inferenceRuns.nodes;
}

test('without a provider configured a launch is refused by name, nothing sent and nothing charged', async () => {
  const service = await startLaunching({ environment: { GROQ_API_KEY: '' } });
  try {
    let salt = 0;
    await expect
      .poll(
        async () =>
          await service.ask(`{ provider(id: "groq") { status { state } } } # ${(salt += 1)}`),
        { timeout: 15_000 },
      )
      .toMatchObject({ data: { provider: { status: { state: 'UNCONFIGURED' } } } });
    const answer = await service.launch({ model: 'openai/gpt-oss-20b' });
    expect(answer).toMatchObject({ code: 'PROVIDER_UNCONFIGURED', retryable: true });
    expect(answer.message).toMatch(/key/);
    expect(await service.estimate({ model: 'openai/gpt-oss-20b' })).toMatchObject({
      code: 'PROVIDER_UNCONFIGURED',
    });
    expect(service.groq.requests).toEqual([]);
    expect(await runsOf(service)).toEqual([]);
  } finally {
    await service.close();
  }
});

describe('a price that may not be charged', () => {
  let service: LaunchingService;
  let clock: ManualClock;

  beforeAll(async () => {
    clock = new ManualClock();
    service = await startLaunching({
      clock,
      models: [
        listedModel('test/priced', usualPricing),
        listedModel('test/unpriced'),
        listedModel('test/free', { prompt: '0', completion: '0' }),
        listedModel('test/half', { prompt: '0.000001' }),
        listedModel('test/paints', usualPricing, { output_modalities: ['image'] }),
      ],
    });
  });
  afterAll(async () => {
    await service.close();
  });

  /** Lets time pass until Groq's list was asked for again, and what came of it is shown. */
  async function nextPoll(shows: RegExp): Promise<void> {
    const asked = service.groq.requestsTo('/openai/v1/models').length;
    while (service.groq.requestsTo('/openai/v1/models').length === asked) {
      await clock.advance(5_000);
    }
    const question =
      '{ offerings { nodes { id pricing { version input pending { input } freshness } } } }';
    let salt = 0;
    await expect
      .poll(async () => JSON.stringify(await service.ask(`${question} # ${(salt += 1)}`)))
      .toMatch(shows);
  }

  test('is missing: PRICE_UNKNOWN, never taken for free', async () => {
    const before = service.sent();
    expect(await service.launch({ model: 'test/unpriced' })).toMatchObject({
      code: 'PRICE_UNKNOWN',
      retryable: false,
    });
    expect(service.sent()).toBe(before);
  });

  test('is there for one half only, or for a task of which nobody knows the cost: refused', async () => {
    const before = service.sent();
    expect((await service.launch({ model: 'test/half' })).code).toBe('UNBOUNDED_COST');
    expect((await service.launch({ model: 'test/paints' })).code).toBe('TASK_UNSUPPORTED');
    expect(service.sent()).toBe(before);
  });

  test('is zero and said to be: launched, for exactly nothing', async () => {
    const { run } = await service.launch({ model: 'test/free' });
    expect(run).toMatchObject({ charge: '0', reserved: '0', cost: { certainty: 'EXACT' } });
  });

  test('is stale: PRICE_STALE, unless the caller accepts it or names its version', async () => {
    const fresh = await service.estimate({ model: 'test/priced' });
    service.groq.reply('/openai/v1/models', empty(503));
    await clock.advance(11 * 60_000);
    const before = service.sent();
    const refused = await service.launch({ model: 'test/priced' });
    expect(refused).toMatchObject({ code: 'PRICE_STALE', retryable: true });
    expect(service.sent()).toBe(before);
    const accepted = await service.launch({ model: 'test/priced', allowStalePrice: true });
    expect(accepted.run?.state).toBe('SUCCEEDED');
    const named = await service.launch({ model: 'test/priced', priceVersion: fresh.priceVersion });
    expect(named.run?.cost.priceVersion).toBe(fresh.priceVersion);
  });

  test('is expired: PRICE_EXPIRED, whatever the caller accepts', async () => {
    await clock.advance(60 * 60_000);
    const before = service.sent();
    const refused = await service.launch({ model: 'test/priced', allowStalePrice: true });
    expect(refused).toMatchObject({ code: 'PRICE_EXPIRED', retryable: true });
    expect(service.sent()).toBe(before);
  });

  test('has jumped: PRICE_UNCONFIRMED until a second reading, then PRICE_CHANGED for the old version', async () => {
    const models = (prompt: string) =>
      json({
        object: 'list',
        data: [listedModel('test/priced', { ...usualPricing, prompt })],
      });
    service.groq.reply('/openai/v1/models', models('0.00000015'));
    await nextPoll(/"input":"0.00000015","pending":null,"freshness":"FRESH"/);
    const old = await service.estimate({ model: 'test/priced' });
    expect(old.priceVersion).toMatch(/^pv_/);

    service.groq.reply('/openai/v1/models', models('0.000015'));
    await nextPoll(/"pending":\{"input":"0.000015"\}/);
    const before = service.sent();
    expect(await service.launch({ model: 'test/priced' })).toMatchObject({
      code: 'PRICE_UNCONFIRMED',
      retryable: true,
      retryAfterSeconds: 15,
    });

    await nextPoll(/"input":"0.000015","pending":null/);
    const changed = await service.launch({
      model: 'test/priced',
      priceVersion: old.priceVersion,
    });
    expect(changed).toMatchObject({
      __typename: 'PriceChanged',
      code: 'PRICE_CHANGED',
      retryable: false,
      previous: { version: old.priceVersion },
    });
    expect(changed.offering?.pricing?.version).not.toBe(old.priceVersion);
    expect(service.sent()).toBe(before);
    const known = await service.launch({
      model: 'test/priced',
      priceVersion: changed.offering?.pricing?.version,
    });
    expect(known.run?.state).toBe('SUCCEEDED');
  });
});

describe('what can not be a launch', () => {
  let service: LaunchingService;
  beforeAll(async () => {
    service = await startLaunching();
  });
  afterAll(async () => {
    await service.close();
  });

  const start = 'idempotencyKey: "k", model: "openai/gpt-oss-20b"';

  test.each([
    ['a key that is a number', `idempotencyKey: 1, model: "openai/gpt-oss-20b", prompt: "x"`],
    ['no key', `model: "openai/gpt-oss-20b", prompt: "x"`],
    ['a prompt that is a list', `${start}, prompt: ["x", "y"]`],
    ['a message without a role', `${start}, messages: [{ content: "x" }]`],
    ['a role that there is not', `${start}, messages: [{ role: OWNER, content: "x" }]`],
    ['a mode that there is not', `${start}, prompt: "x", mode: LATER`],
    ['a wait that is text', `${start}, prompt: "x", waitMs: "soon"`],
    ['a cap that is no decimal', `${start}, prompt: "x", maxCost: "much"`],
    ['a temperature that is text', `${start}, prompt: "x", parameters: { temperature: "hot" }`],
    ['a field that there is not', `${start}, prompt: "x", budget: 1`],
  ])('%s is an error of the client', async (_, input) => {
    const answer = await service.ask(
      `mutation { launchInference(input: { ${input} }) { __typename } }`,
    );
    expect(answer.data ?? null).toBeNull();
    expect(answer.errors?.[0]?.extensions?.['code']).toMatch(
      /^(?:GRAPHQL_VALIDATION_FAILED|BAD_USER_INPUT)$/,
    );
  });

  const messages = (count: number) =>
    Array.from({ length: count }, () => ({ role: 'USER', content: 'x' }));

  test.each<[string, object, RegExp]>([
    ['an empty key', { idempotencyKey: '' }, /idempotencyKey/],
    ['a key with a space', { idempotencyKey: 'a b' }, /idempotencyKey/],
    ['a key that is too long', { idempotencyKey: 'k'.repeat(201) }, /idempotencyKey/],
    ['offering and model', { offering: 'a', model: 'b' }, /offering/],
    ['messages and prompt', { messages: messages(1), prompt: 'x' }, /messages/],
    ['no messages', { messages: [] }, /empty/],
    ['too many messages', { messages: messages(2001) }, /at most 2000/],
    ['a wait that is too long', { waitMs: 25_001 }, /waitMs/],
    ['a wait before now', { waitMs: -1 }, /waitMs/],
    ['a deadline that is too late', { deadlineMs: 600_001 }, /deadlineMs/],
    ['a cap below nothing', { maxCost: '-1' }, /maxCost/],
    ['metadata that is a list', { metadata: ['x'] }, /metadata/],
    ['metadata of numbers', { metadata: { x: 1 } }, /metadata/],
    ['a temperature too hot', { parameters: { temperature: 2.5 } }, /temperature/],
    ['no output at all', { parameters: { maxOutputTokens: 0 } }, /maxOutputTokens/],
    ['five stops', { parameters: { stop: ['1', '2', '3', '4', '5'] } }, /stop/],
    ['audio for a text model', { audioUrl: 'https://audio.example/a.mp3' }, /text model/],
    [
      'a tool that is not given',
      { parameters: { toolChoice: { mode: 'FUNCTION', name: 'x' } } },
      /toolChoice/,
    ],
    [
      'a tool choice without its tool',
      { parameters: { toolChoice: { mode: 'FUNCTION' }, tools: [{ name: 'x' }] } },
      /toolChoice.*needs the `name`/,
    ],
    [
      'a JSON Schema format without a schema',
      { parameters: { responseFormat: { type: 'JSON_SCHEMA', name: 'x' } } },
      /responseFormat.*needs a `schema`/,
    ],
  ])('%s is refused as INVALID_REQUEST, and says what is wrong', async (_, input, words) => {
    const answer = await service.launch(input as Record<string, unknown>);
    expect(answer).toMatchObject({ code: 'INVALID_REQUEST', retryable: false });
    expect(answer.message).toMatch(words);
  });

  test('nothing of all that was sent, nothing was written', async () => {
    expect(service.sent()).toBe(0);
    expect(await runsOf(service)).toEqual([]);
  });
});

describe('a full house', () => {
  let service: LaunchingService;
  beforeAll(async () => {
    service = await startLaunching({
      environment: { LAUNCH_CONCURRENCY: '2', LAUNCH_QUEUE: '3' },
    });
  });
  afterAll(async () => {
    await service.close();
  });

  test('takes as many as are in flight and may wait, however many come at once; the others are told when', async () => {
    service.groq.reply(chatPath, hang);
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => await service.launch({ mode: 'ASYNC' })),
    );
    const taken = answers.filter(({ run }) => run !== undefined);
    const refused = answers.filter(({ code }) => code !== undefined);
    expect(taken).toHaveLength(5);
    expect(taken.map(({ run }) => run?.state ?? '').sort()).toEqual([
      'QUEUED',
      'QUEUED',
      'QUEUED',
      'RUNNING',
      'RUNNING',
    ]);
    expect(refused).toHaveLength(15);
    for (const answer of refused) {
      expect(answer).toMatchObject({ code: 'QUEUE_FULL', retryable: true, retryAfterSeconds: 1 });
    }
    await expect.poll(() => service.sent()).toBe(2);
    for (const { run } of taken) {
      await service.data(
        'mutation ($id: ID!) { cancelInference(input: { id: $id }) { __typename } }',
        { id: run?.id },
      );
    }
  });

  test('never has more in flight than there are places, however the waiting ones move up', async () => {
    let inFlight = 0;
    let most = 0;
    const isFull = Promise.withResolvers<void>();
    const answer = respondTo(recordedExchange('chat-cached-tokens-gpt-oss-120b'));
    service.groq.reply(chatPath, async (request, response) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      if (inFlight === 2) isFull.resolve();
      await isFull.promise;
      inFlight -= 1;
      await answer(request, response);
    });
    const answers = await Promise.all(
      Array.from({ length: 5 }, async () => await service.launch({})),
    );
    expect(answers.map(({ run }) => run?.state)).toEqual(answers.map(() => 'SUCCEEDED'));
    expect(most).toBe(2);
  });

  test('gives duplicates the run of the first, although there is no room for them', async () => {
    service.groq.reply(chatPath, hang);
    const input = { idempotencyKey: newKey(), mode: 'ASYNC' };
    const answers = await Promise.all(
      Array.from({ length: 40 }, async () => await service.launch(input)),
    );
    const ids = new Set(answers.map(({ run }) => run?.id));
    expect([...ids]).toEqual([answers[0]?.run?.id]);
    expect(answers[0]?.run?.id).toMatch(/^run_/);
    await service.data(
      'mutation ($id: ID!) { cancelInference(input: { id: $id }) { __typename } }',
      { id: answers[0]?.run?.id },
    );
  });

  test('lets a launch whose deadline passes in the queue go unsent, to be tried again', async () => {
    service.groq.reply(chatPath, hang);
    const before = service.sent();
    const inFlight = [
      await service.launch({ mode: 'ASYNC' }),
      await service.launch({ mode: 'ASYNC' }),
    ];
    await expect.poll(() => service.sent()).toBe(before + 2);
    const answer = await service.launch({ deadlineMs: 200 });
    expect(answer).toMatchObject({ code: 'DEADLINE_EXCEEDED', retryable: true });
    expect(answer.message).toMatch(/nothing was sent/);
    expect(service.sent()).toBe(before + 2);
    for (const { run } of inFlight) {
      await service.data(
        'mutation ($id: ID!) { cancelInference(input: { id: $id }) { __typename } }',
        { id: run?.id },
      );
    }
  });
});
