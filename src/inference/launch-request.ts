import { hash } from 'node:crypto';

import type { Decimal } from '../domain/decimal.ts';
import type {
  ChatMessage,
  ChatPayload,
  InferencePayload,
  ResponseFormat,
  Tool,
  ToolChoice,
} from '../domain/inference.ts';
import type { Task } from '../domain/model.ts';
import { publicAddressFault } from '../domain/public-address.ts';
import { refusal } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import type { RunMode } from './run.ts';

/** What a caller asks for, as the schema's `LaunchInferenceInput` says it. */
export interface LaunchRequest {
  readonly idempotencyKey: string;
  readonly offeringId: string | undefined;
  readonly modelId: string | undefined;
  readonly route: LaunchRoute;
  readonly messages:
    readonly (ChatMessage & { readonly imageUrls?: readonly string[] })[] | undefined;
  readonly prompt: string | undefined;
  readonly parameters: LaunchParameters;
  readonly audioUrl: string | undefined;
  readonly voice: string | undefined;
  readonly priceVersion: string | undefined;
  readonly maxCost: Decimal | undefined;
  readonly allowedRegions: readonly string[] | undefined;
  readonly acceptUnverifiedRegion: boolean;
  readonly allowStalePrice: boolean;
  readonly mode: RunMode;
  readonly waitMs: number;
  readonly deadlineMs: number | undefined;
  readonly supersedes: string | undefined;
  readonly metadata: unknown;
}

/** How an offering of a model is chosen. */
export interface LaunchRoute {
  readonly prefer: 'COST' | 'THROUGHPUT';
  readonly providers: readonly string[] | undefined;
  readonly regions: readonly string[] | undefined;
  readonly serviceTiers: readonly string[] | undefined;
}

/** How the model should answer; absent members are the provider's defaults. */
export interface LaunchParameters {
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly maxOutputTokens?: number | undefined;
  readonly stop?: readonly string[] | undefined;
  readonly seed?: number | undefined;
  readonly tools?: readonly Tool[] | undefined;
  readonly toolChoice?: ToolChoice | undefined;
  readonly responseFormat?: ResponseFormat | undefined;
  readonly reasoning?: ChatPayload['reasoning'] | undefined;
}

const maximumMessages = 2000;
const maximumStops = 4;
const maximumTools = 128;
const maximumMetadataKeys = 16;
const maximumMetadataCharacters = 2000;
const maximumWaitMs = 25_000;
/** When a run is given up that names no deadline, and the latest that one may name; milliseconds. */
export const defaultDeadlineMs = 120_000;
export const maximumDeadlineMs = 600_000;
const keyPattern = /^[\x21-\x7e]{1,200}$/;
const toolNamePattern = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * What breaks a rule of the schema's descriptions, or undefined.
 *
 * @param audioHosts - see {@link publicAddressFault}.
 */
export function faultOf(
  request: LaunchRequest,
  audioHosts?: ReadonlySet<string>,
): Refusal | undefined {
  const fault = [...faults(request, audioHosts)][0];
  return fault === undefined ? undefined : refusal('INVALID_REQUEST', fault);
}

function* faults(
  request: LaunchRequest,
  audioHosts: ReadonlySet<string> | undefined,
): Generator<string> {
  if (!keyPattern.test(request.idempotencyKey)) {
    yield '`idempotencyKey` takes 1 to 200 visible ASCII characters.';
  }
  if ((request.offeringId === undefined) === (request.modelId === undefined)) {
    yield 'Give `offering` or `model`, one of them.';
  }
  const inputs = [request.messages, request.prompt, request.audioUrl].filter(
    (input) => input !== undefined,
  );
  if (request.messages !== undefined && inputs.length > 1) {
    yield 'Give `messages` alone, without `prompt` and `audioUrl`.';
  }
  if (inputs.length === 0) yield 'Give `messages`, `prompt` or `audioUrl`.';
  if (request.messages?.length === 0) yield '`messages` is empty.';
  if ((request.messages?.length ?? 0) > maximumMessages) {
    yield `\`messages\` takes at most ${maximumMessages}.`;
  }
  if (request.waitMs < 0 || request.waitMs > maximumWaitMs) {
    yield `\`waitMs\` takes 0 to ${maximumWaitMs}.`;
  }
  const { deadlineMs } = request;
  if (deadlineMs !== undefined && (deadlineMs < 1 || deadlineMs > maximumDeadlineMs)) {
    yield `\`deadlineMs\` takes 1 to ${maximumDeadlineMs}.`;
  }
  if (request.maxCost?.isNegative() === true) yield '`maxCost` must not be negative.';
  const audioFault =
    request.audioUrl === undefined ? undefined : publicAddressFault(request.audioUrl, audioHosts);
  if (audioFault !== undefined) yield `\`audioUrl\` ${audioFault}.`;
  if (metadataOf(request.metadata) === 'INVALID') {
    yield '`metadata` takes an object of at most 16 strings, 2,000 characters in all.';
  }
  yield* parameterFaults(request.parameters);
}

function* parameterFaults(parameters: LaunchParameters): Generator<string> {
  const { temperature, topP, maxOutputTokens, stop, tools, toolChoice, responseFormat } =
    parameters;
  if (temperature !== undefined && !(temperature >= 0 && temperature <= 2)) {
    yield '`temperature` takes 0 to 2.';
  }
  if (topP !== undefined && !(topP >= 0 && topP <= 1)) yield '`topP` takes 0 to 1.';
  if (maxOutputTokens !== undefined && maxOutputTokens < 1)
    yield '`maxOutputTokens` is at least 1.';
  if ((stop?.length ?? 0) > maximumStops) yield `\`stop\` takes at most ${maximumStops}.`;
  if ((tools?.length ?? 0) > maximumTools) yield `\`tools\` takes at most ${maximumTools}.`;
  if (tools?.some(({ name }) => !toolNamePattern.test(name)) === true) {
    yield 'A tool name takes 1 to 64 letters, digits, `_` and `-`.';
  }
  if (toolChoice?.mode === 'FUNCTION' && toolChoice.name === '') {
    yield '`toolChoice` of mode FUNCTION needs the `name` of a tool.';
  }
  if (
    toolChoice?.mode === 'FUNCTION' &&
    tools?.some(({ name }) => name === toolChoice.name) !== true
  ) {
    yield '`toolChoice` names no tool of `tools`.';
  }
  if (responseFormat?.type === 'JSON_SCHEMA' && responseFormat.schema === undefined) {
    yield '`responseFormat` of type JSON_SCHEMA needs a `schema`.';
  }
}

/** The caller's own words as an object of strings, or INVALID. */
export function metadataOf(
  metadata: unknown,
): Readonly<Record<string, string>> | 'INVALID' | undefined {
  if (metadata === undefined || metadata === null) return undefined;
  if (typeof metadata !== 'object' || Array.isArray(metadata)) return 'INVALID';
  const entries = Object.entries(metadata);
  let characters = 0;
  for (const [key, value] of entries) {
    if (typeof value !== 'string') return 'INVALID';
    characters += key.length + value.length;
  }
  if (entries.length > maximumMetadataKeys || characters > maximumMetadataCharacters) {
    return 'INVALID';
  }
  return Object.fromEntries(entries) as Record<string, string>;
}

/**
 * The hash that idempotency compares: the offering selector and what the provider is sent. Mode, waits,
 * caps, price version and metadata are left out; a `prompt` equals one user message.
 */
export function requestHash(request: LaunchRequest): string {
  const { route } = request;
  const compared = {
    selector:
      request.offeringId === undefined
        ? { model: request.modelId, ...route }
        : { offering: request.offeringId },
    messages: messagesOf(request),
    audioUrl: request.audioUrl,
    voice: request.voice,
    parameters: request.parameters,
  };
  return hash('sha256', canonicalJson(compared));
}

/** JSON with sorted keys and without absent members, so that equal values give equal text. */
function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') {
    return JSON.stringify(value) ?? 'null';
  }
  let members = '';
  if (Array.isArray(value)) {
    for (const item of value) members += `${members === '' ? '' : ','}${canonicalJson(item)}`;
    return `[${members}]`;
  }
  const object = value as Readonly<Record<string, unknown>>;
  const names = Object.keys(object).filter((name) => object[name] !== undefined);
  for (const name of names.sort()) {
    const member = object[name];
    members += `${members === '' ? '' : ','}${JSON.stringify(name)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
}

/** The offering's part of a payload. */
export interface PayloadTarget {
  readonly task: Task;
  readonly model: string;
  readonly serviceTier: string;
  readonly endpoint: string | undefined;
  readonly maxOutputTokens: number;
}

/** What the provider is sent, or why this request does not fit the offering's task. */
export function payloadOf(
  request: LaunchRequest,
  target: PayloadTarget,
): InferencePayload | Refusal {
  const base = {
    model: target.model,
    serviceTier: target.serviceTier,
    ...(target.endpoint === undefined ? {} : { endpoint: target.endpoint }),
  };
  switch (target.task) {
    case 'TEXT_GENERATION':
    case 'TEXT_CLASSIFICATION': {
      const messages = messagesOf(request);
      if (messages === undefined || request.audioUrl !== undefined) {
        return refusal('INVALID_REQUEST', 'A text model takes `messages` or `prompt`.');
      }
      if (request.messages?.some(({ imageUrls }) => (imageUrls?.length ?? 0) > 0) === true) {
        return refusal(
          'UNBOUNDED_COST',
          'The tokens of an image are not known before the call, so its cost has no bound.',
        );
      }
      const { maxOutputTokens: _given, ...parameters } = request.parameters;
      return {
        ...base,
        task: target.task,
        messages,
        maxOutputTokens: target.maxOutputTokens,
        ...withoutUndefined(parameters),
      };
    }
    case 'TRANSCRIPTION':
      if (request.audioUrl === undefined) {
        return refusal('INVALID_REQUEST', 'A transcription takes `audioUrl`.');
      }
      return {
        ...base,
        task: target.task,
        audioUrl: request.audioUrl,
        ...withoutUndefined({
          prompt: request.prompt,
          temperature: request.parameters.temperature,
        }),
      };
    case 'SPEECH':
      if (request.prompt === undefined || request.voice === undefined) {
        return refusal('INVALID_REQUEST', 'Speech takes `prompt` and `voice`.');
      }
      return { ...base, task: target.task, text: request.prompt, voice: request.voice };
  }
}

function messagesOf(request: LaunchRequest): readonly ChatMessage[] | undefined {
  if (request.messages !== undefined) return request.messages;
  return request.prompt === undefined ? undefined : [{ role: 'USER', content: request.prompt }];
}

type Present<Value> = { [Key in keyof Value]: Exclude<Value[Key], undefined> };

function withoutUndefined<Value extends object>(value: Value): Partial<Present<Value>> {
  const present: Partial<Value> = {};
  for (const name of Object.keys(value) as (keyof Value)[]) {
    if (value[name] !== undefined) present[name] = value[name];
  }
  return present as Partial<Present<Value>>;
}
