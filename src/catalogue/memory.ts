import type { ProviderFailure } from '../domain/failure.ts';
import type { ListedModel } from '../domain/model.ts';
import type { PriceBasis, PriceRow } from '../domain/price.ts';
import type { RejectedRow } from '../providers/provider.ts';
import { SharedFacts } from './shared-facts.ts';

/**
 * What the service remembers of one provider between polls: the newest good reading of each feed, row by
 * row. A row that the newest reading of its feed confirmed has no time of its own: it was seen when the
 * feed last succeeded. So a poll in which nothing changed changes one feed's entry and no row.
 *
 * Only `normalise.ts` writes here; snapshots are made from it and share nothing that it changes.
 */
export interface ProviderMemory {
  readonly models: Map<string, RememberedModel>;
  /** By feed name, then by model id. */
  readonly prices: Map<string, Map<string, RememberedPrice>>;
  readonly feeds: Map<string, RememberedFeed>;
  /** Site codes seen on the provider's answers. */
  readonly regions: Map<string, RememberedRegion>;
  /** What the memories of several providers hold together. */
  readonly shared: SharedFacts;
}

/** A model as its list last had it. */
export interface RememberedModel {
  readonly model: ListedModel;
  readonly source: string;
  /** Milliseconds since the epoch; undefined while the newest reading of the list has it. */
  readonly seenAtMs: number | undefined;
  /** Readings in a row that did not have it; gone from the second on. */
  readonly missedReadings: number;
  /** When the provider said on a launch that the model is shut down. */
  readonly decommissionedAtMs?: number;
}

/** A price as its feed last gave it. */
export interface RememberedPrice {
  readonly row: PriceRow;
  /** Milliseconds since the epoch; undefined while the newest reading of the feed confirms it. */
  readonly seenAtMs: number | undefined;
  /** A reading that moved too far to be believed at once. */
  readonly held?: HeldPrice;
}

/** A price that waits for a second reading. */
export interface HeldPrice {
  readonly row: PriceRow;
  readonly observedAtMs: number;
  readonly reason: string;
}

/** The state of a feed. */
export interface RememberedFeed {
  /** Where it is read. */
  readonly source: string;
  /** Where its last success came from, if it was read elsewhere then. */
  readonly successSource?: string | undefined;
  readonly basis: PriceBasis;
  readonly lastSuccessAtMs: number | undefined;
  /** The success before the last one: when rows that the last one lacks were seen. */
  readonly earlierSuccessAtMs?: number | undefined;
  readonly failure: ProviderFailure | undefined;
  readonly failingSinceMs: number | undefined;
  readonly rejected: readonly RejectedRow[];
}

/** How often a site code was seen. */
export interface RememberedRegion {
  readonly count: number;
  readonly lastSeenAtMs: number;
}

/** Names of the feeds, most trusted first; a provider's own price feeds come between. */
export const declaredFeed = 'declared';
export const modelListFeed = 'models';
export const publicListFeed = 'models.dev';
export const shippedFeed = 'shipped';

export function emptyMemory(shared = new SharedFacts()): ProviderMemory {
  return { models: new Map(), prices: new Map(), feeds: new Map(), regions: new Map(), shared };
}
