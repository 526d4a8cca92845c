import { buildSchema, getVariableValues, GraphQLError, parse, validate } from 'graphql';
import type { OperationDefinitionNode } from 'graphql';
import { describe, expect, it } from 'vitest';

import { withoutValues } from '../../src/graphql/quoted-values.ts';

const schema = buildSchema(`
  enum Colour { RED BLUE }
  input Part { text: String, size: Int, share: Float, isNew: Boolean, id: ID, colour: Colour, parts: [Part!], must: String! }
  type Query { ask(part: Part, text: String, size: Int, colour: Colour): String }
`);
const mark = 'PROMPT; MARKED: at "x"; of mine.';

function ofVariable(part: unknown): string[] {
  const [operation] = parse('query ($part: Part) { ask(part: $part) }').definitions;
  const { variableDefinitions = [] } = operation as OperationDefinitionNode;
  const { errors = [] } = getVariableValues(schema, variableDefinitions, { part });
  return errors.map(({ message }) => message);
}

function ofLiteral(literal: string): string[] {
  try {
    return validate(schema, parse(`{ ask(${literal}) }`)).map(({ message }) => message);
  } catch (error) {
    if (error instanceof GraphQLError) return [error.message];
    throw error;
  }
}

const variables: readonly (readonly [unknown, string])[] = [
  [mark, 'Variable "$part" got invalid value; Expected type "Part" to be an object.'],
  [
    { must: [mark] },
    'Variable "$part" got invalid value at "part.must"; String cannot represent a non string value.',
  ],
  [
    { must: 'x', size: mark },
    'Variable "$part" got invalid value at "part.size"; Int cannot represent non-integer value.',
  ],
  [
    { must: 'x', size: 1e12 },
    'Variable "$part" got invalid value at "part.size"; Int cannot represent non 32-bit signed integer value.',
  ],
  [
    { must: 'x', share: mark },
    'Variable "$part" got invalid value at "part.share"; Float cannot represent non numeric value.',
  ],
  [
    { must: 'x', isNew: mark },
    'Variable "$part" got invalid value at "part.isNew"; Boolean cannot represent a non boolean value.',
  ],
  [
    { must: 'x', id: [mark] },
    'Variable "$part" got invalid value at "part.id"; ID cannot represent value.',
  ],
  [{ must: 'x', colour: mark }, 'Variable "$part" got invalid value at "part.colour".'],
  [
    { must: 'x', colour: 'GREEN' },
    'Variable "$part" got invalid value at "part.colour"; Value "GREEN" does not exist in "Colour" enum.',
  ],
  [
    { must: 'x', colour: [mark] },
    'Variable "$part" got invalid value at "part.colour"; Enum "Colour" cannot represent non-string value.',
  ],
  [
    { text: mark },
    'Variable "$part" got invalid value; Field "must" of required type "String!" was not provided.',
  ],
  [
    { must: mark, more: mark },
    'Variable "$part" got invalid value; Field "more" is not defined by type "Part".',
  ],
  [{ must: mark, [mark]: mark }, 'Variable "$part" got invalid value.'],
  [
    { must: 'x', parts: [{ must: null, text: mark }] },
    'Variable "$part" got invalid value at "part.parts[0].must"; Expected non-nullable type "String!" not to be null.',
  ],
];

const literals: readonly (readonly [string, string])[] = [
  [`size: ${JSON.stringify(mark)}`, 'Int cannot represent non-integer value.'],
  [`text: [${JSON.stringify(mark)}]`, 'String cannot represent a non string value.'],
  [`colour: ${JSON.stringify(mark)}`, 'Enum "Colour" cannot represent non-enum value.'],
  [`part: ${JSON.stringify(mark)}`, 'Expected value of type "Part".'],
  [
    `text: ${JSON.stringify(mark)} ${JSON.stringify(mark)}`,
    'Syntax Error: Expected Name, found String.',
  ],
  [`${JSON.stringify(mark)}: 1`, 'Syntax Error: Expected Name, found String.'],
  [`text: """${mark}""" """${mark}"""`, 'Syntax Error: Expected Name, found BlockString.'],
  ['tixt: "x"', 'Unknown argument "tixt" on field "Query.ask".'],
  ['colour: GREEN', 'Value does not exist in "Colour" enum.'],
];

describe('a message for the client', () => {
  it.each(variables)('quotes no value of a variable: %j', (part, expected) => {
    const messages = ofVariable(part).map(plain);
    expect(messages).toContain(expected);
    expect(messages.join()).not.toContain('MARKED');
  });

  it.each(literals)('quotes no value of a document: %s', (literal, expected) => {
    const messages = ofLiteral(literal).map(plain);
    expect(messages).toContain(expected);
    expect(messages.join()).not.toContain('MARKED');
  });

  it('is changed by nothing else', () => {
    for (const message of ['Not a cursor of this list.', 'The caller has no run of this id.', '']) {
      expect(withoutValues(message)).toBe(message);
    }
  });
});

/** Without suggestions, which another function takes off. */
function plain(message: string): string {
  return withoutValues(message.replace(/ Did you mean .*$/s, ''));
}
