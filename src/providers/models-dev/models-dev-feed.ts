import type { Clock } from '../../domain/clock.ts';
import type { ProviderFailure } from '../../domain/failure.ts';
import type { PriceRow } from '../../domain/price.ts';
import { failureOfExchange, failureOfListStatus, malformedAnswer } from '../failures.ts';
import {
  type OutwardAnswer,
  type OutwardHttp,
  type OutwardLimits,
  publicAddress,
} from '../http.ts';
import { parseJson } from '../json.ts';
import type { PriceReading, RejectedRow } from '../provider.ts';
import { Rejections } from '../rejections.ts';
import { parseProviderPrices } from './prices.ts';

export interface ModelsDevOptions {
  /** The list's address, `https://models.dev/api.json` unless a mirror is used. */
  readonly url: string;
  /** The providers to read, by their keys on the list, e.g. `groq`. */
  readonly providers: readonly string[];
  readonly http: OutwardHttp;
  readonly clock: Pick<Clock, 'now'>;
  readonly limits?: Partial<OutwardLimits>;
}

/**
 * The public price list models.dev: kept by hand by many people, so its prices are `LISTED` and never more.
 *
 * No credential is sent. The list is asked for with the tag of the last answer, so that an unchanged list
 * costs no body: an answer of 304 confirms the rows as of now.
 */
export class ModelsDevFeed {
  readonly #url: URL;
  readonly #providers: readonly string[];
  readonly #http: OutwardHttp;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #limits: OutwardLimits;
  #last: KnownList | undefined;

  /** @throws TypeError when the address is not an absolute http(s) address. */
  constructor(options: ModelsDevOptions) {
    this.#url = new URL(options.url);
    if (this.#url.protocol !== 'https:' && this.#url.protocol !== 'http:') {
      throw new TypeError('Not an absolute http(s) address');
    }
    this.#providers = options.providers;
    this.#http = options.http;
    this.#clock = options.clock;
    this.#limits = { ...defaultLimits, ...options.limits };
  }

  /** One fetch; one reading for each provider that was named to the constructor, by its key. */
  async read(signal: AbortSignal): Promise<ReadonlyMap<string, PriceReading>> {
    const known = this.#last;
    const result = await this.#http.call({
      method: 'GET',
      url: this.#url,
      headers: {
        accept: 'application/json',
        ...(known === undefined ? {} : { 'if-none-match': known.tag }),
      },
      signal,
      limits: this.#limits,
    });
    if (!result.ok) return this.#failed(failureOfExchange(result.failure));
    const { answer } = result;
    if (answer.status === 304 && known !== undefined) {
      return this.#readings(known.prices, answer.receivedAtMs);
    }
    if (answer.status !== 200) {
      return this.#failed(failureOfListStatus(answer.status, answer.headers, this.#clock.now()));
    }
    return this.#take(answer);
  }

  #take(answer: OutwardAnswer): ReadonlyMap<string, PriceReading> {
    const json = parseJson(answer.text());
    if (!json.ok) return this.#failed(malformedAnswer(`models.dev gave no list: ${json.reason}`));
    const prices = new Map<string, ProviderPrices>();
    for (const provider of this.#providers) {
      const rejections = new Rejections();
      const rows = parseProviderPrices(json.value, provider, rejections);
      if (rows === 'NOT_A_LIST') {
        return this.#failed(malformedAnswer('models.dev gave no list of providers', 200));
      }
      if (rows !== 'NOT_LISTED') prices.set(provider, { rows, rejected: rejections.rows() });
    }
    const tag = answer.headers.get('etag');
    this.#last = tag !== undefined && tagPattern.test(tag) ? { tag, prices } : undefined;
    return this.#readings(prices, answer.receivedAtMs);
  }

  #readings(
    prices: ReadonlyMap<string, ProviderPrices>,
    observedAt: number,
  ): ReadonlyMap<string, PriceReading> {
    return this.#each((provider) => {
      const known = prices.get(provider);
      return known === undefined
        ? { ...this.#identity, ok: false, failure: notListed(provider) }
        : { ...this.#identity, ok: true, observedAt, rows: known.rows, rejected: known.rejected };
    });
  }

  #failed(failure: ProviderFailure): ReadonlyMap<string, PriceReading> {
    return this.#each(() => ({ ...this.#identity, ok: false, failure }));
  }

  #each(reading: (provider: string) => PriceReading): ReadonlyMap<string, PriceReading> {
    return new Map(this.#providers.map((provider) => [provider, reading(provider)]));
  }

  get #identity() {
    return { basis: 'LISTED', feed: 'models.dev', source: publicAddress(this.#url) } as const;
  }
}

interface KnownList {
  readonly tag: string;
  readonly prices: ReadonlyMap<string, ProviderPrices>;
}

interface ProviderPrices {
  readonly rows: readonly PriceRow[];
  readonly rejected: readonly RejectedRow[];
}

const defaultLimits: OutwardLimits = {
  connectTimeoutMs: 5_000,
  firstByteTimeoutMs: 15_000,
  idleTimeoutMs: 10_000,
  totalTimeoutMs: 60_000,
  maxBodyBytes: 32 * 1024 * 1024,
};

/** An entity tag as RFC 9110, 8.8.3 writes it, of a length worth sending back. */
const tagPattern = /^(?:W\/)?"[\x21\x23-\x7e]{1,200}"$/;

function notListed(provider: string): ProviderFailure {
  return {
    code: 'UNSUPPORTED',
    message: `models.dev does not list the provider ${provider}`,
    execution: 'NOT_EXECUTED',
    retryable: false,
  };
}
