import { Decimal } from '../domain/decimal.ts';
import type { InferenceUsage } from '../domain/inference.ts';
import type { ComponentPrices } from '../domain/price.ts';

/** What a run costs at its provider, in USD. `lines` add up to `total`, and to `maximum` for an estimate. */
export interface Cost {
  readonly certainty: 'EXACT' | 'BOUNDED' | 'UNKNOWN';
  readonly total: Decimal | undefined;
  readonly minimum: Decimal;
  readonly maximum: Decimal;
  readonly lines: readonly CostLine[];
}

/** Quantity × unit price = amount, exactly. */
export interface CostLine {
  readonly kind: 'INPUT' | 'CACHED_INPUT' | 'OUTPUT' | 'RESOLVED';
  readonly quantity: Decimal;
  readonly unitPrice: Decimal;
  readonly amount: Decimal;
}

/**
 * The exact cost of what a provider counted: Σ quantity × component price, never rounded. Cached input is
 * part of the input and is priced apart, or as input where no cached price is known; reasoning is part of
 * the output.
 *
 * @returns undefined when a needed count is missing: missing is not zero.
 */
export function exactCost(usage: InferenceUsage, prices: ComponentPrices): Cost | undefined {
  const lines = linesOf(usage, prices);
  if (lines === undefined) return undefined;
  const total = sum(lines);
  return { certainty: 'EXACT', total, minimum: total, maximum: total, lines };
}

/** The cost of work that was certainly not done. */
export const noCost: Cost = {
  certainty: 'EXACT',
  total: Decimal.zero,
  minimum: Decimal.zero,
  maximum: Decimal.zero,
  lines: [],
};

/** The cost of a run that has not ended, or of which nothing is known: somewhere up to what is reserved. */
export function unknownCost(reserved: Decimal): Cost {
  return {
    certainty: 'UNKNOWN',
    total: undefined,
    minimum: Decimal.zero,
    maximum: reserved,
    lines: [],
  };
}

/** The cost of work that was done in part and not counted: between nothing and what is reserved. */
export function boundedCost(reserved: Decimal): Cost {
  return { ...unknownCost(reserved), certainty: 'BOUNDED' };
}

/** A cost that a person found out. */
export function resolvedCost(amount: Decimal): Cost {
  const line: CostLine = {
    kind: 'RESOLVED',
    quantity: Decimal.of('1'),
    unitPrice: amount,
    amount,
  };
  return { certainty: 'EXACT', total: amount, minimum: amount, maximum: amount, lines: [line] };
}

/** Upper bounds of the quantities that a run can be billed for. */
export interface QuantityBounds {
  readonly input: bigint;
  readonly output: bigint;
}

/** The lines of the worst case: every bound at its price. */
export function worstCaseLines(bounds: QuantityBounds, prices: ComponentPrices): CostLine[] {
  const lines: CostLine[] = [];
  const input = dearest(prices.input, prices.cachedInput);
  if (input !== undefined) {
    lines.push(line('INPUT', billedQuantity(Decimal.of(bounds.input), prices), input));
  }
  if (prices.output !== undefined && bounds.output > 0n) {
    lines.push(line('OUTPUT', Decimal.of(bounds.output), prices.output));
  }
  return lines;
}

export function sum(lines: readonly CostLine[]): Decimal {
  return lines.reduce((total, { amount }) => total.plus(amount), Decimal.zero);
}

function linesOf(usage: InferenceUsage, prices: ComponentPrices): CostLine[] | undefined {
  switch (prices.unit) {
    case 'TOKEN':
      return tokenLines(usage, prices);
    case 'CHARACTER':
      return quantityLine(
        usage.characters === undefined ? undefined : Decimal.of(BigInt(usage.characters)),
        prices,
      );
    case 'AUDIO_SECOND':
      return quantityLine(usage.audioSeconds, prices);
  }
}

function quantityLine(
  quantity: Decimal | undefined,
  prices: ComponentPrices,
): CostLine[] | undefined {
  return quantity === undefined || prices.input === undefined
    ? undefined
    : [line('INPUT', billedQuantity(quantity, prices), prices.input)];
}

/** What is billed for a quantity: the provider may bill a call for more than it was. */
function billedQuantity(quantity: Decimal, { minimumQuantity }: ComponentPrices): Decimal {
  return minimumQuantity !== undefined && quantity.compare(minimumQuantity) < 0
    ? minimumQuantity
    : quantity;
}

function tokenLines(usage: InferenceUsage, prices: ComponentPrices): CostLine[] | undefined {
  const { inputTokens, outputTokens, cachedInputTokens = 0 } = usage;
  const { input, output, cachedInput = input } = prices;
  if (inputTokens === undefined || outputTokens === undefined) return undefined;
  if (cachedInputTokens > inputTokens) return undefined;
  const fresh = inputTokens - cachedInputTokens;
  if (input === undefined || cachedInput === undefined) return undefined;
  if (output === undefined && outputTokens > 0) return undefined;
  const lines = [line('INPUT', Decimal.of(BigInt(fresh)), input)];
  if (cachedInputTokens > 0) {
    lines.push(line('CACHED_INPUT', Decimal.of(BigInt(cachedInputTokens)), cachedInput));
  }
  if (output !== undefined) lines.push(line('OUTPUT', Decimal.of(BigInt(outputTokens)), output));
  return lines;
}

function line(kind: CostLine['kind'], quantity: Decimal, unitPrice: Decimal): CostLine {
  return { kind, quantity, unitPrice, amount: quantity.times(unitPrice) };
}

function dearest(left: Decimal | undefined, right: Decimal | undefined): Decimal | undefined {
  if (left === undefined || right === undefined) return left;
  return left.compare(right) >= 0 ? left : right;
}
