import { ExactNumber, memberOf, objectOf } from '../json.ts';

/**
 * An answer of chat completions, or one chunk of a streamed one, in Groq's own words. Every member but the
 * choices has been absent at some time; a member of another type than Groq's counts as absent.
 */
export interface GroqChat {
  readonly choice: GroqChoice | undefined;
  /** `usage`, else `x_groq.usage`: streams carry the same counts in both places, so one of them is taken. */
  readonly usage: unknown;
  /** `x_groq.id`, as it came. */
  readonly requestId: unknown;
  /** `x_groq.error`: why a stream was stopped early. */
  readonly error: string | undefined;
}

/** The one choice that is asked for: its `message`, or the `delta` of a chunk. */
export interface GroqChoice {
  readonly content: string | undefined;
  readonly reasoning: string | undefined;
  readonly toolCalls: readonly GroqToolCall[];
  readonly finishReason: string | undefined;
}

/** A tool call, or a piece of one; pieces with the same index belong together. */
export interface GroqToolCall {
  readonly index: number | undefined;
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly arguments: string | undefined;
}

/** Reads a whole answer; undefined when it holds no message. */
export function parseChatAnswer(value: unknown): GroqChat | undefined {
  const fields = objectOf(value);
  const chat = fields === undefined ? undefined : parseChat(fields, 'message');
  return chat?.choice === undefined ? undefined : chat;
}

/** Reads one chunk of a stream; undefined when it is none. */
export function parseChatChunk(value: unknown): GroqChat | undefined {
  const fields = objectOf(value);
  if (fields === undefined) return undefined;
  const isChunk = ['choices', 'usage', 'x_groq'].some((name) => Object.hasOwn(fields, name));
  return isChunk ? parseChat(fields, 'delta') : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const noFields: Fields = {};

function parseChat(fields: Fields, body: 'message' | 'delta'): GroqChat {
  const groq = objectOf(memberOf(fields, 'x_groq')) ?? noFields;
  const usage = objectOf(memberOf(fields, 'usage'));
  return {
    choice: parseChoice(memberOf(fields, 'choices'), body),
    usage:
      usage !== undefined && Object.hasOwn(usage, 'prompt_tokens')
        ? usage
        : (memberOf(groq, 'usage') ?? usage),
    requestId: memberOf(groq, 'id'),
    error: errorTextOf(memberOf(groq, 'error')),
  };
}

function parseChoice(choices: unknown, body: 'message' | 'delta'): GroqChoice | undefined {
  if (!Array.isArray(choices)) return undefined;
  // One choice is asked for; another index would be somebody else's.
  const choice = choices
    .map((candidate: unknown) => objectOf(candidate))
    .find((candidate) => candidate !== undefined && (indexOf(candidate) ?? 0) === 0);
  if (choice === undefined) return undefined;
  const message = objectOf(memberOf(choice, body));
  if (message === undefined && body === 'message') return undefined;
  const fields = message ?? noFields;
  const calls = memberOf(fields, 'tool_calls');
  return {
    content: stringOf(memberOf(fields, 'content')),
    reasoning: stringOf(memberOf(fields, 'reasoning')),
    toolCalls: Array.isArray(calls)
      ? calls.flatMap((call: unknown, position) => parseToolCall(call, body, position))
      : [],
    finishReason: stringOf(memberOf(choice, 'finish_reason')) || undefined,
  };
}

function parseToolCall(
  value: unknown,
  body: 'message' | 'delta',
  position: number,
): readonly GroqToolCall[] {
  const call = objectOf(value);
  if (call === undefined) return [];
  const called = objectOf(memberOf(call, 'function')) ?? noFields;
  return [
    {
      index: body === 'message' ? position : indexOf(call),
      id: stringOf(memberOf(call, 'id')),
      name: stringOf(memberOf(called, 'name')),
      arguments: stringOf(memberOf(called, 'arguments')),
    },
  ];
}

function indexOf(fields: Fields): number | undefined {
  const index = memberOf(fields, 'index');
  const number = index instanceof ExactNumber ? Number(index.text) : index;
  return Number.isSafeInteger(number) ? (number as number) : undefined;
}

function errorTextOf(error: unknown): string | undefined {
  if (typeof error === 'string') return error;
  const fields = objectOf(error);
  return fields === undefined ? undefined : (stringOf(memberOf(fields, 'message')) ?? '');
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
