import type { ProviderFailure } from '../domain/failure.ts';
import type { AttemptOptions, AttemptOutcome, InferencePayload } from '../domain/inference.ts';
import type { ListedModel } from '../domain/model.ts';
import type { PriceBasis, PriceRow } from '../domain/price.ts';

/** A row of a feed that was not taken, and why, in words for the operator. */
export interface RejectedRow {
  /** The row's own id, or its position (`#3`) when it has none. */
  readonly id: string;
  readonly reason: string;
}

/** What one reading of one feed gave. */
export type FeedReading<Row> =
  | {
      readonly ok: true;
      readonly feed: string;
      /** Where the rows come from: an address without credentials, or the name of a shipped file. */
      readonly source: string;
      /** Milliseconds since the epoch at which the source answered. */
      readonly observedAt: number;
      readonly rows: readonly Row[];
      readonly rejected: readonly RejectedRow[];
      /** The provider's own code for the site that answered, where it names one. */
      readonly servedCode?: string;
    }
  | {
      readonly ok: false;
      readonly feed: string;
      readonly source: string;
      readonly failure: ProviderFailure;
    };

/** A price feed's reading, with what its prices rest on. */
export type PriceReading = FeedReading<PriceRow> & { readonly basis: PriceBasis };

/**
 * What this service asks of a provider of models. A new provider is one folder beside `groq/` and one
 * entry in the registry. Readings report failures as data; only a fault of ours throws.
 */
export interface ProviderInterface {
  /** The registry key, e.g. `groq`. */
  readonly id: string;

  /** The provider's present model list. */
  listModels(signal: AbortSignal): Promise<FeedReading<ListedModel>>;

  /**
   * One reading for each of the provider's own price feeds, most trusted first. A feed that shares its
   * answer with {@link listModels} is fetched once when both are asked for at the same time.
   */
  getPricing(signal: AbortSignal): Promise<readonly PriceReading[]>;

  /**
   * Sends one inference, once: no repeat is hidden inside. How it ended is data, and says what is certain
   * about the work behind a failure. Nothing throws but a fault of ours.
   */
  launchInference(payload: InferencePayload, options: AttemptOptions): Promise<AttemptOutcome>;

  /** An upper bound of the input in the unit that the task is priced in: bytes of the rendered request for text. */
  inputBound(payload: InferencePayload): number;

  /** Asked after the provider refused the key: true when a newer one is in place. */
  renewKey(): Promise<boolean>;
}

/** The provider's key for one call. The value is revealed where the header is written, nowhere else. */
export interface ApiKey {
  /** Public name of this generation of the key, safe to log. */
  readonly generation: string;
  reveal(): string;
}

/** Where an adapter gets its key at each call, so that a rotation needs no restart. */
export interface ApiKeySource {
  /** The key in force, or why there is none. Cheap when nothing changed. */
  current(): Promise<ApiKeyResult>;
  /** Asked after the provider refused a key: re-reads the secret and answers only with another generation. */
  newerThan(refused: ApiKey): Promise<ApiKey | undefined>;
}

export type ApiKeyResult =
  { readonly ok: true; readonly key: ApiKey } | { readonly ok: false; readonly reason: string };
