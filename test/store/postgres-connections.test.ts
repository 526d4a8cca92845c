import { inspect } from 'node:util';

import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';

import { openStore, type Store } from '../../src/store/open-store.ts';
import type { StoreTransaction } from '../../src/store/transactions.ts';
import {
  createTestDatabase,
  postgresSkippedBecause,
  type TestDatabase,
} from '../support/postgres.ts';
import { insertSlot } from '../support/slot-rows.ts';
import { asStored, openQuietly } from '../support/store-opening.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

const insert = (transaction: StoreTransaction, slot: number) =>
  transaction.execute(insertSlot, { feed: 'test', slot });

describe.skipIf(postgresSkippedBecause !== undefined)('PostgreSQL', () => {
  let given: TestDatabase;
  let proxy: TcpProxy;
  let store: Store;

  beforeAll(async () => {
    given = await createTestDatabase();
    const proxied = await TcpProxy.before(given.url);
    proxy = proxied.proxy;
    store = await openQuietly({ databaseUrl: proxied.url });
  });

  afterEach(async () => {
    await store.database.deleteFrom('poll_slot').execute();
  });

  afterAll(async () => {
    await store.close();
    await proxy.stop();
    await given.drop();
  });

  const storedSlots = async () => {
    const rows = await store.database.selectFrom('poll_slot').select('slot').execute();
    return rows.map(({ slot }) => slot).sort((left, right) => left - right);
  };

  const insertOne = () => store.transactions.run((transaction) => insert(transaction, 1));

  test('idle connections that the server ends do no harm', async () => {
    await Promise.all(Array.from({ length: 5 }, () => store.ping()));
    await given.administer(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    await expect(insertOne()).resolves.toHaveLength(1);
  });

  test('work whose connection was lost before its commit is done again, and stored once', async () => {
    let attempts = 0;
    await store.transactions.run(async (transaction) => {
      attempts += 1;
      await insert(transaction, 1);
      if (attempts === 1) proxy.cutAll();
      await insert(transaction, 2);
    });
    expect(attempts).toBe(2);
    expect(await storedSlots()).toEqual([1, 2]);
  });

  test('a reading whose connection was dead or cut is done again on another one', async () => {
    await insertOne();
    for (const when of ['BEFORE', 'AFTER'] as const) {
      proxy.cutOnce('"slot"', when);
      expect(await storedSlots()).toEqual([1]);
    }
    proxy.cutAll();
    expect(await storedSlots()).toEqual([1]);
  });

  test('work that met a server which became a standby is done again on another connection', async () => {
    let attempts = 0;
    await store.transactions.run(async (transaction) => {
      attempts += 1;
      if (attempts === 1) await sql`set transaction read only`.execute(transaction.kysely);
      await insert(transaction, 1);
    });
    expect(attempts).toBe(2);
    expect(await storedSlots()).toEqual([1]);
  });

  test.each([
    ['BEFORE', []],
    ['AFTER', [1]],
  ] as const)(
    'a connection lost during the commit (%s the server got it) is reported as unknown, never repeated',
    async (when, stored) => {
      let attempts = 0;
      const work = store.transactions.run(async (transaction) => {
        attempts += 1;
        await insert(transaction, 1);
        proxy.cutOnce('commit', when);
      });
      await expect(work).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN' });
      expect(attempts).toBe(1);
      expect(await storedSlots()).toEqual(stored);
    },
  );

  test('work that another one’s deadlock ended is done again', async () => {
    await store.transactions.run(async (transaction) => {
      await insert(transaction, 1);
      await insert(transaction, 2);
    });
    let attempts = 0;
    let bothHoldOne: () => void = () => undefined;
    const meeting = new Promise<void>((resolve) => {
      bothHoldOne = resolve;
    });
    const touch = ({ kysely }: StoreTransaction, slot: number) =>
      kysely
        .updateTable('poll_slot')
        .set((expressions) => ({ lease_until_ms: expressions('lease_until_ms', '+', 1) }))
        .where('slot', '=', slot)
        .execute();
    const inOrder = (first: number, second: number) =>
      store.transactions.run(async (transaction) => {
        attempts += 1;
        await touch(transaction, first);
        if (attempts === 2) bothHoldOne();
        await meeting;
        await touch(transaction, second);
      });
    await Promise.all([inOrder(1, 2), inOrder(2, 1)]);

    expect(attempts).toBeGreaterThan(2);
    const rows = await store.database.selectFrom('poll_slot').select('lease_until_ms').execute();
    expect(rows).toEqual([{ lease_until_ms: 2 }, { lease_until_ms: 2 }]);
  });

  test('each connection has its timeouts, and commits that wait for the disk', async () => {
    await given.administer(
      `do $$ begin execute format('alter database %I set synchronous_commit = off', current_database()); end $$`,
    );
    const other = await openQuietly({ databaseUrl: given.url });
    const settings = await other.database
      .selectNoFrom((expressions) =>
        (
          [
            'statement_timeout',
            'lock_timeout',
            'idle_in_transaction_session_timeout',
            'synchronous_commit',
          ] as const
        ).map((name) =>
          expressions.fn<string>('current_setting', [expressions.val(name)]).as(name),
        ),
      )
      .executeTakeFirstOrThrow();
    expect(settings).toEqual({
      statement_timeout: '15s',
      lock_timeout: '10s',
      idle_in_transaction_session_timeout: '10s',
      synchronous_commit: 'on',
    });
    await other.close();
  });

  test('two replicas give their commits different versions and see each other’s rows', async () => {
    const other = await openQuietly({ databaseUrl: given.url });
    const commit = (replica: Store, key: string) =>
      replica.catalogue.commitCatalogue({
        atMs: 1,
        rows: [{ provider: 'groq', kind: 'MODEL', key, body: '1' }],
        pricePoints: [],
      });
    const versions = await Promise.all(
      Array.from({ length: 20 }, (_, index) => commit(index % 2 === 0 ? store : other, `${index}`)),
    );

    expect(new Set(versions).size).toBe(20);
    const seen = await Promise.all(
      [store, other].map((replica) => replica.catalogue.loadCatalogue(asStored)),
    );
    expect(seen[0]?.rows).toHaveLength(20);
    expect(seen[1]).toEqual(seen[0]);
    await other.close();
  });

  test('a follower never misses a row, however commits and its reads meet', async () => {
    const { version: start } = await store.catalogue.loadCatalogue(asStored);
    const known = new Set<string>();
    let version = start;
    const follow = async () => {
      const changes = await store.catalogue.catalogueChangesSince(version);
      version = changes.version;
      for (const { key } of changes.rows) known.add(key);
    };
    const keys = Array.from({ length: 40 }, (_, index) => `followed-${index}`);
    const commits = keys.map((key) =>
      store.catalogue.commitCatalogue({
        atMs: 1,
        rows: [{ provider: 'groq', kind: 'MODEL', key, body: '1' }],
        pricePoints: [],
      }),
    );
    const commitsEnded = Promise.all(commits).then(() => 'ended' as const);
    const justNow = async () => {
      await follow();
      return 'still going' as const;
    };
    while ((await Promise.race([justNow(), commitsEnded])) !== 'ended');
    await follow();
    expect([...known].sort()).toEqual(keys.sort());
  });

  test('no more connections are opened than are allowed, however much is asked at once', async () => {
    const own = await createTestDatabase();
    const bounded = await openQuietly({ databaseUrl: own.url, maximumConnections: 3 });
    await Promise.all(Array.from({ length: 50 }, () => bounded.ping()));
    const rows = await own.administer(
      `select 1 from pg_stat_activity where datname = current_database() and application_name = 'gpubroker-provider-subgraph'`,
    );
    expect(rows).toHaveLength(3);
    await bounded.close();
    await own.drop();
  });

  test('the log says once that notices do not come, and that they come again', async () => {
    const { proxy: leaving, url } = await TcpProxy.before(given.url);
    const said: string[] = [];
    const note = (_fields: object, message: string) => {
      if (message.startsWith('Notices')) said.push(message);
    };
    const other = await openStore({
      databaseUrl: url,
      dataDir: '',
      log: { info: note, warn: note },
    });
    leaving.goAway();
    const away = 'Notices of the database do not come now';
    await vi.waitFor(() => expect(said).toEqual([away]), { timeout: 20_000 });
    leaving.comeBack();
    const again = 'Notices of the database come again';
    await vi.waitFor(() => expect(said).toEqual([away, again]), { timeout: 20_000 });
    await other.close();
    await leaving.stop();
  }, 60_000);

  test('opening goes on wherever a connection is cut, migrations included', async () => {
    let opened = 0;
    for (let message = 2, isCut = true; isCut; message += 8) {
      const empty = await createTestDatabase();
      const proxied = await TcpProxy.before(empty.url);
      const cut = proxied.proxy.cutAtMessage(message);
      const other = await openQuietly({ databaseUrl: proxied.url });
      await expect(other.catalogue.loadCatalogue(asStored)).resolves.toEqual({
        version: 0,
        rows: [],
      });
      ({ isCut } = cut);
      await other.close();
      await proxied.proxy.stop();
      await empty.drop();
      opened += 1;
    }
    expect(opened).toBeGreaterThan(3);
  });

  describe('opening', () => {
    const logged: unknown[] = [];
    const opening = (databaseUrl: string) =>
      openStore({
        databaseUrl,
        dataDir: '',
        log: {
          info: (...entry) => logged.push(entry),
          warn: (...entry) => logged.push(entry),
        },
      });

    test('a server that is not there is named, its password is not', async () => {
      const error: unknown = await opening(
        'postgres://someone:s3cret-word@127.0.0.1:1/gpubroker?sslmode=disable',
      ).catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        code: 'DATABASE_UNREACHABLE',
        message: expect.stringContaining('postgres://127.0.0.1:1/gpubroker'),
      });
      expect(inspect([error, logged], { depth: 20, showHidden: true })).not.toContain(
        's3cret-word',
      );
    });

    test.each(['set_config', 'server_version_num', 'schema_migration'])(
      'where the network swallows packets from "%s" on, the database is away, and waited for',
      async (text) => {
        const { proxy: swallowing, url } = await TcpProxy.before(given.url);
        swallowing.swallowFrom(text);
        const waiting = await openStore({
          databaseUrl: url,
          dataDir: '',
          mayBeAway: true,
          log: { info: () => undefined, warn: () => undefined },
        });
        expect(swallowing.swallowed).toBeGreaterThan(0);
        await expect(waiting.ping()).rejects.toMatchObject({
          code: 'DATABASE_UNREACHABLE',
          message: expect.stringContaining('postgres://127.0.0.1'),
        });

        swallowing.swallowFrom(undefined);
        await vi.waitFor(() => waiting.ping(), { timeout: 50_000, interval: 100 });
        await waiting.close();
        await swallowing.stop();
      },
      60_000,
    );

    test('a database that is not there is refused by name', async () => {
      const url = new URL(given.url);
      url.pathname = '/no_such_database';
      const error: unknown = await opening(url.href).catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        code: 'DATABASE_REFUSED',
        message: expect.stringContaining('no_such_database'),
      });
      expect(inspect([error, logged], { depth: 20 })).not.toContain(url.href);
    });

    test('a server that does not speak TLS is not spoken to in the clear', async () => {
      await expect(opening(`${given.url}?sslmode=require`)).rejects.toMatchObject({
        code: 'DATABASE_UNREACHABLE',
        message: expect.stringContaining('SSL'),
      });
    });

    test('a read-only database is refused with the reason', async () => {
      const readOnly = await createTestDatabase();
      await readOnly.administer(
        `do $$ begin execute format('alter database %I set default_transaction_read_only = on', current_database()); end $$`,
      );
      await expect(opening(readOnly.url)).rejects.toMatchObject({
        code: 'DATABASE_UNSUPPORTED',
        message: expect.stringContaining('read-only'),
      });
      await readOnly.drop();
    });
  });
});
