/**
 * The tables as the program reads and writes them, the same on both engines: times are integer
 * milliseconds since the epoch, money is decimal text, JSON is text, a flag is 0 or 1. A new store adds
 * its tables here and a migration in `migrations/`.
 */
export interface Tables {
  schema_compatibility: SchemaCompatibilityTable;
  catalogue_version: CatalogueVersionTable;
  catalogue_row: CatalogueRowTable;
  offering_key: OfferingKeyTable;
  price_change: PriceChangeTable;
  poll_slot: PollSlotTable;
}

/** One row: which programs may still work with this schema. */
export interface SchemaCompatibilityTable {
  id: number;
  /** A program must know the migration of this name. */
  oldest_reader: string;
}

/** One row: the newest version of the catalogue. Its lock puts commits of all replicas in order. */
export interface CatalogueVersionTable {
  id: number;
  version: number;
  at_ms: number;
}

export interface CatalogueRowTable {
  provider: string;
  kind: string;
  key: string;
  /** JSON; null where the row was removed, so that replicas which follow learn of it. */
  body: string | null;
  /** The version in which the row was last written. */
  version: number;
}

/** A short key for an offering's long id, so that history stays small. */
export interface OfferingKeyTable {
  id: number;
  offering: string;
}

export interface PriceChangeTable {
  offering_key: number;
  at_ms: number;
  price_version: string | null;
  unit: string | null;
  input: string | null;
  output: string | null;
  cached_input: string | null;
  cost_per_token: string | null;
  method: string | null;
  basis: string | null;
  source: string | null;
}

/** Who polls a feed in a slot of time. */
export interface PollSlotTable {
  feed: string;
  slot: number;
  holder: string;
  lease_until_ms: number;
  done_at_ms: number | null;
}
