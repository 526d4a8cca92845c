import { afterAll, beforeAll, expect, test } from 'vitest';

import { newKey, startLaunching } from '../support/launching.ts';
import type { LaunchingService } from '../support/launching.ts';

let service: LaunchingService;

beforeAll(async () => {
  service = await startLaunching();
});

afterAll(async () => {
  await service.close();
});

test('parallel callers against a budget for one call less: exactly as many go out as it holds', async () => {
  const estimate = await service.estimate({ parameters: { maxOutputTokens: 1000 } });
  const worstCase = Number(estimate.worstCase);
  const calls = 10;
  // Whatever a call really costs is less than its worst case, so the budget is sized for reservations held.
  await service.restart({ BUDGET_USD_PER_DAY: (worstCase * (calls - 0.5)).toFixed(12) });
  const before = service.sent();
  const answers = await Promise.all(
    Array.from({ length: calls }, async () =>
      service.launch(
        { idempotencyKey: newKey(), parameters: { maxOutputTokens: 1000 }, mode: 'ASYNC' },
        { caller: 'budgeted' },
      ),
    ),
  );
  const launched = answers.filter((answer) => answer.__typename === 'InferenceLaunched');
  const refused = answers.filter((answer) => answer.code === 'BUDGET_EXCEEDED');
  expect(launched.length + refused.length).toBe(calls);
  expect(launched.length).toBeGreaterThanOrEqual(calls - 1);
  for (const { run } of launched) {
    const ended = await service.ended(run?.id ?? '', { caller: 'budgeted' });
    expect(ended.state).toBe('SUCCEEDED');
  }
  expect(service.sent() - before).toBe(launched.length);
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
