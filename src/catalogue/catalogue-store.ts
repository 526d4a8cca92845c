import type { Decimal } from '../domain/decimal.ts';
import type { CostMethod, PriceBasis, PriceUnit } from '../domain/price.ts';

/**
 * What the catalogue asks of storage: the last good state, so that a restart without network answers
 * from it, and every change of a price, so that history can be shown.
 */
export interface CatalogueStore {
  /**
   * Everything that is stored, with the newest version; version 0 and no rows when nothing is.
   *
   * @param read - what is kept of each row as it comes, so that a large catalogue is never held as text too;
   * called again for each attempt.
   */
  loadCatalogue<Row>(read: (row: CatalogueRow) => Row): Promise<StoredCatalogue<Row>>;

  /** The rows written after `version`, with the newest version; for replicas that follow a poller. */
  catalogueChangesSince(version: number): Promise<StoredCatalogue>;

  /**
   * Writes changed rows and price points in one transaction under the next version.
   *
   * @returns the new version, greater than any before.
   */
  commitCatalogue(change: CatalogueChange): Promise<number>;

  /**
   * Changes of an offering's price in `[fromMs, toMs)`, oldest first, at most `limit`; preceded by the
   * point that was in force at `fromMs`, where one is known.
   */
  priceHistory(query: PriceHistoryQuery): Promise<readonly PricePoint[]>;

  /**
   * {@link priceHistory} for many questions at once, in the order asked.
   *
   * @throws HistoriesTooLarge when all of them together have more points than are given at once.
   */
  priceHistories(
    queries: readonly PriceHistoryQuery[],
  ): Promise<readonly (readonly PricePoint[])[]>;

  /** The price in force at a time for each offering asked, in the order asked; undefined where unknown. */
  pricesAt(questions: readonly PriceQuestion[]): Promise<readonly (PricePoint | undefined)[]>;
}

/** More history than is read at once; fewer offerings or a shorter span have less. */
export class HistoriesTooLarge extends Error {
  override readonly name = 'HistoriesTooLarge';
  readonly maximumPoints: number;

  constructor(maximumPoints: number) {
    super(`The price histories have more than ${maximumPoints} points together`);
    this.maximumPoints = maximumPoints;
  }
}

export interface StoredCatalogue<Row = CatalogueRow> {
  readonly version: number;
  readonly rows: readonly Row[];
}

/** One remembered thing of the catalogue. Storage reads the key only; the body is the catalogue's. */
export interface CatalogueRow {
  readonly provider: string;
  readonly kind: 'MODEL' | 'PRICE' | 'FEED' | 'REGION';
  readonly key: string;
  /** JSON text; null removes the row. */
  readonly body: string | null;
}

/** What is written together. Storage goes through it row by row, and from the beginning for each attempt. */
export interface CatalogueChange {
  readonly atMs: number;
  readonly rows: Iterable<CatalogueRow>;
  readonly pricePoints: Iterable<PricePoint>;
}

export interface PriceQuestion {
  readonly offeringId: string;
  readonly atMs: number;
  /** Given: the newest price of this version up to that time, whether it was still in force or not. */
  readonly version?: string;
}

export interface PriceHistoryQuery {
  readonly offeringId: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
}

/** The price of an offering from a moment on, until the next point. */
export interface PricePoint {
  readonly offeringId: string;
  /** Milliseconds since the epoch: when the source first gave this price, or a contract began to count. */
  readonly atMs: number;
  /** Null when no component price was known from then on. */
  readonly priceVersion: string | null;
  readonly unit: PriceUnit | null;
  readonly input: Decimal | null;
  readonly output: Decimal | null;
  readonly cachedInput: Decimal | null;
  readonly costPerToken: Decimal | null;
  readonly method: CostMethod | null;
  readonly basis: PriceBasis | null;
  readonly source: string | null;
}
