import type { StorageFault } from '../domain/storage-away.ts';

/** Why the store could not be opened or could not do a piece of work; stable, for logs and tests. */
export type StoreErrorCode =
  | 'INVALID_DATABASE_URL'
  | 'DATABASE_UNREACHABLE'
  | 'DATABASE_REFUSED'
  | 'DATABASE_UNSUPPORTED'
  | 'DATABASE_CORRUPT'
  | 'FOLDER_NOT_WRITABLE'
  | 'FOLDER_LOCKED'
  | 'SCHEMA_TOO_NEW'
  | 'MIGRATION_FAILED'
  | 'BUSY'
  | 'CLOSED'
  | 'TRANSACTION_TOO_LONG'
  | 'TRANSACTION_FAILED'
  | 'COMMIT_UNKNOWN'
  | 'DISK_FAILED'
  | 'UNSTORABLE_VALUE'
  | 'KEY_TAKEN'
  | 'QUERY_TOO_LARGE';

/** Codes of a store that can't be used now, whatever is asked of it. */
const awayCodes: ReadonlySet<StoreErrorCode> = new Set([
  'DATABASE_UNREACHABLE',
  'DATABASE_REFUSED',
  'BUSY',
  'CLOSED',
  'COMMIT_UNKNOWN',
  'DISK_FAILED',
]);

/** A failure in words for the operator: it names the folder or the server, never a password. */
export class StoreError extends Error implements StorageFault {
  readonly code: StoreErrorCode;
  readonly isAway: boolean;

  constructor(code: StoreErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StoreError';
    this.code = code;
    this.isAway = awayCodes.has(code);
  }
}

/** The server could not be reached, or has become a standby, in the driver's words. */
export class DatabaseAway extends Error implements StorageFault {
  override readonly name = 'DatabaseAway';
  readonly isAway = true;

  constructor(cause: unknown) {
    super(reasonOf(cause), { cause });
  }
}

/** What an error says, for a message of ours that names the place. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'of no known reason';
  if (error.message !== '') return error.message;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : error.name;
}

/** What went wrong in a statement, in words that both engines share. */
export type StatementFailure =
  | 'CONNECTION_LOST'
  | 'SERIALIZATION_FAILURE'
  | 'UNIQUE_VIOLATION'
  | 'TIMEOUT'
  | 'STORAGE_FULL'
  | 'READ_ONLY'
  | 'OTHER';

/** Classifies what an engine threw; `OTHER` for everything that needs no answer of its own. */
export function statementFailureOf(error: unknown): StatementFailure {
  if (!(error instanceof Error)) return 'OTHER';
  if (error instanceof DatabaseAway) return statementFailureOf(error.cause);
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  if (typeof errcode === 'number') return sqliteFailures.get(errcode & 0xff) ?? unique(errcode);
  if (typeof code === 'string') {
    const known = postgresFailures.get(code);
    if (known !== undefined) return known;
    if (connectionFaults.has(code) || /^08[0-9A-Z]{3}$/.test(code)) return 'CONNECTION_LOST';
    return 'OTHER';
  }
  // The driver reports its own faults without a code.
  return connectionMessages.test(error.message) ? 'CONNECTION_LOST' : 'OTHER';
}

/** The connection went away or could not be had: nothing is known of a statement that was under way. */
export function isConnectionLost(error: unknown): boolean {
  return statementFailureOf(error) === 'CONNECTION_LOST';
}

/** A row with this key is there already. */
export function isUniqueViolation(error: unknown): boolean {
  return statementFailureOf(error) === 'UNIQUE_VIOLATION';
}

// https://www.sqlite.org/rescode.html: primary codes, and the two extended ones for keys.
const sqliteFailures = new Map<number, StatementFailure>([
  [5, 'SERIALIZATION_FAILURE'],
  [6, 'SERIALIZATION_FAILURE'],
  [8, 'READ_ONLY'],
  [13, 'STORAGE_FULL'],
]);
const sqliteUniqueCodes = new Set([1555, 2067]);

function unique(errcode: number): StatementFailure {
  return sqliteUniqueCodes.has(errcode) ? 'UNIQUE_VIOLATION' : 'OTHER';
}

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const postgresFailures = new Map<string, StatementFailure>([
  ['40001', 'SERIALIZATION_FAILURE'],
  ['40P01', 'SERIALIZATION_FAILURE'],
  ['23505', 'UNIQUE_VIOLATION'],
  ['57014', 'TIMEOUT'],
  ['55P03', 'TIMEOUT'],
  ['53100', 'STORAGE_FULL'],
  ['25006', 'READ_ONLY'],
  ['57P01', 'CONNECTION_LOST'],
  ['57P02', 'CONNECTION_LOST'],
  ['57P03', 'CONNECTION_LOST'],
  ['57P05', 'CONNECTION_LOST'],
  ['25P03', 'CONNECTION_LOST'],
  ['53300', 'CONNECTION_LOST'],
]);

const connectionFaults = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

const connectionMessages =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout exceeded when trying to connect|timeout expired|Query read timeout|Postgres connection has been discarded|The server does not support SSL)/;
