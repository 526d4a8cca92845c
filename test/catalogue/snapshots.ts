import { buildSnapshot } from '../../src/catalogue/build-snapshot.ts';
import type { ProviderMemory } from '../../src/catalogue/memory.ts';
import { changedOfferings } from '../../src/catalogue/offering-changes.ts';
import type { OfferingChange } from '../../src/catalogue/offering-changes.ts';
import type { MeasuredPerformance, Snapshot } from '../../src/catalogue/snapshot.ts';
import type { ListedModel } from '../../src/domain/model.ts';
import type { PriceRow } from '../../src/domain/price.ts';
import type { Registry } from '../../src/registry.ts';
import { parseEntries } from '../support/registry-entries.ts';
import { memoryAfter, modelList, priceList, startMs } from './readings.ts';

/** The snapshot of these registry entries and what is remembered of their providers. */
export function snapshotOf(
  entries: Readonly<Record<string, unknown>>,
  memories: Readonly<Record<string, ProviderMemory>>,
  more: {
    readonly measurements?: ReadonlyMap<string, MeasuredPerformance>;
    readonly nowMs?: number;
    readonly previous?: Snapshot | undefined;
  } = {},
): Snapshot {
  const text = JSON.stringify(entries);
  const registry = parsed.get(text) ?? parseEntries(entries);
  parsed.set(text, registry);
  const building = buildSnapshot({
    registry,
    memories: new Map(Object.entries(memories)),
    measurements: more.measurements ?? new Map(),
    previous: more.previous,
    version: 1,
    nowMs: more.nowMs ?? startMs,
    defaultPollIntervalMs: 300_000,
  });
  return finished(building);
}

/** What changed from one snapshot to the next. */
export function changesOf(previous: Snapshot | undefined, next: Snapshot): OfferingChange[] {
  return finished(changedOfferings(previous, next));
}

function finished<Result>(work: Generator<void, Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/** Parsing a registry takes longer than everything else in a property. */
const parsed = new Map<string, Registry>();

/** What is remembered after one poll of these models and prices. */
export function polled(
  models: readonly ListedModel[],
  prices: readonly PriceRow[] = [],
): ProviderMemory {
  return memoryAfter([
    { models: modelList(models), prices: [priceList('models', prices)], nowMs: startMs },
  ]);
}
