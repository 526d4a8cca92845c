import { GraphQLError, parseValue } from 'graphql';
import { describe, expect, it } from 'vitest';

import { Decimal } from '../../src/domain/decimal.ts';
import { dateTimeScalar, decimalScalar } from '../../src/graphql/scalars.ts';

/** What a value is refused with, from a variable and from a document. */
function refusals(scalar: typeof decimalScalar | typeof dateTimeScalar, value: unknown): unknown[] {
  const asks = [
    () => scalar.parseValue(value),
    () => scalar.parseLiteral(parseValue(JSON.stringify(value)), {}),
  ];
  return asks.map((ask) => {
    try {
      return ask();
    } catch (error) {
      return error instanceof GraphQLError ? error.extensions['code'] : error;
    }
  });
}

describe('a Decimal', () => {
  it.each([
    ['0.0000000375', '0.0000000375'],
    [0.0000000375, '0.0000000375'],
    [7.5e-8, '0.000000075'],
    ['0.100', '0.1'],
    [0, '0'],
    [-2, '-2'],
    ['123456789012345678901234567890.5', '123456789012345678901234567890.5'],
  ])('is taken from %j exactly', (given, shown) => {
    const [fromVariable, fromDocument] = [
      decimalScalar.parseValue(given),
      decimalScalar.parseLiteral(parseValue(JSON.stringify(given)), {}),
    ];
    for (const value of [fromVariable, fromDocument]) {
      expect(decimalScalar.serialize(value)).toBe(shown);
    }
  });

  it('in a document keeps the digits that a binary float would lose', () => {
    const value = decimalScalar.parseLiteral(parseValue('0.10000000000000000000001'), {});
    expect(decimalScalar.serialize(value)).toBe('0.10000000000000000000001');
  });

  it.each(['', 'cheap', '1,5', 'NaN', 'Infinity', '1'.repeat(61), true, null, [1]])(
    'is not taken from %j',
    (value) => {
      expect(refusals(decimalScalar, value)).toEqual(['BAD_USER_INPUT', 'BAD_USER_INPUT']);
    },
  );

  it('that is refused in a document says where it stands', () => {
    for (const scalar of [decimalScalar, dateTimeScalar]) {
      for (const literal of ['"cheap"', 'true']) {
        let refusal: unknown;
        try {
          scalar.parseLiteral(parseValue(`\n  ${literal}`), {});
        } catch (error) {
          refusal = error;
        }
        expect(refusal).toMatchObject({ locations: [{ line: 2, column: 3 }] });
      }
    }
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('is not taken from %d', (value) => {
    expect(() => decimalScalar.parseValue(value)).toThrow(GraphQLError);
  });

  it.each([0.1, '0.1', 1n, null])('is never made from %s, which was no exact decimal', (value) => {
    expect(() => decimalScalar.serialize(value)).toThrow(TypeError);
    expect(decimalScalar.serialize(Decimal.of('0.1'))).toBe('0.1');
  });
});

describe('a DateTime', () => {
  it.each([
    ['2026-10-02T03:58:23Z', '2026-10-02T03:58:23.000Z'],
    ['2026-10-02T05:58:23.5+02:00', '2026-10-02T03:58:23.500Z'],
  ])('is taken from %s and shown in UTC', (given, shown) => {
    expect(dateTimeScalar.serialize(dateTimeScalar.parseValue(given))).toBe(shown);
    const literal = dateTimeScalar.parseLiteral(parseValue(JSON.stringify(given)), {});
    expect(dateTimeScalar.serialize(literal)).toBe(shown);
  });

  it.each([
    '',
    'now',
    '2026-10-02',
    '2026-02-30T00:00:00Z',
    '2026-10-02T24:00:00Z',
    1_795_435_200_000,
    true,
  ])('is not taken from %j', (value) => {
    expect(refusals(dateTimeScalar, value)).toEqual(['BAD_USER_INPUT', 'BAD_USER_INPUT']);
  });

  it('is never made from a text', () => {
    expect(() => dateTimeScalar.serialize('2026-10-02')).toThrow(TypeError);
  });
});
