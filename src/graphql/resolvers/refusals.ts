import type { PricePoint } from '../../catalogue/catalogue-store.ts';
import { refusal } from '../../inference/refusal.ts';
import type { Refusal, RefusalCode } from '../../inference/refusal.ts';
import type { RequestContext } from '../context.ts';
import type { LaunchRefused, ResolversTypes } from '../generated.ts';
import { pricePointAnswer } from './price-history.ts';

type RefusalAnswer = Awaited<
  ResolversTypes[
    | 'PriceChanged'
    | 'CostLimitExceeded'
    | 'IdempotencyConflict'
    | 'ModelUnavailable'
    | 'LaunchRefused']
>;

/** A refusal in the shape of the schema's types, with the data that some of them carry. */
export async function refusalAnswer(
  refusal: Refusal,
  context: RequestContext,
): Promise<RefusalAnswer & { readonly __typename: NonNullable<RefusalAnswer['__typename']> }> {
  const plain = plainAnswer(refusal);
  const { detail } = refusal;
  const { snapshot } = context;
  switch (detail?.kind) {
    case undefined:
      return plain;
    case 'PRICE': {
      const previous = await namedPrice(detail.offering.id, detail.requestedVersion, context);
      return {
        ...plain,
        __typename: 'PriceChanged',
        offering: detail.offering,
        previous: previous === undefined ? null : pricePointAnswer(previous),
      };
    }
    case 'LIMIT':
      return {
        ...plain,
        __typename: 'CostLimitExceeded',
        limit: detail.limit,
        required: detail.required,
        largestMaxOutputTokens: detail.largestMaxOutputTokens,
      };
    case 'CONFLICT':
      return {
        ...plain,
        __typename: 'IdempotencyConflict',
        run: { run: detail.run, output: undefined },
      };
    case 'MODEL':
      return {
        ...plain,
        __typename: 'ModelUnavailable',
        model: snapshot.models.get(detail.modelId),
        replacement:
          detail.replacementId === undefined
            ? undefined
            : snapshot.models.get(detail.replacementId),
      };
  }
}

/** How far back a named price is looked for. */
const priceMemoryMs = 90 * 86_400_000;

async function namedPrice(
  offeringId: string,
  version: string,
  { priceHistory, nowMs }: RequestContext,
): Promise<PricePoint | undefined> {
  const question = { offeringId, fromMs: nowMs - priceMemoryMs, toMs: nowMs, limit: 1000 };
  const points = await priceHistory.load(question);
  return points.findLast(({ priceVersion }) => priceVersion === version);
}

/** A refusal that its code says all about. */
export function refused(
  code: RefusalCode,
  message: string,
): LaunchRefused & { readonly __typename: 'LaunchRefused' } {
  return plainAnswer(refusal(code, message));
}

function plainAnswer({ code, message, retryable, retryAfterMs }: Refusal) {
  return {
    __typename: 'LaunchRefused' as const,
    code,
    message,
    retryable,
    retryAfterSeconds: retryAfterMs === undefined ? null : Math.ceil(retryAfterMs / 1000),
  };
}
