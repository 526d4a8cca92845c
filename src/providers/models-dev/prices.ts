import type { PriceRow } from '../../domain/price.ts';
import { memberOf, objectOf } from '../json.ts';
import { priceOf } from '../prices.ts';
import { maximumRows, type Rejections, usableId } from '../rejections.ts';

/** The list gives USD per this many tokens. */
const tokensPerPrice = 1_000_000n;

/**
 * The prices of one provider on models.dev: `<provider>.models.<id>.cost = {input, output, cache_read}`.
 *
 * A model without a cost has no row: its price is unknown, not zero. A cost for something else than text in
 * and text out is rejected, because the list does not say what it counts there.
 */
export function parseProviderPrices(
  list: unknown,
  provider: string,
  rejections: Rejections,
): readonly PriceRow[] | 'NOT_A_LIST' | 'NOT_LISTED' {
  const providers = objectOf(list);
  if (providers === undefined || !looksLikeProviders(providers)) return 'NOT_A_LIST';
  const entry = objectOf(memberOf(providers, provider));
  const models = entry === undefined ? undefined : objectOf(memberOf(entry, 'models'));
  if (models === undefined) return 'NOT_LISTED';
  const rows: PriceRow[] = [];
  for (const [index, [id, value]] of Object.entries(models).entries()) {
    const usable = usableId(id);
    if (index >= maximumRows) rejections.add(`#${index + 1}`, 'the list is too long');
    else if (!usable.ok) rejections.add(`#${index + 1}`, usable.reason);
    else {
      const row = rowOf(id, value);
      if (typeof row === 'string') rejections.add(id, row);
      else if (row !== undefined) rows.push(row);
    }
  }
  return rows;
}

function rowOf(modelId: string, value: unknown): PriceRow | string | undefined {
  const model = objectOf(value);
  if (model === undefined) return 'the row is not an object';
  const stated = memberOf(model, 'cost');
  if (stated === undefined || stated === null) return undefined;
  const cost = objectOf(stated);
  if (cost === undefined) return 'the cost is not an object';
  if (!pricedByToken(model)) return 'the list does not say what this cost is for';
  const input = priceOf(memberOf(cost, 'input'), 'input', tokensPerPrice);
  const output = priceOf(memberOf(cost, 'output'), 'output', tokensPerPrice);
  const cachedInput = priceOf(memberOf(cost, 'cache_read'), 'cache_read', tokensPerPrice);
  for (const part of [input, output, cachedInput]) {
    if (part.kind === 'UNUSABLE') return part.reason;
  }
  const components = {
    unit: 'TOKEN' as const,
    ...(input.kind === 'PRICE' ? { input: input.price } : {}),
    ...(output.kind === 'PRICE' ? { output: output.price } : {}),
    ...(cachedInput.kind === 'PRICE' ? { cachedInput: cachedInput.price } : {}),
  };
  return Object.keys(components).length === 1 ? undefined : { modelId, components };
}

/** An error page in JSON is an object too; a list of providers has objects with models. */
function looksLikeProviders(providers: Readonly<Record<string, unknown>>): boolean {
  return Object.values(providers).some((entry) => {
    const fields = objectOf(entry);
    return fields !== undefined && objectOf(memberOf(fields, 'models')) !== undefined;
  });
}

/** Text in and text out; a list that does not name modalities means those. */
function pricedByToken(model: Readonly<Record<string, unknown>>): boolean {
  const modalities = objectOf(memberOf(model, 'modalities'));
  if (modalities === undefined) return true;
  return ['input', 'output'].every((side) => {
    const kinds = memberOf(modalities, side);
    return !Array.isArray(kinds) || kinds.length === 0 || kinds.includes('text');
  });
}
