import { Decimal } from '../../domain/decimal.ts';
import type { Cost } from '../../inference/cost.ts';
import type { Run, RunState } from '../../inference/run.ts';
import { storableInteger, storableText } from '../engine-sql.ts';
import type { RunTable } from '../tables.ts';
import { attemptsOf, endingPartsOf, optionalDecimal, pricesOf, type Json } from './json-parts.ts';

/** The row of a run. */
export function rowOf(run: Run): RunTable {
  return {
    id: text(run.id, 'id'),
    caller: text(run.caller, 'caller'),
    idempotency_key: text(run.idempotencyKey, 'key'),
    state: run.state,
    provider: text(run.providerId, 'provider'),
    model: text(run.modelId, 'model'),
    offering: text(run.offeringId, 'offering'),
    price_version: text(run.priceVersion, 'price version'),
    created_at_ms: integer(run.createdAtMs, 'creation'),
    reserved_at_ms: integer(run.reservedAtMs, 'reservation'),
    settled_at_ms: optionalInteger(run.settledAtMs, 'settlement'),
    counted_at_ms: run.state === 'UNKNOWN' ? run.reservedAtMs : (run.settledAtMs ?? null),
    cancel_requested_at_ms: optionalInteger(run.cancelRequestedAtMs, 'cancellation'),
    owner: text(run.owner, 'owner'),
    fence: run.fence,
    facts: run.facts,
    retriable: run.retriable ? 1 : 0,
    reserved: run.reserved.toString(),
    charge: run.charge.toString(),
    cost_minimum: run.cost.minimum.toString(),
    cost_maximum: run.cost.maximum.toString(),
    input_tokens: optionalInteger(run.usage?.inputTokens, 'input'),
    output_tokens: optionalInteger(run.usage?.outputTokens, 'output'),
    body: JSON.stringify(bodyOf(run)),
  };
}

/** The run of a row, equal to the one that was stored. */
export function runOf(row: RunTable): Run {
  const body = JSON.parse(row.body) as Json<RunBody>;
  return {
    id: row.id,
    caller: row.caller,
    idempotencyKey: row.idempotency_key,
    requestHash: body.requestHash,
    mode: body.mode,
    providerId: row.provider,
    modelId: row.model,
    offeringId: row.offering,
    task: body.task,
    declaredRegion: body.declaredRegion,
    state: row.state as RunState,
    createdAtMs: row.created_at_ms,
    reservedAtMs: row.reserved_at_ms,
    startedAtMs: body.startedAtMs,
    finishedAtMs: body.finishedAtMs,
    settledAtMs: row.settled_at_ms ?? undefined,
    deadlineAtMs: body.deadlineAtMs,
    cancelRequestedAtMs: row.cancel_requested_at_ms ?? undefined,
    priceVersion: row.price_version,
    prices: pricesOf(body.prices),
    reserved: Decimal.of(row.reserved),
    cost: costOf(row, body),
    charge: Decimal.of(row.charge),
    ...endingPartsOf(body),
    attempts: attemptsOf(body.attempts),
    supersedes: body.supersedes,
    metadata: body.metadata,
    resolution: body.resolution,
    retriable: row.retriable === 1,
    owner: row.owner,
    fence: row.fence,
    facts: row.facts,
  };
}

/** What no query asks for. */
type RunBody = ReturnType<typeof bodyOf>;

function bodyOf(run: Run) {
  return {
    requestHash: run.requestHash,
    mode: run.mode,
    task: run.task,
    declaredRegion: run.declaredRegion,
    startedAtMs: run.startedAtMs,
    finishedAtMs: run.finishedAtMs,
    deadlineAtMs: run.deadlineAtMs,
    prices: run.prices,
    costCertainty: run.cost.certainty,
    costTotal: run.cost.total,
    costLines: run.cost.lines,
    usage: run.usage,
    timing: run.timing,
    servedCode: run.servedCode,
    providerRequestId: run.providerRequestId,
    failure: run.failure,
    attempts: run.attempts,
    supersedes: run.supersedes,
    metadata: run.metadata,
    resolution: run.resolution,
  };
}

function costOf(row: RunTable, body: Json<RunBody>): Cost {
  return {
    certainty: body.costCertainty,
    total: optionalDecimal(body.costTotal),
    minimum: Decimal.of(row.cost_minimum),
    maximum: Decimal.of(row.cost_maximum),
    lines: body.costLines.map(({ kind, quantity, unitPrice, amount }) => ({
      kind,
      quantity: Decimal.of(quantity),
      unitPrice: Decimal.of(unitPrice),
      amount: Decimal.of(amount),
    })),
  };
}

function text(value: string, name: string): string {
  return storableText(value, `The ${name} of a run`);
}

function integer(value: number, name: string): number {
  return storableInteger(value, `The ${name} of a run`);
}

function optionalInteger(value: number | undefined, name: string): number | null {
  return value === undefined ? null : integer(value, name);
}
