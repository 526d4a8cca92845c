import {
  buildClientSchema,
  getIntrospectionQuery,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
} from 'graphql';
import type { GraphQLNamedType, GraphQLSchema, IntrospectionQuery } from 'graphql';
import { expect, it } from 'vitest';

import { behindEachGateway } from './support/behind-gateways.ts';
import type { Bench } from './support/behind-gateways.ts';

const introspection = getIntrospectionQuery();

behindEachGateway({}, (bench) => {
  it('is composed without a remark of the composer', () => {
    expect(bench().market.supergraph.hints).toEqual([]);
  });

  it('shows every type, field and description of this subgraph to clients', async () => {
    const [seen, own] = await Promise.all([seenSchema(bench()), ownSchema(bench())]);
    const ownTypes = Object.values(own.getTypeMap()).filter(isForClients);
    expect(ownTypes.length).toBeGreaterThan(50);
    for (const type of ownTypes) {
      const lines = linesOf(type).filter((line) => !/^Query\._(entities|service)\b/.test(line));
      expect(linesOf(seen.getType(type.name))).toEqual(expect.arrayContaining(lines));
    }
  });

  it("keeps the doors that are for gateways out of the clients' schema", async () => {
    const fields = Object.keys((await seenSchema(bench())).getQueryType()?.getFields() ?? {});
    expect(fields).toEqual(expect.arrayContaining(['offerings', 'gpus', 'listings']));
    expect(fields).not.toContain('_entities');
    expect(fields).not.toContain('_service');
  });
});

/** The schema as clients of the gateway see it. */
async function seenSchema(bench: Bench): Promise<GraphQLSchema> {
  return schemaOf(await bench.data(introspection));
}

/** The schema as the service itself shows it. */
async function ownSchema(bench: Bench): Promise<GraphQLSchema> {
  return schemaOf(await bench.directData(introspection));
}

function schemaOf(answer: Record<string, unknown>): GraphQLSchema {
  return buildClientSchema(answer as unknown as IntrospectionQuery);
}

/** Leaves out GraphQL's own types and those of the federation protocol. */
function isForClients({ name }: GraphQLNamedType): boolean {
  return !name.startsWith('_') && !name.startsWith('federation__') && !name.startsWith('link__');
}

/** A type as one line for itself and for each of its members: what a client may rely on. */
function linesOf(type: GraphQLNamedType | undefined): readonly string[] {
  if (type === undefined) return [];
  const head = `${type.name}: ${type.description ?? ''}`;
  if (isEnumType(type)) {
    return [
      head,
      ...type
        .getValues()
        .map(({ name, description }) => `${type.name}.${name}: ${description ?? ''}`),
    ];
  }
  if (isInputObjectType(type)) {
    return [
      head,
      ...Object.values(type.getFields()).map(
        (field) => `${type.name}.${field.name}: ${String(field.type)} ${field.description ?? ''}`,
      ),
    ];
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return [head];
  return [
    head,
    ...Object.values(type.getFields()).map((field) => {
      const given = field.args.map((arg) => `${arg.name}: ${String(arg.type)}`).join(', ');
      return `${type.name}.${field.name}(${given}): ${String(field.type)} ${field.description ?? ''}`;
    }),
  ];
}
