import { afterAll, beforeAll, expect, test } from 'vitest';

import { startLiveService } from '../support/live-service.ts';
import type { LiveService } from '../support/live-service.ts';
import { until } from './collected.ts';
import { RawSubscriber } from './raw-subscriber.ts';

const subscriberCount = 500;
const changeCount = 20;
const model = 'openai/gpt-oss-20b';
const open = 'gpubroker_subscriptions_open{transport="websocket"}';

/** What different pages of a marketplace ask; each is made once for everybody who asks it. */
const documents = [
  'subscription { offeringChanged { cursor after { price { input } } } }',
  'subscription { offeringChanged { cursor kind after { price { input } } } }',
  'subscription($filter: OfferingFilter) { offeringChanged(filter: $filter) { cursor after { price { input } } } }',
  'subscription { offeringChanged { cursor after { price { input } } offering { id model { name } } } }',
] as const;

let service: LiveService;
beforeAll(async () => {
  service = await startLiveService();
});
afterAll(async () => {
  await service.stop();
});

test('500 subscribers are told of every change, in order, while queries are answered', async () => {
  const subscribers = await Promise.all(
    Array.from({ length: subscriberCount }, async (_, index) => {
      const subscriber = await RawSubscriber.ready(service.webSocketUrl);
      const document = documents[index % documents.length] ?? '';
      subscriber.subscribe(`${index}`, document, { filter: { model: [model] } });
      return subscriber;
    }),
  );
  await until(async () => (await service.metric(open)) === subscriberCount);

  let answered = 0;
  const done = new AbortController();
  const asking = (async () => {
    while (!done.signal.aborted) {
      const response = await fetch(service.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: '{ offerings(first: 5) { nodes { id costPerToken } } }' }),
      });
      expect(response.status).toBe(200);
      await response.arrayBuffer();
      answered += 1;
    }
  })();
  const prices = Array.from({ length: changeCount }, (_, index) => `0.0000001${100 + index}1`);
  const before = service.contextsMade() - answered;
  for (const price of prices) await service.setInputPrice(model, price);
  await Promise.all(
    subscribers.map(async (subscriber) => await subscriber.received(changeCount + 1)),
  );
  done.abort();
  await asking;

  for (const { messages } of subscribers) {
    const told = messages.slice(1).map(({ payload }) => {
      const { data } = payload as {
        readonly data: {
          readonly offeringChanged: { readonly after: { price: { input: string } } };
        };
      };
      return data.offeringChanged.after.price.input;
    });
    expect(told).toEqual(prices);
  }
  expect(answered).toBeGreaterThan(0);
  const executions = service.contextsMade() - answered - before;
  expect(executions).toBe(documents.length * changeCount);
  expect(await service.metric('gpubroker_subscription_results_total{transport="websocket"}')).toBe(
    subscriberCount * changeCount,
  );

  for (const subscriber of subscribers) subscriber.leave();
  await until(async () => (await service.metric(open)) === 0);
  await service.setInputPrice(model, '0.00000015');
  expect(service.contextsMade() - answered - before).toBe(executions);
});
