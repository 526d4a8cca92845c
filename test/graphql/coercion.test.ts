import * as fc from 'fast-check';
import { getVariableValues, parse } from 'graphql';
import type { OperationDefinitionNode } from 'graphql';
import { expect, test } from 'vitest';

import { compileVariables, notCoerced } from '../../src/graphql/compiled/coercion.ts';
import { createSchema } from '../../src/graphql/schema.ts';

const schema = createSchema(new URL('../../schema.graphql', import.meta.url));

const operation = parse(`query (
  $first: Int, $needed: Int!, $text: String = "x", $ids: [ID!], $lists: [[Int!]!], $cost: Decimal
  $filter: OfferingFilter, $filters: [OfferingFilter!], $order: OfferingOrder
  $entities: [_Any!]!, $launch: LaunchInferenceInput
) { __typename }`).definitions[0] as OperationDefinitionNode;
const definitions = operation.variableDefinitions ?? [];

/** Values of every kind, right ones more often than wrong ones. */
const scalar = fc.oneof(
  fc.constantFrom(
    null,
    true,
    0,
    1,
    2 ** 31,
    1.5,
    '',
    'groq',
    '0.5',
    '1e-7',
    'TEXT_GENERATION',
    'ASC',
  ),
  fc.integer({ min: -5, max: 50 }),
  fc.string(),
);
const filter = fc.record(
  {
    provider: fc.oneof(fc.constant('groq'), fc.array(scalar, { maxLength: 3 })),
    task: fc.constantFrom('TEXT_GENERATION', ['TEXT_GENERATION'], 'NONE', 1),
    freshness: fc.constantFrom(['FRESH', 'STALE'], 'FRESH', null),
    maxCostPerToken: fc.constantFrom('0.5', 0.5, 'much', -1, {}),
    minThroughput: fc.constantFrom(1, 1.5, '1', null),
    available: fc.constantFrom(true, 'true', null),
    search: fc.string(),
    unheardOf: scalar,
  },
  { requiredKeys: [] },
);
const representation = fc.record({
  __typename: fc.constantFrom('Offering', 'Model'),
  id: fc.string(),
});
const order = fc.constantFrom({ field: 'NAME' }, { field: 'NAME', direction: 'DESC' }, {}, null);
/** Inputs with defaults to be filled in, objects within objects, and scalars of our own. */
const launch = fc.record(
  {
    idempotencyKey: fc.oneof({ weight: 9, arbitrary: fc.string() }, scalar),
    model: fc.oneof({ weight: 9, arbitrary: fc.string() }, scalar),
    messages: fc.constantFrom<unknown>(
      [{ role: 'USER', content: 'Hello' }],
      { role: 'SYSTEM', content: null },
      [{ role: 'NOBODY', content: '' }],
      [{ content: '' }],
      [],
    ),
    parameters: fc.constantFrom<unknown>(
      { temperature: 1, stop: 'end', tools: [{ name: 'f', parameters: { type: 'object' } }] },
      { responseFormat: { type: 'JSON_SCHEMA', schema: { a: [1, null] } }, seed: 7 },
      { temperature: 'warm' },
    ),
    maxCost: fc.constantFrom('0.5', 1, 'much', null),
    mode: fc.constantFrom('ASYNC', 'SYNC', 'NEVER', null),
    waitMs: fc.constantFrom(0, 1.5, '1', null),
    acceptUnverifiedRegion: fc.constantFrom(true, 'yes'),
    metadata: fc.constantFrom<unknown>({ a: 'b' }, null, 'text'),
  },
  { requiredKeys: ['idempotencyKey'] },
);
const values: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  first: scalar,
  needed: scalar,
  text: fc.oneof(fc.string(), scalar),
  ids: fc.oneof(scalar, fc.array(scalar, { maxLength: 3 })),
  lists: fc.constantFrom([[1], [2, 3]], [[1], 2], [null], 1, [['a']], []),
  cost: scalar,
  filter: fc.oneof(filter, scalar),
  filters: fc.oneof(filter, fc.array(filter, { maxLength: 2 })),
  order,
  entities: fc.array(fc.oneof({ weight: 9, arbitrary: representation }, scalar), { maxLength: 5 }),
  launch: fc.oneof(launch, fc.constantFrom({ idempotencyKey: 'k' }, {}, [])),
};

/** A variable with a value for it. */
const variable = fc.constantFrom(...definitions).chain((definition) =>
  fc.record({
    definition: fc.constant(definition),
    value: values[definition.variable.name.value]!,
  }),
);

test('variables are coerced as the engine does it, or left to it', () => {
  const outcomes = { compiled: 0, right: 0 };
  fc.assert(
    fc.property(variable, ({ definition, value }) => {
      const given = JSON.parse(
        JSON.stringify({ [definition.variable.name.value]: value }),
      ) as Record<string, unknown>;
      const compiled = compileVariables(schema, [definition])(given);
      const { coerced } = getVariableValues(schema, [definition], given);
      if (coerced !== undefined) outcomes.right += 1;
      if (compiled === notCoerced) return;
      outcomes.compiled += 1;
      expect(coerced).toBeDefined();
      expect(plainCopy(compiled)).toEqual(plainCopy(coerced));
    }),
    { numRuns: 3000 },
  );
  // Otherwise the property would hold for a compiler that coerces nothing.
  expect(outcomes.compiled).toBeGreaterThan(0.7 * outcomes.right);
  expect(outcomes.right).toBeGreaterThan(500);
});

test.each([
  ['a default that has to be filled in', { needed: 1, entities: [] }],
  ['a missing variable that is required', { text: '', entities: [] }],
  ['a null where there must be none', { text: '', needed: null, entities: [] }],
  ['a field that is not defined', { text: '', needed: 1, entities: [], filter: { nope: 1 } }],
] as const)('%s is left to the engine', (_, given) => {
  expect(compileVariables(schema, definitions)(given)).toBe(notCoerced);
});

/** Without prototypes, by which the engine's objects differ from one another. */
function plainCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainCopy);
  if (typeof value !== 'object' || value === null || 'toApproximateNumber' in value) return value;
  return Object.fromEntries(Object.entries(value).map(([name, of]) => [name, plainCopy(of)]));
}
