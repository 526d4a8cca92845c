import { afterAll, beforeAll, expect, test } from 'vitest';

import { Decimal } from '../../src/domain/decimal.ts';
import { chatPath, startLaunching } from '../support/launching.ts';
import type { LaunchingService } from '../support/launching.ts';

let service: LaunchingService;

beforeAll(async () => {
  service = await startLaunching();
});

afterAll(async () => {
  await service.close();
});

test('an estimate is what a launch reserves, and spends nothing', async () => {
  const before = service.sent();
  const estimate = await service.estimate({ prompt: 'how much' });
  expect(service.sent()).toBe(before);
  const launched = await service.launch({
    prompt: 'how much',
    priceVersion: estimate.priceVersion,
  });
  expect(launched.run?.reserved).toBe(estimate.worstCase);
  expect(launched.run?.cost.priceVersion).toBe(estimate.priceVersion);
});

test('the worst case is every byte of the request and the margin as input, and the output as asked for', async () => {
  const prompt = 'Schön teuer: 🌍';
  const parameters = { maxOutputTokens: 500 };
  const { worstCase } = await service.estimate({ prompt, parameters });
  const { run } = await service.launch({ prompt, parameters, mode: 'STREAM' });
  await service.ended(run?.id ?? '');
  const sentBytes = Buffer.byteLength(service.groq.requestsTo(chatPath).at(-1)?.body ?? '');
  const expected = Decimal.of('0.00000015')
    .times(BigInt(sentBytes + 1024))
    .plus(Decimal.of('0.0000006').times(500n));
  expect([worstCase, run?.reserved]).toEqual([expected.toString(), expected.toString()]);
});

test('a cap names the largest output that fits, and that then passes', async () => {
  const input = { prompt: 'capped', parameters: { maxOutputTokens: 4000 }, maxCost: '0.001' };
  const before = service.sent();
  const refused = await service.launch(input);
  expect(refused).toMatchObject({
    __typename: 'CostLimitExceeded',
    code: 'COST_LIMIT',
    limit: '0.001',
  });
  expect(service.sent()).toBe(before);
  const maxOutputTokens = refused.largestMaxOutputTokens ?? 0;
  expect(maxOutputTokens).toBeGreaterThan(0);
  const passed = await service.launch({ ...input, parameters: { maxOutputTokens } });
  expect(passed.__typename).toBe('InferenceLaunched');
  const tooMuch = await service.launch({
    ...input,
    parameters: { maxOutputTokens: maxOutputTokens + 1 },
  });
  expect(tooMuch.code).toBe('COST_LIMIT');
});

test.each([
  ['an unknown offering', { offering: 'nowhere' }, 'OFFERING_NOT_FOUND'],
  ['an unknown model', { model: 'nothing/at-all' }, 'MODEL_NOT_FOUND'],
  ['a model of the past', { model: 'Llama-3-8B' }, 'MODEL_DECOMMISSIONED'],
  ['a model without a price', { model: 'allam-2-7b' }, 'PRICE_UNKNOWN'],
  ['another price version', { priceVersion: 'pv_other' }, 'PRICE_CHANGED'],
  ['a region that is not declared', { allowedRegions: ['eu-west'] }, 'REGION_NOT_ALLOWED'],
  [
    'more output than the model has',
    { parameters: { maxOutputTokens: 9_999_999 } },
    'INVALID_REQUEST',
  ],
  [
    'an image',
    { messages: [{ role: 'USER', imageUrls: ['https://example.org/x.png'] }] },
    'UNBOUNDED_COST',
  ],
  ['a run that is not unknown', { supersedes: 'run_none' }, 'SUPERSEDES_INVALID'],
])('%s is refused, with nothing sent and nothing charged', async (_, input, code) => {
  const before = service.sent();
  const answer = await service.launch(input);
  expect(answer.code).toBe(code);
  expect(service.sent()).toBe(before);
});

test('ten megabytes of prompt and ten thousand messages are refused before anything is sent', async () => {
  const before = service.sent();
  const large = await service.ask(
    'mutation ($p: String!) { launchInference(input: { idempotencyKey: "large", model: "openai/gpt-oss-20b", prompt: $p }) { __typename } }',
    { p: 'x'.repeat(10_000_000) },
  );
  expect(large.status).toBe(413);
  const messages = Array.from({ length: 10_000 }, () => ({ role: 'USER', content: 'x' }));
  const many = await service.ask(
    'mutation ($m: [ChatMessageInput!]!) { launchInference(input: { idempotencyKey: "many", model: "openai/gpt-oss-20b", messages: $m }) { __typename ... on LaunchRefusal { code } } }',
    { m: messages },
  );
  expect(many.data ?? many.errors).toBeDefined();
  expect(JSON.stringify(many)).toMatch(/INVALID_REQUEST|VARIABLES_TOO_LARGE/);
  expect(service.sent()).toBe(before);
});

test('usage sums up what was charged, exactly', async () => {
  const caller = 'summed';
  const first = await service.launch({}, { caller });
  await service.launch({}, { caller });
  const usage = await service.ask(
    '{ inferenceUsage(groupBy: [OFFERING]) { runs charge } }',
    {},
    { caller },
  );
  expect(usage.data?.['inferenceUsage']).toEqual([
    { runs: 2, charge: (Number(first.run?.charge) * 2).toFixed(12).replace(/0+$/, '') },
  ]);
});

test('what this service times itself is on the receipt to the microsecond', async () => {
  const { run } = await service.launch({ prompt: 'how long' });
  const streamed = await service.launch({ prompt: 'how long', mode: 'STREAM' });
  const { timing } = await service.ended(streamed.run?.id ?? '');
  for (const ms of [
    run?.timing.totalMs,
    run?.timing.overheadMs,
    timing.totalMs,
    timing.overheadMs,
    timing.timeToFirstTokenMs,
  ]) {
    expect(String(ms)).toMatch(/^\d+(\.\d{1,3})?$/);
  }
});
