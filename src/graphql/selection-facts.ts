import type { FieldNode } from 'graphql';

import { FREE, sumCosts } from './document-cost.ts';
import type { CostPlan } from './document-cost.ts';

/** Keeps counts finite where fragments spread one another many times. */
export const COUNT_CEILING = 1e9;

/** What is known of a selection set before its variables. */
export interface SelectionFacts {
  /** Levels of nested fields, through fragments; introspection is counted apart. */
  readonly depth: number;
  /** The same within `__schema` and `__type`. */
  readonly introspectionDepth: number;
  /** Aliases, each counted as often as its fragment is spread. */
  readonly aliases: number;
  readonly directives: number;
  /** Fields selected again beside themselves; comparing them in pairs is what makes validation slow. */
  readonly repeats: number;
  /** Fields of the set itself, through fragments. */
  readonly fields: number;
  /** `__schema` and `__type` fields. */
  readonly introspectionFields: number;
  /** What they ask for, in objects, counted like {@link cost}. */
  readonly introspectionCost: CostPlan;
  /** `_service` fields. */
  readonly serviceFields: number;
  /** `_entities` fields with how often each is selected. */
  readonly entityFields: ReadonlyMap<FieldNode, number>;
  /** The cost without introspection and `_service`. */
  readonly cost: CostPlan;
}

/** The facts of a set that selects nothing. */
export const NOTHING: SelectionFacts = {
  depth: 0,
  introspectionDepth: 0,
  aliases: 0,
  directives: 0,
  repeats: 0,
  fields: 0,
  introspectionFields: 0,
  introspectionCost: FREE,
  serviceFields: 0,
  entityFields: new Map(),
  cost: FREE,
};

/** The facts of selections that stand beside each other. */
export function sumSelections(parts: readonly SelectionFacts[]): SelectionFacts {
  const only = parts.length === 1 ? parts[0] : undefined;
  if (only !== undefined) return only;
  const sum = { ...NOTHING };
  let entityFields: Map<FieldNode, number> | undefined;
  for (const part of parts) {
    sum.depth = Math.max(sum.depth, part.depth);
    sum.introspectionDepth = Math.max(sum.introspectionDepth, part.introspectionDepth);
    sum.aliases = bounded(sum.aliases + part.aliases);
    sum.directives = bounded(sum.directives + part.directives);
    sum.repeats = bounded(sum.repeats + part.repeats);
    sum.fields = bounded(sum.fields + part.fields);
    sum.introspectionFields = bounded(sum.introspectionFields + part.introspectionFields);
    sum.serviceFields = bounded(sum.serviceFields + part.serviceFields);
    for (const [node, times] of part.entityFields) {
      entityFields ??= new Map();
      entityFields.set(node, bounded((entityFields.get(node) ?? 0) + times));
    }
  }
  return {
    ...sum,
    introspectionCost: sumCosts(parts.map(({ introspectionCost }) => introspectionCost)),
    entityFields: entityFields ?? NOTHING.entityFields,
    cost: sumCosts(parts.map(({ cost }) => cost)),
  };
}

function bounded(count: number): number {
  return Math.min(count, COUNT_CEILING);
}
