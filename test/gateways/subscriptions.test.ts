import { setTimeout as delay } from 'node:timers/promises';

import { createClient } from 'graphql-sse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { json } from '../support/groq-responders.ts';
import { recordedExchange } from '../support/recorded-exchanges.ts';
import { ask, askForData } from './support/ask.ts';
import type { Gateway } from './support/gateways.ts';
import {
  openGatewayAddress,
  planners,
  startLiveGateway,
  subgraphTransports,
} from './support/live-gateways.ts';
import type { GatewayAddress, SubgraphTransport } from './support/live-gateways.ts';
import { openMarket } from './support/market.ts';
import type { Market } from './support/market.ts';

const chatPath = '/openai/v1/chat/completions';
const modelsPath = '/openai/v1/models';
const modelId = 'openai/gpt-oss-20b';
const offeringId = `groq:us-east:on_demand:${modelId}`;
const router = {
  token: 'a-token-that-only-gateways-know-03',
  callers: { 'session-of-alice': 'alice', 'session-of-bob': 'bob' },
};
const alice = { authorization: 'Bearer session-of-alice' };
const bob = { authorization: 'Bearer session-of-bob' };

const changes = /* GraphQL */ `
  subscription Changes($filter: OfferingFilter) {
    offeringChanged(filter: $filter) {
      kind
      offeringId
      before {
        price {
          input
        }
      }
      after {
        price {
          input
        }
      }
      offering {
        id
        model {
          name
        }
        listings {
          title
        }
      }
    }
  }
`;

const events = /* GraphQL */ `
  subscription Events($id: ID!) {
    inferenceEvents(id: $id) {
      kind
      text
      run {
        id
        state
        cost {
          certainty
        }
      }
    }
  }
`;

let market: Market;
let supergraph: string;
let addresses: ReadonlyMap<string, GatewayAddress>;

const benches = Object.keys(planners).flatMap((planner) =>
  Object.keys(subgraphTransports).map(
    (transport) => [planner, transport] as [keyof typeof planners, SubgraphTransport],
  ),
);

beforeAll(async () => {
  addresses = new Map(
    await Promise.all(
      benches.map(async ([planner, transport]) => {
        return [`${planner} ${transport}`, await openGatewayAddress()] as const;
      }),
    ),
  );
  market = await openMarket({
    router,
    environment: {
      AUTH_MODE: 'router',
      ROUTER_TOKENS: router.token,
      POLL_INTERVAL_SECONDS: '1',
      CALLBACK_HOSTS: [...addresses.values()].map(({ host }) => host).join(','),
    },
  });
  // The tap passes whole answers only.
  supergraph = market.supergraph.sdl.replaceAll(market.tap.url, market.serviceUrl);
  market.listings.show([{ id: 'listing-1', title: 'Small and fast', offeringId }]);
});
afterAll(async () => {
  await market.close();
  for (const address of addresses.values()) await address.close();
});

describe.each(benches)('behind %s, told by %s', (planner, transport) => {
  let gateway: Gateway;
  beforeAll(async () => {
    const address = addresses.get(`${planner} ${transport}`);
    if (address === undefined) throw new Error('No address');
    const { headersForService } = market;
    gateway = await startLiveGateway(supergraph, headersForService, planner, transport, address);
  });
  afterAll(async () => await gateway.stop());

  it('a client hears of a changed price, with what another subgraph knows of the offering', async () => {
    const reader = subscribe(gateway.url, changes, { filter: { model: [modelId] } }, alice);
    await untilOpen(transport, 1);
    const { before, after } = moveThePrice();
    const { value } = await reader.next();
    expect(value).toEqual({
      data: {
        offeringChanged: {
          kind: 'CHANGED',
          offeringId,
          before: { price: { input: before } },
          after: { price: { input: after } },
          offering: {
            id: offeringId,
            model: { name: 'GPT OSS 20B' },
            listings: [{ title: 'Small and fast' }],
          },
        },
      },
    });
    await reader.return?.(undefined);
    await untilOpen(transport, 0);
  });

  it('the owner of a run reads it to its end, and nobody else a word of it', async () => {
    market.groq.replyOnce(chatPath, recordedExchange('chat-stream-gpt-oss-120b'));
    const { launchInference } = await askForData<{
      readonly launchInference: { readonly run?: { readonly id: string } };
    }>(
      gateway.url,
      /* GraphQL */ `
        mutation Launch($input: LaunchInferenceInput!) {
          launchInference(input: $input) {
            ... on InferenceLaunched {
              run {
                id
              }
            }
            ... on LaunchRefusal {
              code
              message
            }
          }
        }
      `,
      {
        input: {
          idempotencyKey: crypto.randomUUID(),
          offering: 'groq:us-east:on_demand:openai/gpt-oss-120b',
          prompt: 'Count.',
          mode: 'STREAM',
          parameters: { maxOutputTokens: 2000 },
        },
      },
      alice,
    );
    const id = launchInference.run?.id;
    expect(launchInference).toEqual({ run: { id } });

    const told: Event[] = [];
    const reading = subscribe(gateway.url, events, { id }, alice);
    for await (const result of reading) told.push((result as EventResult).data.inferenceEvents);
    const text = told.filter(({ kind }) => kind === 'TEXT').map(({ text: piece }) => piece);
    const { data } = await ask(
      gateway.url,
      'query Run($id: ID!) { inferenceRun(id: $id) { output { text } } }',
      { id },
      alice,
    );
    expect(text.join('')).not.toBe('');
    expect(data).toEqual({ inferenceRun: { output: { text: text.join('') } } });
    expect(told.at(-1)).toEqual({
      kind: 'FINISHED',
      text: null,
      run: { id, state: 'SUCCEEDED', cost: { certainty: 'EXACT' } },
    });

    const refusedBefore = await metric(notFound);
    const stranger: unknown[] = [];
    try {
      for await (const result of subscribe(gateway.url, events, { id }, bob)) stranger.push(result);
    } catch (error) {
      stranger.push(error);
    }
    expect(stranger).toHaveLength(1);
    const shown = JSON.stringify(stranger, errorsToo);
    // Hive Gateway masks every error that a WebSocket brings it.
    expect(shown).toContain(transport === 'WebSocket' ? 'Unexpected error.' : 'NOT_FOUND');
    expect(shown).not.toContain('inferenceEvents":{');
    expect(await metric(notFound)).toBe(refusedBefore + 1);
    await untilOpen(transport, 0);
  });
});

interface Event {
  readonly kind: string;
  readonly text: string | null;
  readonly run: unknown;
}

interface EventResult {
  readonly data: { readonly inferenceEvents: Event };
}

function subscribe(
  url: string,
  query: string,
  variables: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>>,
): AsyncIterableIterator<unknown> {
  return createClient({ url, headers, retryAttempts: 0 }).iterate({ query, variables });
}

let moves = 0;

/** Changes the model's price per input token at the provider, which is asked every second. */
function moveThePrice(): { readonly before: string | undefined; readonly after: string } {
  const { data } = structuredClone(recordedExchange('models-list-2026-10-02-with-pricing')).response
    .body as { readonly data: readonly { id: string; pricing?: Record<string, string> }[] };
  const pricing = data.find(({ id }) => id === modelId)?.pricing;
  if (pricing === undefined) throw new Error(`No price of ${modelId}`);
  const before = moves === 0 ? pricing['prompt'] : `0.0000001${moves}`;
  moves += 1;
  const after = `0.0000001${moves}`;
  pricing['prompt'] = after;
  market.groq.reply(modelsPath, json({ object: 'list', data }));
  return { before, after };
}

const notFound = 'gpubroker_graphql_errors_total{code="NOT_FOUND"}';

/** A metric of the service; 0 where it was never counted. */
async function metric(line: string): Promise<number> {
  const text = await (await fetch(new URL('/metrics', market.serviceUrl))).text();
  const found = text.split('\n').find((candidate) => candidate.startsWith(`${line} `));
  return Number(found?.slice(line.length) ?? 0);
}

/** Waits until the service carries this many subscriptions by a transport. */
async function untilOpen(transport: SubgraphTransport, count: number): Promise<void> {
  const line = `gpubroker_subscriptions_open{transport="${subgraphTransports[transport]}"}`;
  for (let tries = 0; tries < 3_000; tries += 1) {
    if ((await metric(line)) === count) return;
    await delay(10);
  }
  throw new Error(`Never ${count} subscriptions by ${transport}`);
}

/** Shows errors as JSON with what they carry. */
function errorsToo(_key: string, value: unknown): unknown {
  return value instanceof Error ? Object.assign({}, value, { message: value.message }) : value;
}
