import type { InferencePayload } from '../domain/inference.ts';
import type { ContentSealer } from './content.ts';
import type { LaunchRequest } from './launch-request.ts';
import type { RateGate } from './rate-gate.ts';
import { refusal } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import type { Terms } from './terms.ts';

/** How it stands in this process, as far as it can be in the way of a launch. */
export interface PresentState {
  readonly isClosing: boolean;
  readonly keepsContent: boolean;
  readonly sealer: Pick<ContentSealer, 'hindrance'>;
  readonly rateGate: Pick<RateGate, 'waitMs'>;
  readonly nowMs: number;
}

/** What stands against a launch on these terms here and now, whoever asks; undefined when nothing does. */
export function hindranceOf(
  mode: LaunchRequest['mode'],
  terms: Terms,
  { isClosing, keepsContent, sealer, rateGate, nowMs }: PresentState,
): Refusal | undefined {
  if (isClosing) return refusal('SHUTTING_DOWN', 'The service is about to stop.');
  if (mode !== 'SYNC' && !keepsContent) {
    return refusal(
      'CONTENT_NOT_KEPT',
      'This service keeps no content to be read later; take the mode SYNC.',
    );
  }
  // Content that is to be kept must be sealed from its first moment on.
  const reason = keepsContent ? sealer.hindrance() : undefined;
  if (reason !== undefined) {
    return refusal('CONTENT_KEY_UNAVAILABLE', `Content can not be sealed: ${reason}.`, {
      retryAfterMs: contentKeyRetryMs,
    });
  }
  const waitMs = rateGate.waitMs(terms.offering.id, leastTokensOf(terms.payload), nowMs);
  if (waitMs <= 0) return undefined;
  const message =
    'The provider’s last answers say that its rate limit leaves no room; nothing was sent.';
  return refusal('PROVIDER_RATE_LIMITED', message, {
    retryAfterMs: waitMs,
  });
}

/** When to try again without a content key: the secret store looks for it about that often. */
const contentKeyRetryMs = 5_000;

/** Far fewer tokens than a request can have: a provider with less room than that will refuse it. */
function leastTokensOf(payload: InferencePayload): number {
  if (!('messages' in payload)) return 0;
  const characters = payload.messages.reduce((sum, { content }) => sum + (content?.length ?? 0), 0);
  return Math.ceil(characters / 16);
}
