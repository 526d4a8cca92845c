import { sql, type Kysely } from 'kysely';

import type {
  CatalogueChange,
  CatalogueRow,
  CatalogueStore,
  PriceHistoryQuery,
  PricePoint,
  PriceQuestion,
  StoredCatalogue,
} from '../catalogue/catalogue-store.ts';
import { jsonRows, storableInteger, storableText, type Engine } from './engine-sql.ts';
import { appendPricePoints, priceHistories, pricesAt } from './price-points.ts';
import { slicesOf } from './slices.ts';
import { noNotices, type StoreNotices } from './store-notices.ts';
import type { StoreParts } from './store-parts.ts';
import type { CatalogueRowTable, Tables } from './tables.ts';
import type { StoreTransaction, Transactions } from './transactions.ts';

/** Rows of one statement: some milliseconds of work, after which the event loop has a turn. */
const rowsPerSlice = 128;
const charactersPerSlice = 256 * 1024;
const rowsPerPage = 500;

/** The catalogue's state and its history in SQL tables, on either engine. */
export class SqlCatalogueStore implements CatalogueStore {
  readonly #database: Kysely<Tables>;
  readonly #transactions: Transactions;
  readonly #engine: Engine;
  readonly #notices: StoreNotices;

  constructor(
    { database, transactions, engine }: Omit<StoreParts, 'close'>,
    notices: StoreNotices = noNotices,
  ) {
    this.#notices = notices;
    this.#database = database;
    this.#transactions = transactions;
    this.#engine = engine;
  }

  loadCatalogue<Row>(read: (row: CatalogueRow) => Row): Promise<StoredCatalogue<Row>> {
    return this.#transactions.readInSlices(async ({ kysely }, pause) => ({
      version: await readVersion(kysely),
      rows: await readPages(pause, read, (after) =>
        pageOfRows(kysely, after).where('body', 'is not', null).execute(),
      ),
    }));
  }

  catalogueChangesSince(version: number): Promise<StoredCatalogue> {
    return this.#transactions.readInSlices(async ({ kysely }, pause) => ({
      version: await readVersion(kysely),
      rows: await readPages(pause, asItIs, (after) =>
        pageOfRows(kysely, after).where('version', '>', version).execute(),
      ),
    }));
  }

  async commitCatalogue(change: CatalogueChange): Promise<number> {
    const atMs = storableInteger(change.atMs, 'The time of a catalogue change');
    const stored = await this.#transactions.runInSlices(async (transaction, pause) => {
      const version = await takeNextVersion(transaction, atMs);
      for (const rows of slicesOf(change.rows, rowsPerSlice, charactersPerSlice, lengthOf)) {
        await writeRows(transaction, this.#engine, rows, version);
        await pause();
      }
      for (const points of slicesOf(change.pricePoints, rowsPerSlice)) {
        await appendPricePoints(transaction, this.#engine, points);
        await pause();
      }
      return version;
    });
    this.#notices.send('catalogue');
    return stored;
  }

  async priceHistory(query: PriceHistoryQuery): Promise<readonly PricePoint[]> {
    const [history] = await this.priceHistories([query]);
    return history ?? [];
  }

  priceHistories(
    queries: readonly PriceHistoryQuery[],
  ): Promise<readonly (readonly PricePoint[])[]> {
    return priceHistories(this.#database, this.#engine, queries);
  }

  pricesAt(questions: readonly PriceQuestion[]): Promise<readonly (PricePoint | undefined)[]> {
    return pricesAt(this.#database, this.#engine, questions);
  }
}

async function readVersion(database: Kysely<Tables>): Promise<number> {
  const { version } = await database
    .selectFrom('catalogue_version')
    .select('version')
    .executeTakeFirstOrThrow();
  return version;
}

/** The row stays locked until the commit: replicas commit one after the other, in the order of versions. */
async function takeNextVersion({ kysely }: StoreTransaction, atMs: number): Promise<number> {
  const { version } = await kysely
    .updateTable('catalogue_version')
    .set((expressions) => ({ version: expressions('version', '+', 1), at_ms: atMs }))
    .returning('version')
    .executeTakeFirstOrThrow();
  return version;
}

type StoredRow = Omit<CatalogueRowTable, 'version'>;

function pageOfRows(database: Kysely<Tables>, after: StoredRow | undefined) {
  const page = database
    .selectFrom('catalogue_row')
    .select(['provider', 'kind', 'key', 'body'])
    .orderBy('provider')
    .orderBy('kind')
    .orderBy('key')
    .limit(rowsPerPage);
  if (after === undefined) return page;
  return page.where(
    sql<boolean>`(provider, kind, key) > (${after.provider}, ${after.kind}, ${after.key})`,
  );
}

function asItIs(row: CatalogueRow): CatalogueRow {
  return row;
}

async function readPages<Row>(
  pause: () => Promise<void>,
  read: (row: CatalogueRow) => Row,
  readPage: (after: StoredRow | undefined) => Promise<readonly StoredRow[]>,
): Promise<Row[]> {
  const rows: Row[] = [];
  let last: StoredRow | undefined;
  do {
    const page = await readPage(last);
    for (const { provider, kind, key, body } of page) {
      rows.push(read({ provider, kind: kind as CatalogueRow['kind'], key, body }));
    }
    last = page.length < rowsPerPage ? undefined : page.at(-1);
    await pause();
  } while (last !== undefined);
  return rows;
}

async function writeRows(
  { kysely }: StoreTransaction,
  engine: Engine,
  rows: readonly CatalogueRow[],
  version: number,
): Promise<void> {
  // One statement may not write a row twice; the last word in a change counts.
  const newest = new Map<string, readonly (string | null)[]>();
  for (const { provider, kind, key, body } of rows) {
    storableText(provider, 'The provider of a catalogue row');
    storableText(key, 'The key of a catalogue row');
    if (body !== null) storableText(body, 'The body of a catalogue row');
    newest.set(`${provider}\u0000${kind}\u0000${key}`, [provider, kind, key, body]);
  }
  await sql`
    insert into catalogue_row (provider, kind, key, body, version)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, cast(${version} as bigint)
    from ${jsonRows(engine, [...newest.values()])} as given
    where true
    on conflict (provider, kind, key)
    do update set body = excluded.body, version = excluded.version
    where catalogue_row.body is distinct from excluded.body
  `.execute(kysely);
}

function lengthOf({ key, body }: CatalogueRow): number {
  return key.length + (body?.length ?? 0);
}
