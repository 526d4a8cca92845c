import { createHash } from 'node:crypto';

import type { CachePolicy } from '../graphql/cache-policy.ts';
import { headOf } from './answers.ts';
import type { HttpAnswer } from './answers.ts';
import { ByteText } from '../graphql/byte-text.ts';
import { compressed, contentCodingFor } from './compression.ts';
import type { ContentCoding } from './compression.ts';
import type { GraphQLExchange, Interceptor } from './graphql-handler.ts';
import { RecentTexts } from './recent-texts.ts';
import type { RequestKind, RequestRecord } from './request-record.ts';

/** What public answers are made from, and when. */
export interface Moment {
  /** Stands for one state of what they are made from. */
  readonly state: object;
  readonly nowMs: number;
  /** The next moment that changes the answers without another state. */
  readonly validUntilMs: number | undefined;
}

export interface ResponseCacheOptions<Context> {
  readonly momentOf: (context: Context) => Moment;
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
/** Characters of the requests that were answered at once and may come again. */
const maximumRecentCharacters = 2 * 1024 * 1024;

/** What a shared cache has to tell apart. */
const vary = 'accept, accept-encoding, authorization, x-router-token';

/**
 * Sends finished bytes again. An answer is kept only when its document asks for nothing that belongs to a
 * caller, and ends with the state that it was made from, at the next moment that would change it, or after
 * a second where it shows ages. Authentication and request checks have passed before this is asked.
 *
 * What the engine made is kept at once. What came without waiting cost little: it is kept when it is asked
 * for again, so that requests of which no two are alike neither pay for being kept nor drive out the others.
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
    const moment = this.#options.momentOf(exchange.context);
    if (moment.state !== this.#state) this.#forget(moment.state);
    const variant = this.#variantOf(exchange);
    const entry = variant.entries.get(exchange.raw);
    if (entry !== undefined && isAlive(entry, moment.nowMs)) {
      return this.#repeat(entry, exchange, moment.nowMs);
    }
    const leader = variant.pending.get(exchange.raw);
    return leader?.state === moment.state
      ? this.#follow(leader, variant, moment, exchange, next)
      : this.#make(variant, moment, exchange, next);
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
    return formOf(entry, exchange, nowMs);
  }

  /** Waits for the one that makes the same answer. */
  async #follow(
    leader: Leader,
    variant: Variant,
    moment: Moment,
    exchange: GraphQLExchange<Context>,
    next: Next<Context>,
  ): Promise<HttpAnswer> {
    const entry = await leader.entry;
    const nowMs = Math.max(moment.nowMs, entry?.madeAtMs ?? 0);
    return entry !== undefined && isAlive(entry, nowMs)
      ? this.#repeat(entry, exchange, nowMs)
      : this.#make(variant, moment, exchange, next);
  }

  #make(
    variant: Variant,
    moment: Moment,
    exchange: GraphQLExchange<Context>,
    next: Next<Context>,
  ): HttpAnswer | Promise<HttpAnswer> {
    this.#options.onLookup('miss');
    // The policy is known before `next` returns: nobody ever waits for an answer that belongs to somebody
    // else.
    const answer = next(exchange);
    if (exchange.record.cachePolicy === undefined) return answer;
    return answer instanceof Promise
      ? this.#lead(variant, moment, exchange, answer)
      : this.#pass(variant, moment, exchange, answer);
  }

  /** Makes an answer for all who ask for it meanwhile. */
  async #lead(
    variant: Variant,
    moment: Moment,
    exchange: GraphQLExchange<Context>,
    answer: Promise<HttpAnswer>,
  ): Promise<HttpAnswer> {
    const { pending } = variant;
    const { raw, record } = exchange;
    const making = answer.then((made) => entryOf(made, record, moment));
    const mark: Leader = { state: moment.state, entry: making.catch(() => undefined) };
    pending.set(raw, mark);
    try {
      const entry = await making;
      if (entry === undefined) return await answer;
      this.#keep(variant, raw, entry, moment);
      return await formOf(entry, exchange, moment.nowMs);
    } finally {
      if (pending.get(raw) === mark) pending.delete(raw);
    }
  }

  /** Looks at an answer that came at once. */
  #pass(
    variant: Variant,
    moment: Moment,
    exchange: GraphQLExchange<Context>,
    answer: HttpAnswer,
  ): HttpAnswer | Promise<HttpAnswer> {
    const { raw, method, record } = exchange;
    const isSeenFirst = method === 'POST' && !variant.recent.remembers(raw);
    if (isSeenFirst && isPublic(answer, record)) return firstForm(variant, answer, record, moment);
    const entry = entryOf(answer, record, moment);
    if (entry === undefined) return answer;
    this.#keep(variant, raw, entry, moment);
    return formOf(entry, exchange, moment.nowMs);
  }

  #variantOf({ method, mediaType }: GraphQLExchange<Context>): Variant {
    const name = method === 'POST' ? mediaType : `GET ${mediaType}`;
    const known = this.#variants.get(name);
    if (known !== undefined) return known;
    const variant: Variant = {
      entries: new Map(),
      pending: new Map(),
      recent: new RecentTexts(maximumRecentCharacters),
      first: undefined,
    };
    this.#variants.set(name, variant);
    return variant;
  }

  #keep({ entries }: Variant, raw: string, entry: Entry, { state }: Moment): void {
    if (state !== this.#state) return;
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

type Next<Context> = Parameters<Interceptor<Context>>[1];

/** Answers to requests of one method and media type. */
interface Variant {
  readonly entries: Map<string, Entry>;
  /** Public answers that are being made. */
  readonly pending: Map<string, Leader>;
  /** Requests that were answered at once and not kept. */
  readonly recent: RecentTexts;
  /** The last head of an answer that was not kept. */
  first: FirstHead | undefined;
}

/** The one that makes an answer for all who ask for it meanwhile. */
interface Leader {
  readonly state: object;
  /** Undefined where it turned out not to be kept. */
  readonly entry: Promise<Entry | undefined>;
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
  readonly compressed: Map<ContentCoding, Promise<Buffer>>;
  /** The answers as they go out within one second of its life, by coding. */
  readonly ready: Map<ContentCoding | 'identity' | 'unchanged', HttpAnswer>;
  readyAge: number;
}

/** Head of the answers that are sent within one second of the state's life. */
interface FirstHead {
  readonly from: HttpAnswer['headers'];
  readonly maxAge: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly head: readonly string[];
}

function isAlive(entry: Entry, nowMs: number): boolean {
  return nowMs < entry.expiresAtMs && nowMs >= entry.madeAtMs;
}

/** Both compressed forms together are counted as large as the answer. */
function sizeOf(raw: string, { body }: Entry): number {
  return raw.length * 2 + body.byteLength * 2 + entryOverheadBytes;
}

function isPublic(answer: HttpAnswer, { cachePolicy, errorCodes }: RequestRecord): boolean {
  return cachePolicy !== undefined && answer.status === 200 && errorCodes.length === 0;
}

function entryOf(answer: HttpAnswer, record: RequestRecord, moment: Moment): Entry | undefined {
  const { cachePolicy, kind, operationName } = record;
  if (cachePolicy === undefined || !isPublic(answer, record)) return undefined;
  const { body, headers } = answer;
  const { nowMs } = moment;
  return {
    body: body instanceof ByteText ? body.toBuffer() : Buffer.from(body),
    headers,
    etag: undefined,
    madeAtMs: nowMs,
    expiresAtMs: nowMs + lifeMs(cachePolicy, moment),
    kind,
    operationName,
    compressed: new Map(),
    ready: new Map(),
    readyAge: 0,
  };
}

/** Weak, because it stands for every coding of the answer. */
function etagOf(body: Buffer): string {
  return `W/"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
}

function lifeMs(policy: CachePolicy, { nowMs, validUntilMs }: Moment): number {
  const life = policy === 'BRIEF' ? briefLifeMs : longestLifeMs;
  return validUntilMs === undefined ? life : Math.max(0, Math.min(life, validUntilMs - nowMs));
}

/** How an answer goes out that is not kept. To compress it would cost more than to make it. */
function firstForm(
  variant: Variant,
  answer: HttpAnswer,
  { cachePolicy }: RequestRecord,
  moment: Moment,
): HttpAnswer {
  const maxAge = Math.floor(lifeMs(cachePolicy ?? 'BRIEF', moment) / 1000);
  if (variant.first?.maxAge !== maxAge || variant.first.from !== answer.headers) {
    const headers = { ...answer.headers, ...freshness(maxAge, 0) };
    variant.first = { from: answer.headers, maxAge, headers, head: headOf(headers) };
  }
  const { headers, head } = variant.first;
  return { status: answer.status, headers, head, body: answer.body };
}

/** @param age - whole seconds since the answer was made, of the `maxAge` that it is fresh for. */
function freshness(maxAge: number, age: number): Readonly<Record<string, string>> {
  return { 'cache-control': `public, max-age=${maxAge}`, age: String(age), vary };
}

/** How a kept answer goes out to this request. */
function formOf<Context>(
  entry: Entry,
  { headers, method }: GraphQLExchange<Context>,
  nowMs: number,
): HttpAnswer | Promise<HttpAnswer> {
  const coding = contentCodingFor(headers['accept-encoding'], entry.body.byteLength);
  const etag = method === 'GET' ? (entry.etag ??= etagOf(entry.body)) : undefined;
  const isUnchanged = etag !== undefined && matches(headers['if-none-match'], etag);
  const age = Math.floor((nowMs - entry.madeAtMs) / 1000);
  if (age !== entry.readyAge) {
    entry.ready.clear();
    entry.readyAge = age;
  }
  const form = isUnchanged ? 'unchanged' : (coding ?? 'identity');
  const ready = entry.ready.get(form);
  if (ready !== undefined) return ready;
  const answerWith = (body: Uint8Array): HttpAnswer => {
    const answerHeaders = {
      ...entry.headers,
      ...freshness(Math.floor((entry.expiresAtMs - entry.madeAtMs) / 1000), age),
      ...(etag === undefined ? {} : { etag }),
      ...(coding === undefined || isUnchanged ? {} : { 'content-encoding': coding }),
    };
    const answer: HttpAnswer = {
      status: isUnchanged ? 304 : 200,
      headers: answerHeaders,
      head: headOf(answerHeaders),
      body: isUnchanged ? '' : body,
    };
    if (entry.readyAge === age) entry.ready.set(form, answer);
    return answer;
  };
  if (coding === undefined || isUnchanged) return answerWith(entry.body);
  return compressedBody(entry, coding).then(answerWith);
}

function compressedBody(entry: Entry, coding: ContentCoding): Promise<Buffer> {
  const known = entry.compressed.get(coding);
  if (known !== undefined) return known;
  const made = compressed(entry.body, coding);
  entry.compressed.set(coding, made);
  return made;
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
