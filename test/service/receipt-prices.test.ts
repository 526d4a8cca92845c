import { expect, test } from 'vitest';

import { json } from '../support/groq-responders.ts';
import { recordedExchange } from '../support/recorded-exchanges.ts';
import { startService, withKey } from '../support/service.ts';
import type { TestService } from '../support/service.ts';

const recording = 'models-list-2026-10-02-with-pricing';
const modelId = 'openai/gpt-oss-120b';
const offeringId = `groq:us-east:on_demand:${modelId}`;

interface Point {
  readonly at: string;
  readonly version: string | null;
  readonly input: string | null;
  readonly output: string | null;
}

interface Receipt {
  readonly id: string;
  readonly createdAt: string;
  readonly cost: {
    readonly priceVersion: string;
    readonly price: Point | null;
    readonly lines: readonly { readonly kind: string; readonly unitPrice: string }[];
  };
}

/** Serves the recorded list with another price per input token. */
function servePrice({ groq }: TestService, usd: string): void {
  const { data } = structuredClone(recordedExchange(recording)).response.body as {
    readonly data: readonly { readonly id: string; readonly pricing?: Record<string, string> }[];
  };
  const pricing = data.find(({ id }) => id === modelId)?.pricing;
  if (pricing === undefined) throw new Error(`No price of ${modelId}`);
  pricing['prompt'] = usd;
  groq.reply('/openai/v1/models', json({ object: 'list', data }));
}

async function untilPriced(service: TestService, usd: string): Promise<void> {
  await service.until<{ offering: { pricing: { input: string; basis: string } } }>(
    `{ offering(id: "${offeringId}") { pricing { input basis } } }`,
    ({ offering: { pricing } }) => pricing.input === usd && pricing.basis === 'LIVE',
  );
}

async function launched(service: TestService): Promise<string> {
  service.groq.replyOnce(
    '/openai/v1/chat/completions',
    recordedExchange('chat-reasoning-gpt-oss-120b-2026-10'),
  );
  const { launchInference } = await service.data<{
    readonly launchInference: { readonly run?: { readonly id: string } };
  }>(
    `mutation ($input: LaunchInferenceInput!) { launchInference(input: $input) {
      ... on InferenceLaunched { run { id } } ... on LaunchRefusal { code message }
    } }`,
    {
      input: {
        idempotencyKey: crypto.randomUUID(),
        offering: offeringId,
        prompt: 'Correct the conversion of temperatures.',
        parameters: { maxOutputTokens: 2000 },
      },
    },
  );
  expect(launchInference).toEqual({ run: { id: expect.any(String) as string } });
  return launchInference.run?.id ?? '';
}

test('a receipt links the very price that it was charged at, also once it is another one', async () => {
  const service = await startService(withKey, { groq: (server) => server.replay(recording) });
  const prices = ['0.00000015', '0.0000002', '0.00000025'] as const;
  const ids: string[] = [];
  for (const price of prices) {
    if (price !== prices[0]) {
      servePrice(service, price);
      await service.advanceToNextPoll();
    }
    await untilPriced(service, price);
    await service.clock.advance(1_000);
    ids.push(await launched(service));
  }
  const history = await service.data<{
    readonly inferenceRuns: { readonly nodes: readonly Receipt[] };
    readonly offering: { readonly priceHistory: { readonly points: readonly Point[] } };
  }>(`{
    inferenceRuns(first: 10) { nodes { id createdAt cost {
      priceVersion price { at version input output } lines { kind unitPrice }
    } } }
    offering(id: "${offeringId}") { priceHistory { points { at version input output } } }
  }`);
  const { points } = history.offering.priceHistory;
  const receipts = ids.map((id) => history.inferenceRuns.nodes.find((run) => run.id === id));
  expect(receipts.map((receipt) => receipt?.cost.price?.input)).toEqual(prices);
  for (const receipt of receipts) {
    const { priceVersion, price, lines } = receipt?.cost ?? {};
    expect(price?.version).toBe(priceVersion);
    // The same point stands in the chart, and its prices on the receipt's lines.
    expect(points).toContainEqual(price);
    expect(Date.parse(price?.at ?? '')).toBeLessThanOrEqual(Date.parse(receipt?.createdAt ?? ''));
    const unitPriceOf = (kind: string) => lines?.find((line) => line.kind === kind)?.unitPrice;
    expect([unitPriceOf('INPUT'), unitPriceOf('OUTPUT')]).toEqual([price?.input, price?.output]);
  }
  const at = receipts[0]?.createdAt ?? '';
  const then = await service.data<{ readonly offering: { readonly priceAt: Point } }>(
    `{ offering(id: "${offeringId}") { priceAt(time: "${at}") { at version input output } } }`,
  );
  expect(then.offering.priceAt).toEqual(receipts[0]?.cost.price);
});
