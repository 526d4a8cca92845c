import { readFileSync } from 'node:fs';

import { buildSubgraphSchema } from '@apollo/subgraph';
import { GraphQLScalarType, isObjectType } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { gql } from 'graphql-tag';

import { withAuthDirectives } from './auth-directives.ts';
import { resolveEntities, resolveReference } from './entities.ts';
import type { Resolvers } from './generated.ts';
import { inferenceUsageRowResolvers, viewerResolvers } from './resolvers/inference-queries.ts';
import {
  inferenceCostResolvers,
  inferenceEventResolvers,
  inferenceRunResolvers,
} from './resolvers/inference-run.ts';
import { modelResolvers } from './resolvers/model.ts';
import { mutationResolvers } from './resolvers/mutation.ts';
import {
  offeringResolvers,
  percentilesResolvers,
  performanceResolvers,
  pricingResolvers,
} from './resolvers/offering.ts';
import {
  offeringChangeResolvers,
  offeringStateResolvers,
  statedPriceResolvers,
} from './resolvers/offering-change.ts';
import { feedResolvers, providerResolvers, residencyResolvers } from './resolvers/provider.ts';
import { queryResolvers } from './resolvers/query.ts';
import { dateTimeScalar, decimalScalar, jsonScalar } from './scalars.ts';

const resolvers: Resolvers = {
  Query: queryResolvers,
  Mutation: mutationResolvers,
  InferenceRun: inferenceRunResolvers,
  InferenceCost: inferenceCostResolvers,
  InferenceEvent: inferenceEventResolvers,
  InferenceUsageRow: inferenceUsageRowResolvers,
  OfferingChange: offeringChangeResolvers,
  OfferingState: offeringStateResolvers,
  StatedPrice: statedPriceResolvers,
  Viewer: viewerResolvers,
  Provider: providerResolvers,
  Residency: residencyResolvers,
  Feed: feedResolvers,
  Model: modelResolvers,
  Offering: offeringResolvers,
  Pricing: pricingResolvers,
  Performance: performanceResolvers,
  Percentiles: percentilesResolvers,
  JSON: jsonScalar,
  Decimal: decimalScalar,
  DateTime: dateTimeScalar,
};

/**
 * The executable schema of `schema.graphql`.
 *
 * @throws Error when a resolver is for a type or field that the schema does not have, which the library
 * would leave unsaid.
 */
export function createSchema(
  schemaPath: string | URL,
  options: {
    /** Whether the SDL for composition says which fields need a right; the rights are the same without. */
    readonly authDirectives?: boolean;
  } = {},
): GraphQLSchema {
  const document = gql(readFileSync(schemaPath, 'utf8'));
  const schema = buildSubgraphSchema([
    {
      typeDefs: options.authDirectives === true ? withAuthDirectives(document) : document,
      resolvers: {
        ...resolvers,
        Query: { ...resolvers.Query, _entities: resolveEntities },
        Provider: { ...resolvers.Provider, __resolveReference: resolveReference },
        Model: { ...resolvers.Model, __resolveReference: resolveReference },
        Offering: { ...resolvers.Offering, __resolveReference: resolveReference },
        InferenceRun: { ...resolvers.InferenceRun, __resolveReference: resolveReference },
      },
    },
  ]);
  for (const [typeName, fields] of Object.entries(resolvers)) {
    const type = schema.getType(typeName);
    if (type === undefined) throw new Error(`Resolvers for an unknown type ${typeName}`);
    if (!isObjectType(type) || fields instanceof GraphQLScalarType) continue;
    for (const fieldName of Object.keys(fields)) {
      if (type.getFields()[fieldName] === undefined) {
        throw new Error(`A resolver for an unknown field ${typeName}.${fieldName}`);
      }
    }
  }
  return schema;
}
