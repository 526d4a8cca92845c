import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { hang, hangUp, json } from '../support/groq-responders.ts';
import { chatPath, newKey, startLaunching } from '../support/launching.ts';
import type { LaunchingService } from '../support/launching.ts';

let service: LaunchingService;
const logged: Record<string, unknown>[] = [];
beforeAll(async () => {
  service = await startLaunching({
    environment: { LAUNCH_CONCURRENCY: '1' },
    log: pino(
      { level: 'info' },
      { write: (line: string) => logged.push(JSON.parse(line) as Record<string, unknown>) },
    ),
  });
});
afterAll(async () => {
  await service.close();
});

/** The samples of our metrics of launches, by name and labels. */
async function samples(): Promise<Readonly<Record<string, number>>> {
  const text = await (await fetch(new URL('/metrics', service.url))).text();
  const lines = text.matchAll(/^gpubroker_((?:launch|runs|attempts|overruns)\S*) (\S+)$/gm);
  return Object.fromEntries([...lines].map(([, name = '', value]) => [name, Number(value)]));
}

test('launches, runs and attempts are counted apart, with refusals by code', async () => {
  const input = { idempotencyKey: newKey() };
  await service.launch(input);
  await service.launch(input);
  await service.launch({ model: 'nothing/at-all' });
  service.groq.replyOnce(chatPath, hangUp);
  await service.launch({});
  service.groq.replyOnce(chatPath, json({ error: { message: 'full' } }, { status: 498 }));
  const again = { idempotencyKey: newKey() };
  await service.launch(again);
  await service.launch(again);
  expect(await samples()).toMatchObject({
    'launches_total{answer="LAUNCHED"}': 3,
    'launches_total{answer="REPLAYED"}': 1,
    'launches_total{answer="MODEL_NOT_FOUND"}': 1,
    'launches_total{answer="PROVIDER_OVER_CAPACITY"}': 1,
    'runs_ended_total{state="SUCCEEDED",certainty="EXACT"}': 2,
    'runs_ended_total{state="UNKNOWN",certainty="UNKNOWN"}': 1,
    'runs_ended_total{state="FAILED",certainty="EXACT"}': 1,
    'attempts_total{outcome="COMPLETED"}': 2,
    'attempts_total{outcome="UNKNOWN"}': 1,
    'attempts_total{outcome="NOT_EXECUTED"}': 1,
    overruns_total: 0,
    launch_overhead_seconds_count: 4,
  });
});

test('places that are taken and waited for are shown', async () => {
  service.groq.replyOnce(chatPath, hang);
  const first = await service.launch({ mode: 'ASYNC' });
  const second = await service.launch({ mode: 'ASYNC' });
  expect(await samples()).toMatchObject({
    'launch_places{provider="groq",use="in_flight"}': 1,
    'launch_places{provider="groq",use="queued"}': 1,
  });
  for (const { run } of [second, first]) {
    await service.data(
      'mutation ($id: ID!) { cancelInference(input: { id: $id }) { __typename } }',
      { id: run?.id },
    );
  }
  await expect.poll(samples).toMatchObject({
    'launch_places{provider="groq",use="in_flight"}': 0,
    'launch_places{provider="groq",use="queued"}': 0,
  });
});

test('a run that costs more than was reserved raises an OVERRUN, in the log and as a number', async () => {
  service.groq.replyOnce(
    chatPath,
    json({
      id: 'chatcmpl-1',
      choices: [{ index: 0, message: { content: 'Yes.' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 1_000_000_000, completion_tokens: 5 },
    }),
  );
  const { run } = await service.launch({});
  expect(run?.charge).toBe(run?.reserved);
  expect(await samples()).toMatchObject({ overruns_total: 1 });
  const raised = logged.filter(({ msg }) => String(msg).startsWith('OVERRUN'));
  expect(raised).toMatchObject([{ level: 50, runId: run?.id, reserved: run?.reserved }]);
});

test('so does a run of unknown outcome that turns out to have cost more than was reserved', async () => {
  const before = (await samples())['overruns_total'] ?? NaN;
  service.groq.replyOnce(chatPath, hangUp);
  const { run } = await service.launch({});
  const { resolveInference } = await service.data<{ resolveInference: object }>(
    `mutation ($id: ID!) {
      resolveInference(
        input: { id: $id, outcome: EXECUTED, cost: "5", evidence: "the bill of the provider" }
      ) { ... on InferenceResolved { run { charge cost { total } } } }
    }`,
    { id: run?.id },
    { caller: 'operations', scopes: 'inference:operate' },
  );
  expect(resolveInference).toEqual({ run: { charge: run?.reserved, cost: { total: '5' } } });
  expect(await samples()).toMatchObject({ overruns_total: before + 1 });
  const raised = logged.filter(({ msg }) => String(msg).startsWith('OVERRUN'));
  expect(raised.at(-1)).toMatchObject({ level: 50, runId: run?.id, cost: '5' });
});
