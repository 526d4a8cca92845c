import type { Store } from '../../src/store/open-store.ts';
import type { GroqServer } from './groq-server.ts';
import { createTestDatabase, type TestDatabase } from './postgres.ts';
import { Replica, replicaEnvironment, startReplicaProvider } from './replicas.ts';
import { openQuietly } from './store-opening.ts';
import { TcpProxy } from './tcp-proxy.ts';

type Settings = Readonly<Record<string, string>>;

export interface ReplicaSetOptions {
  readonly count: number;
  readonly settings?: Settings;
  /** Whether the replicas reach the database through {@link ReplicaSet.proxy}. */
  readonly canBeCut?: boolean;
}

/** Replicas, and all that they share. */
export interface ReplicaSet {
  readonly groq: GroqServer;
  readonly database: TestDatabase;
  /** A store of the test's own on the same database. */
  readonly store: Store;
  /** The only way to the database that the replicas know, where it can be cut. */
  readonly proxy: TcpProxy;
  /** Those that were started, in order. */
  readonly replicas: readonly Replica[];
  readonly first: Replica;
  readonly second: Replica;
  /** Starts one more; a setting of its own wins, and `folder` is where its program is. */
  start(settings?: Settings, folder?: string): Promise<Replica>;
}

/**
 * Some replicas on a database of their own, which serve the provider's prices, for as long as the work with
 * them lasts.
 */
export async function withReplicas(
  { count, settings = {}, canBeCut = false }: ReplicaSetOptions,
  work: (set: ReplicaSet) => Promise<void>,
): Promise<void> {
  const database = await createTestDatabase();
  const { proxy, url } = await TcpProxy.before(database.url);
  const groq = await startReplicaProvider();
  const store = await openQuietly({ databaseUrl: database.url });
  const replicas: Replica[] = [];
  const start = async (more: Settings = {}, folder?: string) => {
    const databaseUrl = canBeCut ? url : database.url;
    const environment = replicaEnvironment(groq, databaseUrl, { ...settings, ...more });
    const replica = await Replica.start(environment, folder);
    replicas.push(replica);
    return replica;
  };
  const at = (place: number) => {
    const replica = replicas[place];
    if (replica === undefined) throw new RangeError(`No replica ${place}`);
    return replica;
  };
  try {
    await Promise.all(Array.from({ length: count }, async () => await start()));
    await Promise.all(replicas.map((replica) => replica.hasPrices()));
    await work({
      groq,
      database,
      store,
      proxy,
      replicas,
      get first() {
        return at(0);
      },
      get second() {
        return at(1);
      },
      start,
    });
    await Promise.all(replicas.map((replica) => replica.stop()));
  } finally {
    await Promise.all(replicas.map((replica) => replica.kill()));
    await store.close();
    await Promise.all([groq.close(), proxy.stop()]);
    await database.drop();
  }
}
