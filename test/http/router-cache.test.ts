import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { SnapshotChange } from '../../src/catalogue/catalogue.ts';
import type { OfferingChange } from '../../src/catalogue/offering-changes.ts';
import type { OfferingEntry, Snapshot } from '../../src/catalogue/snapshot.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { RouterCache } from '../../src/http/router-cache.ts';
import { createOutwardHttp } from '../../src/providers/http.ts';
import type { OutwardHttp } from '../../src/providers/http.ts';
import { startInvalidationEndpoint } from '../support/invalidation-endpoint.ts';
import type { InvalidationEndpoint } from '../support/invalidation-endpoint.ts';

const key = 'shared-key';

let endpoint: InvalidationEndpoint;
let http: OutwardHttp;
let cache: RouterCache;
let outcomes: string[];
let logged: unknown[];
beforeEach(async () => {
  endpoint = await startInvalidationEndpoint(key);
  http = createOutwardHttp({ clock: systemClock });
  outcomes = [];
  logged = [];
  cache = cacheWith(() => key);
});
afterEach(async () => {
  await cache.stop();
  await http.close();
  await endpoint.close();
});

function cacheWith(readKey: () => string | Promise<string>): RouterCache {
  return new RouterCache({
    url: new URL(endpoint.url),
    subgraph: 'inference',
    key: readKey,
    http,
    onOutcome: (outcome) => outcomes.push(outcome),
    log: (event, fields) => logged.push({ event, ...fields }),
    repeatAfterMs: [1, 1],
  });
}

function entry(id: string, state: Partial<OfferingEntry> = {}): OfferingEntry {
  return {
    id,
    available: true,
    throughput: 100,
    price: undefined,
    provider: { id: 'groq' },
    model: { id: `model of ${id}`, lifecycle: 'ACTIVE' },
    ...state,
  } as OfferingEntry;
}

/** A swap in which something became unavailable, unless the change says otherwise. */
function swap(
  ids: readonly string[],
  changeOf: (id: string) => OfferingChange = (id) => ({
    before: entry(id),
    after: entry(id, { available: false }),
  }),
): SnapshotChange {
  return { previous: {} as Snapshot, snapshot: {} as Snapshot, changes: ids.map(changeOf) };
}

const ids = (count: number) => Array.from({ length: count }, (_, index) => `${index}`);

describe('a router’s cache', () => {
  test('is told each tag once, at most 500 in a call, one call after the other', async () => {
    cache.invalidate(swap(ids(600)));
    await expect.poll(() => endpoint.calls.flat().length).toBe(2 * 600 + 2);
    const tags = endpoint.calls.flat().map(({ cache_tag: tag }) => tag);
    expect(new Set(tags).size).toBe(tags.length);
    expect(endpoint.calls.map((call) => call.length)).toEqual([500, 500, 202]);
  });

  test('is told to forget everything when there is too much to name', async () => {
    cache.invalidate(swap(ids(3_000)));
    await expect.poll(() => endpoint.calls.length).toBe(1);
    expect(endpoint.calls[0]).toEqual([{ kind: 'subgraph', subgraph: 'inference' }]);
    cache.invalidate(swap(['a']));
    await expect.poll(() => endpoint.calls.length).toBe(2);
    expect(endpoint.calls[1]).toHaveLength(4);
  });

  test('is told what changed during a call in the next one', async () => {
    const release = endpoint.hold();
    cache.invalidate(swap(['a']));
    await expect.poll(() => endpoint.calls.length).toBe(1);
    for (const id of ['b', 'c', 'b']) cache.invalidate(swap([id]));
    release();
    await expect.poll(() => endpoint.calls.length).toBe(2);
    expect(endpoint.calls[1]?.map(({ cache_tag: tag }) => tag)).toEqual([
      'offering-b',
      'model-model of b',
      'provider-groq',
      'catalogue',
      'offering-c',
      'model-model of c',
    ]);
  });

  test('is told of what is new and what is gone, not of speed alone nor of the first snapshot', async () => {
    cache.invalidate({ ...swap(['first']), previous: undefined });
    cache.invalidate(
      swap(['fast'], (id) => ({ before: entry(id), after: entry(id, { throughput: 200 }) })),
    );
    cache.invalidate(swap(['new'], (id) => ({ before: undefined, after: entry(id) })));
    await expect.poll(() => endpoint.calls.length).toBe(1);
    cache.invalidate(swap(['gone'], (id) => ({ before: entry(id), after: undefined })));
    await expect.poll(() => endpoint.calls.length).toBe(2);
    expect(endpoint.calls.map((call) => call[0]?.cache_tag)).toEqual([
      'offering-new',
      'offering-gone',
    ]);
  });

  test('that does not answer is asked as often as is repeated, and then left to the answers’ age', async () => {
    endpoint.answerNext(500, 0, 429);
    cache.invalidate(swap(['a']));
    await expect.poll(() => outcomes).toEqual(['failed', 'failed', 'failed', 'given_up']);
    expect(logged).toEqual([
      { event: 'router_cache.not_invalidated', reason: 'status 429', requests: 4 },
    ]);
    cache.invalidate(swap(['b']));
    await expect.poll(() => outcomes.at(-1)).toBe('done');
    expect(endpoint.calls).toHaveLength(1);
  });

  test('that says no is not asked again', async () => {
    endpoint.answerNext(400);
    cache.invalidate(swap(['a']));
    await expect.poll(() => outcomes).toEqual(['refused']);
    expect(endpoint.statuses).toEqual([400]);
  });

  test('gets the key as it is when the call is made, and no word of it is logged', async () => {
    let present = 'key\nof two lines';
    const rotating = cacheWith(() => Promise.resolve(present));
    rotating.invalidate(swap(['a']));
    await expect.poll(() => outcomes.at(-1)).toBe('given_up');
    present = key;
    rotating.invalidate(swap(['b']));
    await expect.poll(() => outcomes.at(-1)).toBe('done');
    expect(JSON.stringify(logged)).not.toContain('two lines');
    await rotating.stop();
  });

  test('is left alone at once when the service stops', async () => {
    const release = endpoint.hold();
    cache.invalidate(swap(['a']));
    await expect.poll(() => endpoint.calls.length).toBe(1);
    await cache.stop();
    release();
    cache.invalidate(swap(['b']));
    expect(endpoint.calls).toHaveLength(1);
    expect([outcomes, logged]).toEqual([[], []]);
  });
});
