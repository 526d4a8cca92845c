import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parsePriceList } from '../../../src/providers/groq/pricing-endpoint.ts';
import { parseJson } from '../../../src/providers/json.ts';
import { Rejections } from '../../../src/providers/rejections.ts';

function read(text: string) {
  const parsed = parseJson(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  const rejections = new Rejections();
  const rows = parsePriceList(parsed.value, rejections);
  return {
    rows: rows?.map(({ modelId, costPerToken, components }) => ({
      modelId,
      ...(costPerToken === undefined ? {} : { costPerToken: costPerToken.toString() }),
      ...(components === undefined
        ? {}
        : Object.fromEntries(Object.entries(components).map(([k, v]) => [k, String(v)]))),
    })),
    rejected: rejections.rows(),
  };
}

describe('the price list of the specification', () => {
  const single = { modelId: 'm', costPerToken: '0.0000002625' };

  it.each([
    ['a list of rows', '[{"model":"m","costPerToken":0.0000002625,"region":"us-east"}]'],
    ['a list under data', '{"data":[{"id":"m","cost_per_token":"0.0000002625"}]}'],
    ['a list under pricing', '{"pricing":[{"model_id":"m","pricePerToken":2.625e-7}]}'],
    ['a list under prices', '{"prices":[{"modelId":"m","price_per_token":"0.0000002625"}]}'],
    ['a list under models', '{"models":[{"name":"m","price":"0.0000002625"}]}'],
    ['a map under pricing', '{"pricing":{"m":{"cost":0.0000002625}}}'],
    ['a map of numbers under data', '{"data":{"m":0.0000002625}}'],
    ['a bare map of numbers', '{"m":0.0000002625}'],
    ['a bare map of decimal texts', '{"m":"0.0000002625"}'],
    ['a bare map of objects', '{"m":{"costPerToken":"0.0000002625"}}'],
    ['a single row', '{"model":"m","region":"us-east","costPerToken":"0.0000002625"}'],
    [
      'a row in USD per token',
      '[{"id":"m","price":"0.0000002625","currency":"usd","unit":"per_token"}]',
    ],
  ])('is read as %s', (_words, text) => {
    expect(read(text)).toEqual({ rows: [single], rejected: [] });
  });

  it.each([
    ['{"input":"0.1","output":"0.2","cached_input":"0.05"}'],
    ['{"prompt":0.1,"completion":0.2,"input_cache_read":0.05}'],
    ['{"input_price":"0.1","output_price":"0.2","cached_input_price":"0.05"}'],
    ['{"inputPrice":"0.1","outputPrice":"0.2","cachedInputPrice":"0.05"}'],
    ['{"input_cost_per_token":0.1,"output_cost_per_token":0.2,"cached":0.05}'],
    ['{"pricing":{"prompt":"0.1","completion":"0.2","input_cache_read":"0.05"}}'],
    ['{"price":{"input":0.1,"output":0.2,"cache_read":0.05}}'],
  ])('has component prices in %s', (row) => {
    expect(read(`{"m":${row}}`).rows).toEqual([
      { modelId: 'm', unit: 'TOKEN', input: '0.1', output: '0.2', cachedInput: '0.05' },
    ]);
  });

  it('may give components and the one number together', () => {
    expect(read('[{"id":"m","costPerToken":"0.15","input":"0.1","output":"0.3"}]').rows).toEqual([
      { modelId: 'm', costPerToken: '0.15', unit: 'TOKEN', input: '0.1', output: '0.3' },
    ]);
  });

  it('keeps the exact digits of numbers and texts', () => {
    const text =
      '{"a":0.0000000375,"b":"0.0000000123456","c":7.5e-8,"d":0.00000001234567890123456789}';
    expect(read(text).rows?.map(({ costPerToken }) => costPerToken)).toEqual([
      '0.0000000375',
      '0.0000000123456',
      '0.000000075',
      '0.00000001234567890123456789',
    ]);
  });

  it.each([
    ['{"id":"m","costPerToken":0}', 'the price is not positive'],
    ['{"id":"m","costPerToken":"-0.1"}', 'the price per token is negative: "-0.1"'],
    ['{"id":"m","costPerToken":"cheap"}', 'the price per token is not a decimal number: "cheap"'],
    ['{"id":"m","costPerToken":2}', 'the price per token is more than 1 USD per unit: 2'],
    ['{"id":"m","costPerToken":null}', 'the row has no price'],
    ['{"id":"m"}', 'the row has no price'],
    ['{"id":"m","input":"0","output":"0"}', 'the price is not positive'],
    ['{"id":"m","input":"0.1","output":"-0.1"}', 'the output price is negative: "-0.1"'],
    ['{"id":"m","price":"0.1","currency":"EUR"}', 'the price is not in USD'],
    ['{"id":"m","price":"0.1","unit":"1M tokens"}', 'the price is not for one token'],
    ['{"id":"m","pricing":{"input":"0.1","currency":"EUR"}}', 'the price is not in USD'],
  ])('rejects %s alone', (row, reason) => {
    expect(read(`{"data":[${row},{"id":"ok","price":"0.1"}]}`)).toEqual({
      rows: [{ modelId: 'ok', costPerToken: '0.1' }],
      rejected: [{ id: 'm', reason }],
    });
  });

  it('rejects rows without an id by their position, and later rows of an id', () => {
    const text = '[{"price":"0.1"},7,{"id":"m","price":"0.1"},{"id":"m","price":"0.2"}]';
    expect(read(text)).toEqual({
      rows: [{ modelId: 'm', costPerToken: '0.1' }],
      rejected: [
        { id: '#1', reason: 'the row has no id' },
        { id: '#2', reason: 'the row has no id' },
        { id: 'm', reason: 'an earlier row has the same id' },
      ],
    });
  });

  it('rejects every row of a list in another currency or for another unit', () => {
    expect(read('{"currency":"EUR","prices":{"m":0.1}}').rejected).toEqual([
      { id: 'm', reason: 'the price is not in USD' },
    ]);
    expect(read('{"unit":"per 1M tokens","prices":{"m":0.1}}').rows).toEqual([]);
  });

  it.each(['7', '"x"', 'null', '{}', '{"status":"ok"}', '{"error":{"message":"no"}}'])(
    'is not %s',
    (text) => {
      expect(read(text).rows).toBeUndefined();
    },
  );

  it('may be empty', () => {
    expect(read('[]').rows).toEqual([]);
    expect(read('{"data":[]}').rows).toEqual([]);
  });

  it('gives the same prices in whatever order its rows come', () => {
    const rows = fc.uniqueArray(
      fc.record({
        id: fc.stringMatching(/^[a-z][a-z/-]{0,9}$/),
        price: fc.oneof(fc.stringMatching(/^0\.\d{1,12}$/), fc.constantFrom('x', null, -1)),
      }),
      { selector: ({ id }) => id },
    );
    const orders = rows.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    const byId = (list: readonly unknown[]) =>
      new Map(read(JSON.stringify(list)).rows?.map((row) => [row.modelId, row]));
    fc.assert(
      fc.property(orders, ([one, other]) => {
        expect(byId(one)).toEqual(byId(other));
      }),
    );
  });

  it('never throws and never gives a price that is not positive, whatever the answer is', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        for (const row of read(text).rows ?? []) {
          const prices = [row.costPerToken, 'input' in row ? row.input : undefined];
          expect(prices.every((price) => price === undefined || Number(price) >= 0)).toBe(true);
        }
      }),
    );
  });
});
