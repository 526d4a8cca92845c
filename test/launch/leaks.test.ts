import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import {
  binary,
  cutBody,
  eventStream,
  hang,
  hangUp,
  json,
  jsonText,
  notHttp,
  plays,
} from '../support/groq-responders.ts';
import type { Responder } from '../support/groq-responders.ts';
import { openChunks } from '../support/launches.ts';
import { chatPath, headersOf, newKey, startLaunching } from '../support/launching.ts';
import type { LaunchingService } from '../support/launching.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { recordedExchange, recordedNames } from '../support/recorded-exchanges.ts';
import { startTraceCollector } from '../support/trace-collector.ts';
import type { TraceCollector } from '../support/trace-collector.ts';
import { LoopbackVault } from '../support/vault-server.ts';
import type { Weather } from '../support/vault-server.ts';
import { until } from '../subscriptions/collected.ts';

/** What may stand nowhere, by its name. Vault's token is marked by the server that issues it. */
const secrets = {
  "the provider's key": 'gsk_MARKEDkey0123456789abcdefghijklmnop',
  "Vault's token": 'hvs.MARKED-TOKEN-',
  "Vault's secret id": 'secret-id-MARKED-84896a0c',
  'the content key': 'content-key-MARKED-5d41402abc4b2a76',
  "the router's token": headersOf()['x-router-token'] ?? '',
  "a user's token": 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJNQVJLRUQifQ.MARKED',
  'the organisation': 'org_01markedorganisation0123456789',
};
const prompt = 'PROMPT-MARKED: the patient of room 7 has asked again';
const promptMark = 'PROMPT-MARKED';
const key = secrets["the provider's key"];
const organisation = secrets['the organisation'];
const said = `${key} of ${organisation}`;

/** A service with everything that it talks to, and what could be read of it. */
interface Scene {
  /** Headers and bodies. */
  readonly responses: string[];
  readonly logs: string[];
  readonly service: LaunchingService;
  readonly vault: LoopbackVault;
  readonly clock: SkippingClock;
  readonly collector: TraceCollector;
  /** Sends as a client does, and keeps what is answered, headers included. */
  send(body: string | object, headers?: Readonly<Record<string, string>>): Promise<string>;
  /** {@link send} for a launch of the marked prompt. */
  launch(more?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Lets time pass until something holds; what it sets off outside of this process takes its own time. */
  passUntil(holds: () => boolean | Promise<boolean>, stepMs?: number): Promise<void>;
}

/** Its time of day may jump ahead of the time that passes. */
class SkippingClock extends ManualClock {
  skippedMs = 0;

  override now(): number {
    return super.now() + this.skippedMs;
  }
}

async function startScene(environment: Readonly<Record<string, string>>): Promise<Scene> {
  const clock = new SkippingClock();
  const vault = await LoopbackVault.start({ clock });
  const collector = await startTraceCollector();
  vault.kv.put('groq/api_key', { value: key });
  vault.kv.put('gpubroker/content', { value: secrets['the content key'] });
  const responses: string[] = [];
  const logs: string[] = [];
  const service = await startLaunching({
    clock,
    // More than any level that can be set lets through.
    log: pino({ level: 'trace' }, { write: (line: string) => logs.push(line) }),
    environment: {
      GROQ_API_KEY: '',
      VAULT_ADDR: vault.address,
      VAULT_ROLE_ID: vault.auth.roleId,
      VAULT_SECRET_ID: vault.auth.secretId,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      ...environment,
    },
  });
  service.groq.acceptKeys(key);
  const send: Scene['send'] = async (body, headers = {}) => {
    const response = await fetch(service.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headersOf(), ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    responses.push(JSON.stringify([...response.headers]), text);
    return text;
  };
  const passUntil: Scene['passUntil'] = async (holds, stepMs = 1_000) => {
    await until(async () => {
      if (await holds()) return true;
      await clock.advance(stepMs);
      return false;
    });
  };
  return {
    service,
    vault,
    clock,
    collector,
    responses,
    logs,
    send,
    passUntil,
    launch: async (more = {}) =>
      await send({
        query: launchMutation,
        variables: {
          input: {
            idempotencyKey: newKey(),
            model: 'openai/gpt-oss-120b',
            prompt,
            allowStalePrice: true,
            ...more,
          },
        },
      }),
  };
}

const launchMutation = `mutation ($input: LaunchInferenceInput!) {
  launchInference(input: $input) {
    __typename
    ... on InferenceLaunched { run {
      id state providerRequestId usage { inputTokens } failure { code message }
      residency { servedCode } attempts { outcome } events { cursor }
    } }
    ... on LaunchRefusal { code message }
  }
}`;

/** Answers of Groq that say what must not be passed on, one for each way to go wrong. */
const tellTales = (words: string): readonly (readonly [string, Responder])[] => [
  ...[400, 401, 402, 403, 404, 405, 408, 409, 413, 422, 424, 429, 498, 499, 500, 502, 503].map(
    (status): readonly [string, Responder] => [
      `HTTP ${status}`,
      json(
        {
          error: {
            message: words,
            type: words,
            code: status === 400 ? 'tool_use_failed' : null,
            failed_generation: words,
          },
        },
        {
          status,
          headers: { 'x-groq-organization': organisation, 'x-request-id': `req_${key}`, via: key },
        },
      ),
    ],
  ),
  [
    'a redirect',
    json({}, { status: 307, headers: { location: `http://127.0.0.1:9/?key=${key}` } }),
  ],
  [
    'a page',
    json(`<html>${words}</html>`, { status: 502, headers: { 'content-type': 'text/html' } }),
  ],
  ['no JSON', jsonText(`{"choices": ${words}`)],
  ['another shape', json({ choices: [{ message: { role: words } }], organisation, words })],
  ['half an answer', cutBody({ words })],
  ['bytes', binary(Buffer.from(`\u0000${words}`), { headers: { 'content-type': key } })],
  ['something else than HTTP', notHttp],
  ['a closed connection', hangUp],
  ['silence', hang],
  ['a stream with an error', eventStream(openChunks({ error: { message: words, type: words } }))],
  ['a stream that is cut', eventStream(openChunks({ choices: [], words }), { ending: 'CUT' })],
];

/** Requests that a client may send with everything in the wrong place. */
const wrongRequests: readonly (readonly [string, string | object, Record<string, string>?])[] = [
  ['JSON that is none', `{"query": "${prompt}`],
  ['another type', prompt, { 'content-type': 'text/plain' }],
  ['no operation', { query: prompt }],
  ['a value of the wrong type', { query: launchMutation, variables: { input: prompt } }],
  [
    'fields that do not exist',
    { query: launchMutation, variables: { input: { [prompt]: prompt } } },
  ],
  ['a list for a text', { query: launchMutation, variables: { input: { prompt: [prompt] } } }],
  ['no key', { query: launchMutation, variables: { input: { prompt } } }],
  ['a cursor', { query: `{ inferenceRuns(after: "${prompt}") { totalCount } }` }],
  ['an id', { query: `{ inferenceRun(id: "${prompt}") { id } }` }],
  ['a body that is too large', { query: '{ viewer { id } }', more: prompt.repeat(40_000) }],
  [
    'a wrong router token',
    { query: prompt },
    { 'x-router-token': `${secrets["the router's token"]}x` },
  ],
  [
    'a token of a user',
    { query: prompt },
    { authorization: `Bearer ${secrets["a user's token"]}` },
  ],
  ['a request id', { query: prompt }, { 'x-request-id': `${key} ${organisation}` }],
  ['a trace', { query: prompt }, { traceparent: `00-${key}-00f067aa0ba902b7-01` }],
];

/** Launches until Groq was really asked: what it said before may keep launches back for a while. */
async function launchInto(scene: Scene, responder: Responder, mode: string): Promise<void> {
  const { service, launch, passUntil } = scene;
  const before = service.sent();
  service.groq.replyOnce(chatPath, responder);
  await passUntil(async () => {
    let isAnswered = false;
    const answer = launch({ mode, deadlineMs: 5_000 }).finally(() => {
      isAnswered = true;
    });
    await until(() => isAnswered || service.sent() > before);
    // Nothing but time ends an attempt that is not answered.
    await passUntil(() => isAnswered, 1_000);
    await answer;
    return service.sent() > before;
  }, 60_000);
}

async function driveLaunches(scene: Scene, mode: string): Promise<void> {
  const errors = recordedNames('error-').map((name) => plays(recordedExchange(name)));
  const told = tellTales(`${said} may not say "${prompt}"`).map(([, responder]) => responder);
  for (const responder of [...errors, ...told]) await launchInto(scene, responder, mode);
  const { launch } = scene;
  await launch({ maxCost: '0.000000001' });
  await launch({ metadata: { note: 'kept with the receipt' }, idempotencyKey: 'b-key' });
  await launch({ prompt: `${prompt}!`, idempotencyKey: 'b-key' });
  await launch({ supersedes: prompt });
  await launch({ model: prompt });
}

async function driveFeeds({ service, send, passUntil }: Scene): Promise<void> {
  const paths = ['/openai/v1/models', '/v1/pricing'];
  const asked = () => paths.map((path) => service.groq.requestsTo(path).length);
  for (const [, responder] of tellTales(said)) {
    if (responder === hang) continue;
    const before = asked();
    for (const path of paths) service.groq.replyOnce(path, responder);
    await passUntil(() => asked().every((count, index) => count > (before[index] ?? 0)), 300_000);
    await send({
      query: `{ ${newKey().replace('-', '')}: provider(id: "groq") {
        status { state reason } feeds { name state error rejected { id reason } }
      } }`,
    });
  }
}

async function driveVault({ vault, launch, logs, passUntil }: Scene): Promise<void> {
  const weathers: readonly Weather[] = ['sealed', 'html-403', 'quota', 'reset', 'html-200'];
  for (const weather of weathers) {
    const before = vault.requests.length;
    vault.weather = weather;
    await passUntil(() => vault.requests.length > before, 30_000);
    await launch();
  }
  vault.weather = undefined;
  vault.auth.secretIds.clear();
  vault.auth.revokeAll();
  await passUntil(() => logs.some((line) => line.includes('vault.login.failed')), 30_000);
  vault.auth.secretIds.set(vault.auth.secretId, Infinity);
  vault.kv.put('groq/api_key', { other: said });
  const before = vault.count('secret/data/groq/api_key');
  await passUntil(() => vault.count('secret/data/groq/api_key') > before, 30_000);
  await launch();
}

async function driveEverything(scene: Scene, mode: string): Promise<void> {
  const { passUntil, launch, send } = scene;
  await passUntil(async () => (await launch()).includes('SUCCEEDED'), 1_000);
  await driveLaunches(scene, mode);
  for (const [, body, headers] of wrongRequests) await send(body, headers);
  await send(
    { query: `subscription { inferenceEvents(id: "${prompt}") { kind } }` },
    { accept: 'text/event-stream' },
  );
  await driveFeeds(scene);
  await passUntil(async () => (await launch()).includes('SUCCEEDED'), 60_000);
  await driveVault(scene);
}

/** What the process shows of itself beside answers. */
async function outside({ service }: Scene): Promise<string> {
  const texts = ['/metrics', '/readyz', '/livez'].map(async (path) => {
    const response = await fetch(new URL(path, service.url));
    return `${JSON.stringify([...response.headers])}${await response.text()}`;
  });
  return (await Promise.all(texts)).join('\n');
}

async function folderOf({ service }: Scene): Promise<string> {
  const names = await readdir(service.dataDir);
  expect(names).toContain('gpubroker.db-wal');
  const files = names.map(async (name) => await readFile(join(service.dataDir, name), 'latin1'));
  return (await Promise.all(files)).join('\n');
}

/** The tables that have the prompt in one of their rows. */
function tablesWithPrompt({ service }: Scene): string[] {
  const ledger = new DatabaseSync(join(service.dataDir, 'gpubroker.db'), { readOnly: true });
  try {
    const tables = ledger.prepare("select name from sqlite_master where type = 'table'").all();
    return tables
      .map(({ name }) => String(name))
      .filter((name) =>
        ledger
          .prepare(`select * from "${name}"`)
          .all()
          .some((row) => JSON.stringify(row).includes(promptMark)),
      );
  } finally {
    ledger.close();
  }
}

/** Drives every error path before the tests of a group, and gives what could be read afterwards. */
function driven(mode: string, environment: Readonly<Record<string, string>> = {}): () => Driven {
  let scene: Scene;
  let places: Readonly<Record<string, string>>;
  beforeAll(async () => {
    scene = await startScene(environment);
    await driveEverything(scene, mode);
    await scene.collector.until(({ name }) => name === 'ledger.end');
    places = {
      responses: scene.responses.join('\n'),
      logs: scene.logs.join('\n'),
      'metrics and health': await outside(scene),
      traces: scene.collector.bodies.map((body) => body.toString('latin1')).join('\n'),
      'the data folder': await folderOf(scene),
    };
  }, 120_000);
  afterAll(async () => {
    await scene.service.close();
    await scene.vault.stop();
    await scene.collector.close();
  });
  return () => ({ scene, places });
}

interface Driven {
  readonly scene: Scene;
  readonly places: Readonly<Record<string, string>>;
}

/** The places that have the text, each with what stands before it. */
function placesOf(text: string, places: Readonly<Record<string, string>>): string[] {
  return Object.entries(places).flatMap(([place, content]) => {
    const at = content.indexOf(text);
    return at < 0 ? [] : [`${place}: ${content.slice(Math.max(0, at - 200), at + 20)}`];
  });
}

/** Codes that the error paths must have ended with, so that the search is one of what really happened. */
const failureCodes = [
  'BAD_USER_INPUT',
  'BODY_TOO_LARGE',
  'CONTEXT_LENGTH_EXCEEDED',
  'COST_LIMIT',
  'CUT_ANSWER',
  'DEADLINE_EXCEEDED',
  'DEPENDENCY_FAILED',
  'GRAPHQL_PARSE_FAILED',
  'IDEMPOTENCY_CONFLICT',
  'INVALID_REQUEST',
  'JSON_VALIDATE_FAILED',
  'MALFORMED_ANSWER',
  'MALFORMED_JSON',
  'MODEL_DECOMMISSIONED',
  'MODEL_NOT_FOUND',
  'NOT_FOUND',
  'PROVIDER_OVER_CAPACITY',
  'PROVIDER_RATE_LIMITED',
  'PROVIDER_REJECTED',
  'PROVIDER_UNAUTHORIZED',
  'REQUEST_TOO_LARGE',
  'SERVER_ERROR',
  'SUPERSEDES_INVALID',
  'TIMEOUT',
  'TOOL_USE_FAILED',
  'UNAUTHENTICATED',
  'UNSUPPORTED_MEDIA_TYPE',
];

describe('every error path, with a content key', () => {
  const find = driven('SYNC', { CONTENT_KEY_PATH: 'gpubroker/content' });

  test('was driven: failures of every kind were met', () => {
    const { responses = '', logs = '' } = find().places;
    const met = new Set([...responses.matchAll(/"code":"([A-Z_]+)"/g)].map(([, code]) => code));
    expect([...met]).toEqual(expect.arrayContaining(failureCodes));
    for (const event of ['launch.refused', 'vault.login.failed', 'secrets.state', 'launch.ended']) {
      expect(logs).toContain(`"msg":"${event}"`);
    }
  });

  test.each(Object.entries(secrets))(
    'shows %s in no response, log, metric, trace or file',
    (_, secret) => {
      expect(placesOf(secret, find().places)).toEqual([]);
    },
  );

  test('shows the prompt nowhere: in the ledger’s content it is unreadable', () => {
    expect(tablesWithPrompt(find().scene)).toEqual([]);
    expect(placesOf(promptMark, find().places)).toEqual([]);
  });
});

describe('every error path, without a content key', () => {
  const find = driven('STREAM');

  test.each(Object.entries(secrets))(
    'shows %s in no response, log, metric, trace or file',
    (_, secret) => {
      expect(placesOf(secret, find().places)).toEqual([]);
    },
  );

  test('shows the prompt in no response, log, metric or trace', () => {
    const { 'the data folder': _, ...elsewhere } = find().places;
    expect(placesOf(promptMark, elsewhere)).toEqual([]);
  });

  test('keeps the prompt in the ledger’s content alone, and in no byte of the data folder once its time is over', async () => {
    const { scene } = find();
    expect(tablesWithPrompt(scene)).toEqual(['run_content']);
    scene.clock.skippedMs = 25 * 3_600_000;
    await scene.passUntil(async () => !(await folderOf(scene)).includes(promptMark));
    expect(tablesWithPrompt(scene)).toEqual([]);
  });
});
