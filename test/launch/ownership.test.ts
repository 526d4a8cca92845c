import { randomUUID } from 'node:crypto';

import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';

import { startCallbackRouter } from '../support/callback-router.ts';
import type { CallbackRouter } from '../support/callback-router.ts';
import { hangUp } from '../support/groq-responders.ts';
import { chatPath, headersOf, newKey, startLaunching } from '../support/launching.ts';
import type { LaunchingService, Who } from '../support/launching.ts';
import { collectFrom } from '../subscriptions/collected.ts';

const owner: Who = { caller: 'anna' };
const everyScope = 'inference:launch inference:read inference:operate';
/** Whoever is not the owner, from nobody to somebody with every right. */
const strangers: readonly (readonly [string, Who])[] = [
  ['another caller', { caller: 'bert' }],
  ['another caller who may only launch', { caller: 'bert', scopes: 'inference:launch' }],
  ['an operator', { caller: 'olga', scopes: everyScope }],
  ['a router that names nobody', { caller: '' }],
];

let service: LaunchingService;
let router: CallbackRouter;
/** A streamed run of the owner's that ended well. */
let runId: string;

beforeAll(async () => {
  router = await startCallbackRouter();
  service = await startLaunching({ environment: { CALLBACK_HOSTS: router.host } });
  service.groq.replayOnce('chat-stream-gpt-oss-120b');
  const { run } = await service.launch({ mode: 'STREAM', metadata: { order: '7' } }, owner);
  runId = run?.id ?? '';
  await service.ended(runId, owner);
});

afterAll(async () => {
  await service.close();
  await router.close();
});

/** Every way to ask for a run by its id, each with what came of it. */
const doors: Readonly<Record<string, (id: string, who: Who) => Promise<unknown>>> = {
  inferenceRun: async (id, who) =>
    await service.ask(
      'query ($id: ID!) { inferenceRun(id: $id) { id state output { text } events { cursor } } }',
      { id },
      who,
    ),
  _entities: async (id, who) =>
    await service.ask(
      'query ($r: [_Any!]!) { _entities(representations: $r) { ... on InferenceRun { state output { text } } } }',
      { r: [{ __typename: 'InferenceRun', id }] },
      who,
    ),
  cancelInference: async (id, who) =>
    await service.ask(
      `mutation ($id: ID!) { cancelInference(input: { id: $id }) {
        ... on InferenceCancelled { run { state } } ... on LaunchRefused { code message }
      } }`,
      { id },
      who,
    ),
  resolveInference: async (id, who) =>
    await service.ask(
      `mutation ($id: ID!) { resolveInference(input: { id: $id, outcome: NOT_EXECUTED, evidence: "the bill of the provider" }) {
        ... on InferenceResolved { run { state } } ... on LaunchRefused { code message }
      } }`,
      { id },
      who,
    ),
  supersedes: async (id, who) =>
    await service.launch({ supersedes: id, idempotencyKey: newKey() }, who),
  'inferenceEvents by WebSocket': async (id, who) => {
    const client = createClient({
      url: service.url.replace('http:', 'ws:'),
      webSocketImpl: class extends WebSocket {
        constructor(address: string, protocols: string) {
          super(address, protocols, { headers: headersOf(who) });
        }
      },
      retryAttempts: 0,
    });
    const collected = collectFrom(client, eventsQuery, { id });
    const ended = await collected.ended;
    await client.dispose();
    return { values: collected.values, ended };
  },
  'inferenceEvents by event stream': async (id, who) => {
    const response = await fetch(service.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        ...headersOf(who),
      },
      body: JSON.stringify({ query: eventsQuery, variables: { id } }),
    });
    return { status: response.status, text: await response.text() };
  },
  'inferenceEvents by callback': async (id, who) => {
    const subscriptionId = randomUUID();
    const response = await fetch(service.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json;callbackSpec=1.0',
        ...headersOf(who),
      },
      body: JSON.stringify({
        query: eventsQuery,
        variables: { id },
        extensions: {
          subscription: {
            callbackUrl: `${router.url}/${subscriptionId}`,
            subscriptionId,
            verifier: 'v',
            heartbeatIntervalMs: 0,
          },
        },
      }),
    });
    return { status: response.status, body: await response.json() };
  },
};

const eventsQuery = 'subscription ($id: ID!) { inferenceEvents(id: $id) { kind text } }';

describe.each(Object.entries(doors))('%s', (_, knock) => {
  test.each(strangers)(
    'shows %s what it shows for an id that does not exist',
    async (_who, who) => {
      const unknownId = `run_${randomUUID()}`;
      const known = JSON.stringify(await knock(runId, who)).replaceAll(runId, 'ID');
      const unknown = JSON.stringify(await knock(unknownId, who)).replaceAll(unknownId, 'ID');
      expect(known).toBe(unknown);
      expect(known).not.toMatch(/SUCCEEDED|TEXT|FINISHED/);
    },
  );
});

describe('the owner', () => {
  test('gets his run at every door', async () => {
    const state = { state: 'SUCCEEDED' };
    expect(await doors['inferenceRun']?.(runId, owner)).toMatchObject({
      data: { inferenceRun: { ...state, output: { text: expect.stringMatching(/./) as string } } },
    });
    expect(await doors['_entities']?.(runId, owner)).toMatchObject({
      data: { _entities: [state] },
    });
    expect(await doors['cancelInference']?.(runId, owner)).toMatchObject({
      data: { cancelInference: { run: state } },
    });
    expect(await doors['inferenceEvents by WebSocket']?.(runId, owner)).toMatchObject({
      ended: undefined,
    });
    for (const transport of ['inferenceEvents by WebSocket', 'inferenceEvents by event stream']) {
      expect(JSON.stringify(await doors[transport]?.(runId, owner))).toContain('FINISHED');
    }
    await doors['inferenceEvents by callback']?.(runId, owner);
    expect(JSON.stringify(await router.received('complete', 1))).not.toContain('errors');
  });
});

interface Edges {
  readonly edges: readonly { readonly cursor: string; readonly node: unknown }[];
}

describe('lists and sums', () => {
  const list = `query ($after: String, $state: [InferenceState!]) {
    inferenceRuns(first: 100, after: $after, filter: { state: $state }) { totalCount edges { cursor node { id } } }
    inferenceUsage { runs charge }
  }`;

  test.each([
    ['another caller', { caller: 'bert' }],
    ['an operator', { caller: 'olga', scopes: everyScope }],
  ])('hold for %s only what is his', async (_, who) => {
    const theirs = await service.ask(list, {}, who);
    expect(theirs.data?.['inferenceRuns']).toEqual({ totalCount: 0, edges: [] });
    expect(theirs.data?.['inferenceUsage']).toEqual([]);
    const own = await service.ask(list, {}, owner);
    const { edges } = (own.data ?? {})['inferenceRuns'] as Edges;
    expect(edges.map(({ node }) => node)).toContainEqual({ id: runId });
    const after = edges[0]?.cursor;
    const behind = await service.ask(list, { after }, who);
    expect(behind.data?.['inferenceRuns']).toEqual({ totalCount: 0, edges: [] });
  });

  test('of all callers are for operators', async () => {
    const byCaller = '{ inferenceUsage(groupBy: [CALLER]) { caller runs } }';
    const refused = await service.ask(byCaller, {}, { caller: 'bert' });
    expect(refused.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    const { data } = await service.ask(byCaller, {}, { caller: 'olga', scopes: everyScope });
    expect(data?.['inferenceUsage']).toContainEqual({ caller: 'anna', runs: 1 });
  });

  test('are for nobody without a name', async () => {
    const { data, errors } = await service.ask(list, {}, { caller: '' });
    expect(data).toBeNull();
    expect(errors?.[0]?.extensions?.['code']).toBe('UNAUTHENTICATED');
  });
});

describe('a run of unknown outcome', () => {
  const operator: Who = { caller: 'olga', scopes: 'inference:operate' };
  const found = `query ($state: [InferenceState!]) {
    inferenceRuns(filter: { state: $state }) { nodes { id state output { text } } }
  }`;

  test('is found and resolved by operators, without its content, and is then its owner’s alone', async () => {
    service.groq.replyOnce(chatPath, hangUp);
    const { run } = await service.launch({ idempotencyKey: newKey() }, owner);
    const id = run?.id ?? '';
    expect(run?.state).toBe('UNKNOWN');
    expect(JSON.stringify(await doors['inferenceRun']?.(id, { caller: 'bert' }))).not.toContain(
      'UNKNOWN',
    );

    const unknown = await service.ask(found, { state: ['UNKNOWN'] }, operator);
    expect(unknown.data).toEqual({
      inferenceRuns: { nodes: [{ id, state: 'UNKNOWN', output: null }] },
    });
    for (const state of [undefined, ['UNKNOWN', 'SUCCEEDED'], []]) {
      const { errors } = await service.ask(found, { state }, operator);
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    }
    const single = await service.ask(
      'query ($id: ID!) { inferenceRun(id: $id) { state events { cursor } } }',
      { id },
      operator,
    );
    expect(single.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    const stop = await doors['cancelInference']?.(id, { caller: 'olga', scopes: everyScope });
    expect(stop).toMatchObject({ data: { cancelInference: { code: 'RUN_NOT_FOUND' } } });

    const resolved = await doors['resolveInference']?.(id, operator);
    expect(resolved).toMatchObject({ data: { resolveInference: { run: { state: 'FAILED' } } } });
    expect(await service.run(id, operator)).toBeNull();
    expect((await service.run(id, owner))?.resolution).toMatchObject({ outcome: 'NOT_EXECUTED' });
  });
});
