import type { Clock } from '../../domain/clock.ts';
import type { ProviderFailure } from '../../domain/failure.ts';
import type { CallResult, OutwardAnswer, OutwardHttp, OutwardLimits } from '../http.ts';
import type { ApiKey, ApiKeySource } from '../provider.ts';
import { failureOfBrokenExchange, failureOfRefusal } from './errors.ts';

/** An answer with a status of success, or why there is none. */
export type GroqAnswer =
  | { readonly ok: true; readonly answer: OutwardAnswer }
  | { readonly ok: false; readonly failure: ProviderFailure };

/** The key of one call, or why there is none that could be sent. */
export type Bearer =
  | { readonly ok: true; readonly key: ApiKey; readonly secret: string }
  | { readonly ok: false; readonly failure: ProviderFailure };

/** Groq's HTTP interface: where its endpoints are, and the bearer key on every call. */
export class GroqApi {
  readonly #origin: string;
  readonly #http: OutwardHttp;
  readonly #keys: ApiKeySource;
  readonly #clock: Pick<Clock, 'now'>;

  /**
   * @param options.baseUrl where Groq is, with or without `/openai/v1` at its end.
   * @throws TypeError when the base URL is not an absolute http(s) address.
   */
  constructor(options: {
    readonly baseUrl: string;
    readonly http: OutwardHttp;
    readonly keys: ApiKeySource;
    readonly clock: Pick<Clock, 'now'>;
  }) {
    const base = outwardUrl(options.baseUrl);
    const path = base.pathname.replace(/\/+$/, '').replace(/\/openai\/v1$/, '');
    this.#origin = `${base.origin}${path}`;
    this.#http = options.http;
    this.#keys = options.keys;
    this.#clock = options.clock;
  }

  /** The address of an endpoint, e.g. `/openai/v1/models`. */
  url(path: `/${string}`): URL {
    return new URL(`${this.#origin}${path}`);
  }

  /** The key in force. The secret is for the header of one call and kept nowhere else. */
  async bearer(): Promise<Bearer> {
    const current = await this.#keys.current();
    return current.ok
      ? bearerOf(current.key)
      : { ok: false, failure: unconfigured(current.reason) };
  }

  /** Whether another key than the refused one is in force, after looking for it anew. */
  async hasNewerThan(refused: ApiKey): Promise<boolean> {
    return (await this.#keys.newerThan(refused)) !== undefined;
  }

  /**
   * Reads an address of Groq with the key in force. When Groq refuses that key and a newer one exists, the
   * call is made once more with the newer one.
   */
  async get(url: URL, limits: OutwardLimits, signal: AbortSignal): Promise<GroqAnswer> {
    const current = await this.#keys.current();
    if (!current.ok) return { ok: false, failure: unconfigured(current.reason) };
    const first = await this.#getWith(current.key, url, limits, signal);
    if (first.ok || first.failure.code !== 'UNAUTHORIZED') return first;
    const newer = await this.#keys.newerThan(current.key);
    return newer === undefined ? first : this.#getWith(newer, url, limits, signal);
  }

  async #getWith(
    key: ApiKey,
    url: URL,
    limits: OutwardLimits,
    signal: AbortSignal,
  ): Promise<GroqAnswer> {
    const bearer = bearerOf(key);
    if (!bearer.ok) return bearer;
    const { secret } = bearer;
    const headers = { accept: 'application/json', authorization: `Bearer ${secret}` };
    const result = await this.#http.call({ method: 'GET', url, headers, signal, limits });
    return this.#judged(result, secret);
  }

  #judged(result: CallResult, key: string): GroqAnswer {
    const nowMs = this.#clock.now();
    if (!result.ok) {
      return { ok: false, failure: failureOfBrokenExchange(result.failure, { key, nowMs }) };
    }
    const { answer } = result;
    if (answer.status >= 200 && answer.status < 300) return { ok: true, answer };
    const { status, headers } = answer;
    return {
      ok: false,
      failure: failureOfRefusal({ status, headers, text: answer.text(), key, nowMs }),
    };
  }
}

/**
 * An address that a call may go to.
 *
 * @throws TypeError for anything but an absolute http(s) address.
 */
export function outwardUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new TypeError('Not an absolute http(s) address');
  }
  return url;
}

function bearerOf(key: ApiKey): Bearer {
  const secret = key.reveal();
  return headerSafe.test(secret)
    ? { ok: true, key, secret }
    : { ok: false, failure: unconfigured('the key has characters that no key of Groq has') };
}

const headerSafe = /^[\x21-\x7e]+$/;

function unconfigured(reason: string): ProviderFailure {
  return {
    code: 'UNCONFIGURED',
    message: `No usable key for Groq: ${reason}`,
    execution: 'NOT_SENT',
    retryable: false,
  };
}
