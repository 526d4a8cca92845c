import { afterAll, beforeAll, expect, test } from 'vitest';

import { json } from '../support/groq-responders.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { chatPath, listedModel, registryWith, startLaunching } from '../support/launching.ts';
import type { LaunchInput, LaunchingService } from '../support/launching.ts';

const model = 'test/contract';
let service: LaunchingService;
let clock: ManualClock;

beforeAll(async () => {
  clock = new ManualClock();
  service = await startLaunching({
    clock,
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
  });
});
afterAll(async () => {
  await service.close();
});

/** Launches on an answer that carries this site code. */
async function servedFrom(code: string | undefined, input: LaunchInput = {}) {
  service.groq.replyOnce(
    chatPath,
    json(
      {
        id: 'chatcmpl-1',
        choices: [{ index: 0, message: { content: 'Yes.' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 10, completion_tokens: 2 },
      },
      { headers: code === undefined ? {} : { 'x-groq-region': code } },
    ),
  );
  return await service.launch({ model, ...input });
}

const declaredRegion = 'us-east';
const onlyUsEast = { allowedRegions: [declaredRegion] };

test.each([
  ['us-east-1', 'us-east', 'MATCH'],
  ['dls', null, 'UNVERIFIED'],
  [undefined, null, 'UNVERIFIED'],
])(
  'an answer from %s was served in %s: %s; the declared region stays declared',
  async (code, servedRegion, verdict) => {
    const { run } = await servedFrom(code, onlyUsEast);
    expect(run?.residency).toEqual({
      servedCode: code ?? null,
      servedRegion,
      declaredRegion,
      verdict,
    });
  },
);

test('a region that is not declared is refused', async () => {
  const before = service.sent();
  expect(await service.launch({ model, allowedRegions: ['eu-central'] })).toMatchObject({
    code: 'REGION_NOT_ALLOWED',
    retryable: false,
  });
  expect(service.sent()).toBe(before);
});

test('after an answer from elsewhere allowedRegions is refused at once, after a restart too, and for a day', async () => {
  const { run } = await servedFrom('yul', onlyUsEast);
  expect(run?.residency).toEqual({
    servedCode: 'yul',
    servedRegion: 'ca-east',
    declaredRegion,
    verdict: 'MISMATCH',
  });
  const before = service.sent();
  const refused = { code: 'REGION_MISMATCH', retryable: false };
  const answer = await service.launch({ model, ...onlyUsEast });
  expect(answer).toMatchObject(refused);
  expect(answer.message).toMatch(/ca-east \(yul\)/);
  expect(await service.estimate({ model, ...onlyUsEast })).toMatchObject(refused);
  await service.restart();
  expect(await service.launch({ model, ...onlyUsEast })).toMatchObject(refused);
  expect(service.sent()).toBe(before);

  const accepted = await servedFrom('us-east-1', { ...onlyUsEast, acceptUnverifiedRegion: true });
  expect(accepted.run?.residency['verdict']).toBe('MATCH');
  const both = await servedFrom('us-east-1', { allowedRegions: [declaredRegion, 'ca-east'] });
  expect(both.run?.state).toBe('SUCCEEDED');

  await clock.advance(86_400_000);
  expect((await servedFrom('us-east-1', onlyUsEast)).run?.state).toBe('SUCCEEDED');
});
