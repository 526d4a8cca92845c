import { readFile } from 'node:fs/promises';

import type { Catalogue } from './catalogue/catalogue.ts';
import type { RouterInvalidationSettings } from './config.ts';
import type { Metrics } from './http/metrics.ts';
import { RouterCache } from './http/router-cache.ts';
import type { RouterCacheOptions } from './http/router-cache.ts';

interface RouterCacheParts extends Pick<RouterCacheOptions, 'http' | 'log'> {
  /** Open. */
  readonly catalogue: Pick<Catalogue, 'onChange'>;
  readonly metrics: Pick<Metrics, 'counter'>;
}

/** Tells a router's cache of every change from now on; gives what stops that. */
export function startRouterCache(
  { url, key, subgraph }: RouterInvalidationSettings,
  { catalogue, metrics, http, log }: RouterCacheParts,
): () => Promise<void> {
  const calls = metrics.counter({
    name: 'router_cache_calls_total',
    help: 'Calls that told the router to forget answers, by what became of them.',
    labels: ['outcome'],
  });
  const cache = new RouterCache({
    url: new URL(url),
    subgraph,
    key: async () =>
      key.kind === 'value' ? key.read() : (await readFile(key.path, 'utf8')).trim(),
    http,
    onOutcome: (outcome) => calls.inc({ outcome }),
    log,
  });
  const stopFollowing = catalogue.onChange((change) => cache.invalidate(change));
  return async () => {
    stopFollowing();
    await cache.stop();
  };
}
