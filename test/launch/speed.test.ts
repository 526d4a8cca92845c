import { afterAll, beforeAll, expect, test } from 'vitest';

import { eventStream, json } from '../support/groq-responders.ts';
import { chunks, delta } from '../support/launches.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { chatPath, startLaunching } from '../support/launching.ts';
import type { LaunchingService } from '../support/launching.ts';

interface Percentiles {
  readonly p50: number;
  readonly p99: number | null;
  readonly sampleCount: number;
  readonly windowSeconds: number;
  readonly lastSampleAt: string;
}

interface Performance {
  readonly basis: string;
  readonly nominal: { readonly tokensPerSecond: number; readonly source: string } | null;
  readonly throughput: Percentiles | null;
  readonly timeToFirstTokenMs: Percentiles | null;
  readonly queueMs: Percentiles | null;
}

let service: LaunchingService;
let clock: ManualClock;
beforeAll(async () => {
  clock = new ManualClock();
  service = await startLaunching({ clock });
});
afterAll(async () => {
  await service.close();
});

let salt = 0;
async function performanceOf(model: string): Promise<Performance & { readonly shown: number }> {
  salt += 1;
  const { model: found } = await service.data<{
    model: { offerings: { nodes: readonly { throughput: number; performance: Performance }[] } };
  }>(
    `query ($model: ID!) { model(id: $model) { offerings { nodes { throughput performance { basis
      nominal { tokensPerSecond source } throughput { ...P } timeToFirstTokenMs { ...P } queueMs { ...P } } } } } }
    fragment P on Percentiles { p50 p99 sampleCount windowSeconds lastSampleAt } # ${salt}`,
    { model },
  );
  const [offering] = found.offerings.nodes;
  if (offering === undefined) throw new Error('no offering');
  return { ...offering.performance, shown: offering.throughput };
}

/** Launches on an answer that counts so, `seconds` being the time of the completion. */
async function answered(model: string, tokens: number, seconds: number, queue = 0.02) {
  const usage = {
    prompt_tokens: 10,
    completion_tokens: tokens,
    completion_time: seconds,
    prompt_time: 0.01,
    queue_time: queue,
  };
  service.groq.replyOnce(
    chatPath,
    json({
      id: 'chatcmpl-1',
      choices: [{ index: 0, message: { content: 'Yes.' }, finish_reason: 'stop' }],
      usage,
    }),
  );
  const { run } = await service.launch({ model });
  expect(run?.state).toBe('SUCCEEDED');
}

/** Measurements enter the catalogue every ten seconds. */
async function measured(model: string, samples: number) {
  await clock.advance(10_000);
  await expect.poll(async () => (await performanceOf(model)).throughput?.sampleCount).toBe(samples);
  return await performanceOf(model);
}

test('what runs measured becomes the throughput of their offering, with percentiles beside the nominal figure, and survives a restart', async () => {
  const model = 'openai/gpt-oss-20b';
  expect(await performanceOf(model)).toMatchObject({
    basis: 'NOMINAL',
    shown: 1000,
    nominal: { tokensPerSecond: 1000 },
    throughput: null,
    queueMs: null,
  });
  // 401 to 425 tokens per second.
  for (let rate = 401; rate <= 425; rate += 1) await answered(model, rate, 1);
  const performance = await measured(model, 25);
  expect(performance).toMatchObject({
    basis: 'MEASURED',
    shown: 413,
    nominal: { tokensPerSecond: 1000 },
    throughput: { p50: 413, sampleCount: 25, windowSeconds: 86_400 },
    queueMs: { p50: 20, sampleCount: 25 },
    timeToFirstTokenMs: null,
  });
  // The 99th percentile of a speed is what all but the slowest reach.
  expect(performance.throughput?.p99).toBeCloseTo(401.24, 6);

  await service.restart();
  const after = await measured(model, 25);
  expect(after).toEqual(performance);
});

test('too few tokens, no time and impossible speeds measure nothing', async () => {
  const model = 'openai/gpt-oss-120b';
  await answered(model, 19, 0.05);
  await answered(model, 500, 0);
  await answered(model, 9974, 1);
  await answered(model, 100, 0.2);
  expect((await measured(model, 1)).throughput).toMatchObject({ p50: 500, p99: null });
});

test('a stream measures the time to its first token', async () => {
  const model = 'qwen/qwen3.8-27b';
  const usage = { prompt_tokens: 10, completion_tokens: 90, completion_time: 0.2 };
  service.groq.replyOnce(
    chatPath,
    eventStream(chunks(delta({ content: 'Yes.' }), { ...delta({}, 'stop'), usage })),
  );
  const { run } = await service.launch({ model, mode: 'STREAM' });
  await service.ended(run?.id ?? '');
  const { timeToFirstTokenMs } = await measured(model, 1);
  expect(timeToFirstTokenMs).toMatchObject({ sampleCount: 1, windowSeconds: 86_400 });
});
