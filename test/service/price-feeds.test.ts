import { describe, expect, it, onTestFinished } from 'vitest';

import { bigBody, empty, hangUp, html, json } from '../support/groq-responders.ts';
import type { Responder } from '../support/groq-responders.ts';
import { startPublicListServer } from '../support/public-list-server.ts';
import type { PublicListServer } from '../support/public-list-server.ts';
import { recordedExchange } from '../support/recorded-exchanges.ts';
import { startService, withKey } from '../support/service.ts';
import type { TestService } from '../support/service.ts';

const listPath = '/openai/v1/models';
const pricingPath = '/v1/pricing';
const modelId = 'openai/gpt-oss-120b';
const recorded = recordedExchange('models-list-2026-10-02-with-pricing');

interface Shown {
  readonly offering: {
    readonly id: string;
    readonly costPerToken: string | null;
    readonly launchBlocker: string | null;
    readonly pricing: Readonly<Record<string, unknown>> & {
      readonly basis: string;
      readonly method: string;
      readonly conflict: { readonly feed: string } | null;
    };
  };
  readonly provider: {
    readonly status: { readonly state: string; readonly reason: string | null };
    readonly feeds: readonly {
      readonly name: string;
      readonly state: string;
      readonly source: string;
      readonly error: string | null;
      readonly rejected: readonly { readonly id: string; readonly reason: string }[];
    }[];
  };
}

const shown = `{
  offering(id: "groq:us-east:on_demand:${modelId}") {
    id costPerToken launchBlocker
    pricing {
      input output cachedInput basis method source freshness version costPerTokenSource
      conflict { feed costPerToken }
    }
  }
  provider(id: "groq") { status { state reason } feeds { name state source error rejected { id reason } } }
}`;

const feedOf = ({ provider }: Shown, name: string) =>
  provider.feeds.find((feed) => feed.name === name);

/** A service whose list is the recorded one and whose price endpoint gives this. */
async function pricedBy(pricing: Responder): Promise<{ service: TestService; answer: Shown }> {
  const service = await startService(withKey, {
    groq: (server) => {
      server.reply(listPath, recorded);
      server.reply(pricingPath, pricing);
    },
  });
  const answer = await service.until<Shown>(
    shown,
    ({ offering }) => offering.pricing.basis === 'LIVE',
  );
  return { service, answer };
}

describe('the price endpoint of the specification', () => {
  it.each([
    ['a list of rows', [{ model: modelId, costPerToken: 0.000000263 }]],
    ['a list under a name', { data: [{ id: modelId, price_per_token: '0.000000263' }] }],
    ['a map to numbers', { [modelId]: 2.63e-7 }],
    [
      'a map to rows',
      { pricing: { [modelId]: { cost_per_token: '0.000000263', currency: 'USD' } } },
    ],
    ['one row', { model: modelId, costPerToken: '0.000000263', region: 'us-east' }],
  ])(
    'as %s gives the cost per token, while the list goes on giving what is charged',
    async (_, body) => {
      const { answer } = await pricedBy(json(body));
      expect(answer.offering).toMatchObject({
        costPerToken: '0.000000263',
        launchBlocker: null,
        pricing: {
          method: 'SINGLE',
          costPerTokenSource: expect.stringContaining(pricingPath),
          input: '0.00000015',
          output: '0.0000006',
          source: expect.stringContaining(listPath),
          conflict: null,
        },
      });
      expect(feedOf(answer, 'pricing')).toMatchObject({ state: 'OK', error: null });
    },
  );

  it('with component prices goes before the list in everything', async () => {
    const row = {
      model: modelId,
      input: '0.0000002',
      output: '0.0000008',
      cached_input: '0.0000001',
    };
    const { answer } = await pricedBy(json([row]));
    expect(answer.offering).toMatchObject({
      costPerToken: '0.00000035',
      pricing: {
        input: '0.0000002',
        output: '0.0000008',
        cachedInput: '0.0000001',
        method: 'BLEND_3_1',
        source: expect.stringContaining(pricingPath),
        conflict: { feed: 'models', costPerToken: '0.0000002625' },
      },
    });
  });

  it('never changes what an offering is: a region in it leaves the id as it was', async () => {
    const { service, answer } = await pricedBy(
      json([{ model: modelId, region: 'eu-central', costPerToken: '0.000000263' }]),
    );
    expect(answer.offering.id).toBe(`groq:us-east:on_demand:${modelId}`);
    const { offerings } = await service.data<{ offerings: { totalCount: number } }>(
      '{ offerings(filter: { region: "eu-central" }) { totalCount } }',
    );
    expect(offerings.totalCount).toBe(0);
  });

  it('is told what was not taken of it, row by row, and the rest counts', async () => {
    const { answer } = await pricedBy(
      json([
        { model: 'nobody/knows', costPerToken: '0.1' },
        { model: 'openai/gpt-oss-20b', costPerToken: '-1' },
        { model: 'qwen/qwen3.8-27b', costPerToken: 0 },
        { costPerToken: '0.1' },
        { model: modelId, costPerToken: '0.0000005' },
      ]),
    );
    expect(answer.offering).toMatchObject({
      costPerToken: '0.0000005',
      pricing: { method: 'SINGLE', conflict: { feed: 'models', costPerToken: '0.0000002625' } },
    });
    expect(feedOf(answer, 'pricing')?.rejected.map(({ id }) => id)).toEqual([
      'openai/gpt-oss-20b',
      'qwen/qwen3.8-27b',
      '#4',
      'nobody/knows',
    ]);
  });

  it.each([
    ['a web page', html()],
    ['200 MB', bigBody(200_000_000, { declared: true })],
    ['a closed connection', hangUp],
    ['something else', json({ status: 'ok' })],
  ])(
    'that gives %s costs nothing, and shows in its state and the provider’s',
    async (_, responder) => {
      const { service } = await pricedBy(responder);
      const answer = await service.until<Shown>(
        shown,
        (now) => feedOf(now, 'pricing')?.state === 'FAILING',
      );
      expect(answer.offering).toMatchObject({
        costPerToken: '0.0000002625',
        launchBlocker: null,
        pricing: { method: 'BLEND_3_1' },
      });
      const { error } = feedOf(answer, 'pricing') ?? {};
      expect(error).toMatch(/.{5,}/);
      expect(answer.provider.status).toEqual({ state: 'DEGRADED', reason: error });
      expect(feedOf(answer, 'models')).toMatchObject({ state: 'OK' });
    },
  );

  it('that does not exist is no outage', async () => {
    const { answer } = await pricedBy(empty(404));
    expect(feedOf(answer, 'pricing')).toMatchObject({ state: 'UNSUPPORTED' });
    expect(answer.provider.status).toEqual({ state: 'READY', reason: null });
  });
});

describe('the public list', () => {
  const publicList = (input: number | string, output: number | string) =>
    json({
      groq: {
        id: 'groq',
        models: {
          [modelId]: { id: modelId, cost: { input, output, cache_read: 0.075 } },
          'long/gone': { id: 'long/gone', cost: { input: 1, output: 1 } },
        },
      },
    });

  async function startPublicList(responder: Responder): Promise<PublicListServer> {
    const server = await startPublicListServer();
    server.reply(responder);
    onTestFinished(() => server.close());
    return server;
  }

  it('gives prices per million without a key, exactly, and they are listed and never live', async () => {
    const list = await startPublicList(publicList(0.15, 0.6));
    const service = await startService({ MODELS_DEV_URL: `${list.url}/api.json` });
    const answer = await service.until<Shown>(
      shown,
      (each) => feedOf(each, 'models.dev')?.state === 'OK',
    );
    expect(answer.offering).toMatchObject({
      costPerToken: '0.0000002625',
      launchBlocker: 'PROVIDER_UNCONFIGURED',
      pricing: {
        input: '0.00000015',
        output: '0.0000006',
        cachedInput: '0.000000075',
        basis: 'LISTED',
        freshness: 'FRESH',
        source: `${list.url}/api.json`,
      },
    });
    expect(feedOf(answer, 'models.dev')?.rejected).toEqual([
      { id: 'long/gone', reason: "no model of this id is on the provider's list" },
    ]);
    for (const headers of list.requests) expect(headers).not.toHaveProperty('authorization');
  });

  it('steps back behind a live price, and forward again once that has expired', async () => {
    const list = await startPublicList(publicList(0.3, 1.2));
    const service = await startService(
      { ...withKey, MODELS_DEV_URL: `${list.url}/api.json` },
      { groq: (server) => server.reply(listPath, recorded) },
    );
    await service.until<Shown>(
      shown,
      (each) =>
        feedOf(each, 'models.dev')?.state === 'OK' && each.offering.pricing.basis === 'LIVE',
    );
    await service.groq.close();
    await service.clock.advance(3_599_000);
    const stale = await service.data<Shown>(shown);
    expect(stale.offering.pricing).toMatchObject({ basis: 'LIVE', freshness: 'STALE' });
    await service.clock.advance(1_000);
    const listed = await service.until<Shown>(
      shown,
      ({ offering }) => offering.pricing.basis === 'LISTED',
    );
    expect(listed.offering.pricing).toMatchObject({
      input: '0.0000003',
      source: `${list.url}/api.json`,
    });
  });

  it.each([
    ['a web page', html()],
    ['200 MB', bigBody(200_000_000, { declared: false })],
    ['a list without this provider', json({ other: { models: {} } })],
    ['negative prices', publicList(-1, '2')],
  ])('that gives %s leaves the shipped prices in force', async (_, responder) => {
    const list = await startPublicList(responder);
    const service = await startService({ MODELS_DEV_URL: `${list.url}/api.json` });
    const answer = await service.until<Shown>(
      shown,
      (each) => feedOf(each, 'models.dev') !== undefined,
    );
    expect(answer.offering.pricing).toMatchObject({ input: '0.00000015', freshness: 'EXPIRED' });
  });
});

describe('a contract of the operator', () => {
  it('goes before every feed and can be launched at, whatever the feeds do', async () => {
    const declaredPrices = [
      {
        model: modelId,
        price: { unit: 'TOKEN', input: '0.00000009', output: '0.00000009' },
        source: 'contract 7',
        validFrom: '2026-01-01',
        validUntil: '2027-01-01',
      },
    ];
    const service = await startService(withKey, {
      registry: { declaredPrices },
      groq: (server) => server.reply(listPath, recorded),
    });
    const declared = (answer: Shown): boolean => answer.offering.launchBlocker === null;
    const answer = await service.until<Shown>(shown, declared);
    expect(answer.offering).toMatchObject({
      costPerToken: '0.00000009',
      pricing: { basis: 'DECLARED', source: 'contract 7', freshness: 'FRESH', conflict: null },
    });
    await service.groq.close();
    await service.clock.advance(3 * 3_600_000);
    expect((await service.data<Shown>(shown)).offering).toMatchObject({
      launchBlocker: null,
      pricing: { basis: 'DECLARED', freshness: 'FRESH' },
    });
  });
});
