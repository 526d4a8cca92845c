import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decimalOf, ExactNumber, objectOf, parseJson } from '../../src/providers/json.ts';

/** The decimal text of the one member of `{"p": …}`. */
function digitsOf(number: string): string | undefined {
  const parsed = parseJson(`{"p":${number}}`);
  const value = parsed.ok ? objectOf(parsed.value)?.['p'] : undefined;
  return decimalOf(value)?.toString();
}

describe('numbers in JSON', () => {
  it.each([
    ['0.0000000375', '0.0000000375'],
    ['7.5e-8', '0.000000075'],
    ['7.5E-8', '0.000000075'],
    ['0.0000000123456', '0.0000000123456'],
    ['0.1234567890123456789', '0.1234567890123456789'],
    ['-0.15', '-0.15'],
    ['0', '0'],
    ['-0', '0'],
    ['0.60', '0.6'],
    ['12345678901234567890', '12345678901234567890'],
    ['1e30', `1${'0'.repeat(30)}`],
  ])('%s comes out digit for digit', (text, expected) => {
    expect(digitsOf(text)).toBe(expected);
  });

  it.each(['1e400', '1e-400', `0.${'1'.repeat(70)}`])(
    '%s is no decimal, not another one',
    (text) => {
      expect(digitsOf(text)).toBeUndefined();
    },
  );

  it('come out exactly whatever their length and whatever stands around them', () => {
    const decimalText = fc
      .tuple(
        fc.boolean(),
        fc.bigInt({ min: 0n, max: 10n ** 25n }),
        fc.option(fc.stringMatching(/^\d{1,25}$/)),
      )
      .map(([negative, whole, fraction]) => {
        return `${negative ? '-' : ''}${whole}${fraction === null ? '' : `.${fraction}`}`;
      });
    fc.assert(
      fc.property(
        decimalText,
        fc.json(),
        fc.constantFrom('', ' ', '\n\t'),
        (text, around, blank) => {
          const parsed = parseJson(`{"around":${around},"list":[0,${blank}${text}${blank}]}`);
          const list = parsed.ok ? objectOf(parsed.value)?.['list'] : undefined;
          const value: unknown = Array.isArray(list) ? list[1] : undefined;
          expect(decimalOf(value)).toEqual(decimalOf(text));
        },
      ),
    );
  });

  it('are plain numbers where those are exact, so that counts can be counted', () => {
    expect(parseJson('{"a":131072,"b":"0.15"}')).toEqual({
      ok: true,
      value: { a: 131072, b: '0.15' },
    });
  });

  it('mean what JSON means for everything else', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const parsed = parseJson(text);
        if (!parsed.ok) throw new Error(parsed.reason);
        expect(inexact(parsed.value)).toEqual(JSON.parse(text));
      }),
    );
  });
});

describe('text that is no JSON', () => {
  it.each(['{"a":', '<!DOCTYPE html>', 'undefined', '{"a":1}x'])('%s is refused', (text) => {
    expect(parseJson(text)).toEqual({ ok: false, reason: 'the body is not JSON, or was cut' });
  });

  it.each(['', ' \n'])('%j is refused as empty', (text) => {
    expect(parseJson(text)).toEqual({ ok: false, reason: 'the body is empty' });
  });

  it('is refused when it nests too deeply or holds too many values for an exact reading', () => {
    const deep = `${'['.repeat(100_000)}1e5${']'.repeat(100_000)}`;
    const long = `[1e5${',0'.repeat(1_000_001)}]`;
    const reason = 'the body holds more values or levels than can be read';
    expect(parseJson(deep)).toEqual({ ok: false, reason });
    expect(parseJson(long)).toEqual({ ok: false, reason });
  });
});

describe('objects in JSON', () => {
  it('are those that stand there: no list, no null, nothing inherited', () => {
    expect(objectOf([])).toBeUndefined();
    expect(objectOf(null)).toBeUndefined();
    expect(objectOf(new ExactNumber('1'))).toBeUndefined();
    expect(objectOf({ a: 1 })).toEqual({ a: 1 });
  });
});

/** The value with every exact number as the float that JSON.parse makes of it. */
function inexact(value: unknown): unknown {
  if (value instanceof ExactNumber) return Number(value.text);
  if (Array.isArray(value)) return value.map(inexact);
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    Object.defineProperty(copy, name, {
      value: inexact(member),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return copy;
}
