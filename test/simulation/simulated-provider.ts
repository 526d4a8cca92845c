import type { ProviderFailureCode, ExecutionCertainty } from '../../src/domain/failure.ts';
import type {
  AttemptOptions,
  AttemptOutcome,
  AttemptReport,
  InferencePayload,
} from '../../src/domain/inference.ts';
import type { ProviderInterface } from '../../src/providers/provider.ts';
import { never } from './never.ts';
import type { Random } from './random.ts';
import type { SimulatedTime } from './simulated-time.ts';

/** How the provider treats a request. */
type Treatment =
  | 'ANSWER'
  | 'ANSWER_WITHOUT_COUNT'
  | 'REFUSE'
  | 'UNREACHABLE'
  | 'CUT'
  | 'CUT_MIDWAY'
  | 'HANG'
  | 'BAD_TOOL_CALL'
  | 'REFUSE_KEY';

/** A provider that answers, refuses, hangs and breaks off, and remembers what it was asked to do. */
export class SimulatedProvider {
  readonly #random: Random;
  readonly #time: SimulatedTime;
  /** How often each prompt reached the provider in a way that may have been executed. */
  readonly executions = new Map<string, number>();

  constructor(random: Random, time: SimulatedTime) {
    this.#random = random;
    this.#time = time;
  }

  /** The provider as one process sees it, for as long as that lives. */
  connection(isAlive: () => boolean): ProviderInterface {
    return {
      id: 'groq',
      listModels: never,
      getPricing: never,
      inputBound: () => 100,
      renewKey: async () => this.#random.chance(0.5),
      launchInference: async (payload, options) => {
        const outcome = await this.#treat(payload, options, isAlive);
        if (!isAlive()) await never();
        return outcome;
      },
    };
  }

  async #treat(
    payload: InferencePayload,
    options: AttemptOptions,
    isAlive: () => boolean,
  ): Promise<AttemptOutcome> {
    const random = this.#random;
    const startedMs = this.#time.nowMs;
    const report = (more: Partial<AttemptReport> = {}): AttemptReport => ({
      output: undefined,
      usage: undefined,
      timing: {},
      timeToFirstTokenMs: undefined,
      totalMs: this.#time.nowMs - startedMs,
      servedCode: undefined,
      providerRequestId: undefined,
      rateLimit: undefined,
      ...more,
    });
    const failed = (code: ProviderFailureCode, execution: ExecutionCertainty): AttemptOutcome => ({
      ...report(),
      ok: false,
      failure: { code, message: code, execution, retryable: execution !== 'EXECUTED' },
    });
    const treatment = random.pick<Treatment>([
      'ANSWER',
      'ANSWER',
      'ANSWER',
      'ANSWER',
      'ANSWER_WITHOUT_COUNT',
      'REFUSE',
      'UNREACHABLE',
      'CUT',
      'CUT_MIDWAY',
      'HANG',
      'BAD_TOOL_CALL',
      'REFUSE_KEY',
    ]);
    await this.#time.after(random.integer(0, 20));
    if (!isAlive()) await never();
    if (options.signal.aborted) return failed('CANCELLED', 'NOT_SENT');
    if (treatment === 'UNREACHABLE') return failed('UNREACHABLE', 'NOT_SENT');
    if (treatment === 'REFUSE') return failed('RATE_LIMITED', 'NOT_EXECUTED');
    if (treatment === 'REFUSE_KEY') return failed('UNAUTHORIZED', 'NOT_EXECUTED');

    this.#noteExecution(payload);
    if (treatment === 'HANG' || treatment === 'CUT') {
      const waitMs = treatment === 'HANG' ? options.limits.firstTokenMs : random.integer(1, 2000);
      const aborted = await this.#waitOrAbort(waitMs, options.signal);
      return failed(
        aborted ? 'CANCELLED' : treatment === 'HANG' ? 'TIMEOUT' : 'CUT_ANSWER',
        'UNKNOWN',
      );
    }
    for (const text of ['one ', 'two ', 'three']) {
      if (await this.#waitOrAbort(random.integer(1, 3000), options.signal)) {
        return failed('CANCELLED', 'UNKNOWN');
      }
      if (!isAlive()) await never();
      await options.onDelta?.({ kind: 'TEXT', text });
    }
    if (treatment === 'CUT_MIDWAY') return failed('CUT_ANSWER', 'EXECUTED');
    if (treatment === 'BAD_TOOL_CALL') return failed('TOOL_USE_FAILED', 'EXECUTED');
    const usage = { inputTokens: 10, outputTokens: random.integer(0, 100) };
    return {
      ...report(treatment === 'ANSWER' ? { usage } : {}),
      ok: true,
      output: { text: 'one two three', toolCalls: [] },
    };
  }

  #noteExecution(payload: InferencePayload): void {
    const prompt = 'messages' in payload ? (payload.messages[0]?.content ?? '') : '';
    this.executions.set(prompt, (this.executions.get(prompt) ?? 0) + 1);
  }

  async #waitOrAbort(ms: number, signal: AbortSignal): Promise<boolean> {
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([this.#time.after(ms), aborted]);
    return signal.aborted;
  }
}
