import type { Decimal } from '../../domain/decimal.ts';
import type { ComponentPrices, PriceRow } from '../../domain/price.ts';
import { decimalOf, memberOf, objectOf } from '../json.ts';
import { priceOf } from '../prices.ts';
import { maximumRows, type Rejections, usableId } from '../rejections.ts';

/**
 * Reads an answer of `GET /v1/pricing` in any shape that its description allows: a list of rows, a map from
 * model id to a row or to one number, or either of them under `data`, `pricing`, `prices` or `models`.
 *
 * A row needs an id and a positive price in USD per token. Any region in it is left aside: a price list does
 * not decide where a model is served.
 *
 * @returns undefined when the answer is no price list in any of these shapes.
 */
export function parsePriceList(
  value: unknown,
  rejections: Rejections,
): readonly PriceRow[] | undefined {
  const top = objectOf(value);
  const contained = top === undefined ? undefined : containedIn(top);
  const foreign = top === undefined ? undefined : foreignTerms(top);
  const candidates = candidatesOf(contained ?? (isRow(top) ? [value] : value));
  if (candidates === undefined) return undefined;
  const rows = new Map<string, PriceRow>();
  for (const [index, candidate] of candidates.entries()) {
    const position = `#${index + 1}`;
    if (index >= maximumRows) {
      rejections.add(position, `the list has more than ${maximumRows} rows`);
      continue;
    }
    const usable = usableId(candidate.id);
    if (!usable.ok) {
      rejections.add(position, usable.reason);
      continue;
    }
    if (rows.has(usable.id)) {
      rejections.add(usable.id, 'an earlier row has the same id');
      continue;
    }
    const price = foreign ?? rowPrice(candidate.price);
    if (typeof price === 'string') rejections.add(usable.id, price);
    else rows.set(usable.id, { modelId: usable.id, ...price });
  }
  // A map without a single price is some other object: an error, a status page.
  const isBareMap = top !== undefined && contained === undefined && !isRow(top);
  return isBareMap && rows.size === 0 ? undefined : [...rows.values()];
}

interface Candidate {
  readonly id: unknown;
  readonly price: unknown;
}

const containerNames = ['data', 'pricing', 'prices', 'models'];
const idNames = ['id', 'model', 'model_id', 'modelId', 'name'];
const singleNames = [
  'costPerToken',
  'cost_per_token',
  'pricePerToken',
  'price_per_token',
  'price',
  'cost',
];
/** Members under which a row may keep its component prices together. */
const nestedNames = ['pricing', 'prices', 'price', 'cost'];
const inputNames = namesOf(['input', 'prompt']);
const outputNames = namesOf(['output', 'completion']);
const cachedInputNames = [
  ...namesOf(['cached_input', 'input_cache_read', 'cache_read', 'cached']),
  'cachedInput',
  'cachedInputPrice',
];

/** The ways to write a component's name: `input`, `input_price`, `inputCostPerToken`, … */
function namesOf(stems: readonly string[]): readonly string[] {
  return stems.flatMap((stem) => [
    stem,
    ...['_price', '_cost', '_price_per_token', '_cost_per_token'].map((end) => stem + end),
    ...['Price', 'Cost', 'PricePerToken', 'CostPerToken'].map((end) => stem + end),
  ]);
}

function containedIn(top: Readonly<Record<string, unknown>>): unknown {
  // `price` objects of one row never have these names, and no model is called like them.
  return containerNames
    .map((name) => memberOf(top, name))
    .find((member) => typeof member === 'object' && member !== null);
}

function candidatesOf(list: unknown): readonly Candidate[] | undefined {
  if (Array.isArray(list)) {
    return list.map((row: unknown) => {
      const fields = objectOf(row);
      return { id: fields === undefined ? undefined : firstMember(fields, idNames), price: row };
    });
  }
  const map = objectOf(list);
  if (map === undefined) return undefined;
  return Object.entries(map).map(([id, price]) => ({ id, price }));
}

/** Whether an object is itself one row: it names a model, where a map would have a price. */
function isRow(top: Readonly<Record<string, unknown>> | undefined): boolean {
  const id = top === undefined ? undefined : firstMember(top, idNames);
  return typeof id === 'string' && decimalOf(id) === undefined;
}

type RowPrice = Omit<PriceRow, 'modelId'>;

/** The price of one row, or why it has none. */
function rowPrice(price: unknown): RowPrice | string {
  const fields = objectOf(price);
  if (fields === undefined) return singlePrice(price);
  const foreign = foreignTerms(fields);
  if (foreign !== undefined) return foreign;
  const components = componentPrices(fields);
  if (typeof components === 'string') return components;
  const single = firstMember(
    fields,
    singleNames.filter((name) => decimalLike(fields, name)),
  );
  const costPerToken = single === undefined ? undefined : singlePrice(single);
  if (typeof costPerToken === 'string') return costPerToken;
  if (components === undefined && costPerToken === undefined) {
    return 'the row has no price';
  }
  return { ...costPerToken, ...(components === undefined ? {} : { components }) };
}

function singlePrice(value: unknown): { readonly costPerToken: Decimal } | string {
  const price = priceOf(value, 'the price per token');
  if (price.kind === 'ABSENT') return 'the row has no price';
  if (price.kind === 'UNUSABLE') return price.reason;
  return price.price.isZero() ? 'the price is not positive' : { costPerToken: price.price };
}

/** Component prices of a row; undefined when it names none, a text when one of them is unusable. */
function componentPrices(
  row: Readonly<Record<string, unknown>>,
): ComponentPrices | string | undefined {
  const nested = nestedNames.map((name) => objectOf(memberOf(row, name)));
  const fields = nested.find((member) => member !== undefined) ?? row;
  const foreign = fields === row ? undefined : foreignTerms(fields);
  if (foreign !== undefined) return foreign;
  const input = priceOf(firstMember(fields, inputNames), 'the input price');
  const output = priceOf(firstMember(fields, outputNames), 'the output price');
  const cachedInput = priceOf(firstMember(fields, cachedInputNames), 'the cached input price');
  const parts = [input, output, cachedInput];
  for (const part of parts) if (part.kind === 'UNUSABLE') return part.reason;
  if (parts.every((part) => part.kind === 'ABSENT')) return undefined;
  if (parts.every((part) => part.kind !== 'PRICE' || part.price.isZero())) {
    return 'the price is not positive';
  }
  return {
    unit: 'TOKEN',
    ...(input.kind === 'PRICE' ? { input: input.price } : {}),
    ...(output.kind === 'PRICE' ? { output: output.price } : {}),
    ...(cachedInput.kind === 'PRICE' ? { cachedInput: cachedInput.price } : {}),
  };
}

/** Why the prices beside these members are not USD per token, where the members say so. */
function foreignTerms(fields: Readonly<Record<string, unknown>>): string | undefined {
  const currency = memberOf(fields, 'currency');
  if (typeof currency === 'string' && !/^(?:usd|us\$|\$)$/i.test(currency.trim())) {
    return 'the price is not in USD';
  }
  const unit = memberOf(fields, 'unit');
  if (typeof unit === 'string' && !/^(?:usd\s*)?(?:per|\/|1)?[\s_-]*tokens?$/i.test(unit.trim())) {
    return 'the price is not for one token';
  }
  return undefined;
}

function firstMember(fields: Readonly<Record<string, unknown>>, names: readonly string[]): unknown {
  for (const name of names) {
    const value = memberOf(fields, name);
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

/** Whether a member holds a scalar: `price` may also hold the component prices. */
function decimalLike(fields: Readonly<Record<string, unknown>>, name: string): boolean {
  const value = memberOf(fields, name);
  return decimalOf(value) !== undefined || typeof value === 'string';
}
