import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';

import { allScopes } from '../../src/callers/caller.ts';
import type { Caller, Scope } from '../../src/callers/caller.ts';
import { Catalogue } from '../../src/catalogue/catalogue.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { Decimal } from '../../src/domain/decimal.ts';
import type { InferenceDelta } from '../../src/domain/inference.ts';
import { RequestContext } from '../../src/graphql/context.ts';
import type { RequestOrigin } from '../../src/graphql/context.ts';
import { clientError } from '../../src/graphql/errors.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import type { HttpOptions } from '../../src/http/options.ts';
import { defaultHttpOptions } from '../../src/http/options.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { createHttpService } from '../../src/http/server.ts';
import type { SubscriptionLimits } from '../../src/http/subscriptions/limits.ts';
import { plainContent } from '../../src/inference/content.ts';
import { Launcher } from '../../src/inference/launcher.ts';
import { Ledger } from '../../src/inference/ledger.ts';
import type { NewEvent } from '../../src/inference/ledger-store.ts';
import { openedEvent } from '../../src/inference/event-writer.ts';
import type { Run, RunMode } from '../../src/inference/run.ts';
import { GroqAdapter } from '../../src/providers/groq/groq-adapter.ts';
import { createOutwardHttp } from '../../src/providers/http.ts';
import { loadRegistry } from '../../src/registry.ts';
import { startSubscriptions } from '../../src/start-subscriptions.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/open-store.ts';
import { TestKeys } from './api-keys.ts';
import { json } from './groq-responders.ts';
import { startGroqServer } from './groq-server.ts';
import type { GroqServer } from './groq-server.ts';
import { wideLimits } from './launches.ts';
import { recordedExchange } from './recorded-exchanges.ts';

const root = new URL('../../', import.meta.url);
const key = 'gsk_keyOfTheSubscriptionTests';
const schema = createSchema(new URL('schema.graphql', root));
const registry = loadRegistry(
  new URL('provider_registry.json', root).pathname,
  new URL('provider_registry.schema.json', root),
);

export interface LiveServiceOptions {
  readonly limits?: Partial<SubscriptionLimits>;
  readonly http?: Partial<HttpOptions>;
  readonly callbackHosts?: readonly string[];
  /** Storage of another service, whose runs this one then knows but does not carry out. */
  readonly store?: Store;
  /** Whom headers prove; by default everybody is `local` and may do everything. */
  readonly authenticate?: (headers: IncomingHttpHeaders) => Caller | Promise<Caller>;
  readonly wrapStore?: (store: Store) => Store;
}

/** A service with everything that subscriptions stand on, whose prices and runs a test moves. */
export interface LiveService {
  readonly url: string;
  readonly webSocketUrl: string;
  readonly port: number;
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly launcher: Launcher;
  readonly groq: GroqServer;
  /** The log so far, one parsed line each. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  readonly upstreamRequests: () => number;
  /** Contexts made so far: one for each operation, and one for each execution of an event. */
  readonly contextsMade: () => number;
  /** Sets USD per input token at the provider and reads the provider's feeds. */
  setInputPrice(modelId: string, usd: string): Promise<void>;
  /** Takes a model off the provider's list and reads it as often as it takes to be believed. */
  removeModel(modelId: string): Promise<void>;
  startRun(options?: { readonly caller?: string; readonly mode?: RunMode }): Promise<TestRun>;
  /** A metric's value; 0 where it was never counted. */
  metric(line: string): Promise<number>;
  /** Subscriptions that have begun so far, over all transports. */
  begun(): Promise<number>;
  drain(): Promise<void>;
  stop(): Promise<void>;
}

/** A run that a test carries out. */
export interface TestRun {
  readonly run: Run;
  readonly id: string;
  /** Stores pieces as a stream does, then tells those who follow. */
  deltas(...texts: readonly string[]): Promise<void>;
  finish(): Promise<void>;
  /** As when its process is gone. */
  lose(): Promise<void>;
}

export async function startLiveService(options: LiveServiceOptions = {}): Promise<LiveService> {
  const clock = systemClock;
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    { level: 'info' },
    { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const dataDir = options.store === undefined ? await mkdtemp(join(tmpdir(), 'live-')) : undefined;
  const opened = options.store ?? (await openStore({ dataDir: dataDir ?? '', log }));
  const store = options.wrapStore?.(opened) ?? opened;
  const groq = await startGroqServer({ key });
  const list = structuredClone(recordedExchange('models-list-2026-10-02-with-pricing'));
  const models = (list.response.body as { data: ListedModel[] }).data;
  const serveModels = (): void =>
    groq.reply('/openai/v1/models', json({ object: 'list', data: models }));
  serveModels();
  const outward = createOutwardHttp({ clock });
  const groqAdapter = new GroqAdapter({
    baseUrl: groq.url,
    pricingUrl: undefined,
    keys: new TestKeys(key),
    http: outward,
    clock,
  });
  const providers = new Map([['groq', groqAdapter]]);
  const catalogue = new Catalogue({
    registry,
    providers,
    publicPriceList: undefined,
    store: store.catalogue,
    clock,
    defaultPollIntervalMs: 300_000,
    log: () => undefined,
  });
  await catalogue.open();
  const poll = async (): Promise<void> => {
    await catalogue.poll('groq', new AbortController().signal);
  };
  await poll();
  const ledger = new Ledger({
    store: store.ledger,
    clock,
    owner: randomUUID(),
    launchesPerMinute: undefined,
    keyLifeMs: 86_400_000,
    onOverrun: () => undefined,
  });
  const launcher = new Launcher({
    catalogue,
    providers,
    ledger,
    clock,
    newRunId: () => `run_${randomUUID()}`,
    limits: {
      defaultMaxOutputTokens: 64,
      maxCostPerCall: undefined,
      concurrency: 1_000,
      queueLength: 10,
      contentLifeMs: 3_600_000,
      attempt: wideLimits,
    },
    sealer: plainContent,
    log: () => undefined,
  });
  const authenticate = options.authenticate ?? (() => callerNamed('local'));
  let contextsMade = 0;
  const contextOf = (caller: Caller, request: RequestOrigin) => {
    contextsMade += 1;
    return new RequestContext({
      snapshot: catalogue.snapshot,
      nowMs: clock.now(),
      request,
      caller,
      defaultDailyBudget: undefined,
      launcher,
      catalogueStore: store.catalogue,
    });
  };
  const subscriptions = startSubscriptions({
    schema,
    catalogue,
    isShared: false,
    authenticator: { authenticate },
    contextOf,
    clock,
    outward,
    callbackHosts: options.callbackHosts ?? [],
    limits: options.limits,
    log,
  });
  const metrics = createMetrics({ version: 'test' });
  const http = createHttpService<RequestContext>({
    schema,
    contextFor: async (request) => contextOf(await authenticate(request.headers), request),
    subscriptions: subscriptions.transports,
    options: { ...defaultHttpOptions, port: 0, idleLingerMs: 10, ...options.http },
    health: () => ({ ready: true, degraded: [] }),
    metrics,
    log,
  });
  const { url, port } = await http.listen();

  return {
    url,
    webSocketUrl: url.replace('http:', 'ws:'),
    port,
    store,
    catalogue,
    launcher,
    groq,
    lines,
    upstreamRequests: () => groq.requests.length,
    contextsMade: () => contextsMade,
    async setInputPrice(modelId, usd) {
      const model = models.find(({ id }) => id === modelId);
      if (model?.pricing === undefined) throw new Error(`No priced model ${modelId}`);
      model.pricing['prompt'] = usd;
      serveModels();
      await poll();
    },
    async removeModel(modelId) {
      models.splice(
        models.findIndex(({ id }) => id === modelId),
        1,
      );
      serveModels();
      await poll();
      await poll();
    },
    startRun: async ({ caller = 'local', mode = 'STREAM' } = {}) =>
      await startRun(launcher, caller, mode),
    async metric(line) {
      const { text } = await metrics.render();
      const found = text.split('\n').find((candidate) => candidate.startsWith(`${line} `));
      return found === undefined ? 0 : Number(found.slice(line.length + 1));
    },
    async begun() {
      const { text } = await metrics.render();
      const counted = /^gpubroker_subscription(?:s_open|_ends_total)\{[^}]*\} (\d+)$/gm;
      return [...text.matchAll(counted)].reduce((sum, [, count]) => sum + Number(count), 0);
    },
    drain: () => http.drain(),
    async stop() {
      await http.close();
      subscriptions.stop();
      catalogue.close();
      await groq.close();
      await outward.close();
      if (options.store === undefined) await opened.close();
      if (dataDir !== undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

interface ListedModel {
  readonly id: string;
  readonly pricing?: Record<string, string>;
}

/** A caller who may do what the scopes say; everything by default. */
export function callerNamed(
  id: string | undefined,
  scopes: ReadonlySet<Scope> = allScopes,
): Caller {
  return { id, scopes, mayIntrospect: true };
}

const prices = {
  unit: 'TOKEN',
  input: Decimal.of('0.000001'),
  output: Decimal.of('0.000002'),
} as const;

async function startRun(launcher: Launcher, caller: string, mode: RunMode): Promise<TestRun> {
  const { ledger } = launcher.options;
  const expiresAtMs = Date.now() + 3_600_000;
  const result = await ledger.reserve({
    id: `run_${randomUUID()}`,
    caller,
    requestId: 'test',
    idempotencyKey: randomUUID(),
    requestHash: 'hash',
    mode,
    providerId: 'groq',
    modelId: 'openai/gpt-oss-20b',
    offeringId: 'groq:us-east:on_demand:openai/gpt-oss-20b',
    task: 'TEXT_GENERATION',
    declaredRegion: 'us-east',
    priceVersion: 'pv_1',
    prices,
    worstCase: Decimal.of('0.001'),
    deadlineAtMs: Date.now() + 60_000,
    supersedes: undefined,
    metadata: undefined,
    dailyBudget: undefined,
    concurrency: 1_000,
    start: 'SENDING',
    content: undefined,
  });
  if (result.kind !== 'RESERVED') throw new Error(result.kind);
  const { run } = result;
  const ended = Promise.withResolvers<{ readonly run: Run; readonly output: undefined }>();
  launcher.live.add({ runId: run.id, stop: new AbortController(), ended: ended.promise });
  let position = 0;
  const stored = (body: InferenceDelta | null): NewEvent => {
    position += 1;
    const sealed = body === null ? null : plainContent.seal(JSON.stringify(body));
    return { position, atMs: Date.now(), body: sealed };
  };
  const publish = (events: readonly NewEvent[]): void => {
    for (const event of events) launcher.live.publish(run.id, openedEvent(plainContent, event));
  };
  return {
    run,
    id: run.id,
    async deltas(...texts) {
      const events = texts.map((text) => stored({ kind: 'TEXT', text }));
      await ledger.appendEvents(run.id, events, expiresAtMs);
      publish(events);
    },
    async finish() {
      const events = mode === 'STREAM' ? [stored(null)] : [];
      const after = await ledger.end(
        run,
        {
          state: 'SUCCEEDED',
          outcome: 'COMPLETED',
          failure: undefined,
          usage: { inputTokens: 3, outputTokens: 5 },
          timing: {},
          servedCode: undefined,
          providerRequestId: undefined,
        },
        { events, eventsExpireAtMs: expiresAtMs },
      );
      ended.resolve({ run: after, output: undefined });
      publish(events);
    },
    async lose() {
      const after = await ledger.lose(run, 'The process is gone.');
      ended.resolve({ run: after, output: undefined });
    },
  };
}

/** The code that a client reads first among errors of a GraphQL answer. */
export function codeOf(answer: unknown): unknown {
  return (answer as { errors?: { extensions?: { code?: unknown } }[] }).errors?.[0]?.extensions
    ?.code;
}

/** Refuses whoever does not carry this router token; the caller is who the router says. */
export function routerOnly(token: string): (headers: IncomingHttpHeaders) => Caller {
  return (headers) => {
    if (headers['x-router-token'] !== token) {
      throw clientError('UNAUTHENTICATED', 'The router has to prove itself.');
    }
    return callerNamed(headers['x-caller-id'] as string | undefined);
  };
}
