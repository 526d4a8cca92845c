import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  parse,
  visit,
} from 'graphql';
import type { ASTNode, NameNode } from 'graphql';
import { afterAll, describe, expect, it } from 'vitest';

import { createSchema } from '../../src/graphql/schema.ts';
import type { RunFailure } from '../../src/inference/run.ts';

const schemaUrl = new URL('../../schema.graphql', import.meta.url);
const text = readFileSync(schemaUrl, 'utf8');

/** Fields by type. */
const contract: Readonly<Record<string, string>> = {
  Query:
    'providers provider models model offerings offering inferenceRun inferenceRuns inferenceUsage estimateInference viewer',
  Mutation: 'launchInference cancelInference resolveInference',
  Subscription: 'offeringChanged inferenceEvents',
  Provider:
    'id name kind region complianceFlags residency status feeds costPerToken throughput cheapestOffering fastestOffering offerings',
  ProviderStatus: 'state reason since',
  Feed: 'name state source lastSuccessAt ageSeconds error rejected',
  RejectedRow: 'id reason',
  Residency: 'declaredRegion basis observed',
  ObservedRegion: 'code region count lastSeenAt',
  Model:
    'id name ownedBy task contextWindow maxOutputTokens inputModalities outputModalities features lifecycle replacement costPerToken throughput region regions offerings',
  Offering:
    'id provider model region serviceTier complianceFlags available launchable costPerToken pricing throughput performance priceHistory priceAt',
  Pricing:
    'input output cachedInput unit currency method basis version source observedAt ageSeconds freshness conflict pending',
  Performance: 'throughput timeToFirstTokenMs queueMs nominal',
  Percentiles: 'p50 sampleCount windowSeconds',
  OfferingFilter:
    'provider region model task serviceTier features freshness maxCostPerToken minThroughput minContextWindow available launchable search',
  OfferingConnection: 'edges nodes pageInfo totalCount',
  Viewer: 'id scopes budget',
  Budget: 'limit reserved spent resetsAt',
  InferenceLaunched: 'run replayed',
  LaunchRefusal: 'code message retryable retryAfterSeconds',
  InferenceRun:
    'id state mode idempotencyKey provider model offering createdAt startedAt finishedAt output usage cost charge timing residency attempts providerRequestId failure',
  InferenceOutput: 'text reasoning toolCalls finishReason',
  InferenceUsage: 'inputTokens cachedInputTokens outputTokens reasoningTokens',
  InferenceCost: 'total minimum maximum currency certainty priceVersion lines',
  CostLine: 'kind quantity unitPrice amount',
  InferenceTiming: 'queueMs promptMs completionMs timeToFirstTokenMs totalMs overheadMs',
  RunResidency: 'servedCode servedRegion declaredRegion verdict',
  InferenceAttempt: 'number sentAt outcome',
  InferenceFailure: 'code message',
};

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

  it('names every code that a failed run can have', () => {
    const codes: Readonly<Record<RunFailure['code'], true>> = {
      PROCESS_ENDED: true,
      DEADLINE_EXCEEDED: true,
      CANCELLED_BY_CALLER: true,
      UNREACHABLE: true,
      TIMEOUT: true,
      CUT_ANSWER: true,
      ANSWER_TOO_LARGE: true,
      MALFORMED_ANSWER: true,
      CANCELLED: true,
      UNCONFIGURED: true,
      UNAUTHORIZED: true,
      FORBIDDEN: true,
      NETWORK_BLOCKED: true,
      UNSUPPORTED: true,
      MODEL_NOT_FOUND: true,
      MODEL_DECOMMISSIONED: true,
      MODEL_TERMS_REQUIRED: true,
      ORGANIZATION_RESTRICTED: true,
      SPEND_LIMIT_REACHED: true,
      INVALID_REQUEST: true,
      CONTEXT_LENGTH_EXCEEDED: true,
      TOOL_USE_FAILED: true,
      JSON_VALIDATE_FAILED: true,
      OUTPUT_PARSE_FAILED: true,
      REQUEST_TOO_LARGE: true,
      RATE_LIMITED: true,
      OVER_CAPACITY: true,
      SERVER_ERROR: true,
      DEPENDENCY_FAILED: true,
    };
    const type = createSchema(schemaUrl).getType('InferenceFailure');
    if (!isObjectType(type)) throw new Error('No type of failures');
    const described = type.getFields()['code']?.description ?? '';
    const named = new Set([...described.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code));
    expect(named).toEqual(new Set(Object.keys(codes)));
  });

  it.each(Object.entries(contract))('has the names of %s that others rely on', (type, names) => {
    const definition = createSchema(schemaUrl).getType(type);
    if (
      !isObjectType(definition) &&
      !isInterfaceType(definition) &&
      !isInputObjectType(definition)
    ) {
      throw new Error(`${type} has no fields`);
    }
    expect(Object.keys(definition.getFields())).toEqual(expect.arrayContaining(names.split(' ')));
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

function isForReaders(node: ASTNode): node is Described {
  return kindsForReaders.has(node.kind);
}

function pathOf(node: Described, ancestors: readonly (ASTNode | readonly ASTNode[])[]): string {
  const names = ancestors.flatMap((ancestor) =>
    'name' in ancestor ? [(ancestor as Described).name.value] : [],
  );
  return [...names, node.name.value].join('.');
}
