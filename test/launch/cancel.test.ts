import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { after, eventStream, hang, watched } from '../support/groq-responders.ts';
import { delta, openChunks } from '../support/launches.ts';
import { chatPath, newKey, startLaunching } from '../support/launching.ts';
import type {
  LaunchAnswer,
  LaunchInput,
  LaunchingService,
  ReceiptAnswer,
  Who,
} from '../support/launching.ts';
import { recordedExchange } from '../support/recorded-exchanges.ts';

let service: LaunchingService;
beforeAll(async () => {
  service = await startLaunching({ environment: { LAUNCH_CONCURRENCY: '1' } });
});
afterAll(async () => {
  await service.close();
});

async function cancel(id: string | undefined, who: Who = {}): Promise<LaunchAnswer> {
  const { cancelInference } = await service.data<{ cancelInference: LaunchAnswer }>(
    `mutation ($id: ID!) { cancelInference(input: { id: $id }) { __typename
      ... on InferenceCancelled { run { id state charge reserved usage { inputTokens outputTokens }
        cost { total minimum maximum certainty } output { text finishReason } failure { code message }
        attempts { number outcome } } }
      ... on LaunchRefusal { code message retryable } } }`,
    { id },
    who,
  );
  return cancelInference;
}

/** Launches what Groq never answers, and waits until Groq has it. */
async function hanging(input: LaunchInput): Promise<LaunchAnswer> {
  service.groq.replyOnce(chatPath, hang);
  const before = service.sent();
  const answer = await service.launch(input);
  await expect.poll(() => service.sent()).toBe(before + 1);
  return answer;
}

/** Starts a stream that says half of something and then hangs, and waits until that half is readable. */
async function halfStreamed(more: object = {}): Promise<{
  readonly id: string;
  readonly clientGone: Promise<void>;
}> {
  const text = openChunks(delta({ content: 'Half an ' }), {
    ...delta({ content: 'answer' }),
    ...more,
  });
  const { responder, clientGone } = watched(eventStream(text, { ending: 'HANG' }));
  service.groq.replyOnce(chatPath, responder);
  const { run } = await service.launch({ mode: 'STREAM' });
  const id = run?.id ?? '';
  await expect
    .poll(async () => {
      const { inferenceRun } = await service.data<{
        inferenceRun: { events: readonly { text: string }[] };
      }>('query ($id: ID!) { inferenceRun(id: $id) { events { text } } }', { id });
      return inferenceRun.events.map((event) => event.text).join('');
    })
    .toBe('Half an answer');
  return { id, clientGone };
}

describe('a cancelled run', () => {
  test('is aborted down to the socket, and its receipt says what was delivered and how certain its cost is', async () => {
    const { id, clientGone } = await halfStreamed();
    const { run } = await cancel(id);
    await clientGone;
    expect(run).toMatchObject({
      state: 'CANCELLED',
      charge: '0',
      usage: null,
      cost: { total: null, minimum: '0', maximum: run?.reserved, certainty: 'BOUNDED' },
      output: { text: 'Half an answer', finishReason: null },
      failure: { code: 'CANCELLED_BY_CALLER' },
      attempts: [{ number: 1, outcome: 'EXECUTED' }],
    });
    expect(run?.failure?.message).toMatch(/not documented/);
  });

  test('is charged exactly what the provider had counted by then, when it had', async () => {
    const { id } = await halfStreamed({ usage: { prompt_tokens: 10, completion_tokens: 5 } });
    const { run } = await cancel(id);
    expect(run).toMatchObject({
      state: 'CANCELLED',
      charge: '0.0000045',
      usage: { inputTokens: 10, outputTokens: 5 },
      cost: { total: '0.0000045', certainty: 'EXACT' },
    });
  });

  test('that waited for a place was never sent and costs nothing', async () => {
    const first = await hanging({ mode: 'ASYNC' });
    const second = await service.launch({ mode: 'ASYNC' });
    expect(second.run?.state).toBe('QUEUED');
    const before = service.sent();
    expect((await cancel(second.run?.id)).run).toMatchObject({
      state: 'CANCELLED',
      charge: '0',
      cost: { total: '0', certainty: 'EXACT' },
      attempts: [],
      failure: { message: 'The caller stopped the run before it was sent.' },
    });
    await cancel(first.run?.id);
    expect(service.sent()).toBe(before);
  });

  test('replays as cancelled: its key does not buy again', async () => {
    const idempotencyKey = newKey();
    const { run } = await hanging({ idempotencyKey, mode: 'ASYNC' });
    await cancel(run?.id);
    const before = service.sent();
    expect(await service.launch({ idempotencyKey })).toMatchObject({
      replayed: true,
      run: { id: run?.id, state: 'CANCELLED' },
    });
    expect(service.sent()).toBe(before);
  });
});

test('a run that has ended stays as it is', async () => {
  const { run } = await service.launch({});
  expect((await cancel(run?.id)).run).toMatchObject({ state: 'SUCCEEDED', charge: run?.charge });
});

test('only the owner stops a run: a stranger sees what he sees for an unknown id', async () => {
  const { run } = await hanging({ mode: 'ASYNC' });
  const stranger = await cancel(run?.id, { caller: 'stranger' });
  expect(stranger).toEqual(await cancel('run_none', { caller: 'stranger' }));
  expect(stranger.code).toBe('RUN_NOT_FOUND');
  expect(await cancel(run?.id, { scopes: 'inference:read' })).toMatchObject({
    code: 'FORBIDDEN',
    message: expect.stringContaining('scope inference:launch') as string,
  });
  expect((await service.run(run?.id ?? ''))?.state).not.toBe('CANCELLED');
  expect((await cancel(run?.id)).run?.state).toBe('CANCELLED');
});

test('a client that hangs up does not end its run, and finds its result under its key', async () => {
  const idempotencyKey = newKey();
  const answering = Promise.withResolvers<void>();
  service.groq.replyOnce(
    chatPath,
    after(answering.promise, recordedExchange('chat-cached-tokens-gpt-oss-120b')),
  );
  const before = service.groq.requests.length;
  const leaving = new AbortController();
  const launching = service.launch({ idempotencyKey }, { signal: leaving.signal });
  await service.groq.waitForRequests(before + 1);
  leaving.abort();
  await expect(launching).rejects.toThrow(/abort/i);
  answering.resolve();
  let found: ReceiptAnswer | undefined;
  await expect
    .poll(async () => {
      const again = await service.launch({ idempotencyKey, waitMs: 0 });
      expect(again.replayed).toBe(true);
      found = again.run;
      return found?.state;
    })
    .toBe('SUCCEEDED');
  expect(found?.output?.text).toBeTruthy();
  expect(service.groq.requests.length).toBe(before + 1);
});
