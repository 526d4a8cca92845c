import type { FeedResolvers, ProviderResolvers, ResidencyResolvers } from '../generated.ts';
import { ageSeconds } from './offering.ts';
import { offeringsPage } from './offerings.ts';

export const providerResolvers: ProviderResolvers = {
  name: ({ registered }) => registered.name,
  kind: ({ registered }) => registered.kind,
  region: ({ registered }) => registered.region.declared,
  complianceFlags: ({ registered }) => registered.region.complianceFlags,
  residency: (provider) => provider,
  status: ({ status }) => ({ ...status, since: status.sinceMs }),
  limitations: ({ registered }) => registered.limitations,
  cheapestOffering: ({ cheapestId }, _, { snapshot }) =>
    cheapestId === undefined ? null : snapshot.offerings.get(cheapestId),
  fastestOffering: ({ fastestId }, _, { snapshot }) =>
    fastestId === undefined ? null : snapshot.offerings.get(fastestId),
  offerings: ({ id }, args, context) => offeringsPage(args, context, { provider: [id] }),
};

export const residencyResolvers: ResidencyResolvers = {
  declaredRegion: ({ registered }) => registered.region.declared,
  basis: ({ registered }) => registered.region.basis,
  observed: ({ observedRegions }) =>
    observedRegions.map((observed) => ({ ...observed, lastSeenAt: observed.lastSeenAtMs })),
};

export const feedResolvers: FeedResolvers = {
  lastSuccessAt: ({ lastSuccessAtMs }) => lastSuccessAtMs,
  ageSeconds: ({ lastSuccessAtMs }, _, { nowMs }) =>
    lastSuccessAtMs === undefined ? null : ageSeconds(nowMs, lastSuccessAtMs),
};
