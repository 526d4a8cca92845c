import { readFileSync } from 'node:fs';

import { Catalogue } from '../../src/catalogue/catalogue.ts';
import type { CatalogueStore } from '../../src/catalogue/catalogue-store.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { parseRegistry } from '../../src/registry.ts';

/** A catalogue of one model at a contract price, which therefore may always be launched. */
export async function simulatedCatalogue(): Promise<Catalogue> {
  const root = new URL('../../', import.meta.url);
  const read = (name: string) =>
    JSON.parse(readFileSync(new URL(name, root), 'utf8')) as Record<string, object>;
  const price = { unit: 'TOKEN', input: '0.000001', output: '0.00001' };
  const registry = parseRegistry(
    {
      groq: {
        ...read('provider_registry.json')['groq'],
        modelFates: [],
        shippedList: {
          source: 'simulation',
          observedAt: '2026-01-01',
          models: [{ id: 'simulated', inputModalities: ['text'], outputModalities: ['text'] }],
        },
        declaredPrices: [
          { model: 'simulated', price, source: 'simulation', validFrom: '2026-01-01' },
        ],
      },
    },
    read('provider_registry.schema.json'),
    'simulation',
  );
  const store: CatalogueStore = {
    loadCatalogue: async () => ({ version: 0, rows: [] }),
    catalogueChangesSince: async () => ({ version: 0, rows: [] }),
    commitCatalogue: async () => 1,
    priceHistory: async () => [],
    priceHistories: async (queries) => queries.map(() => []),
    pricesAt: async (questions) => questions.map(() => undefined),
  };
  const catalogue = new Catalogue({
    registry,
    providers: new Map(),
    publicPriceList: undefined,
    store,
    clock: systemClock,
    defaultPollIntervalMs: 300_000,
    log: () => undefined,
  });
  await catalogue.open();
  catalogue.close();
  return catalogue;
}
