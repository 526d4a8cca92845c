import { Decimal } from '../../domain/decimal.ts';
import type { Fact } from '../../inference/facts.ts';
import type { Order } from '../../inference/run.ts';
import { storableInteger } from '../engine-sql.ts';
import type { RunFactTable } from '../tables.ts';
import { endingPartsOf, pricesOf, type Json } from './json-parts.ts';

type FactKind = Fact['kind'];
type FactOf<Kind extends FactKind> = Extract<Fact, { readonly kind: Kind }>;

/** A fact in columns: its kind, its time, and the rest as JSON. */
export function factColumnsOf(fact: Fact): Pick<RunFactTable, 'kind' | 'at_ms' | 'body'> {
  if (fact.kind === 'RESOLVED') {
    const { kind, ...rest } = fact;
    return columnsOf(kind, fact.resolution.atMs, rest);
  }
  const { kind, atMs, ...rest } = fact;
  return columnsOf(kind, atMs, rest);
}

function columnsOf(kind: FactKind, atMs: number, rest: object) {
  return { kind, at_ms: storableInteger(atMs, 'The time of a fact'), body: JSON.stringify(rest) };
}

/** The fact of a row, equal to the one that was stored. */
export function factOf({
  kind,
  at_ms: atMs,
  body,
}: Pick<RunFactTable, 'kind' | 'at_ms' | 'body'>): Fact {
  const revive = revivers[kind as FactKind] as (rest: unknown, atMs: number) => Fact;
  return revive(JSON.parse(body), atMs);
}

/** Members that are always there, as nothing where JSON has left them out. */
function orderOf({ declaredRegion, supersedes, metadata, ...rest }: Json<Order>): Order {
  return { ...rest, declaredRegion, supersedes, metadata };
}

type Rest<Kind extends FactKind> = Json<Omit<FactOf<Kind>, 'kind' | 'atMs'>>;

const revivers: {
  readonly [Kind in FactKind]: (rest: Rest<Kind>, atMs: number) => FactOf<Kind>;
} = {
  RESERVED: ({ prices, reserved, order, ...rest }, atMs) => ({
    kind: 'RESERVED',
    atMs,
    ...rest,
    prices: pricesOf(prices),
    reserved: Decimal.of(reserved),
    ...(order === undefined ? {} : { order: orderOf(order) }),
  }),
  QUEUED: (_rest, atMs) => ({ kind: 'QUEUED', atMs }),
  SENDING: (_rest, atMs) => ({ kind: 'SENDING', atMs }),
  ATTEMPT_VOIDED: (rest, atMs) => ({ kind: 'ATTEMPT_VOIDED', atMs, ...rest }),
  CANCEL_REQUESTED: (rest, atMs) => ({ kind: 'CANCEL_REQUESTED', atMs, ...rest }),
  ENDED: ({ ending }, atMs) => ({
    kind: 'ENDED',
    atMs,
    ending: { state: ending.state, outcome: ending.outcome, ...endingPartsOf(ending) },
  }),
  LOST: (rest, atMs) => ({ kind: 'LOST', atMs, ...rest }),
  ADOPTED: (rest, atMs) => ({ kind: 'ADOPTED', atMs, ...rest }),
  RESOLVED: ({ resolution, cost }) => ({ kind: 'RESOLVED', resolution, cost: Decimal.of(cost) }),
};
