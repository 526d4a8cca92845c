import type { PostgresPool, PostgresPoolClient } from 'kysely';
import { Pool, types, type CustomTypesConfig, type PoolClient, type QueryResult } from 'pg';

import { statementFailureOf, StoreError } from '../store-error.ts';
import type { StoreLog } from '../store-log.ts';
import type { DatabaseAddress } from './database-url.ts';

/** Limits of one pool; zero switches a timeout off. */
export interface PostgresLimits {
  readonly maximumConnections: number;
  /** For a new connection, and for the wait for a free one. */
  readonly connectionTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly idleInTransactionTimeoutMs: number;
  /** When the answer to a statement is given up on: the way to the server is dead then. */
  readonly answerTimeoutMs: number;
}

/**
 * A pool for Kysely whose connections give integers back exactly, have the server's timeouts set, and
 * are thrown away after a failure that leaves them unusable.
 */
export class GuardedPool implements PostgresPool {
  readonly options: object;
  readonly #pool: Pool;
  /** Why no connection is given; undefined as soon as the database may be used. */
  notYet: StoreError | undefined;

  constructor(address: DatabaseAddress, limits: PostgresLimits, log: StoreLog) {
    this.#pool = new Pool({
      connectionString: address.connectionString,
      application_name: 'gpubroker-provider-subgraph',
      max: limits.maximumConnections,
      connectionTimeoutMillis: limits.connectionTimeoutMs,
      idleTimeoutMillis: limits.idleTimeoutMs,
      query_timeout: limits.answerTimeoutMs,
      keepAlive: true,
      types: exactTypes,
      // oxlint-disable-next-line typescript/no-misused-promises -- the pool awaits it, its types do not say so
      onConnect: async (client) => {
        await client.query(sessionSettings, [
          String(limits.statementTimeoutMs),
          String(limits.lockTimeoutMs),
          String(limits.idleInTransactionTimeoutMs),
        ]);
      },
    });
    this.options = this.#pool.options;
    // A server that goes away ends idle and busy connections alike, and an error nobody hears would end the process.
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
    this.#pool.on('error', (error) => {
      log.warn({ reason: error.message }, 'An idle database connection was lost');
    });
  }

  async connect(): Promise<PostgresPoolClient> {
    if (this.notYet !== undefined) throw this.notYet;
    return guarded(await this.#pool.connect());
  }

  async end(): Promise<void> {
    await this.#pool.end();
  }
}

/**
 * Set on the connection itself, because poolers between us and the server refuse settings in the first
 * packet. `synchronous_commit = off` would break the promise that acknowledged rows survive.
 */
const sessionSettings = `
  select set_config('statement_timeout', $1, false),
         set_config('lock_timeout', $2, false),
         set_config('idle_in_transaction_session_timeout', $3, false),
         case current_setting('synchronous_commit')
           when 'off' then set_config('synchronous_commit', 'on', false)
         end`;

const unusableAfter = new Set(['CONNECTION_LOST', 'READ_ONLY']);

function guarded(client: PoolClient): PostgresPoolClient {
  let unusable = false;
  return {
    query: async (text: string, values: readonly unknown[]): Promise<QueryResult> => {
      try {
        return await client.query(text, values as unknown[]);
      } catch (error) {
        unusable ||= unusableAfter.has(statementFailureOf(error));
        throw error;
      }
    },
    release: (destroy?: boolean) => client.release(destroy === true || unusable),
  } as unknown as PostgresPoolClient;
}

const int8TypeId = 20;
const defaultTypeParser = types.getTypeParser as (typeId: number, format?: string) => unknown;

const exactTypes: CustomTypesConfig = {
  getTypeParser: ((typeId: number, format?: 'text' | 'binary') =>
    typeId === int8TypeId && format !== 'binary'
      ? exactInteger
      : defaultTypeParser(typeId, format)) as typeof types.getTypeParser,
};

/** @throws StoreError `UNSTORABLE_VALUE` beyond ±(2^53 - 1), as the embedded engine does. */
function exactInteger(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new StoreError('UNSTORABLE_VALUE', 'A stored integer is beyond 2^53 - 1');
}
