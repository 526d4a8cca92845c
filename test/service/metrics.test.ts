import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { json } from '../support/groq-responders.ts';
import { recordedExchange } from '../support/recorded-exchanges.ts';
import { startService, withKey } from '../support/service.ts';
import type { TestService } from '../support/service.ts';

const recording = 'models-list-2026-10-02-with-pricing';

/** Samples by name and labels, as they stand in the text. */
async function scrape({ url }: TestService): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(new URL('/metrics', url));
  expect(response.headers.get('content-type')).toContain('text/plain');
  const text = await response.text();
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line): [string, number] => {
        const end = line.lastIndexOf(' ');
        return [line.slice(0, end), Number(line.slice(end + 1))];
      }),
  );
}

const inState = (service: TestService, state: string) =>
  service.until<{ provider: { status: { state: string } } }>(
    '{ provider(id: "groq") { status { state } } }',
    ({ provider }) => provider.status.state === state,
  );

describe('the metrics of the catalogue', () => {
  it('say of a service without a key that its prices are those of the shipped list', async () => {
    const service = await startService();
    await inState(service, 'UNCONFIGURED');
    const samples = await scrape(service);
    expect(samples.get('gpubroker_provider_state{provider="groq",state="UNCONFIGURED"}')).toBe(1);
    expect(samples.get('gpubroker_provider_state{provider="groq",state="READY"}')).toBe(0);
    expect(
      samples.get('gpubroker_offerings{provider="groq",basis="LISTED",freshness="EXPIRED"}'),
    ).toBe(10);
    expect(samples.get('gpubroker_offerings{provider="groq",basis="NONE",freshness="NONE"}')).toBe(
      1,
    );
    const age = samples.get('gpubroker_feed_age_seconds{provider="groq",feed="shipped"}');
    expect(age).toBe((service.clock.now() - Date.parse('2026-10-02T03:58:23Z')) / 1_000);
  });

  it('follow the feeds: state, age, rejected rows, prices and polls', async () => {
    const service = await startService(withKey, { groq: (groq) => groq.replay(recording) });
    await inState(service, 'READY');
    const samples = await scrape(service);
    const model = 'groq:us-east:on_demand:openai/gpt-oss-120b';
    expect(samples.get(`gpubroker_offering_cost_per_token_usd{offering="${model}"}`)).toBe(
      0.0000002625,
    );
    expect(
      samples.get(`gpubroker_offering_throughput_tokens_per_second{offering="${model}"}`),
    ).toBe(500);
    expect(
      samples.get('gpubroker_feed_state{provider="groq",feed="pricing",state="UNSUPPORTED"}'),
    ).toBe(1);
    expect(samples.get('gpubroker_feed_state{provider="groq",feed="models",state="OK"}')).toBe(1);
    expect(samples.get('gpubroker_feed_rejected_rows{provider="groq",feed="models"}')).toBe(0);
    expect(samples.get('gpubroker_polls_total{feed="groq",outcome="read"}')).toBe(1);
    const version = samples.get('gpubroker_catalogue_version') ?? 0;

    const { body } = recordedExchange(recording).response as {
      readonly body: { readonly data: readonly { readonly id: string }[] };
    };
    const spoilt = body.data.map((row) =>
      row.id === 'openai/gpt-oss-120b' ? { ...row, pricing: { prompt: '-1' } } : row,
    );
    service.groq.reply('/openai/v1/models', json({ object: 'list', data: spoilt }));
    await service.advanceToNextPoll();
    await service.until<{ provider: { feeds: { name: string; rejected: object[] }[] } }>(
      '{ provider(id: "groq") { feeds { name rejected { id } } } }',
      ({ provider }) =>
        provider.feeds.some(({ name, rejected }) => name === 'models' && rejected.length > 0),
    );
    const later = await scrape(service);
    expect(later.get('gpubroker_feed_rejected_rows{provider="groq",feed="models"}')).toBe(1);
    expect(later.get('gpubroker_catalogue_version')).toBeGreaterThan(version);
    expect(later.get('gpubroker_polls_total{feed="groq",outcome="read"}')).toBe(2);
  });
});

describe("the operators' page on metrics", () => {
  const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

  it('names every metric of ours, and none that does not exist', async () => {
    const service = await startService({
      ...withKey,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      ROUTER_INVALIDATION_URL: 'http://127.0.0.1:9/invalidation',
      ROUTER_INVALIDATION_KEY: 'key-of-the-router',
      ROUTER_SUBGRAPH_NAME: 'inference',
    });
    const text = await (await fetch(new URL('/metrics', service.url))).text();
    const exposed = [...text.matchAll(/^# TYPE (gpubroker_\w+)/gm)].map(([, name]) => name);
    const named = [...page.matchAll(/`(gpubroker_\w+)/g)].map(([, name]) => name);
    expect(exposed.length).toBeGreaterThan(15);
    expect(new Set(named)).toEqual(new Set(exposed));
  });
});
