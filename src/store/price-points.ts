import { sql, type Kysely } from 'kysely';

import { HistoriesTooLarge } from '../catalogue/catalogue-store.ts';
import type { PriceHistoryQuery, PricePoint, PriceQuestion } from '../catalogue/catalogue-store.ts';
import { Decimal } from '../domain/decimal.ts';
import type { CostMethod, PriceBasis, PriceUnit } from '../domain/price.ts';
import { jsonRows, storableInteger, storableText, type Engine } from './engine-sql.ts';
import { slicesOf } from './slices.ts';
import type { PriceChangeTable, Tables } from './tables.ts';
import { nextTurn, type StoreTransaction } from './transactions.ts';

/** More points than a chart can show; a bound for one answer. */
export const maximumHistoryPoints = 10_000;
const questionsPerQuery = 500;

/** Points of all histories that are read at once: some 50 MB. */
const maximumPointsAtOnce = 100_000;

/**
 * One query for each {@link questionsPerQuery} questions.
 *
 * @throws RangeError unless each `limit` is between 1 and {@link maximumHistoryPoints}.
 * @throws HistoriesTooLarge
 */
export async function priceHistories(
  database: Kysely<Tables>,
  engine: Engine,
  queries: readonly PriceHistoryQuery[],
): Promise<readonly (readonly PricePoint[])[]> {
  for (const query of queries) assertHistoryQuery(query);
  const histories: PricePoint[][] = [];
  let points = 0;
  for (const slice of slicesOf(queries, questionsPerQuery)) {
    if (histories.length > 0) await nextTurn();
    const own: PricePoint[][] = slice.map(() => []);
    const rows = await historyRows(database, engine, slice, maximumPointsAtOnce - points + 1);
    points += rows.length;
    if (points > maximumPointsAtOnce) throw new HistoriesTooLarge(maximumPointsAtOnce);
    for (const row of rows) {
      own[row.position]?.push(pricePointOf(slice[row.position]?.offeringId ?? '', row));
    }
    for (const [index, history] of own.entries()) {
      const { fromMs = 0, limit = 0 } = slice[index] ?? {};
      const begins = history[0] !== undefined && history[0].atMs < fromMs;
      // One more than the limit is read, because the point in force at the start does not count.
      histories.push(begins ? history : history.slice(0, limit));
    }
  }
  return histories;
}

function assertHistoryQuery({ fromMs, toMs, limit }: PriceHistoryQuery): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > maximumHistoryPoints) {
    throw new RangeError(`A price history has 1 to ${maximumHistoryPoints} points`);
  }
  storableInteger(fromMs, 'The start of a price history');
  storableInteger(toMs, 'The end of a price history');
}

type HistoryRow = PriceColumns & { readonly position: number };

async function historyRows(
  database: Kysely<Tables>,
  engine: Engine,
  queries: readonly PriceHistoryQuery[],
  maximumRows: number,
): Promise<readonly HistoryRow[]> {
  const asked = queries.map(({ offeringId, fromMs, toMs, limit }, position) => [
    position,
    storableText(offeringId, 'The id of an offering'),
    fromMs,
    Math.max(toMs, fromMs + 1),
    limit + 1,
  ]);
  const { rows } = await sql<HistoryRow>`
    with question as materialized (
      select cast(value ->> 0 as integer) as position, value ->> 1 as offering,
             cast(value ->> 2 as bigint) as from_ms, cast(value ->> 3 as bigint) as to_ms,
             cast(value ->> 4 as integer) as most
      from ${jsonRows(engine, asked)} as given
    ), span as materialized (
      select question.position, question.to_ms, question.most, offering_key.id as offering_key,
             coalesce(
               (select max(earlier.at_ms) from price_change as earlier
                where earlier.offering_key = offering_key.id
                  and earlier.at_ms <= question.from_ms),
               question.from_ms) as start_ms
      from question
      join offering_key on offering_key.offering = question.offering
    ), numbered as (
      select span.position, span.most, price_change.*,
             row_number() over (partition by span.position order by price_change.at_ms) as number
      from span
      join price_change on price_change.offering_key = span.offering_key
                       and price_change.at_ms >= span.start_ms
                       and price_change.at_ms < span.to_ms
    )
    select * from numbered
    where number <= most
    order by position, at_ms
    limit ${maximumRows}
  `.execute(database);
  return rows;
}

/** One query for each {@link questionsPerQuery} questions. */
export async function pricesAt(
  database: Kysely<Tables>,
  engine: Engine,
  questions: readonly PriceQuestion[],
): Promise<readonly (PricePoint | undefined)[]> {
  const answers: (PricePoint | undefined)[] = [];
  for (const slice of slicesOf(questions, questionsPerQuery)) {
    if (answers.length > 0) await nextTurn();
    answers.push(...(await pointsInForce(database, engine, slice)));
  }
  return answers;
}

/**
 * Stores the points that say something new. A point counts from its moment on, so it is compared with
 * the one in force then; of two at one moment the later word counts.
 */
export async function appendPricePoints(
  { kysely }: StoreTransaction,
  engine: Engine,
  points: readonly PricePoint[],
): Promise<void> {
  for (const point of points) assertStorable(point);
  const stored = await pointsInForce(kysely, engine, points);
  const accepted = new Map<string, Map<number, PricePoint>>();
  for (const [index, point] of points.entries()) {
    let own = accepted.get(point.offeringId);
    if (own === undefined) accepted.set(point.offeringId, (own = new Map()));
    const inForce = latestOf(own.values(), point.atMs, stored[index]);
    if (inForce === undefined || !saysTheSame(inForce, point)) own.set(point.atMs, point);
  }
  const fresh = [...accepted.values()].flatMap((own) => [...own.values()]);
  if (fresh.length === 0) return;
  const keys = await offeringKeys(kysely, engine, [
    ...new Set(fresh.map(({ offeringId }) => offeringId)),
  ]);
  const rows = fresh.map((point) => [keys.get(point.offeringId) ?? null, ...columnsOf(point)]);
  await sql`
    insert into price_change (offering_key, at_ms, price_version, unit, input, output,
                              cached_input, cost_per_token, method, basis, source)
    select cast(value ->> 0 as integer), cast(value ->> 1 as bigint), value ->> 2, value ->> 3,
           value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10
    from ${jsonRows(engine, rows)} as given
    where true
    on conflict (offering_key, at_ms) do update set
      price_version = excluded.price_version, unit = excluded.unit,
      input = excluded.input, output = excluded.output, cached_input = excluded.cached_input,
      cost_per_token = excluded.cost_per_token, method = excluded.method,
      basis = excluded.basis, source = excluded.source
  `.execute(kysely);
}

async function pointsInForce(
  database: Kysely<Tables>,
  engine: Engine,
  questions: readonly PriceQuestion[],
): Promise<(PricePoint | undefined)[]> {
  const asked = questions.map(({ offeringId, atMs, version }, position) => [
    position,
    storableText(offeringId, 'The id of an offering'),
    storableInteger(atMs, 'The time of a price'),
    version === undefined ? null : storableText(version, 'The version of a price'),
  ]);
  const { rows } = await sql<PriceColumns & { readonly position: number }>`
    with question as materialized (
      select cast(value ->> 0 as integer) as position, value ->> 1 as offering,
             cast(value ->> 2 as bigint) as at_ms, value ->> 3 as version
      from ${jsonRows(engine, asked)} as given
    ), moment as materialized (
      select question.position, offering_key.id as offering_key,
             (select max(price_change.at_ms) from price_change
              where price_change.offering_key = offering_key.id
                and price_change.at_ms <= question.at_ms
                and (question.version is null or price_change.price_version = question.version)
             ) as at_ms
      from question
      join offering_key on offering_key.offering = question.offering
    )
    select moment.position, price_change.*
    from moment
    join price_change on price_change.offering_key = moment.offering_key
                     and price_change.at_ms = moment.at_ms
  `.execute(database);
  const answers: (PricePoint | undefined)[] = questions.map(() => undefined);
  for (const row of rows) {
    const question = questions[row.position];
    if (question !== undefined) answers[row.position] = pricePointOf(question.offeringId, row);
  }
  return answers;
}

/** Ids for offerings, made where there are none; the commit's lock keeps two replicas from the same id. */
async function offeringKeys(
  database: Kysely<Tables>,
  engine: Engine,
  offerings: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const known = await findOfferingKeys(database, engine, offerings);
  const missing = offerings.filter((offering) => !known.has(offering));
  if (missing.length === 0) return known;
  const { last } = await database
    .selectFrom('offering_key')
    .select((expressions) => expressions.fn.max('id').as('last'))
    .executeTakeFirstOrThrow();
  const firstFree = (last ?? 0) + 1;
  const made = missing.map((offering, index) => [firstFree + index, offering]);
  await sql`
    insert into offering_key (id, offering)
    select cast(value ->> 0 as integer), value ->> 1 from ${jsonRows(engine, made)} as given
  `.execute(database);
  for (const [index, offering] of missing.entries()) known.set(offering, firstFree + index);
  return known;
}

async function findOfferingKeys(
  database: Kysely<Tables>,
  engine: Engine,
  offerings: readonly string[],
): Promise<Map<string, number>> {
  const { rows } = await sql<{ readonly id: number; readonly offering: string }>`
    select offering_key.id, offering_key.offering
    from ${jsonRows(
      engine,
      offerings.map((offering) => [offering]),
    )} as given
    join offering_key on offering_key.offering = value ->> 0
  `.execute(database);
  return new Map(rows.map(({ id, offering }) => [offering, id]));
}

function latestOf(
  candidates: Iterable<PricePoint>,
  atMs: number,
  stored: PricePoint | undefined,
): PricePoint | undefined {
  let latest = stored;
  for (const candidate of candidates) {
    if (candidate.atMs > atMs) continue;
    if (latest === undefined || candidate.atMs >= latest.atMs) latest = candidate;
  }
  return latest;
}

function saysTheSame(left: PricePoint, right: PricePoint): boolean {
  const rightColumns = columnsOf(right);
  return columnsOf(left).every((value, index) => index === 0 || value === rightColumns[index]);
}

type PriceColumns = Omit<PriceChangeTable, 'offering_key'>;

function columnsOf(point: PricePoint): (string | number | null)[] {
  return [
    point.atMs,
    point.priceVersion,
    point.unit,
    textOf(point.input),
    textOf(point.output),
    textOf(point.cachedInput),
    textOf(point.costPerToken),
    point.method,
    point.basis,
    point.source,
  ];
}

function pricePointOf(offeringId: string, row: PriceColumns): PricePoint {
  return {
    offeringId,
    atMs: row.at_ms,
    priceVersion: row.price_version,
    unit: row.unit as PriceUnit | null,
    input: decimalOf(row.input),
    output: decimalOf(row.output),
    cachedInput: decimalOf(row.cached_input),
    costPerToken: decimalOf(row.cost_per_token),
    method: row.method as CostMethod | null,
    basis: row.basis as PriceBasis | null,
    source: row.source,
  };
}

function assertStorable({ priceVersion, source }: PricePoint): void {
  if (priceVersion !== null) storableText(priceVersion, 'The version of a price');
  if (source !== null) storableText(source, 'The source of a price');
}

function textOf(value: Decimal | null): string | null {
  return value === null ? null : value.toString();
}

function decimalOf(text: string | null): Decimal | null {
  return text === null ? null : Decimal.of(text);
}
