import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { get, post, sendRaw, sendRawAll } from './raw-http.ts';
import { ask, startForThisTest, startTestService } from './test-service.ts';

const hello = JSON.stringify({ query: '{ hello }' });

describe('operators', () => {
  it('see from readiness whether there is a catalogue, and what is degraded', async () => {
    const { port, url, health } = await startForThisTest();
    health.ready = false;
    health.degraded = ['groq: the key is missing'];
    const starting = await sendRaw(port, [get('/readyz')]);
    expect(starting.status).toBe(503);
    expect(JSON.parse(starting.body)).toEqual({
      status: 'starting',
      degraded: ['groq: the key is missing'],
    });
    health.ready = true;
    const ready = await sendRaw(port, [get('/readyz')]);
    expect(ready.status).toBe(200);
    expect(JSON.parse(ready.body)).toEqual({
      status: 'ready',
      degraded: ['groq: the key is missing'],
    });
    expect((await fetch(new URL('/livez', url), { method: 'HEAD' })).status).toBe(200);
  });

  it('read one line for each request, without what the client sent', async () => {
    const { url, lines } = await startForThisTest();
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    await ask(
      `${url}?token=private`,
      'query Prices($t: String!) { echo(text: $t) }',
      { t: 'confidential' },
      {
        authorization: 'Bearer private',
        traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
        'x-request-id': 'r-1',
      },
    );
    const requests = lines.filter(({ msg }) => msg === 'request');
    expect(requests).toMatchObject([
      {
        method: 'POST',
        path: '/graphql',
        kind: 'query',
        operation: 'Prices',
        status: 200,
        durationMs: expect.any(Number) as number,
        requestId: 'r-1',
        traceId,
      },
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/confidential|private|echo/);
  });

  it('read which codes a refused request met', async () => {
    const { url, lines } = await startForThisTest();
    await ask(url, '{ nothing }');
    expect(lines).toContainEqual(
      expect.objectContaining({ status: 400, errors: ['GRAPHQL_VALIDATION_FAILED'] }),
    );
  });

  it('scrape counts by what requests were, in closed sets of labels', async () => {
    const { url, port } = await startForThisTest();
    await ask(url, '{ hello }');
    await ask(url, '{ _entities(representations: []) { __typename } }');
    await ask(url, '{ nothing }');
    await ask(url, '{ fault }');
    await sendRaw(port, [get('/a-path-of-its-own')]);
    const { headers, body } = await sendRaw(port, [get('/metrics')]);
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    for (const line of [
      'gpubroker_http_requests_total{kind="query",status="200"} 2',
      'gpubroker_http_requests_total{kind="entities",status="200"} 1',
      'gpubroker_http_requests_total{kind="graphql_refused",status="400"} 1',
      'gpubroker_http_requests_total{kind="other",status="404"} 1',
      'gpubroker_http_request_duration_seconds_count{kind="query"} 2',
      'gpubroker_graphql_errors_total{code="INTERNAL_SERVER_ERROR"} 1',
      'gpubroker_graphql_errors_total{code="GRAPHQL_VALIDATION_FAILED"} 1',
      'gpubroker_http_requests_in_flight 1',
    ]) {
      expect(body).toContain(`${line}\n`);
    }
    expect(body).toMatch(/gpubroker_build_info\{version="test",node="24\./);
    expect(body).toContain('process_cpu_seconds_total');
    expect(body).not.toContain('a-path-of-its-own');
  });
});

describe('connections', () => {
  it('stay open between requests longer than headers may take', async () => {
    const { port } = await startForThisTest({ headersTimeoutMs: 400, requestTimeoutMs: 500 });
    const again = get('/livez', { connection: 'keep-alive' });
    const answers = await sendRawAll(port, [again, { pauseMs: 1_200 }, again], 2);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[0]?.headers['keep-alive']).toBe('timeout=75');
  });

  it('survive a refused body that was sent whole', async () => {
    const { port } = await startForThisTest({ maxBodyBytes: 100 });
    const large = post(JSON.stringify({ query: `{ hello } #${'a'.repeat(2_000)}` }), {
      connection: 'keep-alive',
    });
    const answers = await sendRawAll(port, [large, post(hello)], 2);
    expect(answers.map(({ status }) => status)).toEqual([413, 200]);
  });

  it('are dropped beyond their number', async () => {
    const { port } = await startForThisTest({ maxConnections: 1 });
    const held = connect({ port, host: '127.0.0.1' });
    onTestFinished(() => void held.destroy());
    held.write(get('/livez', { connection: 'keep-alive' }));
    const [answer] = (await once(held, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
    expect(await sendRawAll(port, [get('/livez')], 1)).toEqual([]);
  });

  it('carry no answer into which a header could be injected', async () => {
    const { port } = await startForThisTest();
    const query = JSON.stringify({ query: '{ echo(text: "a\\r\\nset-cookie: b") }' });
    const { headers } = await sendRaw(port, [post(query, { 'x-request-id': 'a\tb' })]);
    expect(headers['set-cookie']).toBeUndefined();
    expect(headers['x-request-id']).not.toContain('\t');
  });
});

describe('two services in one process', () => {
  it('share no metrics and no documents', async () => {
    const [one, two] = await Promise.all([startForThisTest(), startForThisTest()]);
    await ask(one.url, '{ hello }');
    const { body } = await sendRaw(two.port, [get('/metrics')]);
    expect(body).not.toContain('kind="query"');
  });

  it('say when their port is taken', async () => {
    const { port } = await startForThisTest();
    await expect(startTestService({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
