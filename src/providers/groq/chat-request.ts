import type {
  ChatMessage,
  ChatPayload,
  ResponseFormat,
  Tool,
  ToolCall,
  ToolChoice,
} from '../../domain/inference.ts';

/**
 * The body of `POST /openai/v1/chat/completions`. The same payload always gives the same text; the JSON
 * Schemas in it keep the order of the caller, because a model answers in that order.
 */
export function chatRequestBody(payload: ChatPayload, stream: boolean): string {
  const { stop, tools, toolChoice, responseFormat } = payload;
  return JSON.stringify({
    model: payload.model,
    messages: payload.messages.map(wireMessage),
    max_completion_tokens: payload.maxOutputTokens,
    temperature: payload.temperature,
    top_p: payload.topP,
    stop: stop === undefined || stop.length === 0 ? undefined : stop,
    seed: payload.seed,
    tools: tools === undefined || tools.length === 0 ? undefined : tools.map(wireTool),
    tool_choice: toolChoice === undefined ? undefined : wireToolChoice(toolChoice),
    response_format: responseFormat === undefined ? undefined : wireResponseFormat(responseFormat),
    ...wireReasoning(payload),
    service_tier: payload.serviceTier,
    ...(stream ? { stream: true, stream_options: { include_usage: true } } : {}),
  });
}

function wireMessage({ role, content, toolCalls, toolCallId }: ChatMessage): object {
  return {
    role: role.toLowerCase(),
    content,
    tool_calls:
      toolCalls === undefined || toolCalls.length === 0 ? undefined : toolCalls.map(wireToolCall),
    tool_call_id: toolCallId,
  };
}

function wireToolCall({ id, name, arguments: text }: ToolCall): object {
  return { id, type: 'function', function: { name, arguments: text } };
}

function wireTool({ name, description, parameters }: Tool): object {
  return { type: 'function', function: { name, description, parameters } };
}

function wireToolChoice(choice: ToolChoice): unknown {
  return choice.mode === 'FUNCTION'
    ? { type: 'function', function: { name: choice.name } }
    : choice.mode.toLowerCase();
}

function wireResponseFormat(format: ResponseFormat): object {
  if (format.type !== 'JSON_SCHEMA') return { type: format.type.toLowerCase() };
  const { name, schema, strict } = format;
  return { type: 'json_schema', json_schema: { name, schema, strict } };
}

/**
 * `include_reasoning` and `reasoning_format` exclude each other. The gpt-oss models know no `hidden` format:
 * there, leaving the reasoning out is a switch of its own.
 */
function wireReasoning({ model, reasoning }: ChatPayload): object {
  const effort = reasoning?.effort?.toLowerCase();
  const isHidden = reasoning?.format === 'HIDDEN' && model.startsWith('openai/gpt-oss');
  return {
    reasoning_effort: effort,
    ...(isHidden
      ? { include_reasoning: false }
      : { reasoning_format: reasoning?.format?.toLowerCase() }),
  };
}
