import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { streamed, plays, type Responder } from './groq-responders.ts';
import { startGroqServer, type GroqServer } from './groq-server.ts';
import { recordedExchange } from './recorded-exchanges.ts';
import {
  startServiceProcess,
  untilNothingIsDegraded,
  type ServiceProcess,
} from './service-process.ts';

export const chatPath = '/openai/v1/chat/completions';
export const modelsPath = '/openai/v1/models';
const routerToken = 'router-token-of-replicas-0123456789';
const providerKey = 'gsk_replicas_0123456789';
const model = 'openai/gpt-oss-120b';
const patienceMs = 60_000;

/** A GraphQL answer, as far as tests look at it. */
export interface Answer {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[];
}

/** A run as {@link runFields} read it. */
export interface SeenRun {
  readonly id: string;
  readonly state: string;
  readonly charge: string;
  readonly idempotencyKey: string;
  readonly output: { readonly text: string | null } | null;
}

/** What a launch was answered. */
export interface LaunchSeen {
  readonly __typename: string;
  readonly replayed?: boolean;
  readonly run?: SeenRun;
  readonly code?: string;
  readonly retryable?: boolean;
}

/** One place among the replicas: a process, and after {@link restart} another one. */
export class Replica {
  readonly #start: () => Promise<ServiceProcess>;
  #process: ServiceProcess;

  private constructor(process: ServiceProcess, start: () => Promise<ServiceProcess>) {
    this.#process = process;
    this.#start = start;
  }

  /** @param folder where its program is; this one's when absent. */
  static async start(
    environment: Readonly<Record<string, string>>,
    folder?: string,
  ): Promise<Replica> {
    const start = async () => await startServiceProcess(environment, 'src/main.ts', [], folder);
    return new Replica(await start(), start);
  }

  get url(): string {
    return this.#process.url;
  }

  get process(): ServiceProcess {
    return this.#process;
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }

  /** Ends the process at once, whether it stands still or is gone already. */
  async kill(): Promise<void> {
    await this.#process.kill();
  }

  /** Starts a new process where the last one was stopped or killed. */
  async restart(): Promise<void> {
    this.#process = await this.#start();
  }

  /** One request as a router sends it. */
  async ask(query: string, variables: object = {}, caller = 'orchestrator'): Promise<Answer> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headersOf(caller) },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as Answer;
  }

  /** What `launchInference` answered. */
  async launch(input: Readonly<Record<string, unknown>>, caller?: string): Promise<LaunchSeen> {
    const variables = { input: { model, ...input } };
    return (await this.#data(launchMutation, variables, 'launchInference', caller))!;
  }

  async cancel(id: string): Promise<LaunchSeen> {
    return (await this.#data(cancelMutation, { input: { id } }, 'cancelInference'))!;
  }

  async run(id: string): Promise<SeenRun | null> {
    return await this.#data(runQuery, { id }, 'inferenceRun');
  }

  /** The run once it is in one of these states. */
  async runIn(id: string, ...states: readonly string[]): Promise<SeenRun> {
    return await eventually(
      async () => await this.run(id),
      (run) => run !== null && states.includes(run.state),
    ).then((run) => run!);
  }

  async readiness(): Promise<{ readonly status: number; readonly degraded: readonly string[] }> {
    const response = await fetch(new URL('/readyz', this.url));
    const { degraded } = (await response.json()) as { readonly degraded: readonly string[] };
    return { status: response.status, degraded };
  }

  /** Resolves when it serves what the provider said. */
  async hasPrices(): Promise<void> {
    await untilNothingIsDegraded(this.#process);
  }

  /** Version of the catalogue that it serves. */
  async snapshotVersion(): Promise<number> {
    const offerings = await this.#data<{ readonly snapshotVersion: number }>(
      '{ offerings(first: 1) { snapshotVersion } }',
      {},
      'offerings',
    );
    return offerings!.snapshotVersion;
  }

  async #data<Value>(
    query: string,
    variables: object,
    field: string,
    caller?: string,
  ): Promise<Value | null> {
    const answer = await this.ask(query, variables, caller);
    if (answer.errors !== undefined || answer.data === undefined || answer.data === null) {
      throw new Error(JSON.stringify(answer));
    }
    return answer.data[field] as Value | null;
  }
}

/** What a router sends in the name of a caller. */
export function headersOf(caller: string): Record<string, string> {
  return { 'x-router-token': routerToken, 'x-caller-id': caller };
}

/** Settings of a replica of the service, as shipped but for its provider's address. */
export function replicaEnvironment(
  groq: Pick<GroqServer, 'url'>,
  databaseUrl: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    DATABASE_URL: databaseUrl,
    GROQ_API_KEY: providerKey,
    GROQ_BASE_URL: groq.url,
    GROQ_PRICING_URL: `${groq.url}/v1/pricing`,
    MODELS_DEV_URL: '',
    AUTH_MODE: 'router',
    ROUTER_TOKENS: routerToken,
    // Replicas start often in these tests, and on few cores.
    NODE_COMPILE_CACHE: join(tmpdir(), 'gpubroker-test-compile-cache'),
    ...more,
  };
}

/** A provider for replicas: its recorded list, and an answer to every launch. */
export async function startReplicaProvider(): Promise<GroqServer> {
  const groq = await startGroqServer({ key: providerKey });
  groq.replay('models-list-2026-10-02-with-pricing');
  groq.reply(chatPath, answerInKind);
  return groq;
}

const whole = plays(recordedExchange('chat-cached-tokens-gpt-oss-120b'));
const inPieces = streamed(recordedExchange('chat-stream-gpt-oss-120b'));

/** The recorded answer, as a stream to who asked for one. */
export const answerInKind: Responder = (request, response) =>
  (request.json as { readonly stream?: boolean }).stream === true
    ? inPieces(request, response)
    : whole(request, response);

/** The prompt of a launch that came to the provider. */
export function promptOf({ json }: { readonly json: unknown }): string {
  const { messages } = json as { readonly messages: readonly { readonly content: string }[] };
  return messages.map(({ content }) => content).join('\n');
}

/** What is read until it is as it should be. */
export async function eventually<Value>(
  read: () => Promise<Value>,
  isWanted: (value: Value) => boolean,
): Promise<Value> {
  const givenUpAt = Date.now() + patienceMs;
  for (;;) {
    const value = await read();
    if (isWanted(value)) return value;
    if (Date.now() > givenUpAt) throw new Error(`It never came to be: ${JSON.stringify(value)}`);
    await delay(50);
  }
}

const runFields = 'id state charge idempotencyKey output { text }';
const launchMutation = `mutation Launch($input: LaunchInferenceInput!) {
  launchInference(input: $input) {
    __typename
    ... on InferenceLaunched { replayed run { ${runFields} } }
    ... on LaunchRefusal { code retryable }
  }
}`;
const cancelMutation = `mutation Cancel($input: CancelInferenceInput!) {
  cancelInference(input: $input) {
    __typename
    ... on InferenceCancelled { run { ${runFields} } }
    ... on LaunchRefusal { code retryable }
  }
}`;
const runQuery = `query Run($id: ID!) { inferenceRun(id: $id) { ${runFields} } }`;
