import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Decimal, maximumDigits } from '../../src/domain/decimal.ts';

describe('reading and writing a decimal', () => {
  it.each([
    ['0.0000000375', '0.0000000375'],
    ['0.0000000123456', '0.0000000123456'],
    ['7.5e-8', '0.000000075'],
    ['7.5E-8', '0.000000075'],
    ['75e-9', '0.000000075'],
    ['1e-7', '0.0000001'],
    ['1.5e+3', '1500'],
    ['0', '0'],
    ['-0', '0'],
    ['0.000', '0'],
    ['0e9', '0'],
    ['00012.3400', '12.34'],
    ['-0.50', '-0.5'],
    ['123456789012345678901234567890', '123456789012345678901234567890'],
  ])('keeps %s digit for digit, as %s', (text, printed) => {
    const value = Decimal.parse(text);
    expect(value?.toString()).toBe(printed);
    expect(JSON.stringify({ value })).toBe(`{"value":"${printed}"}`);
  });

  it.each([
    '',
    ' ',
    ' 1',
    '1 ',
    '1\n',
    '+1',
    '--1',
    '.5',
    '5.',
    '1,5',
    '1_000',
    '0x10',
    '1e',
    'e5',
    '1e1.5',
    'NaN',
    'Infinity',
    '-Infinity',
    'null',
    'free',
    '$0.10',
    '١٢',
    '1'.repeat(maximumDigits + 1),
    `0.${'1'.repeat(maximumDigits)}`,
    '1e-60',
    '1e60',
    '1e999',
    '1e-999999999',
    '9'.repeat(100_000),
  ])('refuses %j', (text) => {
    expect(Decimal.parse(text)).toBeUndefined();
  });

  it('throws on own text that is no decimal, naming no value', () => {
    expect(() => Decimal.of('a secret')).toThrow(new RangeError('Not a decimal number'));
  });

  it('gives back every value that it printed, with no exponent and no trailing zeros', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const value = Decimal.parse(text);
        if (value === undefined) return;
        const printed = value.toString();
        expect(printed).toMatch(plain);
        expect(rational(printed)).toEqual(rational(text));
        expect(Decimal.parse(printed)?.toString()).toBe(printed);
        expect(Decimal.parse(printed)?.equals(value)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('gives back what it computed from values at the limit of what it reads', () => {
    const longest = Decimal.of(`0.${'7'.repeat(maximumDigits - 1)}`);
    const computed = longest.times(longest).plus(longest).dividedExactlyBy(1_000_000n);
    expect(computed.toString().length).toBeGreaterThan(2 * maximumDigits - 10);
    expect(Decimal.of(computed.toString()).equals(computed)).toBe(true);
  });
});

describe('a decimal in a test', () => {
  it('is told from another one, deep in what is compared', () => {
    const [left, right] = [Decimal.of('0.1'), Decimal.of('0.2')];
    expect({ price: left }).not.toEqual({ price: right });
    expect({ price: left }).toEqual({ price: Decimal.of('0.10') });
    expect([{ price: left }]).not.toMatchObject([{ price: right }]);
    expect({ price: left }).not.toEqual({ price: '0.1' });
  });
});

describe('calculating with decimals equals calculating with rational numbers', () => {
  it('in sums and differences', () => {
    fc.assert(
      fc.property(anyDecimal, anyDecimal, (left, right) => {
        const [a, b] = [rational(left), rational(right)];
        expect(exactly(left.plus(right))).toEqual(reduced(a.n * b.d + b.n * a.d, a.d * b.d));
        expect(exactly(left.minus(right))).toEqual(reduced(a.n * b.d - b.n * a.d, a.d * b.d));
      }),
    );
  });

  it('in products, with decimals and with whole numbers', () => {
    fc.assert(
      fc.property(
        anyDecimal,
        anyDecimal,
        fc.bigInt(-(10n ** 20n), 10n ** 20n),
        (left, right, whole) => {
          const [a, b] = [rational(left), rational(right)];
          expect(exactly(left.times(right))).toEqual(reduced(a.n * b.n, a.d * b.d));
          expect(exactly(left.times(whole))).toEqual(reduced(a.n * whole, a.d));
        },
      ),
    );
  });

  it('in quotients that end', () => {
    const powers = fc.integer({ min: 0, max: 20 });
    fc.assert(
      fc.property(anyDecimal, powers, powers, (value, twos, fives) => {
        const divisor = 2n ** BigInt(twos) * 5n ** BigInt(fives);
        const { n, d } = rational(value);
        expect(exactly(value.dividedExactlyBy(divisor))).toEqual(reduced(n, d * divisor));
      }),
    );
  });

  it('in quotients that are rounded away from zero, by less than the last digit', () => {
    const divisors = fc.bigInt(1n, 10n ** 9n);
    const places = fc.integer({ min: 0, max: 30 });
    fc.assert(
      fc.property(anyDecimal, divisors, places, (value, divisor, digits) => {
        const rounded = value.dividedRoundingUp(divisor, digits);
        const { n, d } = rational(value);
        const exact = { n: absolute(n), d: d * divisor };
        const shown = rational(rounded);
        const unit = 10n ** BigInt(digits);
        const error = absolute(shown.n) * exact.d - exact.n * shown.d;
        expect(error >= 0n).toBe(true);
        expect(error * unit < exact.d * shown.d).toBe(true);
        expect(fractionLength(rounded)).toBeLessThanOrEqual(digits);
        expect(rounded.isNegative()).toBe(value.isNegative());
      }),
      { numRuns: 500 },
    );
  });

  it('in comparisons and equality', () => {
    fc.assert(
      fc.property(anyDecimal, anyDecimal, (left, right) => {
        const [a, b] = [rational(left), rational(right)];
        const difference = a.n * b.d - b.n * a.d;
        const sign = difference < 0n ? -1 : difference > 0n ? 1 : 0;
        expect(left.compare(right)).toBe(sign);
        expect(left.equals(right)).toBe(sign === 0);
        expect(left.isZero()).toBe(a.n === 0n);
        expect(left.isNegative()).toBe(a.n < 0n);
      }),
    );
  });

  it('in the floor, and in how often one value fits into another', () => {
    fc.assert(
      fc.property(anyDecimal, anyDecimal, (left, right) => {
        const [a, b] = [rational(left), rational(right)];
        const floor = left.floor();
        expect(floor * a.d <= a.n && (floor + 1n) * a.d > a.n).toBe(true);
        const measurable = a.n >= 0n && b.n > 0n;
        const times = measurable ? left.wholeTimes(right) : 0n;
        expect(times).toBe(measurable ? (a.n * b.d) / (a.d * b.n) : 0n);
      }),
    );
  });
});

describe('how often a value fits', () => {
  it.each([
    ['1', '0'],
    ['1', '-0.5'],
    ['-1', '0.5'],
  ])('is not asked of %s and %s', (left, right) => {
    expect(() => Decimal.of(left).wholeTimes(Decimal.of(right))).toThrow(RangeError);
  });
});

describe('a quotient', () => {
  it.each([3n, 7n, 3600n])('by %d that has no end is refused instead of cut', (divisor) => {
    expect(() => Decimal.of('1').dividedExactlyBy(divisor)).toThrow(RangeError);
  });

  it.each([0n, -4n])('by %d is refused', (divisor) => {
    expect(() => Decimal.of('1').dividedExactlyBy(divisor)).toThrow(RangeError);
    expect(() => Decimal.of('1').dividedRoundingUp(divisor, 2)).toThrow(RangeError);
  });

  it('of 0.111 USD an hour is never less than that a second', () => {
    const aSecond = Decimal.of('0.111').dividedRoundingUp(3600n, 18);
    expect(aSecond.toString()).toBe('0.000030833333333334');
    expect(aSecond.times(3600n).compare(Decimal.of('0.111'))).toBeGreaterThan(0);
  });
});

const plain = /^(0|-?(0\.\d*[1-9]|[1-9]\d*(\.\d*[1-9])?))$/;

const anyText = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.stringMatching(/^\d{1,25}$/),
    fc.option(fc.stringMatching(/^\d{1,30}$/)),
    fc.option(fc.tuple(fc.constantFrom('e', 'E'), fc.integer({ min: -45, max: 45 }))),
  )
  .map(
    ([sign, whole, fraction, exponent]) =>
      sign + whole + (fraction === null ? '' : `.${fraction}`) + (exponent?.join('') ?? ''),
  );

const anyDecimal = fc
  .tuple(fc.bigInt(-(10n ** 30n), 10n ** 30n), fc.integer({ min: 0, max: 28 }))
  .map(([coefficient, places]) => Decimal.of(coefficient).dividedExactlyBy(10n ** BigInt(places)));

/** A fraction in lowest terms: the model against which decimals are held. */
interface Rational {
  readonly n: bigint;
  readonly d: bigint;
}

function rational(value: Decimal | string): Rational {
  const [mantissa = '', exponent = '0'] = value.toString().toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const shift = Number(exponent) - fraction.length;
  const coefficient =
    BigInt(whole.replace('-', '') + fraction) * (whole.startsWith('-') ? -1n : 1n);
  return shift >= 0
    ? reduced(coefficient * 10n ** BigInt(shift), 1n)
    : reduced(coefficient, 10n ** BigInt(-shift));
}

function reduced(n: bigint, d: bigint): Rational {
  let [larger, smaller] = [absolute(n), d];
  while (smaller !== 0n) [larger, smaller] = [smaller, larger % smaller];
  return { n: n / larger, d: d / larger };
}

function absolute(n: bigint): bigint {
  return n < 0n ? -n : n;
}

/** The value as a fraction, once its text is seen to be plain. */
function exactly(value: Decimal): Rational {
  expect(value.toString()).toMatch(plain);
  return rational(value);
}

function fractionLength(value: Decimal): number {
  return value.toString().split('.')[1]?.length ?? 0;
}
