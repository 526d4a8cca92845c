import { existsSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { routerToken, startPeer, startService } from './contenders.ts';
import type { Contender } from './contenders.ts';
import { load } from './load.ts';
import type { LoadResult } from './load.ts';
import { processorMs, residentBytes } from './process-cost.ts';
import { machine, median } from './report.ts';
import { providerId, regions, registryOf, worlds } from './world.ts';
import type { World } from './world.ts';

/**
 * The service as it ships over catalogues of a hundred offerings and of a hundred thousand in five hundred
 * providers, which it reads by itself from providers on loopback: queries side by side, and what a round of
 * polls with 3 % changed prices does to those who ask meanwhile.
 */
const { values } = parseArgs({
  options: {
    /** Only whether everything runs and both catalogues answer as the generated market has it. */
    smoke: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    /** A name of {@link worlds}. */
    large: { type: 'string', default: 'hundredThousand' },
  },
});

/** Longer than the measurement: providers are read at the start, and again at the second start. */
const pollIntervalSeconds = 3_600;
const pageSize = 20;
const headers = { 'x-router-token': routerToken };
const smallWorld = worlds.hundred;
const largeWorld = values.smoke ? worlds.thousand : worlds[values.large as keyof typeof worlds];

const offeringsQuery = `query Listing($filter: OfferingFilter, $orderBy: OfferingOrder, $first: Int, $after: String) {
  offerings(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    totalCount
    nodes { id region costPerToken throughput model { id name contextWindow } provider { id name }
      pricing { input output basis observedAt } }
    pageInfo { hasNextPage endCursor }
  }
}`;

const modelsQuery = `query Models($filter: ModelFilter, $orderBy: ModelOrder, $first: Int, $after: String) {
  models(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    totalCount
    nodes { id name task contextWindow costPerToken throughput lifecycle }
    pageInfo { hasNextPage endCursor }
  }
}`;

const modelOrders = ['NAME', 'COST_PER_TOKEN', 'THROUGHPUT', 'CONTEXT_WINDOW'];
const offeringOrders = [...modelOrders, 'OBSERVED_AT'];

type Variables = Readonly<Record<string, unknown>>;
type Kinds = Readonly<Record<string, (number: number, world: World) => Variables>>;

/** Kinds of queries; each question of a kind is another one, so that no cache of answers helps. */
const offeringKinds: Kinds = {
  'equality, sort, page': (number, world) => ({
    filter: {
      provider: [providerId(number % world.providers)],
      task: 'TEXT_GENERATION',
      maxCostPerToken: uniqueCost(number),
    },
    orderBy: { field: 'COST_PER_TOKEN', direction: 'ASC' },
    first: pageSize,
  }),
  'region, sort, page': (number) => ({
    filter: { region: [regions[number % regions.length]], task: 'TEXT_GENERATION' },
    orderBy: { field: 'THROUGHPUT', direction: number % 2 === 0 ? 'DESC' : 'ASC' },
    first: pageSize + (number % 50),
  }),
  ranges: (number) => ({
    filter: {
      maxCostPerToken: `0.0000000${300 + (number % 600)}${unique(number)}`,
      minContextWindow: 8192 * (1 + (number % 16)),
    },
    orderBy: { field: 'CONTEXT_WINDOW', direction: 'DESC' },
    first: pageSize,
  }),
  'ranges and region': (number) => ({
    filter: {
      region: [regions[number % regions.length]],
      minThroughput: 50 + (number % 500),
      maxCostPerToken: `0.000000${40 + (number % 60)}${unique(number)}`,
    },
    first: pageSize,
  }),
  search: (number, { distinctModels }) => ({
    filter: { search: searchWords(number, distinctModels) },
    orderBy: { field: 'NAME', direction: 'ASC' },
    first: pageSize,
  }),
  available: (number) => ({
    filter: { available: number % 3 !== 0 },
    ...inAnyOrder(number),
  }),
  'available, range': (number) => ({
    filter: { available: number % 3 !== 0, ...anyRange(number) },
    ...inAnyOrder(number),
  }),
  freshness: (number) => ({
    filter: { freshness: anyFreshness(number) },
    ...inAnyOrder(number),
  }),
  'freshness, range': (number) => ({
    filter: { freshness: anyFreshness(number), ...anyRange(number) },
    ...inAnyOrder(number),
  }),
  launchable: (number) => ({
    filter: { launchable: number % 3 !== 0 },
    ...inAnyOrder(number),
  }),
  'launchable, range': (number) => ({
    filter: { launchable: number % 3 !== 0, ...anyRange(number) },
    ...inAnyOrder(number),
  }),
  'launchable, region': (number) => ({
    filter: { launchable: true, region: [regions[number % regions.length]] },
    ...inAnyOrder(number),
  }),
  'feature, range': (number) => ({
    filter: { features: ['tools'], ...anyRange(number) },
    ...inAnyOrder(number),
  }),
};

const modelKinds: Kinds = {
  'models: search': (number, { distinctModels }) => ({
    filter: { search: searchWords(number, distinctModels) },
    first: pageSize,
  }),
  'models: provider, price': (number, { providers }) => ({
    filter: { provider: [providerId(number % providers)] },
    orderBy: { field: 'COST_PER_TOKEN', direction: 'ASC' },
    first: pageSize,
  }),
  'models: task, lifecycle': (number) => ({
    filter: { task: 'TEXT_GENERATION', lifecycle: 'ACTIVE' },
    ...inAnyOrder(number, modelOrders),
  }),
  'models: feature, context': (number) => ({
    filter: { features: ['tools'], minContextWindow: 1 + (number % 262_144) },
    ...inAnyOrder(number, modelOrders),
  }),
};

const kinds: readonly { name: string; query: string; variablesOf: Kinds[string] }[] = [
  ...Object.entries(offeringKinds).map(([name, variablesOf]) => ({
    name,
    query: offeringsQuery,
    variablesOf,
  })),
  ...Object.entries(modelKinds).map(([name, variablesOf]) => ({
    name,
    query: modelsQuery,
    variablesOf,
  })),
];

interface Side {
  readonly world: World;
  readonly market: Contender;
  service: Contender;
  readonly start: () => Promise<Contender>;
  readonly delayFile: string;
}

const folder = await mkdtemp(join(tmpdir(), 'bench-'));
const sides: Side[] = [];
let asked = 0;
try {
  for (const [name, world] of [
    ['small', smallWorld],
    ['large', largeWorld],
  ] as const) {
    sides.push(await startSide(name, world));
  }
  const [small, large] = sides as [Side, Side];
  for (const side of sides) await untilComplete(side);
  for (const side of sides) await checkAnswers(side);
  if (!values.smoke) {
    await measureQueries(small, large);
    await measurePages(small, large);
    await measurePolls(large);
    say(`\n${machine()}`);
  }
} finally {
  for (const { service, market } of sides) {
    await service.stop();
    await market.stop();
  }
  await rm(folder, { recursive: true, force: true });
}

async function startSide(name: string, world: World): Promise<Side> {
  const worldName = Object.entries(worlds).find(([, known]) => known === world)?.[0] ?? '';
  const market = await startPeer('market', 'market.ts', '', worldName);
  const registryPath = join(folder, `${name}.json`);
  const delayFile = join(folder, `${name}.delay`);
  await writeFile(registryPath, JSON.stringify(registryOf(world, new URL(market.url).origin)));
  const start = async () => {
    const service = await startService('', {
      GROQ_BASE_URL: '',
      GROQ_PRICING_URL: '',
      PROVIDER_REGISTRY: registryPath,
      DATA_DIR: join(folder, name),
      POLL_INTERVAL_SECONDS: String(pollIntervalSeconds),
      LOG_LEVEL: 'info',
      NODE_OPTIONS: '--import ./bench/loop-delay.ts',
      LOOP_DELAY_FILE: delayFile,
    });
    // What counts is what holds those up who ask, and nobody asks before it listens.
    await longestDelayMs(service, delayFile);
    return service;
  };
  return { world, market, service: await start(), start, delayFile };
}

/** Waits until every provider of the market was read. */
async function untilComplete({ world, service, delayFile }: Side): Promise<void> {
  const startedAtMs = performance.now();
  const wanted = world.providers * world.modelsPerProvider;
  const giveUpAtMs = startedAtMs + 900_000;
  for (;;) {
    const { offerings } = await ask(service, { first: 1 });
    if (offerings.totalCount === wanted) break;
    if (performance.now() > giveUpAtMs) {
      throw new Error(`Only ${offerings.totalCount} of ${wanted} offerings after 15 minutes`);
    }
    await delay(200);
  }
  if (values.smoke) return;
  const seconds = (performance.now() - startedAtMs) / 1000;
  const delayMs = await longestDelayMs(service, delayFile);
  const resident = residentBytes(service.processId);
  say(
    `${wanted.toLocaleString('en')} offerings of ${world.providers} providers were complete ${seconds.toFixed(1)} s after the start; event loop held up for ${delayMs.toFixed(0)} ms at most; ${(resident / 1024 / 1024).toFixed(0)} MB resident.`,
  );
}

/** What the service answers is what the market has, found the slow way. */
async function checkAnswers({ world, service }: Side): Promise<void> {
  const wanted = world.providers * world.modelsPerProvider;
  const all = await ask(service, { first: 100, orderBy: { field: 'COST_PER_TOKEN' } });
  expectEqual(all.offerings.totalCount, wanted, 'all offerings');
  let after: string | undefined;
  const seen = new Set<string>();
  let last = '';
  const filter = { provider: [providerId(1)] };
  do {
    const variables = { filter, first: 7, orderBy: { field: 'NAME' }, after };
    const { nodes, pageInfo, totalCount } = (await ask(service, variables)).offerings;
    expectEqual(totalCount, world.modelsPerProvider, 'offerings of a provider');
    for (const { id, model } of nodes) {
      seen.add(id);
      if (model.name < last) throw new Error(`${model.name} comes after ${last}`);
      last = model.name;
    }
    after = pageInfo.hasNextPage ? pageInfo.endCursor : undefined;
  } while (after !== undefined);
  expectEqual(seen.size, world.modelsPerProvider, 'offerings over all pages of a provider');
  for (const { name, query, variablesOf } of kinds) {
    for (let number = 0; number < 5; number += 1) {
      const answer: Partial<Answer> = await ask(service, variablesOf(number, world), query);
      const { nodes, totalCount } = answer.offerings ?? answer.models ?? noPage;
      if (nodes.length > totalCount) throw new Error(`${name} counts wrongly`);
    }
  }
  const counts = [];
  for (const available of [true, false]) {
    counts.push((await ask(service, { filter: { available } })).offerings.totalCount);
  }
  const unavailable = wanted - (counts[0] ?? 0);
  if (unavailable === 0) throw new Error('All offerings are available');
  expectEqual(counts[1] ?? 0, unavailable, 'offerings that are not available');
}

async function measureQueries(small: Side, large: Side): Promise<void> {
  const rows: string[] = [];
  for (const { name, query, variablesOf } of kinds) {
    const results = new Map<Side, { p50: number; p99: number; processorUs: number }[]>();
    for (let turn = 0; turn <= Number(values.rounds); turn += 1) {
      for (const side of [small, large]) {
        const { service, world } = side;
        const processorBefore = processorMs(service.processId);
        const result = await load({
          url: service.url,
          headers,
          connections: 1,
          durationMs: Number(values.seconds) * 1000,
          answersVary: true,
          body: () => bodyOf(variablesOf((asked += 1), world), query),
        });
        const spentMs = processorMs(service.processId) - processorBefore;
        const processorUs = (spentMs * 1000) / result.requestCount;
        // The first turn warms up.
        if (turn > 0) results.set(side, [...(results.get(side) ?? []), { ...result, processorUs }]);
      }
    }
    const of = (side: Side, part: 'p50' | 'p99' | 'processorUs') =>
      median((results.get(side) ?? []).map((result) => result[part]));
    const cells = [
      name,
      of(small, 'p50').toFixed(2),
      of(large, 'p50').toFixed(2),
      (of(large, 'p50') / of(small, 'p50')).toFixed(2),
      of(large, 'p99').toFixed(2),
      of(small, 'processorUs').toFixed(0),
      of(large, 'processorUs').toFixed(0),
    ];
    rows.push(`| ${cells.join(' | ')} |`);
  }
  const sizes = [small, large].map(({ world }) =>
    (world.providers * world.modelsPerProvider).toLocaleString('en'),
  );
  say(
    [
      `\n| Query, another one each time | p50 ms at ${sizes[0]} | p50 ms at ${sizes[1]} | × | p99 ms at ${sizes[1]} | processor µs at ${sizes[0]} | processor µs at ${sizes[1]} |`,
      '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
      ...rows,
    ].join('\n'),
  );
}

/** A walk by cursors through all offerings: its last pages beside its first ones. */
async function measurePages(small: Side, large: Side): Promise<void> {
  for (const { service, world } of [small, large]) {
    const times: number[] = [];
    let after: string | undefined;
    do {
      const variables = { first: 100, orderBy: { field: 'COST_PER_TOKEN' }, after };
      const beganAtMs = performance.now();
      const { pageInfo } = (await ask(service, variables)).offerings;
      times.push(performance.now() - beganAtMs);
      after = pageInfo.hasNextPage ? pageInfo.endCursor : undefined;
    } while (after !== undefined);
    const tenth = Math.ceil(times.length / 10);
    say(
      `Walk of ${times.length} pages of 100 through ${(world.providers * world.modelsPerProvider).toLocaleString('en')} offerings: the first tenth ${median(times.slice(0, tenth)).toFixed(2)} ms a page, the last tenth ${median(times.slice(-tenth)).toFixed(2)} ms.`,
    );
  }
}

/**
 * The large service starts again on what it has stored, and reads every provider anew, three prices in a
 * hundred being others by then, while somebody asks.
 */
async function measurePolls(side: Side): Promise<void> {
  const { market, world, delayFile } = side;
  await side.service.stop();
  await fetch(market.url, { method: 'POST' });
  const restartedAtMs = Date.now();
  const beganAtMs = performance.now();
  side.service = await side.start();
  const { service } = side;
  const wanted = world.providers * world.modelsPerProvider;
  expectEqual((await ask(service, { first: 1 })).offerings.totalCount, wanted, 'stored offerings');
  const startedMs = performance.now() - beganAtMs;
  const processorBefore = processorMs(service.processId);
  const latencies: LoadResult[] = [];
  while (!(await isReadSince(service, restartedAtMs))) {
    latencies.push(
      await load({
        url: service.url,
        headers,
        connections: 1,
        restMs: 5,
        durationMs: 1000,
        answersVary: true,
        body: () => bodyOf(offeringKinds['equality, sort, page']!((asked += 1), world)),
      }),
    );
    if (latencies.length > 900) throw new Error('Not every provider was read again in 15 minutes');
  }
  const seconds = (performance.now() - beganAtMs - startedMs) / 1000;
  const spentMs = processorMs(service.processId) - processorBefore;
  const p50 = median(latencies.map((result) => result.p50));
  const p99 = Math.max(...latencies.map((result) => result.p99));
  say(
    [
      `\nStart from ${wanted.toLocaleString('en')} stored offerings to the first answer: ${(startedMs / 1000).toFixed(1)} s.`,
      `Then a round of polls of all of them with 3 % other prices: complete after ${seconds.toFixed(1)} s,`,
      `event loop held up for ${(await longestDelayMs(service, delayFile)).toFixed(0)} ms at most;`,
      `queries meanwhile p50 ${p50.toFixed(2)} ms, p99 of the worst second ${p99.toFixed(2)} ms;`,
      `${(spentMs / 1000).toFixed(1)} s of processor time, ${(residentBytes(service.processId) / 1024 / 1024).toFixed(0)} MB resident.`,
    ].join(' '),
  );
}

/** Whether the oldest price of all was observed after a moment. */
async function isReadSince(service: Contender, atMs: number): Promise<boolean> {
  const orderBy = { field: 'OBSERVED_AT', direction: 'ASC' };
  const [oldest] = (await ask(service, { first: 1, orderBy })).offerings.nodes;
  return Date.parse(oldest?.pricing.observedAt ?? '') >= atMs;
}

/** What an answer without a list counts as: a wrong one. */
const noPage = { totalCount: -1, nodes: [] };

interface Answer {
  /** Of a query for models only. */
  readonly models?: { readonly totalCount: number; readonly nodes: readonly unknown[] };
  readonly offerings: {
    readonly totalCount: number;
    readonly nodes: readonly {
      readonly id: string;
      readonly model: { readonly name: string };
      readonly pricing: { readonly observedAt: string };
    }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
  };
}

async function ask(
  { url }: Contender,
  variables: Variables,
  query = offeringsQuery,
): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: bodyOf(variables, query),
  });
  const { data, errors } = (await response.json()) as { data?: Answer; errors?: unknown };
  if (data === undefined || errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}

function bodyOf(variables: Variables, query = offeringsQuery): string {
  // So that no cache of answers knows it, whatever its variables.
  const extensions = { asked };
  return JSON.stringify({ query, variables, extensions });
}

/** How long the service's event loop was held up at most since this was asked last, in milliseconds. */
async function longestDelayMs({ processId }: Contender, path: string): Promise<number> {
  rmSync(path, { force: true });
  process.kill(processId, 'SIGUSR2');
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    if (text.endsWith('\n')) return Number(text);
    await delay(10);
  }
  throw new Error('The service does not say how long its event loop was held up');
}

function uniqueCost(number: number): string {
  return `0.5${unique(number)}`;
}

/** Each question another one, all of them together every order; pages of about the same size. */
function inAnyOrder(number: number, orders = offeringOrders): Variables {
  const field = orders[number % orders.length];
  const direction = number % 2 === 0 ? 'DESC' : 'ASC';
  return { orderBy: { field, direction }, first: pageSize + (number % 7) };
}

/** A range that nobody asked for before: with one question few offerings are in it, with another nearly all. */
function anyRange(number: number): Variables {
  const share = String((number * 7919) % 10_000).padStart(4, '0');
  return { maxCostPerToken: `0.000000${share}${unique(number)}` };
}

/** Prices are FRESH in this market: the others are looked for in vain. */
function anyFreshness(number: number): readonly string[] {
  return number % 3 === 0 ? ['STALE', 'EXPIRED'] : ['FRESH'];
}

/** Digits that make a number another one without moving it much. */
function unique(number: number): string {
  return `${String(number).padStart(9, '0')}1`;
}

/** Half of the words are in many models, half in few. */
function searchWords(number: number, distinctModels: number): string {
  const rare = `${(number * 31) % distinctModels}`;
  return number % 2 === 0 ? `coder ${rare}` : `${rare.slice(0, 2)} ly`;
}

function expectEqual(actual: number, wanted: number, what: string): void {
  if (actual !== wanted) throw new Error(`${what}: ${actual}, not ${wanted}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

if (values.smoke) say('Catalogues of two sizes answer as the generated market has it.');
