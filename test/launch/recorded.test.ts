import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import {
  chatPath,
  listedModel,
  registryWith,
  startLaunching,
  usualPricing,
} from '../support/launching.ts';
import type { LaunchingService, LaunchInput } from '../support/launching.ts';
import { json } from '../support/groq-responders.ts';
import { recordedExchange, recordedNames } from '../support/recorded-exchanges.ts';

/** Dollars for a million tokens of input and output, when these models could be had, and who says so. */
const pricesOfTheirTime: readonly (readonly [string, string, string, string])[] = [
  ['llama3-8b-8192', '0.05', '0.08', "genai-prices' prices/providers/groq.yml"],
  ['mixtral-8x7b-32768', '0.24', '0.24', "genai-prices' prices/providers/groq.yml"],
  ['llama-3.1-8b-instant', '0.05', '0.08', "Groq's pricing page of 2025"],
  ['llama-3.3-70b-versatile', '0.59', '0.79', "Groq's pricing page of 2025"],
  ['deepseek-r1-distill-llama-70b', '0.75', '0.99', "Groq's pricing page of 2025"],
  ['qwen/qwen3-32b', '0.29', '0.59', "Groq's pricing page of 2025"],
  ['meta-llama/llama-4-scout-17b-16e-instruct', '0.11', '0.34', "Groq's pricing page of 2025"],
  ['moonshotai/kimi-k2-instruct-0905', '1', '3', "Groq's pricing page of 2025"],
];

const perToken = (perMillion: string): string => (Number(perMillion) / 1e6).toFixed(9);

/**
 * Recording, input tokens (cached ones apart), output tokens, and the cost in USD as computed by hand:
 * tokens × dollars for a million tokens / 1,000,000.
 */
const costs: readonly (readonly [
  name: string,
  input: number,
  cached: number,
  output: number,
  cost: string,
])[] = [
  ['chat-cached-tokens-gpt-oss-120b', 336, 256, 96, '0.0000888'],
  ['chat-length-llama-3.1-8b', 38, 0, 10, '0.0000027'],
  ['chat-plain-kimi-k2-paid-limits-2025-11', 30, 0, 10, '0.00006'],
  ['chat-plain-llama-3.1-8b-2025-11', 38, 0, 26, '0.00000398'],
  ['chat-plain-llama-3.3-70b-2026-01', 38, 0, 4, '0.00002558'],
  ['chat-plain-llama3-8b-2024-07-high-limits', 17, 0, 9, '0.00000157'],
  ['chat-plain-mixtral-8x7b-2024-04', 21, 0, 4, '0.000006'],
  ['chat-reasoning-deepseek-r1-parsed', 21, 0, 1414, '0.00141561'],
  ['chat-reasoning-gpt-oss-120b-2026-10', 352, 0, 531, '0.0003714'],
  ['chat-reasoning-gpt-oss-120b-effort-high', 84, 0, 105, '0.0000756'],
  ['chat-reasoning-qwen3-32b-effort-none', 25, 0, 2, '0.00000843'],
  ['chat-service-tier-on-demand', 84, 0, 67, '0.0000528'],
  ['chat-stop-sequence-llama3-8b', 35, 0, 25, '0.00000375'],
  ['chat-stream-gpt-oss-120b', 91, 0, 63, '0.00005145'],
  ['chat-stream-llama-3.3-70b', 52, 0, 20, '0.00004648'],
  ['chat-stream-llama3-8b-2024-04', 18, 0, 8, '0.00000154'],
  ['chat-stream-reasoning-gpt-oss-20b', 102, 0, 96, '0.00003645'],
  ['chat-stream-tool-gpt-oss-120b-top-level-usage', 304, 0, 49, '0.000075'],
  ['chat-stream-tool-gpt-oss-120b', 151, 0, 117, '0.00009285'],
  ['chat-structured-json-object-llama3-8b', 41, 0, 6, '0.00000253'],
  ['chat-structured-json-schema-gpt-oss-120b', 178, 0, 94, '0.0000831'],
  ['chat-tool-call-gpt-oss-120b', 145, 0, 56, '0.00005535'],
  ['chat-tool-call-mixtral-8x7b-2024-04', 1106, 0, 118, '0.00029376'],
  ['chat-tool-choice-required-scout', 723, 0, 29, '0.00008939'],
  ['chat-tool-result-gpt-oss-120b', 124, 0, 7, '0.0000228'],
];

/** Recordings that are no priced answer: their tests stand below, or beside the other faults. */
const elsewhere = [
  'chat-stream-compound-beta-web-search',
  'chat-stream-error-tool-use-failed',
  'chat-vision-llama-4-scout',
];

let service: LaunchingService;
beforeAll(async () => {
  const models = [
    listedModel('openai/gpt-oss-120b', usualPricing),
    listedModel('openai/gpt-oss-20b', { prompt: '0.000000075', completion: '0.0000003' }),
    listedModel('compound-beta'),
    listedModel('whisper-large-v3-turbo', undefined, {
      input_modalities: ['audio'],
      output_modalities: ['transcription'],
    }),
    ...pricesOfTheirTime.map(([id]) => listedModel(id)),
  ];
  service = await startLaunching({
    models,
    registry: registryWith({
      modelFates: [],
      nominalThroughputs: [],
      shippedList: undefined,
      declaredPrices: [
        ...pricesOfTheirTime.map(([model, input, output, source]) => ({
          model,
          price: { unit: 'TOKEN', input: perToken(input), output: perToken(output) },
          source,
          validFrom: '2024-01-01',
        })),
        {
          model: 'whisper-large-v3-turbo',
          price: { unit: 'AUDIO_HOUR', input: '0.04' },
          source: "Groq's Supported Models page of 2026-10-01",
          validFrom: '2024-10-01',
        },
      ],
    }),
  });
});
afterAll(async () => {
  await service.close();
});

interface WireMessage {
  readonly role: string;
  readonly content?: unknown;
  readonly tool_call_id?: string;
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly function: { readonly name: string; readonly arguments: string };
  }[];
}

interface WireChat {
  readonly model?: string;
  readonly stream?: boolean;
  readonly messages?: readonly WireMessage[];
  readonly max_tokens?: number;
  readonly temperature?: number;
  readonly top_p?: number;
  readonly seed?: number;
  readonly stop?: string | readonly string[];
  readonly tools?: readonly {
    readonly function: {
      readonly name: string;
      readonly description?: string;
      readonly parameters?: unknown;
    };
  }[];
  readonly tool_choice?: unknown;
  readonly response_format?: {
    readonly type: string;
    readonly json_schema?: { readonly name: string; readonly schema: unknown };
  };
  readonly reasoning_format?: string;
  readonly reasoning_effort?: string;
}

/** A recorded request in the words of the schema. */
function inputOf(body: WireChat, mode: string): LaunchInput {
  const { response_format: format, tool_choice: choice } = body;
  const reasoning = {
    ...(body.reasoning_effort === undefined ? {} : { effort: body.reasoning_effort.toUpperCase() }),
    ...(body.reasoning_format === undefined ? {} : { format: body.reasoning_format.toUpperCase() }),
  };
  return {
    mode,
    ...(body.messages === undefined ? {} : { messages: body.messages.map(messageOf) }),
    parameters: {
      maxOutputTokens: body.max_tokens,
      temperature: body.temperature,
      topP: body.top_p,
      seed: body.seed,
      stop: typeof body.stop === 'string' ? [body.stop] : body.stop,
      tools: body.tools?.map(({ function: { name, description, parameters } }) => ({
        name,
        description,
        parameters,
      })),
      ...(typeof choice === 'string' ? { toolChoice: { mode: choice.toUpperCase() } } : {}),
      ...(format === undefined
        ? {}
        : {
            responseFormat: {
              type: format.type.toUpperCase(),
              name: format.json_schema?.name,
              schema: format.json_schema?.schema,
            },
          }),
      ...(Object.keys(reasoning).length === 0 ? {} : { reasoning }),
    },
  };
}

function messageOf(message: WireMessage): Readonly<Record<string, unknown>> {
  return {
    role: message.role.toUpperCase(),
    // One recorded message carries an empty list in place of a text.
    content: typeof message.content === 'string' ? message.content : undefined,
    toolCallId: message.tool_call_id,
    toolCalls: message.tool_calls?.map(({ id, function: { name, arguments: text } }) => ({
      id,
      name,
      arguments: text,
    })),
  };
}

interface WireAnswer {
  readonly model: string;
  readonly choices: readonly {
    readonly finish_reason: string;
    readonly message: {
      readonly content?: string | null;
      readonly reasoning?: string;
      readonly tool_calls?: readonly { readonly function: { readonly name: string } }[];
    };
  }[];
}

describe('a recorded exchange with Groq, from the HTTP client to the receipt', () => {
  test.each(costs)(
    '%s: %i tokens in, %i of them cached, %i out cost exactly what was computed by hand',
    async (name, input, cached, output, cost) => {
      const { request, response } = recordedExchange(name);
      const body = (request.body ?? {}) as WireChat;
      const answer = response.body as WireAnswer | undefined;
      const isStream = response.sse !== undefined;
      service.groq.replayOnce(name);
      const before = service.groq.requestsTo(chatPath).length;

      const launched = await service.launch({
        model: body.model ?? answer?.model,
        ...inputOf(body, isStream ? 'STREAM' : 'SYNC'),
      });
      expect(launched).toMatchObject({ __typename: 'InferenceLaunched', replayed: false });
      const run = await service.ended(launched.run?.id ?? '');

      expect(run).toMatchObject({ state: 'SUCCEEDED', failure: null, charge: cost });
      expect(run.cost).toMatchObject({
        certainty: 'EXACT',
        total: cost,
        minimum: cost,
        maximum: cost,
      });
      expect(run.usage).toMatchObject({ inputTokens: input, outputTokens: output });
      expect(run.usage?.['cachedInputTokens'] ?? 0).toBe(cached);
      expect(run.attempts).toEqual([{ number: 1, outcome: 'COMPLETED' }]);
      expect(Number(run.reserved)).toBeGreaterThanOrEqual(Number(cost));
      const kinds = run.cost.lines.map(({ kind, quantity }) => [kind, quantity]);
      expect(kinds).toEqual([
        ['INPUT', String(input - cached)],
        ...(cached === 0 ? [] : [['CACHED_INPUT', String(cached)]]),
        ['OUTPUT', String(output)],
      ]);

      const [sent, ...more] = service.groq.requestsTo(chatPath).slice(before);
      expect(more).toEqual([]);
      const wire = sent?.json as WireChat;
      const said = (messages: readonly WireMessage[] | undefined) =>
        messages?.map(({ role, content }) => [role, typeof content === 'string' ? content : null]);
      if (body.messages !== undefined) expect(said(wire.messages)).toEqual(said(body.messages));
      expect(wire.tools?.map((tool) => tool.function.name)).toEqual(
        body.tools?.map((tool) => tool.function.name),
      );
      expect(wire.stream ?? false).toBe(isStream);

      const choice = answer?.choices[0];
      if (choice !== undefined) {
        expect(run.output?.text ?? '').toBe(choice.message.content ?? '');
        expect(run.output?.reasoning ?? '').toBe(choice.message.reasoning ?? '');
        expect(run.output?.finishReason).toBe(choice.finish_reason);
        expect(run.output?.toolCalls.map((call) => call.name)).toEqual(
          (choice.message.tool_calls ?? []).map((call) => call.function.name),
        );
      } else {
        expect(`${run.output?.text}${run.output?.toolCalls.map((call) => call.name)}`).not.toBe('');
        expect(run.output?.finishReason).toMatch(/^(?:stop|length|tool_calls)$/);
      }
    },
  );

  test('every recorded chat has its figure, or a test of its own', () => {
    const named = [...costs.map(([name]) => name), ...elsewhere];
    expect(named.sort()).toEqual(recordedNames('chat-'));
  });

  test('chat-vision-llama-4-scout is refused: the tokens of an image have no bound before the call', async () => {
    const before = service.sent();
    const refused = await service.launch({
      model: 'meta-llama/llama-4-scout-17b-16e-instruct',
      messages: [
        { role: 'USER', content: 'What is this?', imageUrls: ['https://images.example/a.png'] },
      ],
    });
    expect(refused).toMatchObject({ code: 'UNBOUNDED_COST', retryable: false });
    expect(service.sent()).toBe(before);
  });

  test('chat-stream-compound-beta-web-search is refused: a system that calls other models has no price', async () => {
    const refused = await service.launch({ model: 'compound-beta' });
    expect(refused).toMatchObject({ code: 'PRICE_UNKNOWN', retryable: false });
  });

  test('audio-transcription-whisper-turbo-json says no length, so its cost is bounded and not invented', async () => {
    service.groq.replayOnce('audio-transcription-whisper-turbo-json');
    const { run } = await service.launch({
      model: 'whisper-large-v3-turbo',
      audioUrl: 'https://audio.example/a.mp3',
    });
    expect(run).toMatchObject({
      state: 'SUCCEEDED',
      usage: null,
      cost: { certainty: 'BOUNDED', total: null, minimum: '0' },
    });
    expect(run?.output?.text?.length).toBeGreaterThan(100);
  });

  test('a transcription that says its length costs its seconds', async () => {
    service.groq.replyOnce(
      '/openai/v1/audio/transcriptions',
      json({ task: 'transcribe', duration: 360, text: 'Six minutes.' }),
    );
    const { run } = await service.launch({
      model: 'whisper-large-v3-turbo',
      audioUrl: 'https://audio.example/a.mp3',
    });
    expect(run?.usage).toMatchObject({ audioSeconds: '360' });
    // Six minutes of an hour at $0.04, from a price for one second that is rounded up at 18 digits.
    expect(run?.cost.certainty).toBe('EXACT');
    expect(Number(run?.charge)).toBeCloseTo(0.004, 12);
  });
});

test('the registry as it ships refuses every model without a live price', async () => {
  const shipped = await startLaunching();
  try {
    const refusals: Record<string, string | undefined> = {};
    for (const [model] of pricesOfTheirTime) {
      const refused = await shipped.launch({ model });
      expect(refused.__typename).not.toBe('InferenceLaunched');
      refusals[model] = refused.code;
    }
    expect(refusals).toMatchObject({
      'llama3-8b-8192': 'MODEL_DECOMMISSIONED',
      'mixtral-8x7b-32768': 'MODEL_DECOMMISSIONED',
      'deepseek-r1-distill-llama-70b': 'MODEL_NOT_FOUND',
      'meta-llama/llama-4-scout-17b-16e-instruct': 'MODEL_NOT_FOUND',
      'moonshotai/kimi-k2-instruct-0905': 'MODEL_NOT_FOUND',
    });
    const audio = await shipped.launch({
      model: 'whisper-large-v3-turbo',
      audioUrl: 'https://audio.example/a.mp3',
    });
    expect(audio).toMatchObject({ code: 'PRICE_LISTED', retryable: false });
    expect(shipped.groq.requests.filter(({ method }) => method === 'POST')).toEqual([]);
  } finally {
    await shipped.close();
  }
});
