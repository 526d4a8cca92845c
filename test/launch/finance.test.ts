import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { json } from '../support/groq-responders.ts';
import { startLiveService } from '../support/live-service.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { chatPath, listedModel, registryWith, startLaunching } from '../support/launching.ts';
import type { LaunchingService, Who } from '../support/launching.ts';

const models = ['test/one', 'test/two'];
const anna: Who = { caller: 'anna' };
const operator: Who = { caller: 'finance', scopes: 'inference:read inference:operate' };
let service: LaunchingService;
let clock: ManualClock;

/** Three callers, two models, two days: 12 runs of 10 tokens in and 2 out. */
beforeAll(async () => {
  clock = new ManualClock(Date.parse('2026-11-23T12:00:00Z'));
  const price = { unit: 'TOKEN', input: '0.000001', output: '0.00001' };
  const source = 'a contract of this test';
  service = await startLaunching({
    clock,
    models: models.map((model) => listedModel(model)),
    registry: registryWith({
      nominalThroughputs: [],
      declaredPrices: models.map((model) => ({ model, price, source, validFrom: '2026-01-01' })),
    }),
  });
  service.groq.reply(
    chatPath,
    json({
      id: 'chatcmpl-1',
      choices: [{ index: 0, message: { content: 'Yes.' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 10, completion_tokens: 2 },
    }),
  );
  for (let day = 0; day < 2; day += 1) {
    if (day > 0) await clock.advance(86_400_000);
    for (const caller of ['anna', 'bert', 'carl']) {
      for (const model of models) {
        await clock.advance(1000);
        await service.launch({ model }, { caller });
      }
    }
  }
});
afterAll(async () => {
  await service.close();
});

interface Page {
  readonly totalCount: number;
  readonly nodes: readonly { readonly id: string; readonly createdAt: string }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string;
    readonly endCursor: string;
  };
}

async function runs(variables: object, who: Who): Promise<Page> {
  const { inferenceRuns } = await service.data<{ inferenceRuns: Page }>(
    `query ($filter: InferenceRunFilter, $first: Int, $after: String, $last: Int, $before: String) {
      inferenceRuns(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
        totalCount nodes { id createdAt } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
    variables,
    who,
  );
  return inferenceRuns;
}

async function usage(groupBy: string, who: Who, filter: object = {}): Promise<readonly object[]> {
  const { inferenceUsage } = await service.data<{ inferenceUsage: readonly object[] }>(
    `query ($filter: InferenceRunFilter) { inferenceUsage(groupBy: [${groupBy}], filter: $filter) {
      day caller modelId offeringId providerId priceVersion runs inputTokens outputTokens charge costMinimum costMaximum } }`,
    { filter },
    who,
  );
  return inferenceUsage.map((row) =>
    Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)),
  );
}

describe('inferenceRuns', () => {
  test('gives a caller his own, newest first', async () => {
    const { totalCount, nodes } = await runs({}, anna);
    expect([totalCount, nodes.length]).toEqual([4, 4]);
    const times = nodes.map(({ createdAt }) => createdAt);
    expect(times).toEqual(times.toSorted().toReversed());
  });

  test('is filtered by time, state and offering', async () => {
    const [offering] = (await usage('OFFERING', anna)) as readonly { offeringId: string }[];
    for (const [filter, count] of [
      [{ from: '2026-11-24T00:00:00Z' }, 2],
      [{ to: '2026-11-24T00:00:00Z' }, 2],
      [{ from: '2026-11-23T12:00:02Z', to: '2026-11-23T12:00:03Z' }, 1],
      [{ state: 'SUCCEEDED' }, 4],
      [{ state: ['UNKNOWN', 'FAILED'] }, 0],
      [{ offering: offering?.offeringId }, 2],
    ] as const) {
      expect((await runs({ filter }, anna)).totalCount).toBe(count);
    }
  });

  test('is read page by page, forwards and backwards, to the same list', async () => {
    const all = (await runs({ first: 100 }, anna)).nodes.map(({ id }) => id);
    const forwards: string[] = [];
    let after: string | undefined;
    for (let more = true; more;) {
      const page = await runs({ first: 3, after }, anna);
      forwards.push(...page.nodes.map(({ id }) => id));
      after = page.pageInfo.endCursor;
      more = page.pageInfo.hasNextPage;
    }
    expect(forwards).toEqual(all);
    const backwards: string[] = [];
    let before: string | undefined;
    for (let more = true; more;) {
      const page = await runs({ last: 3, before }, anna);
      backwards.unshift(...page.nodes.map(({ id }) => id));
      before = page.pageInfo.startCursor;
      more = page.pageInfo.hasPreviousPage;
    }
    expect(backwards).toEqual(all);
  });
});

describe('inferenceUsage', () => {
  /** So many runs of 10 tokens at $0.000001 and 2 at $0.00001. */
  const sums = (count: number, charge: string) => ({
    runs: count,
    inputTokens: 10 * count,
    outputTokens: 2 * count,
    charge,
    costMinimum: charge,
    costMaximum: charge,
  });

  test('sums by day, model, caller and price version, exactly', async () => {
    expect(await usage('', anna)).toEqual([sums(4, '0.00012')]);
    expect(await usage('DAY', anna)).toEqual([
      { day: '2026-11-23', ...sums(2, '0.00006') },
      { day: '2026-11-24', ...sums(2, '0.00006') },
    ]);
    expect(await usage('MODEL, DAY', anna)).toHaveLength(4);
    expect(await usage('CALLER', operator)).toEqual(
      ['anna', 'bert', 'carl'].map((caller) => ({ caller, ...sums(4, '0.00012') })),
    );
    expect(await usage('PROVIDER, PRICE_VERSION', anna)).toMatchObject([
      { providerId: 'groq', ...sums(4, '0.00012') },
    ]);
    const filter = { from: '2026-11-24T00:00:00Z' };
    expect(await usage('MODEL', { caller: 'bert' }, filter)).toEqual(
      models.map((modelId) => ({ modelId, ...sums(1, '0.00003') })),
    );
  });

  test('of more rows than are given at once is refused, not cut', async () => {
    const live = await startLiveService();
    try {
      const settle = async (caller: string) => {
        const run = await live.startRun({ caller, mode: 'ASYNC' });
        await run.finish();
      };
      await Promise.all(
        Array.from({ length: 1000 }, async (_, index) => settle(`caller-${index}`)),
      );
      const rows = async () => {
        const response = await fetch(live.url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ query: '{ inferenceUsage(groupBy: [CALLER]) { caller } }' }),
        });
        return (await response.json()) as {
          readonly data?: { readonly inferenceUsage: readonly object[] };
          readonly errors?: readonly { readonly extensions: { readonly code: string } }[];
        };
      };
      expect((await rows()).data?.inferenceUsage).toHaveLength(1000);
      await settle('one-more');
      expect((await rows()).errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    } finally {
      await live.stop();
    }
  });

  test('tells nobody but an operator who the others are', async () => {
    const answer = await service.ask('{ inferenceUsage(groupBy: [CALLER]) { caller } }', {});
    expect(answer.errors?.[0]?.extensions?.['code']).toBe('FORBIDDEN');
    expect(await usage('', { caller: 'nobody-yet' })).toEqual([]);
  });
});
