import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { pino } from 'pino';
import type { Logger } from 'pino';

import { readConfig } from '../../src/config.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { createService } from '../../src/service.ts';
import { json } from './groq-responders.ts';
import { startGroqServer } from './groq-server.ts';
import type { GroqServer } from './groq-server.ts';
import { recordedExchange } from './recorded-exchanges.ts';

/** The service in this process with Groq on loopback, and callers who launch over HTTP. */
export interface LaunchingService {
  readonly url: string;
  readonly groq: GroqServer;
  readonly dataDir: string;
  /** The whole GraphQL answer. */
  ask(query: string, variables?: object, who?: Who): Promise<GraphQLAnswer>;
  /** The data of an answer without errors. */
  data<Data>(query: string, variables?: object, who?: Who): Promise<Data>;
  /** What `launchInference` answered; throws when the answer has errors. */
  launch(input: LaunchInput, who?: Who): Promise<LaunchAnswer>;
  /** What `estimateInference` answered. */
  estimate(input: LaunchInput, who?: Who): Promise<LaunchAnswer>;
  /** The run as `inferenceRun` shows it. */
  run(id: string, who?: Who): Promise<ReceiptAnswer | null>;
  /** Resolves when the service has read Groq's list. */
  untilReady(): Promise<void>;
  /** The run once it has ended. */
  ended(id: string, who?: Who): Promise<ReceiptAnswer>;
  /** How many chat completions came to Groq. */
  sent(): number;
  /** The key of its provider that the service starts with. */
  readonly providerKey: string;
  /** The service's environment has this key of its provider from now on. */
  setKey(key: string): void;
  /** Stops the service and starts it anew on the same data. */
  restart(environment?: Environment): Promise<void>;
  close(): Promise<void>;
}

type Environment = Readonly<Record<string, string>>;

/** Who asks; `caller-a` with the default scopes when absent. */
export interface Who {
  /** The empty text for nobody. */
  readonly caller?: string;
  readonly scopes?: string;
  /** Further headers of the request. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface GraphQLAnswer {
  readonly status: number;
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions?: Readonly<Record<string, unknown>>;
  }[];
}

/** As `LaunchInferenceInput`; key, model and prompt have values of their own when absent. */
export type LaunchInput = Readonly<Record<string, unknown>>;

/** A receipt as {@link receiptFields} reads it. */
export interface ReceiptAnswer {
  readonly id: string;
  readonly state: string;
  readonly offeringId: string;
  readonly charge: string;
  readonly reserved: string;
  readonly providerRequestId: string | null;
  readonly supersedes: string | null;
  readonly usage: Readonly<Record<string, number | string | null>> | null;
  readonly cost: {
    readonly total: string | null;
    readonly minimum: string;
    readonly maximum: string;
    readonly certainty: string;
    readonly priceVersion: string;
    readonly lines: readonly {
      readonly kind: string;
      readonly quantity: string;
      readonly unitPrice: string;
      readonly amount: string;
    }[];
  };
  readonly timing: Readonly<Record<string, number | null>>;
  readonly residency: Readonly<Record<string, string | null>>;
  readonly attempts: readonly { readonly number: number; readonly outcome: string | null }[];
  readonly failure: {
    readonly code: string;
    readonly message: string;
    readonly retryable: boolean;
  } | null;
  readonly resolution: { readonly outcome: string; readonly evidence: string } | null;
  readonly output: {
    readonly text: string | null;
    readonly reasoning: string | null;
    readonly finishReason: string | null;
    readonly toolCalls: readonly {
      readonly id: string;
      readonly name: string;
      readonly arguments: string;
    }[];
    readonly audio: { readonly base64: string; readonly contentType: string } | null;
  } | null;
}

/** Any member of the unions that launching and estimating answer with. */
export interface LaunchAnswer {
  readonly __typename: string;
  readonly run?: ReceiptAnswer;
  readonly replayed?: boolean;
  readonly code?: string;
  readonly message?: string;
  readonly retryable?: boolean;
  readonly retryAfterSeconds?: number | null;
  readonly limit?: string;
  readonly required?: string;
  readonly largestMaxOutputTokens?: number | null;
  readonly replacement?: { readonly id: string } | null;
  readonly offering?: { readonly pricing: { readonly version: string | null } | null };
  readonly previous?: { readonly version: string | null } | null;
  readonly worstCase?: string;
  readonly priceVersion?: string;
  readonly maxOutputTokens?: number | null;
}

/** Everything that a receipt says. */
const receiptFields = `
fragment Receipt on InferenceRun {
  id state offeringId charge reserved providerRequestId supersedes
  usage { inputTokens cachedInputTokens outputTokens reasoningTokens characters audioSeconds }
  cost { total minimum maximum certainty priceVersion lines { kind quantity unitPrice amount } }
  timing { queueMs promptMs completionMs timeToFirstTokenMs totalMs overheadMs }
  residency { servedCode servedRegion declaredRegion verdict }
  attempts { number outcome }
  failure { code message retryable }
  resolution { outcome evidence }
  output { text reasoning finishReason toolCalls { id name arguments } audio { base64 contentType } }
}`;

const refusalFields = `
  ... on LaunchRefusal { code message retryable retryAfterSeconds }
  ... on PriceChanged { offering { pricing { version } } previous { version } }
  ... on CostLimitExceeded { limit required largestMaxOutputTokens }
  ... on ModelUnavailable { replacement { id } }`;

const launchMutation = `mutation Launch($input: LaunchInferenceInput!) {
  launchInference(input: $input) {
    __typename
    ... on InferenceLaunched { replayed run { ...Receipt } }
    ... on IdempotencyConflict { run { ...Receipt } }${refusalFields}
  }
}${receiptFields}`;

const estimateQuery = `query Estimate($input: LaunchInferenceInput!) {
  estimateInference(input: $input) {
    __typename
    ... on InferenceEstimate { worstCase priceVersion maxOutputTokens }${refusalFields}
  }
}`;

const runQuery = `query Run($id: ID!) { inferenceRun(id: $id) { ...Receipt } }${receiptFields}`;

/** The key that Groq accepts unless a test says otherwise. */
export const providerKey = 'gsk_launching_0123456789';
const routerToken = 'router-token-of-launching-0123456789';
export const chatPath = '/openai/v1/chat/completions';
/** Input $0.15, cached input $0.075, output $0.60 for a million tokens, in the recorded list. */
const pricedModel = 'openai/gpt-oss-120b';

let keys = 0;
/** A key that no other launch of this process has. */
export function newKey(): string {
  keys += 1;
  return `key-${keys}`;
}

/** A model of Groq's list, with a price where one is given. */
export function listedModel(
  id: string,
  pricing?: Readonly<Record<string, string>>,
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    id,
    object: 'model',
    created: 1_754_407_957,
    owned_by: 'Test',
    active: true,
    context_window: 131_072,
    max_completion_tokens: 65_536,
    input_modalities: ['text'],
    output_modalities: ['text'],
    ...more,
    ...(pricing === undefined ? {} : { pricing }),
  };
}

/** The price that most tests use: those of {@link pricedModel}. */
export const usualPricing = {
  prompt: '0.00000015',
  completion: '0.0000006',
  input_cache_read: '0.000000075',
};

/** The models that Groq lists from now on; the service takes them up with its next poll. */
function listModels(groq: GroqServer, models: readonly object[]): void {
  groq.reply('/openai/v1/models', json({ object: 'list', data: models }));
}

/** The registry as it ships, with parts of Groq's entry replaced. */
export function registryWith(parts: Readonly<Record<string, unknown>>): unknown {
  const shipped = JSON.parse(
    readFileSync(new URL('../../provider_registry.json', import.meta.url), 'utf8'),
  ) as { readonly groq: object };
  return { ...shipped, groq: { ...shipped.groq, ...parts } };
}

/** Starts the service and waits until it has read Groq's list. */
export async function startLaunching(
  options: {
    readonly environment?: Environment;
    /** The registry's content; the shipped one when absent. */
    readonly registry?: unknown;
    /** What Groq lists; the recorded list with prices when absent. */
    readonly models?: readonly object[];
    readonly clock?: Clock;
    /** Takes what the service logs; nobody when absent. */
    readonly log?: Logger;
  } = {},
): Promise<LaunchingService> {
  const dataDir = await mkdtemp(join(tmpdir(), 'launching-'));
  const groq = await startGroqServer({ key: providerKey });
  if (options.models === undefined) groq.replay('models-list-2026-10-02-with-pricing');
  else listModels(groq, options.models);
  groq.reply(chatPath, recordedExchange('chat-cached-tokens-gpt-oss-120b'));
  const registryPath = join(dataDir, 'registry.json');
  if (options.registry !== undefined) {
    await writeFile(registryPath, JSON.stringify(options.registry));
  }
  const settings: Record<string, string> = {
    PORT: '0',
    DATA_DIR: dataDir,
    GROQ_API_KEY: providerKey,
    GROQ_BASE_URL: groq.url,
    GROQ_PRICING_URL: `${groq.url}/v1/pricing`,
    MODELS_DEV_URL: '',
    AUTH_MODE: 'router',
    ROUTER_TOKENS: routerToken,
    ...(options.registry === undefined ? {} : { PROVIDER_REGISTRY: registryPath }),
    ...options.environment,
  };

  let present = settings;
  let running = await begin(present);
  async function begin(environment: Environment) {
    const service = createService(readConfig(environment), {
      log: options.log ?? pino({ level: 'silent' }),
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    });
    const { url } = await service.start();
    const started = { service, url };
    if (environment['GROQ_API_KEY'] !== '') await untilListIsRead(url);
    return started;
  }

  const ask: LaunchingService['ask'] = async (query, variables = {}, who = {}) =>
    await askAt(running.url, query, variables, who);
  const launching: LaunchingService = {
    get url() {
      return running.url;
    },
    groq,
    providerKey,
    dataDir,
    ask,
    data: async <Data>(query: string, variables: object = {}, who: Who = {}) => {
      const { data, errors, status } = await ask(query, variables, who);
      if (errors !== undefined || data === undefined || data === null) {
        throw new Error(`HTTP ${status}: ${JSON.stringify(errors)}`);
      }
      return data as Data;
    },
    launch: async (input, who) => {
      const answer = await ask(launchMutation, { input: withDefaults(input) }, who);
      return dataOf(answer, 'launchInference') as LaunchAnswer;
    },
    estimate: async (input, who) =>
      dataOf(
        await ask(estimateQuery, { input: withDefaults(input) }, who),
        'estimateInference',
      ) as LaunchAnswer,
    run: async (id, who) =>
      dataOf(await ask(runQuery, { id }, who), 'inferenceRun') as ReceiptAnswer | null,
    untilReady: async () => await untilListIsRead(running.url),
    ended: async (id, who) => {
      for (let attempt = 0; attempt < 2_000; attempt += 1) {
        const run = await launching.run(id, who);
        if (run !== null && !['RESERVED', 'QUEUED', 'RUNNING'].includes(run.state)) return run;
        await delay(20);
      }
      throw new Error(`the run ${id} does not end`);
    },
    sent: () => groq.requestsTo(chatPath).length,
    restart: async (environment = {}) => {
      await running.service.stop();
      present = { ...settings, ...environment };
      running = await begin(present);
    },
    setKey: (key) => {
      present['GROQ_API_KEY'] = key;
    },
    close: async () => {
      await running.service.stop();
      await groq.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  return launching;
}

/** What a router says of itself and of the caller. */
export function headersOf(who: Who = {}): Readonly<Record<string, string>> {
  const { caller = 'caller-a', scopes, headers } = who;
  return {
    'x-router-token': routerToken,
    ...(caller === '' ? {} : { 'x-caller-id': caller }),
    ...(scopes === undefined ? {} : { 'x-caller-scopes': scopes }),
    ...headers,
  };
}

/** One GraphQL request, as a router sends it. */
async function askAt(
  url: string,
  query: string,
  variables: object,
  who: Who = {},
): Promise<GraphQLAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...headersOf(who),
    },
    body: JSON.stringify({ query, variables }),
    ...(who.signal === undefined ? {} : { signal: who.signal }),
  });
  return { status: response.status, ...((await response.json()) as Omit<GraphQLAnswer, 'status'>) };
}

/** Resolves when the service calls its provider ready. */
async function untilListIsRead(url: string): Promise<void> {
  let last: GraphQLAnswer | undefined;
  for (let attempt = 0; attempt < 2_000; attempt += 1) {
    // A changing alias keeps an answer that was stored from being given again.
    last = await askAt(url, `{ p${attempt}: provider(id: "groq") { status { state } } }`, {});
    if (JSON.stringify(last).includes('READY')) return;
    await delay(10);
  }
  throw new Error(`the provider never became ready: ${JSON.stringify(last)}`);
}

function withDefaults(input: LaunchInput): LaunchInput {
  const isTold = 'messages' in input || 'prompt' in input || 'audioUrl' in input;
  return {
    idempotencyKey: newKey(),
    ...('offering' in input || 'model' in input ? {} : { model: pricedModel }),
    ...(isTold ? {} : { prompt: 'Say hello.' }),
    ...input,
  };
}

function dataOf(answer: GraphQLAnswer, field: string): unknown {
  if (answer.errors !== undefined || answer.data === undefined || answer.data === null) {
    throw new Error(`HTTP ${answer.status}: ${JSON.stringify(answer.errors)}`);
  }
  return answer.data[field];
}
