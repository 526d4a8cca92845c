import { getIntrospectionQuery, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { checkDocument, defaultDocumentLimits } from '../../src/graphql/document-limits.ts';
import type { DocumentLimits } from '../../src/graphql/document-limits.ts';
import { operationFacts } from '../../src/graphql/document-facts.ts';
import { evaluateCost } from '../../src/graphql/document-cost.ts';
import { PreparedDocuments } from '../../src/graphql/prepared-documents.ts';
import { testSchema } from './test-service.ts';

const costOf = (query: string, variables: Readonly<Record<string, unknown>> = {}): number => {
  const facts = operationFacts(testSchema, parse(query), undefined);
  return facts === undefined ? Number.NaN : evaluateCost(facts.cost, variables);
};

const codesOf = (
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
  limits: Partial<DocumentLimits> = {},
  operationName?: string,
): unknown[] =>
  checkDocument(
    parse(query),
    operationName,
    variables,
    { ...defaultDocumentLimits, ...limits },
    testSchema,
  ).map(({ extensions }) => extensions['code']);

describe('the cost of an operation', () => {
  it('is nothing for scalars and 1 for each object', () => {
    expect(costOf('{ hello }')).toBe(0);
    expect(costOf('{ item(id: 1) { id name } }')).toBe(1);
    expect(costOf('{ item(id: 1) { parent { parent { id } } } }')).toBe(3);
  });

  it('multiplies what a page holds by its size, wherever the size comes from', () => {
    const page = 'nodes { id parent { id } }';
    expect(costOf(`{ items(first: 50) { ${page} } }`)).toBe(1 + 50 * 2);
    expect(costOf(`{ items { ${page} } }`)).toBe(1 + 20 * 2);
    expect(costOf(`query($n: Int) { items(last: $n) { ${page} } }`, { n: 7 })).toBe(1 + 7 * 2);
    expect(costOf(`query($n: Int = 3) { items(first: $n) { ${page} } }`)).toBe(1 + 3 * 2);
    expect(costOf(`query($n: Int) { items(first: $n) { ${page} } }`)).toBe(1 + 20 * 2);
    expect(costOf(`{ items(first: 9) { edges { node { id } } pageInfo { hasNextPage } } }`)).toBe(
      1 + 9 * 2 + 1,
    );
  });

  it('counts no page larger than is served, and none smaller than nothing', () => {
    expect(costOf('{ items(first: 1000000) { nodes { id } } }')).toBe(101);
    expect(costOf('query($n: Int) { items(first: $n) { nodes { id } } }', { n: -5 })).toBe(1);
    expect(costOf('query($n: Int) { items(first: $n) { nodes { id } } }', { n: 'many' })).toBe(21);
  });

  it('takes lists that no argument bounds to hold 10', () => {
    expect(costOf('{ plain { id } }')).toBe(10);
    expect(costOf('{ plain { siblings { id } } }')).toBe(10 * (1 + 10));
  });

  it('multiplies entities by their representations', () => {
    const query = (list: string): string =>
      `query($r: [_Any!]!) { _entities(representations: ${list}) { ... on Item { id parent { id } } } }`;
    expect(costOf(query('$r'), { r: [{}, {}, {}] })).toBe(3 * 2);
    expect(costOf(query('$r'), { r: {} })).toBe(2);
    expect(costOf(query('$r'))).toBe(0);
    expect(costOf(query('[{ __typename: "Item", id: 1 }]'))).toBe(2);
  });

  it('is the same with fragments as without', () => {
    const plain =
      'query($n: Int) { items(first: $n) { nodes { parent { items(first: $n) { nodes { id } } } } } }';
    const spread = `query($n: Int) { items(first: $n) { ...C } }
      fragment C on ItemConnection { nodes { ...I } } fragment I on Item { ... on Item { parent { items(first: $n) { ...N } } } }
      fragment N on ItemConnection { nodes { id } }`;
    expect(costOf(spread, { n: 12 })).toBe(costOf(plain, { n: 12 }));
    expect(costOf(plain, { n: 12 })).toBe(1 + 12 * (1 + 1 + 1 + 12));
  });

  it('stays a number however often fragments multiply', () => {
    const fragments = Array.from(
      { length: 60 },
      (_, level) =>
        `fragment F${level} on Item { items(first: $n) { nodes { ...F${level + 1} ...F${level + 1} } } }`,
    ).join(' ');
    const cost = costOf(
      `query($n: Int) { item(id: 1) { ...F0 } } ${fragments} fragment F60 on Item { id }`,
      { n: 100 },
    );
    expect(Number.isFinite(cost)).toBe(true);
    expect(cost).toBeGreaterThan(1e12);
  });
});

describe('the check of a document', () => {
  it('lets ordinary operations pass', () => {
    expect(codesOf('{ items(first: 100) { nodes { id name parent { id } } } }')).toEqual([]);
    const everything = getIntrospectionQuery({
      descriptions: true,
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      schemaDescription: true,
      inputValueDeprecation: true,
      oneOf: true,
    });
    expect(codesOf(everything)).toEqual([]);
  });

  it('says the limit and what was asked', () => {
    const [error] = checkDocument(
      parse('{ item(id: 1) { parent { id } } }'),
      undefined,
      {},
      { ...defaultDocumentLimits, maxDepth: 2 },
      testSchema,
    );
    expect(error?.message).toBe(
      'The operation asks for 3 levels of fields; at most 2 are allowed.',
    );
    expect(error?.extensions).toEqual({ code: 'DOCUMENT_TOO_DEEP', limit: 2, actual: 3 });
  });

  it('allows exactly the limit and refuses one more', () => {
    const limits = { maxAliases: 2, maxRootFields: 2, maxDirectives: 1, maxRepeats: 1 };
    expect(codesOf('{ a: hello b: hello }', {}, limits)).toEqual([]);
    expect(codesOf('{ item(id: 1) { a: id b: id c: id } }', {}, limits)).toEqual([
      'DOCUMENT_TOO_MANY_ALIASES',
    ]);
    expect(codesOf('{ hello item(id: 1) { id } requestId }', {}, limits)).toEqual([
      'DOCUMENT_TOO_MANY_ROOT_FIELDS',
    ]);
    expect(codesOf('query @a @b { hello }', {}, limits)).toEqual(['DOCUMENT_TOO_MANY_DIRECTIVES']);
    expect(codesOf('{ item(id: 1) { id id } }', {}, limits)).toEqual([]);
    expect(codesOf('{ item(id: 1) { id id id } }', {}, limits)).toEqual([
      'DOCUMENT_TOO_MANY_REPEATS',
    ]);
  });

  it('counts the same field of different types as different fields', () => {
    expect(
      codesOf(
        '{ item(id: 1) { ... on Item { id } ... on Other { id } id } }',
        {},
        { maxRepeats: 0 },
      ),
    ).toEqual([]);
  });

  it('judges the operation that is asked for, not its neighbours', () => {
    const query = 'query Small { hello } query Large { plain { siblings { siblings { id } } } }';
    expect(codesOf(query, {}, { maxCost: 100 }, 'Small')).toEqual([]);
    expect(codesOf(query, {}, { maxCost: 100 }, 'Large')).toEqual(['DOCUMENT_TOO_COSTLY']);
  });

  it('leaves an operation that cannot be found to the engine', () => {
    expect(codesOf('query A { hello }', {}, {}, 'B')).toEqual([]);
    expect(codesOf('query A { hello } query B { hello }')).toEqual([]);
    expect(codesOf('query A { hello }', {}, {}, '')).toEqual([]);
  });

  it('bears documents that are not valid', () => {
    expect(codesOf('{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }')).toEqual(
      [],
    );
    expect(codesOf('{ nothing { of { this } } ...Missing ... on Nowhere { x } }')).toEqual([]);
    expect(codesOf('mutation { nothing }')).toEqual([]);
  });

  it('ends on a document of 1 MB', () => {
    const wide = `{ ${' x: items(first: 100) { nodes { id } }'.repeat(27_000)} }`;
    expect(wide.length).toBeGreaterThan(1_000_000);
    expect(codesOf(wide)).toContain('DOCUMENT_TOO_MANY_ALIASES');
    const chain = Array.from(
      { length: 12_000 },
      (_, n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} a: hello }`,
    ).join(' ');
    expect(codesOf(`{ ...F0 } ${chain}`)).toContain('DOCUMENT_TOO_MANY_ALIASES');
  });
});

describe('prepared documents', () => {
  const documents = new PreparedDocuments(testSchema, defaultDocumentLimits);

  it('are parsed and validated once', () => {
    const first = documents.prepare('{ hello }', undefined);
    const second = documents.prepare('{ hello }', undefined);
    expect(first.ok).toBe(true);
    expect(second).toBe(first);
  });

  it('are known to the engine by the hash of their text', async () => {
    const { createHash } = await import('node:crypto');
    const prepared = documents.prepare('{ requestId }', undefined);
    const hash = createHash('sha256').update('{ requestId }').digest('hex');
    expect(prepared.ok && prepared.prepared.document).toBe(documents.byHash(hash));
  });

  it('are forgotten, the least recently used first', () => {
    const crowded = new PreparedDocuments(testSchema, defaultDocumentLimits);
    const kept = crowded.prepare('{ hello }', undefined);
    const old = crowded.prepare('{ requestId }', undefined);
    for (let n = 0; n < 999; n += 1) {
      crowded.prepare(`query Q${n} { hello }`, undefined);
      crowded.prepare('{ hello }', undefined);
    }
    expect(crowded.prepare('{ hello }', undefined)).toBe(kept);
    expect(crowded.prepare('{ requestId }', undefined)).not.toBe(old);
  });

  it('of great length are not kept', () => {
    const text = `{ hello } #${'a'.repeat(100_000)}`;
    expect(documents.prepare(text, undefined)).not.toBe(documents.prepare(text, undefined));
  });

  it('check the limits before validation, which is what hostile documents make slow', () => {
    const preparation = documents.prepare(`{ ${'nothing { id } '.repeat(30)} }`, undefined);
    expect(
      !preparation.ok && preparation.errors.map(({ extensions }) => extensions['code']),
    ).toEqual(['DOCUMENT_TOO_MANY_ROOT_FIELDS']);
  });
});
