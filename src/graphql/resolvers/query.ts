import type { QueryResolvers } from '../generated.ts';
import { inferenceQueries } from './inference-queries.ts';
import { modelsPage } from './models.ts';
import { offeringsPage } from './offerings.ts';

export const queryResolvers: QueryResolvers = {
  providers: (_, _args, { snapshot }) => [...snapshot.providers.values()],
  provider: (_, { id }, { snapshot }) => snapshot.providers.get(id),
  models: (_, args, context) => modelsPage(args, context),
  model: (_, { id }, { snapshot }) =>
    snapshot.models.get(id) ?? snapshot.modelsByAlias.get(id.toLowerCase()),
  offerings: (_, args, context) => offeringsPage(args, context),
  offering: (_, { id }, { snapshot }) => snapshot.offerings.get(id),
  ...inferenceQueries,
};
