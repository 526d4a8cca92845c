import type { RateLimitState } from '../../domain/inference.ts';
import { boundedWaitMs } from '../retry-after.ts';
import { goDurationMs } from './duration.ts';
import { withoutUndefined } from './wire.ts';

/**
 * What the `x-ratelimit-*` headers say: requests of the day, tokens of the minute. Groq's other windows have
 * no headers.
 *
 * @returns undefined when no header says anything.
 */
export function rateLimitOf(headers: ReadonlyMap<string, string>): RateLimitState | undefined {
  const state = withoutUndefined<RateLimitState>({
    requestsRemaining: countOf(headers.get('x-ratelimit-remaining-requests')),
    requestsResetMs: waitMsOf(headers.get('x-ratelimit-reset-requests')),
    tokensRemaining: countOf(headers.get('x-ratelimit-remaining-tokens')),
    tokensResetMs: waitMsOf(headers.get('x-ratelimit-reset-tokens')),
  });
  return Object.keys(state).length === 0 ? undefined : state;
}

function countOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function waitMsOf(text: string | undefined): number | undefined {
  const ms = text === undefined ? undefined : goDurationMs(text);
  return ms === undefined ? undefined : boundedWaitMs(ms);
}
