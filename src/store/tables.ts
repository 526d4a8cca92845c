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
  run: RunTable;
  run_fact: RunFactTable;
  run_event: RunEventTable;
  run_content: RunContentTable;
  budget_day: BudgetDayTable;
  provider_place: ProviderPlaceTable;
  speed_sample: SpeedSampleTable;
  owner_lease: OwnerLeaseTable;
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

/** A run as its facts add up: columns for what is asked for, locked or summed, and the rest as JSON. */
export interface RunTable {
  id: string;
  caller: string;
  idempotency_key: string;
  state: string;
  provider: string;
  model: string;
  offering: string;
  price_version: string;
  created_at_ms: number;
  reserved_at_ms: number;
  settled_at_ms: number | null;
  /** The date that usage counts it by: settled, or reserved while its outcome is unknown; else null. */
  counted_at_ms: number | null;
  cancel_requested_at_ms: number | null;
  owner: string;
  fence: number;
  /** Number of the last fact: who writes the next one must have seen it. */
  facts: number;
  retriable: number;
  reserved: string;
  charge: string;
  cost_minimum: string;
  cost_maximum: string;
  input_tokens: number | null;
  output_tokens: number | null;
  body: string;
}

/** Only ever added to. */
export interface RunFactTable {
  run_id: string;
  number: number;
  kind: string;
  at_ms: number;
  /** Names the transaction that wrote it, so that one whose commit was not answered can be found. */
  step: string;
  /** JSON of what is not in the columns. */
  body: string;
}

export interface RunEventTable {
  run_id: string;
  position: number;
  at_ms: number;
  /** Sealed; null at the end of the run. */
  body: string | null;
  expires_at_ms: number;
}

/** Request and output in rows of their own: the second never rewrites the first. */
export interface RunContentTable {
  run_id: string;
  part: 'REQUEST' | 'OUTPUT';
  /** Sealed. */
  body: string;
  expires_at_ms: number;
}

export interface BudgetDayTable {
  caller: string;
  /** UTC, `2026-10-02`. */
  day: string;
  reserved: string;
  spent: string;
}

/** One of the places for runs in flight at a provider. */
export interface ProviderPlaceTable {
  provider: string;
  /** From 1 to the most that a process has asked for. */
  number: number;
  /** Null while it is free. */
  run_id: string | null;
}

export interface SpeedSampleTable {
  offering: string;
  at_ms: number;
  tokens_per_second: number | null;
  time_to_first_token_ms: number | null;
  queue_ms: number | null;
}

/** Until when a process is taken to be alive, by the database's clock. */
export interface OwnerLeaseTable {
  owner: string;
  lease_until_ms: number;
}
