import { setTimeout as sleep } from 'node:timers/promises';

import type { SnapshotChange } from '../catalogue/catalogue.ts';
import { changesMoreThanSpeed } from '../catalogue/offering-changes.ts';
import { tagsOfChange } from '../graphql/cache-tags.ts';
import type { OutwardHttp } from '../providers/http.ts';

/** What became of one call to the router. */
export type InvalidationOutcome =
  | 'done'
  /** It did not answer, or was busy; the call is repeated. */
  | 'failed'
  /** It answered that it will not do that: nothing of it is repeated. */
  | 'refused'
  /** It failed as often as it is repeated. */
  | 'given_up';

export interface RouterCacheOptions {
  /** The router's invalidation endpoint. */
  readonly url: URL;
  /** What the supergraph calls this subgraph. */
  readonly subgraph: string;
  /** The key that the router shares, read for each call. */
  readonly key: () => string | Promise<string>;
  readonly http: Pick<OutwardHttp, 'call'>;
  readonly onOutcome: (outcome: InvalidationOutcome) => void;
  /** Told of what went wrong, without the key. */
  readonly log: (event: string, fields: Readonly<Record<string, unknown>>) => void;
  /** Pauses before the repeats of a call, in milliseconds. */
  readonly repeatAfterMs?: readonly number[];
}

const defaultRepeatAfterMs = [250, 1_000, 4_000, 10_000] as const;
const callTimeoutMs = 5_000;
const maximumAnswerBytes = 64 * 1024;
const tagsPerCall = 500;
/** Beyond this many, the router forgets everything that it has of this subgraph. */
const maximumTags = 5_000;

/**
 * Tells Apollo Router's response cache which answers a change has made stale, by the tags that those
 * answers carry: `POST` with a list of `{kind: "cache_tag", subgraphs, cache_tag}` and the shared key as
 * `authorization`.
 *
 * It is told of swaps and never waited for. One call is under way at a time; what changes meanwhile gathers
 * for the next one, each tag once. Every replica calls for itself, after its own swap: a router that asked a
 * replica which was still behind has kept the old answer again by then.
 */
export class RouterCache {
  readonly #options: RouterCacheOptions;
  readonly #stopped = new AbortController();
  #tags = new Set<string>();
  #everything = false;
  #working: Promise<void> | undefined;

  constructor(options: RouterCacheOptions) {
    this.#options = options;
  }

  /** Takes what changed with a snapshot; speed alone moves all the time and is left to the answers' age. */
  invalidate({ previous, changes }: SnapshotChange): void {
    if (previous === undefined || this.#stopped.signal.aborted) return;
    for (const change of changes) {
      if (!changesMoreThanSpeed(change)) continue;
      for (const tag of tagsOfChange(change)) this.#tags.add(tag);
    }
    if (this.#tags.size > maximumTags) {
      this.#tags.clear();
      this.#everything = true;
    }
    if (this.#tags.size > 0 || this.#everything) this.#working ??= this.#work();
  }

  /** Gives up what is under way. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#working;
  }

  /** Never rejects. */
  async #work(): Promise<void> {
    for (;;) {
      const requests = this.#next();
      if (requests === undefined || this.#stopped.signal.aborted) break;
      await this.#deliver(JSON.stringify(requests), requests.length);
    }
    this.#working = undefined;
  }

  /** Takes the next requests out of what waits. */
  #next(): readonly object[] | undefined {
    const { subgraph } = this.#options;
    if (this.#everything) {
      this.#everything = false;
      this.#tags.clear();
      return [{ kind: 'subgraph', subgraph }];
    }
    const tags = [...this.#tags].slice(0, tagsPerCall);
    for (const tag of tags) this.#tags.delete(tag);
    if (tags.length === 0) return undefined;
    return tags.map((tag) => ({ kind: 'cache_tag', subgraphs: [subgraph], cache_tag: tag }));
  }

  async #deliver(body: string, requests: number): Promise<void> {
    const { onOutcome, log, repeatAfterMs = defaultRepeatAfterMs } = this.#options;
    for (let attempt = 0; ; attempt += 1) {
      const failure = await this.#call(body);
      if (failure === undefined) {
        onOutcome('done');
        return;
      }
      if (this.#stopped.signal.aborted) return;
      const pauseMs = failure.mayPass ? repeatAfterMs[attempt] : undefined;
      onOutcome(failure.mayPass ? 'failed' : 'refused');
      if (pauseMs === undefined) {
        if (failure.mayPass) onOutcome('given_up');
        log('router_cache.not_invalidated', { reason: failure.reason, requests });
        return;
      }
      await sleep(pauseMs, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
    }
  }

  /** One call; undefined when the router has done as it was told. Never rejects. */
  async #call(body: string): Promise<CallFailure | undefined> {
    const { url, key, http } = this.#options;
    try {
      const result = await http.call({
        method: 'POST',
        url,
        headers: { 'content-type': 'application/json', authorization: await key() },
        body,
        signal: this.#stopped.signal,
        limits: {
          connectTimeoutMs: callTimeoutMs,
          firstByteTimeoutMs: callTimeoutMs,
          idleTimeoutMs: callTimeoutMs,
          totalTimeoutMs: callTimeoutMs,
          maxBodyBytes: maximumAnswerBytes,
        },
      });
      if (!result.ok) return { reason: result.failure.message, mayPass: true };
      const { status } = result.answer;
      if (status >= 200 && status < 300) return undefined;
      return { reason: `status ${status}`, mayPass: status >= 500 || status === 429 };
    } catch {
      // What cannot be read or is no header is the operator's to mend; its text may hold the key.
      return { reason: 'the shared key cannot be read or sent', mayPass: true };
    }
  }
}

interface CallFailure {
  readonly reason: string;
  /** Whether the same call may succeed later. */
  readonly mayPass: boolean;
}
