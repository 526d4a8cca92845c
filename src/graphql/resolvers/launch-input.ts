import type { ChatMessage, ResponseFormat, Tool, ToolChoice } from '../../domain/inference.ts';
import type { LaunchParameters, LaunchRequest } from '../../inference/launch-request.ts';
import type {
  ChatMessageInput,
  InferenceParametersInput,
  LaunchInferenceInput,
  ResponseFormatInput,
  ToolChoiceInput,
  ToolInput,
} from '../generated.ts';

/** The schema's input in the words of `inference/`, which judges it: what it refuses is data, not an error. */
export function launchRequestOf(input: LaunchInferenceInput): LaunchRequest {
  return {
    idempotencyKey: input.idempotencyKey,
    offeringId: input.offering ?? undefined,
    modelId: input.model ?? undefined,
    route: {
      prefer: input.route?.prefer ?? 'COST',
      providers: input.route?.provider ?? undefined,
      regions: input.route?.region ?? undefined,
      serviceTiers: input.route?.serviceTier ?? undefined,
    },
    messages: input.messages?.map(messageOf),
    prompt: input.prompt ?? undefined,
    parameters: parametersOf(input.parameters ?? {}),
    audioUrl: input.audioUrl ?? undefined,
    voice: input.voice ?? undefined,
    priceVersion: input.priceVersion ?? undefined,
    maxCost: input.maxCost ?? undefined,
    allowedRegions: input.allowedRegions ?? undefined,
    acceptUnverifiedRegion: input.acceptUnverifiedRegion ?? false,
    allowStalePrice: input.allowStalePrice ?? false,
    mode: input.mode ?? 'SYNC',
    waitMs: input.waitMs ?? 20_000,
    deadlineMs: input.deadlineMs ?? undefined,
    supersedes: input.supersedes ?? undefined,
    metadata: input.metadata ?? undefined,
  };
}

function messageOf(
  message: ChatMessageInput,
): ChatMessage & { readonly imageUrls?: readonly string[] } {
  const { role, content, toolCalls, toolCallId, imageUrls } = message;
  return {
    role,
    ...(content === undefined || content === null ? {} : { content }),
    ...(toolCalls === undefined || toolCalls === null
      ? {}
      : {
          toolCalls: toolCalls.map(({ id, name, arguments: text }) => ({
            id,
            name,
            arguments: text,
          })),
        }),
    ...(toolCallId === undefined || toolCallId === null ? {} : { toolCallId }),
    ...(imageUrls === undefined || imageUrls === null ? {} : { imageUrls }),
  };
}

function parametersOf(input: InferenceParametersInput): LaunchParameters {
  return {
    temperature: input.temperature ?? undefined,
    topP: input.topP ?? undefined,
    maxOutputTokens: input.maxOutputTokens ?? undefined,
    stop: input.stop ?? undefined,
    seed: input.seed ?? undefined,
    tools: input.tools?.map(toolOf),
    toolChoice: toolChoiceOf(input.toolChoice ?? undefined),
    responseFormat: responseFormatOf(input.responseFormat ?? undefined),
    reasoning:
      input.reasoning === undefined || input.reasoning === null
        ? undefined
        : {
            ...(input.reasoning.effort ? { effort: input.reasoning.effort } : {}),
            ...(input.reasoning.format ? { format: input.reasoning.format } : {}),
          },
  };
}

function toolOf({ name, description, parameters }: ToolInput): Tool {
  return {
    name,
    ...(description === undefined || description === null ? {} : { description }),
    ...(parameters === undefined || parameters === null ? {} : { parameters }),
  };
}

function toolChoiceOf(choice: ToolChoiceInput | undefined): ToolChoice | undefined {
  if (choice === undefined) return undefined;
  if (choice.mode !== 'FUNCTION') return { mode: choice.mode };
  // No tool has an empty name; the launch refuses it.
  return { mode: 'FUNCTION', name: choice.name ?? '' };
}

function responseFormatOf(format: ResponseFormatInput | undefined): ResponseFormat | undefined {
  if (format === undefined) return undefined;
  if (format.type !== 'JSON_SCHEMA') return { type: format.type };
  const { name, schema, strict } = format;
  return {
    type: 'JSON_SCHEMA',
    name: name ?? 'answer',
    // The launch refuses a form without one.
    schema: schema ?? undefined,
    ...(strict === undefined || strict === null ? {} : { strict }),
  };
}
