import { Decimal } from '../../domain/decimal.ts';
import type { InferenceUsage } from '../../domain/inference.ts';
import type { ComponentPrices } from '../../domain/price.ts';
import type { Attempt, RunFailure, RunTiming } from '../../inference/run.ts';

/** A value as it stands in JSON: decimals as their text, and nothing where a member is undefined. */
export type Json<Value> = Value extends Decimal
  ? string
  : Value extends readonly (infer Item)[]
    ? readonly Json<Item>[]
    : Value extends object
      ? { readonly [Name in keyof Value]: Json<Value[Name]> }
      : Value;

export function pricesOf({ unit, ...components }: Json<ComponentPrices>): ComponentPrices {
  return { unit, ...decimalsOf(components) };
}

function usageOf(usage: Json<InferenceUsage> | undefined): InferenceUsage | undefined {
  if (usage === undefined) return undefined;
  const { audioSeconds, ...counts } = usage;
  return { ...counts, ...decimalsOf({ audioSeconds }) };
}

export function optionalDecimal(text: string | undefined): Decimal | undefined {
  return text === undefined ? undefined : Decimal.of(text);
}

/** What stands in JSON as it is, but for members that are always there and may be undefined. */
export function attemptsOf(attempts: readonly Json<Attempt>[]): readonly Attempt[] {
  return attempts.map(({ number, sentAtMs, outcome }) => ({ number, sentAtMs, outcome }));
}

/** The members that an attempt's end and a run have in common. */
export interface EndingParts {
  readonly failure: RunFailure | undefined;
  readonly usage: InferenceUsage | undefined;
  readonly timing: RunTiming;
  readonly servedCode: string | undefined;
  readonly providerRequestId: string | undefined;
}

export function endingPartsOf(parts: Json<EndingParts>): EndingParts {
  return {
    failure: parts.failure,
    usage: usageOf(parts.usage),
    timing: parts.timing,
    servedCode: parts.servedCode,
    providerRequestId: parts.providerRequestId,
  };
}

type Decimals<Texts> = { [Name in keyof Texts]: Decimal };

/** Only the members that are there. */
function decimalsOf<Texts extends Readonly<Record<string, string | undefined>>>(
  texts: Texts,
): Partial<Decimals<Texts>> {
  const decimals: Record<string, Decimal> = {};
  for (const [name, text] of Object.entries(texts)) {
    if (text !== undefined) decimals[name] = Decimal.of(text);
  }
  return decimals as Partial<Decimals<Texts>>;
}
