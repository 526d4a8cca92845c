import type { Clock } from '../../domain/clock.ts';
import type { ProviderFailure } from '../../domain/failure.ts';
import type { AttemptOptions, AttemptOutcome, InferencePayload } from '../../domain/inference.ts';
import type { ListedModel, Task } from '../../domain/model.ts';
import type { PriceRow } from '../../domain/price.ts';
import { malformedAnswer } from '../failures.ts';
import {
  type OutwardAnswer,
  type OutwardHttp,
  type OutwardLimits,
  publicAddress,
} from '../http.ts';
import { parseJson } from '../json.ts';
import type { ApiKeySource, FeedReading, PriceReading, ProviderInterface } from '../provider.ts';
import { inReadingPlace, readingTurn } from '../reading-places.ts';
import { Rejections } from '../rejections.ts';
import { SharedCall } from '../shared-call.ts';
import { GroqApi, outwardUrl } from './groq-api.ts';
import { GroqLauncher } from './launch.ts';
import { parsePriceList } from './pricing-endpoint.ts';
import { servedCodeOf } from './region.ts';
import { inputBoundOf } from './tasks.ts';
import { listedModelOf, listedPriceOf } from './to-domain.ts';
import { type GroqModel, parseModelList } from './wire.ts';

export interface GroqAdapterOptions {
  /** The registry key; `groq` unless the registry has Groq twice. */
  readonly id?: string;
  /** Where Groq is, with or without `/openai/v1` at its end. */
  readonly baseUrl: string;
  /** The price endpoint of the specification; undefined where there is none to ask. */
  readonly pricingUrl: string | undefined;
  readonly keys: ApiKeySource;
  readonly http: OutwardHttp;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** Bounds of each reading. */
  readonly limits?: Partial<OutwardLimits>;
  /** The path that serves each task, under the base URL; Groq's own paths unless the registry has others. */
  readonly endpoints?: ReadonlyMap<Task, string>;
}

/** Groq's model list, prices and inference. */
export class GroqAdapter implements ProviderInterface {
  readonly id: string;
  readonly #api: GroqApi;
  readonly #modelsUrl: URL;
  readonly #pricingUrl: URL | undefined;
  readonly #limits: OutwardLimits;
  readonly #modelList: SharedCall<Fetched<GroqModel>>;
  readonly #launcher: GroqLauncher;
  readonly #clock: Pick<Clock, 'now'>;
  #nextPricingProbeMs = 0;

  /** @throws TypeError when one of the addresses is not an absolute http(s) address. */
  constructor(options: GroqAdapterOptions) {
    this.id = options.id ?? 'groq';
    this.#api = new GroqApi(options);
    this.#modelsUrl = this.#api.url('/openai/v1/models');
    this.#pricingUrl =
      options.pricingUrl === undefined ? undefined : outwardUrl(options.pricingUrl);
    this.#limits = { ...defaultReadingLimits, ...options.limits };
    this.#modelList = new SharedCall(
      (signal) => this.#fetch(this.#modelsUrl, parseModelList, signal),
      (begun) => ({ ok: false, failure: cancelled(begun) }),
    );
    const { http, clock, endpoints } = options;
    this.#clock = clock;
    this.#launcher = new GroqLauncher({ api: this.#api, http, clock, endpoints });
  }

  async listModels(signal: AbortSignal): Promise<FeedReading<ListedModel>> {
    const feed = modelsFeed;
    const source = publicAddress(this.#modelsUrl);
    const fetched = await this.#modelList.join(signal);
    if (!fetched.ok) return { ok: false, feed, source, failure: fetched.failure };
    const { observedAt, rejections, servedCode } = fetched;
    return {
      ok: true,
      feed,
      source,
      observedAt,
      rows: fetched.rows.map(listedModelOf),
      rejected: rejections.rows(),
      ...(servedCode === undefined ? {} : { servedCode }),
    };
  }

  async getPricing(signal: AbortSignal): Promise<readonly PriceReading[]> {
    const readings = [this.#readListedPrices(signal)];
    if (this.#pricingUrl !== undefined) {
      readings.unshift(this.#readPriceList(this.#pricingUrl, signal));
    }
    return Promise.all(readings);
  }

  launchInference(payload: InferencePayload, options: AttemptOptions): Promise<AttemptOutcome> {
    return this.#launcher.launch(payload, options);
  }

  inputBound(payload: InferencePayload): number {
    return inputBoundOf(payload);
  }

  renewKey(): Promise<boolean> {
    return this.#launcher.renewKey();
  }

  /** The price endpoint that the specification names. */
  async #readPriceList(url: URL, signal: AbortSignal): Promise<PriceReading> {
    const reading = { basis: 'LIVE', feed: pricingFeed, source: publicAddress(url) } as const;
    if (this.#clock.now() < this.#nextPricingProbeMs) {
      return { ...reading, ok: false, failure: noPriceList };
    }
    const fetched = await this.#fetch(url, parsePriceList, signal);
    if (!fetched.ok) {
      const { failure } = fetched;
      if (failure.httpStatus !== 404) return { ...reading, ok: false, failure };
      this.#nextPricingProbeMs = this.#clock.now() + pricingProbeIntervalMs;
      return { ...reading, ok: false, failure: noPriceList };
    }
    const { observedAt, rows, rejections, servedCode } = fetched;
    return {
      ...reading,
      ok: true,
      observedAt,
      rows,
      rejected: rejections.rows(),
      ...(servedCode === undefined ? {} : { servedCode }),
    };
  }

  /** The prices that stand in the model list. */
  async #readListedPrices(signal: AbortSignal): Promise<PriceReading> {
    const source = publicAddress(this.#modelsUrl);
    const reading = { basis: 'LIVE', feed: modelsFeed, source } as const;
    const fetched = await this.#modelList.join(signal);
    if (!fetched.ok) return { ...reading, ok: false, failure: fetched.failure };
    const rejections = new Rejections();
    const rows: PriceRow[] = [];
    for (const model of fetched.rows) {
      const price = listedPriceOf(model);
      if (price.kind === 'PRICE') rows.push(price.row);
      if (price.kind === 'REJECTED') rejections.add(model.id, price.reason);
    }
    const { observedAt, servedCode } = fetched;
    return {
      ...reading,
      ok: true,
      observedAt,
      rows,
      rejected: rejections.rows(),
      ...(servedCode === undefined ? {} : { servedCode }),
    };
  }

  /** Fetches an address and reads its rows with `parse`. */
  async #fetch<Row>(
    url: URL,
    parse: (value: unknown, rejections: Rejections) => readonly Row[] | undefined,
    signal: AbortSignal,
  ): Promise<Fetched<Row>> {
    return await inReadingPlace(async () => {
      const result = await this.#api.get(url, this.#limits, signal);
      if (!result.ok) return result;
      await readingTurn();
      return rowsOf(result.answer, parse);
    });
  }
}

function rowsOf<Row>(
  answer: OutwardAnswer,
  parse: (value: unknown, rejections: Rejections) => readonly Row[] | undefined,
): Fetched<Row> {
  const json = parseJson(answer.text());
  if (!json.ok) return notAList(json.reason, answer.status);
  const rejections = new Rejections();
  const rows = parse(json.value, rejections);
  if (rows === undefined) return notAList('the body is not a list of rows', answer.status);
  return {
    ok: true,
    rows,
    rejections,
    observedAt: answer.receivedAtMs,
    servedCode: servedCodeOf(answer.headers),
  };
}

/** Feed name of everything that comes from `GET /openai/v1/models`. */
const modelsFeed = 'models';
/** Feed name of the price endpoint that the specification names. */
const pricingFeed = 'pricing';

/** How often an endpoint that does not exist is asked for again, in milliseconds. */
const pricingProbeIntervalMs = 3_600_000;

/** A list of some kilobytes, read every few minutes: these are bounds against harm, not tuning. */
const defaultReadingLimits: OutwardLimits = {
  connectTimeoutMs: 5_000,
  firstByteTimeoutMs: 15_000,
  idleTimeoutMs: 10_000,
  totalTimeoutMs: 30_000,
  maxBodyBytes: 4 * 1024 * 1024,
};

type Fetched<Row> =
  | {
      readonly ok: true;
      readonly rows: readonly Row[];
      readonly rejections: Rejections;
      readonly observedAt: number;
      readonly servedCode: string | undefined;
    }
  | { readonly ok: false; readonly failure: ProviderFailure };

function cancelled(begun: boolean): ProviderFailure {
  return {
    code: 'CANCELLED',
    message: 'The reading was cancelled',
    execution: begun ? 'UNKNOWN' : 'NOT_SENT',
    retryable: false,
  };
}

const noPriceList: ProviderFailure = {
  code: 'UNSUPPORTED',
  message: 'Groq has no price list at this address (HTTP 404)',
  execution: 'NOT_EXECUTED',
  retryable: false,
  httpStatus: 404,
};

function notAList(reason: string, httpStatus: number): Fetched<never> {
  return { ok: false, failure: malformedAnswer(`Groq gave no list: ${reason}`, httpStatus) };
}
