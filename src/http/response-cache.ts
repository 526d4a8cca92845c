import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

import type { CachePolicy } from '../graphql/cache-policy.ts';
import type { HttpAnswer } from './answers.ts';
import type { GraphQLExchange, Interceptor } from './graphql-handler.ts';
import type { RequestKind } from './request-record.ts';

export interface ResponseCacheOptions<Context> {
  /** What public answers are made from: an object that stands for one state of it, and its last moment. */
  readonly stateOf: (context: Context) => {
    readonly state: object;
    readonly nowMs: number;
    readonly validUntilMs: number | undefined;
  };
  /** Bytes that all kept answers may take, keys and compressed forms included. */
  readonly maximumBytes: number;
  readonly onLookup: (outcome: 'hit' | 'miss') => void;
}

/** The longest that an answer is called fresh, in milliseconds, whatever its state says. */
const longestLifeMs = 300_000;
/** The life of answers that show ages, in milliseconds. */
const briefLifeMs = 1_000;
/** Larger answers and longer requests are not kept. */
const maximumAnswerBytes = 1024 * 1024;
const maximumKeyLength = 64 * 1024;
/** Smaller answers are not worth compressing. */
const leastCompressedBytes = 1024;

const gzipped = promisify(gzip);
const brotlied = promisify(brotliCompress);

/**
 * Sends finished bytes again. An answer is kept only when its document asks for nothing that belongs to a
 * caller, and ends with the state that it was made from, at the next moment that would change it, or after
 * a second where it shows ages. Authentication and request checks have passed before this is asked.
 */
export class ResponseCache<Context> {
  readonly #options: ResponseCacheOptions<Context>;
  readonly #entries = new Map<string, Entry>();
  readonly #pending = new Map<
    string,
    { readonly state: object; readonly answer: Promise<unknown> }
  >();
  #state: object | undefined;
  #bytes = 0;

  constructor(options: ResponseCacheOptions<Context>) {
    this.#options = options;
  }

  /** Stands between accepted requests and the engine. */
  readonly intercept: Interceptor<Context> = (exchange, next) => {
    const { state, nowMs, validUntilMs } = this.#options.stateOf(exchange.context);
    if (state !== this.#state) this.#forget(state);
    const key = keyOf(exchange);
    const entry = this.#entries.get(key);
    if (entry !== undefined && nowMs < entry.expiresAtMs && nowMs >= entry.madeAtMs) {
      this.#options.onLookup('hit');
      exchange.record.kind = entry.kind;
      exchange.record.operationName = entry.operationName;
      exchange.record.isRepeated = true;
      return encoded(entry, exchange, nowMs);
    }
    return this.#make(key, state, { nowMs, validUntilMs }, exchange, next);
  };

  async #make(
    key: string,
    state: object,
    moment: { readonly nowMs: number; readonly validUntilMs: number | undefined },
    exchange: GraphQLExchange<Context>,
    next: () => Promise<HttpAnswer>,
  ): Promise<HttpAnswer> {
    const pending = this.#pending.get(key);
    if (pending?.state === state) {
      await pending.answer;
      const entry = this.#entries.get(key);
      if (entry !== undefined && this.#state === state && moment.nowMs < entry.expiresAtMs) {
        exchange.record.kind = entry.kind;
        exchange.record.operationName = entry.operationName;
        return await encoded(entry, exchange, Math.max(moment.nowMs, entry.madeAtMs));
      }
    }
    this.#options.onLookup('miss');
    const answer = next();
    const mark = { state, answer: answer.catch(() => undefined) };
    this.#pending.set(key, mark);
    try {
      const made = await answer;
      const entry = entryOf(made, exchange, moment);
      if (entry === undefined) return made;
      if (this.#state === state) this.#keep(key, entry);
      return await encoded(entry, exchange, moment.nowMs);
    } finally {
      if (this.#pending.get(key) === mark) this.#pending.delete(key);
    }
  }

  #keep(key: string, entry: Entry): void {
    const size = key.length * 2 + entry.body.byteLength * 2;
    if (key.length > maximumKeyLength || entry.body.byteLength > maximumAnswerBytes) return;
    const replaced = this.#entries.get(key);
    if (replaced !== undefined) this.#drop(key, replaced);
    for (const [oldest, old] of this.#entries) {
      if (this.#bytes + size <= this.#options.maximumBytes) break;
      this.#drop(oldest, old);
    }
    this.#entries.set(key, entry);
    this.#bytes += size;
  }

  #drop(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#bytes -= key.length * 2 + entry.body.byteLength * 2;
  }

  #forget(state: object): void {
    this.#state = state;
    this.#entries.clear();
    this.#bytes = 0;
  }
}

/** A kept answer with its compressed forms, made when first asked for. */
interface Entry {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly etag: string;
  readonly madeAtMs: number;
  readonly expiresAtMs: number;
  readonly kind: RequestKind;
  readonly operationName: string | undefined;
  readonly compressed: Map<'gzip' | 'br', Promise<Buffer>>;
  /** The answer as it goes out at one second of its life, by encoding. */
  readonly ready: Map<string, HttpAnswer>;
}

function keyOf<Context>({ method, mediaType, raw }: GraphQLExchange<Context>): string {
  return `${method} ${mediaType} ${raw}`;
}

function entryOf<Context>(
  answer: HttpAnswer,
  { record }: GraphQLExchange<Context>,
  { nowMs, validUntilMs }: { readonly nowMs: number; readonly validUntilMs: number | undefined },
): Entry | undefined {
  const policy = record.cachePolicy;
  if (policy === undefined || answer.status !== 200 || record.errorCodes.length > 0) {
    return undefined;
  }
  const body = Buffer.from(answer.body);
  return {
    body,
    headers: answer.headers,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`,
    madeAtMs: nowMs,
    expiresAtMs: nowMs + lifeMs(policy, nowMs, validUntilMs),
    kind: record.kind,
    operationName: record.operationName,
    compressed: new Map(),
    ready: new Map(),
  };
}

function lifeMs(policy: CachePolicy, nowMs: number, validUntilMs: number | undefined): number {
  const life = policy === 'BRIEF' ? briefLifeMs : longestLifeMs;
  return validUntilMs === undefined ? life : Math.max(0, Math.min(life, validUntilMs - nowMs));
}

function encoded<Context>(
  entry: Entry,
  { headers, method }: GraphQLExchange<Context>,
  nowMs: number,
): HttpAnswer | Promise<HttpAnswer> {
  const encoding = encodingFor(headers['accept-encoding'], entry.body.byteLength);
  const age = Math.floor((nowMs - entry.madeAtMs) / 1000);
  const isUnchanged = method === 'GET' && headers['if-none-match'] === entry.etag;
  const readyKey = `${encoding ?? ''} ${age} ${isUnchanged}`;
  const ready = entry.ready.get(readyKey);
  if (ready !== undefined) return ready;
  const remember = (body: Uint8Array): HttpAnswer => {
    const maxAge = Math.floor((entry.expiresAtMs - entry.madeAtMs) / 1000);
    const answer: HttpAnswer = {
      status: isUnchanged ? 304 : 200,
      headers: {
        ...entry.headers,
        'cache-control': `public, max-age=${maxAge}`,
        age: String(age),
        vary: 'accept, accept-encoding, authorization, x-router-token',
        ...(method === 'GET' ? { etag: entry.etag } : {}),
        ...(encoding === undefined || isUnchanged ? {} : { 'content-encoding': encoding }),
      },
      body: isUnchanged ? '' : body,
    };
    if (entry.ready.size > maximumReadyForms) entry.ready.clear();
    entry.ready.set(readyKey, answer);
    return answer;
  };
  if (encoding === undefined || isUnchanged) return remember(entry.body);
  return compressedBody(entry, encoding).then(remember);
}

const maximumReadyForms = 8;

async function compressedBody(entry: Entry, encoding: 'gzip' | 'br'): Promise<Buffer> {
  const known = entry.compressed.get(encoding);
  if (known !== undefined) return await known;
  const made =
    encoding === 'gzip'
      ? gzipped(entry.body)
      : brotlied(entry.body, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
  entry.compressed.set(encoding, made);
  return await made;
}

function encodingFor(accepted: string | undefined, bytes: number): 'gzip' | 'br' | undefined {
  if (accepted === undefined || bytes < leastCompressedBytes) return undefined;
  const offered = new Map(
    accepted.split(',').map((part): [string, boolean] => {
      const [name = '', ...parameters] = part.trim().toLowerCase().split(';');
      return [name.trim(), !parameters.some((parameter) => /^\s*q=0(\.0*)?$/.test(parameter))];
    }),
  );
  if (offered.get('br') === true) return 'br';
  return offered.get('gzip') === true ? 'gzip' : undefined;
}
