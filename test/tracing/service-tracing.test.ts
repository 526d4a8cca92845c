import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';

import type { CollectedSpan } from '../support/otlp-wire.ts';
import { startServiceOnRecordings, startServiceProcess } from '../support/service-process.ts';
import type { RecordedService, ServiceProcess } from '../support/service-process.ts';
import { startTraceCollector } from '../support/trace-collector.ts';
import type { TraceCollector } from '../support/trace-collector.ts';

const chatPath = '/openai/v1/chat/completions';
const prompt = 'the confidential words of a customer';

const launchMutation = `mutation Launch($input: LaunchInferenceInput!) {
  launchInference(input: $input) {
    ... on InferenceLaunched { run { id output { text } } }
    ... on LaunchRefusal { code }
  }
}`;

let nextKey = 0;

/** Launches as a client of a router that traces. */
async function launch(
  url: string,
  traceparent: string,
): Promise<{ readonly run?: { readonly id: string; readonly output: { readonly text: string } } }> {
  nextKey += 1;
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent },
    body: JSON.stringify({
      query: launchMutation,
      variables: {
        input: {
          idempotencyKey: `traced-${nextKey}`,
          model: 'openai/gpt-oss-120b',
          prompt,
          parameters: { maxOutputTokens: 4000 },
        },
      },
    }),
  });
  const { data } = (await response.json()) as { data: { launchInference: object } };
  return data.launchInference;
}

function ask(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: 'query Cards { offerings { totalCount } }' }),
  });
}

const entries = (service: ServiceProcess) => service.lines.map((line) => JSON.parse(line) as Entry);

type Entry = Readonly<Record<string, unknown>>;

/** The first log line that is as wanted, once it is written. */
const logged = (service: ServiceProcess, isWanted: (entry: Entry) => boolean): Promise<Entry> =>
  vi.waitFor(
    () => {
      const entry = entries(service).find(isWanted);
      if (entry === undefined) throw new Error('No such line in the log');
      return entry;
    },
    { timeout: 20_000, interval: 20 },
  );

const named =
  (name: string, traceId?: string) =>
  (span: CollectedSpan): boolean =>
    span.name === name && (traceId === undefined || span.traceId === traceId);

describe('a service with a collector', () => {
  let collector: TraceCollector;
  let recorded: RecordedService;

  beforeAll(async () => {
    collector = await startTraceCollector();
    // Requests that a finished answer was good enough for are in the log at this level only.
    const LOG_LEVEL = 'debug';
    recorded = await startServiceOnRecordings({
      LOG_LEVEL,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    });
  });

  afterAll(async () => {
    await recorded.close();
    await collector.close();
  });

  it("puts request, ledger commits and provider call of a launch into the router's trace", async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    recorded.groq.replayOnce('chat-reasoning-gpt-oss-120b-2026-10');
    const { run } = await launch(recorded.service.url, `00-${traceId}-b7ad6b7169203331-01`);
    expect(run?.id).toMatch(/^run_/);

    const isRequest = named('POST /graphql', traceId);
    const all = await collector.until(isRequest);
    const spans = all.filter((span) => span.traceId === traceId);
    const request = spans.find(isRequest);
    expect(request).toMatchObject({
      kind: 'SERVER',
      parentSpanId: 'b7ad6b7169203331',
      failed: false,
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/graphql',
        'http.response.status_code': 200,
        'gpubroker.request.kind': 'mutation',
        'graphql.operation.name': 'Launch',
      },
      resource: { 'service.name': 'gpubroker-provider-subgraph' },
    });
    const children = spans.filter(({ parentSpanId }) => parentSpanId === request?.spanId);
    expect(children.map(({ name, kind }) => `${kind} ${name}`).sort()).toEqual([
      `CLIENT POST ${chatPath}`,
      'INTERNAL ledger.end',
      'INTERNAL ledger.reserve',
    ]);
    const provider = children.find(({ kind }) => kind === 'CLIENT');
    expect(provider?.attributes).toEqual({
      'http.request.method': 'POST',
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(recorded.groq.url).port),
      'url.path': chatPath,
      'http.response.status_code': 200,
    });
    for (const child of children) expect(child.endNs).toBeGreaterThanOrEqual(child.startNs);
  });

  it('makes each poll a trace of its own, with the calls that it took', async () => {
    const spans = await collector.until(
      (span) => span.name === 'catalogue.poll' && span.attributes['gpubroker.feed'] === 'groq',
    );
    const poll = spans.find(({ attributes }) => attributes['gpubroker.feed'] === 'groq');
    expect(poll).toMatchObject({ kind: 'INTERNAL', parentSpanId: '', failed: false });
    const calls = spans.filter(({ parentSpanId }) => parentSpanId === poll?.spanId);
    expect(calls.map(({ name }) => name).sort()).toEqual([
      'GET /openai/v1/models',
      'GET /v1/pricing',
    ]);
    expect(calls.find(({ name }) => name === 'GET /v1/pricing')).toMatchObject({
      failed: true,
      attributes: { 'http.response.status_code': 404, 'error.type': '404' },
    });
  });

  it('sends nothing of the trace on to the provider', () => {
    expect(recorded.groq.requests.length).toBeGreaterThan(1);
    const sent = recorded.groq.requests.flatMap(({ headers }) => Object.keys(headers));
    expect(sent).not.toContain('traceparent');
    expect(sent).not.toContain('tracestate');
  });

  it('names the trace in every log line of a request, also where no router began one', async () => {
    const traceId = '11111111111111111111111111111111';
    recorded.groq.replayOnce('chat-reasoning-gpt-oss-120b-2026-10');
    const { run } = await launch(recorded.service.url, `00-${traceId}-2222222222222222-01`);
    await collector.until(named('POST /graphql', traceId));
    const ofTrace = entries(recorded.service).filter((line) => line['traceId'] === traceId);
    expect(ofTrace.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining(['launch.reserved', 'launch.ended', 'request']),
    );
    const ofRun = entries(recorded.service).filter(({ runId }) => runId === run?.id);
    expect(ofRun.length).toBeGreaterThan(0);
    expect(ofTrace).toEqual(expect.arrayContaining(ofRun));

    await ask(recorded.service.url, { 'x-request-id': 'without-a-router' });
    const isOwn = (span: CollectedSpan) => span.attributes['graphql.operation.name'] === 'Cards';
    const own = (await collector.until(isOwn)).find(isOwn);
    expect(own?.parentSpanId).toBe('');
    const line = await logged(
      recorded.service,
      ({ requestId }) => requestId === 'without-a-router',
    );
    expect(line['traceId']).toBe(own?.traceId);
  });

  it("keeps to the router's decision not to sample, and still logs its trace", async () => {
    const unsampled = '33333333333333333333333333333333';
    await ask(recorded.service.url, { traceparent: `00-${unsampled}-4444444444444444-00` });
    const sampled = '55555555555555555555555555555555';
    await ask(recorded.service.url, { traceparent: `00-${sampled}-6666666666666666-01` });
    const spans = await collector.until(named('POST /graphql', sampled));
    expect(spans.filter(({ traceId }) => traceId === unsampled)).toEqual([]);
    expect(entries(recorded.service).filter((line) => line['traceId'] === unsampled)).toHaveLength(
      1,
    );
  });

  it('begins a trace of its own for a malformed traceparent', async () => {
    for (const traceparent of ['00-xyz-1-01', `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`]) {
      await ask(recorded.service.url, { traceparent, 'x-request-id': `malformed-${traceparent}` });
      const line = await logged(
        recorded.service,
        ({ requestId }) => requestId === `malformed-${traceparent}`,
      );
      const traceId = String(line['traceId']);
      expect(traceId).toMatch(/^(?!0+$)[\da-f]{32}$/);
      const spans = await collector.until(named('POST /graphql', traceId));
      expect(spans.find(named('POST /graphql', traceId))?.parentSpanId).toBe('');
    }
  });

  it('leaves health, readiness and metrics out', async () => {
    for (const path of ['/livez', '/readyz', '/metrics']) {
      expect((await fetch(new URL(path, recorded.service.url))).status).toBe(200);
    }
    const last = '77777777777777777777777777777777';
    await ask(recorded.service.url, { traceparent: `00-${last}-8888888888888888-01` });
    const spans = await collector.until(named('POST /graphql', last));
    expect(new Set(spans.filter(({ kind }) => kind === 'SERVER').map(({ name }) => name))).toEqual(
      new Set(['POST /graphql']),
    );
  });

  it('puts no prompt, output, key, token or organisation id into what it exports', async () => {
    const traceId = '99999999999999999999999999999999';
    recorded.groq.replayOnce('chat-reasoning-gpt-oss-120b-2026-10');
    const answered = await launch(recorded.service.url, `00-${traceId}-aaaaaaaaaaaaaaaa-01`);
    recorded.groq.replayOnce('error-429-tpm-gpt-oss-120b-2026');
    await launch(recorded.service.url, `00-${traceId}-aaaaaaaaaaaaaaaa-01`);
    await fetch(`${recorded.service.url}?token=a-token-in-the-address`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer a-callers-token' },
      body: '{',
    });
    const isLast = (span: CollectedSpan) =>
      span.attributes['gpubroker.request.kind'] === 'graphql_refused';
    await collector.until(isLast);
    const sent = Buffer.concat(collector.bodies).toString('latin1');
    expect(sent).toContain('ledger.reserve');
    expect(sent).not.toContain(prompt);
    const output = answered.run?.output.text ?? '';
    expect(output.length).toBeGreaterThan(5);
    expect(sent).not.toContain(output.slice(0, 20));
    expect(sent).not.toMatch(/gsk_|org_|a-token-in-the-address|a-callers-token|Bearer|traced-\d/);
    const failed = collector.spans.find(
      (span) => span.traceId === traceId && span.attributes['http.response.status_code'] === 429,
    );
    expect(failed).toMatchObject({ failed: true, name: `POST ${chatPath}` });
  });
});

describe('a collector that is no help', () => {
  it('is said once when it is away, and disturbs neither answers nor the end', async () => {
    const gone = await startTraceCollector();
    await gone.close();
    const service = await startServiceProcess({
      MODELS_DEV_URL: '',
      OTEL_EXPORTER_OTLP_ENDPOINT: gone.url,
    });
    onTestFinished(async () => void (await service.stop()));
    const isAway = () => entries(service).filter(({ msg }) => msg === 'tracing.collector_away');
    expect((await ask(service.url)).status).toBe(200);
    await logged(service, ({ msg }) => msg === 'tracing.collector_away');
    expect((await ask(service.url)).status).toBe(200);
    expect(isAway()).toMatchObject([{ reason: expect.any(String) as string, level: 40 }]);
    expect(await service.stop()).toBe(0);
    expect(isAway()).toHaveLength(1);
  });

  it('holds up neither answers nor the end when it takes traces and never answers', async () => {
    const collector = await startTraceCollector();
    onTestFinished(() => collector.close());
    collector.answerWith(undefined);
    const service = await startServiceProcess({
      MODELS_DEV_URL: '',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    });
    onTestFinished(async () => void (await service.stop()));
    expect((await ask(service.url)).status).toBe(200);
    await collector.asked(1);
    expect((await ask(service.url)).status).toBe(200);
    expect(await service.stop()).toBe(0);
  });
});

describe('a service without a collector', () => {
  /** Prints the address of every module that is loaded. */
  const tellingLoads = `data:text/javascript,${encodeURIComponent(`
    import { registerHooks } from 'node:module';
    registerHooks({
      load(url, context, next) {
        process.stderr.write('loaded ' + url + '\\n');
        return next(url, context);
      },
    });`)}`;

  async function loadedWith(environment: Readonly<Record<string, string>>): Promise<string[]> {
    const service = await startServiceProcess(
      { MODELS_DEV_URL: '', ...environment },
      'src/main.ts',
      ['--import', tellingLoads],
    );
    expect((await ask(service.url)).status).toBe(200);
    expect(await service.stop()).toBe(0);
    return service.lines.join('\n').split('\n');
  }

  it('loads nothing that traces', async () => {
    // The bare API comes with prom-client, and does nothing by itself.
    const isTracing = (line: string) => /@opentelemetry\/(?!api\/)|otlp-tracing/.test(line);
    const plain = await loadedWith({});
    expect(plain.filter((line) => line.includes('/src/service.ts'))).not.toEqual([]);
    expect(plain.filter(isTracing)).toEqual([]);
    const traced = await loadedWith({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
    expect(traced.filter(isTracing)).not.toEqual([]);
  });
});
