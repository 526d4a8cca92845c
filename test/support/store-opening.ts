import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { CatalogueRow } from '../../src/catalogue/catalogue-store.ts';
import { openStore, type Store } from '../../src/store/open-store.ts';
import type { StoreLog } from '../../src/store/store-log.ts';

export const silentLog: StoreLog = { info: () => undefined, warn: () => undefined };

/** Opens a store whose log and waiting times no test looks at. */
export function openQuietly(where: {
  readonly dataDir?: string;
  readonly databaseUrl?: string;
  readonly maximumConnections?: number;
}): Promise<Store> {
  return openStore({ dataDir: '', log: silentLog, lockWaitMs: 0, ...where });
}

/** A new folder, and how to take it away. */
export async function temporaryFolder(): Promise<{
  readonly path: string;
  readonly remove: () => Promise<void>;
}> {
  const path = await mkdtemp(join(tmpdir(), 'gpubroker-store-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** What a part of the contract works with. */
export interface ContractStore {
  /** The opened store; another one after {@link restart}. */
  readonly store: () => Store;
  readonly restart: () => Promise<void>;
}

/** For `loadCatalogue`: keeps the rows as they are stored. */
export function asStored(row: CatalogueRow): CatalogueRow {
  return row;
}
