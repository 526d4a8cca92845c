import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ComponentPrices } from '../../../src/domain/price.ts';
import { listedModelOf, listedPriceOf } from '../../../src/providers/groq/to-domain.ts';
import { type GroqModel, parseModelList } from '../../../src/providers/groq/wire.ts';
import { parseJson } from '../../../src/providers/json.ts';
import { Rejections } from '../../../src/providers/rejections.ts';

/** The rows of a list given as JSON text, and those that were rejected. */
function read(text: string) {
  const parsed = parseJson(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  const rejections = new Rejections();
  return { rows: parseModelList(parsed.value, rejections), rejected: rejections.rows() };
}

function readRows(rows: readonly unknown[]) {
  return read(JSON.stringify({ object: 'list', data: rows }));
}

function priceOfRow(fields: string) {
  const [model] = read(`{"data":[{"id":"m",${fields}}]}`).rows ?? [];
  if (model === undefined) throw new Error('The row was not taken');
  return listedPriceOf(model);
}

function printed(components: ComponentPrices | undefined) {
  if (components === undefined) return undefined;
  return Object.fromEntries(Object.entries(components).map(([name, part]) => [name, String(part)]));
}

describe('a row of the model list', () => {
  it('needs nothing but its id', () => {
    const { rows = [] } = readRows([{ id: 'm' }]);
    expect(rows.map(listedModelOf)).toEqual([{ id: 'm', active: true }]);
  });

  it('is read under the old and the new names of its limits', () => {
    const { rows = [] } = readRows([
      { id: 'old', context_window: 8_192 },
      { id: 'new', context_length: 131_072, max_output_length: 65_536 },
    ]);
    expect(rows.map(listedModelOf)).toEqual([
      { id: 'old', active: true, contextWindow: 8_192 },
      { id: 'new', active: true, contextWindow: 131_072, maxOutputTokens: 65_536 },
    ]);
  });

  it('says when the model is listed but not served', () => {
    const { rows = [] } = readRows([{ id: 'm', active: false }]);
    expect(rows.map(listedModelOf)).toEqual([{ id: 'm', active: false }]);
  });

  it('keeps what is good when other fields are garbage', () => {
    const { rows = [], rejected } = readRows([
      {
        id: 'm',
        name: 7,
        owned_by: null,
        active: 'yes',
        context_window: '131072',
        max_completion_tokens: -5,
        input_modalities: 'text',
        output_modalities: ['text', 3, 'text', '\u0000'],
        supported_features: {},
      },
    ]);
    expect(rows.map(listedModelOf)).toEqual([
      { id: 'm', active: true, outputModalities: ['text'] },
    ]);
    expect(rejected).toEqual([]);
  });

  it.each([
    [{}, 'the row has no id'],
    [{ id: null }, 'the row has no id'],
    [{ id: 7 }, 'the id is not a string'],
    [{ id: '' }, 'the id is empty'],
    [{ id: ' ' }, 'the id is empty'],
    [{ id: 'x'.repeat(201) }, 'the id is longer than 200 characters'],
    [{ id: 'a\u0000b' }, 'the id contains characters that cannot be shown'],
    [{ id: 'a\ud800' }, 'the id contains characters that cannot be shown'],
    [null, 'the row is not an object'],
    ['m', 'the row is not an object'],
    [[], 'the row is not an object'],
  ])('%j is rejected by its position', (row, reason) => {
    const { rows, rejected } = readRows([{ id: 'a' }, { id: 'b' }, row, { id: 'c' }]);
    expect(rows?.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect(rejected).toEqual([{ id: '#3', reason }]);
  });

  it('may have any printable id, the names of object members included', () => {
    const text = '{"data":[{"id":"__proto__","context_window":1},{"id":"constructor"}]}';
    expect(read(text).rows?.map(({ id }) => id)).toEqual(['__proto__', 'constructor']);
  });

  it('counts once: the first of an id is taken, the rest is rejected', () => {
    const { rows, rejected } = readRows([
      { id: 'a', name: 'first' },
      { id: 'a', name: 'second' },
    ]);
    expect(rows).toEqual([{ id: 'a', name: 'first' }]);
    expect(rejected).toEqual([{ id: 'a', reason: 'an earlier row has the same id' }]);
  });

  it('is told of among the first hundred that were rejected; the rest is a number', () => {
    const { rejected } = readRows(Array.from({ length: 5_000 }, () => ({})));
    expect(rejected).toHaveLength(100);
    expect(rejected[0]?.id).toBe('#1');
    expect(rejected[99]).toEqual({ id: '+4901', reason: '4901 more rows were rejected' });
  });
});

describe('an answer that is no list', () => {
  it.each([
    '[]',
    '{}',
    '{"data":{}}',
    '{"data":null}',
    '"x"',
    'null',
    '7',
    '{"error":{"message":"x"}}',
  ])('%s is refused whole', (text) => {
    expect(read(text).rows).toBeUndefined();
  });

  it('is not the same as an empty list', () => {
    expect(read('{"object":"list","data":[]}').rows).toEqual([]);
  });
});

describe('the price in a row', () => {
  it.each([
    [
      '"prompt":"0.000000075","completion":"0.0000003","input_cache_read":"0.0000000375"',
      { unit: 'TOKEN', input: '0.000000075', output: '0.0000003', cachedInput: '0.0000000375' },
    ],
    [
      '"prompt":"0.0000000123456","completion":"0.0000000123457"',
      { unit: 'TOKEN', input: '0.0000000123456', output: '0.0000000123457' },
    ],
    [
      '"prompt":0.0000000375,"completion":7.5e-8',
      { unit: 'TOKEN', input: '0.0000000375', output: '0.000000075' },
    ],
    [
      '"prompt":0.0000000123456,"completion":0.00000001234567890123456789',
      { unit: 'TOKEN', input: '0.0000000123456', output: '0.00000001234567890123456789' },
    ],
    ['"prompt":"0","completion":"0"', { unit: 'TOKEN', input: '0', output: '0' }],
    ['"prompt":"0.1","image":"0","request":"0"', { unit: 'TOKEN', input: '0.1' }],
    ['"prompt":null,"completion":"0.1"', { unit: 'TOKEN', output: '0.1' }],
  ])('%s is exact, digit for digit', (pricing, expected) => {
    const price = priceOfRow(`"pricing":{${pricing}}`);
    expect(price.kind === 'PRICE' ? printed(price.row.components) : price).toEqual(expected);
  });

  it.each(['"name":"x"', '"pricing":null', '"pricing":{}', '"pricing":{"prompt":null}'])(
    '%s is unknown, not free and not a fault',
    (fields) => {
      expect(priceOfRow(fields)).toEqual({ kind: 'UNKNOWN' });
    },
  );

  it.each([
    ['{"prompt":"-0.1"}', 'prompt is negative: "-0.1"'],
    ['{"prompt":"free"}', 'prompt is not a decimal number: "free"'],
    ['{"prompt":""}', 'prompt is not a decimal number: ""'],
    ['{"prompt":" 0.1"}', 'prompt is not a decimal number: "0.1"'],
    ['{"prompt":"$0.1"}', 'prompt is not a decimal number: "$0.1"'],
    ['{"prompt":"0x1"}', 'prompt is not a decimal number: "0x1"'],
    ['{"prompt":"NaN"}', 'prompt is not a decimal number: "NaN"'],
    ['{"prompt":true}', 'prompt is not a decimal number: true'],
    ['{"prompt":[0.1]}', 'prompt is not a decimal number: a list'],
    ['{"prompt":{"usd":0.1}}', 'prompt is not a decimal number: an object'],
    ['{"prompt":1e-400}', 'prompt is not a decimal number: "1e-400"'],
    ['{"prompt":"1.01"}', 'prompt is more than 1 USD per unit: "1.01"'],
    ['{"prompt":15}', 'prompt is more than 1 USD per unit: 15'],
    ['{"prompt":"0.1","completion":"-1"}', 'completion is negative: "-1"'],
    ['{"prompt":"0.1","input_cache_read":"x"}', 'input_cache_read is not a decimal number: "x"'],
    [
      '{"prompt":"0.1","request":"0.01"}',
      'the price has a part for each request, which is not charged here',
    ],
    ['"0.1"', 'the price is not an object'],
    ['[]', 'the price is not an object'],
    ['0.1', 'the price is not an object'],
  ])('%s is rejected while the row stays', (pricing, reason) => {
    expect(priceOfRow(`"pricing":${pricing}`)).toEqual({ kind: 'REJECTED', reason });
  });

  it('of speech is for a character, and only one', () => {
    const price = priceOfRow(
      '"output_modalities":["speech"],"pricing":{"prompt":"0.000022","completion":"0.1","input_cache_read":"0.000011"}',
    );
    expect(price.kind === 'PRICE' ? printed(price.row.components) : price).toEqual({
      unit: 'CHARACTER',
      input: '0.000022',
    });
  });

  it('of a transcription is not guessed: the list does not say its unit', () => {
    expect(priceOfRow('"output_modalities":["transcription"]')).toEqual({ kind: 'UNKNOWN' });
    expect(
      priceOfRow('"output_modalities":["transcription"],"pricing":{"prompt":"0.1"}').kind,
    ).toBe('REJECTED');
  });

  it('is never negative, absurd or other than what was sent, whatever is sent', () => {
    const part = fc.oneof(
      fc.double().map(String),
      fc.string(),
      fc.constantFrom(null, true, [], {}),
      fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map(String),
      fc.tuple(fc.nat(2), fc.stringMatching(/^\d{1,20}$/)).map(([a, b]) => `${a}.${b}`),
    );
    fc.assert(
      fc.property(part, part, (prompt, completion) => {
        const price = priceOfRow(`"pricing":${JSON.stringify({ prompt, completion })}`);
        if (price.kind !== 'PRICE') return;
        const { input, output } = price.row.components ?? {};
        for (const known of [input, output]) {
          expect(known?.isNegative() ?? false).toBe(false);
          expect(known?.toApproximateNumber() ?? 0).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});

describe('normalising a list', () => {
  const row = fc.record(
    {
      id: fc.string({ minLength: 1, maxLength: 12 }),
      name: fc.option(fc.string()),
      active: fc.option(fc.boolean()),
      context_window: fc.option(fc.integer()),
      pricing: fc.option(
        fc.record({
          prompt: fc.constantFrom('0.1', '0', '-1', 'x'),
          completion: fc.constant('0.2'),
        }),
      ),
    },
    { requiredKeys: ['id'] },
  );
  const rows = fc.uniqueArray(row, { selector: ({ id }) => id, maxLength: 20 });

  /** By id: the model and its price, in text. */
  function normalised(models: readonly GroqModel[] = []): ReadonlyMap<string, string> {
    const text = (model: GroqModel) => JSON.stringify([listedModelOf(model), listedPriceOf(model)]);
    return new Map(models.map((model) => [model.id, text(model)]));
  }

  it('gives the same rows in whatever order they come', () => {
    const shuffled = rows.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(shuffled, ([one, other]) => {
        expect(normalised(readRows(one).rows)).toEqual(normalised(readRows(other).rows));
      }),
    );
  });

  it('changes nothing when its own rows go through again', () => {
    fc.assert(
      fc.property(rows, (list) => {
        const once = readRows(list).rows ?? [];
        expect(readRows(once).rows).toEqual(once);
      }),
    );
  });

  it('is not moved by repeated rows', () => {
    fc.assert(
      fc.property(rows, (list) => {
        expect(normalised(readRows([...list, ...list]).rows)).toEqual(
          normalised(readRows(list).rows),
        );
      }),
    );
  });

  it('never throws, whatever the answer is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.array(fc.jsonValue()).map((data) => JSON.stringify({ data })),
        ),
        (text) => {
          const { rows: taken = [] } = read(text);
          expect(normalised(taken).size).toBe(taken.length);
        },
      ),
    );
  });
});
