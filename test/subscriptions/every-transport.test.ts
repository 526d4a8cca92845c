import { createClient as createEventStreamClient } from 'graphql-sse';
import { createClient as createWebSocketClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';

import { clientError } from '../../src/graphql/errors.ts';
import { startCallbackRouter } from '../support/callback-router.ts';
import type { CallbackRouter } from '../support/callback-router.ts';
import { callerNamed, codeOf, startLiveService } from '../support/live-service.ts';
import type { LiveService } from '../support/live-service.ts';
import { collect, until } from './collected.ts';

const brokenId = 'run_of_a_broken_store';

let service: LiveService;
let router: CallbackRouter;
let runOfAnna: string;
beforeAll(async () => {
  router = await startCallbackRouter();
  service = await startLiveService({
    callbackHosts: [router.host],
    authenticate: ({ authorization }) => {
      if (authorization === undefined) throw clientError('UNAUTHENTICATED', 'Who are you?');
      return callerNamed(authorization);
    },
    wrapStore: (store) => ({
      ...store,
      ledger: new Proxy(store.ledger, {
        get(ledger, name) {
          const member: unknown = Reflect.get(ledger, name, ledger);
          if (typeof member !== 'function') return member;
          return (...args: readonly unknown[]): unknown => {
            if (JSON.stringify(args).includes(brokenId)) {
              throw new Error('relation "run" of host db.internal is broken');
            }
            return Reflect.apply(member, ledger, args);
          };
        },
      }),
    }),
  });
  const run = await service.startRun({ caller: 'anna' });
  await run.finish();
  runOfAnna = run.id;
});
afterAll(async () => {
  await service.stop();
  await router.close();
});

/** What a client is told first, when it is told no. */
interface Refusal {
  readonly code: unknown;
  readonly message: string;
}

type Ask = (
  query: string,
  variables: Readonly<Record<string, unknown>>,
  authorization: string | undefined,
) => Promise<Refusal>;

interface GivenError {
  readonly message: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

function refusalIn(errors: readonly GivenError[] | undefined): Refusal {
  return {
    code: errors?.[0]?.extensions?.['code'],
    message: errors?.map(({ message }) => message).join() ?? 'nothing was refused',
  };
}

async function posted(
  body: object,
  accept: string,
  authorization: string | undefined,
): Promise<Refusal> {
  const response = await fetch(service.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept,
      ...(authorization === undefined ? {} : { authorization }),
    },
    body: JSON.stringify(body),
  });
  const { errors } = (await response.json()) as { readonly errors?: readonly GivenError[] };
  return refusalIn(errors);
}

/** What a client of either protocol makes of a refusal: errors of GraphQL, a close event, or an answer. */
async function refusalOf(reason: unknown, firstValue: unknown): Promise<Refusal> {
  const given = reason ?? (firstValue as { readonly errors?: unknown } | undefined)?.errors;
  if (Array.isArray(given)) return refusalIn(given as readonly GivenError[]);
  if (given instanceof Error && 'response' in given) {
    const { errors } = (await (given.response as Response).json()) as {
      readonly errors?: readonly GivenError[];
    };
    return refusalIn(errors);
  }
  const [code, ...words] = String((given as { readonly reason?: unknown }).reason).split(': ');
  return { code, message: words.join(': ') };
}

const transports: Readonly<Record<string, Ask>> = {
  WebSocket: async (query, variables, authorization) => {
    const client = createWebSocketClient({
      url: service.webSocketUrl,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      ...(authorization === undefined ? {} : { connectionParams: { authorization } }),
    });
    const collected = collect<unknown>();
    client.subscribe({ query, variables }, collected.sink);
    const reason = await collected.ended;
    await client.dispose();
    return await refusalOf(reason, collected.values[0]);
  },
  'server-sent events': async (query, variables, authorization) => {
    const client = createEventStreamClient({
      url: service.url,
      retryAttempts: 0,
      ...(authorization === undefined ? {} : { headers: { authorization } }),
    });
    const collected = collect<unknown>();
    client.subscribe({ query, variables }, collected.sink);
    const refusal = await refusalOf(await collected.ended, collected.values[0]);
    client.dispose();
    return refusal;
  },
  'HTTP callbacks': async (query, variables, authorization) => {
    const subscription = { callbackUrl: `${router.url}/x`, subscriptionId: 'x', verifier: 'y' };
    const body = { query, variables, extensions: { subscription } };
    return await posted(body, 'application/json;callbackSpec=1.0', authorization);
  },
};

const asQuery: Ask = async (query, variables, authorization) =>
  await posted({ query, variables }, 'application/json', authorization);

interface Case {
  readonly code: string;
  readonly subscription: string;
  /** The same fault in a query; absent where there is none like it. */
  readonly query?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  /** `bert` when absent, undefined for nobody. */
  readonly as?: string | undefined;
}

const deep = `${'model { offerings { nodes { '.repeat(5)} id ${'} } }'.repeat(5)}`;
const aliases = Array.from({ length: 31 }, (_, index) => `a${index}: kind`).join(' ');
const manyModels = { filter: { model: Array.from({ length: 101 }, (_, index) => `m${index}`) } };

const cases: Readonly<Record<string, Case>> = {
  'nobody in particular': {
    code: 'UNAUTHENTICATED',
    as: undefined,
    subscription: 'subscription { offeringChanged { kind } }',
    query: '{ offerings { totalCount } }',
  },
  'a document that is none': {
    code: 'GRAPHQL_PARSE_FAILED',
    subscription: 'subscription { offeringChanged {',
    query: '{ offerings {',
  },
  'a field that does not exist': {
    code: 'GRAPHQL_VALIDATION_FAILED',
    subscription: 'subscription { offeringChanged { nothing } }',
    query: '{ offerings { nothing } }',
  },
  'too many levels': {
    code: 'DOCUMENT_TOO_DEEP',
    subscription: `subscription { offeringChanged { offering { ${deep} } } }`,
    query: `{ offering(id: "x") { ${deep} } }`,
  },
  'too many aliases': {
    code: 'DOCUMENT_TOO_MANY_ALIASES',
    subscription: `subscription { offeringChanged { ${aliases} } }`,
    query: `{ providers { ${aliases} } }`,
  },
  'too many objects': {
    code: 'DOCUMENT_TOO_COSTLY',
    subscription:
      'subscription { offeringChanged { offering { model { offerings(first: 100) { nodes { provider { offerings(first: 100) { nodes { model { offerings(first: 100) { totalCount } } } } } } } } } } }',
    query:
      '{ offerings(first: 100) { nodes { provider { offerings(first: 100) { nodes { model { offerings(first: 100) { totalCount } } } } } } } }',
  },
  'too many words': {
    code: 'DOCUMENT_TOO_MANY_TOKENS',
    subscription: `subscription { offeringChanged { ${'kind '.repeat(2_000)} } }`,
    query: `{ providers { ${'kind '.repeat(2_000)} } }`,
  },
  'a variable of another type': {
    code: 'BAD_USER_INPUT',
    subscription: 'subscription ($id: ID!) { inferenceEvents(id: $id) { kind } }',
    query: 'query ($id: ID!) { inferenceRun(id: $id) { id } }',
    variables: { id: { nested: true } },
  },
  'a filter beyond its bounds': {
    code: 'BAD_USER_INPUT',
    subscription:
      'subscription ($filter: OfferingFilter) { offeringChanged(filter: $filter) { kind } }',
    query: 'query ($filter: OfferingFilter) { offerings(filter: $filter) { totalCount } }',
    variables: manyModels,
  },
  'a cursor that is none': {
    code: 'BAD_USER_INPUT',
    subscription: 'subscription { offeringChanged(after: "nonsense") { kind } }',
    query: '{ offerings(after: "nonsense") { totalCount } }',
  },
  'the run of somebody else': {
    code: 'NOT_FOUND',
    subscription: 'subscription ($id: ID!) { inferenceEvents(id: $id) { kind } }',
    variables: { id: 'RUN_OF_ANNA' },
  },
  'a fault of ours': {
    code: 'INTERNAL_SERVER_ERROR',
    subscription: `subscription { inferenceEvents(id: "${brokenId}") { kind } }`,
    query: `{ inferenceRun(id: "${brokenId}") { id } }`,
  },
};

describe.each(Object.entries(transports))('by %s', (_, ask) => {
  test.each(Object.entries(cases))('%s is refused as in a query', async (__, each) => {
    const { code, subscription, query, variables = {} } = each;
    const caller = 'as' in each ? each.as : 'bert';
    const given = variables['id'] === 'RUN_OF_ANNA' ? { id: runOfAnna } : variables;
    const refusal = await ask(subscription, given, caller);
    expect(refusal.code).toBe(code);
    expect(JSON.stringify(refusal)).not.toContain('db.internal');
    if (query !== undefined) {
      const asked = await asQuery(query, given, caller);
      expect(asked.code).toBe(code);
      if (code === 'INTERNAL_SERVER_ERROR') expect(refusal.message).toBe(asked.message);
    }
    await until(async () => (await openSubscriptions()) === 0);
  });
});

test.each([
  'application/json',
  '*/*',
  'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json',
  'multipart/mixed;subscriptionSpec="1.0", application/json',
  'application/graphql-response+json, application/json;q=0.9',
])(
  'a subscription posted as a plain query is refused in words, also to who accepts %s',
  async (accept) => {
    const response = await fetch(service.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept, authorization: 'bert' },
      body: JSON.stringify({ query: 'subscription { offeringChanged { kind } }' }),
    });
    const body: unknown = await response.json();
    expect([response.status, codeOf(body)]).toEqual([400, 'SUBSCRIPTION_TRANSPORT_REQUIRED']);
    expect(JSON.stringify(body)).toContain('graphql-transport-ws');
  },
);

test('a subscription by a GET without a transport is refused in the same words', async () => {
  const url = `${service.url}?query=${encodeURIComponent('subscription { offeringChanged { kind } }')}`;
  const response = await fetch(url, {
    headers: { 'apollo-require-preflight': '1', authorization: 'bert', accept: 'application/json' },
  });
  expect([response.status, codeOf(await response.json())]).toEqual([
    400,
    'SUBSCRIPTION_TRANSPORT_REQUIRED',
  ]);
});

async function openSubscriptions(): Promise<number> {
  const counts = await Promise.all(
    ['websocket', 'event_stream', 'callback'].map(
      async (transport) =>
        await service.metric(`gpubroker_subscriptions_open{transport="${transport}"}`),
    ),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
