import type { ModelResolvers } from '../generated.ts';
import { offeringsPage } from './offerings.ts';

export const modelResolvers: ModelResolvers = {
  ownedBy: ({ listed }) => listed?.ownedBy,
  contextWindow: ({ listed }) => listed?.contextWindow,
  maxOutputTokens: ({ listed }) => listed?.maxOutputTokens,
  inputModalities: ({ listed }) => listed?.inputModalities,
  outputModalities: ({ listed }) => listed?.outputModalities,
  features: ({ listed }) => listed?.features,
  lifecycleSince: ({ lifecycleSinceMs }) => lifecycleSinceMs,
  replacement: ({ replacementId }, _, { snapshot }) =>
    replacementId === undefined ? null : snapshot.models.get(replacementId),
  observedAt: ({ observedAtMs }) => observedAtMs,
  region: ({ regions }) => (regions.length === 1 ? regions[0] : null),
  offerings: ({ id }, args, context) => offeringsPage(args, context, { model: [id] }),
};
