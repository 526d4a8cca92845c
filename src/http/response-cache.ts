import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

import type { CachePolicy } from '../graphql/cache-policy.ts';
import type { HttpAnswer } from './answers.ts';
import type { GraphQLExchange, Interceptor } from './graphql-handler.ts';
import type { RequestKind, RequestRecord } from './request-record.ts';

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
/** Larger answers and longer requests are not kept; a batch of 1,000 entities fits. */
const maximumAnswerBytes = 4 * 1024 * 1024;
const maximumKeyLength = 256 * 1024;
/** What an entry takes beside its key and its bytes, counted so that small answers are bounded too. */
const entryOverheadBytes = 2048;
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
  /** By method and media type, then by the raw request. */
  readonly #variants = new Map<string, Variant>();
  #state: object | undefined;
  #bytes = 0;

  constructor(options: ResponseCacheOptions<Context>) {
    this.#options = options;
  }

  /** Stands between accepted requests and the engine. */
  readonly intercept: Interceptor<Context> = (exchange, next) => {
    const { state, nowMs, validUntilMs } = this.#options.stateOf(exchange.context);
    if (state !== this.#state) this.#forget(state);
    const variant = this.#variantOf(exchange);
    const entry = variant.entries.get(exchange.raw);
    if (entry !== undefined && isAlive(entry, nowMs)) return this.#repeat(entry, exchange, nowMs);
    return this.#make(variant, { state, nowMs, validUntilMs }, exchange, next);
  };

  #repeat(
    entry: Entry,
    exchange: GraphQLExchange<Context>,
    nowMs: number,
  ): HttpAnswer | Promise<HttpAnswer> {
    const { record } = exchange;
    this.#options.onLookup('hit');
    record.kind = entry.kind;
    record.operationName = entry.operationName;
    record.isRepeated = true;
    return encoded(entry, exchange, nowMs);
  }

  async #make(
    { entries, pending }: Variant,
    moment: Moment,
    exchange: GraphQLExchange<Context>,
    next: () => Promise<HttpAnswer>,
  ): Promise<HttpAnswer> {
    const { raw, record } = exchange;
    const leader = pending.get(raw);
    if (leader?.state === moment.state) {
      const entry = await leader.entry;
      if (entry !== undefined && isAlive(entry, Math.max(moment.nowMs, entry.madeAtMs))) {
        return await this.#repeat(entry, exchange, Math.max(moment.nowMs, entry.madeAtMs));
      }
    }
    this.#options.onLookup('miss');
    // The engine is reached, and the policy known, before `next` returns: nobody ever waits for an answer
    // that belongs to somebody else.
    const answer = next();
    if (record.cachePolicy === undefined) return await answer;
    const making = answer.then((made) => entryOf(made, record, moment));
    const mark: Leader = { state: moment.state, entry: making.catch(() => undefined) };
    pending.set(raw, mark);
    try {
      const entry = await making;
      if (entry === undefined) return await answer;
      if (this.#state === moment.state) this.#keep(entries, raw, entry);
      return await encoded(entry, exchange, moment.nowMs);
    } finally {
      if (pending.get(raw) === mark) pending.delete(raw);
    }
  }

  #variantOf({ method, mediaType }: GraphQLExchange<Context>): Variant {
    const name = method === 'POST' ? mediaType : `GET ${mediaType}`;
    const known = this.#variants.get(name);
    if (known !== undefined) return known;
    const variant: Variant = { entries: new Map(), pending: new Map() };
    this.#variants.set(name, variant);
    return variant;
  }

  #keep(entries: Map<string, Entry>, raw: string, entry: Entry): void {
    const size = sizeOf(raw, entry);
    if (raw.length > maximumKeyLength || entry.body.byteLength > maximumAnswerBytes) return;
    if (size > this.#options.maximumBytes) return;
    const replaced = entries.get(raw);
    if (replaced !== undefined) this.#drop(entries, raw, replaced);
    this.#makeRoom(size);
    entries.set(raw, entry);
    this.#bytes += size;
  }

  /** Drops the oldest answers until there is room. */
  #makeRoom(size: number): void {
    for (const { entries } of this.#variants.values()) {
      for (const [raw, entry] of entries) {
        if (this.#bytes + size <= this.#options.maximumBytes) return;
        this.#drop(entries, raw, entry);
      }
    }
  }

  #drop(entries: Map<string, Entry>, raw: string, entry: Entry): void {
    entries.delete(raw);
    this.#bytes -= sizeOf(raw, entry);
  }

  #forget(state: object): void {
    this.#state = state;
    for (const { entries } of this.#variants.values()) entries.clear();
    this.#bytes = 0;
  }
}

/** Answers to requests of one method and media type. */
interface Variant {
  readonly entries: Map<string, Entry>;
  /** Public answers that are being made. */
  readonly pending: Map<string, Leader>;
}

/** The one that makes an answer for all who ask for it meanwhile. */
interface Leader {
  readonly state: object;
  /** Undefined where it turned out not to be kept. */
  readonly entry: Promise<Entry | undefined>;
}

/** What an answer is made from, and when. */
interface Moment {
  readonly state: object;
  readonly nowMs: number;
  readonly validUntilMs: number | undefined;
}

/** A kept answer with its compressed forms, made when first asked for. */
interface Entry {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** Made when a GET first asks for it. */
  etag: string | undefined;
  readonly madeAtMs: number;
  readonly expiresAtMs: number;
  readonly kind: RequestKind;
  readonly operationName: string | undefined;
  readonly compressed: Map<'gzip' | 'br', Promise<Buffer>>;
  /** The answers as they go out within one second of its life, by encoding. */
  readonly ready: Map<string, HttpAnswer>;
  readyAge: number;
}

function isAlive(entry: Entry, nowMs: number): boolean {
  return nowMs < entry.expiresAtMs && nowMs >= entry.madeAtMs;
}

/** Both compressed forms together are counted as large as the answer. */
function sizeOf(raw: string, { body }: Entry): number {
  return raw.length * 2 + body.byteLength * 2 + entryOverheadBytes;
}

function entryOf(
  answer: HttpAnswer,
  { cachePolicy, errorCodes, kind, operationName }: RequestRecord,
  { nowMs, validUntilMs }: Moment,
): Entry | undefined {
  if (cachePolicy === undefined || answer.status !== 200 || errorCodes.length > 0) {
    return undefined;
  }
  const body = Buffer.from(answer.body);
  return {
    body,
    headers: answer.headers,
    etag: undefined,
    madeAtMs: nowMs,
    expiresAtMs: nowMs + lifeMs(cachePolicy, nowMs, validUntilMs),
    kind,
    operationName,
    compressed: new Map(),
    ready: new Map(),
    readyAge: 0,
  };
}

/** Weak, because it stands for every encoding of the answer. */
function etagOf(body: Buffer): string {
  return `W/"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
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
  const accepted = headers['accept-encoding'];
  const encoding = accepted === undefined ? undefined : encodingFor(accepted, entry);
  const etag = method === 'GET' ? (entry.etag ??= etagOf(entry.body)) : undefined;
  const isUnchanged = etag !== undefined && matches(headers['if-none-match'], etag);
  const age = Math.floor((nowMs - entry.madeAtMs) / 1000);
  if (age !== entry.readyAge) {
    entry.ready.clear();
    entry.readyAge = age;
  }
  const form = isUnchanged ? 'unchanged' : (encoding ?? 'identity');
  const ready = entry.ready.get(form);
  if (ready !== undefined) return ready;
  const answerWith = (body: Uint8Array): HttpAnswer => {
    const maxAge = Math.floor((entry.expiresAtMs - entry.madeAtMs) / 1000);
    const answer: HttpAnswer = {
      status: isUnchanged ? 304 : 200,
      headers: {
        ...entry.headers,
        'cache-control': `public, max-age=${maxAge}`,
        age: String(age),
        vary: 'accept, accept-encoding, authorization, x-router-token',
        ...(etag === undefined ? {} : { etag }),
        ...(encoding === undefined || isUnchanged ? {} : { 'content-encoding': encoding }),
      },
      body: isUnchanged ? '' : body,
    };
    if (entry.readyAge === age) entry.ready.set(form, answer);
    return answer;
  };
  if (encoding === undefined || isUnchanged) return answerWith(entry.body);
  return compressedBody(entry, encoding).then(answerWith);
}

/** Whether an `if-none-match` header names this tag, which is compared weakly. */
function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const opaque = etag.slice(2);
  return ifNoneMatch
    .split(',')
    .map((tag) => tag.trim())
    .some((tag) => tag === '*' || tag === opaque || tag === etag);
}

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

function encodingFor(accepted: string | string[], { body }: Entry): 'gzip' | 'br' | undefined {
  if (body.byteLength < leastCompressedBytes) return undefined;
  const offered = new Map(
    String(accepted)
      .split(',')
      .map((part): [string, boolean] => {
        const [name = '', ...parameters] = part.trim().toLowerCase().split(';');
        return [name.trim(), !parameters.some((given) => /^\s*q\s*=\s*0(\.0*)?\s*$/.test(given))];
      }),
  );
  if (offered.get('br') === true) return 'br';
  return offered.get('gzip') === true ? 'gzip' : undefined;
}
