import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  after,
  bigBody,
  cutBody,
  empty,
  gzipBomb,
  hang,
  hangMidBody,
  hangUp,
  html,
  json,
  jsonText,
  notHttp,
  redirectTo,
} from '../support/groq-responders.ts';
import type { Responder } from '../support/groq-responders.ts';
import { recordedExchange, recordedNames } from '../support/recorded-exchanges.ts';
import { startService, withKey } from '../support/service.ts';
import type { TestService } from '../support/service.ts';

const listPath = '/openai/v1/models';
const good = recordedExchange('models-list-2026-10-02-with-pricing');
const goodBody = good.response.body as { readonly data: readonly Record<string, unknown>[] };

/** Limits of the registry that make a hang short. */
const impatient = {
  limits: { maximumBodyBytes: 1_048_576, connectTimeoutMs: 2_000, totalTimeoutMs: 2_000 },
};

interface State {
  readonly provider: {
    readonly status: { readonly state: string; readonly reason: string | null };
    readonly feeds: readonly {
      readonly name: string;
      readonly state: string;
      readonly error: string | null;
      readonly lastSuccessAt: string | null;
      readonly rejected: readonly { readonly id: string; readonly reason: string }[];
    }[];
  };
  readonly offerings: {
    readonly totalCount: number;
    readonly nodes: readonly {
      readonly id: string;
      readonly available: boolean;
      readonly model: { readonly id: string };
      readonly pricing: {
        readonly input: string | null;
        readonly output: string | null;
        readonly basis: string;
        readonly observedAt: string;
        readonly pending: { readonly input: string | null; readonly reason: string } | null;
      } | null;
    }[];
  };
}

const state = `{
  provider(id: "groq") {
    status { state reason }
    feeds { name state error lastSuccessAt rejected { id reason } }
  }
  offerings(first: 100) {
    totalCount
    nodes { id available model { id } pricing { input output basis observedAt pending { input reason } } }
  }
}`;

const listFeed = ({ provider }: State) => provider.feeds.find(({ name }) => name === 'models');
const stateOf = ({ provider }: State) => provider.status.state;

/** A service that tests share; each begins by {@link recovered}. */
function sharedService(): () => TestService {
  let service: TestService;
  const ends: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    service = await startService(withKey, {
      registry: impatient,
      groq: (server) => server.reply(listPath, good),
      atEnd: (stop) => ends.push(stop),
    });
    await service.until<State>(state, (answer) => stateOf(answer) === 'READY');
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });
  return () => service;
}

/** Brings a service to where it has just read Groq's list well, and tells what it shows then. */
async function recovered(service: TestService): Promise<State> {
  service.groq.reply(listPath, good);
  await service.advanceToNextPoll();
  return await service.until<State>(state, (answer) => stateOf(answer) === 'READY');
}

/** A model that the list which ships with the service prices by the second of audio. */
const launchOfListed = `mutation {
  launchInference(input: {
    idempotencyKey: "listed", model: "whisper-large-v3", audioUrl: "https://audio.example/a.mp3"
  }) { ... on LaunchRefusal { code retryable } }
}`;

it('a launch at a listed price makes sense again only while the provider may yet give a better one', async () => {
  const asked = Promise.withResolvers<void>();
  const service = await startService(withKey, {
    registry: impatient,
    groq: (server) => server.reply(listPath, after(asked.promise, empty(503))),
  });
  const refused = { code: 'PRICE_LISTED', retryable: true };
  expect(listFeed(await service.data<State>(state))).toBeUndefined();
  expect(await service.data(launchOfListed)).toEqual({ launchInference: refused });
  asked.resolve();
  await service.until<State>(state, (answer) => listFeed(answer)?.state === 'FAILING');
  expect(await service.data(launchOfListed)).toEqual({ launchInference: refused });
  await recovered(service);
  expect(await service.data(launchOfListed)).toEqual({
    launchInference: { ...refused, retryable: false },
  });
});

describe('an answer that cannot be used never takes the service down, never shows as a price, and is told', () => {
  const shared = sharedService();

  const faults: readonly (readonly [string, Responder])[] = [
    ['a body of 200 MB', bigBody(200_000_000, { declared: true })],
    ['a body of 200 MB that does not say so', bigBody(200_000_000, { declared: false })],
    ['a small body that inflates to 200 MB', gzipBomb(200_000_000)],
    ['a web page', html()],
    ['a web page with an error', html(502)],
    ['JSON that is cut', cutBody(goodBody)],
    ['JSON that stops half-way', hangMidBody(goodBody)],
    ['JSON that ends half-way', jsonText(JSON.stringify(goodBody).slice(0, -20))],
    ['nothing, for ever', hang],
    ['a connection that is closed', hangUp],
    ['another protocol', notHttp],
    ['an empty body', empty()],
    ['no content', empty(204)],
    ['a redirect', redirectTo('http://127.0.0.1:9/elsewhere')],
    ['other JSON', json({ status: 'ok' })],
    ['a list of something else', json({ object: 'list', data: 'models' })],
    ['null', jsonText('null')],
    ['an empty list', json({ object: 'list', data: [] })],
    ['rows without ids', json({ object: 'list', data: [{ name: 'a' }, null, 7, { id: '' }] })],
    ['a server error', empty(500)],
  ];

  it.each(faults)('%s', async (_, responder) => {
    const service = shared();
    const before = await recovered(service);
    service.groq.reply(listPath, responder);
    await service.advanceToNextPoll();
    const after = await service.until<State>(state, (answer) => stateOf(answer) !== 'READY');
    expect(after.provider.status).toMatchObject({
      state: 'DEGRADED',
      reason: expect.stringMatching(/.{10,}/),
    });
    expect(listFeed(after)).toMatchObject({
      state: 'FAILING',
      error: after.provider.status.reason,
      lastSuccessAt: listFeed(before)?.lastSuccessAt,
    });
    expect(after.offerings).toEqual(before.offerings);
  });

  it('tells rows without ids one by one', async () => {
    const service = shared();
    await recovered(service);
    service.groq.reply(listPath, json({ object: 'list', data: [{ name: 'a' }, null, { id: 7 }] }));
    await service.advanceToNextPoll();
    const after = await service.until<State>(state, (answer) => stateOf(answer) === 'DEGRADED');
    expect(listFeed(after)?.rejected).toEqual([
      { id: '#1', reason: 'the row has no id' },
      { id: '#2', reason: 'the row is not an object' },
      { id: '#3', reason: 'the id is not a string' },
    ]);
  });

  it('nobody listening', async () => {
    const service = await startService(withKey, {
      groq: (server) => server.reply(listPath, good),
    });
    const before = await service.until<State>(state, (answer) => stateOf(answer) === 'READY');
    await service.groq.close();
    await service.clock.advance(330_000);
    const after = await service.until<State>(state, (answer) => stateOf(answer) !== 'READY');
    expect(stateOf(after)).toBe('DEGRADED');
    expect(after.offerings).toEqual(before.offerings);
  });

  it('nobody listening from the start', async () => {
    const service = await startService({ ...withKey, GROQ_BASE_URL: 'http://127.0.0.1:9' });
    const answer = await service.until<State>(state, (shown) => stateOf(shown) === 'UNAVAILABLE');
    expect(answer.offerings.totalCount).toBe(11);
    expect(listFeed(answer)).toMatchObject({ state: 'FAILING', lastSuccessAt: null });
  });
});

describe('every recorded error of Groq', () => {
  const shared = sharedService();

  it.each(recordedNames('error-'))(
    '%s leaves what was known, and no word of it that is private',
    async (name) => {
      const service = shared();
      const before = await recovered(service);
      service.groq.reply(listPath, recordedExchange(name));
      await service.advanceToNextPoll();
      const after = await service.until<State>(state, (answer) => stateOf(answer) !== 'READY');
      expect(after.offerings).toEqual(before.offerings);
      expect(listFeed(after)?.error).toMatch(/.{5,}/);
      expect(JSON.stringify(after)).not.toMatch(/org_|proj_|gsk_/);
    },
  );
});

describe('a garbled price', () => {
  const listWith = (pricing: unknown): Responder =>
    json({
      object: 'list',
      data: [
        { id: 'odd', output_modalities: ['text'], pricing },
        { id: 'good', output_modalities: ['text'], pricing: { prompt: '0.2', completion: '0.3' } },
      ],
    });
  const priceOf = (answer: State, id: string) =>
    answer.offerings.nodes.find(({ model }) => model.id === id)?.pricing ?? null;
  const shown = async (pricing: unknown): Promise<State> => {
    const service = await startService(withKey, {
      groq: (server) => server.reply(listPath, listWith(pricing)),
    });
    return await service.until<State>(state, (answer) => stateOf(answer) === 'READY');
  };

  it.each([
    ['negative', '-0.1'],
    ['a word', 'free'],
    ['not a number', 'NaN'],
    ['endless', '1e400'],
    ['absurd', '70000'],
    ['an object', {}],
    ['true', true],
  ])('that is %s never shows, while its neighbours do', async (_, prompt) => {
    const answer = await shown({ prompt, completion: '0.1' });
    expect(priceOf(answer, 'good')).toMatchObject({ input: '0.2', output: '0.3', basis: 'LIVE' });
    expect(priceOf(answer, 'odd')).toBeNull();
    expect(listFeed(answer)?.rejected).toEqual([
      { id: 'odd', reason: expect.stringContaining('prompt') },
    ]);
  });

  it.each([
    ['null', null, null],
    ['without a price', {}, null],
    ['null in one part', { prompt: null, completion: '0.1' }, { input: null, output: '0.1' }],
    ['zero', { prompt: '0', completion: '0' }, { input: '0', output: '0' }],
  ])(
    'that is %s is unknown there, and zero only where it says so',
    async (_, pricing, expected) => {
      const odd = priceOf(await shown(pricing), 'odd');
      expect(odd === null ? null : { input: odd.input, output: odd.output }).toEqual(expected);
    },
  );
});

describe('a price that moves too far', () => {
  const listWith = (prompt: string): Responder =>
    json({
      object: 'list',
      data: [
        { id: 'm', output_modalities: ['text'], pricing: { prompt, completion: '0.0000006' } },
      ],
    });
  const priceOf = (answer: State) =>
    answer.offerings.nodes.find(({ model }) => model.id === 'm')?.pricing;

  it('is held and shown as pending, and confirmed by a second reading 15 s later', async () => {
    const service = await startService(withKey, {
      groq: (server) => server.reply(listPath, listWith('0.00000015')),
    });
    await service.until<State>(state, (answer) => stateOf(answer) === 'READY');
    service.groq.reply(listPath, listWith('0.00009'));
    await service.clock.advance(300_000);
    const held = await service.until<State>(state, (answer) => priceOf(answer)?.pending != null);
    expect(priceOf(held)).toMatchObject({
      input: '0.00000015',
      pending: { input: '0.00009', reason: expect.stringContaining('more than 10 times') },
    });
    await service.until<State>(state, () => service.clock.pendingMs.includes(15_000));
    await service.clock.advance(15_000);
    const confirmed = await service.until<State>(
      state,
      (answer) => priceOf(answer)?.pending === null,
    );
    expect(priceOf(confirmed)?.input).toBe('0.00009');
  });

  it('is held over a restart too', async () => {
    const service = await startService(withKey, {
      groq: (server) => server.reply(listPath, listWith('0.00000015')),
    });
    await service.until<State>(state, (answer) => stateOf(answer) === 'READY');
    service.groq.reply(listPath, listWith('0'));
    await service.clock.advance(60_000);
    await service.restart();
    const held = await service.until<State>(state, (answer) => priceOf(answer)?.pending != null);
    expect(priceOf(held)).toMatchObject({ input: '0.00000015', pending: { input: '0' } });
  });
});
