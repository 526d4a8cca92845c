import { describe, expect, it } from 'vitest';

import { json } from '../support/groq-responders.ts';
import { recordedExchange } from '../support/recorded-exchanges.ts';
import { startService, testKey, withKey } from '../support/service.ts';
import type { TestService } from '../support/service.ts';

const recording = 'models-list-2026-10-02-with-pricing';

interface Row {
  readonly id: string;
  readonly available: boolean;
  readonly launchable: boolean;
  readonly launchBlocker: string | null;
  readonly costPerToken: string | null;
  readonly model: {
    readonly id: string;
    readonly lifecycle: string;
    readonly contextWindow: number | null;
  };
  readonly pricing: {
    readonly input: string | null;
    readonly output: string | null;
    readonly cachedInput: string | null;
    readonly unit: string | null;
    readonly basis: string;
    readonly freshness: string;
    readonly method: string | null;
    readonly source: string;
    readonly observedAt: string;
    readonly ageSeconds: number;
    readonly version: string | null;
  } | null;
}

interface Listing {
  readonly provider: {
    readonly status: {
      readonly state: string;
      readonly reason: string | null;
      readonly since: string;
    };
    readonly feeds: readonly {
      readonly name: string;
      readonly state: string;
      readonly error: string | null;
    }[];
    readonly residency: {
      readonly observed: readonly { readonly code: string; readonly region: string | null }[];
    };
  };
  readonly offerings: { readonly totalCount: number; readonly nodes: readonly Row[] };
}

const listing = `{
  provider(id: "groq") {
    status { state reason since }
    feeds { name state error }
    residency { observed { code region } }
  }
  offerings(filter: { provider: "groq", region: "us-east" }, first: 100) {
    totalCount
    nodes {
      id available launchable launchBlocker costPerToken
      model { id lifecycle contextWindow }
      pricing {
        input output cachedInput unit basis freshness method source observedAt ageSeconds version
      }
    }
  }
}`;

const reached = (service: TestService, state: string): Promise<Listing> =>
  service.until<Listing>(listing, ({ provider }) => provider.status.state === state);

const rowOf = ({ offerings }: Listing, modelId: string): Row => {
  const row = offerings.nodes.find(({ model }) => model.id === modelId);
  if (row === undefined) throw new Error(`No offering of ${modelId}`);
  return row;
};

interface RecordedModel {
  readonly id: string;
  readonly context_window: number;
  readonly output_modalities?: readonly string[];
  readonly pricing?: {
    readonly prompt?: string;
    readonly completion?: string;
    readonly input_cache_read?: string;
  };
}
const recordedModels = (name: string): readonly RecordedModel[] =>
  (recordedExchange(name).response.body as { readonly data: readonly RecordedModel[] }).data;

/** A service whose Groq plays a recording, once it has read it. */
async function serviceOn(name: string): Promise<TestService> {
  const service = await startService(withKey, { groq: (server) => server.replay(name) });
  await reached(service, 'READY');
  return service;
}

describe('with a key, after the first poll', () => {
  it('prices are live and fresh, and every digit of them is the one that Groq sent', async () => {
    const service = await serviceOn(recording);
    const answer = await service.data<Listing>(listing);
    const models = recordedModels(recording);
    expect(answer.offerings.totalCount).toBe(models.length);
    for (const { id, pricing, output_modalities: makes, context_window: context } of models) {
      const { model, pricing: shown, available } = rowOf(answer, id);
      expect(available).toBe(true);
      expect(model).toMatchObject({ lifecycle: 'ACTIVE', contextWindow: context });
      if (pricing === undefined) continue;
      const isSpeech = makes?.includes('speech') === true;
      // oxlint-disable-next-line vitest/no-conditional-expect
      expect(shown).toMatchObject({
        input: pricing.prompt,
        output: isSpeech ? null : pricing.completion,
        cachedInput: isSpeech ? null : pricing.input_cache_read,
        unit: isSpeech ? 'CHARACTER' : 'TOKEN',
        basis: 'LIVE',
        freshness: 'FRESH',
        source: `${service.groq.url}/openai/v1/models`,
      });
    }
  });

  it('the cost per token is blended exactly, and there is none where nothing is priced by the token', async () => {
    const service = await serviceOn(recording);
    const answer = await service.data<Listing>(listing);
    const costs = Object.fromEntries(
      answer.offerings.nodes.map(({ model, costPerToken }) => [model.id, costPerToken]),
    );
    expect(costs).toMatchObject({
      'openai/gpt-oss-120b': '0.0000002625',
      'openai/gpt-oss-20b': '0.00000013125',
      'qwen/qwen3.8-27b': '0.0000016',
      'meta-llama/llama-prompt-guard-2-22m': '0.00000003',
      'canopylabs/orpheus-v1-english': null,
      'whisper-large-v3': null,
      'allam-2-7b': null,
    });
  });

  it('what Groq gives no price for keeps the listed one, or none: never zero', async () => {
    const service = await serviceOn(recording);
    const answer = await service.data<Listing>(listing);
    expect(rowOf(answer, 'allam-2-7b')).toMatchObject({
      pricing: null,
      launchBlocker: 'PRICE_UNKNOWN',
    });
    expect(rowOf(answer, 'whisper-large-v3')).toMatchObject({
      pricing: { unit: 'AUDIO_SECOND', basis: 'LISTED', freshness: 'EXPIRED' },
      launchBlocker: 'PRICE_LISTED',
    });
  });

  it('text can be launched, and the site that answered is known', async () => {
    const service = await serviceOn(recording);
    const answer = await service.data<Listing>(listing);
    expect(rowOf(answer, 'openai/gpt-oss-120b')).toMatchObject({
      launchable: true,
      launchBlocker: null,
    });
    expect(answer.provider.residency.observed).toEqual([{ code: 'dls', region: null }]);
  });

  it('the price endpoint of the specification, which does not exist, is no outage', async () => {
    const service = await serviceOn(recording);
    const { provider } = await service.data<Listing>(listing);
    expect(provider.status).toMatchObject({ state: 'READY', reason: null });
    expect(provider.feeds).toMatchObject([
      { name: 'pricing', state: 'UNSUPPORTED' },
      { name: 'models', state: 'OK', error: null },
      { name: 'models.dev', state: 'UNCONFIGURED' },
      { name: 'shipped', state: 'OK' },
    ]);
  });

  it('the key was sent as a bearer with every call', async () => {
    const service = await serviceOn(recording);
    expect(service.groq.requests.length).toBeGreaterThan(1);
    for (const { headers } of service.groq.requests) {
      expect(headers['authorization']).toBe(`Bearer ${testKey}`);
    }
  });

  it('Groq has been asked for its list once', async () => {
    const service = await serviceOn(recording);
    await service.clock.advance(200_000);
    expect(service.groq.requestsTo('/openai/v1/models')).toHaveLength(1);
  });
});

describe('a list without prices, as in April 2024', () => {
  it('makes its models available and invents no price for them', async () => {
    const service = await serviceOn('models-list-2024-04');
    const answer = await service.data<Listing>(listing);
    const models = recordedModels('models-list-2024-04');
    for (const { id, context_window: context } of models) {
      expect(rowOf(answer, id)).toMatchObject({
        available: true,
        launchable: false,
        pricing: null,
        costPerToken: null,
        model: { lifecycle: 'ACTIVE', contextWindow: context },
      });
    }
  });

  it('has models on it that are shut down today: its word counts while it gives it', async () => {
    const service = await serviceOn('models-list-2024-04');
    expect(rowOf(await service.data<Listing>(listing), 'llama3-8b-8192').model.lifecycle).toBe(
      'ACTIVE',
    );
    service.groq.replay(recording);
    await service.advanceToNextPoll();
    await service.until<Listing>(
      listing,
      (answer) => rowOf(answer, 'openai/gpt-oss-20b').pricing?.basis === 'LIVE',
    );
    expect(rowOf(await service.data<Listing>(listing), 'llama3-8b-8192').available).toBe(true);
    await service.advanceToNextPoll();
    const answer = await service.until<Listing>(
      listing,
      (shown) => rowOf(shown, 'llama3-8b-8192').model.lifecycle === 'DECOMMISSIONED',
    );
    expect(rowOf(answer, 'llama3-8b-8192')).toMatchObject({
      available: false,
      launchBlocker: 'MODEL_DECOMMISSIONED',
    });
  });
});

describe('a wrong key', () => {
  it('is told as such, and what was known is kept and ages', async () => {
    const service = await serviceOn(recording);
    service.groq.acceptKeys('another key');
    await service.advanceToNextPoll();
    const refused = await reached(service, 'UNAUTHORIZED');
    expect(refused.provider.status.reason).toMatch(/key/i);
    expect(JSON.stringify(refused)).not.toContain(testKey);
    expect(rowOf(refused, 'openai/gpt-oss-120b')).toMatchObject({
      available: true,
      launchBlocker: 'PROVIDER_UNAUTHORIZED',
      pricing: { input: '0.00000015', basis: 'LIVE' },
    });
    await service.clock.advance(3_600_000);
    const aged = await service.data<Listing>(listing);
    expect(rowOf(aged, 'openai/gpt-oss-120b').pricing).toMatchObject({
      input: '0.00000015',
      freshness: 'EXPIRED',
    });
  });

  it('from the start leaves the shipped list in force', async () => {
    const service = await startService({ GROQ_API_KEY: 'gsk_wrong_0123456789' });
    const refused = await reached(service, 'UNAUTHORIZED');
    expect(refused.offerings.totalCount).toBe(11);
    expect(rowOf(refused, 'openai/gpt-oss-120b').pricing?.basis).toBe('LISTED');
  });
});

describe('a key that comes later', () => {
  it('is found without a restart', async () => {
    const service = await startService();
    service.groq.replay(recording);
    const without = await reached(service, 'UNCONFIGURED');
    expect(without.provider.status.reason).toMatch(/groq\/api_key/);
    expect(service.groq.requests).toEqual([]);
    service.environment['GROQ_API_KEY'] = testKey;
    await service.advanceToNextPoll();
    const ready = await reached(service, 'READY');
    expect(rowOf(ready, 'openai/gpt-oss-120b').pricing?.basis).toBe('LIVE');
  });
});

describe('a restart without network', () => {
  it('answers from the last good state, and says how old it is', async () => {
    const service = await serviceOn(recording);
    const before = await service.data<Listing>(listing);
    await service.groq.close();
    await service.clock.advance(2 * 3_600_000);
    await service.restart();
    const answer = await service.until<Listing>(
      listing,
      ({ provider }) => provider.status.state === 'UNAVAILABLE',
    );
    const [old, now] = [before, answer].map((each) => rowOf(each, 'openai/gpt-oss-120b').pricing);
    expect(now).toMatchObject({
      input: '0.00000015',
      output: '0.0000006',
      basis: 'LIVE',
      freshness: 'EXPIRED',
      observedAt: old?.observedAt,
      version: old?.version,
      ageSeconds: 7200,
    });
  });
});

describe('a service that reads its provider elsewhere from now on', () => {
  it('goes on saying where the prices that it kept came from', async () => {
    const service = await serviceOn(recording);
    const source = `${service.groq.url}/openai/v1/models`;
    const elsewhere = 'http://127.0.0.1:9';
    await service.restart({ GROQ_BASE_URL: elsewhere });
    const away = await service.until<Listing>(listing, ({ provider }) =>
      provider.feeds.some(({ name, state }) => name === 'models' && state === 'FAILING'),
    );
    expect(rowOf(away, 'openai/gpt-oss-120b').pricing).toMatchObject({ basis: 'LIVE', source });
    const { provider } = await service.data<{ provider: { feeds: readonly object[] } }>(
      '{ provider(id: "groq") { feeds { name source } } }',
    );
    expect(provider.feeds).toContainEqual({
      name: 'models',
      source: `${elsewhere}/openai/v1/models`,
    });
    // A further failure in another way does not forget it.
    await service.restart({ GROQ_BASE_URL: 'http://127.0.0.1:9/other' });
    const { feeds } = provider;
    await service.until<{ provider: { feeds: readonly object[] } }>(
      '{ provider(id: "groq") { feeds { name source } } }',
      (data) => JSON.stringify(data.provider.feeds) !== JSON.stringify(feeds),
    );
    const later = await service.data<Listing>(listing);
    expect(rowOf(later, 'openai/gpt-oss-120b').pricing).toMatchObject({ basis: 'LIVE', source });
  });
});

describe('every price digit', () => {
  it.each([
    ['0.0000000375', '0.0000000123456'],
    ['7.5e-8', '0.0000000000000000000000000000000000000001'],
  ])(
    'of %s and %s comes out as it went in, never as a binary float has it',
    async (prompt, completion) => {
      const list = { object: 'list', data: [{ id: 'm', pricing: { prompt, completion } }] };
      const service = await startService(withKey, {
        groq: (server) => server.reply('/openai/v1/models', json(list)),
      });
      const answer = await reached(service, 'READY');
      expect(rowOf(answer, 'm').pricing).toMatchObject({
        input: prompt === '7.5e-8' ? '0.000000075' : prompt,
        output: completion,
      });
    },
  );
});
