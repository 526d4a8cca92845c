import { memberOf, objectOf } from '../json.ts';
import { maximumRows, type Rejections, usableId } from '../rejections.ts';

/**
 * One row of `GET /openai/v1/models`, in Groq's own words. Every field but `id` has been absent at some time;
 * a field of another type than Groq's counts as absent.
 */
export interface GroqModel {
  readonly id: string;
  readonly name?: string;
  readonly owned_by?: string;
  readonly active?: boolean;
  /** Tokens. */
  readonly context_window?: number;
  /** The same as `context_window` where both are given. */
  readonly context_length?: number;
  /** Tokens. */
  readonly max_completion_tokens?: number;
  /** The same as `max_completion_tokens` where both are given. */
  readonly max_output_length?: number;
  readonly input_modalities?: readonly string[];
  readonly output_modalities?: readonly string[];
  readonly supported_features?: readonly string[];
  /** USD per unit, see {@link GroqPricing}; as it came, because a bad price must not cost the row. */
  readonly pricing?: unknown;
}

/** The members of a model's `pricing` that matter here: decimal strings, USD per token (speech: per character). */
export interface GroqPricing {
  readonly prompt?: unknown;
  readonly completion?: unknown;
  readonly input_cache_read?: unknown;
  /** A surcharge for each request. */
  readonly request?: unknown;
}

/**
 * Reads the answer of `GET /openai/v1/models`. Rows without a usable id and repeated ids are rejected one by
 * one; the first row of an id counts.
 *
 * @returns undefined when the answer is not a model list at all.
 */
export function parseModelList(
  value: unknown,
  rejections: Rejections,
): readonly GroqModel[] | undefined {
  const list = objectOf(value);
  const data = list === undefined ? undefined : memberOf(list, 'data');
  if (!Array.isArray(data)) return undefined;
  const models = new Map<string, GroqModel>();
  for (const [index, row] of data.entries()) {
    const position = `#${index + 1}`;
    if (index >= maximumRows) {
      rejections.add(position, `the list has more than ${maximumRows} rows`);
      continue;
    }
    const fields = objectOf(row);
    if (fields === undefined) {
      rejections.add(position, 'the row is not an object');
      continue;
    }
    const usable = usableId(memberOf(fields, 'id'));
    if (!usable.ok) rejections.add(position, usable.reason);
    else if (models.has(usable.id)) rejections.add(usable.id, 'an earlier row has the same id');
    else models.set(usable.id, parseModel(usable.id, fields));
  }
  return [...models.values()];
}

/** Reads a `pricing` member; undefined when it is not an object. */
export function parsePricing(value: unknown): GroqPricing | undefined {
  const fields = objectOf(value);
  if (fields === undefined) return undefined;
  return {
    prompt: memberOf(fields, 'prompt'),
    completion: memberOf(fields, 'completion'),
    input_cache_read: memberOf(fields, 'input_cache_read'),
    request: memberOf(fields, 'request'),
  };
}

function parseModel(id: string, fields: Readonly<Record<string, unknown>>): GroqModel {
  const text = (name: string) => textOf(memberOf(fields, name));
  const count = (name: string) => countOf(memberOf(fields, name));
  const words = (name: string) => wordsOf(memberOf(fields, name));
  const active = memberOf(fields, 'active');
  return withoutUndefined<GroqModel>({
    id,
    name: text('name'),
    owned_by: text('owned_by'),
    active: typeof active === 'boolean' ? active : undefined,
    context_window: count('context_window'),
    context_length: count('context_length'),
    max_completion_tokens: count('max_completion_tokens'),
    max_output_length: count('max_output_length'),
    input_modalities: words('input_modalities'),
    output_modalities: words('output_modalities'),
    supported_features: words('supported_features'),
    pricing: memberOf(fields, 'pricing') ?? undefined,
  });
}

const maximumTextLength = 200;
const maximumWords = 50;

function textOf(value: unknown): string | undefined {
  const usable = usableId(value);
  return usable.ok && usable.id.length <= maximumTextLength ? usable.id : undefined;
}

/** A positive whole number that a GraphQL Int can hold. */
function countOf(value: unknown): number | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined;
  return value > 0 && value <= 2_147_483_647 ? value : undefined;
}

function wordsOf(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const words = value.slice(0, maximumWords).map(textOf);
  return [...new Set(words.filter((word) => word !== undefined))];
}

/** The same object without its undefined members, for types whose members may only be absent. */
export function withoutUndefined<T extends object>(fields: {
  readonly [Name in keyof T]: T[Name] | undefined;
}): T {
  // A loop: where hundreds of providers are read, lists of entries were the largest part of reading them.
  const present: Partial<Record<keyof T, unknown>> = {};
  for (const name of Object.keys(fields) as (keyof T)[]) {
    if (fields[name] !== undefined) present[name] = fields[name];
  }
  return present as T;
}
