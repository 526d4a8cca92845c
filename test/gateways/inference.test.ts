import { afterEach, beforeEach, expect, it } from 'vitest';

import { recordedExchange } from '../support/recorded-exchanges.ts';
import { behindEachGateway } from './support/behind-gateways.ts';
import type { Bench } from './support/behind-gateways.ts';

const chatPath = '/openai/v1/chat/completions';
const router = {
  token: 'a-token-that-only-gateways-know-02',
  callers: { 'session-of-alice': 'alice', 'session-of-bob': 'bob' },
};
const environment = { AUTH_MODE: 'router', ROUTER_TOKENS: router.token };
const alice = { authorization: 'Bearer session-of-alice' };
const bob = { authorization: 'Bearer session-of-bob' };

const receipt = /* GraphQL */ `
  fragment Receipt on InferenceRun {
    id
    state
    idempotencyKey
    charge
    output {
      text
      finishReason
    }
    usage {
      inputTokens
      outputTokens
    }
    cost {
      total
      certainty
      priceVersion
      lines {
        kind
        quantity
        unitPrice
        amount
      }
    }
    offering {
      id
      model {
        name
      }
    }
  }
`;

const launch = /* GraphQL */ `
  mutation Launch($input: LaunchInferenceInput!) {
    launchInference(input: $input) {
      __typename
      ... on InferenceLaunched {
        replayed
        run {
          ...Receipt
        }
      }
      ... on LaunchRefusal {
        code
        message
      }
    }
  }
  ${receipt}
`;

behindEachGateway({ router, environment }, (bench) => {
  /** Unlike that of any other test, also behind another gateway. */
  let idempotencyKey: string;
  let sentBefore: number;

  beforeEach(() => {
    const { groq } = bench().market;
    groq.reply(chatPath, recordedExchange('chat-reasoning-gpt-oss-120b-2026-10'));
    idempotencyKey = crypto.randomUUID();
    sentBefore = groq.requestsTo(chatPath).length;
  });
  afterEach(() => bench().market.listings.showOrders([]));

  it('launches, and gives the receipt that the service itself gives', async () => {
    const { replayed, run } = await launchAs(alice);
    expect(replayed).toBe(false);
    expect(run).toMatchObject({ state: 'SUCCEEDED', cost: { certainty: 'EXACT' } });
    expect(run['charge']).toBe((run['cost'] as { readonly total: string }).total);
    const direct = await bench().directData(
      `query Run($id: ID!) { inferenceRun(id: $id) { ...Receipt } } ${receipt}`,
      { id: run['id'] },
      alice,
    );
    expect(direct).toEqual({ inferenceRun: run });
  });

  it('buys once, however often a client sends the same intent', async () => {
    const first = await launchAs(alice);
    const again = await Promise.all([launchAs(alice), launchAs(alice)]);
    for (const { replayed, run } of again) {
      expect(replayed).toBe(true);
      expect(run).toEqual(first.run);
    }
    expect(bench().market.groq.requestsTo(chatPath)).toHaveLength(sentBefore + 1);
  });

  it('sends the caller no refusal as an error', async () => {
    const { launchInference } = await bench().data(
      launch,
      { input: inputOf({ maxCost: '0.000000001' }) },
      alice,
    );
    expect(launchInference).toMatchObject({ __typename: 'CostLimitExceeded', code: 'COST_LIMIT' });
  });

  it('launches nothing for a client whom the gateway does not know', async () => {
    const { launchInference } = await bench().data(launch, { input: inputOf() });
    expect(launchInference).toMatchObject({ code: 'FORBIDDEN' });
    expect(bench().market.groq.requestsTo(chatPath)).toHaveLength(sentBefore);
  });

  it('shows a run to its owner through every door', async () => {
    const { run } = await launchAs(alice);
    const seen = await throughEveryDoor(bench(), run['id'], alice);
    expect(seen.single).toMatchObject({ output: { finishReason: 'stop' } });
    expect(seen.list).toContain(run['id']);
    expect(seen.reference).toMatchObject({ output: { finishReason: 'stop' } });
    expect(seen.cancel).toMatchObject({ __typename: 'InferenceCancelled' });
  });

  it('shows a stranger what it shows for a run that does not exist', async () => {
    const { run } = await launchAs(alice);
    const seen = await throughEveryDoor(bench(), run['id'], bob);
    expect(seen.single).toBeNull();
    expect(seen.list).not.toContain(run['id']);
    expect(seen.reference).toEqual({ id: run['id'], output: null });
    expect(seen.cancel).toMatchObject({ code: 'RUN_NOT_FOUND' });

    const unknownId = `${String(run['id']).slice(0, -4)}0000`;
    const unknown = await throughEveryDoor(bench(), unknownId, bob);
    expect(unknown).toEqual({ ...seen, reference: { id: unknownId, output: null } });
  });

  it('takes the same key of two callers for two intents', async () => {
    const [ofAlice, ofBob] = [await launchAs(alice), await launchAs(bob)];
    expect(ofBob.replayed).toBe(false);
    expect(ofBob.run['id']).not.toBe(ofAlice.run['id']);
  });

  async function launchAs(
    client: Readonly<Record<string, string>>,
  ): Promise<{ readonly replayed: boolean; readonly run: Record<string, unknown> }> {
    const answer = await bench().data(launch, { input: inputOf() }, client);
    expect(answer).toMatchObject({ launchInference: { __typename: 'InferenceLaunched' } });
    return answer['launchInference'] as Awaited<ReturnType<typeof launchAs>>;
  }

  function inputOf(terms: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    return {
      idempotencyKey,
      offering: 'groq:us-east:on_demand:openai/gpt-oss-120b',
      prompt: 'Correct the conversion of temperatures.',
      parameters: { maxOutputTokens: 2000 },
      ...terms,
    };
  }
});

/** What a client gets of a run by its id, by the list, by a reference of another subgraph, and by cancelling. */
async function throughEveryDoor(
  bench: Bench,
  id: unknown,
  client: Readonly<Record<string, string>>,
): Promise<{
  readonly single: unknown;
  readonly list: readonly unknown[];
  readonly reference: unknown;
  readonly cancel: unknown;
}> {
  bench.market.listings.showOrders([String(id)]);
  const answer = await bench.data(
    /* GraphQL */ `
      query Doors($id: ID!) {
        inferenceRun(id: $id) {
          id
          output {
            finishReason
          }
        }
        inferenceRuns(first: 100) {
          nodes {
            id
          }
        }
        orders {
          run {
            id
            output {
              finishReason
            }
          }
        }
      }
    `,
    { id },
    client,
  );
  const { cancelInference } = await bench.data(
    /* GraphQL */ `
      mutation Cancel($id: ID!) {
        cancelInference(input: { id: $id }) {
          __typename
          ... on LaunchRefused {
            code
            message
          }
        }
      }
    `,
    { id },
    client,
  );
  const { nodes } = answer['inferenceRuns'] as { readonly nodes: readonly { id: unknown }[] };
  const [order] = answer['orders'] as readonly { readonly run: unknown }[];
  return {
    single: answer['inferenceRun'],
    list: nodes.map((run) => run.id),
    reference: order?.run,
    cancel: cancelInference,
  };
}
