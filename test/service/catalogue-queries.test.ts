import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { json } from '../support/groq-responders.ts';
import { recordedExchange } from '../support/recorded-exchanges.ts';
import { startService, withKey } from '../support/service.ts';
import type { TestService } from '../support/service.ts';

const listPath = '/openai/v1/models';
const recorded = recordedExchange('models-list-2026-10-02-with-pricing');
let service: TestService;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  service = await startService(withKey, {
    groq: (server) => server.reply(listPath, recorded),
    atEnd: (stop) => ends.push(stop),
  });
  await ready(service);
});

afterAll(async () => {
  for (const end of ends) await end();
});

async function ready(started: TestService): Promise<void> {
  await started.until<{ provider: { status: { state: string } } }>(
    '{ provider(id: "groq") { status { state } } }',
    ({ provider }) => provider.status.state === 'READY',
  );
}

interface Connection {
  readonly totalCount: number;
  readonly nodes: readonly { readonly id: string }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

const short = (id: string): string =>
  id.replace('groq:us-east:on_demand:', '').replace(/^.*\//, '');

/** The models of the offerings that a filter and an order give, without their owners. */
async function found(args: string): Promise<string[]> {
  const { offerings } = await service.data<{ offerings: Connection }>(
    `{ offerings(first: 100, ${args}) { totalCount nodes { id } pageInfo { hasNextPage endCursor } } }`,
  );
  expect(offerings.totalCount).toBe(offerings.nodes.length);
  return offerings.nodes.map(({ id }) => short(id));
}

describe('a filter of offerings', () => {
  const guards = ['llama-prompt-guard-2-22m', 'llama-prompt-guard-2-86m'];
  const all = 11;

  it.each([
    ['takes one value for a list', 'provider: "groq", region: "us-east"', all],
    ['takes a list', 'provider: ["groq", "nobody"]', all],
    ['finds nothing in a region where nothing is', 'region: "eu-central"', 0],
    ['finds nothing for no values', 'provider: []', 0],
    ['takes null for absent', 'provider: null', all],
    ['wants everything that is given', 'provider: "groq", task: SPEECH, available: true', 2],
    ['by tier', 'serviceTier: "flex"', 0],
    ['by what is on sale', 'available: false', 0],
    ['by what can be launched now', 'launchable: true', 8],
    ['by freshness', 'freshness: EXPIRED', 2],
    ['by freshness of either kind', 'freshness: [FRESH, EXPIRED]', 10],
    ['by every feature', 'features: ["tools", "structured_outputs"]', 3],
    ['by words in any order and case', 'search: "SAFEGUARD  gpt 20B"', 1],
    ['by the name of the provider', 'search: "groq whisper"', 2],
    ['by nothing but blanks', 'search: "   "', all],
    ['by words that nothing has', 'search: "telepathy"', 0],
  ])('%s: %s', async (_, filter, count) => {
    expect(await found(`filter: { ${filter} }`)).toHaveLength(count);
  });

  it('by the highest cost takes a text or a number, and what costs exactly that', async () => {
    const atMost = (cost: string) => found(`filter: { maxCostPerToken: ${cost} }`);
    expect(await atMost('"0.00000003"')).toEqual([guards[0]]);
    expect(await atMost('4e-8')).toEqual(guards);
    expect(await atMost('0.00000003999999999999999999')).toEqual([guards[0]]);
    expect(await atMost('0')).toEqual([]);
  });

  it('by the lowest speed and the smallest context leaves out what is not known', async () => {
    expect(await found('filter: { minThroughput: 1000 }')).toEqual([
      'gpt-oss-20b',
      'gpt-oss-safeguard-20b',
    ]);
    expect(await found('filter: { minThroughput: 0 }')).toHaveLength(4);
    expect(await found('filter: { minContextWindow: 131072 }')).toHaveLength(4);
  });

  it.each([
    ['a word for a cost', 'maxCostPerToken: "cheap"'],
    ['too many values', `model: [${'"x",'.repeat(101)}]`],
    ['too long a search', `search: "${'x'.repeat(101)}"`],
  ])('with %s is refused as bad input', async (_, filter) => {
    const { data, errors } = await service.query(
      `{ offerings(filter: { ${filter} }) { totalCount } }`,
    );
    expect(data ?? null).toBeNull();
    expect(errors?.[0]?.extensions['code']).toMatch(/^(BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED)$/);
  });
});

describe('an order of offerings', () => {
  it('is by cost, cheapest first, unless asked otherwise, with unknown costs last', async () => {
    expect(await found('filter: {}')).toEqual([
      'llama-prompt-guard-2-22m',
      'llama-prompt-guard-2-86m',
      'gpt-oss-20b',
      'gpt-oss-safeguard-20b',
      'gpt-oss-120b',
      'qwen3.8-27b',
      'allam-2-7b',
      'orpheus-arabic-saudi',
      'orpheus-v1-english',
      'whisper-large-v3',
      'whisper-large-v3-turbo',
    ]);
  });

  it.each([
    ['COST_PER_TOKEN', 'DESC', ['qwen3.8-27b', 'gpt-oss-120b']],
    ['THROUGHPUT', 'DESC', ['gpt-oss-20b', 'gpt-oss-safeguard-20b', 'gpt-oss-120b', 'qwen3.8-27b']],
    ['THROUGHPUT', 'ASC', ['qwen3.8-27b', 'gpt-oss-120b', 'gpt-oss-20b']],
    ['CONTEXT_WINDOW', 'ASC', ['whisper-large-v3', 'whisper-large-v3-turbo']],
    ['NAME', 'ASC', ['allam-2-7b', 'orpheus-arabic-saudi']],
    ['OBSERVED_AT', 'ASC', ['whisper-large-v3', 'whisper-large-v3-turbo']],
  ])('by %s %s', async (field, direction, first) => {
    const order = await found(`orderBy: { field: ${field}, direction: ${direction} }`);
    expect(order).toHaveLength(11);
    expect(order.slice(0, first.length)).toEqual(first);
  });
});

describe('pages', () => {
  const page = `query ($first: Int, $after: String) {
    offerings(first: $first, after: $after) {
      totalCount nodes { id } pageInfo { hasNextPage endCursor }
    }
  }`;

  it('give every offering once, while the catalogue changes between them', async () => {
    const changing = await startService(withKey, {
      groq: (server) => server.reply(listPath, recorded),
    });
    await ready(changing);
    const models = (recorded.response.body as { data: { id: string }[] }).data;
    const seen: string[] = [];
    let after: string | null = null;
    for (let number = 0; number < 10; number += 1) {
      const answer: { offerings: Connection } = await changing.data(page, { first: 3, after });
      seen.push(...answer.offerings.nodes.map(({ id }) => short(id)));
      after = answer.offerings.pageInfo.endCursor;
      if (!answer.offerings.pageInfo.hasNextPage) break;
      const added = {
        id: `new/model-${number}`,
        output_modalities: ['text'],
        pricing: { prompt: `0.000000${number}1`, completion: '0' },
      };
      changing.groq.reply(listPath, json({ object: 'list', data: [...models, added] }));
      await changing.advanceToNextPoll();
      await changing.until<{ model: unknown }>(
        `{ model(id: "${added.id}") { id } }`,
        ({ model }) => model !== null,
      );
    }
    const original = models.map(({ id }) => short(id));
    expect(seen.filter((id) => original.includes(id)).toSorted()).toEqual(original.toSorted());
    expect(new Set(seen).size).toBe(seen.length);
  });

  it.each([
    ['first: 0', 'BAD_USER_INPUT'],
    ['first: 101', 'BAD_USER_INPUT'],
    ['first: -1', 'BAD_USER_INPUT'],
    ['first: 5, last: 5', 'BAD_USER_INPUT'],
    ['after: "nonsense"', 'BAD_USER_INPUT'],
    ['before: ""', 'BAD_USER_INPUT'],
    ['first: "5"', 'GRAPHQL_VALIDATION_FAILED'],
    ['first: 2147483648', 'GRAPHQL_VALIDATION_FAILED'],
  ])('that cannot be (%s) are refused, in every list', async (args, code) => {
    const lists = [
      `{ offerings(${args}) { totalCount } }`,
      `{ models(${args}) { totalCount } }`,
      `{ provider(id: "groq") { offerings(${args}) { totalCount } } }`,
      `{ model(id: "openai/gpt-oss-120b") { offerings(${args}) { totalCount } } }`,
    ];
    for (const list of lists) {
      const { errors } = await service.query(list);
      expect(errors?.map(({ extensions }) => extensions['code'])).toEqual([code]);
    }
  });

  it('are told apart by their order: a cursor of one is no cursor of another', async () => {
    const { offerings } = await service.data<{ offerings: Connection }>(page, { first: 1 });
    const { errors } = await service.query(
      'query ($after: String) { offerings(after: $after, orderBy: { field: NAME }) { totalCount } }',
      { after: offerings.pageInfo.endCursor },
    );
    expect(errors?.[0]).toMatchObject({
      message: '`after` is a cursor of another order; start again without it.',
      extensions: { code: 'BAD_USER_INPUT' },
    });
  });
});

describe('models', () => {
  it('are listed by name with those that are shut down, and filtered like offerings', async () => {
    const list = async (args: string) => {
      const { models } = await service.data<{ models: { nodes: { id: string }[] } }>(
        `{ models(first: 100, ${args}) { nodes { id } } }`,
      );
      return models.nodes.map(({ id }) => short(id));
    };
    const everything = await list('filter: {}');
    expect(everything).toHaveLength(20);
    expect(everything).toEqual(expect.arrayContaining(['llama3-8b-8192', 'mistral-7b-instruct']));
    expect(await list('filter: { lifecycle: NEVER_HOSTED }')).toEqual(['mistral-7b-instruct']);
    expect(await list('filter: { provider: "groq" }')).toHaveLength(11);
    expect(await list('filter: { task: TRANSCRIPTION }')).toHaveLength(2);
    expect(await list('filter: { features: ["tools"], minContextWindow: 1 }')).toHaveLength(4);
    expect(await list('filter: { search: "mixtral" }')).toEqual(['mixtral-8x7b-32768']);
    expect((await list('orderBy: { field: COST_PER_TOKEN }')).slice(0, 3)).toEqual([
      'llama-prompt-guard-2-22m',
      'llama-prompt-guard-2-86m',
      'gpt-oss-20b',
    ]);
  });

  it('and providers and offerings that nobody knows are null', async () => {
    expect(
      await service.data(
        '{ model(id: "x") { id } provider(id: "x") { id } offering(id: "x") { id } }',
      ),
    ).toEqual({ model: null, provider: null, offering: null });
  });
});

describe('the price history', () => {
  const offeringId = 'groq:us-east:on_demand:openai/gpt-oss-120b';

  it('tells each change with its source, the price at any moment, and buckets of an hour or a day', async () => {
    const changing = await startService(withKey, {
      groq: (server) => server.reply(listPath, recorded),
      startMs: Date.parse('2026-11-23T12:00:00Z'),
    });
    await ready(changing);
    const priced = (prompt: string) =>
      json({
        object: 'list',
        data: [
          {
            id: 'openai/gpt-oss-120b',
            output_modalities: ['text'],
            pricing: { prompt, completion: '0.0000006' },
          },
        ],
      });
    changing.groq.reply(listPath, priced('0.00000023'));
    await changing.clock.advance(300_000);
    await changing.until<{ offering: { costPerToken: string } }>(
      `{ offering(id: "${offeringId}") { costPerToken } }`,
      ({ offering }) => offering.costPerToken === '0.0000003225',
    );
    const { offering } = await changing.data<{ offering: unknown }>(`{
      offering(id: "${offeringId}") {
        changes: priceHistory(from: "2026-11-01T00:00:00Z") {
          from to resolution truncated buckets { start } points { at costPerToken basis method }
        }
        days: priceHistory(from: "2026-11-22T00:00:00Z", resolution: DAY) {
          points { at } buckets { start first last lowest highest changes }
        }
        hours: priceHistory(from: "2026-11-23T10:30:00Z", to: "2026-11-23T12:01:00Z", resolution: HOUR) {
          buckets { start changes }
        }
        before: priceAt(time: "2026-10-01T00:00:00Z") { costPerToken }
        listed: priceAt(time: "2026-11-23T11:59:59.999Z") { costPerToken basis }
        live: priceAt(time: "2026-11-23T12:04:59Z") { costPerToken basis }
        now: priceAt(time: "2026-11-23T13:05:00+01:00") { costPerToken }
      }
    }`);
    expect(offering).toEqual({
      changes: {
        from: '2026-11-01T00:00:00.000Z',
        to: '2026-11-23T12:05:00.000Z',
        resolution: 'CHANGE',
        truncated: false,
        buckets: [],
        points: [
          {
            at: '2026-10-02T03:58:23.000Z',
            costPerToken: '0.0000002625',
            basis: 'LISTED',
            method: 'BLEND_3_1',
          },
          {
            at: '2026-11-23T12:00:00.000Z',
            costPerToken: '0.0000002625',
            basis: 'LIVE',
            method: 'BLEND_3_1',
          },
        ],
      },
      days: {
        points: [],
        buckets: [
          {
            start: '2026-11-22T00:00:00.000Z',
            first: '0.0000002625',
            last: '0.0000002625',
            lowest: '0.0000002625',
            highest: '0.0000002625',
            changes: 0,
          },
          {
            start: '2026-11-23T00:00:00.000Z',
            first: '0.0000002625',
            last: '0.0000002625',
            lowest: '0.0000002625',
            highest: '0.0000002625',
            changes: 1,
          },
        ],
      },
      hours: {
        buckets: [
          { start: '2026-11-23T10:00:00.000Z', changes: 0 },
          { start: '2026-11-23T11:00:00.000Z', changes: 0 },
          { start: '2026-11-23T12:00:00.000Z', changes: 1 },
        ],
      },
      before: null,
      listed: { costPerToken: '0.0000002625', basis: 'LISTED' },
      live: { costPerToken: '0.0000002625', basis: 'LIVE' },
      now: { costPerToken: '0.0000003225' },
    });
    await changing.clock.advance(1);
    const later = await changing.data<{ offering: { priceHistory: { points: unknown[] } } }>(
      `{ offering(id: "${offeringId}") { priceHistory { points { at costPerToken } } } }`,
    );
    expect(later.offering.priceHistory.points.at(-1)).toEqual({
      at: '2026-11-23T12:05:00.000Z',
      costPerToken: '0.0000003225',
    });
  });

  it.each([
    ['ends before it begins', 'from: "2026-11-02T00:00:00Z", to: "2026-11-01T00:00:00Z"'],
    ['is longer than 400 days', 'from: "2024-01-01T00:00:00Z", to: "2026-01-01T00:00:00Z"'],
    [
      'has too many buckets',
      'from: "2026-01-01T00:00:00Z", to: "2026-12-01T00:00:00Z", resolution: HOUR',
    ],
    ['begins on a day that is none', 'from: "2026-02-30T00:00:00Z"'],
    ['begins at no moment', 'from: "yesterday"'],
  ])('of a span that %s is refused as bad input', async (_, args) => {
    const { errors } = await service.query(
      `{ offering(id: "${offeringId}") { priceHistory(${args}) { truncated } } }`,
    );
    expect(errors).toHaveLength(1);
    expect(errors?.[0]?.extensions['code']).toMatch(/^(BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED)$/);
  });
});

describe('one request', () => {
  it('reads one snapshot, whatever is swapped meanwhile', async () => {
    const changing = await startService(withKey, {
      groq: (server) => server.reply(listPath, recorded),
    });
    await ready(changing);
    const versions = Array.from(
      { length: 20 },
      (_, index) =>
        `v${index}: offerings(first: ${index + 1}) { snapshotVersion nodes { priceHistory { truncated } } }`,
    ).join('\n');
    const answers: Promise<Record<string, { snapshotVersion: number }>>[] = [];
    for (let swap = 0; swap < 5; swap += 1) {
      answers.push(changing.data(`{ ${versions} } # ${swap}`));
      await changing.advanceToNextPoll();
    }
    for (const answer of await Promise.all(answers)) {
      const seen = Object.values(answer).map(({ snapshotVersion }) => snapshotVersion);
      expect(seen).toHaveLength(20);
      expect(new Set(seen).size).toBe(1);
    }
  });

  it('may follow models, providers and offerings in circles as deep as documents go', async () => {
    const circle =
      'provider { cheapestOffering { model { offerings { nodes { provider { id } } } } } }';
    const answer = await service.data<{ offerings: { nodes: unknown[] } }>(
      `{ offerings(first: 2) { nodes { ${circle} } } }`,
    );
    expect(answer.offerings.nodes).toHaveLength(2);
  });
});
