import type {
  OfferingChangeResolvers,
  OfferingStateResolvers,
  StatedPriceResolvers,
} from '../generated.ts';

export const offeringChangeResolvers: OfferingChangeResolvers = {
  snapshotVersion: ({ version }) => version,
  at: ({ atMs }) => atMs,
  offering: ({ offeringId }, _, { snapshot }) =>
    offeringId === undefined ? null : snapshot.offerings.get(offeringId),
};

export const offeringStateResolvers: OfferingStateResolvers = {
  lifecycle: ({ model }) => model.lifecycle,
  pricePending: ({ price }) => price?.pending !== undefined,
};

export const statedPriceResolvers: StatedPriceResolvers = {
  input: ({ components }) => components?.input,
  output: ({ components }) => components?.output,
  cachedInput: ({ components }) => components?.cachedInput,
  unit: ({ components }) => components?.unit,
};
