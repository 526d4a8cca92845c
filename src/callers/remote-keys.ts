import { createLocalJWKSet } from 'jose';
import type { CryptoKey, FlattenedJWSInput, JSONWebKeySet, JWSHeaderParameters } from 'jose';

import type { Clock } from '../domain/clock.ts';
import type { CallResult, OutwardHttp } from '../providers/http.ts';

/** An issuer's public keys as they were published at one moment; replaced as a whole, never changed. */
export interface KeySet {
  /**
   * The one key that fits a token's header.
   *
   * @throws JOSEError when none fits, or several do.
   */
  readonly keyFor: (header: JWSHeaderParameters, token?: FlattenedJWSInput) => Promise<CryptoKey>;
  /** As it was sent, to tell whether the next one differs. */
  readonly text: string;
}

/** Why the keys are not at hand, and when it makes sense to ask again. */
export interface KeysMissing {
  readonly retryAfterSeconds: number;
}

export interface RemoteKeysOptions {
  readonly url: URL;
  readonly http: Pick<OutwardHttp, 'call'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** Keys count for this long from when they were asked for: the time within which a removed key is refused. */
export const keysLifeMs = 300_000;
/** From this age they are fetched anew beside the calls, so that none waits for it. */
export const keysRefreshMs = 240_000;
/** How long a cut-off issuer's keys go on vouching for the tokens that were verified before. */
export const keysOutageMs = 3_600_000;
/** No two fetches begin closer together than this, whatever tokens name as their key. */
export const keysCooldownMs = 30_000;
/** As {@link keysCooldownMs} after a failed fetch. */
export const keysRetryMs = 5_000;
/** A published set that is larger is refused. */
export const maximumKeySetBytes = 256 * 1024;
/** As {@link maximumKeySetBytes}. */
export const maximumKeys = 100;

/**
 * The public keys of one issuer, fetched from its JWKS address when they are needed and held for a while.
 *
 * One fetch at a time. A set that cannot be fetched, read or bounded leaves the earlier one as it was.
 */
export class RemoteKeys {
  readonly #options: RemoteKeysOptions;
  #held: { readonly keys: KeySet; readonly askedAtMs: number } | undefined;
  #loading: Promise<void> | undefined;
  #nextLoadAtMs = Number.NEGATIVE_INFINITY;
  #failure: string | undefined;

  constructor(options: RemoteKeysOptions) {
    this.#options = options;
  }

  /** Why the newest fetch failed; undefined when it did not. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /**
   * The keys by which earlier verifications still stand, without waiting: the present ones, or those from
   * before while their issuer can't be reached. Undefined when nobody can say without a fetch.
   */
  standing(): KeySet | undefined {
    const ageMs = this.#ageMs;
    if (ageMs >= keysRefreshMs) this.#loadInBackground();
    const lifeMs = this.#failure === undefined ? keysLifeMs : keysOutageMs;
    return ageMs < lifeMs ? this.#held?.keys : undefined;
  }

  /** The keys for new verifications, fetched when those at hand are too old. */
  async present(): Promise<KeySet | KeysMissing> {
    if (this.#ageMs >= keysLifeMs) await this.#load();
    else if (this.#ageMs >= keysRefreshMs) this.#loadInBackground();
    return this.#held !== undefined && this.#ageMs < keysLifeMs ? this.#held.keys : this.#missing;
  }

  /**
   * The keys for a token that names one which is not among those at hand: fetched again, unless that was
   * just done. Missing when they could not be, since then nobody knows whether the issuer has that key.
   */
  async newest(): Promise<KeySet | KeysMissing> {
    await this.#load();
    if (this.#failure !== undefined) return this.#missing;
    return await this.present();
  }

  get #ageMs(): number {
    if (this.#held === undefined) return Number.POSITIVE_INFINITY;
    return this.#options.clock.monotonic() - this.#held.askedAtMs;
  }

  get #missing(): KeysMissing {
    const waitMs = this.#nextLoadAtMs - this.#options.clock.monotonic();
    return { retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) };
  }

  #loadInBackground(): void {
    // It never rejects: a failure is kept and logged.
    void this.#load();
  }

  async #load(): Promise<void> {
    if (this.#loading !== undefined) return await this.#loading;
    if (this.#options.clock.monotonic() < this.#nextLoadAtMs) return;
    this.#loading = this.#fetchAndSwap();
    try {
      await this.#loading;
    } finally {
      this.#loading = undefined;
    }
  }

  async #fetchAndSwap(): Promise<void> {
    const { clock, log } = this.#options;
    const askedAtMs = clock.monotonic();
    const fetched = await this.#fetch();
    if (!fetched.ok) {
      this.#nextLoadAtMs = clock.monotonic() + keysRetryMs;
      this.#failure = fetched.reason;
      log('jwks.failed', { reason: fetched.reason });
      return;
    }
    this.#nextLoadAtMs = clock.monotonic() + keysCooldownMs;
    this.#failure = undefined;
    // The same object for the same keys, by which verified tokens know that they still stand.
    const unchanged = this.#held?.keys.text === fetched.keys.text ? this.#held.keys : undefined;
    this.#held = { keys: unchanged ?? fetched.keys, askedAtMs };
    if (unchanged === undefined) log('jwks.changed', { keyIds: fetched.keyIds });
  }

  async #fetch(): Promise<FetchedKeys> {
    const { url } = this.#options;
    const result = await this.#call();
    if (result === undefined) return { ok: false, reason: `${url.host}: the call cannot be made` };
    if (!result.ok) return { ok: false, reason: result.failure.message };
    const { answer } = result;
    if (answer.status !== 200) {
      return { ok: false, reason: `${url.host}: HTTP ${answer.status} instead of the keys` };
    }
    return keysFrom(answer.text(), url.host);
  }

  async #call(): Promise<CallResult | undefined> {
    const { http, url } = this.#options;
    try {
      return await http.call({
        method: 'GET',
        url,
        headers: { accept: 'application/jwk-set+json, application/json' },
        signal: new AbortController().signal,
        limits: fetchLimits,
      });
    } catch {
      // A fault of ours must not end the process from a fetch that nobody waits for.
      return undefined;
    }
  }
}

const fetchLimits = {
  connectTimeoutMs: 3_000,
  firstByteTimeoutMs: 4_000,
  idleTimeoutMs: 2_000,
  totalTimeoutMs: 5_000,
  maxBodyBytes: maximumKeySetBytes,
};

type FetchedKeys =
  | { readonly ok: true; readonly keys: KeySet; readonly keyIds: readonly string[] }
  | { readonly ok: false; readonly reason: string };

function keysFrom(text: string, host: string): FetchedKeys {
  try {
    const set = JSON.parse(text) as JSONWebKeySet;
    // It refuses whatever is not a set of keys.
    const keyFor = createLocalJWKSet(set);
    if (set.keys.length > maximumKeys) {
      return { ok: false, reason: `${host}: the answer holds more than ${maximumKeys} keys` };
    }
    const keyIds = set.keys.flatMap(({ kid }) => (typeof kid === 'string' ? [kid] : []));
    return { ok: true, keys: { keyFor, text }, keyIds };
  } catch {
    return { ok: false, reason: `${host}: the answer is not a JSON Web Key Set` };
  }
}
