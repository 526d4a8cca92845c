import { GraphQLScalarType, Kind, valueFromASTUntyped } from 'graphql';
import type { GraphQLError, ValueNode } from 'graphql';

import { Decimal } from '../domain/decimal.ts';
import { parseMoment } from '../domain/moment.ts';
import { clientError } from './errors.ts';

/** Exact decimals as text; a string or a number on input. */
export const decimalScalar = new GraphQLScalarType<Decimal, string>({
  name: 'Decimal',
  serialize: (value) => {
    if (value instanceof Decimal) return value.toString();
    throw new TypeError('Decimal can only serialise Decimal values');
  },
  parseValue: (value) => {
    if (typeof value === 'string' || typeof value === 'number') return decimalOf(String(value));
    throw refused('Decimal takes a string or a number.');
  },
  parseLiteral: (node) => {
    if (node.kind === Kind.STRING || node.kind === Kind.INT || node.kind === Kind.FLOAT) {
      return decimalOf(node.value, node);
    }
    throw refused('Decimal takes a string or a number.', node);
  },
});

/** Any JSON value, as it is. */
export const jsonScalar = new GraphQLScalarType<unknown, unknown>({
  name: 'JSON',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
});

/** Milliseconds since the epoch inside, RFC 3339 in UTC outside. */
export const dateTimeScalar = new GraphQLScalarType<number, string>({
  name: 'DateTime',
  serialize: (value) => {
    if (typeof value === 'number') return new Date(value).toISOString();
    throw new TypeError('DateTime can only serialise milliseconds since the epoch');
  },
  parseValue: (value) => {
    if (typeof value === 'string') return momentOf(value);
    throw refused('DateTime takes a string.');
  },
  parseLiteral: (node) => {
    if (node.kind === Kind.STRING) return momentOf(node.value, node);
    throw refused('DateTime takes a string.', node);
  },
});

function decimalOf(text: string, node?: ValueNode): Decimal {
  const value = Decimal.parse(text);
  if (value === undefined) throw refused('Not a decimal number of at most 60 digits.', node);
  return value;
}

function momentOf(text: string, node?: ValueNode): number {
  const milliseconds = text.includes('T') ? parseMoment(text) : undefined;
  if (milliseconds === undefined) {
    throw refused('Not a moment in RFC 3339 form, such as 2026-10-02T03:58:23Z.', node);
  }
  return milliseconds;
}

/** A value that is not of the scalar; one in a document says where, because graphql-js passes it on as it is. */
function refused(message: string, node?: ValueNode): GraphQLError {
  return clientError('BAD_USER_INPUT', message, {}, node);
}
