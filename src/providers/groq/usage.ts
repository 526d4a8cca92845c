import { Decimal } from '../../domain/decimal.ts';
import type { InferenceUsage, ProviderTiming } from '../../domain/inference.ts';
import { decimalOf, memberOf, objectOf } from '../json.ts';
import { withoutUndefined } from './wire.ts';

/**
 * The counts in a `usage` object of Groq. Cached tokens are part of the input, reasoning tokens part of the
 * output. What is absent stays absent, and 0 stays 0.
 *
 * @returns undefined when nothing was counted.
 */
export function usageOf(value: unknown): InferenceUsage | undefined {
  const usage = objectOf(value);
  if (usage === undefined) return undefined;
  const counts = withoutUndefined<InferenceUsage>({
    inputTokens: countOf(memberOf(usage, 'prompt_tokens')),
    cachedInputTokens: detailOf(usage, 'prompt_tokens_details', 'cached_tokens'),
    outputTokens: countOf(memberOf(usage, 'completion_tokens')),
    reasoningTokens: detailOf(usage, 'completion_tokens_details', 'reasoning_tokens'),
    characters: undefined,
    audioSeconds: undefined,
  });
  return Object.keys(counts).length === 0 ? undefined : counts;
}

/** Where Groq says that the time went. Groq counts in seconds, and its total leaves the queue out. */
export function timingOf(value: unknown): ProviderTiming {
  const usage = objectOf(value) ?? {};
  return withoutUndefined<ProviderTiming>({
    queueMs: millisecondsOf(memberOf(usage, 'queue_time')),
    promptMs: millisecondsOf(memberOf(usage, 'prompt_time')),
    completionMs: millisecondsOf(memberOf(usage, 'completion_time')),
  });
}

/** A decimal that is a number in JSON and not negative. */
export function amountOf(value: unknown): Decimal | undefined {
  const amount = typeof value === 'string' ? undefined : decimalOf(value);
  return amount === undefined || amount.isNegative() ? undefined : amount;
}

function detailOf(
  usage: Readonly<Record<string, unknown>>,
  group: string,
  name: string,
): number | undefined {
  const details = objectOf(memberOf(usage, group));
  return details === undefined ? undefined : countOf(memberOf(details, name));
}

/** A whole number that a GraphQL Int can hold. */
function countOf(value: unknown): number | undefined {
  const amount = amountOf(value);
  if (amount === undefined || !Decimal.of(amount.floor()).equals(amount)) return undefined;
  const count = amount.toApproximateNumber();
  return count <= 2_147_483_647 ? count : undefined;
}

/** Seconds to milliseconds, shifted as decimals so that no digit changes. */
function millisecondsOf(value: unknown): number | undefined {
  const seconds = amountOf(value);
  const ms = seconds?.times(1000n).toApproximateNumber();
  return ms !== undefined && ms <= maximumMs ? ms : undefined;
}

/** A longer time is somebody's mistake. */
const maximumMs = 24 * 3_600_000;
