import type { HttpAnswer } from './answers.ts';
import type { GraphQLExchange, Interceptor } from './graphql-exchange.ts';
import { firstForm, formOf, isAlive, isPublic, keptAnswerOf } from './kept-answer.ts';
import type { FirstHeads, KeptAnswer, Moment } from './kept-answer.ts';
import { RecentTexts } from './recent-texts.ts';

export interface ResponseCacheOptions<Context> {
  readonly momentOf: (context: Context) => Moment;
  /** Bytes that all kept answers may take, keys and compressed forms included. */
  readonly maximumBytes: number;
  readonly onLookup: (outcome: 'hit' | 'miss') => void;
}

/** Larger answers and longer requests are not kept; a batch of 1,000 entities fits. */
const maximumAnswerBytes = 4 * 1024 * 1024;
const maximumKeyLength = 256 * 1024;
/** What an entry takes beside its key and its bytes, counted so that small answers are bounded too. */
const entryOverheadBytes = 2048;
/** Characters of the requests that were answered at once and may come again. */
const maximumRecentCharacters = 2 * 1024 * 1024;

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
    entry: KeptAnswer,
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
    const making = answer.then((made) => keptAnswerOf(made, record, moment));
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
    const entry = keptAnswerOf(answer, record, moment);
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

  #keep(variant: Variant, raw: string, entry: KeptAnswer, { state }: Moment): void {
    if (state !== this.#state) return;
    const size = sizeOf(raw, entry);
    if (raw.length > maximumKeyLength || entry.body.byteLength > maximumAnswerBytes) return;
    if (size > this.#options.maximumBytes) return;
    const replaced = variant.entries.get(raw);
    if (replaced !== undefined) this.#drop(variant, raw, replaced);
    this.#makeRoom(size);
    variant.entries.set(raw, entry);
    this.#bytes += size;
  }

  /** Drops the oldest answers until there is room. */
  #makeRoom(size: number): void {
    for (const variant of this.#variants.values()) {
      for (const [raw, entry] of variant.entries) {
        if (this.#bytes + size <= this.#options.maximumBytes) return;
        this.#drop(variant, raw, entry);
      }
    }
  }

  #drop({ entries }: Variant, raw: string, entry: KeptAnswer): void {
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
interface Variant extends FirstHeads {
  readonly entries: Map<string, KeptAnswer>;
  /** Public answers that are being made. */
  readonly pending: Map<string, Leader>;
  /** Requests that were answered at once and not kept. */
  readonly recent: RecentTexts;
}

/** The one that makes an answer for all who ask for it meanwhile. */
interface Leader {
  readonly state: object;
  /** Undefined where it turned out not to be kept. */
  readonly entry: Promise<KeptAnswer | undefined>;
}

/** Both compressed forms together are counted as large as the answer. */
function sizeOf(raw: string, { body }: KeptAnswer): number {
  return raw.length * 2 + body.byteLength * 2 + entryOverheadBytes;
}
