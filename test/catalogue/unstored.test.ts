import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import type { CatalogueStore } from '../../src/catalogue/catalogue-store.ts';
import type { ProviderMemory } from '../../src/catalogue/memory.ts';
import { emptyMemory } from '../../src/catalogue/memory.ts';
import { rememberPoll } from '../../src/catalogue/normalise.ts';
import { Unstored } from '../../src/catalogue/unstored.ts';
import { openStore } from '../../src/store/open-store.ts';
import { model, modelList, price, priceList, startMs } from './readings.ts';

const providerIds = ['one', 'two', 'three'];
const modelsEach = 2_500;
/** A model and a price of each, and two feeds. */
const rowsEach = 2 * modelsEach + 2;
const silentLog = { warn: () => undefined, info: () => undefined };

async function emptyStore(): Promise<CatalogueStore> {
  const dataDir = mkdtempSync(join(tmpdir(), 'unstored-'));
  const store = await openStore({ dataDir, log: silentLog });
  onTestFinished(async () => {
    await store.close();
    rmSync(dataDir, { recursive: true });
  });
  return store.catalogue;
}

/** What three large providers gave in their first polls, over a storage that does nothing else. */
function firstPolls(store: Pick<CatalogueStore, 'commitCatalogue'>): Unstored {
  const memories = new Map<string, ProviderMemory>();
  const unstored = new Unstored({ store, memories, log: () => undefined });
  const ids = Array.from({ length: modelsEach }, (_, number) => `model-${number}`);
  for (const providerId of providerIds) {
    const memory = emptyMemory();
    memories.set(providerId, memory);
    const prices = ids.map((id) => price(id, { input: '0.000001', output: '0.000002' }));
    rememberPoll(
      memory,
      modelList(ids.map((id) => model(id))),
      [priceList('prices', prices)],
      startMs,
      unstored.changedOf(providerId),
    );
  }
  return unstored;
}

async function storedRows(store: CatalogueStore): Promise<readonly number[]> {
  const { rows } = await store.loadCatalogue((row) => row.provider);
  return providerIds.map((id) => rows.filter((provider) => provider === id).length);
}

describe('a large catalogue', () => {
  it('is written provider by provider, and others use the storage in between', async () => {
    const store = await emptyStore();
    const unstored = firstPolls(store);
    expect(unstored.hasAny).toBe(true);
    const writing = unstored.write([], startMs);
    // Asked for while the first is written.
    const meanwhile = await storedRows(store);
    expect(meanwhile).toEqual([rowsEach, 0, 0]);
    expect(await writing).toMatchObject({ version: 3, commits: 3 });
    expect(await storedRows(store)).toEqual([rowsEach, rowsEach, rowsEach]);
    expect(unstored.hasAny).toBe(false);
  });

  it('is written from where storage failed on, once that works again', async () => {
    const store = await emptyStore();
    let commits = 0;
    const rowsOfCommits: number[] = [];
    const unstored = firstPolls({
      commitCatalogue: async (change) => {
        commits += 1;
        if (commits === 2) throw new Error('the disk is full');
        rowsOfCommits.push([...change.rows].length);
        return await store.commitCatalogue(change);
      },
    });
    expect(await unstored.write([], startMs)).toBeUndefined();
    expect(unstored.failure).toBe('The catalogue could not be stored.');
    expect(unstored.hasAny).toBe(true);
    expect(await storedRows(store)).toEqual([rowsEach, 0, 0]);

    expect(await unstored.write([], startMs)).toMatchObject({ commits: 2 });
    expect(unstored.failure).toBeUndefined();
    expect(unstored.hasAny).toBe(false);
    expect(rowsOfCommits).toEqual([rowsEach, rowsEach, rowsEach]);
    expect(await storedRows(store)).toEqual([rowsEach, rowsEach, rowsEach]);
  });
});
