import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { Client } from 'pg';

import { startPostgres } from '../test/support/postgres-server.ts';
import { routerToken, startPeer, startService } from './contenders.ts';
import type { Contender } from './contenders.ts';
import { load } from './load.ts';
import { bodiesOf } from './marketplace.ts';
import { processorMs } from './process-cost.ts';
import { machine, median } from './report.ts';

/**
 * Launches and catalogue queries with one, two and three replicas on one PostgreSQL whose commits wait for
 * the disk; the same number of connections in all, in turns. Says what each part of the machine was busy with,
 * what a launch costs the database, and how far apart the replicas' catalogues are.
 *
 * `npm run bench:replicas [-- --rounds 5 --seconds 2]`
 */
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '2' } },
});
const rounds = Number(values.rounds);
const durationMs = Number(values.seconds) * 1_000;
const connections = 48;
const replicaCounts = [1, 2, 3];
/** For the part that waits for new versions of the catalogue; the rest has the interval as shipped. */
const shortPollSeconds = 2;
const watchedVersions = 10;

const launchMutation = `mutation Launch($input: LaunchInferenceInput!) {
  launchInference(input: $input) {
    __typename
    ... on InferenceLaunched { run { id state output { text } cost { total certainty } charge } }
    ... on LaunchRefusal { code message }
  }
}`;

type Kind = 'launches' | 'queries';

/** One turn: a number of replicas under one kind of load. */
interface Turn {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** For one request: processor time in microseconds, of all replicas and of the database. */
  readonly replicaUs: number;
  readonly databaseUs: number;
  readonly transactions: number;
  readonly walBytes: number;
  /** Processors that all parts together were given; neighbours had the rest of two. */
  readonly processors: number;
}

let launches = 0;
const launchBody = () => {
  launches += 1;
  const input = {
    idempotencyKey: `bench-${launches}`,
    model: 'bench/model-000',
    prompt: 'Say hello to somebody who came in from the rain.',
    parameters: { maxOutputTokens: 200 },
  };
  return JSON.stringify({ query: launchMutation, variables: { input } });
};
const queryBodyOf = bodiesOf('varied', []);
let queries = 0;
const queryBody = () => queryBodyOf((queries += 1));

const postgres = await startPostgres({ isDurable: true });
const admin = new Client({ connectionString: `${postgres.url}/postgres` });
await admin.connect();
const contenders: Contender[] = [];
try {
  const groq = await startPeer('provider', 'groq.ts', '');
  contenders.push(groq);
  const startReplicas = async (settings: Readonly<Record<string, string>> = {}) => {
    const started: Contender[] = [];
    for (let number = 0; number < Math.max(...replicaCounts); number += 1) {
      started.push(
        await startService(new URL(groq.url).origin, {
          DATABASE_URL: `${postgres.url}/postgres`,
          ...settings,
        }),
      );
    }
    contenders.push(...started);
    return started;
  };
  const replicas = await startReplicas();
  for (const replica of replicas) await untilLaunched(replica);
  const idleCommits = await commitsOfIdleReplica(replicas.length);
  const parts = { replicas, groq };
  const turns = new Map<string, Turn[]>();
  // The first round warms up.
  for (let round = 0; round <= rounds; round += 1) {
    for (const count of replicaCounts) {
      for (const kind of ['launches', 'queries'] as const) {
        const turn = await measured(kind, count, parts);
        const name = `${kind} ${count}`;
        if (round > 0) turns.set(name, [...(turns.get(name) ?? []), turn]);
      }
    }
  }
  report(turns);
  await reportConnections(replicas.length, idleCommits);
  for (const replica of replicas) await replica.stop();
  await reportVersions(await startReplicas({ POLL_INTERVAL_SECONDS: String(shortPollSeconds) }));
} finally {
  await admin.end();
  for (const contender of contenders) await contender.stop();
  await postgres.stop();
}

async function measured(
  kind: Kind,
  count: number,
  { replicas, groq }: { readonly replicas: readonly Contender[]; readonly groq: Contender },
): Promise<Turn> {
  const before = await busyTimes(replicas, groq);
  const results = await Promise.all(
    replicas.slice(0, count).map(({ url }, number) =>
      load({
        url,
        headers: { 'x-router-token': routerToken, 'x-caller-id': `bench-${number}` },
        connections: connections / count,
        durationMs,
        body: kind === 'launches' ? launchBody : queryBody,
        answersVary: true,
      }),
    ),
  );
  const after = await busyTimes(replicas, groq);
  const requests = results.reduce((sum, { requestCount }) => sum + requestCount, 0);
  const spent = (part: keyof typeof after) => after[part] - before[part];
  const processorTime = spent('replicas') + spent('database') + spent('provider') + spent('load');
  return {
    perSecond: results.reduce((sum, each) => sum + each.requestCount / each.seconds, 0),
    p50: median(results.map(({ p50 }) => p50)),
    p99: Math.max(...results.map(({ p99 }) => p99)),
    replicaUs: (spent('replicas') * 1_000) / requests,
    databaseUs: (spent('database') * 1_000) / requests,
    transactions: spent('commits') / requests,
    walBytes: spent('walBytes') / requests,
    processors: processorTime / spent('atMs'),
  };
}

/** Processor time of each part by now, in milliseconds, and what the database has written. */
async function busyTimes(replicas: readonly Contender[], groq: Contender) {
  const { user, system } = process.cpuUsage();
  const { rows } = await admin.query<{ pids: number[]; commits: string; wal: string }>(
    `select (select array_agg(pid) from pg_stat_activity) as pids,
            (select sum(xact_commit) from pg_stat_database) as commits,
            pg_current_wal_lsn() - '0/0' as wal`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('The database says nothing of itself');
  return {
    atMs: performance.now(),
    replicas: replicas.reduce((sum, { processId }) => sum + processorMs(processId), 0),
    database: row.pids.reduce((sum, pid) => sum + processorMs(pid), 0),
    provider: processorMs(groq.processId),
    load: (user + system) / 1_000,
    commits: Number(row.commits),
    walBytes: Number(row.wal),
  };
}

function report(turns: ReadonlyMap<string, readonly Turn[]>): void {
  say(
    `${machine()}, load ${loadavg()[0]?.toFixed(1)}; ${rounds} rounds of ${values.seconds} s, ${connections} connections in all, medians\n`,
  );
  for (const kind of ['launches', 'queries'] as const) {
    say(`### ${kind === 'launches' ? 'Launches' : 'Catalogue queries'}\n`);
    say(
      '| Replicas | a second | p50 ms | p99 ms | replica CPU µs each | database CPU µs each | commits each | WAL bytes each | processors had |',
    );
    say('| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
    for (const count of replicaCounts) {
      const all = turns.get(`${kind} ${count}`) ?? [];
      const of = (part: (turn: Turn) => number) => median(all.map(part));
      const cells = [
        count,
        Math.round(of(({ perSecond }) => perSecond)).toLocaleString('en'),
        of(({ p50 }) => p50).toFixed(1),
        of(({ p99 }) => p99).toFixed(1),
        Math.round(of(({ replicaUs }) => replicaUs)).toLocaleString('en'),
        Math.round(of(({ databaseUs }) => databaseUs)).toLocaleString('en'),
        of(({ transactions }) => transactions).toFixed(2),
        Math.round(of(({ walBytes }) => walBytes)).toLocaleString('en'),
        of(({ processors }) => processors).toFixed(2),
      ];
      say(`| ${cells.join(' | ')} |`);
    }
    say('');
  }
}

async function reportConnections(replicas: number, idleCommits: number): Promise<void> {
  const { rows } = await admin.query<{ name: string; connections: string }>(
    `select application_name as name, count(*) as connections from pg_stat_activity
     where application_name like 'gpubroker%' group by 1 order by 1`,
  );
  say(`### Connections to the database, ${replicas} replicas\n`);
  for (const { name, connections: count } of rows) say(`- ${name}: ${count}`);
  say(`- commits of an idle replica: ${idleCommits.toFixed(2)} a second\n`);
}

/** What each replica that does nothing commits in a second; before the load, whose rows are vacuumed later. */
async function commitsOfIdleReplica(replicas: number): Promise<number> {
  const committed = async () => {
    const { rows } = await admin.query<{ commits: string }>(
      'select sum(xact_commit) as commits from pg_stat_database',
    );
    return Number(rows[0]?.commits);
  };
  const [before, startedAt] = [await committed(), performance.now()];
  await delay(20_000);
  return ((await committed()) - before) / ((performance.now() - startedAt) / 1_000) / replicas;
}

/** How long after the first replica the last one serves a new version of the catalogue. */
async function reportVersions(replicas: readonly Contender[]): Promise<void> {
  const seenAtMs = new Map<number, number[]>();
  const newest = replicas.map(() => 0);
  const isOver = () =>
    [...seenAtMs.values()].filter((seen) => seen.length === replicas.length).length >=
    watchedVersions;
  while (!isOver()) {
    await Promise.all(
      replicas.map(async (replica, place) => {
        const version = await versionOf(replica);
        if (version < (newest[place] ?? 0)) throw new Error('A catalogue went back');
        const isFirst = newest[place] === 0;
        if (version === newest[place]) return;
        newest[place] = version;
        if (!isFirst) seenAtMs.set(version, [...(seenAtMs.get(version) ?? []), performance.now()]);
      }),
    );
    await delay(5);
  }
  const lags = [...seenAtMs.values()]
    .filter((seen) => seen.length === replicas.length)
    .map((seen) => Math.max(...seen) - Math.min(...seen));
  say(
    `A new version of the catalogue is served by all ${replicas.length} replicas ${median(lags).toFixed(0)} ms (median) and ${Math.max(...lags).toFixed(0)} ms (longest of ${lags.length}) after the first one served it.`,
  );
}

async function versionOf(replica: Contender): Promise<number> {
  const { data } = (await ask(
    replica,
    JSON.stringify({ query: '{ offerings(first: 1) { snapshotVersion } }' }),
  )) as { readonly data: { readonly offerings: { readonly snapshotVersion: number } } };
  return data.offerings.snapshotVersion;
}

async function untilLaunched(replica: Contender): Promise<void> {
  let answer = '';
  for (let tries = 0; tries < 1_000; tries += 1) {
    answer = JSON.stringify(await ask(replica, launchBody()));
    if (answer.includes('SUCCEEDED')) return;
    await delay(20);
  }
  throw new Error(`No launch succeeds: ${answer}`);
}

async function ask({ url }: Contender, body: string): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-router-token': routerToken,
      'x-caller-id': 'bench',
    },
    body,
  });
  return await response.json();
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
