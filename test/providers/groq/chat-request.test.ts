import { describe, expect, it } from 'vitest';

import type { ChatMessage, ChatPayload } from '../../../src/domain/inference.ts';
import { chatRequestBody } from '../../../src/providers/groq/chat-request.ts';
import { inputBoundOf } from '../../../src/providers/groq/tasks.ts';
import { question } from '../../support/launches.ts';
import { recordedExchange } from '../../support/recorded-exchanges.ts';

function sent(payload: Partial<ChatPayload>, stream = false): Record<string, unknown> {
  const body = chatRequestBody({ ...question, ...payload }, stream);
  return JSON.parse(body) as Record<string, unknown>;
}

describe('the body of a chat request', () => {
  it('says what must be said and nothing more', () => {
    expect(sent({})).toEqual({
      model: 'openai/gpt-oss-20b',
      messages: [{ role: 'user', content: 'Hello' }],
      max_completion_tokens: 64,
      service_tier: 'on_demand',
    });
  });

  it('asks a stream for its counts', () => {
    expect(sent({}, true)).toMatchObject({ stream: true, stream_options: { include_usage: true } });
  });

  it('has every parameter under the name of Groq', () => {
    expect(
      sent({
        serviceTier: 'flex',
        temperature: 0,
        topP: 0.5,
        stop: ['a', 'b'],
        seed: -7,
        responseFormat: { type: 'JSON_OBJECT' },
        reasoning: { effort: 'LOW', format: 'PARSED' },
      }),
    ).toMatchObject({
      service_tier: 'flex',
      temperature: 0,
      top_p: 0.5,
      stop: ['a', 'b'],
      seed: -7,
      response_format: { type: 'json_object' },
      reasoning_effort: 'low',
      reasoning_format: 'parsed',
    });
  });

  it('has a whole conversation with tools', () => {
    const messages: ChatMessage[] = [
      { role: 'SYSTEM', content: 'Be brief.' },
      { role: 'USER', content: '2 + 3?' },
      { role: 'ASSISTANT', toolCalls: [{ id: 'c1', name: 'add', arguments: '{"a":2,' }] },
      { role: 'TOOL', content: '5', toolCallId: 'c1' },
    ];
    const parameters = { type: 'object', properties: { b: {}, a: {} } };
    const body = sent({
      messages,
      tools: [{ name: 'add', description: 'Adds', parameters }, { name: 'now' }],
      toolChoice: { mode: 'FUNCTION', name: 'add' },
    });
    expect(body['messages']).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: '2 + 3?' },
      {
        role: 'assistant',
        tool_calls: [
          { id: 'c1', type: 'function', function: { name: 'add', arguments: '{"a":2,' } },
        ],
      },
      { role: 'tool', content: '5', tool_call_id: 'c1' },
    ]);
    expect(body['tools']).toEqual([
      { type: 'function', function: { name: 'add', description: 'Adds', parameters } },
      { type: 'function', function: { name: 'now' } },
    ]);
    expect(body['tool_choice']).toEqual({ type: 'function', function: { name: 'add' } });
  });

  it.each(['AUTO', 'NONE', 'REQUIRED'] as const)('has the tool choice %s in lower case', (mode) => {
    expect(sent({ toolChoice: { mode } })['tool_choice']).toBe(mode.toLowerCase());
  });

  it('has a JSON Schema in the order of the caller, because the model answers in it', () => {
    const schema = { type: 'object', properties: { z: {}, a: {} }, required: ['z', 'a'] };
    const payload: ChatPayload = {
      ...question,
      responseFormat: { type: 'JSON_SCHEMA', name: 'pair', schema, strict: true },
    };
    expect(chatRequestBody(payload, false)).toContain(
      `"response_format":{"type":"json_schema","json_schema":{"name":"pair","schema":${JSON.stringify(schema)},"strict":true}}`,
    );
  });

  it('leaves empty lists out, which Groq refuses', () => {
    const messages: ChatMessage[] = [{ role: 'ASSISTANT', content: 'Hi', toolCalls: [] }];
    const body = sent({ stop: [], tools: [], messages });
    expect(body).not.toHaveProperty('stop');
    expect(body).not.toHaveProperty('tools');
    expect(body['messages']).toEqual([{ role: 'assistant', content: 'Hi' }]);
  });

  it.each([
    ['openai/gpt-oss-120b', 'HIDDEN', { include_reasoning: false }],
    ['openai/gpt-oss-120b', 'PARSED', { reasoning_format: 'parsed' }],
    ['qwen/qwen3.8-27b', 'HIDDEN', { reasoning_format: 'hidden' }],
    ['qwen/qwen3.8-27b', 'RAW', { reasoning_format: 'raw' }],
  ] as const)('shows the reasoning of %s as %s by %j alone', (model, format, expected) => {
    const { include_reasoning, reasoning_format } = sent({ model, reasoning: { format } });
    expect(JSON.parse(JSON.stringify({ include_reasoning, reasoning_format }))).toEqual(expected);
  });

  it('is the same text for the same payload, whatever order its members are in', () => {
    const payload: ChatPayload = { ...question, temperature: 1, topP: 0.5, seed: 1 };
    const turned = Object.fromEntries(
      Object.entries(payload).toReversed(),
    ) as unknown as ChatPayload;
    expect(chatRequestBody(turned, true)).toBe(chatRequestBody(payload, true));
  });
});

describe('a request that a recorded client sent', () => {
  it.each([
    'chat-length-llama-3.1-8b',
    'chat-plain-llama-3.1-8b-2025-11',
    'chat-plain-mixtral-8x7b-2024-04',
    'chat-cached-tokens-gpt-oss-120b',
    'chat-reasoning-gpt-oss-120b-effort-high',
    'chat-reasoning-qwen3-32b-effort-none',
    'chat-service-tier-on-demand',
    'chat-stop-sequence-llama3-8b',
    'chat-stream-gpt-oss-120b',
    'chat-stream-tool-gpt-oss-120b',
    'chat-structured-json-object-llama3-8b',
    'chat-tool-call-gpt-oss-120b',
    'chat-tool-call-mixtral-8x7b-2024-04',
    'chat-tool-choice-required-scout',
    'error-400-tool-use-failed-schema-scout',
    'error-400-tools-unsupported-llama-guard-4',
  ])('in %s can be said in our words and comes out as it was', (name) => {
    const wire = recordedExchange(name).request.body as WireRequest;
    const { max_tokens: maximum = 64, n: _one, stream = false, ...rest } = wire;
    expect(sent(payloadOf(wire), stream)).toEqual({
      service_tier: 'on_demand',
      ...rest,
      max_completion_tokens: maximum,
      ...(stream ? { stream, stream_options: { include_usage: true } } : {}),
    });
  });
});

describe('the bound of the input', () => {
  it('is the bytes of the request, which no tokenizer exceeds', () => {
    const payload: ChatPayload = { ...question, messages: [{ role: 'USER', content: 'ä€😀' }] };
    const plain: ChatPayload = { ...question, messages: [{ role: 'USER', content: '' }] };
    expect(inputBoundOf(payload) - inputBoundOf(plain)).toBe(2 + 3 + 4);
    expect(inputBoundOf(plain)).toBe(Buffer.byteLength(chatRequestBody(plain, true)));
  });

  it('grows with everything that is sent', () => {
    const tools = [{ name: 'add', parameters: { type: 'object' } }];
    expect(inputBoundOf({ ...question, tools })).toBeGreaterThan(inputBoundOf(question));
  });

  it.each([
    ['chat-cached-tokens-gpt-oss-120b', 336],
    ['chat-plain-llama-3.1-8b-2025-11', 38],
    ['chat-reasoning-gpt-oss-120b-effort-high', 84],
    ['chat-stream-tool-gpt-oss-120b', 151],
    ['chat-tool-call-gpt-oss-120b', 145],
  ])('of %s is above the %i tokens that Groq counted', (name, counted) => {
    const wire = recordedExchange(name).request.body as WireRequest;
    expect(inputBoundOf({ ...question, ...payloadOf(wire) })).toBeGreaterThan(counted);
  });

  it('is the code points of a text to be spoken, and 0 for audio of unknown length', () => {
    const base = { model: 'm', serviceTier: 'on_demand' };
    expect(inputBoundOf({ ...base, task: 'SPEECH', text: 'aä😀', voice: 'v' })).toBe(3);
    expect(inputBoundOf({ ...base, task: 'TRANSCRIPTION', audioUrl: 'https://a.example/b' })).toBe(
      0,
    );
  });
});

interface WireRequest {
  readonly model: string;
  readonly messages: readonly {
    readonly role: string;
    readonly content?: string;
    readonly tool_call_id?: string;
    readonly tool_calls?: readonly { id: string; function: { name: string; arguments: string } }[];
  }[];
  readonly max_tokens?: number;
  readonly n?: number;
  readonly stream?: boolean;
  readonly temperature?: number;
  readonly top_p?: number;
  readonly seed?: number;
  readonly stop?: readonly string[];
  readonly service_tier?: string;
  readonly reasoning_effort?: string;
  readonly reasoning_format?: string;
  readonly response_format?: { readonly type: 'json_object' };
  readonly tools?: readonly {
    function: { name: string; description?: string; parameters?: unknown };
  }[];
  readonly tool_choice?: string | { function: { name: string } };
}

/** A recorded request in our words. */
function payloadOf(wire: WireRequest): Partial<ChatPayload> {
  const given = {
    model: wire.model,
    maxOutputTokens: wire.max_tokens,
    temperature: wire.temperature,
    topP: wire.top_p,
    seed: wire.seed,
    stop: wire.stop,
    serviceTier: wire.service_tier,
    messages: wire.messages.map((message) => ({
      role: message.role.toUpperCase(),
      content: message.content,
      toolCallId: message.tool_call_id,
      toolCalls: message.tool_calls?.map((call) => ({ id: call.id, ...call.function })),
    })),
    tools: wire.tools?.map((tool) => tool.function),
    toolChoice:
      typeof wire.tool_choice === 'object'
        ? { mode: 'FUNCTION', name: wire.tool_choice.function.name }
        : wire.tool_choice && { mode: wire.tool_choice.toUpperCase() },
    responseFormat: wire.response_format && { type: 'JSON_OBJECT' },
    reasoning: {
      effort: wire.reasoning_effort?.toUpperCase(),
      format: wire.reasoning_format?.toUpperCase(),
    },
  };
  // Also drops the members that are undefined.
  return JSON.parse(JSON.stringify(given)) as Partial<ChatPayload>;
}
