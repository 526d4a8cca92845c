import { describe } from 'vitest';
import { asks, operation, refuseAll, sends } from './hostile.ts';
import type { HostileCase } from './hostile.ts';

const nested = (levels: number): string =>
  `{ item(id: 1) { ${'parent { '.repeat(levels)} id ${'} '.repeat(levels)} } }`;

const entities = 'query($r: [_Any!]!) { _entities(representations: $r) { ... on Item { id } } }';
const representations = (count: number): unknown[] =>
  Array.from({ length: count }, (_, id) => ({ __typename: 'Item', id }));

const doublingFragments = (levels: number): string =>
  [
    '{ ...F0 }',
    ...Array.from(
      { length: levels },
      (_, level) => `fragment F${level} on Query { ...F${level + 1} ...F${level + 1} }`,
    ),
    `fragment F${levels} on Query { a: hello }`,
  ].join(' ');

const documents: readonly HostileCase[] = [
  asks('13 levels of fields', 'DOCUMENT_TOO_DEEP', nested(11)),
  asks('600 levels of fields', 'DOCUMENT_TOO_DEEP', nested(600)),
  asks(
    'depth hidden in fragments',
    'DOCUMENT_TOO_DEEP',
    `{ item(id: 1) { ...A } } fragment A on Item { parent { parent { parent { parent { ...B } } } } }
     fragment B on Item { parent { parent { parent { parent { ...C } } } } }
     fragment C on Item { parent { parent { parent { id } } } }`,
  ),
  asks(
    '1,000 aliases',
    'DOCUMENT_TOO_MANY_TOKENS',
    `{ ${Array.from({ length: 1_000 }, (_, n) => `a${n}: hello`).join(' ')} }`,
  ),
  asks(
    '31 aliases',
    'DOCUMENT_TOO_MANY_ALIASES',
    `{ item(id: 1) { ${Array.from({ length: 31 }, (_, n) => `a${n}: id`).join(' ')} } }`,
  ),
  asks('aliases multiplied by fragments', 'DOCUMENT_TOO_MANY_ALIASES', doublingFragments(40)),
  asks(
    'a fragment that spreads itself',
    'GRAPHQL_VALIDATION_FAILED',
    '{ ...A } fragment A on Query { hello ...A }',
  ),
  asks(
    'fragments in a circle',
    'GRAPHQL_VALIDATION_FAILED',
    '{ ...A } fragment A on Query { ...B } fragment B on Query { ...C } fragment C on Query { ...A }',
  ),
  asks(
    '51 directives',
    'DOCUMENT_TOO_MANY_DIRECTIVES',
    `{ item(id: 1) { ${'... @include(if: true) { id } '.repeat(51)} } }`,
  ),
  asks(
    '60 copies of one directive',
    'DOCUMENT_TOO_MANY_DIRECTIVES',
    `{ hello ${'@skip(if: false) '.repeat(60)} }`,
  ),
  asks('an unknown directive', 'GRAPHQL_VALIDATION_FAILED', '{ hello @run(code: "x") }'),
  asks(
    '400 copies of one field',
    'DOCUMENT_TOO_MANY_REPEATS',
    `{ item(id: 1) { ${'siblings { id } '.repeat(400)} } }`,
  ),
  asks(
    'copies of one field in inline fragments',
    'DOCUMENT_TOO_MANY_REPEATS',
    `{ item(id: 1) { ${'... { siblings { id } } '.repeat(200)} } }`,
  ),
  asks(
    '21 root fields',
    'DOCUMENT_TOO_MANY_ROOT_FIELDS',
    `{ ${Array.from({ length: 21 }, (_, n) => `a${n}: hello`).join(' ')} }`,
  ),
  asks(
    '1,000 times _service',
    'DOCUMENT_TOO_MANY_TOKENS',
    `{ ${Array.from({ length: 1_000 }, (_, n) => `s${n}: _service { sdl }`).join(' ')} }`,
  ),
  asks(
    '5 times _service',
    'DOCUMENT_TOO_COSTLY',
    '{ a: _service { sdl } b: _service { sdl } c: _service { sdl } d: _service { sdl } e: _service { sdl } }',
  ),
  asks(
    '5 times the whole schema',
    'DOCUMENT_TOO_COSTLY',
    '{ a: __schema { types { name } } b: __schema { types { name } } c: __schema { types { name } } d: __schema { types { name } } e: __schema { types { name } } }',
  ),
  asks(
    'introspection in circles',
    'DOCUMENT_TOO_COSTLY',
    '{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }',
  ),
  asks(
    'introspection multiplied by aliases',
    'DOCUMENT_TOO_COSTLY',
    `{ __schema { types { ${Array.from({ length: 30 }, (_, n) => `a${n}: fields { type { fields { name } } }`).join(' ')} } } }`,
  ),
  asks(
    'deep introspection',
    'DOCUMENT_TOO_DEEP',
    `{ __type(name: "Item") { ${'ofType { '.repeat(21)} name ${'} '.repeat(21)} } }`,
  ),
  asks(
    '300 times _entities',
    'DOCUMENT_TOO_MANY_TOKENS',
    `{ ${Array.from({ length: 300 }, (_, n) => `e${n}: _entities(representations: []) { __typename }`).join(' ')} }`,
  ),
  asks(
    '25 times _entities by one variable',
    'DOCUMENT_TOO_MANY_ROOT_FIELDS',
    `query($r: [_Any!]!) { ${Array.from({ length: 25 }, (_, n) => `e${n}: _entities(representations: $r) { __typename }`).join(' ')} }`,
    { r: representations(1) },
  ),
  asks('1,001 representations', 'DOCUMENT_TOO_MANY_REPRESENTATIONS', entities, {
    r: representations(1_001),
  }),
  asks(
    '1,200 representations in two fields',
    'DOCUMENT_TOO_MANY_REPRESENTATIONS',
    'query($r: [_Any!]!) { a: _entities(representations: $r) { __typename } b: _entities(representations: $r) { __typename } }',
    { r: representations(600) },
  ),
  asks(
    'inline representations beyond the tokens',
    'DOCUMENT_TOO_MANY_TOKENS',
    `{ _entities(representations: [${'{__typename:"Item",id:"1"} '.repeat(1_001)}]) { __typename } }`,
  ),
  asks(
    'pages of pages of pages',
    'DOCUMENT_TOO_COSTLY',
    '{ items(first: 100) { nodes { items(first: 100) { nodes { items(first: 100) { nodes { id } } } } } } }',
  ),
  asks(
    'pages of pages by variables',
    'DOCUMENT_TOO_COSTLY',
    'query($n: Int = 100) { items(first: $n) { edges { node { items(last: $n) { edges { node { parent { id } } } } } } } }',
    { n: 100 },
  ),
  asks(
    'lists of lists of lists',
    'DOCUMENT_TOO_COSTLY',
    '{ plain { siblings { siblings { siblings { siblings { id } } } } } }',
  ),
  asks(
    'fragments that multiply pages',
    'DOCUMENT_TOO_COSTLY',
    'query($n: Int) { items(first: $n) { ...A ...A } } fragment A on ItemConnection { ...B ...B } fragment B on ItemConnection { nodes { items(first: $n) { nodes { id } } } }',
    { n: 100 },
  ),
  asks(
    '3,000 operations',
    'DOCUMENT_TOO_MANY_TOKENS',
    Array.from({ length: 3_000 }, (_, n) => `query Q${n} { hello }`).join(' '),
  ),
  asks('two anonymous operations', 'GRAPHQL_VALIDATION_FAILED', '{ hello } { hello }'),
  asks(
    'an unknown operation name',
    'OPERATION_RESOLUTION_FAILURE',
    'query A { hello }',
    undefined,
    { operationName: 'B' },
  ),
  asks(
    'several operations and no name',
    'OPERATION_RESOLUTION_FAILURE',
    'query A { hello } query B { hello }',
  ),
  asks(
    'an operation name of 100,000 characters',
    'OPERATION_NAME_TOO_LONG',
    'query A { hello }',
    undefined,
    { operationName: 'A'.repeat(100_000) },
  ),
  asks('a query of 900 kB', 'DOCUMENT_TOO_MANY_TOKENS', `{ ${'hello '.repeat(150_000)} }`),
  asks('a name of 900 kB', 'GRAPHQL_VALIDATION_FAILED', `{ ${'a'.repeat(900_000)} }`),
  asks(
    'a string of 900 kB that never ends',
    'GRAPHQL_PARSE_FAILED',
    `{ echo(text: "${'a'.repeat(900_000)}) }`,
  ),
  asks('300,000 open braces', 'DOCUMENT_TOO_MANY_TOKENS', '{a'.repeat(300_000)),
  asks(
    'a list value nested 900 deep',
    'GRAPHQL_VALIDATION_FAILED',
    `{ echo(text: ${'['.repeat(900)}${']'.repeat(900)}) }`,
  ),
  asks('a syntax error', 'GRAPHQL_PARSE_FAILED', '{ hello'),
  asks('a null character in the query', 'GRAPHQL_PARSE_FAILED', '{ hello \u0000 }'),
  asks('a schema definition', 'GRAPHQL_VALIDATION_FAILED', 'type Query { hello: String }'),
  asks('the field "constructor"', 'GRAPHQL_VALIDATION_FAILED', '{ constructor }'),
  asks('the field "__proto__"', 'GRAPHQL_VALIDATION_FAILED', '{ __proto__ { hello } }'),
  asks('an unknown field', 'GRAPHQL_VALIDATION_FAILED', '{ helo }'),
  asks(
    'an introspective subscription by POST',
    'SUBSCRIPTION_TRANSPORT_REQUIRED',
    'subscription { ticks }',
  ),
];

const variables: readonly HostileCase[] = [
  asks(
    'variables nested 40 deep',
    'VARIABLES_TOO_DEEP',
    'query($f: ItemFilter) { items(filter: $f) { totalCount } }',
    {
      f: JSON.parse(`${'{"nested":'.repeat(40)}null${'}'.repeat(40)}`) as unknown,
    },
  ),
  sends(
    'JSON nested 100,000 deep in variables',
    400,
    'VARIABLES_TOO_DEEP',
    `{"query":"{ hello }","variables":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`,
  ),
  asks(
    '300,000 variable values',
    'VARIABLES_TOO_LARGE',
    'query($f: ItemFilter) { items(filter: $f) { totalCount } }',
    {
      f: Array.from({ length: 300_000 }, () => 1),
    },
  ),
  asks(
    '50,000 unused variables',
    'VARIABLES_TOO_LARGE',
    '{ hello }',
    Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`v${n}`, n])),
  ),
  sends(
    'the variable name "__proto__"',
    400,
    'VARIABLES_FORBIDDEN_NAME',
    '{"query":"{ hello }","variables":{"__proto__":{"polluted":true}}}',
  ),
  sends(
    '"__proto__" deep in a representation',
    400,
    'VARIABLES_FORBIDDEN_NAME',
    `{"query":${JSON.stringify(entities)},"variables":{"r":[{"__typename":"Item","id":"1","__proto__":{"id":"2"}}]}}`,
  ),
  sends(
    '"__proto__" spelt with an escape',
    400,
    'VARIABLES_FORBIDDEN_NAME',
    '{"query":"{ hello }","variables":{"\\u005f_proto__":{}}}',
  ),
  asks(
    '"constructor" in an input object',
    'BAD_USER_INPUT',
    'query($f: ItemFilter) { items(filter: $f) { totalCount } }',
    { f: { constructor: { prototype: {} } } },
  ),
  asks(
    'a value of the wrong type',
    'BAD_USER_INPUT',
    'query($n: Int) { items(first: $n) { totalCount } }',
    { n: 'ten' },
  ),
  asks(
    'a number beyond 32 bits',
    'BAD_USER_INPUT',
    'query($n: Int) { items(first: $n) { totalCount } }',
    { n: 1e12 },
  ),
  asks(
    'an unknown enum value',
    'BAD_USER_INPUT',
    'query($c: Colour) { items(filter: { colour: $c }) { totalCount } }',
    { c: 'GREEN' },
  ),
  asks('a missing required variable', 'BAD_USER_INPUT', 'query($id: ID!) { item(id: $id) { id } }'),
  sends('variables as a string', 400, 'BAD_REQUEST', operation('{ hello }', '{"a":1}')),
  sends('variables as a list', 400, 'BAD_REQUEST', operation('{ hello }', [1])),
  sends('extensions as a number', 400, 'BAD_REQUEST', '{"query":"{ hello }","extensions":7}'),
  sends(
    'an operation name that is an object',
    400,
    'BAD_REQUEST',
    '{"query":"{ hello }","operationName":{"a":1}}',
  ),
];

describe('a hostile operation is refused in JSON with a stable code', () => {
  refuseAll({ documents, variables });
});
