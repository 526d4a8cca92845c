import { setTimeout as delay } from 'node:timers/promises';

import type { PostgresPool, PostgresPoolClient } from 'kysely';
import { Pool, types, type CustomTypesConfig, type PoolClient, type QueryResult } from 'pg';

import {
  DatabaseAway,
  isConnectionLost,
  statementFailureOf,
  StoreError,
  type StatementFailure,
} from '../store-error.ts';
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
      keepAliveInitialDelayMillis: keepAliveAfterMs,
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
    const connect = async () => await this.#connection();
    return new GuardedClient(await connect(), connect) as unknown as PostgresPoolClient;
  }

  /** Ends all connections; a server that does not take leave is not waited for. */
  async end(): Promise<void> {
    const waited = new AbortController();
    const patience = delay(leaveTakingMs, undefined, { signal: waited.signal }).catch(
      () => undefined,
    );
    await Promise.race([this.#pool.end(), patience]);
    waited.abort();
  }

  /** A connection, made anew at once when one breaks while it is made. */
  async #connection(): Promise<PoolClient> {
    const repeatBy = performance.now() + repeatForMs;
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#pool.connect();
      } catch (error) {
        if (!isConnectionLost(error)) throw error;
        if (tries >= maximumTries || performance.now() >= repeatBy) throw new DatabaseAway(error);
      }
    }
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

/** After these a connection is of no use any more. */
const meansAway: ReadonlySet<StatementFailure> = new Set(['CONNECTION_LOST', 'READ_ONLY']);

/** When a connection that is silent is asked whether its other end still lives, in milliseconds. */
const keepAliveAfterMs = 10_000;
/** How long a server may take to end connections, in milliseconds. */
const leaveTakingMs = 2_000;

/** How often a connection is made, or a reading sent: a pool may hold several that died at the same moment. */
const maximumTries = 3;
/** What was under way for longer is not begun anew, in milliseconds. */
const repeatForMs = 5_000;

/** One connection of the pool for one piece of work; another one in its place when a mere reading finds it dead. */
class GuardedClient {
  readonly #connect: () => Promise<PoolClient>;
  /** Undefined once it was given back and no other one could be had. */
  #client: PoolClient | undefined;
  #isFirst = true;
  #isUnusable = false;

  constructor(client: PoolClient, connect: () => Promise<PoolClient>) {
    this.#client = client;
    this.#connect = connect;
  }

  async query(text: string, values: readonly unknown[]): Promise<QueryResult> {
    // Only outside of a transaction, where it stands alone, a statement may be sent again.
    const isLoneReading = this.#isFirst && /^\s*select\b/i.test(text);
    const repeatBy = performance.now() + repeatForMs;
    this.#isFirst = false;
    for (let tries = 1; ; tries += 1) {
      try {
        this.#client ??= await this.#connect();
        return await this.#client.query(text, values as unknown[]);
      } catch (error) {
        const failure = statementFailureOf(error);
        if (!meansAway.has(failure)) throw error;
        this.#isUnusable = true;
        const mayRepeat = isLoneReading && failure === 'CONNECTION_LOST';
        if (!mayRepeat || tries >= maximumTries || performance.now() >= repeatBy) {
          throw error instanceof DatabaseAway ? error : new DatabaseAway(error);
        }
      }
      this.release(true);
      this.#client = undefined;
      this.#isUnusable = false;
    }
  }

  release(destroy?: boolean): void {
    this.#client?.release(destroy === true || this.#isUnusable);
  }
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
