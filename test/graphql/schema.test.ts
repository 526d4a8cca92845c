import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { isObjectType, isUnionType, parse, visit } from 'graphql';
import type { ASTNode, NameNode } from 'graphql';
import { afterAll, describe, expect, it } from 'vitest';

import { createSchema } from '../../src/graphql/schema.ts';

const schemaUrl = new URL('../../schema.graphql', import.meta.url);
const text = readFileSync(schemaUrl, 'utf8');

describe('schema.graphql', () => {
  it('describes every type, field, argument, input and enum value for a reader who sees nothing else', () => {
    const undescribed: string[] = [];
    let described = 0;
    visit(parse(text), {
      enter(node, _key, _parent, _path, ancestors) {
        if (!isForReaders(node)) return;
        const description = node.description?.value.trim() ?? '';
        if (description.length < 4) undescribed.push(pathOf(node, ancestors));
        else described += 1;
      },
    });
    expect(undescribed).toEqual([]);
    expect(described).toBeGreaterThan(200);
  });

  it('links federation 2.9, which every composer and router in use accepts', () => {
    expect(text).toContain('https://specs.apollo.dev/federation/v2.9');
  });

  it('has every type and field for which there is a resolver', () => {
    const schema = createSchema(schemaUrl);
    for (const name of ['Query', 'Provider', 'Model', 'Offering', 'Pricing']) {
      expect(isObjectType(schema.getType(name))).toBe(true);
    }
  });

  it('names its entities and how they are found', () => {
    const schema = createSchema(schemaUrl);
    const entity = schema.getType('_Entity');
    const names = isUnionType(entity) ? entity.getTypes().map(({ name }) => name) : [];
    expect(names.sort()).toEqual(['InferenceRun', 'Model', 'Offering', 'Provider']);
    for (const name of names) {
      const type = schema.getType(name);
      expect(type?.astNode?.directives?.map((directive) => directive.name.value)).toContain('key');
      expect(type?.extensions['apollo']).toMatchObject({
        subgraph: { resolveReference: expect.any(Function) },
      });
    }
  });
});

describe('a schema that lacks what a resolver is for', () => {
  const folder = mkdtempSync(join(tmpdir(), 'schema-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    [
      'a field',
      'complianceFlags: [String!]!',
      'flags: [String!]!',
      /unknown field \w+\.complianceFlags/,
    ],
    ['an object type', /\bPercentiles\b/g, 'Quantiles', /unknown type Percentiles/],
    ['a scalar', /\bDecimal\b/g, 'Number', /unknown type Decimal/],
  ] as const)('is refused at start: %s', (name, part, other, message) => {
    const path = join(folder, `${name}.graphql`);
    writeFileSync(path, text.replaceAll(part, other));
    expect(() => createSchema(path)).toThrow(message);
  });
});

type Described = ASTNode & {
  readonly name: NameNode;
  readonly description?: { readonly value: string } | undefined;
};

const kindsForReaders = new Set([
  'ScalarTypeDefinition',
  'ObjectTypeDefinition',
  'InterfaceTypeDefinition',
  'UnionTypeDefinition',
  'EnumTypeDefinition',
  'InputObjectTypeDefinition',
  'FieldDefinition',
  'InputValueDefinition',
  'EnumValueDefinition',
  'DirectiveDefinition',
]);

/** Root types need no description: their fields have one, and explorers show nothing else of them. */
function isForReaders(node: ASTNode): node is Described {
  if (!kindsForReaders.has(node.kind)) return false;
  return !['Query', 'Mutation', 'Subscription'].includes((node as Described).name.value);
}

function pathOf(node: Described, ancestors: readonly (ASTNode | readonly ASTNode[])[]): string {
  const names = ancestors.flatMap((ancestor) =>
    'name' in ancestor ? [(ancestor as Described).name.value] : [],
  );
  return [...names, node.name.value].join('.');
}
