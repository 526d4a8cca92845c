import { afterAll, beforeAll, expect, test } from 'vitest';

import { hang } from '../support/groq-responders.ts';
import { chatPath, newKey, startLaunching } from '../support/launching.ts';
import type { LaunchingService } from '../support/launching.ts';

let service: LaunchingService;

beforeAll(async () => {
  service = await startLaunching();
});

afterAll(async () => {
  await service.close();
});

test('200 identical launches at the same instant make one call and get one run', async () => {
  const before = service.sent();
  const input = { idempotencyKey: newKey() };
  const answers = await Promise.all(
    Array.from({ length: 200 }, async () => await service.launch(input)),
  );
  expect(service.sent() - before).toBe(1);
  expect(answers.filter(({ replayed }) => replayed === false)).toHaveLength(1);
  const [first] = answers;
  expect(first?.run?.state).toBe('SUCCEEDED');
  for (const answer of answers)
    expect({ ...answer, replayed: true }).toEqual({ ...first, replayed: true });
});

test('the same key with another request is a conflict that shows the run it belongs to', async () => {
  const idempotencyKey = newKey();
  const launched = await service.launch({ idempotencyKey, prompt: 'one' });
  const before = service.sent();
  const answer = await service.launch({ idempotencyKey, prompt: 'two' });
  expect(answer).toMatchObject({
    __typename: 'IdempotencyConflict',
    code: 'IDEMPOTENCY_CONFLICT',
    message: expect.stringContaining('take a new one') as string,
  });
  expect(service.sent()).toBe(before);
  const again = await service.launch({ idempotencyKey, prompt: 'one', maxCost: '1', waitMs: 5000 });
  expect(again).toMatchObject({ replayed: true, run: { id: launched.run?.id } });
});

test('mode, waits, caps, price version and metadata are not compared: the same key replays', async () => {
  const idempotencyKey = newKey();
  const first = await service.launch({ idempotencyKey, prompt: 'compared' });
  const before = service.sent();
  for (const other of [
    { mode: 'STREAM' },
    { waitMs: 0 },
    { deadlineMs: 1000 },
    { maxCost: '0' },
    { priceVersion: 'pv_of_another_time' },
    { metadata: { try: '2' } },
    { allowedRegions: ['nowhere'] },
    { allowStalePrice: true },
  ]) {
    const again = await service.launch({ idempotencyKey, prompt: 'compared', ...other });
    expect(again).toMatchObject({ replayed: true, run: { id: first.run?.id, state: 'SUCCEEDED' } });
  }
  for (const other of [
    { parameters: { maxOutputTokens: 10 } },
    { parameters: { temperature: 0 } },
    { model: 'openai/gpt-oss-20b' },
    { offering: first.run?.offeringId },
    { route: { prefer: 'THROUGHPUT' } },
  ]) {
    const conflict = await service.launch({ idempotencyKey, prompt: 'compared', ...other });
    expect(conflict).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT', retryable: false });
  }
  expect(service.sent()).toBe(before);
});

test('a refusal before sending does not bind its key', async () => {
  const idempotencyKey = newKey();
  const refused = await service.launch({ idempotencyKey, prompt: 'too dear', maxCost: '0' });
  expect(refused.code).toBe('COST_LIMIT');
  const launched = await service.launch({ idempotencyKey, prompt: 'another, and cheaper' });
  expect(launched).toMatchObject({ replayed: false, run: { state: 'SUCCEEDED' } });
});

test('a prompt is one user message: the same key replays', async () => {
  const idempotencyKey = newKey();
  await service.launch({ idempotencyKey, prompt: 'the same' });
  const answer = await service.launch({
    idempotencyKey,
    messages: [{ role: 'USER', content: 'the same' }],
  });
  expect(answer.replayed).toBe(true);
});

test('another caller with the same key has a run of his own', async () => {
  const idempotencyKey = newKey();
  const mine = await service.launch({ idempotencyKey }, { caller: 'caller-a' });
  const his = await service.launch({ idempotencyKey }, { caller: 'caller-b' });
  expect(his.replayed).toBe(false);
  expect(his.run?.id).not.toBe(mine.run?.id);
  expect(await service.run(his.run?.id ?? '', { caller: 'caller-a' })).toBeNull();
});

test('a wait that is over returns the running run, which goes on to its end', async () => {
  service.groq.replyOnce(chatPath, hang);
  const before = service.sent();
  const input = { idempotencyKey: newKey(), waitMs: 100 };
  const answer = await service.launch(input);
  await expect.poll(() => service.sent()).toBe(before + 1);
  expect(answer.run?.state).toBe('RUNNING');
  const cancelled = await service.ask(
    'mutation ($id: ID!) { cancelInference(input: { id: $id }) { ... on InferenceCancelled { run { state charge cost { total certainty } } } } }',
    { id: answer.run?.id },
  );
  expect(cancelled.data?.['cancelInference']).toMatchObject({
    run: { state: 'CANCELLED', charge: '0', cost: { total: null, certainty: 'BOUNDED' } },
  });
});

test('connections that died in the pool cost no launch, and no second one', async () => {
  for (let round = 0; round < 5; round += 1) {
    await Promise.all(Array.from({ length: 4 }, async () => await service.launch({})));
    service.groq.dropConnections();
    const before = service.sent();
    const { run } = await service.launch({});
    expect(run?.state).toBe('SUCCEEDED');
    expect(run?.attempts.at(-1)?.outcome).toBe('COMPLETED');
    expect(run?.attempts.slice(0, -1).every(({ outcome }) => outcome === 'NOT_SENT')).toBe(true);
    expect(service.sent() - before).toBe(1);
  }
});

test('the key still replays after a restart, with what was answered', async () => {
  const input = { idempotencyKey: newKey(), prompt: 'remember me' };
  const first = await service.launch(input);
  await service.restart();
  const before = service.sent();
  const second = await service.launch(input);
  expect(second.replayed).toBe(true);
  expect(second.run).toEqual(first.run);
  expect(second.run?.output?.text).toBeTruthy();
  expect(service.sent()).toBe(before);
});
