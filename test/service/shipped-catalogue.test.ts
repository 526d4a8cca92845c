import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startService } from '../support/service.ts';
import type { TestService } from '../support/service.ts';

describe('without a key, Vault or network', () => {
  let service: TestService;
  const ends: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    service = await startService({}, { atEnd: (stop) => ends.push(stop) });
    await service.until<{ provider: { status: { state: string } } }>(
      '{ provider(id: "groq") { status { state } } }',
      ({ provider }) => provider.status.state === 'UNCONFIGURED',
    );
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });

  it('the marketplace has the eleven models of the shipped list, listed, expired and dated', async () => {
    const { offerings } = await service.data<{
      offerings: { totalCount: number; nodes: Record<string, unknown>[] };
    }>(`{
      offerings(filter: { provider: "groq", region: "us-east" }) {
        totalCount
        nodes {
          region serviceTier complianceFlags available launchable
          model { id }
          pricing { basis freshness observedAt source }
        }
      }
    }`);
    expect(offerings.totalCount).toBe(11);
    const priced = offerings.nodes.filter(({ pricing }) => pricing !== null);
    expect(priced).toHaveLength(10);
    for (const node of offerings.nodes) {
      expect(node).toMatchObject({
        region: 'us-east',
        serviceTier: 'on_demand',
        complianceFlags: ['region=us-east'],
        available: true,
        launchable: false,
      });
    }
    for (const { pricing } of priced) {
      expect(pricing).toMatchObject({
        basis: 'LISTED',
        freshness: 'EXPIRED',
        observedAt: '2026-10-02T03:58:23.000Z',
      });
    }
    expect(offerings.nodes.find(({ pricing }) => pricing === null)).toMatchObject({
      model: { id: 'allam-2-7b' },
    });
  });

  it('a card of the marketplace has name, speed, cost and region, and says where each comes from', async () => {
    const { offerings } = await service.data<{ offerings: { nodes: unknown[] } }>(`{
      offerings(filter: { model: "openai/gpt-oss-120b" }) {
        nodes {
          costPerToken throughput region
          model { name ownedBy task contextWindow maxOutputTokens features lifecycle source observedAt }
          pricing { method currency source }
          performance { basis nominal { tokensPerSecond source observedAt } throughput { p50 } }
          provider { name residency { declaredRegion basis observed { code } } }
        }
      }
    }`);
    expect(offerings.nodes).toEqual([
      {
        costPerToken: '0.0000002625',
        throughput: 500,
        region: 'us-east',
        model: {
          name: 'GPT OSS 120B',
          ownedBy: 'OpenAI',
          task: 'TEXT_GENERATION',
          contextWindow: 131_072,
          maxOutputTokens: 65_536,
          features: ['tools', 'json_mode', 'structured_outputs', 'reasoning'],
          lifecycle: 'ACTIVE',
          source: expect.stringContaining('2026-10-02'),
          observedAt: '2026-10-02T03:58:23.000Z',
        },
        pricing: {
          method: 'BLEND_3_1',
          currency: 'USD',
          source: expect.stringContaining('2026-10-02'),
        },
        performance: {
          basis: 'NOMINAL',
          nominal: {
            tokensPerSecond: 500,
            source: "Groq's Supported Models page",
            observedAt: '2026-10-01T00:00:00.000Z',
          },
          throughput: null,
        },
        provider: {
          name: 'Groq',
          residency: {
            declaredRegion: 'us-east',
            basis: expect.stringContaining('specification'),
            observed: [],
          },
        },
      },
    ]);
  });

  it('the provider says that it is not configured, why, and where the key would be', async () => {
    const { provider } = await service.data<{ provider: unknown }>(`{
      provider(id: "groq") {
        kind region complianceFlags costPerToken throughput
        status { state reason }
        cheapestOffering { model { id } }
        fastestOffering { model { id } }
        limitations { feature }
        feeds { name state error }
      }
    }`);
    expect(provider).toMatchObject({
      kind: 'MODEL_HOSTING',
      region: 'us-east',
      complianceFlags: ['region=us-east'],
      costPerToken: '0.00000013125',
      throughput: 1000,
      status: {
        state: 'UNCONFIGURED',
        reason: expect.stringContaining('neither VAULT_ADDR nor GROQ_API_KEY is set'),
      },
      cheapestOffering: { model: { id: 'openai/gpt-oss-20b' } },
      fastestOffering: { model: { id: 'openai/gpt-oss-20b' } },
    });
    expect(provider).toHaveProperty('limitations.0.feature', 'CUSTOM_MODEL_UPLOAD');
    expect(provider).toHaveProperty('feeds.0', {
      name: 'pricing',
      state: 'UNCONFIGURED',
      error: expect.stringContaining('groq/api_key'),
    });
    const { feeds } = provider as { readonly feeds: readonly { readonly name: string }[] };
    expect(feeds.find(({ name }) => name === 'models.dev')).toEqual({
      name: 'models.dev',
      state: 'UNCONFIGURED',
      error: 'The settings switch this feed off.',
    });
  });

  it('speech is priced by the character and transcription by the second, with no cost per token', async () => {
    const { offerings } = await service.data<{ offerings: { nodes: unknown[] } }>(`{
      offerings(filter: { task: [SPEECH, TRANSCRIPTION] }, orderBy: { field: NAME }) {
        nodes { costPerToken model { id } pricing { unit input output quotedAs method } }
      }
    }`);
    const row = (id: string, unit: string, input: string, quotedAs: string | null) => ({
      costPerToken: null,
      model: { id },
      pricing: { unit, input, output: null, quotedAs, method: null },
    });
    expect(offerings.nodes).toEqual([
      row('canopylabs/orpheus-arabic-saudi', 'CHARACTER', '0.00004', null),
      row('canopylabs/orpheus-v1-english', 'CHARACTER', '0.000022', null),
      row('whisper-large-v3', 'AUDIO_SECOND', '0.000030833333333334', '0.111 USD per audio hour'),
      row(
        'whisper-large-v3-turbo',
        'AUDIO_SECOND',
        '0.000011111111111112',
        '0.04 USD per audio hour',
      ),
    ]);
  });

  const story = `
    id name lifecycle lifecycleNote lifecycleSince source costPerToken
    offerings { totalCount }
    replacement { id lifecycle replacement { id lifecycle } }
  `;

  it.each([
    ['Llama-3-8B', 'llama3-8b-8192', '2025-08-30', 'llama-3.1-8b-instant', 'openai/gpt-oss-20b'],
    [
      'Mixtral-8x7B',
      'mixtral-8x7b-32768',
      '2025-03-20',
      'llama-3.3-70b-versatile',
      'openai/gpt-oss-120b',
    ],
  ])(
    '%s of the specification is there as what it is: shut down, with its replacements',
    async (name, id, since, next, last) => {
      const answer = await service.data<{ byName: unknown; byId: unknown }>(
        `query ($name: ID!, $id: ID!) { byName: model(id: $name) { ${story} } byId: model(id: $id) { ${story} } }`,
        { name, id },
      );
      expect(answer.byId).toEqual({
        id,
        name,
        lifecycle: 'DECOMMISSIONED',
        lifecycleNote: expect.stringContaining('Shut down by Groq'),
        lifecycleSince: `${since}T00:00:00.000Z`,
        source: expect.any(String),
        costPerToken: null,
        offerings: { totalCount: 0 },
        replacement: {
          id: next,
          lifecycle: 'DECOMMISSIONED',
          replacement: { id: last, lifecycle: 'ACTIVE' },
        },
      });
      expect(answer.byName).toEqual(answer.byId);
    },
  );

  it('Mistral-7B-Instruct of the specification is there as never hosted, with nothing made up', async () => {
    const { model } = await service.data<{ model: unknown }>(
      `{ model(id: "mistral-7b-instruct") { ${story} } }`,
    );
    expect(model).toMatchObject({
      name: 'Mistral-7B-Instruct',
      lifecycle: 'NEVER_HOSTED',
      lifecycleSince: null,
      costPerToken: null,
      offerings: { totalCount: 0 },
      replacement: null,
    });
  });

  it('the service is ready, and tells operators what is amiss', async () => {
    const response = await fetch(new URL('/readyz', service.url));
    expect(response.status).toBe(200);
    const { degraded } = (await response.json()) as { degraded: string[] };
    expect(degraded.join('\n')).toMatch(/groq: .*groq\/api_key/);
  });
});
