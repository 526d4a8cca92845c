import { StoreError } from '../store-error.ts';

/** A checked database URL: one form for the driver, and one that may be shown. */
export interface DatabaseAddress {
  /** Holds the password: never for a log or a message. */
  readonly connectionString: string;
  /** Server and database only, e.g. `postgres://db.example:5432/gpubroker`. */
  readonly shown: string;
}

// https://www.postgresql.org/docs/current/libpq-ssl.html, and the driver's own `no-verify`.
const sslModes = new Set(['disable', 'no-verify', 'require', 'verify-ca', 'verify-full']);

/**
 * Checks a `postgres://` URL. `sslmode` means what it means to libpq: `require` encrypts without
 * checking the certificate, `verify-ca` and `verify-full` check it against `sslrootcert`.
 *
 * @throws StoreError `INVALID_DATABASE_URL`, which never repeats the URL.
 */
export function parseDatabaseUrl(databaseUrl: string): DatabaseAddress {
  const url = URL.parse(databaseUrl);
  if (url === null || !['postgres:', 'postgresql:'].includes(url.protocol)) {
    throw invalid('it has to look like postgres://user:password@host:5432/database');
  }
  if (url.pathname.length < 2) throw invalid('it names no database');
  const sslMode = url.searchParams.get('sslmode');
  if (sslMode !== null && !sslModes.has(sslMode)) {
    throw invalid(`its sslmode is none of ${[...sslModes].join(', ')}`);
  }
  if (sslMode === 'verify-ca' && !url.searchParams.has('sslrootcert')) {
    throw invalid('sslmode=verify-ca needs sslrootcert; verify-full also takes public authorities');
  }
  const shown = `postgres://${url.host === '' ? (url.searchParams.get('host') ?? 'localhost') : url.host}${url.pathname}`;
  // Without this the driver would read `require` and `verify-ca` as `verify-full`, and warn.
  if (sslMode !== null && sslMode !== 'no-verify') url.searchParams.set('uselibpqcompat', 'true');
  return { connectionString: url.href, shown };
}

function invalid(reason: string): StoreError {
  return new StoreError('INVALID_DATABASE_URL', `DATABASE_URL is not usable: ${reason}`);
}
