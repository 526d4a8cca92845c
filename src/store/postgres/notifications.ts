import { setTimeout as delay } from 'node:timers/promises';

import { Client } from 'pg';

import { reasonOf } from '../store-error.ts';
import type { StoreLog } from '../store-log.ts';
import type { StoreNotices } from '../store-notices.ts';
import { parseDatabaseUrl } from './database-url.ts';

const channel = 'gpubroker';
const separator = ' ';
/** How long notices wait for company, in milliseconds. */
const gatherMs = 20;
/** https://www.postgresql.org/docs/current/sql-notify.html: a payload is shorter than 8000 bytes. */
const maximumPayload = 7_000;
/** Notices that wait to be sent; those beyond are left to the readers' own polling. */
const maximumWaiting = 20_000;
const connectionTimeoutMs = 5_000;
/** When a silent connection is taken for dead, and how often it is asked; milliseconds. */
const answerTimeoutMs = 5_000;
const checkIntervalMs = 10_000;
const firstRetryMs = 100;
const longestRetryMs = 2_000;

/**
 * Notices over LISTEN and NOTIFY, on one connection of their own. NOTIFY inside of a transaction makes all
 * commits of the server wait for each other, so notices are gathered and sent by themselves, after it.
 */
export class PostgresNotices implements StoreNotices {
  readonly #connectionString: string;
  readonly #log: StoreLog;
  readonly #listeners = new Set<(notice: string) => void>();
  readonly #closed = new AbortController();
  readonly #loop: Promise<void>;
  readonly #waiting = new Set<string>();
  #client: Client | undefined;
  #isSending = false;

  constructor(databaseUrl: string, log: StoreLog) {
    this.#connectionString = parseDatabaseUrl(databaseUrl).connectionString;
    this.#log = log;
    this.#loop = this.#stayConnected();
  }

  send(notice: string): void {
    if (this.#client === undefined || this.#waiting.size >= maximumWaiting) return;
    this.#waiting.add(notice);
    if (this.#isSending) return;
    this.#isSending = true;
    void this.#sendGathered().finally(() => {
      this.#isSending = false;
    });
  }

  listen(listener: (notice: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#loop;
  }

  async #sendGathered(): Promise<void> {
    while (this.#waiting.size > 0) {
      await delay(gatherMs);
      const payloads = payloadsOf(this.#waiting);
      this.#waiting.clear();
      try {
        await this.#client?.query('select pg_notify($1, payload) from unnest($2::text[]) payload', [
          channel,
          payloads,
        ]);
      } catch {
        // The connection ends and is made anew; who missed a notice looks by himself.
      }
    }
  }

  async #stayConnected(): Promise<void> {
    let failures = 0;
    while (!this.#closed.signal.aborted) {
      const client = new Client({
        connectionString: this.#connectionString,
        application_name: 'gpubroker-provider-subgraph notices',
        connectionTimeoutMillis: connectionTimeoutMs,
        query_timeout: answerTimeoutMs,
        keepAlive: true,
      });
      try {
        await this.#listenOn(client, () => {
          if (failures > 0) this.#log.info({}, 'Notices of the database come again');
          failures = 0;
        });
      } catch (error) {
        failures += 1;
        if (failures === 1) {
          this.#log.warn({ reason: reasonOf(error) }, 'Notices of the database do not come now');
        }
      } finally {
        this.#client = undefined;
        client.end().catch(() => undefined);
      }
      const waitMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(failures, 10));
      await this.#pause(waitMs * (0.5 + Math.random() / 2));
    }
  }

  /** Resolves when the store is closed; rejects when the connection ends before. */
  async #listenOn(client: Client, onConnected: () => void): Promise<void> {
    const ended = new Promise<never>((_, reject) => {
      client.on('error', reject);
      client.on('end', () => reject(new Error('The connection ended')));
    });
    ended.catch(() => undefined);
    client.on('notification', ({ payload = '' }) => {
      for (const notice of payload.split(separator)) this.#tell(notice);
    });
    await client.connect();
    await client.query(`listen ${channel}`);
    this.#client = client;
    onConnected();
    // Something may have happened before the connection was there.
    this.#tell(everything);
    while (!this.#closed.signal.aborted) {
      await Promise.race([ended, this.#pause(checkIntervalMs)]);
      if (!this.#closed.signal.aborted) await client.query('select 1');
    }
  }

  #tell(notice: string): void {
    for (const listener of this.#listeners) listener(notice);
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#closed.signal }).catch(() => undefined);
  }
}

const everything = '*';

function payloadsOf(notices: Iterable<string>): string[] {
  const payloads: string[] = [];
  let payload = '';
  for (const notice of notices) {
    if (payload.length + notice.length >= maximumPayload) {
      payloads.push(payload);
      payload = '';
    }
    payload += payload === '' ? notice : separator + notice;
  }
  if (payload !== '') payloads.push(payload);
  return payloads;
}
