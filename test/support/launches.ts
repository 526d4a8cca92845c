import type {
  AttemptLimits,
  AttemptOptions,
  AttemptOutcome,
  ChatPayload,
  InferenceDelta,
  InferencePayload,
} from '../../src/domain/inference.ts';
import { GroqAdapter, type GroqAdapterOptions } from '../../src/providers/groq/groq-adapter.ts';
import { createOutwardHttp } from '../../src/providers/http.ts';
import { TestKeys } from './api-keys.ts';
import { type GroqServer, startGroqServer } from './groq-server.ts';

/** Limits that no test lives to see: what waits for one of them fails by the time of its test. */
export const wideLimits: AttemptLimits = {
  connectMs: 60_000,
  firstTokenMs: 60_000,
  idleMs: 60_000,
  totalMs: 60_000,
  maximumBodyBytes: 1024 * 1024,
};

/** A small question. */
export const question: ChatPayload = {
  task: 'TEXT_GENERATION',
  model: 'openai/gpt-oss-20b',
  serviceTier: 'on_demand',
  messages: [{ role: 'USER', content: 'Hello' }],
  maxOutputTokens: 64,
};

export const chatPath = '/openai/v1/chat/completions';

/** The adapter in front of a loopback Groq. */
export interface LaunchBench {
  readonly groq: GroqServer;
  readonly keys: TestKeys;
  readonly key: string;
  adapter(overrides?: Partial<GroqAdapterOptions>): GroqAdapter;
  /** Sends a payload with wide limits and no stream, but for what is overridden. */
  launch(payload?: InferencePayload, overrides?: LaunchOverrides): Promise<AttemptOutcome>;
  /** {@link launch} as a stream, with every piece that was handed out. */
  stream(payload?: InferencePayload, overrides?: LaunchOverrides): Promise<StreamedOutcome>;
  stop(): Promise<void>;
}

export type LaunchOverrides = Partial<Omit<AttemptOptions, 'limits'>> & {
  readonly limits?: Partial<AttemptLimits>;
};

export interface StreamedOutcome {
  readonly outcome: AttemptOutcome;
  readonly deltas: readonly InferenceDelta[];
}

/** Starts the server and the outward client; stop both with `stop`. */
export async function startLaunchBench(): Promise<LaunchBench> {
  const key = 'gsk_testKeyOfTheLaunchTests';
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  const groq = await startGroqServer({ key });
  const http = createOutwardHttp({ clock });
  const keys = new TestKeys(key);
  const adapter = (overrides: Partial<GroqAdapterOptions> = {}) =>
    new GroqAdapter({
      baseUrl: groq.url,
      pricingUrl: undefined,
      keys,
      http,
      clock,
      ...overrides,
    });
  const usual = adapter();
  const launch = (payload: InferencePayload = question, overrides: LaunchOverrides = {}) =>
    usual.launchInference(payload, {
      stream: false,
      signal: new AbortController().signal,
      ...overrides,
      limits: { ...wideLimits, ...overrides.limits },
    });
  return {
    groq,
    keys,
    key,
    adapter,
    launch,
    async stream(payload, overrides = {}) {
      const deltas: InferenceDelta[] = [];
      const outcome = await launch(payload, {
        onDelta: (delta) => void deltas.push(delta),
        ...overrides,
        stream: true,
      });
      return { outcome, deltas };
    },
    async stop() {
      await http.close();
      await groq.close();
    },
  };
}

/** The pieces of one kind, put together. */
export function joined(deltas: readonly InferenceDelta[], kind: 'TEXT' | 'REASONING'): string {
  return deltas.map((delta) => (delta.kind === kind ? delta.text : '')).join('');
}

/** The text of an event stream with these chunks, each as one event, and `[DONE]` at its end. */
export function chunks(...values: readonly unknown[]): string {
  return `${openChunks(...values)}data: [DONE]\n\n`;
}

/** {@link chunks} without `[DONE]`. */
export function openChunks(...values: readonly unknown[]): string {
  return values.map((value) => `data: ${JSON.stringify(value)}\n\n`).join('');
}

/** A chunk with this delta. */
export function delta(fields: object, finishReason: string | null = null): object {
  return { id: 'chatcmpl-1', choices: [{ index: 0, delta: fields, finish_reason: finishReason }] };
}
