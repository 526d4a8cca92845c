import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Store } from '../../src/store/open-store.ts';
import { startLiveService } from '../support/live-service.ts';
import type { LiveService } from '../support/live-service.ts';

const runCount = 100;

let service: LiveService;
let offeringIds: readonly string[];
let runIds: readonly string[];
const called: string[] = [];

/** Writes down each call of a store. */
function watched<Target extends object>(target: Target): Target {
  return new Proxy(target, {
    get(_, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: readonly unknown[]): unknown => {
        called.push(String(name));
        return Reflect.apply(member, target, args);
      };
    },
  });
}

beforeAll(async () => {
  service = await startLiveService({
    wrapStore: (store: Store) => ({
      ...store,
      catalogue: watched(store.catalogue),
      ledger: watched(store.ledger),
    }),
  });
  offeringIds = [...service.catalogue.snapshot.offerings.keys()];
  const runs = [];
  for (let count = 0; count < runCount; count += 1) {
    const run = await service.startRun();
    await run.deltas('a', 'b');
    await run.finish();
    runs.push(run.id);
  }
  runIds = runs;
});
afterAll(async () => await service.stop());

/** Everything of an offering that comes out of storage, twice with other arguments, and its neighbours. */
const offering = /* GraphQL */ `
  fragment Whole on Offering {
    id
    costPerToken
    pricing {
      input
      output
      freshness
      ageSeconds
    }
    performance {
      basis
    }
    changes: priceHistory {
      points {
        at
        version
        input
      }
    }
    days: priceHistory(resolution: DAY) {
      buckets {
        first
        last
        lowest
        highest
      }
    }
    then: priceAt(time: "2026-10-02T03:58:23Z") {
      version
    }
    later: priceAt(time: "2026-11-01T00:00:00Z") {
      version
    }
    provider {
      id
      feeds {
        name
      }
      cheapestOffering {
        id
      }
      fastestOffering {
        id
      }
    }
    model {
      id
      lifecycle
      replacement {
        id
      }
    }
  }
`;

const run = /* GraphQL */ `
  fragment Receipt on InferenceRun {
    id
    state
    output {
      text
    }
    cost {
      total
      priceVersion
      lines {
        amount
      }
    }
    attempts {
      number
    }
    events(first: 50) {
      cursor
      kind
      text
      run {
        id
      }
    }
    offering {
      id
      then: priceAt(time: "2026-11-01T00:00:00Z") {
        version
      }
    }
    hostedModel: model {
      id
    }
    hostedBy: provider {
      id
    }
  }
`;

const entities = `query ($representations: [_Any!]!) { _entities(representations: $representations) {
  ... on Offering { ...Whole } ... on InferenceRun { ...Receipt }
} } ${offering} ${run}`;

/** The heaviest documents that the limits let through, for a number of rows. */
const questions: Readonly<
  Record<string, (rows: number) => { readonly query: string; readonly variables?: object }>
> = {
  'a page of offerings with their histories': (rows) => ({
    query: `{ offerings(first: ${rows}) { nodes { ...Whole } } } ${offering}`,
  }),
  'models with their offerings with their histories': (rows) => ({
    query: `{ models(first: ${rows}) { nodes { id offerings(first: 4) { nodes { ...Whole } } } } } ${offering}`,
  }),
  'pages within pages within pages': (rows) => ({
    query: `{ providers { offerings(first: ${rows}) { nodes { id model { offerings(first: 4) { nodes {
      id then: priceAt(time: "2026-11-01T00:00:00Z") { version } provider { id status { state } }
    } } } } } } }`,
  }),
  'a page of runs with their events and outputs': (rows) => ({
    query: `{ inferenceRuns(first: ${rows}) { totalCount nodes { ...Receipt } } } ${run}`,
  }),
  'entities of offerings, as a gateway asks for a page of listings': (rows) => ({
    query: entities,
    variables: {
      representations: Array.from({ length: rows }, (_, index) => ({
        __typename: 'Offering',
        id: offeringIds[index % offeringIds.length],
      })),
    },
  }),
  'entities of runs and offerings together': (rows) => ({
    query: entities,
    variables: {
      representations: Array.from({ length: rows }, (_, index) =>
        index % 2 === 0
          ? { __typename: 'Offering', id: offeringIds[index % offeringIds.length] }
          : { __typename: 'InferenceRun', id: runIds[index] },
      ),
    },
  }),
};

async function callsFor(body: object) {
  called.length = 0;
  const upstream = service.upstreamRequests();
  const response = await fetch(service.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return {
    text,
    errors: (JSON.parse(text) as { readonly errors?: unknown }).errors,
    calls: [...called].sort(),
    upstream: service.upstreamRequests() - upstream,
  };
}

describe.each(Object.entries(questions))('%s', (_, question) => {
  test('take as many calls of storage for a hundred rows as for two, and none of the provider', async () => {
    const few = await callsFor(question(2));
    const many = await callsFor(question(100));
    expect([few.errors, many.errors]).toEqual([undefined, undefined]);
    expect(many.text.length).toBeGreaterThan(few.text.length);
    expect(many.calls).toEqual(few.calls);
    expect(many.calls.length).toBeGreaterThan(0);
    expect(many.calls.length).toBeLessThanOrEqual(8);
    expect([few.upstream, many.upstream]).toEqual([0, 0]);
  });
});

test('a thousand entities take no more calls than two', async () => {
  const question = questions['entities of offerings, as a gateway asks for a page of listings'];
  const few = await callsFor(question?.(2) ?? {});
  const light = `query ($representations: [_Any!]!) { _entities(representations: $representations) {
    ... on Offering { id then: priceAt(time: "2026-11-01T00:00:00Z") { version } provider { id } model { id } }
  } }`;
  const many = await callsFor({ query: light, variables: question?.(1_000).variables });
  expect(many.errors).toBeUndefined();
  expect(many.calls.length).toBeLessThanOrEqual(few.calls.length);
  expect(many.upstream).toBe(0);
});

test('more events than may be read at once are refused in words', async () => {
  const long = await service.startRun();
  await long.deltas(...Array.from({ length: 1_000 }, (_, index) => `${index}`));
  const representations = Array.from({ length: 20 }, () => ({
    __typename: 'InferenceRun',
    id: long.id,
  }));
  const query = (first: number) => `query ($representations: [_Any!]!) {
    _entities(representations: $representations) { ... on InferenceRun { events(first: ${first}) { kind } } }
  }`;
  // The same page of the same run is read once.
  expect(
    (await callsFor({ query: query(1_000), variables: { representations } })).errors,
  ).toBeUndefined();
  const others = [];
  for (let count = 0; count < 11; count += 1) {
    const another = await service.startRun();
    await another.deltas(...Array.from({ length: 1_000 }, (_, index) => `${index}`));
    others.push({ __typename: 'InferenceRun', id: another.id });
  }
  const { errors } = await callsFor({
    query: query(1_000),
    variables: { representations: others },
  });
  expect(JSON.stringify(errors)).toContain('BAD_USER_INPUT');
  expect(JSON.stringify(errors)).toContain('more than 10000 events');
});
