import type { Decimal } from '../domain/decimal.ts';
import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { ProviderEntry, ModelEntry, OfferingEntry, FeedEntry, MeasuredPercentiles } from '../catalogue/snapshot.ts';
import type { PricingParent } from './resolvers/offering.ts';
import type { RunView } from '../inference/live-runs.ts';
import type { EventParent } from './resolvers/inference-run.ts';
import type { OfferingNotice } from '../catalogue/change-log.ts';
import type { OfferingPrice } from '../catalogue/offering-price.ts';
import type { UsageRow } from '../inference/ledger-store.ts';
import type { Caller } from '../callers/caller.ts';
import type { RequestContext } from './context.ts';
export type Maybe<T> = T | null | undefined;
export type InputMaybe<T> = T | null | undefined;
export type Omit<T, K extends keyof T> = Pick<T, Exclude<keyof T, K>>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** A moment in UTC with milliseconds, for example `2026-10-02T03:58:23.000Z`. */
  DateTime: { input: number; output: number; }
  /**
   * An exact decimal number as plain text: no exponent, no trailing zeros, for example `"0.0000002625"` or
   * `"0"`. Accepted on input as a string or a number.
   */
  Decimal: { input: Decimal; output: Decimal; }
  /** Any JSON value. */
  JSON: { input: unknown; output: unknown; }
  _FieldSet: { input: string; output: string; }
};

/** What is certain about an attempt. */
export type AttemptOutcome =
  /** Answered in full. */
  | 'COMPLETED'
  /** The provider did work before it failed. */
  | 'EXECUTED'
  /** The provider said that it did not do the work. */
  | 'NOT_EXECUTED'
  /** No byte went out. */
  | 'NOT_SENT'
  /** Nothing says what became of it. */
  | 'UNKNOWN';

/** Spoken audio. */
export type AudioOutput = {
  readonly __typename?: 'AudioOutput';
  /** The bytes in base64. */
  readonly base64: Scalars['String']['output'];
  /** Their media type. */
  readonly contentType: Scalars['String']['output'];
};

/** A budget for one UTC day, in USD. */
export type Budget = {
  readonly __typename?: 'Budget';
  /** What may be spent. */
  readonly limit: Scalars['Decimal']['output'];
  /** What runs that have not ended hold. */
  readonly reserved: Scalars['Decimal']['output'];
  /** When it starts anew. */
  readonly resetsAt: Scalars['DateTime']['output'];
  /** What was charged. */
  readonly spent: Scalars['Decimal']['output'];
};

/** Which run to stop. */
export type CancelInferenceInput = {
  /** The run. */
  readonly id: Scalars['ID']['input'];
};

/** What came of a cancellation. */
export type CancelInferenceResult = InferenceCancelled | LaunchRefused;

/** One message of a conversation. */
export type ChatMessageInput = {
  /** What is said. */
  readonly content?: InputMaybe<Scalars['String']['input']>;
  /** Images; refused, because their cost can't be bounded before the call. */
  readonly imageUrls?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** Who speaks. */
  readonly role: ChatRole;
  /** Which tool call a `TOOL` message answers. */
  readonly toolCallId?: InputMaybe<Scalars['String']['input']>;
  /** The tool calls of an earlier assistant message. */
  readonly toolCalls?: InputMaybe<ReadonlyArray<ToolCallInput>>;
};

/** Who speaks. */
export type ChatRole =
  /** The model. */
  | 'ASSISTANT'
  /** Instructions. */
  | 'SYSTEM'
  /** A tool's result. */
  | 'TOOL'
  /** The person or program that asks. */
  | 'USER';

/** How certain a cost is. */
export type CostCertainty =
  /** Between `minimum` and `maximum`. */
  | 'BOUNDED'
  /** Computed from the provider's own count. */
  | 'EXACT'
  /** Nobody knows whether the provider did the work. */
  | 'UNKNOWN';

/** The worst case does not fit a limit on money. */
export type CostLimitExceeded = LaunchRefusal & {
  readonly __typename?: 'CostLimitExceeded';
  /** The reason as a stable code. */
  readonly code: LaunchRefusalCode;
  /** The largest `maxOutputTokens` that fits; null when none does. */
  readonly largestMaxOutputTokens?: Maybe<Scalars['Int']['output']>;
  /** What may be spent, in USD. */
  readonly limit: Scalars['Decimal']['output'];
  /** The reason in words. */
  readonly message: Scalars['String']['output'];
  /** What the worst case would cost, in USD. */
  readonly required: Scalars['Decimal']['output'];
  /** When it makes sense to try again; null where that is not known. */
  readonly retryAfterSeconds?: Maybe<Scalars['Int']['output']>;
  /** Whether the same request may be taken later. */
  readonly retryable: Scalars['Boolean']['output'];
};

/** One line of a cost: quantity × unit price = amount, exactly. */
export type CostLine = {
  readonly __typename?: 'CostLine';
  /** USD. */
  readonly amount: Scalars['Decimal']['output'];
  /** What was counted. */
  readonly kind: CostLineKind;
  /** How many. */
  readonly quantity: Scalars['Decimal']['output'];
  /** USD for one. */
  readonly unitPrice: Scalars['Decimal']['output'];
};

/** What a line counts. */
export type CostLineKind =
  /** Input from the provider's cache. */
  | 'CACHED_INPUT'
  /** Input that was not cached. */
  | 'INPUT'
  /** Output, reasoning included. */
  | 'OUTPUT'
  /** Something that a person found out. */
  | 'RESOLVED';

/** How a cost per token was made. */
export type CostMethod =
  /** `(3 × input + 1 × output) / 4`. */
  | 'BLEND_3_1'
  /** The one number that a feed gives. */
  | 'SINGLE';

/** What came of an estimate. */
export type EstimateInferenceResult = CostLimitExceeded | InferenceEstimate | LaunchRefused | ModelUnavailable | PriceChanged;

/** One source of models or prices. */
export type Feed = {
  readonly __typename?: 'Feed';
  /** Seconds since `lastSuccessAt`. */
  readonly ageSeconds?: Maybe<Scalars['Int']['output']>;
  /** Why it does not answer; null when it does. */
  readonly error?: Maybe<Scalars['String']['output']>;
  /** When it last answered with usable rows; for a shipped list, its own date. */
  readonly lastSuccessAt?: Maybe<Scalars['DateTime']['output']>;
  /** `pricing` and `models` are the provider's own, `models.dev` is a public list, `declared` and `shipped` come with the configuration. */
  readonly name: Scalars['String']['output'];
  /** Rows of the last reading that were not taken, at most 100. */
  readonly rejected: ReadonlyArray<RejectedRow>;
  /** Where it is read. */
  readonly source: Scalars['String']['output'];
  /** Whether it answers. */
  readonly state: FeedState;
};

/** The states of a feed. */
export type FeedState =
  /** Its last reading failed; what it gave before is kept and ages. */
  | 'FAILING'
  /** Its last reading was good. */
  | 'OK'
  /** It has not been read yet. */
  | 'PENDING'
  /** It cannot be read for want of configuration, or it is switched off. */
  | 'UNCONFIGURED'
  /** The provider has no such endpoint; it is probed again now and then. */
  | 'UNSUPPORTED';

/** How old a price is. */
export type Freshness =
  /** One hour old or older. */
  | 'EXPIRED'
  /** Younger than two poll intervals. */
  | 'FRESH'
  /** Younger than one hour. */
  | 'STALE';

/** The key belongs to another request. */
export type IdempotencyConflict = LaunchRefusal & {
  readonly __typename?: 'IdempotencyConflict';
  /** The reason as a stable code. */
  readonly code: LaunchRefusalCode;
  /** The reason in words. */
  readonly message: Scalars['String']['output'];
  /** When it makes sense to try again; null where that is not known. */
  readonly retryAfterSeconds?: Maybe<Scalars['Int']['output']>;
  /** Whether the same request may be taken later. */
  readonly retryable: Scalars['Boolean']['output'];
  /** The run that the key belongs to. */
  readonly run: InferenceRun;
};

/** One time that a run was sent. */
export type InferenceAttempt = {
  readonly __typename?: 'InferenceAttempt';
  /** From 1. */
  readonly number: Scalars['Int']['output'];
  /** What is certain about it; null while it goes on. */
  readonly outcome?: Maybe<AttemptOutcome>;
  /** When the sending began. */
  readonly sentAt: Scalars['DateTime']['output'];
};

/** The run was stopped, or had ended before. */
export type InferenceCancelled = {
  readonly __typename?: 'InferenceCancelled';
  /** The run with its receipt. */
  readonly run: InferenceRun;
};

/** What a run costs at its provider, in USD. */
export type InferenceCost = {
  readonly __typename?: 'InferenceCost';
  /** How certain it is. */
  readonly certainty: CostCertainty;
  /** Always `USD`. */
  readonly currency: Scalars['String']['output'];
  /** What it is made of; they add up to `total`. */
  readonly lines: ReadonlyArray<CostLine>;
  /** At most this. */
  readonly maximum: Scalars['Decimal']['output'];
  /** At least this. */
  readonly minimum: Scalars['Decimal']['output'];
  /** The price of that version as the offering's history has it; null where the history does not have it. */
  readonly price?: Maybe<PricePoint>;
  /** The version of the prices that it was computed with. */
  readonly priceVersion: Scalars['String']['output'];
  /** The cost; null unless it is certain. */
  readonly total?: Maybe<Scalars['Decimal']['output']>;
};

/** What an inference would cost. */
export type InferenceEstimate = {
  readonly __typename?: 'InferenceEstimate';
  /** What the worst case is made of. */
  readonly lines: ReadonlyArray<CostLine>;
  /** The tokens that the output is bounded to. */
  readonly maxOutputTokens?: Maybe<Scalars['Int']['output']>;
  /** What would be bought. */
  readonly offering: Offering;
  /** The version of the prices; give it to `launchInference`. */
  readonly priceVersion: Scalars['String']['output'];
  /** The worst case, in USD: what a launch reserves. */
  readonly worstCase: Scalars['Decimal']['output'];
};

/** Something that happened while a run went on. */
export type InferenceEvent = {
  readonly __typename?: 'InferenceEvent';
  /** When it was stored. */
  readonly at: Scalars['DateTime']['output'];
  /** Opaque; goes into `after`. */
  readonly cursor: Scalars['String']['output'];
  /** What it is. */
  readonly kind: InferenceEventKind;
  /** The finished run. */
  readonly run?: Maybe<InferenceRun>;
  /** A piece of text or reasoning. */
  readonly text?: Maybe<Scalars['String']['output']>;
  /** A tool call. */
  readonly toolCall?: Maybe<ToolCall>;
};

/** What an event is. */
export type InferenceEventKind =
  /** The run has ended. */
  | 'FINISHED'
  /** A piece of the reasoning. */
  | 'REASONING'
  /** A piece of the answer. */
  | 'TEXT'
  /** A tool call. */
  | 'TOOL_CALL';

/** Why a run did not succeed. */
export type InferenceFailure = {
  readonly __typename?: 'InferenceFailure';
  /**
   * A stable code. Of this service: `PROCESS_ENDED`, `DEADLINE_EXCEEDED`, `CANCELLED_BY_CALLER`. Of the call to the
   * provider: `UNREACHABLE`, `TIMEOUT`, `CUT_ANSWER`, `ANSWER_TOO_LARGE`, `MALFORMED_ANSWER`, `CANCELLED`. As the
   * provider said: `UNCONFIGURED`, `UNAUTHORIZED`, `FORBIDDEN`, `NETWORK_BLOCKED`, `UNSUPPORTED`, `MODEL_NOT_FOUND`,
   * `MODEL_DECOMMISSIONED`, `MODEL_TERMS_REQUIRED`, `ORGANIZATION_RESTRICTED`, `SPEND_LIMIT_REACHED`,
   * `INVALID_REQUEST`, `CONTEXT_LENGTH_EXCEEDED`, `TOOL_USE_FAILED`, `JSON_VALIDATE_FAILED`, `OUTPUT_PARSE_FAILED`,
   * `REQUEST_TOO_LARGE`, `RATE_LIMITED`, `OVER_CAPACITY`, `SERVER_ERROR`, `DEPENDENCY_FAILED`.
   */
  readonly code: Scalars['String']['output'];
  /** The reason in words. */
  readonly message: Scalars['String']['output'];
  /** When it makes sense to try again; null where that is not known. */
  readonly retryAfterSeconds?: Maybe<Scalars['Int']['output']>;
  /** Whether a new launch of the same may succeed without a change. */
  readonly retryable: Scalars['Boolean']['output'];
};

/** The launch was taken: its run, finished or not. */
export type InferenceLaunched = {
  readonly __typename?: 'InferenceLaunched';
  /** Whether the key was known, so that nothing new was bought. */
  readonly replayed: Scalars['Boolean']['output'];
  /** The run; it may have failed, see its `state`. */
  readonly run: InferenceRun;
};

/** How the answer of a launch is wanted. */
export type InferenceMode =
  /** Answer at once; read the run later. */
  | 'ASYNC'
  /** Answer at once; deltas are stored as events while the run goes on. */
  | 'STREAM'
  /** Wait for the result, or for `waitMs`. */
  | 'SYNC';

/** What a model answered. */
export type InferenceOutput = {
  readonly __typename?: 'InferenceOutput';
  /** Spoken audio. */
  readonly audio?: Maybe<AudioOutput>;
  /** Why it ended: `stop`, `length` or `tool_calls`. */
  readonly finishReason?: Maybe<Scalars['String']['output']>;
  /** The reasoning, where it was asked for apart. */
  readonly reasoning?: Maybe<Scalars['String']['output']>;
  /** The text. */
  readonly text?: Maybe<Scalars['String']['output']>;
  /** The tools that it wants to be called. */
  readonly toolCalls: ReadonlyArray<ToolCall>;
};

/** How the model should answer. What is absent is the provider's default. */
export type InferenceParametersInput = {
  /** The most tokens to generate, reasoning included; bounds the cost. */
  readonly maxOutputTokens?: InputMaybe<Scalars['Int']['input']>;
  /** How much to reason and what to show of it. */
  readonly reasoning?: InputMaybe<ReasoningInput>;
  /** The form of the answer. */
  readonly responseFormat?: InputMaybe<ResponseFormatInput>;
  /** For repeatable sampling, as far as the provider can. */
  readonly seed?: InputMaybe<Scalars['Int']['input']>;
  /** Texts that end the answer; at most 4. */
  readonly stop?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** 0 to 2. */
  readonly temperature?: InputMaybe<Scalars['Float']['input']>;
  /** Whether and which tool must be called. */
  readonly toolChoice?: InputMaybe<ToolChoiceInput>;
  /** Tools that the model may call; at most 128. */
  readonly tools?: InputMaybe<ReadonlyArray<ToolInput>>;
  /** 0 to 1. */
  readonly topP?: InputMaybe<Scalars['Float']['input']>;
};

/** How a run of unknown outcome was closed. */
export type InferenceResolution = {
  readonly __typename?: 'InferenceResolution';
  /** When. */
  readonly at: Scalars['DateTime']['output'];
  /** Who closed it. */
  readonly by: Scalars['String']['output'];
  /** What the finding rests on. */
  readonly evidence: Scalars['String']['output'];
  /** What happened. */
  readonly outcome: ResolvedOutcome;
};

/** The run is closed. */
export type InferenceResolved = {
  readonly __typename?: 'InferenceResolved';
  /** The run with its receipt. */
  readonly run: InferenceRun;
};

/** One inference, from reservation to receipt. It answers to its caller only. */
export type InferenceRun = {
  readonly __typename?: 'InferenceRun';
  /** Every time that it was sent. */
  readonly attempts: ReadonlyArray<InferenceAttempt>;
  /** What the caller pays, in USD: never more than was reserved; 0 while the outcome is unknown. */
  readonly charge: Scalars['Decimal']['output'];
  /** What the provider takes for it. */
  readonly cost: InferenceCost;
  /** When it was reserved. */
  readonly createdAt: Scalars['DateTime']['output'];
  /** What happened while it went on, in order; for STREAM runs and their owner. At most 1,000 a page. */
  readonly events: ReadonlyArray<InferenceEvent>;
  /** Why it did not succeed. */
  readonly failure?: Maybe<InferenceFailure>;
  /** When it ended. */
  readonly finishedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Opaque. */
  readonly id: Scalars['ID']['output'];
  /** The caller's key. */
  readonly idempotencyKey: Scalars['String']['output'];
  /** The caller's own words. */
  readonly metadata?: Maybe<Scalars['JSON']['output']>;
  /** How its answer was wanted. */
  readonly mode: InferenceMode;
  /** Which model. */
  readonly model?: Maybe<Model>;
  /** What was bought; null when the catalogue has it no more. */
  readonly offering?: Maybe<Offering>;
  /** The id of what was bought. */
  readonly offeringId: Scalars['ID']['output'];
  /** What the model answered, for the run's owner; null before it did, and once the content's time is over. */
  readonly output?: Maybe<InferenceOutput>;
  /** Who ran it. */
  readonly provider?: Maybe<Provider>;
  /** The provider's id for its support desk. */
  readonly providerRequestId?: Maybe<Scalars['String']['output']>;
  /** What is held for it until it ends, in USD. */
  readonly reserved: Scalars['Decimal']['output'];
  /** Where it ran, as far as that is known. */
  readonly residency: RunResidency;
  /** How a run of unknown outcome was closed. */
  readonly resolution?: Maybe<InferenceResolution>;
  /** When it was first sent. */
  readonly startedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Where it stands. */
  readonly state: InferenceState;
  /** The run that it stands in for. */
  readonly supersedes?: Maybe<Scalars['ID']['output']>;
  /** Where the time went. */
  readonly timing: InferenceTiming;
  /** What the provider counted; null where it did not say. */
  readonly usage?: Maybe<InferenceUsage>;
};


/** One inference, from reservation to receipt. It answers to its caller only. */
export type InferenceRunEventsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: Scalars['Int']['input'];
};

/** A page of runs, newest first. */
export type InferenceRunConnection = {
  readonly __typename?: 'InferenceRunConnection';
  /** The rows with their cursors. */
  readonly edges: ReadonlyArray<InferenceRunEdge>;
  /** The rows alone. */
  readonly nodes: ReadonlyArray<InferenceRun>;
  /** Where this page stands. */
  readonly pageInfo: PageInfo;
  /** How many pass the filter on all pages. */
  readonly totalCount: Scalars['Int']['output'];
};

/** One row of a page. */
export type InferenceRunEdge = {
  readonly __typename?: 'InferenceRunEdge';
  /** Opaque; goes into `after` or `before`. */
  readonly cursor: Scalars['String']['output'];
  /** The row. */
  readonly node: InferenceRun;
};

/** Which runs; everything given must hold. */
export type InferenceRunFilter = {
  /** Reserved at or after this. */
  readonly from?: InputMaybe<Scalars['DateTime']['input']>;
  /** Of these offerings. */
  readonly offering?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
  /** In one of these states. */
  readonly state?: InputMaybe<ReadonlyArray<InferenceState>>;
  /** Reserved before this. */
  readonly to?: InputMaybe<Scalars['DateTime']['input']>;
};

/** Where a run stands. */
export type InferenceState =
  /** Stopped by its caller. */
  | 'CANCELLED'
  /** Ended without a full answer; `cost` says what is certain. */
  | 'FAILED'
  /** Waiting for a free place. */
  | 'QUEUED'
  /** Paid for in advance, not yet sent. */
  | 'RESERVED'
  /** With the provider. */
  | 'RUNNING'
  /** Answered in full. */
  | 'SUCCEEDED'
  /** Nobody knows whether the provider did the work; never sent again. */
  | 'UNKNOWN';

/** Where the time of a run went, in milliseconds. */
export type InferenceTiming = {
  readonly __typename?: 'InferenceTiming';
  /** At the provider, generating. */
  readonly completionMs?: Maybe<Scalars['Float']['output']>;
  /** In this service, waiting for a free place included. */
  readonly overheadMs?: Maybe<Scalars['Float']['output']>;
  /** At the provider, reading the input. */
  readonly promptMs?: Maybe<Scalars['Float']['output']>;
  /** At the provider, before it began. */
  readonly queueMs?: Maybe<Scalars['Float']['output']>;
  /** From sending to the first token, as seen from here; for streams. */
  readonly timeToFirstTokenMs?: Maybe<Scalars['Float']['output']>;
  /** From sending to the end, as seen from here. */
  readonly totalMs?: Maybe<Scalars['Float']['output']>;
};

/** What a provider counted. */
export type InferenceUsage = {
  readonly __typename?: 'InferenceUsage';
  /** Seconds of audio that were written down. */
  readonly audioSeconds?: Maybe<Scalars['Decimal']['output']>;
  /** Tokens of the input that came from the provider's cache. */
  readonly cachedInputTokens?: Maybe<Scalars['Int']['output']>;
  /** Characters that were spoken. */
  readonly characters?: Maybe<Scalars['Int']['output']>;
  /** Tokens that went in, cached ones included. */
  readonly inputTokens?: Maybe<Scalars['Int']['output']>;
  /** Tokens that came out, reasoning included. */
  readonly outputTokens?: Maybe<Scalars['Int']['output']>;
  /** Tokens of the output that were reasoning. */
  readonly reasoningTokens?: Maybe<Scalars['Int']['output']>;
};

/** What was used and charged, summed up by the day on which it was settled or resolved. */
export type InferenceUsageRow = {
  readonly __typename?: 'InferenceUsageRow';
  /** The caller, where grouped by it; for callers with the scope `inference:operate`. */
  readonly caller?: Maybe<Scalars['String']['output']>;
  /** What the callers pay, in USD. */
  readonly charge: Scalars['Decimal']['output'];
  /** What the providers take at most, in USD. */
  readonly costMaximum: Scalars['Decimal']['output'];
  /** What the providers take at least, in USD. */
  readonly costMinimum: Scalars['Decimal']['output'];
  /** The UTC day, where grouped by it. */
  readonly day?: Maybe<Scalars['String']['output']>;
  /** Input tokens that the providers counted. */
  readonly inputTokens: Scalars['Float']['output'];
  /** The model, where grouped by it. */
  readonly modelId?: Maybe<Scalars['ID']['output']>;
  /** The offering, where grouped by it. */
  readonly offeringId?: Maybe<Scalars['ID']['output']>;
  /** Output tokens that the providers counted. */
  readonly outputTokens: Scalars['Float']['output'];
  /** The price version, where grouped by it. */
  readonly priceVersion?: Maybe<Scalars['String']['output']>;
  /** The provider, where grouped by it. */
  readonly providerId?: Maybe<Scalars['ID']['output']>;
  /** Runs that were settled. */
  readonly runs: Scalars['Int']['output'];
  /** Runs of unknown outcome that are not resolved; their cost is in `costMaximum` alone. */
  readonly unresolvedRuns: Scalars['Int']['output'];
};

/** What to run and on what terms. */
export type LaunchInferenceInput = {
  /** Accept `allowedRegions` although answers of the provider came from elsewhere in the last 24 hours. */
  readonly acceptUnverifiedRegion?: Scalars['Boolean']['input'];
  /** Accept a STALE price. */
  readonly allowStalePrice?: Scalars['Boolean']['input'];
  /** Refuse offerings declared for other regions. */
  readonly allowedRegions?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** For transcription: where the audio is. Public https addresses only, unless the operator allows others. */
  readonly audioUrl?: InputMaybe<Scalars['String']['input']>;
  /** Milliseconds after which the run itself is given up: at most 600,000, and 120,000 when absent. */
  readonly deadlineMs?: InputMaybe<Scalars['Int']['input']>;
  /** Names the intent: 1 to 200 visible characters, unique for the caller. The same key never buys twice. */
  readonly idempotencyKey: Scalars['String']['input'];
  /** Refuse when the worst case costs more, in USD. */
  readonly maxCost?: InputMaybe<Scalars['Decimal']['input']>;
  /** The conversation. Either this or `prompt`, for text. */
  readonly messages?: InputMaybe<ReadonlyArray<ChatMessageInput>>;
  /** Words of the caller's own, kept with the run: at most 16 keys and 2,000 characters, an object of strings. */
  readonly metadata?: InputMaybe<Scalars['JSON']['input']>;
  /** How the answer is wanted. */
  readonly mode?: InferenceMode;
  /** The model, when any offering of it that fits `route` will do. */
  readonly model?: InputMaybe<Scalars['ID']['input']>;
  /** What to buy. Either this or `model`. */
  readonly offering?: InputMaybe<Scalars['ID']['input']>;
  /** How the model should answer. */
  readonly parameters?: InputMaybe<InferenceParametersInput>;
  /** Refuse unless the offering's price version is still this one; also accepts a STALE price of this version. */
  readonly priceVersion?: InputMaybe<Scalars['String']['input']>;
  /** Short for one user message; for speech, the text to be spoken. */
  readonly prompt?: InputMaybe<Scalars['String']['input']>;
  /** How an offering of `model` is chosen; the cheapest launchable one when absent. */
  readonly route?: InputMaybe<RouteInput>;
  /** An earlier run of unknown outcome that this one stands in for. */
  readonly supersedes?: InputMaybe<Scalars['ID']['input']>;
  /** For speech: one of the model's voices. */
  readonly voice?: InputMaybe<Scalars['String']['input']>;
  /** For SYNC: milliseconds to wait before the running run is returned; at most 25,000. */
  readonly waitMs?: Scalars['Int']['input'];
};

/** What came of a launch. */
export type LaunchInferenceResult = CostLimitExceeded | IdempotencyConflict | InferenceLaunched | LaunchRefused | ModelUnavailable | PriceChanged;

/** Why a launch was not taken. Nothing was sent and nothing is charged. */
export type LaunchRefusal = {
  /** The reason as a stable code. */
  readonly code: LaunchRefusalCode;
  /** The reason in words. */
  readonly message: Scalars['String']['output'];
  /** When it makes sense to try again; null where that is not known. */
  readonly retryAfterSeconds?: Maybe<Scalars['Int']['output']>;
  /** Whether the same request may be taken later. */
  readonly retryable: Scalars['Boolean']['output'];
};

/** Why a launch is refused. */
export type LaunchRefusalCode =
  /** The worst case does not fit what is left of the caller's budget for the day. */
  | 'BUDGET_EXCEEDED'
  /** The key that seals stored content can't be had now. */
  | 'CONTENT_KEY_UNAVAILABLE'
  /** ASYNC and STREAM need stored content, which this service keeps none of. */
  | 'CONTENT_NOT_KEPT'
  /** The conversation is longer than the model's context. */
  | 'CONTEXT_LENGTH_EXCEEDED'
  /** The worst case costs more than `maxCost` or the operator's limit for one call. */
  | 'COST_LIMIT'
  /** `deadlineMs` passed while the launch waited; nothing was sent. */
  | 'DEADLINE_EXCEEDED'
  /** The caller has no right to launch. */
  | 'FORBIDDEN'
  /** The key belongs to another request. */
  | 'IDEMPOTENCY_CONFLICT'
  /** The key was used longer ago than keys are kept; take a new one. */
  | 'IDEMPOTENCY_KEY_EXPIRED'
  /** The input can't be understood or breaks a rule of the schema's descriptions. */
  | 'INVALID_REQUEST'
  /** The ledger can't be written, so no money may move. */
  | 'LEDGER_UNAVAILABLE'
  /** The provider shut the model down. */
  | 'MODEL_DECOMMISSIONED'
  /** No such model, or its provider has no access to it. */
  | 'MODEL_NOT_FOUND'
  /** No launchable offering fits the route. */
  | 'NO_OFFERING_FITS'
  /** No such offering. */
  | 'OFFERING_NOT_FOUND'
  /** The provider's newest list does not have the model as active. */
  | 'OFFERING_UNAVAILABLE'
  /** The price is not the one that `priceVersion` names. */
  | 'PRICE_CHANGED'
  /** The price is older than one hour. */
  | 'PRICE_EXPIRED'
  /** The price comes from somebody's list, not from the provider or a contract. */
  | 'PRICE_LISTED'
  /** The price is too old to be trusted by default; `allowStalePrice` or a matching `priceVersion` accepts it. */
  | 'PRICE_STALE'
  /** The price moved by more than ten times or to or from zero, and is not confirmed yet. */
  | 'PRICE_UNCONFIRMED'
  /** No component price is known. */
  | 'PRICE_UNKNOWN'
  /** The provider has no capacity now. */
  | 'PROVIDER_OVER_CAPACITY'
  /** The provider asks to wait. */
  | 'PROVIDER_RATE_LIMITED'
  /** The provider refused the request as it is. */
  | 'PROVIDER_REJECTED'
  /** The provider refuses the key, or the project has no right to the model. */
  | 'PROVIDER_UNAUTHORIZED'
  /** There is no key for the provider. */
  | 'PROVIDER_UNCONFIGURED'
  /** The provider could not be reached; nothing was sent. */
  | 'PROVIDER_UNREACHABLE'
  /** Every place at the provider is taken and the queue is full. */
  | 'QUEUE_FULL'
  /** The caller launches too often. */
  | 'RATE_LIMITED'
  /** Answers came from another region in the last 24 hours. */
  | 'REGION_MISMATCH'
  /** The offering is declared for another region than `allowedRegions`. */
  | 'REGION_NOT_ALLOWED'
  /** The request is larger than the provider ever takes at once. */
  | 'REQUEST_TOO_LARGE'
  /** No run of the caller has this id. */
  | 'RUN_NOT_FOUND'
  /** The run is in a state that does not allow this. */
  | 'RUN_STATE'
  /** The service is about to stop. */
  | 'SHUTTING_DOWN'
  /** The run that `supersedes` names is not one of the caller's with an unknown outcome. */
  | 'SUPERSEDES_INVALID'
  /** This service does not launch the model's task, or its task is unknown. */
  | 'TASK_UNSUPPORTED'
  /** What it would cost can't be bounded before the call. */
  | 'UNBOUNDED_COST';

/** A refusal that its code says all about. */
export type LaunchRefused = LaunchRefusal & {
  readonly __typename?: 'LaunchRefused';
  /** The reason as a stable code. */
  readonly code: LaunchRefusalCode;
  /** The reason in words. */
  readonly message: Scalars['String']['output'];
  /** When it makes sense to try again; null where that is not known. */
  readonly retryAfterSeconds?: Maybe<Scalars['Int']['output']>;
  /** Whether the same request may be taken later. */
  readonly retryable: Scalars['Boolean']['output'];
};

/** A model whoever hosts it. */
export type Model = {
  readonly __typename?: 'Model';
  /** Tokens that fit into one request with its answer. */
  readonly contextWindow?: Maybe<Scalars['Int']['output']>;
  /** The best cost per token among its available on-demand offerings, in USD. */
  readonly costPerToken?: Maybe<Scalars['Decimal']['output']>;
  /** What its provider says that it supports, for example `tools`; null where it said nothing. */
  readonly features?: Maybe<ReadonlyArray<Scalars['String']['output']>>;
  /** The id that its providers use, for example `openai/gpt-oss-120b`. Stable. */
  readonly id: Scalars['ID']['output'];
  /** What it reads, for example `text` or `image`; null where no provider said. */
  readonly inputModalities?: Maybe<ReadonlyArray<Scalars['String']['output']>>;
  /** Where it stands. */
  readonly lifecycle: ModelLifecycle;
  /** What happened to it, where there is more to say than `lifecycle`. */
  readonly lifecycleNote?: Maybe<Scalars['String']['output']>;
  /** When `lifecycle` became what it is, where that is known. */
  readonly lifecycleSince?: Maybe<Scalars['DateTime']['output']>;
  /** The most tokens that it generates for one request. */
  readonly maxOutputTokens?: Maybe<Scalars['Int']['output']>;
  /** Its name for people; the id where nobody gave one. */
  readonly name: Scalars['String']['output'];
  /** When that source gave them. */
  readonly observedAt: Scalars['DateTime']['output'];
  /** Who offers it; the filter's `model` is set to it. */
  readonly offerings: OfferingConnection;
  /** What it writes, for example `text`, `speech` or `transcription`; null where no provider said. */
  readonly outputModalities?: Maybe<ReadonlyArray<Scalars['String']['output']>>;
  /** Who made it, as its provider says. */
  readonly ownedBy?: Maybe<Scalars['String']['output']>;
  /** The declared region of its offerings; null when they differ or there are none. */
  readonly region?: Maybe<Scalars['String']['output']>;
  /** Every declared region in which it is offered. */
  readonly regions: ReadonlyArray<Scalars['String']['output']>;
  /** What its provider recommends in its place. */
  readonly replacement?: Maybe<Model>;
  /** Where the facts on this model come from. */
  readonly source: Scalars['String']['output'];
  /** What it does; null where no provider said. */
  readonly task?: Maybe<Task>;
  /** The best throughput among its available on-demand offerings, in output tokens per second. */
  readonly throughput?: Maybe<Scalars['Float']['output']>;
};


/** A model whoever hosts it. */
export type ModelOfferingsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<OfferingFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  orderBy?: InputMaybe<OfferingOrder>;
};

/** A page of models. */
export type ModelConnection = {
  readonly __typename?: 'ModelConnection';
  /** The rows with their cursors. */
  readonly edges: ReadonlyArray<ModelEdge>;
  /** The rows alone. */
  readonly nodes: ReadonlyArray<Model>;
  /** Where this page stands. */
  readonly pageInfo: PageInfo;
  /** How many pass the filter on all pages. */
  readonly totalCount: Scalars['Int']['output'];
};

/** One row of a page. */
export type ModelEdge = {
  readonly __typename?: 'ModelEdge';
  /** Opaque; goes into `after` or `before`. */
  readonly cursor: Scalars['String']['output'];
  /** The row. */
  readonly node: Model;
};

/** Which models; everything given must hold, a list holds when one of its values does. */
export type ModelFilter = {
  /** Features that it must have, all of them. */
  readonly features?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** Where it stands. */
  readonly lifecycle?: InputMaybe<ReadonlyArray<ModelLifecycle>>;
  /** The smallest context window, in tokens. */
  readonly minContextWindow?: InputMaybe<Scalars['Int']['input']>;
  /** Offered by one of these providers. */
  readonly provider?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
  /** Words that must all occur in its name, id or owner; at most 100 characters. */
  readonly search?: InputMaybe<Scalars['String']['input']>;
  /** What the model does. */
  readonly task?: InputMaybe<ReadonlyArray<Task>>;
};

/** Where a model stands. */
export type ModelLifecycle =
  /** On the newest list of at least one provider. */
  | 'ACTIVE'
  /** Shut down by its provider. */
  | 'DECOMMISSIONED'
  /** Named in the marketplace's first specification, never found on its provider's list. */
  | 'NEVER_HOSTED'
  /** Gone from its provider's list without a word. */
  | 'REMOVED';

/** How models are sorted. */
export type ModelOrder = {
  /** Which way. */
  readonly direction?: SortDirection;
  /** By what. */
  readonly field?: ModelOrderField;
};

/** What models are sorted by. */
export type ModelOrderField =
  /** Its context window. */
  | 'CONTEXT_WINDOW'
  /** The best cost per token among its offerings. */
  | 'COST_PER_TOKEN'
  /** Its name. */
  | 'NAME'
  /** The best throughput among its offerings. */
  | 'THROUGHPUT';

/** The model can't be had. */
export type ModelUnavailable = LaunchRefusal & {
  readonly __typename?: 'ModelUnavailable';
  /** The reason as a stable code. */
  readonly code: LaunchRefusalCode;
  /** The reason in words. */
  readonly message: Scalars['String']['output'];
  /** The model that was asked for, where it is known. */
  readonly model?: Maybe<Model>;
  /** What its provider recommends in its place. */
  readonly replacement?: Maybe<Model>;
  /** When it makes sense to try again; null where that is not known. */
  readonly retryAfterSeconds?: Maybe<Scalars['Int']['output']>;
  /** Whether the same request may be taken later. */
  readonly retryable: Scalars['Boolean']['output'];
};

/**
 * What spends money, or ends what does. What can't be done comes back as a typed refusal with a stable code;
 * errors are for requests that don't fit the schema and for faults of this service.
 */
export type Mutation = {
  readonly __typename?: 'Mutation';
  /** Stops a run of the caller. The receipt says what was delivered and how certain its cost is. */
  readonly cancelInference: CancelInferenceResult;
  /**
   * Runs one inference and charges it once. Sending the same `idempotencyKey` again gives the same run, also
   * after a lost connection or a restart. What can't be launched comes back as a refusal, not as an error.
   */
  readonly launchInference: LaunchInferenceResult;
  /** Closes a run whose outcome is unknown, with evidence; for callers with the scope `inference:operate`. */
  readonly resolveInference: ResolveInferenceResult;
};


/**
 * What spends money, or ends what does. What can't be done comes back as a typed refusal with a stable code;
 * errors are for requests that don't fit the schema and for faults of this service.
 */
export type MutationCancelInferenceArgs = {
  input: CancelInferenceInput;
};


/**
 * What spends money, or ends what does. What can't be done comes back as a typed refusal with a stable code;
 * errors are for requests that don't fit the schema and for faults of this service.
 */
export type MutationLaunchInferenceArgs = {
  input: LaunchInferenceInput;
};


/**
 * What spends money, or ends what does. What can't be done comes back as a typed refusal with a stable code;
 * errors are for requests that don't fit the schema and for faults of this service.
 */
export type MutationResolveInferenceArgs = {
  input: ResolveInferenceInput;
};

/** A throughput as the provider publishes it. */
export type NominalThroughput = {
  readonly __typename?: 'NominalThroughput';
  /** When it was read there. */
  readonly observedAt: Scalars['DateTime']['output'];
  /** Where it is published. */
  readonly source: Scalars['String']['output'];
  /** Output tokens per second. */
  readonly tokensPerSecond: Scalars['Float']['output'];
};

/** One site code that the provider put on its answers. */
export type ObservedRegion = {
  readonly __typename?: 'ObservedRegion';
  /** The code as the provider sent it, for example `dls`. */
  readonly code: Scalars['String']['output'];
  /** How many answers carried the code. */
  readonly count: Scalars['Int']['output'];
  /** When it was last seen. */
  readonly lastSeenAt: Scalars['DateTime']['output'];
  /** The region that the registry maps the code to; null where it does not map it. */
  readonly region?: Maybe<Scalars['String']['output']>;
};

/** Model × provider × region × service tier: the unit that can be bought. */
export type Offering = {
  readonly __typename?: 'Offering';
  /** Whether the provider's newest list has the model as active. */
  readonly available: Scalars['Boolean']['output'];
  /** The provider's compliance flags. */
  readonly complianceFlags: ReadonlyArray<Scalars['String']['output']>;
  /**
   * The cost-per-token KPI in USD: `(3 × input + 1 × output) / 4`, or the one number that a feed gives;
   * `pricing.method` says which. For showing and sorting: charging uses the component prices.
   */
  readonly costPerToken?: Maybe<Scalars['Decimal']['output']>;
  /** Opaque and stable; nothing about price is in it. */
  readonly id: Scalars['ID']['output'];
  /** Why `launchable` is false, as the code that a launch would answer; null when it is true. */
  readonly launchBlocker?: Maybe<LaunchRefusalCode>;
  /** Whether a launch by a caller with the right to it would pass the checks on offering, price and provider now. */
  readonly launchable: Scalars['Boolean']['output'];
  /** What is sold. */
  readonly model: Model;
  /** Measured and nominal speed, apart. */
  readonly performance: Performance;
  /** The price in force at a moment; null where it is not known. */
  readonly priceAt?: Maybe<PricePoint>;
  /** How the price moved. The span is at most 400 days and 1,000 points or buckets. */
  readonly priceHistory: PriceHistory;
  /** The price with its origin; null where nobody gives one. */
  readonly pricing?: Maybe<Pricing>;
  /** Who sells it. */
  readonly provider: Provider;
  /** The declared region; null where the registry declares none. */
  readonly region?: Maybe<Scalars['String']['output']>;
  /** The provider's service tier, for example `on_demand`. */
  readonly serviceTier: Scalars['String']['output'];
  /** Output tokens per second: the median of what was measured, else the provider's nominal figure; `performance.basis` says which. */
  readonly throughput?: Maybe<Scalars['Float']['output']>;
};


/** Model × provider × region × service tier: the unit that can be bought. */
export type OfferingPriceAtArgs = {
  time: Scalars['DateTime']['input'];
};


/** Model × provider × region × service tier: the unit that can be bought. */
export type OfferingPriceHistoryArgs = {
  from?: InputMaybe<Scalars['DateTime']['input']>;
  resolution?: PriceResolution;
  to?: InputMaybe<Scalars['DateTime']['input']>;
};

/** One change of one offering, or the word that changes were missed. */
export type OfferingChange = {
  readonly __typename?: 'OfferingChange';
  /** How it became; null with `REMOVED` and `RELOAD`. */
  readonly after?: Maybe<OfferingState>;
  /** When the catalogue took it. */
  readonly at: Scalars['DateTime']['output'];
  /** How it was; null with `ADDED` and `RELOAD`. */
  readonly before?: Maybe<OfferingState>;
  /** Opaque; goes into `after`. */
  readonly cursor: Scalars['String']['output'];
  /** What happened. */
  readonly kind: OfferingChangeKind;
  /** The offering as it is now, which may be newer than the change; null when it is gone. */
  readonly offering?: Maybe<Offering>;
  /** The offering; null with `RELOAD`. */
  readonly offeringId?: Maybe<Scalars['ID']['output']>;
  /** Version of the catalogue that has the change; it grows. */
  readonly snapshotVersion: Scalars['Int']['output'];
};

/** What a change of an offering says. */
export type OfferingChangeKind =
  /** The offering is new. */
  | 'ADDED'
  /** Its price, speed, availability or lifecycle changed. */
  | 'CHANGED'
  /** Changes were missed or are too many to be told one by one: read the list anew. Later changes follow. */
  | 'RELOAD'
  /** The offering is gone. */
  | 'REMOVED';

/** A page of offerings. */
export type OfferingConnection = {
  readonly __typename?: 'OfferingConnection';
  /** The rows with their cursors. */
  readonly edges: ReadonlyArray<OfferingEdge>;
  /** The rows alone. */
  readonly nodes: ReadonlyArray<Offering>;
  /** Where this page stands. */
  readonly pageInfo: PageInfo;
  /** Version of the catalogue that this page was read from; it grows. */
  readonly snapshotVersion: Scalars['Int']['output'];
  /** How many pass the filter on all pages. */
  readonly totalCount: Scalars['Int']['output'];
};

/** One row of a page. */
export type OfferingEdge = {
  readonly __typename?: 'OfferingEdge';
  /** Opaque; goes into `after` or `before`. It holds while the order is the same, also after the catalogue changed. */
  readonly cursor: Scalars['String']['output'];
  /** The row. */
  readonly node: Offering;
};

/** Which offerings; everything given must hold, a list holds when one of its values does. */
export type OfferingFilter = {
  /** Whether the provider's newest list has it as active. */
  readonly available?: InputMaybe<Scalars['Boolean']['input']>;
  /** Features that the model must have, all of them. */
  readonly features?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** How old the price may be. */
  readonly freshness?: InputMaybe<ReadonlyArray<Freshness>>;
  /** Whether a launch would pass the checks on offering, price and provider. */
  readonly launchable?: InputMaybe<Scalars['Boolean']['input']>;
  /** The highest cost per token, in USD; offerings without one don't pass. */
  readonly maxCostPerToken?: InputMaybe<Scalars['Decimal']['input']>;
  /** The smallest context window, in tokens; models without one don't pass. */
  readonly minContextWindow?: InputMaybe<Scalars['Int']['input']>;
  /** The lowest throughput, in output tokens per second; offerings without one don't pass. */
  readonly minThroughput?: InputMaybe<Scalars['Float']['input']>;
  /** Model ids. */
  readonly model?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
  /** Provider ids. */
  readonly provider?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
  /** Declared regions, as the answers spell them, for example `us-east`. */
  readonly region?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** Words that must all occur in the model's name or id, the provider's name or the owner; at most 100 characters. */
  readonly search?: InputMaybe<Scalars['String']['input']>;
  /** Service tiers. */
  readonly serviceTier?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** What the model does. */
  readonly task?: InputMaybe<ReadonlyArray<Task>>;
};

/** How offerings are sorted. */
export type OfferingOrder = {
  /** Which way. */
  readonly direction?: SortDirection;
  /** By what. */
  readonly field?: OfferingOrderField;
};

/** What offerings are sorted by. */
export type OfferingOrderField =
  /** The model's context window. */
  | 'CONTEXT_WINDOW'
  /** The cost-per-token KPI. */
  | 'COST_PER_TOKEN'
  /** The model's name. */
  | 'NAME'
  /** When the price was observed. */
  | 'OBSERVED_AT'
  /** Output tokens per second. */
  | 'THROUGHPUT';

/** An offering on one side of a change. */
export type OfferingState = {
  readonly __typename?: 'OfferingState';
  /** Whether the provider's list had the model as active. */
  readonly available: Scalars['Boolean']['output'];
  /** Where the model stood. */
  readonly lifecycle: ModelLifecycle;
  /** The price; null where nobody gave one. */
  readonly price?: Maybe<StatedPrice>;
  /** Whether a new price was waiting to be confirmed. */
  readonly pricePending: Scalars['Boolean']['output'];
  /** Output tokens per second, measured or nominal. */
  readonly throughput?: Maybe<Scalars['Float']['output']>;
};

/** Where a page stands in its list. */
export type PageInfo = {
  readonly __typename?: 'PageInfo';
  /** The last row's cursor. */
  readonly endCursor?: Maybe<Scalars['String']['output']>;
  /** Whether rows follow this page. */
  readonly hasNextPage: Scalars['Boolean']['output'];
  /** Whether rows precede this page. */
  readonly hasPreviousPage: Scalars['Boolean']['output'];
  /** The first row's cursor. */
  readonly startCursor?: Maybe<Scalars['String']['output']>;
};

/** A price that moved by more than ten times, or to or from zero, and waits for a second reading. */
export type PendingPrice = {
  readonly __typename?: 'PendingPrice';
  /** One unit of cached input. */
  readonly cachedInput?: Maybe<Scalars['Decimal']['output']>;
  /** The one number of a feed that gives no component prices. */
  readonly costPerToken?: Maybe<Scalars['Decimal']['output']>;
  /** One unit of input. */
  readonly input?: Maybe<Scalars['Decimal']['output']>;
  /** When it was first seen. */
  readonly observedAt: Scalars['DateTime']['output'];
  /** One unit of output. */
  readonly output?: Maybe<Scalars['Decimal']['output']>;
  /** Why it is held. */
  readonly reason: Scalars['String']['output'];
  /** The version that it will have; null where there are no component prices. */
  readonly version?: Maybe<Scalars['String']['output']>;
};

/** Percentiles of a measurement. All but the median are null below 20 samples. */
export type Percentiles = {
  readonly __typename?: 'Percentiles';
  /** The newest sample. */
  readonly lastSampleAt: Scalars['DateTime']['output'];
  /** Median. */
  readonly p50: Scalars['Float']['output'];
  /** 75th percentile. */
  readonly p75?: Maybe<Scalars['Float']['output']>;
  /** 90th percentile. */
  readonly p90?: Maybe<Scalars['Float']['output']>;
  /** 99th percentile. */
  readonly p99?: Maybe<Scalars['Float']['output']>;
  /** How many samples. */
  readonly sampleCount: Scalars['Int']['output'];
  /** The span that samples are kept for, in seconds. */
  readonly windowSeconds: Scalars['Int']['output'];
};

/** Speed of an offering: what was measured beside what the provider publishes. */
export type Performance = {
  readonly __typename?: 'Performance';
  /** Which of the two `Offering.throughput` shows; null where neither is known. */
  readonly basis?: Maybe<ThroughputBasis>;
  /** The figure that the provider publishes. */
  readonly nominal?: Maybe<NominalThroughput>;
  /** Measured milliseconds that requests waited at the provider. */
  readonly queueMs?: Maybe<Percentiles>;
  /** Measured output tokens per second while generating. */
  readonly throughput?: Maybe<Percentiles>;
  /** Measured milliseconds from sending the request to the first token. */
  readonly timeToFirstTokenMs?: Maybe<Percentiles>;
};

/** How a price is known. */
export type PriceBasis =
  /** The operator's contract price in the registry. */
  | 'DECLARED'
  /** From somebody's list: models.dev, or the dated list that ships with this service. */
  | 'LISTED'
  /** From the provider's own feed. */
  | 'LIVE';

/** The KPI within a span of time, ready for a chart. */
export type PriceBucket = {
  readonly __typename?: 'PriceBucket';
  /** How often it changed within the span. */
  readonly changes: Scalars['Int']['output'];
  /** The cost per token in force at its start, or the first known within it. */
  readonly first?: Maybe<Scalars['Decimal']['output']>;
  /** The highest within it. */
  readonly highest?: Maybe<Scalars['Decimal']['output']>;
  /** The cost per token in force at its end. */
  readonly last?: Maybe<Scalars['Decimal']['output']>;
  /** The lowest within it. */
  readonly lowest?: Maybe<Scalars['Decimal']['output']>;
  /** Start of the span. */
  readonly start: Scalars['DateTime']['output'];
};

/** The price is not the one that `priceVersion` names. */
export type PriceChanged = LaunchRefusal & {
  readonly __typename?: 'PriceChanged';
  /** The reason as a stable code. */
  readonly code: LaunchRefusalCode;
  /** The reason in words. */
  readonly message: Scalars['String']['output'];
  /** The offering with its present price. */
  readonly offering: Offering;
  /** The price that was named, where the history knows it. */
  readonly previous?: Maybe<PricePoint>;
  /** When it makes sense to try again; null where that is not known. */
  readonly retryAfterSeconds?: Maybe<Scalars['Int']['output']>;
  /** Whether the same request may be taken later. */
  readonly retryable: Scalars['Boolean']['output'];
};

/** Two live feeds that differ by more than 1 %. */
export type PriceConflict = {
  readonly __typename?: 'PriceConflict';
  /** What it says, in USD per token. */
  readonly costPerToken: Scalars['Decimal']['output'];
  /** The feed that is not shown in `costPerToken`. */
  readonly feed: Scalars['String']['output'];
  /** When it said so. */
  readonly observedAt: Scalars['DateTime']['output'];
  /** Where it was read. */
  readonly source: Scalars['String']['output'];
};

/** How a price moved within a span. */
export type PriceHistory = {
  readonly __typename?: 'PriceHistory';
  /** For `HOUR` and `DAY`: spans in which a price was known, oldest first. Else empty. */
  readonly buckets: ReadonlyArray<PriceBucket>;
  /** Start of the span. */
  readonly from: Scalars['DateTime']['output'];
  /** For `CHANGE`: the price in force at `from`, then each change, oldest first. Else empty. */
  readonly points: ReadonlyArray<PricePoint>;
  /** How fine it is. */
  readonly resolution: PriceResolution;
  /** End of the span, exclusive. */
  readonly to: Scalars['DateTime']['output'];
  /** True when the limit cut the list; ask for a shorter span. */
  readonly truncated: Scalars['Boolean']['output'];
};

/** A price from a moment on. */
export type PricePoint = {
  readonly __typename?: 'PricePoint';
  /** When the source first gave it. */
  readonly at: Scalars['DateTime']['output'];
  /** How the price was known. */
  readonly basis?: Maybe<PriceBasis>;
  /** One unit of cached input, in USD. */
  readonly cachedInput?: Maybe<Scalars['Decimal']['output']>;
  /** The KPI at that time, in USD. */
  readonly costPerToken?: Maybe<Scalars['Decimal']['output']>;
  /** One unit of input, in USD. */
  readonly input?: Maybe<Scalars['Decimal']['output']>;
  /** How the KPI was made. */
  readonly method?: Maybe<CostMethod>;
  /** One unit of output, in USD. */
  readonly output?: Maybe<Scalars['Decimal']['output']>;
  /** Where it was read. */
  readonly source?: Maybe<Scalars['String']['output']>;
  /** What one unit is. */
  readonly unit?: Maybe<PriceUnit>;
  /** Its version; null where only a cost per token was known. */
  readonly version?: Maybe<Scalars['String']['output']>;
};

/** How fine a price history is. */
export type PriceResolution =
  /** Each single change. */
  | 'CHANGE'
  /** By the day, in UTC. */
  | 'DAY'
  /** By the hour. */
  | 'HOUR';

/** What one unit of a price buys. */
export type PriceUnit =
  /** A second of audio to be written down. */
  | 'AUDIO_SECOND'
  /** A character of text to be spoken. */
  | 'CHARACTER'
  /** A token. */
  | 'TOKEN';

/** Prices of an offering in USD per `unit`, with their origin. */
export type Pricing = {
  readonly __typename?: 'Pricing';
  /** Seconds since `observedAt`. */
  readonly ageSeconds: Scalars['Int']['output'];
  /** How the component prices are known. */
  readonly basis: PriceBasis;
  /** One unit of input that the provider found in its prompt cache. */
  readonly cachedInput?: Maybe<Scalars['Decimal']['output']>;
  /** Another live feed that differs by more than 1 %. */
  readonly conflict?: Maybe<PriceConflict>;
  /** When the source of a `SINGLE` cost per token answered. */
  readonly costPerTokenObservedAt?: Maybe<Scalars['DateTime']['output']>;
  /** The source of a `SINGLE` cost per token; null when it was blended from the component prices. */
  readonly costPerTokenSource?: Maybe<Scalars['String']['output']>;
  /** Always `USD`. */
  readonly currency: Scalars['String']['output'];
  /** Whether `observedAt` is recent enough. */
  readonly freshness: Freshness;
  /** One unit of input. */
  readonly input?: Maybe<Scalars['Decimal']['output']>;
  /** How `costPerToken` was made; null where there is none. */
  readonly method?: Maybe<CostMethod>;
  /** Characters, or seconds of audio, that one call is billed for at least; null where no least is known. */
  readonly minimumQuantity?: Maybe<Scalars['Decimal']['output']>;
  /** When the source answered; for a shipped list, its own date. */
  readonly observedAt: Scalars['DateTime']['output'];
  /** One unit of output; reasoning counts as output. */
  readonly output?: Maybe<Scalars['Decimal']['output']>;
  /** A new price that is held until it is confirmed. */
  readonly pending?: Maybe<PendingPrice>;
  /** How the source words a price whose unit is not ours, for example `0.111 USD per audio hour`. */
  readonly quotedAs?: Maybe<Scalars['String']['output']>;
  /** Where the component prices were read, or the cost per token where there are none. */
  readonly source: Scalars['String']['output'];
  /** What one unit is; null where only a cost per token is known. */
  readonly unit?: Maybe<PriceUnit>;
  /** Hash of component prices and unit, not of source or time; null where only a cost per token is known. */
  readonly version?: Maybe<Scalars['String']['output']>;
};

/**
 * Who hosts models. Other subgraphs know providers too: what this one adds is null for a provider that only
 * they know, and never for one of its own.
 */
export type Provider = {
  readonly __typename?: 'Provider';
  /** The offering behind `costPerToken`. */
  readonly cheapestOffering?: Maybe<Offering>;
  /** Flags for compliance filters, for example `region=us-east`; each rests on the basis named in `residency`. */
  readonly complianceFlags?: Maybe<ReadonlyArray<Scalars['String']['output']>>;
  /** The best cost per token among its available on-demand text-generation offerings, in USD; `cheapestOffering` says whose. */
  readonly costPerToken?: Maybe<Scalars['Decimal']['output']>;
  /** The offering behind `throughput`. */
  readonly fastestOffering?: Maybe<Offering>;
  /** The sources of models and prices, most trusted first, with their present state. */
  readonly feeds?: Maybe<ReadonlyArray<Feed>>;
  /** The registry's key, for example `groq`. Stable. */
  readonly id: Scalars['ID']['output'];
  /** What the provider rents out; `MODEL_HOSTING` for every provider of this subgraph. */
  readonly kind: Scalars['String']['output'];
  /** What this provider cannot do although it was asked for, with the reason. */
  readonly limitations?: Maybe<ReadonlyArray<ProviderLimitation>>;
  /** The provider's name as people write it. */
  readonly name: Scalars['String']['output'];
  /** This provider's offerings; the filter's `provider` is set to it. */
  readonly offerings?: Maybe<OfferingConnection>;
  /** The region that the operator's registry declares for this provider. Declared, not observed: see `residency`. */
  readonly region?: Maybe<Scalars['String']['output']>;
  /** What is declared and what was observed about where inference runs. */
  readonly residency?: Maybe<Residency>;
  /** Whether this provider can be used now, and why not. */
  readonly status?: Maybe<ProviderStatus>;
  /** The best throughput among its available on-demand text-generation offerings, in output tokens per second; `fastestOffering` says whose. */
  readonly throughput?: Maybe<Scalars['Float']['output']>;
};


/**
 * Who hosts models. Other subgraphs know providers too: what this one adds is null for a provider that only
 * they know, and never for one of its own.
 */
export type ProviderOfferingsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<OfferingFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  orderBy?: InputMaybe<OfferingOrder>;
};

/** Something that a provider does not do. */
export type ProviderLimitation = {
  readonly __typename?: 'ProviderLimitation';
  /** What was asked for, for example `CUSTOM_MODEL_UPLOAD`. */
  readonly feature: Scalars['String']['output'];
  /** Why it cannot be had. */
  readonly reason: Scalars['String']['output'];
  /** Where that is known from. */
  readonly source: Scalars['String']['output'];
};

/** The states of a provider. */
export type ProviderState =
  /** It can be used, but one of its own feeds fails or prices are ageing. */
  | 'DEGRADED'
  /** Its own feeds answer and a key is in place. */
  | 'READY'
  /** It refuses the key. */
  | 'UNAUTHORIZED'
  /** It does not answer. */
  | 'UNAVAILABLE'
  /** There is no key for it. */
  | 'UNCONFIGURED';

/** Whether a provider can be used. */
export type ProviderStatus = {
  readonly __typename?: 'ProviderStatus';
  /** Why it is not `READY`; null when it is. */
  readonly reason?: Maybe<Scalars['String']['output']>;
  /** Since when it is so. */
  readonly since: Scalars['DateTime']['output'];
  /** The state in one word. */
  readonly state: ProviderState;
};

/**
 * Who hosts which model, at what price and speed, where.
 *
 * Every number says where it comes from and how old it is. Unknown is null, never 0. A list price is not
 * called live, a declared region is not called observed.
 */
export type Query = {
  readonly __typename?: 'Query';
  /** What a launch would reserve, without spending anything. The same input as a launch. */
  readonly estimateInference: EstimateInferenceResult;
  /**
   * One run of the caller; null for any other id. Callers with the scope `inference:operate` also get runs of
   * others while their outcome is unknown, without what was asked and answered.
   */
  readonly inferenceRun?: Maybe<InferenceRun>;
  /**
   * The caller's runs, newest first. With nothing but `UNKNOWN` in `filter.state`, callers with the scope
   * `inference:operate` get those of everybody, to resolve them.
   */
  readonly inferenceRuns: InferenceRunConnection;
  /**
   * What the caller used and was charged. Grouped by `CALLER` it is everybody's, for callers with the scope
   * `inference:operate`. More than 1,000 rows are refused, never cut.
   */
  readonly inferenceUsage: ReadonlyArray<InferenceUsageRow>;
  /**
   * One model by the id that its providers use, for example `openai/gpt-oss-120b`. The names under which the
   * marketplace's first specification knew a model, such as `Llama-3-8B`, find it too. Null where there is none.
   */
  readonly model?: Maybe<Model>;
  /** Models whoever hosts them, decommissioned ones included; ordered by name unless asked otherwise. */
  readonly models: ModelConnection;
  /** One offering by its id; null where there is none. */
  readonly offering?: Maybe<Offering>;
  /** The purchasable units: cheapest first unless asked otherwise. Page size 20 when neither `first` nor `last` is given. */
  readonly offerings: OfferingConnection;
  /** One provider by its id, for example `groq`; null where there is none. */
  readonly provider?: Maybe<Provider>;
  /** Every provider of the registry, in its order. */
  readonly providers: ReadonlyArray<Provider>;
  /** Who asks; null for anonymous callers. */
  readonly viewer?: Maybe<Viewer>;
};


/**
 * Who hosts which model, at what price and speed, where.
 *
 * Every number says where it comes from and how old it is. Unknown is null, never 0. A list price is not
 * called live, a declared region is not called observed.
 */
export type QueryEstimateInferenceArgs = {
  input: LaunchInferenceInput;
};


/**
 * Who hosts which model, at what price and speed, where.
 *
 * Every number says where it comes from and how old it is. Unknown is null, never 0. A list price is not
 * called live, a declared region is not called observed.
 */
export type QueryInferenceRunArgs = {
  id: Scalars['ID']['input'];
};


/**
 * Who hosts which model, at what price and speed, where.
 *
 * Every number says where it comes from and how old it is. Unknown is null, never 0. A list price is not
 * called live, a declared region is not called observed.
 */
export type QueryInferenceRunsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<InferenceRunFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


/**
 * Who hosts which model, at what price and speed, where.
 *
 * Every number says where it comes from and how old it is. Unknown is null, never 0. A list price is not
 * called live, a declared region is not called observed.
 */
export type QueryInferenceUsageArgs = {
  filter?: InputMaybe<InferenceRunFilter>;
  groupBy?: ReadonlyArray<UsageGroup>;
};


/**
 * Who hosts which model, at what price and speed, where.
 *
 * Every number says where it comes from and how old it is. Unknown is null, never 0. A list price is not
 * called live, a declared region is not called observed.
 */
export type QueryModelArgs = {
  id: Scalars['ID']['input'];
};


/**
 * Who hosts which model, at what price and speed, where.
 *
 * Every number says where it comes from and how old it is. Unknown is null, never 0. A list price is not
 * called live, a declared region is not called observed.
 */
export type QueryModelsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<ModelFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  orderBy?: InputMaybe<ModelOrder>;
};


/**
 * Who hosts which model, at what price and speed, where.
 *
 * Every number says where it comes from and how old it is. Unknown is null, never 0. A list price is not
 * called live, a declared region is not called observed.
 */
export type QueryOfferingArgs = {
  id: Scalars['ID']['input'];
};


/**
 * Who hosts which model, at what price and speed, where.
 *
 * Every number says where it comes from and how old it is. Unknown is null, never 0. A list price is not
 * called live, a declared region is not called observed.
 */
export type QueryOfferingsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<OfferingFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  orderBy?: InputMaybe<OfferingOrder>;
};


/**
 * Who hosts which model, at what price and speed, where.
 *
 * Every number says where it comes from and how old it is. Unknown is null, never 0. A list price is not
 * called live, a declared region is not called observed.
 */
export type QueryProviderArgs = {
  id: Scalars['ID']['input'];
};

/** How much a model reasons. */
export type ReasoningEffort =
  /** As the model likes. */
  | 'DEFAULT'
  /** Much. */
  | 'HIGH'
  /** A little. */
  | 'LOW'
  /** Some. */
  | 'MEDIUM'
  /** Not at all. */
  | 'NONE';

/** Where reasoning goes. */
export type ReasoningFormat =
  /** Nowhere. */
  | 'HIDDEN'
  /** Apart from the text. */
  | 'PARSED'
  /** Into the text. */
  | 'RAW';

/** How much to reason and what to show of it. */
export type ReasoningInput = {
  /** How much; what a model takes is its provider's word. */
  readonly effort?: InputMaybe<ReasoningEffort>;
  /** Whether reasoning is left out, mixed into the text, or apart. */
  readonly format?: InputMaybe<ReasoningFormat>;
};

/** A row of a feed that was not taken. */
export type RejectedRow = {
  readonly __typename?: 'RejectedRow';
  /** The row's id, or its position such as `#3` where it has none. */
  readonly id: Scalars['String']['output'];
  /** Why it was not taken. */
  readonly reason: Scalars['String']['output'];
};

/** Where inference is declared to run, and where answers were seen to come from. */
export type Residency = {
  readonly __typename?: 'Residency';
  /** What the declaration rests on. */
  readonly basis?: Maybe<Scalars['String']['output']>;
  /** The region that the registry declares. */
  readonly declaredRegion?: Maybe<Scalars['String']['output']>;
  /** The provider's own site codes seen on its answers, most often seen first; at most 50. */
  readonly observed: ReadonlyArray<ObservedRegion>;
};

/** How an observed region compares to a declared one. */
export type ResidencyVerdict =
  /** They are the same. */
  | 'MATCH'
  /** They differ. */
  | 'MISMATCH'
  /** Nothing was observed, or the code is not mapped. */
  | 'UNVERIFIED';

/** How a run of unknown outcome ended, as somebody found out. */
export type ResolveInferenceInput = {
  /** What it cost at the provider, in USD; needed for `EXECUTED`. The charge is capped at the reservation. */
  readonly cost?: InputMaybe<Scalars['Decimal']['input']>;
  /** What the finding rests on: 10 to 2,000 characters. */
  readonly evidence: Scalars['String']['input'];
  /** The run. */
  readonly id: Scalars['ID']['input'];
  /** What happened. */
  readonly outcome: ResolvedOutcome;
};

/** What came of a resolution. */
export type ResolveInferenceResult = InferenceResolved | LaunchRefused;

/** What happened to a run of unknown outcome. */
export type ResolvedOutcome =
  /** The provider did the work. */
  | 'EXECUTED'
  /** The provider did not do the work. */
  | 'NOT_EXECUTED';

/** The form of an answer. */
export type ResponseFormatInput = {
  /** For `JSON_SCHEMA`: a name. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
  /** For `JSON_SCHEMA`: the schema. */
  readonly schema?: InputMaybe<Scalars['JSON']['input']>;
  /** For `JSON_SCHEMA`: whether it must hold exactly. */
  readonly strict?: InputMaybe<Scalars['Boolean']['input']>;
  /** Which form. */
  readonly type: ResponseFormatType;
};

/** Forms of an answer. */
export type ResponseFormatType =
  /** Any JSON object. */
  | 'JSON_OBJECT'
  /** JSON that a schema describes. */
  | 'JSON_SCHEMA'
  /** Plain text. */
  | 'TEXT';

/** How an offering is chosen. */
export type RouteInput = {
  /** What matters most. */
  readonly prefer?: RoutePreference;
  /** Only these providers. */
  readonly provider?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
  /** Only these declared regions. */
  readonly region?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** Only these service tiers; the provider's standard tier when absent. */
  readonly serviceTier?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
};

/** What matters most when an offering is chosen. */
export type RoutePreference =
  /** The lowest cost per token. */
  | 'COST'
  /** The highest throughput. */
  | 'THROUGHPUT';

/** Where a run ran. */
export type RunResidency = {
  readonly __typename?: 'RunResidency';
  /** The region that the offering declares. */
  readonly declaredRegion?: Maybe<Scalars['String']['output']>;
  /** The provider's own code on its answer. */
  readonly servedCode?: Maybe<Scalars['String']['output']>;
  /** The region that the registry maps the code to. */
  readonly servedRegion?: Maybe<Scalars['String']['output']>;
  /** How the two compare. */
  readonly verdict: ResidencyVerdict;
};

/** Which way to sort; ties stay in the order of their ids, and unknown values come last, either way. */
export type SortDirection =
  /** Smallest first. */
  | 'ASC'
  /** Largest first. */
  | 'DESC';

/** A price on one side of a change. */
export type StatedPrice = {
  readonly __typename?: 'StatedPrice';
  /** How the price was known. */
  readonly basis: PriceBasis;
  /** One unit of cached input, in USD. */
  readonly cachedInput?: Maybe<Scalars['Decimal']['output']>;
  /** The cost-per-token KPI in USD; null where it does not apply. */
  readonly costPerToken?: Maybe<Scalars['Decimal']['output']>;
  /** One unit of input, in USD. */
  readonly input?: Maybe<Scalars['Decimal']['output']>;
  /** How the KPI was made. */
  readonly method?: Maybe<CostMethod>;
  /** One unit of output, in USD. */
  readonly output?: Maybe<Scalars['Decimal']['output']>;
  /** What one unit is. */
  readonly unit?: Maybe<PriceUnit>;
  /** Its version; null where only a cost per token was known. */
  readonly version?: Maybe<Scalars['String']['output']>;
};

/**
 * What is told as it happens, over WebSocket (`graphql-transport-ws`), server-sent events or a router's HTTP
 * callbacks. Every event carries a cursor; given back as `after`, it continues where a connection was lost.
 */
export type Subscription = {
  readonly __typename?: 'Subscription';
  /**
   * What happens to one run of the caller: what is stored already, then what comes, in order, nothing left out
   * and nothing twice. It ends after `FINISHED`. Deltas come from runs launched with the mode `STREAM`.
   */
  readonly inferenceEvents: InferenceEvent;
  /**
   * Offerings whose price, speed, availability or lifecycle changed. Who was away for too long gets one `RELOAD`
   * first and has to read the list anew; who comes back to another replica may be told of the newest changes twice.
   */
  readonly offeringChanged: OfferingChange;
};


/**
 * What is told as it happens, over WebSocket (`graphql-transport-ws`), server-sent events or a router's HTTP
 * callbacks. Every event carries a cursor; given back as `after`, it continues where a connection was lost.
 */
export type SubscriptionInferenceEventsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  id: Scalars['ID']['input'];
};


/**
 * What is told as it happens, over WebSocket (`graphql-transport-ws`), server-sent events or a router's HTTP
 * callbacks. Every event carries a cursor; given back as `after`, it continues where a connection was lost.
 */
export type SubscriptionOfferingChangedArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<OfferingFilter>;
};

/** What a model does. */
export type Task =
  /** Speaks text. */
  | 'SPEECH'
  /** Labels text, for example prompt guards. */
  | 'TEXT_CLASSIFICATION'
  /** Writes text: chat, tools, reasoning. */
  | 'TEXT_GENERATION'
  /** Writes down what is said in audio. */
  | 'TRANSCRIPTION';

/** Where a throughput comes from. */
export type ThroughputBasis =
  /** The median of inference that ran through this service. */
  | 'MEASURED'
  /** The provider's published figure. */
  | 'NOMINAL';

/** A tool that a model wants to be called. */
export type ToolCall = {
  readonly __typename?: 'ToolCall';
  /** Its arguments as JSON text. */
  readonly arguments: Scalars['String']['output'];
  /** Its id, for the answer. */
  readonly id: Scalars['String']['output'];
  /** The tool. */
  readonly name: Scalars['String']['output'];
};

/** A tool call of an earlier answer. */
export type ToolCallInput = {
  /** Its arguments as JSON text. */
  readonly arguments: Scalars['String']['input'];
  /** Its id. */
  readonly id: Scalars['String']['input'];
  /** The tool. */
  readonly name: Scalars['String']['input'];
};

/** Whether and which tool must be called. */
export type ToolChoiceInput = {
  /** How free the model is. */
  readonly mode: ToolChoiceMode;
  /** For `FUNCTION`: which tool. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
};

/** How free the model is to call tools. */
export type ToolChoiceMode =
  /** It may. */
  | 'AUTO'
  /** It must call the named one. */
  | 'FUNCTION'
  /** It must not. */
  | 'NONE'
  /** It must call one. */
  | 'REQUIRED';

/** A tool that the model may call. */
export type ToolInput = {
  /** What it is for. */
  readonly description?: InputMaybe<Scalars['String']['input']>;
  /** Its name: letters, digits, `_` and `-`, at most 64. */
  readonly name: Scalars['String']['input'];
  /** JSON Schema of its arguments. */
  readonly parameters?: InputMaybe<Scalars['JSON']['input']>;
};

/** What usage is summed up by. */
export type UsageGroup =
  /** The caller. */
  | 'CALLER'
  /** The UTC day. */
  | 'DAY'
  /** The model. */
  | 'MODEL'
  /** The offering. */
  | 'OFFERING'
  /** The price version. */
  | 'PRICE_VERSION'
  /** The provider. */
  | 'PROVIDER';

/** Who asks, and what he may do. */
export type Viewer = {
  readonly __typename?: 'Viewer';
  /** His budget for the present UTC day; null where he has none. */
  readonly budget?: Maybe<Budget>;
  /** The caller that runs, keys and budgets belong to. */
  readonly id: Scalars['ID']['output'];
  /** What he may do. */
  readonly scopes: ReadonlyArray<Scalars['String']['output']>;
};



export type ResolverTypeWrapper<T> = Promise<T> | T;

export type ReferenceResolver<TResult, TReference, TContext> = (
      reference: TReference,
      context: TContext,
      info: GraphQLResolveInfo
    ) => Promise<TResult> | TResult;

      type ScalarCheck<T, S> = S extends true ? T : NullableCheck<T, S>;
      type NullableCheck<T, S> = Maybe<T> extends T ? Maybe<ListCheck<NonNullable<T>, S>> : ListCheck<T, S>;
      type ListCheck<T, S> = T extends (infer U)[] ? NullableCheck<U, S>[] : GraphQLRecursivePick<T, S>;
      export type GraphQLRecursivePick<T, S> = { [K in keyof T & keyof S]: ScalarCheck<T[K], S[K]> };
    

export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

/** Mapping of federation types */
export type FederationTypes = {
  InferenceRun: InferenceRun;
  Model: Model;
  Offering: Offering;
  Provider: Provider;
};

/** Mapping of federation reference types */
export type FederationReferenceTypes = {
  InferenceRun:
    ( { __typename: 'InferenceRun' }
    & GraphQLRecursivePick<FederationTypes['InferenceRun'], {"id":true}> );
  Model:
    ( { __typename: 'Model' }
    & GraphQLRecursivePick<FederationTypes['Model'], {"id":true}> );
  Offering:
    ( { __typename: 'Offering' }
    & GraphQLRecursivePick<FederationTypes['Offering'], {"id":true}> );
  Provider:
    ( { __typename: 'Provider' }
    & GraphQLRecursivePick<FederationTypes['Provider'], {"id":true}> );
};

/** Mapping of union types */
export type ResolversUnionTypes<_RefType extends Record<string, unknown>> = {
  CancelInferenceResult:
    | ( Omit<InferenceCancelled, 'run'> & { run: _RefType['InferenceRun'] } )
    | ( LaunchRefused )
  ;
  EstimateInferenceResult:
    | ( CostLimitExceeded )
    | ( Omit<InferenceEstimate, 'offering'> & { offering: _RefType['Offering'] } )
    | ( LaunchRefused )
    | ( Omit<ModelUnavailable, 'model' | 'replacement'> & { model?: Maybe<_RefType['Model']>, replacement?: Maybe<_RefType['Model']> } )
    | ( Omit<PriceChanged, 'offering'> & { offering: _RefType['Offering'] } )
  ;
  LaunchInferenceResult:
    | ( CostLimitExceeded )
    | ( Omit<IdempotencyConflict, 'run'> & { run: _RefType['InferenceRun'] } )
    | ( Omit<InferenceLaunched, 'run'> & { run: _RefType['InferenceRun'] } )
    | ( LaunchRefused )
    | ( Omit<ModelUnavailable, 'model' | 'replacement'> & { model?: Maybe<_RefType['Model']>, replacement?: Maybe<_RefType['Model']> } )
    | ( Omit<PriceChanged, 'offering'> & { offering: _RefType['Offering'] } )
  ;
  ResolveInferenceResult:
    | ( Omit<InferenceResolved, 'run'> & { run: _RefType['InferenceRun'] } )
    | ( LaunchRefused )
  ;
};

/** Mapping of interface types */
export type ResolversInterfaceTypes<_RefType extends Record<string, unknown>> = {
  LaunchRefusal:
    | ( CostLimitExceeded )
    | ( Omit<IdempotencyConflict, 'run'> & { run: _RefType['InferenceRun'] } )
    | ( LaunchRefused )
    | ( Omit<ModelUnavailable, 'model' | 'replacement'> & { model?: Maybe<_RefType['Model']>, replacement?: Maybe<_RefType['Model']> } )
    | ( Omit<PriceChanged, 'offering'> & { offering: _RefType['Offering'] } )
  ;
};

/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  AttemptOutcome: AttemptOutcome;
  AudioOutput: ResolverTypeWrapper<AudioOutput>;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  Budget: ResolverTypeWrapper<Budget>;
  CancelInferenceInput: CancelInferenceInput;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  CancelInferenceResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['CancelInferenceResult']>;
  ChatMessageInput: ChatMessageInput;
  ChatRole: ChatRole;
  CostCertainty: CostCertainty;
  CostLimitExceeded: ResolverTypeWrapper<CostLimitExceeded>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  CostLine: ResolverTypeWrapper<CostLine>;
  CostLineKind: CostLineKind;
  CostMethod: CostMethod;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  Decimal: ResolverTypeWrapper<Scalars['Decimal']['output']>;
  EstimateInferenceResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['EstimateInferenceResult']>;
  Feed: ResolverTypeWrapper<FeedEntry>;
  FeedState: FeedState;
  Freshness: Freshness;
  IdempotencyConflict: ResolverTypeWrapper<Omit<IdempotencyConflict, 'run'> & { run: ResolversTypes['InferenceRun'] }>;
  InferenceAttempt: ResolverTypeWrapper<InferenceAttempt>;
  InferenceCancelled: ResolverTypeWrapper<Omit<InferenceCancelled, 'run'> & { run: ResolversTypes['InferenceRun'] }>;
  InferenceCost: ResolverTypeWrapper<RunView>;
  InferenceEstimate: ResolverTypeWrapper<Omit<InferenceEstimate, 'offering'> & { offering: ResolversTypes['Offering'] }>;
  InferenceEvent: ResolverTypeWrapper<EventParent>;
  InferenceEventKind: InferenceEventKind;
  InferenceFailure: ResolverTypeWrapper<InferenceFailure>;
  InferenceLaunched: ResolverTypeWrapper<Omit<InferenceLaunched, 'run'> & { run: ResolversTypes['InferenceRun'] }>;
  InferenceMode: InferenceMode;
  InferenceOutput: ResolverTypeWrapper<InferenceOutput>;
  InferenceParametersInput: InferenceParametersInput;
  Float: ResolverTypeWrapper<Scalars['Float']['output']>;
  InferenceResolution: ResolverTypeWrapper<InferenceResolution>;
  InferenceResolved: ResolverTypeWrapper<Omit<InferenceResolved, 'run'> & { run: ResolversTypes['InferenceRun'] }>;
  InferenceRun: ResolverTypeWrapper<RunView>;
  InferenceRunConnection: ResolverTypeWrapper<Omit<InferenceRunConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversTypes['InferenceRunEdge']>, nodes: ReadonlyArray<ResolversTypes['InferenceRun']> }>;
  InferenceRunEdge: ResolverTypeWrapper<Omit<InferenceRunEdge, 'node'> & { node: ResolversTypes['InferenceRun'] }>;
  InferenceRunFilter: InferenceRunFilter;
  InferenceState: InferenceState;
  InferenceTiming: ResolverTypeWrapper<InferenceTiming>;
  InferenceUsage: ResolverTypeWrapper<InferenceUsage>;
  InferenceUsageRow: ResolverTypeWrapper<UsageRow>;
  JSON: ResolverTypeWrapper<Scalars['JSON']['output']>;
  LaunchInferenceInput: LaunchInferenceInput;
  LaunchInferenceResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['LaunchInferenceResult']>;
  LaunchRefusal: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['LaunchRefusal']>;
  LaunchRefusalCode: LaunchRefusalCode;
  LaunchRefused: ResolverTypeWrapper<LaunchRefused>;
  Model: ResolverTypeWrapper<ModelEntry>;
  ModelConnection: ResolverTypeWrapper<Omit<ModelConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversTypes['ModelEdge']>, nodes: ReadonlyArray<ResolversTypes['Model']> }>;
  ModelEdge: ResolverTypeWrapper<Omit<ModelEdge, 'node'> & { node: ResolversTypes['Model'] }>;
  ModelFilter: ModelFilter;
  ModelLifecycle: ModelLifecycle;
  ModelOrder: ModelOrder;
  ModelOrderField: ModelOrderField;
  ModelUnavailable: ResolverTypeWrapper<Omit<ModelUnavailable, 'model' | 'replacement'> & { model?: Maybe<ResolversTypes['Model']>, replacement?: Maybe<ResolversTypes['Model']> }>;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  NominalThroughput: ResolverTypeWrapper<NominalThroughput>;
  ObservedRegion: ResolverTypeWrapper<ObservedRegion>;
  Offering: ResolverTypeWrapper<OfferingEntry>;
  OfferingChange: ResolverTypeWrapper<OfferingNotice>;
  OfferingChangeKind: OfferingChangeKind;
  OfferingConnection: ResolverTypeWrapper<Omit<OfferingConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversTypes['OfferingEdge']>, nodes: ReadonlyArray<ResolversTypes['Offering']> }>;
  OfferingEdge: ResolverTypeWrapper<Omit<OfferingEdge, 'node'> & { node: ResolversTypes['Offering'] }>;
  OfferingFilter: OfferingFilter;
  OfferingOrder: OfferingOrder;
  OfferingOrderField: OfferingOrderField;
  OfferingState: ResolverTypeWrapper<OfferingEntry>;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  PendingPrice: ResolverTypeWrapper<PendingPrice>;
  Percentiles: ResolverTypeWrapper<MeasuredPercentiles>;
  Performance: ResolverTypeWrapper<OfferingEntry>;
  PriceBasis: PriceBasis;
  PriceBucket: ResolverTypeWrapper<PriceBucket>;
  PriceChanged: ResolverTypeWrapper<Omit<PriceChanged, 'offering'> & { offering: ResolversTypes['Offering'] }>;
  PriceConflict: ResolverTypeWrapper<PriceConflict>;
  PriceHistory: ResolverTypeWrapper<PriceHistory>;
  PricePoint: ResolverTypeWrapper<PricePoint>;
  PriceResolution: PriceResolution;
  PriceUnit: PriceUnit;
  Pricing: ResolverTypeWrapper<PricingParent>;
  Provider: ResolverTypeWrapper<ProviderEntry>;
  ProviderLimitation: ResolverTypeWrapper<ProviderLimitation>;
  ProviderState: ProviderState;
  ProviderStatus: ResolverTypeWrapper<ProviderStatus>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  ReasoningEffort: ReasoningEffort;
  ReasoningFormat: ReasoningFormat;
  ReasoningInput: ReasoningInput;
  RejectedRow: ResolverTypeWrapper<RejectedRow>;
  Residency: ResolverTypeWrapper<ProviderEntry>;
  ResidencyVerdict: ResidencyVerdict;
  ResolveInferenceInput: ResolveInferenceInput;
  ResolveInferenceResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['ResolveInferenceResult']>;
  ResolvedOutcome: ResolvedOutcome;
  ResponseFormatInput: ResponseFormatInput;
  ResponseFormatType: ResponseFormatType;
  RouteInput: RouteInput;
  RoutePreference: RoutePreference;
  RunResidency: ResolverTypeWrapper<RunResidency>;
  SortDirection: SortDirection;
  StatedPrice: ResolverTypeWrapper<OfferingPrice>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Task: Task;
  ThroughputBasis: ThroughputBasis;
  ToolCall: ResolverTypeWrapper<ToolCall>;
  ToolCallInput: ToolCallInput;
  ToolChoiceInput: ToolChoiceInput;
  ToolChoiceMode: ToolChoiceMode;
  ToolInput: ToolInput;
  UsageGroup: UsageGroup;
  Viewer: ResolverTypeWrapper<Caller>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  AudioOutput: AudioOutput;
  String: Scalars['String']['output'];
  Budget: Budget;
  CancelInferenceInput: CancelInferenceInput;
  ID: Scalars['ID']['output'];
  CancelInferenceResult: ResolversUnionTypes<ResolversParentTypes>['CancelInferenceResult'];
  ChatMessageInput: ChatMessageInput;
  CostLimitExceeded: CostLimitExceeded;
  Int: Scalars['Int']['output'];
  Boolean: Scalars['Boolean']['output'];
  CostLine: CostLine;
  DateTime: Scalars['DateTime']['output'];
  Decimal: Scalars['Decimal']['output'];
  EstimateInferenceResult: ResolversUnionTypes<ResolversParentTypes>['EstimateInferenceResult'];
  Feed: FeedEntry;
  IdempotencyConflict: Omit<IdempotencyConflict, 'run'> & { run: ResolversParentTypes['InferenceRun'] };
  InferenceAttempt: InferenceAttempt;
  InferenceCancelled: Omit<InferenceCancelled, 'run'> & { run: ResolversParentTypes['InferenceRun'] };
  InferenceCost: RunView;
  InferenceEstimate: Omit<InferenceEstimate, 'offering'> & { offering: ResolversParentTypes['Offering'] };
  InferenceEvent: EventParent;
  InferenceFailure: InferenceFailure;
  InferenceLaunched: Omit<InferenceLaunched, 'run'> & { run: ResolversParentTypes['InferenceRun'] };
  InferenceOutput: InferenceOutput;
  InferenceParametersInput: InferenceParametersInput;
  Float: Scalars['Float']['output'];
  InferenceResolution: InferenceResolution;
  InferenceResolved: Omit<InferenceResolved, 'run'> & { run: ResolversParentTypes['InferenceRun'] };
  InferenceRun: RunView;
  InferenceRunConnection: Omit<InferenceRunConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversParentTypes['InferenceRunEdge']>, nodes: ReadonlyArray<ResolversParentTypes['InferenceRun']> };
  InferenceRunEdge: Omit<InferenceRunEdge, 'node'> & { node: ResolversParentTypes['InferenceRun'] };
  InferenceRunFilter: InferenceRunFilter;
  InferenceTiming: InferenceTiming;
  InferenceUsage: InferenceUsage;
  InferenceUsageRow: UsageRow;
  JSON: Scalars['JSON']['output'];
  LaunchInferenceInput: LaunchInferenceInput;
  LaunchInferenceResult: ResolversUnionTypes<ResolversParentTypes>['LaunchInferenceResult'];
  LaunchRefusal: ResolversInterfaceTypes<ResolversParentTypes>['LaunchRefusal'];
  LaunchRefused: LaunchRefused;
  Model: ModelEntry;
  ModelConnection: Omit<ModelConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversParentTypes['ModelEdge']>, nodes: ReadonlyArray<ResolversParentTypes['Model']> };
  ModelEdge: Omit<ModelEdge, 'node'> & { node: ResolversParentTypes['Model'] };
  ModelFilter: ModelFilter;
  ModelOrder: ModelOrder;
  ModelUnavailable: Omit<ModelUnavailable, 'model' | 'replacement'> & { model?: Maybe<ResolversParentTypes['Model']>, replacement?: Maybe<ResolversParentTypes['Model']> };
  Mutation: Record<PropertyKey, never>;
  NominalThroughput: NominalThroughput;
  ObservedRegion: ObservedRegion;
  Offering: OfferingEntry;
  OfferingChange: OfferingNotice;
  OfferingConnection: Omit<OfferingConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversParentTypes['OfferingEdge']>, nodes: ReadonlyArray<ResolversParentTypes['Offering']> };
  OfferingEdge: Omit<OfferingEdge, 'node'> & { node: ResolversParentTypes['Offering'] };
  OfferingFilter: OfferingFilter;
  OfferingOrder: OfferingOrder;
  OfferingState: OfferingEntry;
  PageInfo: PageInfo;
  PendingPrice: PendingPrice;
  Percentiles: MeasuredPercentiles;
  Performance: OfferingEntry;
  PriceBucket: PriceBucket;
  PriceChanged: Omit<PriceChanged, 'offering'> & { offering: ResolversParentTypes['Offering'] };
  PriceConflict: PriceConflict;
  PriceHistory: PriceHistory;
  PricePoint: PricePoint;
  Pricing: PricingParent;
  Provider: ProviderEntry;
  ProviderLimitation: ProviderLimitation;
  ProviderStatus: ProviderStatus;
  Query: Record<PropertyKey, never>;
  ReasoningInput: ReasoningInput;
  RejectedRow: RejectedRow;
  Residency: ProviderEntry;
  ResolveInferenceInput: ResolveInferenceInput;
  ResolveInferenceResult: ResolversUnionTypes<ResolversParentTypes>['ResolveInferenceResult'];
  ResponseFormatInput: ResponseFormatInput;
  RouteInput: RouteInput;
  RunResidency: RunResidency;
  StatedPrice: OfferingPrice;
  Subscription: Record<PropertyKey, never>;
  ToolCall: ToolCall;
  ToolCallInput: ToolCallInput;
  ToolChoiceInput: ToolChoiceInput;
  ToolInput: ToolInput;
  Viewer: Caller;
};

export type AudioOutputResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['AudioOutput'] = ResolversParentTypes['AudioOutput']> = {
  base64?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  contentType?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type BudgetResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Budget'] = ResolversParentTypes['Budget']> = {
  limit?: Resolver<ResolversTypes['Decimal'], ParentType, ContextType>;
  reserved?: Resolver<ResolversTypes['Decimal'], ParentType, ContextType>;
  resetsAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  spent?: Resolver<ResolversTypes['Decimal'], ParentType, ContextType>;
};

export type CancelInferenceResultResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['CancelInferenceResult'] = ResolversParentTypes['CancelInferenceResult']> = {
  __resolveType: TypeResolveFn<'InferenceCancelled' | 'LaunchRefused', ParentType, ContextType>;
};

export type CostLimitExceededResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['CostLimitExceeded'] = ResolversParentTypes['CostLimitExceeded']> = {
  code?: Resolver<ResolversTypes['LaunchRefusalCode'], ParentType, ContextType>;
  largestMaxOutputTokens?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  limit?: Resolver<ResolversTypes['Decimal'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  required?: Resolver<ResolversTypes['Decimal'], ParentType, ContextType>;
  retryAfterSeconds?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  retryable?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CostLineResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['CostLine'] = ResolversParentTypes['CostLine']> = {
  amount?: Resolver<ResolversTypes['Decimal'], ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['CostLineKind'], ParentType, ContextType>;
  quantity?: Resolver<ResolversTypes['Decimal'], ParentType, ContextType>;
  unitPrice?: Resolver<ResolversTypes['Decimal'], ParentType, ContextType>;
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export interface DecimalScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['Decimal'], any> {
  name: 'Decimal';
}

export type EstimateInferenceResultResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['EstimateInferenceResult'] = ResolversParentTypes['EstimateInferenceResult']> = {
  __resolveType: TypeResolveFn<'CostLimitExceeded' | 'InferenceEstimate' | 'LaunchRefused' | 'ModelUnavailable' | 'PriceChanged', ParentType, ContextType>;
};

export type FeedResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Feed'] = ResolversParentTypes['Feed']> = {
  ageSeconds?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  error?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  lastSuccessAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  rejected?: Resolver<ReadonlyArray<ResolversTypes['RejectedRow']>, ParentType, ContextType>;
  source?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  state?: Resolver<ResolversTypes['FeedState'], ParentType, ContextType>;
};

export type IdempotencyConflictResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['IdempotencyConflict'] = ResolversParentTypes['IdempotencyConflict']> = {
  code?: Resolver<ResolversTypes['LaunchRefusalCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  retryAfterSeconds?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  retryable?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  run?: Resolver<ResolversTypes['InferenceRun'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type InferenceAttemptResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['InferenceAttempt'] = ResolversParentTypes['InferenceAttempt']> = {
  number?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  outcome?: Resolver<Maybe<ResolversTypes['AttemptOutcome']>, ParentType, ContextType>;
  sentAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
};

export type InferenceCancelledResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['InferenceCancelled'] = ResolversParentTypes['InferenceCancelled']> = {
  run?: Resolver<ResolversTypes['InferenceRun'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type InferenceCostResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['InferenceCost'] = ResolversParentTypes['InferenceCost']> = {
  certainty?: Resolver<ResolversTypes['CostCertainty'], ParentType, ContextType>;
  currency?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  lines?: Resolver<ReadonlyArray<ResolversTypes['CostLine']>, ParentType, ContextType>;
  maximum?: Resolver<ResolversTypes['Decimal'], ParentType, ContextType>;
  minimum?: Resolver<ResolversTypes['Decimal'], ParentType, ContextType>;
  price?: Resolver<Maybe<ResolversTypes['PricePoint']>, ParentType, ContextType>;
  priceVersion?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  total?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
};

export type InferenceEstimateResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['InferenceEstimate'] = ResolversParentTypes['InferenceEstimate']> = {
  lines?: Resolver<ReadonlyArray<ResolversTypes['CostLine']>, ParentType, ContextType>;
  maxOutputTokens?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  offering?: Resolver<ResolversTypes['Offering'], ParentType, ContextType>;
  priceVersion?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  worstCase?: Resolver<ResolversTypes['Decimal'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type InferenceEventResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['InferenceEvent'] = ResolversParentTypes['InferenceEvent']> = {
  at?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['InferenceEventKind'], ParentType, ContextType>;
  run?: Resolver<Maybe<ResolversTypes['InferenceRun']>, ParentType, ContextType>;
  text?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  toolCall?: Resolver<Maybe<ResolversTypes['ToolCall']>, ParentType, ContextType>;
};

export type InferenceFailureResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['InferenceFailure'] = ResolversParentTypes['InferenceFailure']> = {
  code?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  retryAfterSeconds?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  retryable?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type InferenceLaunchedResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['InferenceLaunched'] = ResolversParentTypes['InferenceLaunched']> = {
  replayed?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  run?: Resolver<ResolversTypes['InferenceRun'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type InferenceOutputResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['InferenceOutput'] = ResolversParentTypes['InferenceOutput']> = {
  audio?: Resolver<Maybe<ResolversTypes['AudioOutput']>, ParentType, ContextType>;
  finishReason?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  reasoning?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  text?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  toolCalls?: Resolver<ReadonlyArray<ResolversTypes['ToolCall']>, ParentType, ContextType>;
};

export type InferenceResolutionResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['InferenceResolution'] = ResolversParentTypes['InferenceResolution']> = {
  at?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  by?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  evidence?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  outcome?: Resolver<ResolversTypes['ResolvedOutcome'], ParentType, ContextType>;
};

export type InferenceResolvedResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['InferenceResolved'] = ResolversParentTypes['InferenceResolved']> = {
  run?: Resolver<ResolversTypes['InferenceRun'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type InferenceRunResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['InferenceRun'] = ResolversParentTypes['InferenceRun'], FederationReferenceType extends FederationReferenceTypes['InferenceRun'] = FederationReferenceTypes['InferenceRun']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['InferenceRun']> | FederationReferenceType, FederationReferenceType, ContextType>;
  attempts?: Resolver<ReadonlyArray<ResolversTypes['InferenceAttempt']>, ParentType, ContextType>;
  charge?: Resolver<ResolversTypes['Decimal'], ParentType, ContextType>;
  cost?: Resolver<ResolversTypes['InferenceCost'], ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  events?: Resolver<ReadonlyArray<ResolversTypes['InferenceEvent']>, ParentType, ContextType, RequireFields<InferenceRunEventsArgs, 'first'>>;
  failure?: Resolver<Maybe<ResolversTypes['InferenceFailure']>, ParentType, ContextType>;
  finishedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  idempotencyKey?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  metadata?: Resolver<Maybe<ResolversTypes['JSON']>, ParentType, ContextType>;
  mode?: Resolver<ResolversTypes['InferenceMode'], ParentType, ContextType>;
  model?: Resolver<Maybe<ResolversTypes['Model']>, ParentType, ContextType>;
  offering?: Resolver<Maybe<ResolversTypes['Offering']>, ParentType, ContextType>;
  offeringId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  output?: Resolver<Maybe<ResolversTypes['InferenceOutput']>, ParentType, ContextType>;
  provider?: Resolver<Maybe<ResolversTypes['Provider']>, ParentType, ContextType>;
  providerRequestId?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  reserved?: Resolver<ResolversTypes['Decimal'], ParentType, ContextType>;
  residency?: Resolver<ResolversTypes['RunResidency'], ParentType, ContextType>;
  resolution?: Resolver<Maybe<ResolversTypes['InferenceResolution']>, ParentType, ContextType>;
  startedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  state?: Resolver<ResolversTypes['InferenceState'], ParentType, ContextType>;
  supersedes?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  timing?: Resolver<ResolversTypes['InferenceTiming'], ParentType, ContextType>;
  usage?: Resolver<Maybe<ResolversTypes['InferenceUsage']>, ParentType, ContextType>;
};

export type InferenceRunConnectionResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['InferenceRunConnection'] = ResolversParentTypes['InferenceRunConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['InferenceRunEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['InferenceRun']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type InferenceRunEdgeResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['InferenceRunEdge'] = ResolversParentTypes['InferenceRunEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['InferenceRun'], ParentType, ContextType>;
};

export type InferenceTimingResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['InferenceTiming'] = ResolversParentTypes['InferenceTiming']> = {
  completionMs?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  overheadMs?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  promptMs?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  queueMs?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  timeToFirstTokenMs?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  totalMs?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
};

export type InferenceUsageResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['InferenceUsage'] = ResolversParentTypes['InferenceUsage']> = {
  audioSeconds?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  cachedInputTokens?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  characters?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  inputTokens?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  outputTokens?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  reasoningTokens?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
};

export type InferenceUsageRowResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['InferenceUsageRow'] = ResolversParentTypes['InferenceUsageRow']> = {
  caller?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  charge?: Resolver<ResolversTypes['Decimal'], ParentType, ContextType>;
  costMaximum?: Resolver<ResolversTypes['Decimal'], ParentType, ContextType>;
  costMinimum?: Resolver<ResolversTypes['Decimal'], ParentType, ContextType>;
  day?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  inputTokens?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  modelId?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  offeringId?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  outputTokens?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  priceVersion?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  providerId?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  runs?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  unresolvedRuns?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export interface JsonScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['JSON'], any> {
  name: 'JSON';
}

export type LaunchInferenceResultResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['LaunchInferenceResult'] = ResolversParentTypes['LaunchInferenceResult']> = {
  __resolveType: TypeResolveFn<'CostLimitExceeded' | 'IdempotencyConflict' | 'InferenceLaunched' | 'LaunchRefused' | 'ModelUnavailable' | 'PriceChanged', ParentType, ContextType>;
};

export type LaunchRefusalResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['LaunchRefusal'] = ResolversParentTypes['LaunchRefusal']> = {
  __resolveType: TypeResolveFn<'CostLimitExceeded' | 'IdempotencyConflict' | 'LaunchRefused' | 'ModelUnavailable' | 'PriceChanged', ParentType, ContextType>;
};

export type LaunchRefusedResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['LaunchRefused'] = ResolversParentTypes['LaunchRefused']> = {
  code?: Resolver<ResolversTypes['LaunchRefusalCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  retryAfterSeconds?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  retryable?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ModelResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Model'] = ResolversParentTypes['Model'], FederationReferenceType extends FederationReferenceTypes['Model'] = FederationReferenceTypes['Model']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Model']> | FederationReferenceType, FederationReferenceType, ContextType>;
  contextWindow?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  costPerToken?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  features?: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  inputModalities?: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  lifecycle?: Resolver<ResolversTypes['ModelLifecycle'], ParentType, ContextType>;
  lifecycleNote?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  lifecycleSince?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  maxOutputTokens?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  observedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  offerings?: Resolver<ResolversTypes['OfferingConnection'], ParentType, ContextType, Partial<ModelOfferingsArgs>>;
  outputModalities?: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  ownedBy?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  region?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  regions?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  replacement?: Resolver<Maybe<ResolversTypes['Model']>, ParentType, ContextType>;
  source?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  task?: Resolver<Maybe<ResolversTypes['Task']>, ParentType, ContextType>;
  throughput?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
};

export type ModelConnectionResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['ModelConnection'] = ResolversParentTypes['ModelConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['ModelEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Model']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type ModelEdgeResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['ModelEdge'] = ResolversParentTypes['ModelEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Model'], ParentType, ContextType>;
};

export type ModelUnavailableResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['ModelUnavailable'] = ResolversParentTypes['ModelUnavailable']> = {
  code?: Resolver<ResolversTypes['LaunchRefusalCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  model?: Resolver<Maybe<ResolversTypes['Model']>, ParentType, ContextType>;
  replacement?: Resolver<Maybe<ResolversTypes['Model']>, ParentType, ContextType>;
  retryAfterSeconds?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  retryable?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MutationResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  cancelInference?: Resolver<ResolversTypes['CancelInferenceResult'], ParentType, ContextType, RequireFields<MutationCancelInferenceArgs, 'input'>>;
  launchInference?: Resolver<ResolversTypes['LaunchInferenceResult'], ParentType, ContextType, RequireFields<MutationLaunchInferenceArgs, 'input'>>;
  resolveInference?: Resolver<ResolversTypes['ResolveInferenceResult'], ParentType, ContextType, RequireFields<MutationResolveInferenceArgs, 'input'>>;
};

export type NominalThroughputResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['NominalThroughput'] = ResolversParentTypes['NominalThroughput']> = {
  observedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  source?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  tokensPerSecond?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type ObservedRegionResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['ObservedRegion'] = ResolversParentTypes['ObservedRegion']> = {
  code?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  count?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  lastSeenAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  region?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type OfferingResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Offering'] = ResolversParentTypes['Offering'], FederationReferenceType extends FederationReferenceTypes['Offering'] = FederationReferenceTypes['Offering']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Offering']> | FederationReferenceType, FederationReferenceType, ContextType>;
  available?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  complianceFlags?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  costPerToken?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  launchBlocker?: Resolver<Maybe<ResolversTypes['LaunchRefusalCode']>, ParentType, ContextType>;
  launchable?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  model?: Resolver<ResolversTypes['Model'], ParentType, ContextType>;
  performance?: Resolver<ResolversTypes['Performance'], ParentType, ContextType>;
  priceAt?: Resolver<Maybe<ResolversTypes['PricePoint']>, ParentType, ContextType, RequireFields<OfferingPriceAtArgs, 'time'>>;
  priceHistory?: Resolver<ResolversTypes['PriceHistory'], ParentType, ContextType, RequireFields<OfferingPriceHistoryArgs, 'resolution'>>;
  pricing?: Resolver<Maybe<ResolversTypes['Pricing']>, ParentType, ContextType>;
  provider?: Resolver<ResolversTypes['Provider'], ParentType, ContextType>;
  region?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  serviceTier?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  throughput?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
};

export type OfferingChangeResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['OfferingChange'] = ResolversParentTypes['OfferingChange']> = {
  after?: Resolver<Maybe<ResolversTypes['OfferingState']>, ParentType, ContextType>;
  at?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  before?: Resolver<Maybe<ResolversTypes['OfferingState']>, ParentType, ContextType>;
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['OfferingChangeKind'], ParentType, ContextType>;
  offering?: Resolver<Maybe<ResolversTypes['Offering']>, ParentType, ContextType>;
  offeringId?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  snapshotVersion?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type OfferingConnectionResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['OfferingConnection'] = ResolversParentTypes['OfferingConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['OfferingEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Offering']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  snapshotVersion?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type OfferingEdgeResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['OfferingEdge'] = ResolversParentTypes['OfferingEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Offering'], ParentType, ContextType>;
};

export type OfferingStateResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['OfferingState'] = ResolversParentTypes['OfferingState']> = {
  available?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  lifecycle?: Resolver<ResolversTypes['ModelLifecycle'], ParentType, ContextType>;
  price?: Resolver<Maybe<ResolversTypes['StatedPrice']>, ParentType, ContextType>;
  pricePending?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  throughput?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  hasPreviousPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  startCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type PendingPriceResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['PendingPrice'] = ResolversParentTypes['PendingPrice']> = {
  cachedInput?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  costPerToken?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  input?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  observedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  output?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  reason?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  version?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type PercentilesResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Percentiles'] = ResolversParentTypes['Percentiles']> = {
  lastSampleAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  p50?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  p75?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  p90?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  p99?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  sampleCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  windowSeconds?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type PerformanceResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Performance'] = ResolversParentTypes['Performance']> = {
  basis?: Resolver<Maybe<ResolversTypes['ThroughputBasis']>, ParentType, ContextType>;
  nominal?: Resolver<Maybe<ResolversTypes['NominalThroughput']>, ParentType, ContextType>;
  queueMs?: Resolver<Maybe<ResolversTypes['Percentiles']>, ParentType, ContextType>;
  throughput?: Resolver<Maybe<ResolversTypes['Percentiles']>, ParentType, ContextType>;
  timeToFirstTokenMs?: Resolver<Maybe<ResolversTypes['Percentiles']>, ParentType, ContextType>;
};

export type PriceBucketResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['PriceBucket'] = ResolversParentTypes['PriceBucket']> = {
  changes?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  first?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  highest?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  last?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  lowest?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  start?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
};

export type PriceChangedResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['PriceChanged'] = ResolversParentTypes['PriceChanged']> = {
  code?: Resolver<ResolversTypes['LaunchRefusalCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  offering?: Resolver<ResolversTypes['Offering'], ParentType, ContextType>;
  previous?: Resolver<Maybe<ResolversTypes['PricePoint']>, ParentType, ContextType>;
  retryAfterSeconds?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  retryable?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type PriceConflictResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['PriceConflict'] = ResolversParentTypes['PriceConflict']> = {
  costPerToken?: Resolver<ResolversTypes['Decimal'], ParentType, ContextType>;
  feed?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  observedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  source?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type PriceHistoryResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['PriceHistory'] = ResolversParentTypes['PriceHistory']> = {
  buckets?: Resolver<ReadonlyArray<ResolversTypes['PriceBucket']>, ParentType, ContextType>;
  from?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  points?: Resolver<ReadonlyArray<ResolversTypes['PricePoint']>, ParentType, ContextType>;
  resolution?: Resolver<ResolversTypes['PriceResolution'], ParentType, ContextType>;
  to?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  truncated?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type PricePointResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['PricePoint'] = ResolversParentTypes['PricePoint']> = {
  at?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  basis?: Resolver<Maybe<ResolversTypes['PriceBasis']>, ParentType, ContextType>;
  cachedInput?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  costPerToken?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  input?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  method?: Resolver<Maybe<ResolversTypes['CostMethod']>, ParentType, ContextType>;
  output?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  source?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  unit?: Resolver<Maybe<ResolversTypes['PriceUnit']>, ParentType, ContextType>;
  version?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type PricingResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Pricing'] = ResolversParentTypes['Pricing']> = {
  ageSeconds?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  basis?: Resolver<ResolversTypes['PriceBasis'], ParentType, ContextType>;
  cachedInput?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  conflict?: Resolver<Maybe<ResolversTypes['PriceConflict']>, ParentType, ContextType>;
  costPerTokenObservedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  costPerTokenSource?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  currency?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  freshness?: Resolver<ResolversTypes['Freshness'], ParentType, ContextType>;
  input?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  method?: Resolver<Maybe<ResolversTypes['CostMethod']>, ParentType, ContextType>;
  minimumQuantity?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  observedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  output?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  pending?: Resolver<Maybe<ResolversTypes['PendingPrice']>, ParentType, ContextType>;
  quotedAs?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  source?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  unit?: Resolver<Maybe<ResolversTypes['PriceUnit']>, ParentType, ContextType>;
  version?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type ProviderResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Provider'] = ResolversParentTypes['Provider'], FederationReferenceType extends FederationReferenceTypes['Provider'] = FederationReferenceTypes['Provider']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Provider']> | FederationReferenceType, FederationReferenceType, ContextType>;
  cheapestOffering?: Resolver<Maybe<ResolversTypes['Offering']>, ParentType, ContextType>;
  complianceFlags?: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  costPerToken?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  fastestOffering?: Resolver<Maybe<ResolversTypes['Offering']>, ParentType, ContextType>;
  feeds?: Resolver<Maybe<ReadonlyArray<ResolversTypes['Feed']>>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  limitations?: Resolver<Maybe<ReadonlyArray<ResolversTypes['ProviderLimitation']>>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  offerings?: Resolver<Maybe<ResolversTypes['OfferingConnection']>, ParentType, ContextType, Partial<ProviderOfferingsArgs>>;
  region?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  residency?: Resolver<Maybe<ResolversTypes['Residency']>, ParentType, ContextType>;
  status?: Resolver<Maybe<ResolversTypes['ProviderStatus']>, ParentType, ContextType>;
  throughput?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
};

export type ProviderLimitationResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['ProviderLimitation'] = ResolversParentTypes['ProviderLimitation']> = {
  feature?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  reason?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  source?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type ProviderStatusResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['ProviderStatus'] = ResolversParentTypes['ProviderStatus']> = {
  reason?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  since?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  state?: Resolver<ResolversTypes['ProviderState'], ParentType, ContextType>;
};

export type QueryResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  estimateInference?: Resolver<ResolversTypes['EstimateInferenceResult'], ParentType, ContextType, RequireFields<QueryEstimateInferenceArgs, 'input'>>;
  inferenceRun?: Resolver<Maybe<ResolversTypes['InferenceRun']>, ParentType, ContextType, RequireFields<QueryInferenceRunArgs, 'id'>>;
  inferenceRuns?: Resolver<ResolversTypes['InferenceRunConnection'], ParentType, ContextType, Partial<QueryInferenceRunsArgs>>;
  inferenceUsage?: Resolver<ReadonlyArray<ResolversTypes['InferenceUsageRow']>, ParentType, ContextType, RequireFields<QueryInferenceUsageArgs, 'groupBy'>>;
  model?: Resolver<Maybe<ResolversTypes['Model']>, ParentType, ContextType, RequireFields<QueryModelArgs, 'id'>>;
  models?: Resolver<ResolversTypes['ModelConnection'], ParentType, ContextType, Partial<QueryModelsArgs>>;
  offering?: Resolver<Maybe<ResolversTypes['Offering']>, ParentType, ContextType, RequireFields<QueryOfferingArgs, 'id'>>;
  offerings?: Resolver<ResolversTypes['OfferingConnection'], ParentType, ContextType, Partial<QueryOfferingsArgs>>;
  provider?: Resolver<Maybe<ResolversTypes['Provider']>, ParentType, ContextType, RequireFields<QueryProviderArgs, 'id'>>;
  providers?: Resolver<ReadonlyArray<ResolversTypes['Provider']>, ParentType, ContextType>;
  viewer?: Resolver<Maybe<ResolversTypes['Viewer']>, ParentType, ContextType>;
};

export type RejectedRowResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['RejectedRow'] = ResolversParentTypes['RejectedRow']> = {
  id?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  reason?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type ResidencyResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Residency'] = ResolversParentTypes['Residency']> = {
  basis?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  declaredRegion?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  observed?: Resolver<ReadonlyArray<ResolversTypes['ObservedRegion']>, ParentType, ContextType>;
};

export type ResolveInferenceResultResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['ResolveInferenceResult'] = ResolversParentTypes['ResolveInferenceResult']> = {
  __resolveType: TypeResolveFn<'InferenceResolved' | 'LaunchRefused', ParentType, ContextType>;
};

export type RunResidencyResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['RunResidency'] = ResolversParentTypes['RunResidency']> = {
  declaredRegion?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  servedCode?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  servedRegion?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  verdict?: Resolver<ResolversTypes['ResidencyVerdict'], ParentType, ContextType>;
};

export type StatedPriceResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['StatedPrice'] = ResolversParentTypes['StatedPrice']> = {
  basis?: Resolver<ResolversTypes['PriceBasis'], ParentType, ContextType>;
  cachedInput?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  costPerToken?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  input?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  method?: Resolver<Maybe<ResolversTypes['CostMethod']>, ParentType, ContextType>;
  output?: Resolver<Maybe<ResolversTypes['Decimal']>, ParentType, ContextType>;
  unit?: Resolver<Maybe<ResolversTypes['PriceUnit']>, ParentType, ContextType>;
  version?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type SubscriptionResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  inferenceEvents?: SubscriptionResolver<ResolversTypes['InferenceEvent'], "inferenceEvents", ParentType, ContextType, RequireFields<SubscriptionInferenceEventsArgs, 'id'>>;
  offeringChanged?: SubscriptionResolver<ResolversTypes['OfferingChange'], "offeringChanged", ParentType, ContextType, Partial<SubscriptionOfferingChangedArgs>>;
};

export type ToolCallResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['ToolCall'] = ResolversParentTypes['ToolCall']> = {
  arguments?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type ViewerResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Viewer'] = ResolversParentTypes['Viewer']> = {
  budget?: Resolver<Maybe<ResolversTypes['Budget']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  scopes?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
};

export type Resolvers<ContextType = RequestContext> = {
  AudioOutput?: AudioOutputResolvers<ContextType>;
  Budget?: BudgetResolvers<ContextType>;
  CancelInferenceResult?: CancelInferenceResultResolvers<ContextType>;
  CostLimitExceeded?: CostLimitExceededResolvers<ContextType>;
  CostLine?: CostLineResolvers<ContextType>;
  DateTime?: GraphQLScalarType;
  Decimal?: GraphQLScalarType;
  EstimateInferenceResult?: EstimateInferenceResultResolvers<ContextType>;
  Feed?: FeedResolvers<ContextType>;
  IdempotencyConflict?: IdempotencyConflictResolvers<ContextType>;
  InferenceAttempt?: InferenceAttemptResolvers<ContextType>;
  InferenceCancelled?: InferenceCancelledResolvers<ContextType>;
  InferenceCost?: InferenceCostResolvers<ContextType>;
  InferenceEstimate?: InferenceEstimateResolvers<ContextType>;
  InferenceEvent?: InferenceEventResolvers<ContextType>;
  InferenceFailure?: InferenceFailureResolvers<ContextType>;
  InferenceLaunched?: InferenceLaunchedResolvers<ContextType>;
  InferenceOutput?: InferenceOutputResolvers<ContextType>;
  InferenceResolution?: InferenceResolutionResolvers<ContextType>;
  InferenceResolved?: InferenceResolvedResolvers<ContextType>;
  InferenceRun?: InferenceRunResolvers<ContextType>;
  InferenceRunConnection?: InferenceRunConnectionResolvers<ContextType>;
  InferenceRunEdge?: InferenceRunEdgeResolvers<ContextType>;
  InferenceTiming?: InferenceTimingResolvers<ContextType>;
  InferenceUsage?: InferenceUsageResolvers<ContextType>;
  InferenceUsageRow?: InferenceUsageRowResolvers<ContextType>;
  JSON?: GraphQLScalarType;
  LaunchInferenceResult?: LaunchInferenceResultResolvers<ContextType>;
  LaunchRefusal?: LaunchRefusalResolvers<ContextType>;
  LaunchRefused?: LaunchRefusedResolvers<ContextType>;
  Model?: ModelResolvers<ContextType>;
  ModelConnection?: ModelConnectionResolvers<ContextType>;
  ModelEdge?: ModelEdgeResolvers<ContextType>;
  ModelUnavailable?: ModelUnavailableResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  NominalThroughput?: NominalThroughputResolvers<ContextType>;
  ObservedRegion?: ObservedRegionResolvers<ContextType>;
  Offering?: OfferingResolvers<ContextType>;
  OfferingChange?: OfferingChangeResolvers<ContextType>;
  OfferingConnection?: OfferingConnectionResolvers<ContextType>;
  OfferingEdge?: OfferingEdgeResolvers<ContextType>;
  OfferingState?: OfferingStateResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  PendingPrice?: PendingPriceResolvers<ContextType>;
  Percentiles?: PercentilesResolvers<ContextType>;
  Performance?: PerformanceResolvers<ContextType>;
  PriceBucket?: PriceBucketResolvers<ContextType>;
  PriceChanged?: PriceChangedResolvers<ContextType>;
  PriceConflict?: PriceConflictResolvers<ContextType>;
  PriceHistory?: PriceHistoryResolvers<ContextType>;
  PricePoint?: PricePointResolvers<ContextType>;
  Pricing?: PricingResolvers<ContextType>;
  Provider?: ProviderResolvers<ContextType>;
  ProviderLimitation?: ProviderLimitationResolvers<ContextType>;
  ProviderStatus?: ProviderStatusResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  RejectedRow?: RejectedRowResolvers<ContextType>;
  Residency?: ResidencyResolvers<ContextType>;
  ResolveInferenceResult?: ResolveInferenceResultResolvers<ContextType>;
  RunResidency?: RunResidencyResolvers<ContextType>;
  StatedPrice?: StatedPriceResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
  ToolCall?: ToolCallResolvers<ContextType>;
  Viewer?: ViewerResolvers<ContextType>;
};

