import { createHash } from 'node:crypto';

import { ByteText } from '../graphql/byte-text.ts';
import type { CachePolicy } from '../graphql/cache-policy.ts';
import { headOf } from './answers.ts';
import type { HttpAnswer } from './answers.ts';
import { compressed, contentCodingFor } from './compression.ts';
import type { ContentCoding } from './compression.ts';
import type { GraphQLExchange } from './graphql-exchange.ts';
import type { RequestKind, RequestRecord } from './request-record.ts';

/** What public answers are made from, and when. */
export interface Moment {
  /** Stands for one state of what they are made from. */
  readonly state: object;
  readonly nowMs: number;
  /** The next moment that changes the answers without another state. */
  readonly validUntilMs: number | undefined;
}

/** The longest that an answer is called fresh, in milliseconds, whatever its state says. */
const longestLifeMs = 300_000;
/** The life of answers that show ages, in milliseconds. */
const briefLifeMs = 1_000;
/** What a shared cache has to tell apart. */
const vary = 'accept, accept-encoding, authorization, x-router-token';

/** A kept answer with its compressed forms, made when first asked for. */
export interface KeptAnswer {
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

export function isAlive(entry: KeptAnswer, nowMs: number): boolean {
  return nowMs < entry.expiresAtMs && nowMs >= entry.madeAtMs;
}

/** Whether an answer may be sent to everybody who asks the same. */
export function isPublic(answer: HttpAnswer, { cachePolicy, errorCodes }: RequestRecord): boolean {
  return cachePolicy !== undefined && answer.status === 200 && errorCodes.length === 0;
}

/** What is kept of an answer; undefined where it must not be. */
export function keptAnswerOf(
  answer: HttpAnswer,
  record: RequestRecord,
  moment: Moment,
): KeptAnswer | undefined {
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

/** @param age - whole seconds since the answer was made, of the `maxAge` that it is fresh for. */
function freshness(maxAge: number, age: number): Readonly<Record<string, string>> {
  return { 'cache-control': `public, max-age=${maxAge}`, age: String(age), vary };
}

/** How a kept answer goes out to this request. */
export function formOf<Context>(
  entry: KeptAnswer,
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
      ...(isUnchanged ? {} : { 'content-length': String(body.byteLength) }),
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

function compressedBody(entry: KeptAnswer, coding: ContentCoding): Promise<Buffer> {
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
/** Where the last head of an answer that was not kept is found again. */
export interface FirstHeads {
  first: FirstHead | undefined;
}

/** How an answer goes out that is not kept. To compress it would cost more than to make it. */
export function firstForm(
  heads: FirstHeads,
  answer: HttpAnswer,
  { cachePolicy }: RequestRecord,
  moment: Moment,
): HttpAnswer {
  const maxAge = Math.floor(lifeMs(cachePolicy ?? 'BRIEF', moment) / 1000);
  if (heads.first?.maxAge !== maxAge || heads.first.from !== answer.headers) {
    const headers = { ...answer.headers, ...freshness(maxAge, 0) };
    heads.first = { from: answer.headers, maxAge, headers, head: headOf(headers) };
  }
  const { headers, head } = heads.first;
  return { status: answer.status, headers, head, body: answer.body };
}
