import type { Decimal } from '../domain/decimal.ts';
import type { Task } from '../domain/model.ts';
import type { Freshness } from '../domain/price.ts';
import { launchBlockerOf, priceFreshnessAt } from './launch-blocker.ts';
import type { ModelEntry, OfferingEntry } from './snapshot.ts';

/** Which offerings; everything given must hold, a list holds when one of its values does. */
export interface OfferingCriteria {
  readonly provider?: readonly string[] | undefined;
  readonly region?: readonly string[] | undefined;
  readonly model?: readonly string[] | undefined;
  readonly task?: readonly Task[] | undefined;
  readonly serviceTier?: readonly string[] | undefined;
  readonly features?: readonly string[] | undefined;
  readonly freshness?: readonly Freshness[] | undefined;
  readonly maxCostPerToken?: Decimal | undefined;
  readonly minThroughput?: number | undefined;
  readonly minContextWindow?: number | undefined;
  readonly available?: boolean | undefined;
  readonly launchable?: boolean | undefined;
  /** Lower-case words that must all occur. */
  readonly searchWords?: readonly string[] | undefined;
}

/** Tests single offerings for what the index of offerings would find at a moment. */
export function offeringTest(
  criteria: OfferingCriteria,
  nowMs: number,
): (offering: OfferingEntry) => boolean {
  const tests = [
    ...ownTestsOf(criteria),
    ...wordTestsOf(criteria),
    ...momentTestsOf(criteria, nowMs),
  ];
  for (const name of Object.keys(valueOf) as (keyof typeof valueOf)[]) {
    const wanted = criteria[name];
    if (wanted === undefined) continue;
    const values = new Set<string | undefined>(wanted);
    tests.push((offering) => values.has(valueOf[name](offering)));
  }
  return (offering) => tests.every((test) => test(offering));
}

/** What the filters that name values look at. */
const valueOf = {
  provider: ({ provider }) => provider.id,
  region: ({ region }) => region,
  model: ({ model }) => model.id,
  task: ({ model }) => model.task,
  serviceTier: ({ serviceTier }) => serviceTier,
} satisfies Partial<
  Record<keyof OfferingCriteria, (offering: OfferingEntry) => string | undefined>
>;

type OfferingTest = (offering: OfferingEntry) => boolean;

function ownTestsOf(criteria: OfferingCriteria): OfferingTest[] {
  const tests: OfferingTest[] = [];
  const { maxCostPerToken, minThroughput, minContextWindow, available } = criteria;
  if (available !== undefined) tests.push((offering) => offering.available === available);
  if (minThroughput !== undefined) {
    tests.push(({ throughput }) => throughput !== undefined && throughput >= minThroughput);
  }
  if (minContextWindow !== undefined) {
    tests.push(({ model }) => {
      const contextWindow = model.listed?.contextWindow;
      return contextWindow !== undefined && contextWindow >= minContextWindow;
    });
  }
  if (maxCostPerToken !== undefined) {
    tests.push(({ price }) => {
      const cost = price?.costPerToken;
      return cost !== undefined && cost.compare(maxCostPerToken) <= 0;
    });
  }
  return tests;
}

function wordTestsOf({ features, searchWords }: OfferingCriteria): OfferingTest[] {
  const tests: OfferingTest[] = [];
  if (features !== undefined) tests.push(({ model }) => hasAll(model, features));
  if (searchWords !== undefined) {
    tests.push(({ model, provider }) => {
      const providerText = provider.registered.name.toLowerCase();
      return searchWords.every(
        (word) => model.searchText.includes(word) || providerText.includes(word),
      );
    });
  }
  return tests;
}

function hasAll({ listed }: ModelEntry, features: readonly string[]): boolean {
  return features.every((name) => listed?.features?.includes(name) === true);
}

/** Tests of what an offering is at a moment. */
function momentTestsOf(criteria: OfferingCriteria, nowMs: number): OfferingTest[] {
  const tests: OfferingTest[] = [];
  const { launchable } = criteria;
  if (criteria.freshness !== undefined) {
    const wanted = new Set<Freshness>(criteria.freshness);
    tests.push(
      ({ price, provider }) =>
        price !== undefined && wanted.has(priceFreshnessAt(price, nowMs, provider.pollIntervalMs)),
    );
  }
  if (launchable !== undefined) {
    tests.push((offering) => (launchBlockerOf(offering, nowMs) === undefined) === launchable);
  }
  return tests;
}
